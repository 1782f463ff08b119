"""``linky-gateway access-point``: a Wi-Fi of the gateway's own after a start without a network; systemd starts it."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.commands.options import add_log_level, command
from gateway.errors import Exit

if TYPE_CHECKING:
    import argparse

    from gateway.commands.options import Commands

_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 (what the page may listen at)


def declare(commands: Commands) -> None:
    """The command's arguments."""
    text = "open a Wi-Fi of the gateway's own for ten minutes where there is no network; systemd starts it"
    parser = command(commands, "access-point", _open, text)
    parser.add_argument("--end", action="store_true", help="take away what one that was cut off has left")
    add_log_level(parser)


def _open(options: argparse.Namespace) -> int:
    from gateway.config.tables import load  # noqa: PLC0415 (--help needs none of it)
    from gateway.upkeep.access_point import radio, state  # noqa: PLC0415
    from gateway.upkeep.access_point.program import AccessPoint  # noqa: PLC0415

    root = Path("/")
    if options.end:
        radio.close_own(root)
        state.forget(root)
        return Exit.DONE
    web = load(options.config).web
    if web is None or web.address[0] not in _EVERYWHERE:
        print("access point: none, as the page is not at all addresses of this machine ([web], listen)")
        return Exit.DONE
    ended = AccessPoint(root, socket.gethostname().partition(".")[0] or "linky", web.address[1]).run()
    print(f"access point: {ended.value}")
    return Exit.DONE
