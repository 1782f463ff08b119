"""The arguments of ``tools/fuzz``; standard library alone, so that --help needs no installation."""

from __future__ import annotations

import argparse
from pathlib import Path

_WAYS = ("tic", "mqtt", "xmpp", "http")
# Inputs that are known to have stopped a house, for themselves; they come first with mqtt and xmpp.
_FAMILIES = ("poison", "crowd", "nested")
_EXAMPLES = """\
examples:
  tools/fuzz --minutes 10                         everything that decodes, in one process
  tools/fuzz --daemon --minutes 20                all four ways in at once, at a whole house that runs
  tools/fuzz --daemon --minutes 2 --only mqtt     one of them
  tools/fuzz --daemon --minutes 0 --only poison   what is known of boards' messages, and its relatives
  tools/fuzz --daemon --minutes 5 --only none     the same house and nobody who means harm: what is usual
  tools/fuzz --daemon --seed 7                    the same inputs again

Exit code 0 if nothing escaped and memory stayed bounded (--daemon: if everybody else went on), 1 if not, 3 if what is
needed is not there. What escapes, or with --daemon what was fired last, is kept in .cache/fuzz/ and named.
"""


def parser() -> argparse.ArgumentParser:
    """The arguments."""
    made = argparse.ArgumentParser(
        prog="tools/fuzz",
        description="Damaged input for everything strangers feed: the meter's wire, boards, peers of the federation, "
        "visitors of the page.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--minutes", type=_minutes, default=10.0, metavar="N", help="for how long (default: 10)")
    made.add_argument("--seed", type=int, metavar="N", help="the same inputs again (default: another one each time)")
    made.add_argument("--daemon", action="store_true", help="at a running gateway with its broker and servers")
    made.add_argument(
        "--only",
        type=_ways,
        default=_WAYS,
        metavar="WAYS",
        help=f"with --daemon: of {','.join((*_WAYS, *_FAMILIES))}; or none",
    )
    made.add_argument("--folder", type=Path, metavar="DIR", help="with --daemon: where all files stay; a short path")
    return made


def _minutes(text: str) -> float:
    value = float(text)
    if not 0 <= value < 1e6:
        raise argparse.ArgumentTypeError(f"{text} is no number of minutes")
    return value


def _ways(text: str) -> tuple[str, ...]:
    asked = () if text == "none" else tuple(text.split(","))
    if unknown := [way for way in asked if way not in (*_WAYS, *_FAMILIES)]:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: choose of {', '.join((*_WAYS, *_FAMILIES))}")
    return asked


if __name__ == "__main__":
    parser().parse_args()
