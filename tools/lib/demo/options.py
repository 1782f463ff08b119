"""The arguments of ``tools/demo``; standard library alone, so that --help needs no installation."""

from __future__ import annotations

import argparse
from pathlib import Path


def parser() -> argparse.ArgumentParser:
    """The arguments."""
    made = argparse.ArgumentParser(
        prog="tools/demo",
        description="The whole chain on this machine, on loopback: a meter, the gateway, two federated XMPP servers, a "
        "recipient in the other domain.",
        epilog="Exit codes: 0 all went well, 1 it did not, 2 wrong use, 3 there is no federation to check.",
    )
    made.add_argument("--seconds", type=float, metavar="N", help="end after N seconds (default: Ctrl-C)")
    made.add_argument("--check", action="store_true", help="for machines: exit 0 only if it all worked; with --seconds")
    made.add_argument("--replay", type=Path, metavar="FILE", help="a captured file in the place of the meter")
    made.add_argument(
        "--bridge",
        type=Path,
        metavar="FILE",
        help="a bridge beside the recipient: one table of its TOML, such as [own]",
    )
    made.add_argument(
        "--class-room",
        action="store_true",
        help="a school, a home and a roof of last week on until now, at the page of a gateway; without servers",
    )
    made.add_argument(
        "--neighbourhood",
        action="store_true",
        help="three houses, a school and a roof over the two domains, at the page of the first house",
    )
    made.add_argument("--mode", choices=("historic", "standard"), default="standard", help="of the simulated meter")
    return made


if __name__ == "__main__":
    parser().parse_args()
