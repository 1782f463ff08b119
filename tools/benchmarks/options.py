"""The arguments of ``tools/bench``; standard library alone, so that --help needs no installation."""

from __future__ import annotations

import argparse

PAIRS = {"pe": ("prosody", "ejabberd"), "ep": ("ejabberd", "prosody")}


def parser() -> argparse.ArgumentParser:
    """The arguments."""
    made = argparse.ArgumentParser(
        prog="tools/bench",
        description="What the gateway takes, measured here: how long a live value is under way from the meter's last "
        "byte to a recipient in the other domain, beside a ping; how long a look at three years of a household takes.",
    )
    made.add_argument(
        "--seconds", type=float, default=30.0, metavar="N", help="for how long each figure is measured (default: 30)"
    )
    made.add_argument(
        "--servers", choices=PAIRS, default="pe", help="home and far server (default: pe, Prosody and ejabberd)"
    )
    made.add_argument("--json", action="store_true", help="the figures as one JSON object")
    return made


if __name__ == "__main__":
    parser().parse_args()
