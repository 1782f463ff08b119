"""What ``roof-estimate`` shows: a table and a bar for each month, and what is not sure of it; or one object."""

from __future__ import annotations

import textwrap
from fractions import Fraction
from typing import TYPE_CHECKING

from gateway.balance.words import NOTHING, WIDTH, BalanceWriter, table
from gateway.words.numbers import EUROS
from gateway.words.table import WordTable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.balance.roof_year import RoofSums
    from gateway.household.roof_estimate import RoofEstimate

_BAR = 50
_USED, _INJECTED = "█", "░"
_DAY_S = 86_400
# Below which part of the days a year is not looked at as one.
_WHOLE = Fraction(99, 100)

TEXTS = WordTable(
    {
        "head": "{meter}: your last twelve months under an estimated roof of {peak} kWp",
        "panels": "Panels as in the file: {said}.",
        "slope": "slope {slope}°",
        "azimuth": "azimuth {azimuth}° (0 is south, 90 west, -90 east)",
        "losses": "losses {losses}%",
        "weather": "Weather of {years} ({database}; PVGIS © European Union).",
        "weather-of": "Weather of {years} (PVGIS © European Union).",
        "period": "From {first} to {last}: your consumption is known on {known} of {all} days.",
        "none": "Nothing of your consumption is known from {first} to {last}: there is nothing to lay a roof over."
        " `linky-gateway history add` imports the half hours of your Enedis account.",
        "no-day": "{meter}: no whole day is stored yet. `linky-gateway history add` imports those of your Enedis"
        " account.",
        "month": "Month",
        "days": "Days",
        "made": "Roof",
        "drawn": "Drawn",
        "used": "Used",
        "injected": "Injected",
        "covered": "Covered",
        "total": "Total",
        "columns": "In kWh, on the days that are known. Roof: what it makes. Drawn: what your meter counted from the"
        " grid. Used: what of the roof you use at the same time, and do not draw. Injected: the rest of the roof."
        " Covered: Used as a part of Drawn.",
        "bars": "What the roof makes by month, in kWh: {used} used at home, {injected} injected",
        "result": "You would use {share} of what this roof makes yourselves, and draw {covered} less from the grid.",
        "whole": "On all {days} days, also those of which your consumption is not known, it makes {kwh} kWh.",
        "saved": "What you use of it would have cost {euros} at the prices of your tariff of today ({name}),"
        " subscription left aside.",
        "sold": "What is injected would bring {euros} at the price in your tariff.",
        "no-tariff": "What you save in euros is unknown: no [[tariff]] is in force.",
        "unpriced": "What you save in euros is unknown: {share} of what you use has no price. Days of imported files"
        " have no tariff classes; where your contract has off-peak hours, write these as [[off_peak]].",
        "by-contract": "{share} of it is from imported files, priced by the hours of your contract: no index confirms"
        " these.",
        "range": "By the weather of each single year the roof makes {least} to {most} kWh on these days, of which you"
        " use {least_used} to {most_used} kWh.",
        "by-hours": "On {days} days your consumption is known by hours alone: what you use is a little too high there.",
        "estimate": "This is an estimate: weather of other years over your consumption. Weather, dirt and the panels"
        " themselves make a year differ by about a tenth; shade from trees or houses nearby is not in it. Within a half"
        " hour clouds and cookers do not always meet: in truth you use a little less yourselves.",
        "not-a-year": "Not a whole year is known: a roof makes most in summer, do not multiply these figures.",
    }
)


def as_text(found: RoofEstimate, lang: str) -> Iterator[str]:
    """The lines, at most 80 columns wide."""
    words, writer = TEXTS[lang], BalanceWriter(lang)
    yield from _wrapped(words["head"].format(meter=found.meter, peak=_plain(found.file.peak, writer)))
    yield from _wrapped(_panels(found, words, writer))
    total, last = found.total, _last(found)
    if not total.seconds:
        yield from ["", *_wrapped(words["none"].format(first=found.first, last=last))]
        return
    known = writer.number(Fraction(total.seconds, _DAY_S), 0)
    days = (found.end - found.first).days
    yield from _wrapped(words["period"].format(first=found.first, last=last, known=known, all=days))
    yield from ["", *_table(found, words, writer), "", *_wrapped(words["columns"]), ""]
    yield from [*_bars(found, words, writer), ""]
    for note in _notes(found, words, writer):
        yield from _wrapped(note)


def as_json(found: RoofEstimate) -> dict[str, object]:
    """The same for programs: Wh, euros; null where nothing is known."""
    file, prices = found.file, found.prices
    return {
        "meter": found.meter,
        "from": found.first.isoformat(),
        "to": found.end.isoformat(),
        "peak_kwp": float(file.peak),
        "slope": _float(file.slope),
        "azimuth": _float(file.azimuth),
        "losses_percent": _float(file.losses),
        "database": file.database,
        "produced_wh": round(found.made),
        "known": _sums(found.total),
        "months": [{"month": f"{month:%Y-%m}"} | _sums(one) for month, one in found.months.items()],
        "years": [{"year": year, "produced_wh": made, "used_wh": used} for year, (made, used) in found.by_year.items()],
        "saved_euros": round(float(prices.saved), 2) if prices and prices.known else None,
        "sold_euros": round(float(prices.sold), 2) if prices else None,
        "unpriced": float(prices.unpriced) if prices else None,
        "priced_by_hours": float(prices.by_hours) if prices else None,
        "by_hours_s": found.by_hours,
        "imported_s": found.imported,
    }


