"""The arguments of ``tools/away``; standard library alone, so that --help needs no installation."""

from __future__ import annotations

import argparse


def parser() -> argparse.ArgumentParser:
    """The arguments."""
    made = argparse.ArgumentParser(
        prog="tools/away",
        description="A recipient that was away comes back: how long until it has everything?",
        epilog="Exit codes: 0 nothing was lost, came twice or bounced; 1 something was; 3 no XMPP servers here.",
    )
    made.add_argument("--days", type=float, default=30.0, metavar="N", help="how long it was away (default: 30)")
    made.add_argument("--series", type=int, choices=(1, 2, 3, 4), default=1, help="how many it has (default: 1)")
    made.add_argument(
        "--server",
        choices=("prosody", "ejabberd"),
        default="prosody",
        help="the gateway's own; the recipient's is the other (default: prosody)",
    )
    made.add_argument(
        "--limits",
        choices=("default", "gateways", "none"),
        default="default",
        help="of both servers: Debian's (default), those that suit gateways (tools/lib/servers), none",
    )
    made.add_argument("--seed", type=int, default=1, metavar="N", help="of the readings (default: 1)")
    return made


if __name__ == "__main__":
    parser().parse_args()
