"""The arguments of ``tools/fleet``; standard library alone, so that --help needs no installation."""

from __future__ import annotations

import argparse
import os
from pathlib import Path


def _whole(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("1 or more")
    return value


def parser() -> argparse.ArgumentParser:
    """The arguments."""
    made = argparse.ArgumentParser(
        prog="tools/fleet",
        description="A fleet of gateways on a cluster of ejabberd nodes: how many, how fast, and what a crash costs.",
        epilog="Exit codes: 0 every point is there exactly once; 1 one is not; 3 the servers are not here.",
    )
    made.add_argument(
        "--gateways",
        type=_whole,
        nargs="+",
        default=[100],
        metavar="N",
        help="how many; of several numbers, one run after the other on the same servers (default: 100)",
    )
    made.add_argument(
        "--homes",
        type=_whole,
        metavar="N",
        help="instead: so many homes of one component, once a minute each, to 1, 2 and 4 collectors in turn: what a"
        " message costs, and how soon they share anew when one leaves or a part is killed (20,000: 20 minutes)",
    )
    made.add_argument("--minutes", type=_whole, default=3, metavar="N", help="pushes of each gateway (default: 3)")
    made.add_argument(
        "--period", type=float, default=60.0, metavar="S", help="seconds from one push to the next (default: 60)"
    )
    _add_parts(made)
    made.add_argument("--folder", type=Path, metavar="DIRECTORY", help="for all files (default: a temporary one)")
    made.add_argument("--json", type=Path, metavar="FILE", help="write what was measured, in full")
    return made


def _add_parts(made: argparse.ArgumentParser) -> None:
    made.add_argument("--kill", action="store_true", help="kill -9 of one node and one collector half-way")
    made.add_argument("--nodes", type=_whole, default=2, metavar="N", help="of the cluster (default: 2)")
    made.add_argument(
        "--one-prosody",
        action="store_true",
        help="no cluster: one Prosody for gateways and recipient, as a co-operative has it; not with --kill",
    )
    made.add_argument("--collectors", type=_whole, default=2, metavar="N", help="that receive (default: 2)")
    made.add_argument(
        "--processes",
        type=_whole,
        default=os.cpu_count() or 1,
        metavar="N",
        help="that hold the gateways (default: one a core)",
    )


if __name__ == "__main__":
    parser().parse_args()
