"""The arguments of ``tools/bench``; standard library alone, so that --help needs no installation."""

from __future__ import annotations

import argparse
from pathlib import Path

PAIRS = {"pe": ("prosody", "ejabberd"), "ep": ("ejabberd", "prosody")}
# Readers that the package index does not have, and how they are driven is known.
PLACED = ("linkytic",)
# What a part may leave in its folder, to be shown below its figures.
TABLE = "table.txt"


def parser() -> argparse.ArgumentParser:
    """The arguments."""
    made = argparse.ArgumentParser(
        prog="tools/bench",
        description="What the gateway takes of time, memory, processor and card, measured on this machine beside "
        "something to compare it with: readers of TIC by others, a bare Python, a ping. A table, and JSON.",
    )
    made.add_argument(
        "--seconds", type=float, default=45.0, metavar="N", help="for how long what runs at the line's own pace is "
        "measured (default: 45)",
    )  # fmt: skip
    made.add_argument(
        "--servers", choices=PAIRS, default="pe", help="home and far server (default: pe, Prosody and ejabberd)"
    )
    made.add_argument(
        "--peer", action="append", type=_place, default=[], metavar="NAME=FOLDER", help="a reader that the package "
        f"index does not have, in a checkout of yours ({', '.join(PLACED)}); may be given again",
    )  # fmt: skip
    made.add_argument("--only", metavar="PART,…", help="these parts alone; a part that is none says which there are")
    made.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as JSON")
    made.add_argument("--markdown", action="store_true", help="the table on standard output, in Markdown")
    made.add_argument(
        "--readme", action="store_true", help="put the table into tools/lib/bench/README.md, between its marks"
    )
    made.add_argument(
        "--quick", action="store_true", help="as small as can be: to see that every part runs; the figures mean nothing"
    )
    return made


def _place(said: str) -> tuple[str, str]:
    name, _, folder = said.partition("=")
    if name not in PLACED or not Path(folder).is_dir():
        raise argparse.ArgumentTypeError(
            f"{said}: say NAME=FOLDER, with a name of {', '.join(PLACED)} and its checkout"
        )
    return name, str(Path(folder).resolve())


if __name__ == "__main__":
    parser().parse_args()
