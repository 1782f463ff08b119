"""``linky-gateway check``: is the database whole, and the journal; also while the daemon runs.

It adds up the days of each meter and the account of each recipient, and says so. It only reads; with ``--repair`` what
former versions stored of times that span a break is taken back (a gateway does so when it starts). Exit codes 74
(database, energy or an account that does not add up) and 65 (journal) when one is not whole.
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
    from collections.abc import Iterable, Sequence
    from datetime import date

    from gateway.commands.options import Commands
    from gateway.household.adding_up import AddedUp
    from gateway.store.points import Point
    from gateway.store.queue import RecipientAccount

# Days that are named; there are rarely more than two.
_MOST_DAYS = 10

# One day adds up with nothing.
_LEAST_DAYS = 2

_SAID = WordTable(
    {
        "whole": "the database is whole: {path}",
        "broken": "{path} is damaged: {fault}; the gateway sets it aside at its next start and keeps what can be read:"
        " rather restore the last backup (`linky-gateway restore`)",
        "journal": "the journal is not whole any more: `linky-gateway journal verify` says where",
        "sum": "{meter}: your {days} days add up, to the watt-hour: {kwh} kWh consumed.",
        "both": "{meter}: your {days} days add up, to the watt-hour: {kwh} kWh consumed, {injected} kWh injected.",
        "doubt": "Estimated days, whose midnight was not read: {estimated}; days known in part: {holes}.",
        "shared": "{count} recipients: what was promised to them, sent and confirmed adds up.",
        "shared_one": "One recipient: what was promised to it, sent and confirmed adds up.",
        "lost": "{recipient}: what was promised to it, sent and confirmed does not add up (`linky-gateway consent sent`"
        " shows it); please report it, with the file that `sudo linky-gateway doctor --bundle support.zip` writes",
        "wrong": "{meter}: the energy of {days} does not add up; please report it, with the file that `sudo"
        " linky-gateway doctor --bundle support.zip` writes",
        "spanning": "{count} values that an older version stored span a change of the index (mode, contract, meter,"
        " step): {days}. They are no consumption: days and bills do not count them any more.",
        "unsent": "No recipient was handed any of them.",
        "sent": "Recipients that were handed some: {recipients}.",
        "offer": "`sudo linky-gateway check --repair` takes them back and asks whoever was handed them to erase them.",
        "withdrawn": "{count} values taken back; whoever was handed them is asked to erase them. The page"
        ' "Correct a reading" shows them and can put them back.',
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
    from gateway.household.adding_up import add_up  # noqa: PLC0415
    from gateway.journal.verify import verify  # noqa: PLC0415
    from gateway.privacy.orders import Withdraw  # noqa: PLC0415
    from gateway.store.connection import FILE_NAME  # noqa: PLC0415
    from gateway.store.copies import faults, forget_copies  # noqa: PLC0415

    config = configured(options)
    directory = config.directory
    if found := faults(directory):
        raise StoreError(_words(options, "broken", path=directory / FILE_NAME, fault=found[0]))
    with stored(config) as archive:
        journal = archive.journal
        # Where there is a key there were entries: a gateway that never started has neither.
        begun = journal.head() is not None or journal.key_path.exists()
        if begun and verify(map(str.encode, journal.lines()), [], []).fault:
            raise JournalError(_words(options, "journal"))
        spanning = archive.spanning.points()
        had = {jid for one in spanning for jid in archive.transfers.recipients_of(one.series, *_span(one))}
        sums = add_up(archive, config)
        accounts = archive.accounts.all()
    forget_copies(directory, time.time())
    _say(options, "whole", path=directory / FILE_NAME)
    for one in sums:
        _tell_sum(options, one)
    _tell_accounts(options, accounts)
    if spanning:
        _tell_spanning(options, spanning, had)
        if options.repair:
            _say(options, "withdrawn", count=ask_or_do(config, Withdraw(by="check --repair")))
        else:
            _say(options, "offer")
    return 0


def _span(one: Point) -> tuple[int, int, int]:
    return one.time, one.time + max(one.granularity, 1), one.granularity


def _tell_sum(options: argparse.Namespace, one: AddedUp) -> None:
    from gateway.balance.words import BalanceWriter  # noqa: PLC0415

    if one.faults:
        raise StoreError(_words(options, "wrong", meter=one.meter, days=_named(one.faults)))
    if one.days < _LEAST_DAYS:
        return
    writer = BalanceWriter(spoken(options))
    kwh, injected = writer.kwh(one.drawn), writer.kwh(one.injected)
    name = "sum" if one.injected is None else "both"
    _say(options, name, meter=one.meter, days=one.days, kwh=kwh, injected=injected)
    if one.estimated or one.holes:
        _say(options, "doubt", estimated=one.estimated, holes=one.holes)


def _tell_accounts(options: argparse.Namespace, accounts: Sequence[RecipientAccount]) -> None:
    wrong = next((one.recipient for one in accounts if not one.balanced), None)
    if wrong is not None:
        raise StoreError(_words(options, "lost", recipient=wrong))
    if accounts:
        _say(options, "shared" if len(accounts) > 1 else "shared_one", count=len(accounts))
        _tell_compared(options, accounts)


def _tell_compared(options: argparse.Namespace, accounts: Sequence[RecipientAccount]) -> None:
    """What each recipient said last of what it has: a difference there is no fault of this database."""
    from gateway.consent.act import compared_row  # noqa: PLC0415
    from gateway.consent.command_words import last_compared  # noqa: PLC0415

    for one in accounts:
        said = last_compared(compared_row(one.comparison)).in_language(spoken(options))
        sys.stdout.write(f"{one.recipient}: {said}\n")


def _named(days: Iterable[date]) -> str:
    """Days as they are named in a sentence, the first ones."""
    named = sorted({day.isoformat() for day in days})
    return ", ".join([*named[:_MOST_DAYS], *(["…"] if len(named) > _MOST_DAYS else [])])


def _tell_spanning(options: argparse.Namespace, spanning: Sequence[Point], had: set[str]) -> None:
    from gateway.balance.calendar import day_of  # noqa: PLC0415

    _say(options, "spanning", count=len(spanning), days=_named(day_of(one.time) for one in spanning))
    if had:
        _say(options, "sent", recipients=", ".join(sorted(had)))
    else:
        _say(options, "unsent")


def _words(options: argparse.Namespace, name: str, **facts: object) -> str:
    return str(_SAID[spoken(options)][name].format(**facts))


def _say(options: argparse.Namespace, name: str, **facts: object) -> None:
    sys.stdout.write(_words(options, name, **facts) + "\n")
