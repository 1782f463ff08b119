"""``linky-gateway access-point``: a Wi-Fi of the gateway's own after a start without a network; systemd starts it."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.commands.options import add_log_level, command
from gateway.errors import AccessError, Exit

if TYPE_CHECKING:
    import argparse

    from gateway.commands.options import Commands
    from gateway.config.tables import Config

_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 (what the page may listen at)
# Where the unit finds a copy of the page's file: into its folder root may not look there, without a capability.
_PAGE_FILE, _COPY = Path("/var/lib/linky-gateway/page.json"), "page"


def declare(commands: Commands) -> None:
    """The command's arguments."""
    text = "open a Wi-Fi of the gateway's own for ten minutes where there is no network; systemd starts it"
    parser = command(commands, "access-point", _open, text)
    parser.add_argument("--end", action="store_true", help="take away what one that was cut off has left")
    add_log_level(parser)


def _open(options: argparse.Namespace) -> int:
    from gateway.config.tables import load  # noqa: PLC0415 (--help needs none of it)
    from gateway.upkeep.access_point.program import AccessPoint, end  # noqa: PLC0415

    root = Path("/")
    if options.end:
        end(root)
        return Exit.DONE
    config = load(options.config)
    web = config.web
    if web is None or web.address[0] not in _EVERYWHERE:
        print("access point: none, as the page is not at all addresses of this machine ([web], listen)")
        return Exit.DONE
    # A network's name has 32 bytes at most.
    name = socket.gethostname().partition(".")[0][:32] or "linky"
    ended = AccessPoint(root, name, web.address[1], lambda: is_owned(config)).run()
    print(f"access point: {ended.value}")
    return Exit.DONE


def is_owned(config: Config) -> bool:
    """Whether the page has its password; also where that cannot be read."""
    from gateway.web.access.access import PageAccess  # noqa: PLC0415 (few starts come so far)

    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    file = Path(folder, _COPY) if folder and config.page_file == _PAGE_FILE else config.page_file
    try:
        return PageAccess(file).ready
    except AccessError:
        return True
