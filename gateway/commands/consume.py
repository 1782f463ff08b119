"""``linky-gateway consume``: the arguments of the reference recipient; ``consume_records`` is what it does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gateway.commands.options import add_log_level, command, moment, seconds

if TYPE_CHECKING:
    import argparse

    from gateway.commands.options import Commands


def declare(commands: Commands) -> None:
    """The command's arguments."""
    consume = command(commands, "consume", _consume, "the reference recipient: JSON Lines of records", config=False)
    consume.add_argument("--jid", required=True, help="the recipient's account")
    consume.add_argument("--password-file", required=True, type=Path)
    consume.add_argument(
        "--gateway", required=True, help="the gateway's full address, for example gw@example.org/proxy"
    )
    consume.add_argument("--identifier", required=True, action="append", help="a series name or a prefix of names")
    consume.add_argument(
        "--address",
        metavar="HOST:PORT",
        action="append",
        help="the server, when DNS does not say; again: its other nodes",
    )
    consume.add_argument("--ca-file", type=Path, help="a certificate authority of one's own")
    consume.add_argument("--store", type=Path, metavar="FILE", help="an SQLite file of records")
    consume.add_argument(
        "--live", type=seconds(3600), metavar="S", help="only watch: the newest value every S seconds, nothing is kept"
    )
    consume.add_argument("--count", type=int, metavar="N", help="end after N records")
    consume.add_argument(
        "--history-from", type=moment, metavar="T", help="first ask for what was stored since (ISO 8601)"
    )
    add_log_level(consume)


def _consume(options: argparse.Namespace) -> int:
    from gateway.commands.consume_records import consume  # noqa: PLC0415 (--help needs no session)

    return consume(options)
