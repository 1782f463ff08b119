"""The arguments of ``tools/soak``; standard library alone, so that --help needs no installation."""

from __future__ import annotations

import argparse
from pathlib import Path


def parser() -> argparse.ArgumentParser:
    """The arguments."""
    made = argparse.ArgumentParser(
        prog="tools/soak",
        description="A month of a house with three meters and five recipients, made short: does anything grow?",
        epilog="Exit codes: 0 nothing grows, nothing is lost; 1 something does, in sentences; 3 no XMPP servers here.",
    )
    made.add_argument("--days", type=_positive, default=30.0, metavar="N", help="of the house's time (default: 30)")
    made.add_argument(
        "--speed", type=_positive, default=500.0, metavar="N", help="times real, if the machine can (default: 500)"
    )
    made.add_argument(
        "--every",
        type=int,
        choices=range(1, 31),
        default=1,
        metavar="S",
        help="seconds from frame to frame (default: 1)",
    )
    made.add_argument("--seed", type=int, default=1, metavar="N", help="of the households (default: 1)")
    made.add_argument("--report", type=Path, metavar="FILE", help="write what was seen there, a picture beside it")
    place = made.add_mutually_exclusive_group()
    place.add_argument("--folder", type=Path, metavar="DIR", help="work there and leave everything")
    place.add_argument("--judge", type=Path, metavar="DIR", help="judge what an earlier run left there, once more")
    return made


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return value


if __name__ == "__main__":
    parser().parse_args()
