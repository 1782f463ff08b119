"""A look at the past for programs: JSON for the chart, rows for the table, and CSV of the same rows.

Of a day there are at most 1,500 minutes and 50 half hours, of anything else 31 parts: an answer has a bounded size.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from gateway.web import dates, written

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from gateway.web.history.values import Curve, HalfHour, HistoryRow, Past
    from gateway.web.view import PageView

    Cell = str | float | None

_MINUTE_S, _HALF_HOUR_S = 60, 1800


def chart(view: PageView, past: Past) -> dict[str, object]:
    """What ``history.js`` draws: a day as a curve, a longer period as bars; null is a gap."""
    if past.curve:
        return {"kind": "curve", **_curve(view, past.curve)}
    titles = [
        marked(_title(view, past.period, row.first), whole=row.whole, estimated=row.estimated) for row in past.rows
    ]
    drawn, before, injected, produced = (
        [_kwh(getattr(figures, key)) if figures else None for figures in found]
        for key, found in (
            ("drawn", [row.figures for row in past.rows]),
            ("drawn", [row.before for row in past.rows]),
            ("injected", [row.figures for row in past.rows]),
            ("produced", [row.figures for row in past.rows]),
        )
    )
    return {
        "kind": "bars",
        "labels": [_tick(view, past.period, row.first) for row in past.rows],
        "titles": titles,
        "whole": [row.whole for row in past.rows],
        "estimated": [row.estimated for row in past.rows],
        "series": [
            {"key": key, "values": values}
            for key, values in (
                ("bar_drawn", drawn), ("bar_before", before), ("bar_injected", injected), ("bar_produced", produced),
            )
            if any(values) or key == "bar_drawn"
        ],
    }  # fmt: skip


def marked(title: str, *, whole: bool, estimated: bool) -> str:
    """What stands over the figures of a period, with the marks that the page explains."""
    return title + ("" if whole else " *") + (" ~" if estimated else "")


def _curve(view: PageView, curve: Curve) -> dict[str, object]:
    times = range(curve.begin, curve.end, _MINUTE_S)
    drawn = [curve.drawn.get(time) for time in times]
    injected = [curve.injected.get(time) for time in times]
    found: dict[str, object] = {"begin": curve.begin, "end": curve.end}
    if any(drawn):
        found["mean"] = [one and round(one[0]) for one in drawn]
        found["low"], found["high"] = [one and one[1] for one in drawn], [one and one[2] for one in drawn]
    if any(one and one[2] for one in injected):
        found["injected"] = [one and round(one[0]) for one in injected]
    half_hours = {
        key: [getattr(one, key) for one in curve.half_hours] for key in ("drawn", "injected", "produced", "before")
    }
    found["half_hours"] = {key: values for key, values in half_hours.items() if any(values)}
    bands = [(since, until, word, written.tariff_class(view.lang, word)) for since, until, word in curve.bands]
    found["bands"] = bands
    return found


def highest(curve: Curve) -> tuple[int, int] | None:
    """The greatest VA of a day and when it was, to the minute."""
    return max(((high, time) for time, (_, _, high) in curve.drawn.items()), default=None, key=lambda one: one[0])


# --- tables ----------------------------------------------------------------------------------------------------------


def minute_rows(view: PageView, curve: Curve) -> tuple[list[str], list[list[Cell]]]:
    """Head and rows: every minute of which anything is known."""
    keys = ["local_time", "utc_time", "minute_mean", "minute_low", "minute_high"]
    injects = bool(curve.injected)
    rows: list[list[Cell]] = []
    for time in sorted({*curve.drawn, *curve.injected}):
        mean, low, high = curve.drawn.get(time, (None, None, None))
        given = [curve.injected.get(time, (None,))[0]] if injects else []
        rows.append([*_times(time), *map(_tenth, (mean, low, high, *given))])
    return [view.words[key] for key in (*keys, *(["minute_injected"] if injects else []))], rows


def half_hour_rows(view: PageView, curve: Curve) -> tuple[list[str], list[list[Cell]]]:
    """Head and rows: every half hour of the day, with what its minutes were."""
    columns = _half_hour_columns(curve)
    heads = [view.words[key] for key in ("local_time", "utc_time", "tariff_word")]
    heads += [_watts_head(view, key) for key in columns]
    heads += [view.words[key] for key in ("minute_mean", "minute_low", "minute_high")] if curve.drawn else []
    return heads, [_half_hour(view, curve, one, columns) for one in curve.half_hours]


def _half_hour(view: PageView, curve: Curve, one: HalfHour, columns: Sequence[str]) -> list[Cell]:
    word = written.tariff_class(view.lang, one.word) if one.word else None
    row: list[Cell] = [*_times(one.time), word, *(getattr(one, key) for key in columns)]
    if curve.drawn:
        span = range(one.time, one.time + _HALF_HOUR_S, _MINUTE_S)
        found = [curve.drawn[time] for time in span if time in curve.drawn]
        row += (
            [round(sum(one[0] for one in found) / len(found)), min(f[1] for f in found), max(f[2] for f in found)]
            if found
            else [None, None, None]
        )
    return row


def _half_hour_columns(curve: Curve) -> list[str]:
    keys = ("drawn", "before", "injected", "produced")
    return [key for key in keys if key == "drawn" or any(getattr(one, key) is not None for one in curve.half_hours)]


_NAMES = {"drawn": "drawn", "before": "year_before", "injected": "injected_energy", "produced": "produced"}


def _watts_head(view: PageView, key: str) -> str:
    return view.words["unit_w"].format(what=view.words[_NAMES[key]])


def part_rows(view: PageView, past: Past) -> tuple[list[str], list[list[Cell]]]:
    """Head and rows: the days or months of the period, energies in kWh, shares in per cent."""
    rows = past.rows or (past.sum,)
    columns = _part_columns(rows)
    words = list(past.sum.figures.classes) if past.sum.figures else []
    heads = [view.words["date"], view.words["part_end"]]
    heads += [
        view.words["unit_percent" if key.startswith("self") else "unit_kwh"].format(what=view.words[name])
        for key, name in columns
    ]
    heads += [view.words["unit_kwh"].format(what=written.tariff_class(view.lang, word)) for word in words]
    return heads, [
        [row.first.isoformat(), row.end.isoformat(), *_part(row, columns), *_classes(row, words)] for row in rows
    ]


def remarks(view: PageView, past: Past) -> list[str]:
    """Of each of these rows whether a part of it is not known, or its energy is shared out; for programs."""
    found = []
    for row in past.rows or (past.sum,):
        keys = [*([] if row.whole else ["in_part"]), *(["is_estimated"] if row.estimated else [])]
        found.append(", ".join(view.words[key] for key in keys) if row.figures else "")
    return found


def _part_columns(rows: Iterable[HistoryRow]) -> list[tuple[str, str]]:
    found = [row.figures for row in rows if row.figures]
    columns = [("drawn", "drawn"), ("before", "year_before")]
    for key, name in (
        ("injected", "injected_energy"), ("produced", "produced"),
        ("self_consumed", "self_consumed"), ("self_sufficient", "self_sufficient"),
    ):  # fmt: skip
        if any(getattr(figures, key) is not None for figures in found):
            columns.append((key, name))
    return columns


def _part(row: HistoryRow, columns: Iterable[tuple[str, str]]) -> Iterable[Cell]:
    for key, _ in columns:
        if key == "before":
            yield _kwh(row.before.drawn) if row.before else None
        elif row.figures is None:
            yield None
        elif key.startswith("self"):
            share = getattr(row.figures, key)
            yield None if share is None else round(100 * share, 1)
        else:
            yield _kwh(getattr(row.figures, key))


def _classes(row: HistoryRow, words: Iterable[str]) -> list[Cell]:
    known: Mapping[str, int] = row.figures.classes if row.figures else {}
    return [_kwh(known.get(word)) for word in words]


def as_csv(head: Sequence[str], rows: Iterable[Sequence[Cell]], *, french: bool) -> bytes:
    """CSV: as a French spreadsheet takes it (``;``, decimal comma, byte order mark), or RFC 4180 with points."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";" if french else ",")
    writer.writerow(head)
    writer.writerows([_written(cell, french=french) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig" if french else "utf-8")


def _written(cell: Cell, *, french: bool) -> str:
    if cell is None or isinstance(cell, str):
        return cell or ""
    return str(cell).replace(".", ",") if french else str(cell)


def _times(time: int) -> tuple[str, str]:
    return f"{dates.local(time):%Y-%m-%d %H:%M}", written.utc(time)


def _tenth(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _kwh(wh: int | None) -> float | None:
    return None if wh is None else wh / 1000


def _tick(view: PageView, period: str, first: date) -> str:
    """What stands below a bar."""
    if period == "year":
        return written.month(view.lang, first, short=True)
    if period == "week":
        return written.short_date(view.lang, first).rpartition(" ")[0]
    return str(first.day)


def _title(view: PageView, period: str, first: date) -> str:
    return written.month(view.lang, first) if period == "year" else written.long_date(view.lang, first)
