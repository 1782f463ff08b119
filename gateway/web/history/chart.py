"""The bars of a look at the past: what is stacked, what stands beside, what a finger on it reads, what a tap opens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.balance.classes import WORDS
from gateway.web import dates, written
from gateway.web.history.bars import Band, Bar, BarChart, Tick, bar_chart, places

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.web.cost.values import Money
    from gateway.web.history.choice import LookChoice
    from gateway.web.history.values import Figures, HistoryRow, Past
    from gateway.web.view import PageView

_HALF_HOUR_S, _HOUR_S = 1800, 3600
_FINER = {"year": "month", "month": "day", "week": "day", "day": "day"}
# Hours of a day that are named; on a phone every other one.
_HOURS = (0, 3, 6, 9, 12, 15, 18, 21)
# A house that has just begun shall not look like one that draws much: kWh, or euros.
_LEAST = 0.04
# A meter has ten indexes, and each a class of its own in the style sheet; 0 is whatever else.
_INDEXES = 11
# What the rounding of the classes comes to in some weeks: one part of so many.
_ROUNDED = 10_000
SUBSCRIPTION, REST, SOLD = "subscription", "rest", "sold"


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """What a colour is, and what it comes to in the whole period."""

    kind: str
    name: str
    amount: str


def kind_of(word: str) -> str:
    """The class in the style sheet of a tariff class; of one that has no name of its own one by its number."""
    if word.isdecimal():
        return f"c-index{int(word) % _INDEXES}"
    return f"c-{word}" if word in WORDS else "c-index0"


def by_kind(classes: Mapping[str, float]) -> dict[str, float]:
    """What the tariff classes come to, by their class in the style sheet: two may share one, and lose nothing."""
    found: dict[str, float] = {}
    for word, amount in classes.items():
        found[kind_of(word)] = found.get(kind_of(word), 0.0) + amount
    return found


def history_chart(view: PageView, past: Past, choice: LookChoice) -> BarChart:
    """A day by half hours over its tariff periods, anything longer by days or months."""
    rows = [_bar(view, past, row, choice) for row in past.rows]
    unit = "€" if choice.in_euros else "kWh"
    if past.curve is None:
        return bar_chart(rows, unit, least=_LEAST)
    begin = past.curve.begin
    bands = []
    for since, until, word in past.curve.bands:
        first, last = places((since, until), begin, _HALF_HOUR_S)
        bands.append(Band(first, last, kind_of(word)))
    return bar_chart(rows, unit, bands, hour_ticks(begin, past.curve.end), _LEAST)


def legend(view: PageView, past: Past, choice: LookChoice) -> list[LegendEntry]:
    """The colours of the chart with their sums: they come to what the figures of the period say."""
    figures = past.sum.figures
    if figures is None:
        return []
    say, lang = view.words, view.lang
    if choice.in_euros:
        spent = figures.spent
        if spent is None:
            return []
        found = [
            LegendEntry(kind_of(word), written.tariff_class(lang, word), written.euros(lang, euros))
            for word, euros in spent.classes.items()
        ]
        found.append(LegendEntry(SUBSCRIPTION, say["subscription"], written.euros(lang, spent.subscription)))
        if spent.income:
            found.append(LegendEntry(SOLD, say["sold"], written.euros(lang, -spent.income)))
    else:
        stack = _energies(figures)
        found = [
            LegendEntry(kind, _class_name(view, kind, word), written.kwh(lang, wh))
            for kind, (word, wh) in stack.items()
        ]
        for kind, key, wh in (
            ("outline", "produced", figures.produced), (SOLD, "injected_energy", figures.injected),
        ):  # fmt: skip
            if wh:
                found.append(LegendEntry(kind, say[key], written.kwh(lang, wh)))
    if unsure := unsure_of(view, past.rows):
        found.append(LegendEntry("unsure", unsure, ""))
    if past.against and past.sum.before:
        found.append(LegendEntry("beside", against_name(view, past), _amount(view, past.sum.before, choice)))
    return found


def against_name(view: PageView, past: Past, against: str | None = None) -> str:
    """What the period is compared with, as a person calls it: yesterday, the week before, last year."""
    key = against or past.against or "year"
    return view.words[f"against_{key}_{past.period}" if key == "previous" else f"against_{key}"]


def _bar(view: PageView, past: Past, row: HistoryRow, choice: LookChoice) -> Bar:
    figures, sign = row.figures, marks(row)
    tick, minor = _tick(view, past, row)
    before = _beside(row.before, choice) if past.against else None
    if figures is None or (choice.in_euros and figures.spent is None):
        return Bar([name_of(view, past, row), view.words["unknown"]], "", tick, minor, beside=before)
    more: dict[str, object] = {}
    if past.period == "day":
        more = {"detail": "minutes" if past.curve and past.curve.drawn else None, "at": row.at}
    said = [name_of(view, past, row) + sign, *_said(view, past, row, figures, choice)]
    href = "" if more and not more["detail"] else choice.query(past.meter, _FINER[past.period], row.first, **more)
    if choice.in_euros and figures.spent:
        stack = {SUBSCRIPTION: figures.spent.subscription, **by_kind(figures.spent.classes)}
        below = {SOLD: figures.spent.income} if figures.spent.income else {}
        return Bar(said, href, tick, minor, stack, below, None, before, bool(sign))
    stack = {kind: wh / 1000 for kind, (_, wh) in _energies(figures).items()}
    below = {SOLD: figures.injected / 1000} if figures.injected else {}
    made = None if figures.produced is None else figures.produced / 1000
    return Bar(said, href, tick, minor, stack, below, made, before, bool(sign))


def marks(row: HistoryRow | Money) -> str:
    """The marks that the page explains: a part is not known, an index was not read."""
    return ("" if row.whole or row.so_far else " *") + (" ~" if row.estimated else "")


def unsure_of(view: PageView, rows: Sequence[HistoryRow | Money]) -> str:
    """What a dashed edge says of one of these rows; empty where none has it."""
    signs = {sign for row in rows for sign in marks(row).split()}
    words = [view.words[key] for sign, key in (("~", "is_estimated"), ("*", "in_part")) if sign in signs]
    return ", ".join(words)


def name_of(view: PageView, past: Past, row: HistoryRow) -> str:
    """What a row is called."""
    if row.at is not None:
        return " – ".join(written.clock(view.lang, at) for at in (row.at, row.at + _HALF_HOUR_S))
    return written.month(view.lang, row.first) if past.period == "year" else written.long_date(view.lang, row.first)


def _said(view: PageView, past: Past, row: HistoryRow, figures: Figures, choice: LookChoice) -> list[str]:
    lang, say = view.lang, view.words
    if choice.in_euros and figures.spent:
        spent = figures.spent
        parts = [(written.tariff_class(lang, word), euros) for word, euros in spent.classes.items()]
        parts.append((say["subscription"], spent.subscription))
        parts += [(say["sold"], -spent.income)] if spent.income else []
        found = [f"{name} {_euros(view, past, euros)}" for name, euros in [(say["cost_of"], spent.total), *parts]]
    else:
        stack = _energies(figures)
        found = [f"{say['drawn']} {_kwh(view, past, figures.drawn)}"]
        if len(stack) > 1:
            found += [f"{_class_name(view, kind, word)} {_kwh(view, past, wh)}" for kind, (word, wh) in stack.items()]
        elif any(word for word, _ in stack.values()) and past.period == "day":
            found[0] += f" ({next(_class_name(view, kind, word) for kind, (word, _) in stack.items())})"
        known = figures.consumed if past.panels else None
        for key, wh in (("produced", figures.produced), ("injected_energy", figures.injected), ("consumed", known)):
            found += [f"{say[key]} {_kwh(view, past, wh)}"] if wh else []
    if past.against and row.before:
        found.append(f"{against_name(view, past)} {_amount(view, row.before, choice, past)}")
    return found


def _amount(view: PageView, figures: Figures, choice: LookChoice, past: Past | None = None) -> str:
    if choice.in_euros:
        euros = figures.spent.total if figures.spent else None
        return _euros(view, past, euros) if past else written.euros(view.lang, euros)
    return _kwh(view, past, figures.drawn) if past else written.kwh(view.lang, figures.drawn)


def _kwh(view: PageView, past: Past, wh: int | None) -> str:
    # A half hour of a house that sleeps is some hundredths of a kWh.
    return written.kwh(view.lang, wh, 2 if past.period == "day" else 1)


def _euros(view: PageView, past: Past, euros: float | None) -> str:
    return written.euros(view.lang, euros, 3 if past.period == "day" else 2)


def _beside(before: Figures | None, choice: LookChoice) -> float | None:
    if before is None:
        return None
    if choice.in_euros:
        return max(before.spent.total, 0) if before.spent else None
    return None if before.drawn is None else before.drawn / 1000


def _energies(figures: Figures) -> dict[str, tuple[str, int]]:
    """Kind -> (tariff class, Wh) of what was drawn, together all of it; what no class counted is a class of its own."""
    if figures.drawn is None:
        return {}
    found: dict[str, tuple[str, int]] = {}
    for word, wh in figures.classes.items():
        kind = kind_of(word)
        found[kind] = (word, wh + found.get(kind, ("", 0))[1])
    rest = figures.drawn - sum(figures.classes.values())
    # A watt-hour or two are the rounding of each class, on each of its days.
    if rest > max(len(found), figures.drawn // _ROUNDED) or not found:
        found[REST if found else "c-base"] = ("", rest)
    return found


def _class_name(view: PageView, kind: str, word: str) -> str:
    if kind == REST:
        return view.words["no_class"]
    return written.tariff_class(view.lang, word) if word else view.words["drawn"]


def hour_ticks(begin: int, end: int) -> list[Tick]:
    """The hours of a day below its half hours."""
    found = []
    for time in range(begin, end, _HOUR_S):
        local = dates.local(time)
        # Of two o'clock that comes twice the first.
        if local.hour in _HOURS and not local.fold:
            found.append(Tick(100 * (time - begin) / (end - begin), f"{local.hour}", minor=local.hour % 6 != 0))
    return found


def _tick(view: PageView, past: Past, row: HistoryRow) -> tuple[str, bool]:
    """What stands below a bar, and whether it is left out where it is narrow."""
    if past.period == "day":
        return "", False
    if past.period == "year":
        return written.month(view.lang, row.first, short=True), row.first.month % 3 != 1
    if past.period == "week":
        return written.short_date(view.lang, row.first).partition(" ")[0], False
    return str(row.first.day), row.first.day % 5 != 0 and row.first.day != 1


def most(rows: Sequence[HistoryRow]) -> HistoryRow | None:
    """The one of which most was drawn."""
    known: Mapping[int, HistoryRow] = {
        row.figures.drawn: row for row in reversed(rows) if row.figures and row.figures.drawn
    }
    return known[max(known)] if known else None
