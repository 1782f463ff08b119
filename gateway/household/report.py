"""What ``balance`` and ``cost`` show of a household: lines of text in one language, or one object for programs."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.balance.calendar import BalancePeriod
from gateway.balance.energy import Total, change
from gateway.balance.equivalence import EQUIVALENTS
from gateway.balance.objective import EURO, KWH, Goal, goals
from gateway.balance.projection import Projection, project
from gateway.balance.tariff import is_priced, lacks_prices
from gateway.balance.words import WIDTH, BalanceWriter, class_tables, table
from gateway.household.report_words import TEXTS
from gateway.household.this_hour import ThisHour, this_hour

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date
    from fractions import Fraction

    from gateway.balance.rows import BalanceRow
    from gateway.balance.tariff import Cost, Objective, Tariff
    from gateway.household.days import HouseholdDays


@dataclass(frozen=True, slots=True)
class BalanceReport:
    """What is shown: the rows of a period, and what is foreseen from ``today`` (the last day known) on."""

    house: HouseholdDays
    period: BalancePeriod
    rows: Sequence[BalanceRow]
    now: int
    today: date
    tariffs: Sequence[Tariff]
    objective: Objective

    def projections(self) -> list[Projection]:
        """The month and the year, if enough is known."""
        known = self.house.for_projection(self.today)
        both = (
            project(period, self.today, known, self.tariffs) for period in (BalancePeriod.MONTH, BalancePeriod.YEAR)
        )
        return [one for one in both if one is not None]

    def this_hour(self) -> ThisHour:
        """What an hour costs at this moment."""
        return this_hour(self.house, self.tariffs, self.now)


def as_text(view: BalanceReport, what: str, lang: str) -> Iterator[str]:
    """The lines of one of the commands, at most 80 columns wide."""
    words, writer = TEXTS[lang], BalanceWriter(lang)
    if not view.rows:
        yield words["nothing"].format(meter=view.house.meter)
        return
    blocks, notes = (_costs if what == "cost" else _energies)(view, words, writer)
    for block in blocks:
        yield from block
        yield ""
    for note in notes:
        yield from textwrap.wrap(note, WIDTH, subsequent_indent="  ")


def _energies(view: BalanceReport, words: dict[str, str], writer: BalanceWriter) -> tuple[list[list[str]], list[str]]:
    producing = any(row.total.produced is not None for row in view.rows)
    injecting = any(row.total.injected for row in view.rows)
    head = [words[key] for key in ("period", "drawn", "before", "change")]
    head += [words["injected"]] if injecting else []
    head += [words[key] for key in ("produced", "self-consumed", "self-sufficient")] if producing else []
    lines = [_energy_line(row, writer, injecting=injecting, producing=producing) for row in view.rows]
    cells = [(_label(row), {word: writer.kwh(wh) for word, wh in row.total.classes.items()}) for row in view.rows]
    by_class = class_tables(writer, words["period"], cells)
    blocks = [[words["energy"].format(meter=view.house.meter), "", *table(head, lines)]]
    blocks += [[*([words["classes"], ""] if part is by_class[0] else []), *part] for part in by_class]
    notes = [*_marks(view.rows, words), *([words["self"]] if producing else [])]
    notes += _foreseen(view, words, writer, euros=False)
    watts = view.house.base_load(view.now)
    if watts is not None:
        notes.append(words["base-load"].format(watts=writer.number(watts)))
    return blocks, [*notes, _like(view, words, writer)]


def _like(view: BalanceReport, words: dict[str, str], writer: BalanceWriter) -> str:
    drawn = sum(row.total.drawn or 0 for row in view.rows)
    things = [f"{writer.number(one.count(drawn))} {one.name.in_language(writer.lang)}" for one in EQUIVALENTS]
    return words["like"].format(kwh=writer.kwh(drawn), things=f"{', '.join(things[:-1])} {words['and']} {things[-1]}")


def _energy_line(row: BalanceRow, writer: BalanceWriter, *, injecting: bool, producing: bool) -> list[str]:
    total, before = row.total, row.before.drawn if row.before else None
    mark = " °" if row.before and row.before.imported else ""
    line = [_label(row), writer.kwh(total.drawn), writer.kwh(before) + mark]
    line.append(writer.percent(change(total.drawn, before) if row.comparable else None, signed=True))
    line += [writer.kwh(total.injected)] if injecting else []
    if producing:
        use = total.use
        line.append(writer.kwh(total.produced))
        line.append(writer.percent(use.self_consumed if use else None))
        line.append(writer.percent(use.self_sufficient if use else None))
    return line


def _costs(view: BalanceReport, words: dict[str, str], writer: BalanceWriter) -> tuple[list[list[str]], list[str]]:
    selling = any(row.cost.income for row in view.rows)
    keys = ["period", "energy-cost", "subscription", *(["income"] if selling else []), "total", "before", "change"]
    lines = []
    for row in view.rows:
        now, before = row.cost, row.cost_before.total if row.cost_before else None
        amounts = [now.energy, now.subscription, *([now.income] if selling else []), now.total, before]
        moved = change(float(now.total), float(before)) if before and row.comparable else None
        lines.append([_label(row), *map(writer.euros, amounts), writer.percent(moved, signed=True)])
    cells = [(_label(row), {word: writer.euros(one) for word, one in row.cost.classes.items()}) for row in view.rows]
    by_class = class_tables(writer, words["period"], cells)
    blocks = [[words["costs"].format(meter=view.house.meter), "", *table([words[key] for key in keys], lines)]]
    blocks += [[*([words["class-costs"], ""] if part is by_class[0] else []), *part] for part in by_class]
    return blocks, [
        *_marks(view.rows, words),
        *_gaps(view.rows, words, writer),
        *_foreseen(view, words, writer, euros=True),
    ]


def _foreseen(view: BalanceReport, words: dict[str, str], writer: BalanceWriter, *, euros: bool) -> Iterator[str]:
    hour = view.this_hour() if euros else None
    if hour and hour.euros is not None and hour.word:
        text, power = writer.number(hour.euros, 3), writer.number(hour.watts)
        yield words["now"].format(cost=text, watts=power, word=writer.tariff_class(hour.word))
    projections = view.projections()
    for one in projections:
        name = words[one.period.value].format(label=one.period.label(one.first))
        # What has no price is said once, above: without it there is no sum.
        yield words["projected" if euros and is_priced(one.cost, one.wh) else "projected-kwh"].format(
            period=name,
            kwh=writer.kwh(one.measured_wh),
            cost=writer.euros(one.measured.total),
            kwh_end=writer.kwh(one.wh),
            cost_end=writer.euros(one.cost.total),
            method=words[one.method.value],
        )
        for goal in _goals(view, one, euros=euros):
            state, amount = words[goal.state.value], writer.number(goal.goal)
            yield words["goal"].format(period=name.lower(), goal=amount, unit=goal.unit, state=state)
    if not projections:
        yield words["too-new"]


def _goals(view: BalanceReport, projection: Projection, *, euros: bool) -> list[Goal]:
    return [goal for goal in goals(view.objective, projection) if euros or goal.unit == KWH]


def _gaps(rows: Sequence[BalanceRow], words: dict[str, str], writer: BalanceWriter) -> Iterator[str]:
    without = sum(row.cost.days_without for row in rows)
    if without:
        yield words["without"].format(days=without)
    unpriced = sum(row.cost.unpriced_wh for row in rows)
    if lacks_prices(unpriced, sum(row.total.drawn or 0 for row in rows)):
        seen = sorted({word for row in rows for word in row.total.classes})
        yield words["without-price"].format(kwh=writer.kwh(unpriced), words=", ".join(seen))


def _marks(rows: Sequence[BalanceRow], words: dict[str, str]) -> Iterator[str]:
    if not all(map(_is_whole, rows)):
        yield words["partly"]
    if any(row.total.estimated for row in rows):
        yield words["estimated"]
    if any(row.total.imported or (row.before and row.before.imported) for row in rows):
        yield words["imported"]


def _label(row: BalanceRow) -> str:
    marks = (row.total.imported, " °"), (row.total.estimated, " ~"), (not _is_whole(row), " *")
    return row.label + "".join(mark for is_so, mark in marks if is_so)


def _is_whole(row: BalanceRow) -> bool:
    return row.total.whole and row.total.known == (row.end - row.first).days


def as_json(view: BalanceReport, what: str) -> dict[str, object]:
    """The same for programs: Wh, euros, shares from 0 to 1; null where nothing is known.

    Euros of what has a price: ``unpriced_wh`` and ``days_without_tariff`` say what lacks one, "unpriced" an objective.
    """
    projections, euros = view.projections(), what == "cost"
    shown = {
        "meter": view.house.meter,
        "period": view.period.value,
        "rows": [_row(row, what) for row in view.rows],
        "projections": [_projection(one, euros=euros) for one in projections],
        "objectives": [_goal(goal) for one in projections for goal in _goals(view, one, euros=euros)],
    }
    if euros:
        hour = view.this_hour()
        return shown | {"euros_per_hour": None if hour.euros is None else _euros(hour.euros), "watts": hour.watts}
    drawn = sum(row.total.drawn or 0 for row in view.rows)
    like = [{"of": one.key, "count": round(one.count(drawn), 1), "source": one.source} for one in EQUIVALENTS]
    return shown | {"base_load_w": view.house.base_load(view.now), "equivalents": like}


def _row(row: BalanceRow, what: str) -> dict[str, object]:
    dates: dict[str, object] = {"label": row.label, "from": row.first.isoformat(), "to": row.end.isoformat()}
    if what == "balance":
        return dates | _total(row.total) | {"year_before": _total(row.before) if row.before else None}
    before = _cost(row.cost_before, row.before) if row.cost_before and row.before else None
    return dates | _cost(row.cost, row.total) | {"year_before": before}


def _total(total: Total) -> dict[str, object]:
    use = total.use
    return {
        "days": total.known,
        "whole": total.whole,
        "estimated": total.estimated,
        "imported": total.imported,
        "drawn_wh": total.drawn,
        "classes_wh": dict(total.classes),
        "injected_wh": total.injected,
        "produced_wh": total.produced,
        "self_consumed": use.self_consumed if use else None,
        "self_sufficient": use.self_sufficient if use else None,
        "shared_wh": use.shared if use else None,
        "shared_used_wh": use.used_shared if use else None,
        "shared_estimated": bool(use and use.estimated),
    }


def _cost(cost: Cost, total: Total) -> dict[str, object]:
    return {
        "days": cost.days,
        "whole": total.whole,
        "estimated": total.estimated,
        "days_without_tariff": cost.days_without,
        "classes": {word: _euros(euros) for word, euros in cost.classes.items()},
        "energy": _euros(cost.energy),
        "subscription": _euros(cost.subscription),
        "injection": _euros(cost.income),
        "total": _euros(cost.total),
        "unpriced_wh": cost.unpriced_wh,
    }


def _projection(one: Projection, *, euros: bool) -> dict[str, object]:
    found: dict[str, object] = {
        "period": one.period.value,
        "label": one.period.label(one.first),
        "measured_wh": one.measured_wh,
        "projected_wh": one.wh,
        "method": one.method.value,
    }
    if euros:
        found |= {"measured_euros": _euros(one.measured.total), "projected_euros": _euros(one.cost.total)}
    return found


def _goal(goal: Goal) -> dict[str, object]:
    return {
        "period": goal.period.value,
        "unit": "EUR" if goal.unit == EURO else KWH,
        "objective": float(goal.goal),
        "measured": round(float(goal.measured), 4),
        "projected": round(float(goal.projected), 4),
        "state": goal.state.value,
    }


def _euros(euros: Fraction) -> float:
    return round(float(euros), 4)
