"""``linky-gateway decode``: the arguments; ``decode_frames`` turns captured bytes into JSON Lines."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from gateway.commands.options import command

if TYPE_CHECKING:
    import argparse

    from gateway.commands.options import Commands


def declare(commands: Commands) -> None:
    """The command's arguments."""
    decode = command(commands, "decode", _decode, "captured bytes to JSON Lines", config=False)
    decode.add_argument("--mode", choices=("auto", "historic", "standard"), default="auto")
    decode.add_argument("--json", action="store_true", help="JSON Lines; there is no other form")
    decode.add_argument("--explain", action="store_true", help="also what labels and codes mean, in French and English")
    decode.add_argument("file", nargs="+", metavar="FILE", help="a capture; - is standard input")


def _decode(options: argparse.Namespace) -> int:
    from gateway.commands.decode_frames import decode  # noqa: PLC0415 (--help needs no parser of frames)

    decode(options.file, options.mode, sys.stdout, explained=options.explain)
    return 0
