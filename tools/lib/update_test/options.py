"""The arguments of ``tools/update-test``; standard library alone, so that --help needs no installation."""

from __future__ import annotations

import argparse
from pathlib import Path

# The Debian package; a card with it, whose root is read-only; tools/setup.
KINDS = ("deb", "card", "setup")


def parser() -> argparse.ArgumentParser:
    """The arguments."""
    made = argparse.ArgumentParser(
        prog="tools/update-test",
        description="Updates of each kind of installation: told, asked, installed, judged, gone back, the power cut.",
    )
    made.add_argument("--base", type=Path, metavar="TAR", help="keep the fresh Debian there, and begin from it")
    made.add_argument("--keep", type=Path, metavar="FOLDER", help="leave the container's files there, to look at")
    made.add_argument("--kind", choices=(*KINDS, "all"), default="all", help="(default: all)")
    text = "power cuts, of each kind (default: 20)"
    made.add_argument("--cuts", type=int, default=20, metavar="N", help=text)
    made.add_argument("--seed", type=int, default=1, metavar="N", help="of the moments of the cuts (default: 1)")
    text = "of the bad releases, those whose fault has this in it"
    made.add_argument("--only", default="", metavar="FAULT,…", help=text)
    return made


if __name__ == "__main__":
    parser().parse_args()