def _wrapped(text: str) -> list[str]:
    # Names are typed as they stand: none is broken at its hyphens.
    return textwrap.wrap(text, WIDTH, subsequent_indent="  ", break_on_hyphens=False)


def _panels(found: RoofEstimate, words: dict[str, str], writer: BalanceWriter) -> str:
    file = found.file
    said = [
        words[name].format(**{name: _plain(value, writer)})
        for name, value in (("slope", file.slope), ("azimuth", file.azimuth), ("losses", file.losses))
        if value is not None
    ]
    years = [roof.year for roof in file.years]
    shown = f"{years[0]}" if len(years) == 1 else f"{years[0]}–{years[-1]}"
    weather = words["weather" if file.database else "weather-of"].format(years=shown, database=file.database)
    return " ".join([*([words["panels"].format(said=", ".join(said))] if said else []), weather])


def _table(found: RoofEstimate, words: dict[str, str], writer: BalanceWriter) -> list[str]:
    head = [words[key] for key in ("month", "days", "made", "drawn", "used", "injected", "covered")]
    rows = [_row(f"{month:%Y-%m}", one, writer) for month, one in found.months.items()]
    return table(head, [*rows, _row(words["total"], found.total, writer)])


def _row(label: str, one: RoofSums | None, writer: BalanceWriter) -> list[str]:
    if one is None:
        return [label, *[NOTHING] * 6]
    energies = [_kwh(wh, writer) for wh in (one.produced, one.drawn, one.used, one.injected)]
    return [label, writer.number(Fraction(one.seconds, _DAY_S), 1), *energies, writer.percent(one.covered)]


def _bars(found: RoofEstimate, words: dict[str, str], writer: BalanceWriter) -> list[str]:
    """A bar for each month, as long as what the roof makes on its known days."""
    most = max((one.produced for one in found.months.values() if one), default=Fraction(0))
    lines = _wrapped(words["bars"].format(used=_USED, injected=_INJECTED))
    for month, one in found.months.items():
        used = round(_BAR * one.used / most) if one and most else 0
        whole = round(_BAR * one.produced / most) if one and most else 0
        kwh = _kwh(one.produced, writer) if one else NOTHING
        lines.append(f"{month:%Y-%m}  {_USED * used}{_INJECTED * (whole - used)} {kwh}")
    return lines


def _notes(found: RoofEstimate, words: dict[str, str], writer: BalanceWriter) -> Iterator[str]:
    total, days = found.total, (found.end - found.first).days
    is_year = total.seconds >= _WHOLE * days * _DAY_S
    if total.self_consumed is not None:
        share, covered = writer.percent(total.self_consumed), writer.percent(total.covered)
        yield words["result"].format(share=share, covered=covered)
    yield from _of_prices(found, words, writer)
    if not is_year:
        yield words["not-a-year"]
        yield words["whole"].format(days=days, kwh=_kwh(found.made, writer))
    if len(found.by_year) > 1:
        made, used = ([wh[place] for wh in found.by_year.values()] for place in (0, 1))
        sides = {"least": min(made), "most": max(made), "least_used": min(used), "most_used": max(used)}
        yield words["range"].format(**{name: _kwh(wh, writer) for name, wh in sides.items()})
    if found.by_hours:
        yield words["by-hours"].format(days=writer.number(Fraction(found.by_hours, _DAY_S)))
    yield words["estimate"]


def _of_prices(found: RoofEstimate, words: dict[str, str], writer: BalanceWriter) -> Iterator[str]:
    prices = found.prices
    if prices is None:
        yield words["no-tariff"]
        return
    if prices.known:
        yield words["saved"].format(euros=_euros(prices.saved, writer), name=prices.name)
        if prices.by_hours:
            yield words["by-contract"].format(share=writer.percent(prices.by_hours))
    else:
        yield words["unpriced"].format(share=writer.percent(prices.unpriced))
    if prices.sold:
        yield words["sold"].format(euros=_euros(prices.sold, writer))


def _last(found: RoofEstimate) -> str:
    return found.end.fromordinal(found.end.toordinal() - 1).isoformat()


def _kwh(wh: Fraction | int, writer: BalanceWriter) -> str:
    """An estimate is no better than a whole kWh."""
    return writer.number(Fraction(wh) / 1000)


def _euros(value: Fraction, writer: BalanceWriter) -> str:
    """No better than a whole euro either."""
    return EUROS.in_language(writer.lang).format(amount=writer.number(value))


def _plain(value: Fraction, writer: BalanceWriter) -> str:
    """With the decimals that it has, two at the most."""
    places = next((count for count in (0, 1) if (value * 10**count).denominator == 1), 2)
    return writer.number(value, places)


def _sums(one: RoofSums | None) -> dict[str, object]:
    if one is None:
        return {"known_s": 0, "produced_wh": None, "drawn_wh": None, "used_wh": None, "injected_wh": None}
    return {
        "known_s": one.seconds,
        "produced_wh": round(one.produced),
        "drawn_wh": one.drawn,
        "used_wh": round(one.used),
        "injected_wh": round(one.injected),
    }


def _float(value: Fraction | None) -> float | None:
    return None if value is None else float(value)
