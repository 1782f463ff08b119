"""The arguments of ``tools/relay-faults``; standard library alone, so that --help needs no installation."""

from __future__ import annotations

import argparse
from pathlib import Path


def parser() -> argparse.ArgumentParser:
    """The arguments."""
    made = argparse.ArgumentParser(
        prog="tools/relay-faults",
        description="A relay board, its flash, its broker, its network, its gateway injured at random; then what was "
        "stored is compared with what a second gateway stored to which nothing happened, and each frame that the board "
        "sent with what the meter said.",
        epilog="Exit codes: 0 every point is there exactly once, and what is missing was counted; 1 it is not; "
        "3 no broker or no MicroPython here.",
    )
    made.add_argument("--minutes", type=float, default=10, metavar="N", help="for how long (default: 10)")
    made.add_argument("--speed", type=float, default=10, metavar="N", help="times the meter's own pace (default: 10)")
    made.add_argument("--seed", type=int, default=1, metavar="N", help="the same faults again (default: 1)")
    made.add_argument(
        "--heap",
        default="110wk",
        metavar="N",
        help="memory of the board's program as MicroPython's heapsize; 64wk is hard (default: 110wk)",
    )
    made.add_argument("--keep-board", action="store_true", help="leave the board its power, and judge its memory")
    made.add_argument("--folder", type=Path, help="where all files stay; otherwise they go when all is well")
    return made


if __name__ == "__main__":
    parser().parse_args()
