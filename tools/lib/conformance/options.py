"""The arguments of ``tools/conformance``; standard library alone, so that --help needs no installation."""

from __future__ import annotations

import argparse
from pathlib import Path

ROLES = {"recipient": "R", "gateway": "G", "provider": "P"}

_DESCRIPTION = """\
Holds a peer to the points of the wire document (gateway/federation/WIRE.md, "Conformance"): acts as the other
side over a real connection, and prints which point passed, failed, or could not be tried and why.
"""
_EPILOG = """\
A gateway or provider is asked at its full address (maison@home.example/proxy); the tool is its recipient. Of a
gateway it makes one request for access, which says that it is a test: the household may refuse it. What needs
a consent is tried with --series; what only the household can bring about, with --household.
A recipient is named by its account (coop@coop.example) and has to be told --jid with --resource as its gateway, and
the series that the tool prints; the tool is its gateway, with invented readings.

Exit codes: 0 nothing failed; 1 something did; 2 an argument is wrong; 69 no connection, or nobody there; 74 the
file of --json cannot be written; 78 the account's file is wrong.
"""


def parser() -> argparse.ArgumentParser:
    """The arguments."""
    made = argparse.ArgumentParser(
        prog="tools/conformance",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("peer", metavar="JID", help="who is tried")
    made.add_argument(
        "--as", dest="role", choices=tuple(ROLES), help="as what (default: what its service discovery says)"
    )
    _add_account(made)
    _add_other(made)
    _add_gateway(made)
    made.add_argument(
        "--patience",
        type=_seconds,
        default=90,
        metavar="S",
        help="how long the peer may take for one thing (default: 90)",
    )
    made.add_argument("--minutes", type=_seconds, default=15, metavar="N", help="how long all may take (default: 15)")
    made.add_argument("--json", type=Path, metavar="FILE", help="write the outcome of each point there, too")
    return made


def _add_account(made: argparse.ArgumentParser) -> None:
    made.add_argument("--jid", required=True, help="the account that the tool uses")
    made.add_argument(
        "--password-file", required=True, type=Path, metavar="FILE", help="its password, in the first line"
    )
    made.add_argument("--resource", default="", help="of the account (default: one of its own; as a gateway: proxy)")
    made.add_argument(
        "--address", action="append", metavar="HOST:PORT", help="its server, when DNS does not say; again: other nodes"
    )
    made.add_argument("--ca-file", type=Path, metavar="FILE", help="a certificate authority of one's own")


def _add_other(made: argparse.ArgumentParser) -> None:
    made.add_argument(
        "--other",
        metavar="JID",
        help="another account of the tool, which the peer has nothing to do with: what it is told, what it changes",
    )
    made.add_argument(
        "--other-password-file", type=Path, metavar="FILE", help="its password (default: the file of --password-file)"
    )
    made.add_argument("--other-address", action="append", metavar="HOST:PORT", help="its server, likewise")
    made.add_argument(
        "--many",
        action="store_true",
        help="of a recipient: send it 100,001 invented values (4 MB), and see what it says of so many; they stay there",
    )


def _add_gateway(made: argparse.ArgumentParser) -> None:
    made.add_argument(
        "--series",
        metavar="NAME",
        help="of a gateway: a series or branch of which the account may have raw values, pushed and of the past",
    )
    made.add_argument("--prm", metavar="DIGITS", help="of a gateway: the delivery point of the series' meter, if known")
    made.add_argument(
        "--quiet",
        type=_seconds,
        default=75,
        metavar="S",
        help="of a gateway: how long nothing may come after a withdrawal; longer than it gathers for one message, which"
        " is 60 s unless it is set otherwise (default: 75)",
    )
    made.add_argument(
        "--household",
        action="store_true",
        help="somebody is at the gateway and does what the tool asks for on standard error: refuse, then withdraw",
    )


def _seconds(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text[:6]) <= 3600):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 3600")
    return int(text)


if __name__ == "__main__":
    parser().parse_args()
