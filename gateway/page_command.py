"""`linky-gateway page`: the code with which the page's password is set. No password is an argument or printed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from gateway.errors import AccessError, ConfigError

if TYPE_CHECKING:
    import argparse
    from pathlib import Path


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser], default: Path) -> None:
    """Add the command and its action; ``default`` is where the configuration is."""
    text = "the page of the house: a code to set its password"
    page = commands.add_parser("page", help=text, description=text[0].upper() + text[1:] + ".")
    actions = page.add_subparsers(dest="action", required=True, metavar="ACTION")
    words = "a code for one setting of the password, at the first visit or when it is forgotten"
    code = actions.add_parser("code", help=words, description=words[0].upper() + words[1:] + ".")
    code.add_argument("--config", type=type(default), default=default, help=f"(default: {default})")
    code.set_defaults(run=_code)


def _code(options: argparse.Namespace) -> int:
    from gateway.config import load  # noqa: PLC0415 (nothing of it for the other commands)
    from gateway.control import ask  # noqa: PLC0415

    config = load(options.config)
    if config.web is None:
        raise ConfigError(f"{options.config}: there is no page: add the table [web], and start the gateway again")
    try:
        code = ask(config.control_socket, {"do": "page-code"})
    except ConnectionError as error:
        raise AccessError("the gateway is not running: start it, and ask again") from error
    sys.stdout.write(f"{code}\n")
    sys.stderr.write(
        f"open /setup on the page (port {config.web.address[1]} of this machine) and type this code there; it is good "
        "for one password, and an older code is good for nothing any more\n"
    )
    return 0
