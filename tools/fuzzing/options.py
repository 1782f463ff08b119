"""The arguments of ``tools/fuzz``; standard library alone, so that --help needs no installation."""

from __future__ import annotations

import argparse


def parser() -> argparse.ArgumentParser:
    """The arguments."""
    made = argparse.ArgumentParser(
        prog="tools/fuzz",
        description="Damaged input for everything strangers feed: the meter's wire, peers of the federation.",
        epilog="Exit code 0 if nothing escaped and memory stayed bounded; what escapes is kept in .cache/fuzz/, named.",
    )
    made.add_argument("--minutes", type=float, default=10.0, metavar="N", help="for how long (default: 10)")
    made.add_argument("--seed", type=int, metavar="N", help="the same inputs again (default: another one each time)")
    return made


if __name__ == "__main__":
    parser().parse_args()
