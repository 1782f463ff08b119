"""``linky-gateway check``: is the database whole, and the journal; also while the daemon runs.

It only reads; with ``--repair`` what former versions stored of times that span a break is taken back. Exit codes 74
(database) and 65 (journal) when one is not whole.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from gateway.commands.asking import ask_or_do
from gateway.commands.options import add_language, command, configured, spoken, stored
from gateway.errors import JournalError, StoreError
from gateway.words.table import WordTable

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from gateway.commands.options import Commands
    from gateway.store.points import Point

# Days that are named; there are rarely more than two.
_MOST_DAYS = 10

_SAID = WordTable(
    {
        "whole": "the database is whole: {path}",
        "broken": "{path} is damaged: {fault}; the gateway sets it aside at its next start and keeps what can be read:"
        " rather restore the last backup (`linky-gateway restore`)",
        "journal": "the journal is not whole any more: `linky-gateway journal verify` says where",
        "spanning": "{count} values that an older version stored span a change of the index (mode, contract, meter,"
        " step): {days}. They are no consumption: days and bills do not count them any more.",
        "unsent": "No recipient was handed any of them.",
        "sent": "Recipients that were handed some: {recipients}.",
        "offer": "`sudo linky-gateway check --repair` takes them back and asks whoever was handed them to erase them.",
        "withdrawn": '{count} values taken back; whoever was handed them is asked to erase them. The page "Repair"'
        " shows them and can put them back.",
    }
)


def declare(commands: Commands) -> None:
    """The command's arguments."""
    text = (
        "is the database whole, to its last page, and the journal to its last signature; what older versions got wrong"
    )
    check = command(commands, "check", _check, text)
    check.add_argument("--repair", action="store_true", help="take that back; whoever has it is asked to erase it")
    add_language(check)


def _check(options: argparse.Namespace) -> int:
    from gateway.journal.entry import write_line  # noqa: PLC0415
    from gateway.journal.verify import verify  # noqa: PLC0415
    from gateway.privacy.orders import Withdraw  # noqa: PLC0415
    from gateway.store.connection import FILE_NAME  # noqa: PLC0415
    from gateway.store.copies import faults, forget_copies  # noqa: PLC0415

    config = configured(options)
    directory = config.directory
    if found := faults(directory):
        raise StoreError(_words(options, "broken", path=directory / FILE_NAME, fault=found[0]))
    with stored(config) as archive:
        if verify((f"{write_line(entry)}\n".encode() for entry in archive.journal.entries()), [], []).fault:
            raise JournalError(_words(options, "journal"))
        spanning = archive.spanning.points()
        had = {jid for one in spanning for jid in archive.transfers.recipients_of(one.series, *_span(one))}
    forget_copies(directory, time.time())
    _say(options, "whole", path=directory / FILE_NAME)
    if spanning:
        _tell_spanning(options, spanning, had)
        if options.repair:
            _say(options, "withdrawn", count=ask_or_do(config, Withdraw(by="check --repair")))
        else:
            _say(options, "offer")
    return 0


def _span(one: Point) -> tuple[int, int, int]:
    return one.time, one.time + max(one.granularity, 1), one.granularity


def _tell_spanning(options: argparse.Namespace, spanning: Sequence[Point], had: set[str]) -> None:
    from gateway.balance.calendar import day_of  # noqa: PLC0415

    days = sorted({day_of(one.time).isoformat() for one in spanning})
    shown = ", ".join([*days[:_MOST_DAYS], *(["…"] if len(days) > _MOST_DAYS else [])])
    _say(options, "spanning", count=len(spanning), days=shown)
    if had:
        _say(options, "sent", recipients=", ".join(sorted(had)))
    else:
        _say(options, "unsent")


def _words(options: argparse.Namespace, name: str, **facts: object) -> str:
    return str(_SAID[spoken(options)][name].format(**facts))


def _say(options: argparse.Namespace, name: str, **facts: object) -> None:
    sys.stdout.write(_words(options, name, **facts) + "\n")
