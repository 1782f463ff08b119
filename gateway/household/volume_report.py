"""What ``cost --of water`` and ``--of gas`` show: months with what they cost, and what this one will."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from gateway.balance.calendar import BalancePeriod, day_of
from gateway.balance.projection import Projection, project
from gateway.balance.tariff import is_priced
from gateway.balance.words import WIDTH, BalanceWriter, table
from gateway.household.report_words import TEXTS
from gateway.words.numbers import EUROS
from gateway.words.table import WordTable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from gateway.balance.energy import DayEnergy
    from gateway.balance.rows import BalanceRow
    from gateway.balance.tariff import VolumeTariffTable

_LONG_S = 2 * 86_400

WORDS = WordTable(
    {
        "water": "{meter}: what the water costs, in euros, taxes included as in your [[volume_tariff]]",
        "gas": "{meter}: what the gas costs, in euros, taxes included as in your [[volume_tariff]]",
        "volume-cost": "Volume",
        "nothing": "{meter}: two readings are needed at least; `linky-gateway reading add` takes them.",
        "partly": "* not every day of the period is known as a whole: it was that much at least.",
        "shared": "~ the meter was not read at midnight: the volume is split in proportion to time between two"
        " readings.",
        "projected": "{period}: {m3} m³ and {cost} so far; at this rate {m3_end} m³ and {cost_end} by the end,"
        " {method}.",
        "projected-m3": "{period}: {m3} m³ so far; at this rate {m3_end} m³ by the end, {method}.",
        "last": "So far is until the last reading, of {day}: read the meter again for what came after it.",
        "without": "{days} day(s) without a [[volume_tariff]]: their cost is missing.",
    }
)


@dataclass(frozen=True, slots=True)
class VolumeReport:
    """What is shown of a meter of water or gas; ``last`` is when it was read last, ``known`` its days."""

    of: str
    meter: str
    period: BalancePeriod
    rows: Sequence[BalanceRow]
    known: Mapping[date, DayEnergy]
    tables: Sequence[VolumeTariffTable]
    now: int
    last: int

    def projections(self) -> list[Projection]:
        """The month and the year of the last reading, if enough is known."""
        today, tariffs = day_of(self.last), [one.tariff for one in self.tables]
        both = (project(period, today, self.known, tariffs) for period in (BalancePeriod.MONTH, BalancePeriod.YEAR))
        return [one for one in both if one is not None]

    def kwh(self, row: BalanceRow) -> Fraction | None:
        """Of gas the kWh of the bill; None where a day has no such factor, or there is none at all."""
        total = Fraction(0)
        for day in self.known.values():
            if row.first <= day.date < row.end:
                factor = next((one.kwh_per_m3 for one in self.tables if one.tariff.holds(day.date)), None)
                if factor is None:
                    return None
                total += Fraction(day.drawn or 0, 1000) * Fraction(str(factor))
        return total


def as_text(view: VolumeReport, lang: str) -> Iterator[str]:
    """The lines, at most 80 columns wide."""
    words, writer = WORDS[lang], BalanceWriter(lang)
    yield from textwrap.wrap(words[view.of].format(meter=view.meter), WIDTH)
    yield ""
    yield from _table(view, writer)
    yield ""
    for note in _notes(view, writer):
        yield from textwrap.wrap(note, WIDTH, subsequent_indent="  ")


def nothing(meter: str, lang: str) -> str:
    """What is said of a meter that was read once at most."""
    return str(WORDS[lang]["nothing"].format(meter=meter))


def as_json(view: VolumeReport) -> dict[str, object]:
    """The same for programs: litres, kWh, euros; null where nothing is known."""
    return {
        "of": view.of,
        "meter": view.meter,
        "period": view.period.value,
        "last_reading": view.last,
        "rows": [_row(view, row) for row in view.rows],
        "projections": [_projection(one) for one in view.projections()],
    }


def _table(view: VolumeReport, writer: BalanceWriter) -> list[str]:
    words, shared = WORDS[writer.lang], TEXTS[writer.lang]
    kwh = [view.kwh(row) for row in view.rows]
    has_kwh = any(one is not None for one in kwh)
    head = [shared["period"], "m³", *(["kWh"] if has_kwh else []), words["volume-cost"]]
    lines = []
    for row, energy in zip(view.rows, kwh, strict=True):
        priced = is_priced(row.cost, row.total.drawn)
        amounts = (row.cost.energy, row.cost.subscription, row.cost.total)
        cells = [_label(row), _m3(row.total.drawn, writer), *([writer.number(energy)] if has_kwh else [])]
        lines.append([*cells, *(writer.euros(one if priced else None) for one in amounts)])
    return table([*head, shared["subscription"], shared["total"]], lines)


def _notes(view: VolumeReport, writer: BalanceWriter) -> Iterator[str]:
    words, shared = WORDS[writer.lang], TEXTS[writer.lang]
    if any(_is_partly(row) for row in view.rows):
        yield words["partly"]
    if any(row.total.estimated for row in view.rows):
        yield words["shared"]
    if without := sum(row.cost.days_without for row in view.rows):
        yield words["without"].format(days=without)
    projections = view.projections()
    for one in projections:
        priced = is_priced(one.cost, one.wh)
        yield words["projected" if priced else "projected-m3"].format(
            period=shared[one.period.value].format(label=one.period.label(one.first)),
            m3=_m3(one.measured_wh, writer),
            m3_end=_m3(one.wh, writer),
            cost=_euros(one.measured.total, writer),
            cost_end=_euros(one.cost.total, writer),
            method=shared[one.method.value],
        )
    if not projections:
        yield shared["too-new"]
    if view.now - view.last > _LONG_S:
        yield words["last"].format(day=day_of(view.last).isoformat())


def _label(row: BalanceRow) -> str:
    return row.label + (" ~" if row.total.estimated else "") + (" *" if _is_partly(row) else "")


def _is_partly(row: BalanceRow) -> bool:
    return not row.total.whole or row.total.known < (row.end - row.first).days


def _m3(litres: int | None, writer: BalanceWriter) -> str:
    return writer.number(None if litres is None else Fraction(litres, 1000), 2)


def _euros(value: Fraction, writer: BalanceWriter) -> str:
    return EUROS.in_language(writer.lang).format(amount=writer.euros(value))


def _row(view: VolumeReport, row: BalanceRow) -> dict[str, object]:
    kwh, priced = view.kwh(row), is_priced(row.cost, row.total.drawn)
    return {
        "label": row.label,
        "from": row.first.isoformat(),
        "to": row.end.isoformat(),
        "litres": row.total.drawn,
        "kwh": None if kwh is None else round(float(kwh), 3),
        "whole": not _is_partly(row),
        "estimated": row.total.estimated,
        "energy": round(float(row.cost.energy), 4) if priced else None,
        "subscription": round(float(row.cost.subscription), 4) if priced else None,
        "total": round(float(row.cost.total), 4) if priced else None,
    }


def _projection(one: Projection) -> dict[str, object]:
    priced = is_priced(one.cost, one.wh)
    return {
        "period": one.period.value,
        "label": one.period.label(one.first),
        "measured_litres": one.measured_wh,
        "projected_litres": one.wh,
        "method": one.method.value,
        "measured_euros": round(float(one.measured.total), 4) if priced else None,
        "projected_euros": round(float(one.cost.total), 4) if priced else None,
    }
