"""``linky-gateway operation``: is the household's share of a collective self-consumption what its own meter says?

It reads the file that the organiser gives a member, checks every signature and the chain, and reckons each step anew.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.commands.options import add_language, command, configured, refused, spoken, stored
from gateway.errors import ConfigError, Exit, JournalError, StoreError, reason
from gateway.words.phrase import Phrase, joined, made, plural

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from gateway.balance.words import BalanceWriter
    from gateway.commands.options import Commands
    from gateway.config.tables import Config
    from gateway.operation.checked import OwnCheck
    from gateway.operation.own import MemberFile

_MOST_SHOWN = 20

_UNREADABLE = Phrase("{path}: cannot be read: {why}")
_TOO_LARGE = Phrase("{path}: larger than any month of an operation")
_AT_FILE = Phrase("{path}: {what}")
_NO_DAY = Phrase("{path}: no day in it")
_NO_METER = Phrase("{name!r} is no [[meter]] of the configuration ({names})")
_METERS = Phrase("Compared with {names} together; if not all of them are in the operation, say which: --meter NAME.")
_OTHER_KEY = Phrase("{path}: signed {found}, not {wanted}: ask your co-operative which letters are right")
_NO_LETTERS = Phrase("{text!r} is no fingerprint: write the letters as they are shown, such as MZUH VLPY MK6X O3EP")

_HEAD = Phrase("{operation}, {member}: {days}, signed {key}.")
_CHAIN = Phrase("The last line is {head}: other members who see the same letters were given the same sums.")
_ALONE = Phrase(
    "On {days} fewer than three took part: no share is in the file, it would show a neighbour’s consumption."
)
_COUNTED = Phrase("{steps}; {unknown}; {unread}.")
_SUMS = Phrase("Your share in them: {theirs} kWh as they say, {ours} kWh by your own meter.")
_RIGHT = Phrase("Everything fits, to 1 Wh a step.")
_NOTHING = Phrase("Nothing could be compared.")
_INDICATIVE = Phrase("Enedis settles by its own curves: this is indicative, and the contract prevails.")
_DRAWN = Phrase("They counted otherwise than your meter:")
_SHARES = Phrase("The share is not what the key makes of their own figures:")
_DRAWN_AT = Phrase("  {time}: {theirs} Wh as they say, {ours} Wh by your meter")
_SHARE_AT = Phrase("  {time}: {theirs} Wh as they say, {ours} Wh by the key")
_MORE = Phrase("  and {count} more (--json shows all)")


def declare(commands: Commands) -> None:
    """The command's arguments."""
    parser = command(commands, "operation", _run, "check your share of a collective self-consumption")
    parser.add_argument("file", type=Path, metavar="FILE", help="what the organiser gave you: a month, signed")
    parser.add_argument(
        "--key", type=_letters, metavar="LETTERS", help="of the organiser's signature, as on its letter"
    )
    parser.add_argument(
        "--meter",
        action="append",
        default=[],
        metavar="NAME",
        help="which [[meter]] is in the operation; may be repeated (default: all)",
    )
    add_language(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object, with every step that differs")


def _run(options: argparse.Namespace) -> int:
    from gateway.federation.wire.invitation import fingerprint  # noqa: PLC0415
    from gateway.operation.checked import check  # noqa: PLC0415

    config = configured(options)
    file = _read(options.file)
    found = fingerprint(file.head.key)
    if options.key and found != options.key:
        raise JournalError(_OTHER_KEY.filled(path=options.file, found=found, wanted=options.key))
    home = _home(config, options.meter, file)
    result = check(file, home.drawn)
    if options.json:
        sys.stdout.write(json.dumps(_as_json(file, result, found) | {"meters": home.meters}, ensure_ascii=False) + "\n")
    else:
        text = joined("\n", _said(file, result, found, fingerprint(file.chain.head), home.meters))
        sys.stdout.write(text.in_language(spoken(options)) + "\n")
    return 0 if result.is_right else Exit.FAILED


def _read(path: Path) -> MemberFile:
    from gateway.operation.own import read_member  # noqa: PLC0415
    from gateway.operation.sums import MOST_BYTES  # noqa: PLC0415

    try:
        with path.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise StoreError(_UNREADABLE.filled(path=path, why=reason(error))) from error
    if len(content) > MOST_BYTES:
        raise JournalError(_TOO_LARGE.filled(path=path))
    try:
        found = read_member(content.splitlines())
    except JournalError as error:
        raise JournalError(_AT_FILE.filled(path=path, what=error.phrase)) from error
    if not found.chain.days:
        raise JournalError(_NO_DAY.filled(path=path))
    return found


@dataclass(frozen=True, slots=True)
class _Home:
    """The meters that count for it, and what they drew together by step, of those that are known to the Wh."""

    meters: list[str]
    drawn: dict[int, int]


def _home(config: Config, wanted: Collection[str], file: MemberFile) -> _Home:
    """The household's meters, or those of the names that are ``wanted``, over the steps of a file."""
    from gateway.operation.curves import THERE_S, MeterCurve, of_home  # noqa: PLC0415
    from gateway.store.spans import DRAWN  # noqa: PLC0415

    names = [one.name for one in config.meter]
    for name in wanted:
        if name not in names:
            raise ConfigError(_NO_METER.filled(name=name, names=", ".join(names)))
    drawn: dict[int, int] = {}
    with stored(config) as archive:
        found = [archive.meters.named(name, DRAWN) for name in names if name in wanted or not wanted]
        indexes = [index for index in found if index is not None]
        for line, _ in file.days():
            if begins := line.day.begins():
                meters = [
                    MeterCurve(
                        archive.ledger.steps(one, begins.start, begins.stop, begins.step),
                        range(one.first_time - THERE_S, one.last_time + THERE_S),
                    )
                    for one in indexes
                ]
                drawn |= of_home(meters, begins)
    return _Home([one.meter for one in indexes], drawn)


def _said(file: MemberFile, result: OwnCheck, key: str, head: str, meters: Sequence[str]) -> Iterable[Phrase]:
    from gateway.operation.reveal import FEWEST  # noqa: PLC0415

    # Of other days, signed since, there are lines of the chain alone.
    days = sum(own is not None or line.day.members < FEWEST for line, own in file.days())
    operation = file.chain.days[-1].day.operation
    shown = plural("{count} day", "{count} days", days)
    yield _HEAD.filled(operation=operation, member=file.head.member, days=shown, key=key)
    yield _CHAIN.filled(head=head)
    if result.alone:
        yield _ALONE.filled(days=plural("{count} day", "{count} days", result.alone))
    if len(meters) > 1:
        yield _METERS.filled(names=", ".join(meters))
    yield _COUNTED.filled(
        steps=plural("{count} step compared", "{count} steps compared", result.steps),
        unknown=plural(
            "{count} step unknown to the organiser", "{count} steps unknown to the organiser", result.unknown
        ),
        unread=plural(
            "{count} step that this meter does not know", "{count} steps that this meter does not know", result.unread
        ),
    )
    if result.steps:
        yield _SUMS.filled(theirs=_kwh(result.theirs), ours=_kwh(result.ours))
    yield from _steps(_DRAWN, _DRAWN_AT, result.drawn, _number)
    yield from _steps(_SHARES, _SHARE_AT, result.shares, _thousandth)
    if result.is_right:
        yield _RIGHT if result.steps else _NOTHING
    yield _INDICATIVE


def _steps(
    head: Phrase, each: Phrase, found: Mapping[int, tuple[int, int | None]], shown: Callable[[int | None], Phrase]
) -> Iterable[Phrase]:
    from gateway.store.local_time import local_time  # noqa: PLC0415 (it reads the time zones)

    if not found:
        return
    yield head
    for begin, (theirs, ours) in sorted(found.items())[:_MOST_SHOWN]:
        yield each.filled(time=local_time(begin), theirs=shown(theirs), ours=shown(ours))
    if len(found) > _MOST_SHOWN:
        yield _MORE.filled(count=len(found) - _MOST_SHOWN)


def _as_json(file: MemberFile, result: OwnCheck, key: str) -> dict[str, object]:
    from gateway.store.recorder import iso  # noqa: PLC0415 (it reads the time zones)

    return {
        "operation": file.chain.days[-1].day.operation,
        "member": file.head.member,
        "key": key,
        "head": file.chain.head,
        "right": result.is_right,
        "steps": result.steps,
        "unknown": result.unknown,
        "unread": result.unread,
        "share_wh": {"theirs": result.theirs / 1000, "ours": result.ours / 1000},
        "drawn": [{"time": iso(at), "theirs": one, "ours": own} for at, (one, own) in sorted(result.drawn.items())],
        "shares": [
            {"time": iso(at), "theirs": one / 1000, "ours": None if own is None else own / 1000}
            for at, (one, own) in sorted(result.shares.items())
        ],
    }


def _kwh(thousandths: int) -> Phrase:
    """Thousandths of a Wh as kWh, to the Wh."""
    return made(lambda lang: _writer(lang).number(Fraction(thousandths, 1_000_000), 3))


def _thousandth(count: int | None) -> Phrase:
    """Thousandths of a Wh as Wh; a dash where it is unknown."""
    return made(lambda lang: _writer(lang).number(None if count is None else Fraction(count, 1000), 3))


def _number(count: int | None) -> Phrase:
    return made(lambda lang: _writer(lang).number(count))


def _writer(lang: str) -> BalanceWriter:
    from gateway.balance.words import BalanceWriter  # noqa: PLC0415 (the parser needs none of it)

    return BalanceWriter(lang)


def _letters(text: str) -> str:
    """A fingerprint as a person types it."""
    word = "".join(text.split()).upper()
    if len(word) != 16 or not word.isascii() or not word.isalnum():
        raise refused(_NO_LETTERS.filled(text=text))
    return " ".join(word[at : at + 4] for at in range(0, 16, 4))
