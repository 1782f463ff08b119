"""Statements of an operation: a month by member and producer, as a table for the organiser and as pages to be printed.

A page is for whoever it names. Of the others it says what the whole operation came to, and nothing where less than
three take part: there the whole less one's own is the neighbour's.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from html import escape
from importlib import resources
from string import Template
from typing import TYPE_CHECKING

from gateway.errors import ConfigError
from gateway.operation.days import DaysTogether, share_day
from gateway.operation.reveal import FEWEST
from gateway.operation.steps import STEPS, days_of
from gateway.words.numbers import grouped
from gateway.words.phrase import Phrase, made, plural, same

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import date

    from gateway.operation.curves import Curves
    from gateway.operation.plan import Operation
    from gateway.operation.totals import MemberTotal, ProducerTotal

_MARK = "<!-- each -->"
_KEYS = {
    "static": Phrase(
        "Static key: each member has a fixed part of the production; what it does not use is not offered to the others."
    ),
    "pro-rata": Phrase(
        "Key pro rata: the production goes to each member in proportion to what it uses at that moment."
    ),
    "simple": Phrase("Key by step: the organiser sets each member’s part of the production for each step."),
    "full": Phrase("Key by producer: the organiser sets whose production goes to whom for each step."),
}
_MONTH = Phrase("{month} {year}")
_MONTHS = (
    *(Phrase("January"), Phrase("February"), Phrase("March"), Phrase("April"), Phrase("May"), Phrase("June")),
    *(Phrase("July"), Phrase("August"), Phrase("September"), Phrase("October"), Phrase("November"), Phrase("December")),
)
_NONE_UNKNOWN = Phrase("none unknown")
_WHOLE = Phrase("Injected {produced}, shared {shared}, surplus {left}; {count} members.")
_PRODUCED_ALONE = Phrase("Injected {produced}. The operation is so small that more would tell what a neighbour used.")
_PERCENT = Phrase("{number}%")
_KWH = Phrase("{number} kWh")
_NOBODY_KNOWS = Phrase("unknown")

_HEAD = (
    *("kind", "name", "label", "month", "steps", "unknown"),
    *("drawn_wh", "shared_wh", "complement_wh", "produced_wh", "surplus_wh"),
)


@dataclass(frozen=True, slots=True)
class MonthlyStatement:
    """What a month came to; of members and producers those alone that were in it, by name."""

    operation: Operation
    month: date
    members: dict[str, MemberTotal]
    producers: dict[str, ProducerTotal]
    # On the day on which they were fewest.
    fewest: int


async def month_of_operation(
    operation: Operation, month: date, curves: Callable[[date], Awaitable[Curves]]
) -> MonthlyStatement:
    """Reckon a month; ``curves`` gives those of a day."""
    together, counts = DaysTogether(operation), []
    for day in days_of(month):
        shared = share_day(operation, day, await curves(day))
        together.add(shared)
        counts.append(shared.roll.sharing)
    totals = together.totals
    members = {
        name: one for name, one in zip(operation.members, totals.members(), strict=True) if one.steps or one.unknown
    }
    producers = {
        name: one for name, one in zip(operation.producers, totals.producers(), strict=True) if one.steps or one.unknown
    }
    if not members or not producers:
        kind = "producer" if members else "member"
        raise ConfigError(f"{operation.path}: no {kind} in {month:%Y-%m}: look at from and until")
    return MonthlyStatement(operation, month, members, producers, min(filter(None, counts), default=0))


def as_table(statement: MonthlyStatement) -> str:
    """CSV: a line for each member and each producer, in whole Wh; empty is unknown."""
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(_HEAD)
    labels = _labels(statement.operation)
    month = f"{statement.month:%Y-%m}"
    for name, one in statement.members.items():
        known = (one.drawn, one.shared.rounded, one.complement) if one.steps else ("", "", "")
        lines.writerow(("member", name, _plain(labels[name]), month, one.steps, one.unknown, *known, "", ""))
    for name, own in statement.producers.items():
        part = (own.shared, "", own.produced, own.left.rounded) if own.steps else ("", "", "", "")
        lines.writerow(("producer", name, _plain(labels[name]), month, own.steps, own.unknown, "", *part))
    return out.getvalue()


def as_pages(statement: MonthlyStatement, lang: str) -> str:
    """HTML: a page for each member and each producer."""
    file = resources.files("gateway.collector") / "printed" / f"statement.{lang}.html"
    head, member, producer, foot = file.read_text(encoding="utf-8").split(_MARK)
    table = statement.operation.table
    month = _MONTH.filled(month=_MONTHS[statement.month.month - 1], year=statement.month.year).in_language(lang)
    words = {"operation": table.name, "month": month, "minutes": str(STEPS[table.step] // 60)}
    words["key"] = _KEYS[table.key].in_language(lang)
    words["whole"] = _whole(statement).in_language(lang)
    shown = {name: escape(word) for name, word in words.items()} | {"whole": f"<p>{escape(words['whole'])}</p>"}
    labels = _labels(statement.operation)
    pages = [
        _page(member, shown, labels[name], _of_member(one), (one.steps, one.unknown), lang)
        for name, one in statement.members.items()
    ]
    pages += [
        _page(producer, shown, labels[name], _of_producer(own), (own.steps, own.unknown), lang)
        for name, own in statement.producers.items()
    ]
    return Template(head).substitute(shown) + "".join(pages) + foot


def _page(
    template: str, shown: dict[str, str], label: str, facts: dict[str, Phrase], steps: tuple[int, int], lang: str
) -> str:
    counted, unknown = steps
    missing = plural(
        "{number} is unknown, and in none of these figures",
        "{number} are unknown, and in none of these figures",
        unknown,
        number=_number(unknown),
    )
    facts = {"steps": _number(counted), "unknown": missing if unknown else _NONE_UNKNOWN} | facts
    own = {name: escape(fact.in_language(lang)) for name, fact in facts.items()}
    return Template(template).substitute(shown, label=escape(label), **own)


def _of_member(one: MemberTotal) -> dict[str, Phrase]:
    if not one.steps:
        return dict.fromkeys(("drawn", "shared", "complement", "cover"), _NOBODY_KNOWS)
    cover = _PERCENT.filled(number=one.shared.rounded * 100 // one.drawn) if one.drawn else same("–")
    return {
        "drawn": _kwh(one.drawn),
        "shared": _kwh(one.shared.rounded),
        "complement": _kwh(one.complement),
        "cover": cover,
    }


def _of_producer(own: ProducerTotal) -> dict[str, Phrase]:
    if not own.steps:
        return dict.fromkeys(("produced", "shared", "left"), _NOBODY_KNOWS)
    return {"produced": _kwh(own.produced), "shared": _kwh(own.shared), "left": _kwh(own.left.rounded)}


def _whole(statement: MonthlyStatement) -> Phrase:
    """What all came to, as far as it may be said."""
    owns = statement.producers.values()
    produced = _kwh(sum(own.produced for own in owns)) if all(own.steps for own in owns) else _NOBODY_KNOWS
    if statement.fewest < FEWEST:
        return _PRODUCED_ALONE.filled(produced=produced)
    known = all(own.steps for own in owns)
    shared = _kwh(sum(own.shared for own in owns)) if known else _NOBODY_KNOWS
    left = _kwh(sum(own.left.rounded for own in owns)) if known else _NOBODY_KNOWS
    return _WHOLE.filled(produced=produced, shared=shared, left=left, count=len(statement.members))


def _labels(operation: Operation) -> dict[str, str]:
    """Name -> as people call it, by its last row."""
    return {row.name: row.shown for row in (*operation.table.member, *operation.table.producer)}


def _plain(label: str) -> str:
    """A label that no spreadsheet takes for a formula."""
    return f"'{label}" if label.startswith(("=", "+", "-", "@", "\t")) else label


def _kwh(wh: int) -> Phrase:
    """To the Wh."""
    return _KWH.filled(number=made(lambda lang: grouped(f"{wh // 1000:,}.{wh % 1000:03}", lang)))


def _number(count: int) -> Phrase:
    return made(lambda lang: grouped(f"{count:,}", lang))
