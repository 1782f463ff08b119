"""`linky-gateway account`: its parser and what each action prints. No password is an argument, printed or logged."""

from __future__ import annotations

import asyncio
import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.errors import ConfigError

if TYPE_CHECKING:
    import argparse


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser], config: argparse.ArgumentParser) -> None:
    """Add the command and its actions; ``config`` is a parent with the option ``--config``."""
    text = "the account at the XMPP server: password, registration, key, blocking"
    account = commands.add_parser("account", help=text, description=text[0].upper() + text[1:] + ".")
    actions = account.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, words in (
        ("password", "change the password: at the server and in its file"),
        ("register", "make the account, where the server lets anybody make one"),
        ("pin", "show the key that the server has now, for pin in [federation]"),
        ("block", "have the server refuse everything from an address or a domain"),
        ("unblock", "no longer"),
        ("blocked", "whom the server refuses"),
    ):
        action = actions.add_parser(name, parents=[config], help=words, description=words[0].upper() + words[1:] + ".")
        action.set_defaults(run=_ACTIONS[name])
        if name in {"password", "register"}:
            source = action.add_mutually_exclusive_group()
            source.add_argument("--prompt", action="store_true", help="ask for the password (default: a random one)")
            source.add_argument("--new-password-file", type=Path, metavar="FILE", help="its first line is the password")
        if name in {"block", "unblock"}:
            action.add_argument("who", metavar="JID|DOMAIN")


def _password(options: argparse.Namespace) -> int:
    from gateway.account import ask_or_do  # noqa: PLC0415 (nothing of it for the other commands)
    from gateway.config import load  # noqa: PLC0415
    from gateway.passwords import password_file  # noqa: PLC0415

    config = load(options.config)
    file = password_file(config)
    ask_or_do(config, {"do": "account", "action": "password", "new": _wanted(options)})
    sys.stdout.write(f"the password was changed; it is in {file.path}\n")
    return 0


def _block(options: argparse.Namespace) -> int:
    from gateway.account import ask_or_do  # noqa: PLC0415
    from gateway.config import load  # noqa: PLC0415
    from gateway.federation.account import blockable  # noqa: PLC0415

    who = blockable(options.who)
    ask_or_do(load(options.config), {"do": "account", "action": options.action, "who": who})
    sys.stdout.write(
        f"{who} is blocked by the server; what it was allowed stays allowed (`linky-gateway consent revoke`)\n"
        if options.action == "block"
        else f"{who} is not blocked\n"
    )
    return 0


def _blocked(options: argparse.Namespace) -> int:
    from gateway.account import ask_or_do  # noqa: PLC0415
    from gateway.config import load  # noqa: PLC0415

    found = ask_or_do(load(options.config), {"do": "account", "action": "blocked"})
    assert isinstance(found, list)  # noqa: S101 (made by blocked)
    sys.stdout.write("".join(f"{who}\n" for who in found) or "nobody is blocked\n")
    return 0


def _pin(options: argparse.Namespace) -> int:
    from gateway.account import account_of  # noqa: PLC0415
    from gateway.config import load  # noqa: PLC0415
    from gateway.federation.enrolment import look_at_key  # noqa: PLC0415

    config = load(options.config)
    account = account_of(config, "")
    pin, trusted = asyncio.run(look_at_key(account))
    sys.stdout.write(f"{pin}\n")
    if account.pins:
        sys.stderr.write(f"it is {'one of the pinned' if pin in account.pins else 'NOT pinned in [federation]'}\n")
    if not trusted:
        sys.stderr.write("no known authority vouches for it: compare it with what the server's operator tells you\n")
    return 0


def _register(options: argparse.Namespace) -> int:
    from gateway.account import account_of, enrol  # noqa: PLC0415
    from gateway.config import load  # noqa: PLC0415
    from gateway.passwords import password_file  # noqa: PLC0415

    config = load(options.config)
    file = password_file(config)
    if file.complete:
        raise ConfigError(f"{file.path}: there is a password already; `linky-gateway account password` changes it")
    asyncio.run(enrol(config, file, _wanted(options)))
    sys.stdout.write(f"{account_of(config, '').jid} was registered; its password is in {file.path}\n")
    return 0


def _wanted(options: argparse.Namespace) -> str | None:
    """The password that a person chose; None when it is to be a random one."""
    from gateway.config import password_from  # noqa: PLC0415
    from gateway.passwords import check  # noqa: PLC0415

    if options.new_password_file:
        return check(password_from(options.new_password_file))
    if not options.prompt:
        return None
    first = check(getpass.getpass("New password: "))
    if getpass.getpass("Once more: ") != first:
        raise ConfigError("the two are not the same; nothing was changed")
    return first


_ACTIONS = {
    "password": _password,
    "register": _register,
    "pin": _pin,
    "block": _block,
    "unblock": _block,
    "blocked": _blocked,
}
