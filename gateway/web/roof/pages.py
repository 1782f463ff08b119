"""The page *my roof*, made of values: each roof with the household's part, a day beside it, what its upkeep costs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from gateway.balance.calendar import midnight
from gateway.balance.self_use import STEP_S
from gateway.web import dates, written
from gateway.web.history.bars import Bar, BarChart, Tick, bar_chart
from gateway.web.history.chart import LegendEntry
from gateway.web.roof.routes import FILES
from gateway.words.catalogue import ENGLISH
from gateway.words.numbers import PERCENT
from gateway.words.phrase import plural

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from gateway.config.roof import BudgetTable, RoofTable
    from gateway.household.roofs import PartBeside, RoofFigures
    from gateway.web.roof.values import RoofLook
    from gateway.web.view import PageView

# Kinds of the chart: colours of ``history.css`` and ``roof.css``.
_COVERED, _REST, _PART, _UNKNOWN = "covered", "c-base", "outline", "undivided"
_HOURS = (0, 3, 6, 9, 12, 15, 18, 21)
_LONG = 1000


@dataclass(frozen=True, slots=True)
class PartSums:
    """The half hours of a day of which both are known, Wh; ``known`` of them."""

    known: int
    mine: int
    drawn: int
    covered: int

    @property
    def share(self) -> float | None:
        """What of the consumption the part covered, 0 to 1."""
        return self.covered / self.drawn if self.drawn else None


def page(view: PageView, look: RoofLook, meters: Sequence[str]) -> str:
    """The roofs of a household."""
    return view.page(
        "roof/page.html",
        look=look,
        meters=meters,
        files=list(FILES),
        roofs=[_roof(view, one, look.today) for one in look.roofs],
        day=_day(view, look) if look.roofs else None,
        cover=look.cover.sentence.in_language(view.lang) if look.cover else "",
    )


def refusal(view: PageView, key: str, **places: object) -> str:
    """One sentence, and the way back."""
    return view.page("history/refusal.html", page="roof", key=key, places=places)


def sums(rows: Sequence[PartBeside]) -> PartSums:
    """What the half hours come to of which both are known."""
    both = [(one.mine, one.drawn) for one in rows if one.mine is not None and one.drawn is not None]
    return PartSums(
        known=len(both),
        mine=sum(mine for mine, _ in both),
        drawn=sum(drawn for _, drawn in both),
        covered=sum(min(pair) for pair in both),
    )


def _roof(view: PageView, one: RoofFigures, today: date) -> dict[str, Any]:
    roof = one.roof
    shares = plural(
        "{held} of {shares} shares is yours ({part})",
        "{held} of {shares} shares are yours ({part})",
        # One and a half are several in English, and in French what is less than two is one.
        math.ceil(roof.held) if view.lang == ENGLISH else math.floor(roof.held),
        held=written.number(view.lang, roof.held, 0 if float(roof.held).is_integer() else 1),
        shares=written.number(view.lang, roof.shares),
        part=_part(view, roof),
    ).in_language(view.lang)
    area = [] if roof.area_m2 is None else [f"{written.number(view.lang, float(roof.area_m2))}\N{NO-BREAK SPACE}m²"]
    worth = None if roof.share_price is None else float(roof.share_price) * float(roof.held)
    return {
        "name": roof.name,
        "about": " · ".join([*area, shares]),
        "figures": one,
        "power": _power(view, one),
        "worth": worth,
        "since": None if one.year_since is None else dates.day(view.lang, dates.local(one.year_since)),
        "heard": None if one.heard is None else _when(view, one.heard, today),
        "silent": ", ".join(one.silent),
        "today_unknown": _today_unknown(one, today),
        "budgets": [_budget(view, each) for each in sorted(roof.budget, key=lambda each: -each.year)],
    }


def _today_unknown(one: RoofFigures, today: date) -> str:
    """The word for why nobody knows what it made since midnight."""
    if one.silent:
        return "yours_unknown"
    return "nothing_yet" if (one.heard or 0) < midnight(today) else "not_from_midnight"


def _when(view: PageView, at: float, today: date) -> str:
    """The time of today; of another day with its date."""
    local = dates.local(at)
    return written.clock(view.lang, int(at)) if local.date() == today else dates.clock(view.lang, local)


def _part(view: PageView, roof: RoofTable) -> str:
    """Of a roof of hundreds of shares one is less than a per cent."""
    number = written.number(view.lang, float(roof.part * 100), 0 if (roof.part * 100).denominator == 1 else 2)
    return PERCENT.in_language(view.lang).format(number=number)


def _power(view: PageView, one: RoofFigures) -> str:
    if one.watts is None:
        return written.NOTHING
    if one.watts < 1000:
        return f"{written.number(view.lang, one.watts)}\N{NARROW NO-BREAK SPACE}W"
    return f"{written.number(view.lang, one.watts / 1000, 1)}\N{NARROW NO-BREAK SPACE}kW"


def _budget(view: PageView, one: BudgetTable) -> dict[str, Any]:
    planned, spent = float(one.planned), float(one.total)
    most = max(planned, spent)
    left = planned - spent
    return {
        "year": one.year,
        "planned": planned,
        "spent": spent,
        "done": round(_LONG * spent / most) if most else 0,
        "goal": round(_LONG * planned / most) if most else 0,
        "over": left < 0,
        "left": view.say("budget_over" if left < 0 else "budget_left", amount=written.euros(view.lang, abs(left))),
        "lines": sorted(one.spent, key=lambda line: line.when, reverse=True),
    }


def _day(view: PageView, look: RoofLook) -> dict[str, Any]:
    found = sums(look.rows)
    after = look.day + timedelta(days=1)
    return {
        "name": written.near_date(view.lang, look.day, look.today),
        "sums": found,
        "estimated": any(one.estimated for one in look.rows),
        "missing": len(look.rows) - found.known,
        "chart": _chart(view, look),
        "legend": _legend(view, look.rows, found),
        "previous": _query(look, look.day - timedelta(days=1)) if look.first and look.day > look.first else None,
        "next": _query(look, after) if after <= look.today else None,
        "rows": [(_clock(view, one), one) for one in look.rows],
    }


def _query(look: RoofLook, day: date) -> str:
    return urlencode({"meter": look.meter, "date": day.isoformat()})


def _chart(view: PageView, look: RoofLook) -> BarChart:
    bars = [_bar(view, one) for one in look.rows]
    # A day that is going on is as wide as a whole one.
    count = (midnight(look.day + timedelta(days=1)) - midnight(look.day)) // STEP_S
    bars += [Bar([view.words["unknown"]]) for _ in range(count - len(bars))]
    return bar_chart(bars, "kWh", ticks=_ticks(look, len(bars)), least=0.2)


def _ticks(look: RoofLook, count: int) -> list[Tick]:
    begin = look.rows[0].at if look.rows else None
    if begin is None:
        return []
    hours = [(place, dates.local(begin + place * STEP_S)) for place in range(count)]
    return [
        Tick(100 * place / count, str(at.hour), minor=at.hour % 6 != 0)
        for place, at in hours
        if at.minute == 0 and at.hour in _HOURS and not at.fold
    ]


def _bar(view: PageView, one: PartBeside) -> Bar:
    said = [_clock(view, one)]
    for key, wh in (("my_part", one.mine), ("used", one.drawn), ("covered", one.covered)):
        said.append(f"{view.words[key]} {written.kwh(view.lang, wh, 2) if wh is not None else view.words['unknown']}")
    stack = {}
    if one.drawn is not None and one.covered is not None:
        stack = {_COVERED: one.covered / 1000, _REST: (one.drawn - one.covered) / 1000}
    elif one.drawn is not None:
        # Whether any of it was covered nobody knows: neither colour of the legend.
        stack = {_UNKNOWN: one.drawn / 1000}
    return Bar(said=said, stack=stack, outline=None if one.mine is None else one.mine / 1000, unsure=one.estimated)


def _clock(view: PageView, one: PartBeside) -> str:
    return " – ".join(written.clock(view.lang, at) for at in (one.at, one.at + STEP_S))


def _legend(view: PageView, rows: Sequence[PartBeside], found: PartSums) -> list[LegendEntry]:
    """Of the colours that are there: where the part is not known, what was drawn is in neither of the two."""
    amounts = {_PART: found.mine, _COVERED: found.covered, _REST: found.drawn - found.covered} if found.known else {}
    names = {_PART: "my_part", _COVERED: "covered", _REST: "rest"}
    entries = [LegendEntry(kind, view.words[names[kind]], written.kwh(view.lang, wh)) for kind, wh in amounts.items()]
    if not found.known and any(one.mine is not None for one in rows):
        # One's own meter is not known: the outline stands alone.
        entries.append(LegendEntry(_PART, view.words[names[_PART]], ""))
    if any(one.mine is None and one.drawn is not None for one in rows):
        entries.append(LegendEntry(_UNKNOWN, view.words["used_alone"], ""))
    return entries
