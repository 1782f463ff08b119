"""A look at the past: the minutes that the browser draws, rows for the table, and CSV of the same rows.

Of a day there are at most 1,500 minutes and 50 half hours, of anything else 31 parts: an answer has a bounded size.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.web import dates, written
from gateway.web.history.chart import against_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from gateway.web.history.values import Curve, Figures, HistoryRow, Past
    from gateway.web.view import PageView

    Cell = str | float | None

_MINUTE_S = 60


def minutes(view: PageView, curve: Curve) -> dict[str, object]:
    """What ``minutes.js`` draws of a day: VA by the minute, null is a gap, and the tariff periods under them."""
    times = range(curve.begin, curve.end, _MINUTE_S)
    drawn = [curve.drawn.get(time) for time in times]
    injected = [curve.injected.get(time) for time in times]
    found: dict[str, object] = {"begin": curve.begin, "end": curve.end}
    if any(drawn):
        found["mean"] = [one and round(one[0]) for one in drawn]
        found["low"], found["high"] = [one and one[1] for one in drawn], [one and one[2] for one in drawn]
    if any(one and one[2] for one in injected):
        found["injected"] = [one and round(one[0]) for one in injected]
    found["bands"] = [(since, until, word, written.tariff_class(view.lang, word)) for since, until, word in curve.bands]
    return found


def highest(curve: Curve) -> tuple[int, int] | None:
    """The greatest VA of a day and when it was, to the minute."""
    return max(((high, time) for time, (_, _, high) in curve.drawn.items()), default=None, key=lambda one: one[0])


# --- tables ----------------------------------------------------------------------------------------------------------


def minute_rows(
    view: PageView, curve: Curve, since: int = 0, until: int | None = None
) -> tuple[list[str], list[list[Cell]]]:
    """Head and rows: every minute of which anything is known, of the day or of some of it."""
    keys = ["local_time", "utc_time", "minute_mean", "minute_low", "minute_high"]
    injects = bool(curve.injected)
    rows: list[list[Cell]] = []
    for time in sorted({*curve.drawn, *curve.injected}):
        if time < since or (until is not None and time >= until):
            continue
        mean, low, high = curve.drawn.get(time, (None, None, None))
        given = [curve.injected.get(time, (None,))[0]] if injects else []
        rows.append([*both_times(time), *map(_tenth, (mean, low, high, *given))])
    return [view.words[key] for key in (*keys, *(["minute_injected"] if injects else []))], rows


def part_rows(view: PageView, past: Past, *, in_euros: bool = False) -> tuple[list[str], list[list[Cell]]]:
    """Head and rows: the half hours, days or months of the period; energies in kWh, or euros, shares in per cent."""
    rows = past.rows or (past.sum,)
    columns = (_euro_columns if in_euros else _energy_columns)(view, past, rows)
    if past.curve and past.rows:
        heads = [view.words[key] for key in ("local_time", "utc_time")]
    else:
        heads = [view.words["date"], view.words["part_end"]]
    return [*heads, *(column.head for column in columns)], [
        [*_when(row), *(column.cell(row) for column in columns)] for row in rows
    ]


def _when(row: HistoryRow) -> tuple[str, str]:
    return (row.first.isoformat(), row.end.isoformat()) if row.at is None else both_times(row.at)


@dataclass(frozen=True, slots=True)
class _Column:
    """What stands over it, what of a row stands in it, and of which of its two sides."""

    head: str
    of: Callable[[Figures], float | None]
    earlier: bool = False

    def cell(self, row: HistoryRow) -> Cell:
        figures = row.before if self.earlier else row.figures
        return None if figures is None else self.of(figures)


def _energy_columns(view: PageView, past: Past, rows: Sequence[HistoryRow]) -> list[_Column]:
    say = view.words
    found = [_Column(say["unit_kwh"].format(what=say["drawn"]), lambda one: _kwh(one.drawn))]
    if any(row.before for row in rows):
        name = say["unit_kwh"].format(what=against_name(view, past))
        found.append(_Column(name, lambda one: _kwh(one.drawn), earlier=True))
    known = [row.figures for row in rows if row.figures]
    for key, name in (("injected", "injected_energy"), ("produced", "produced"), ("consumed", "consumed")):
        if any(getattr(figures, key) is not None for figures in known):
            head = say["unit_kwh"].format(what=say[name])
            found.append(_Column(head, lambda one, key=key: _kwh(getattr(one, key))))  # type: ignore[misc]
    for key in ("self_consumed", "self_sufficient"):
        if any(getattr(figures, key) is not None for figures in known):
            head = say["unit_percent"].format(what=say[key])
            found.append(_Column(head, lambda one, key=key: _percent(getattr(one, key))))  # type: ignore[misc]
    for word in past.sum.figures.classes if past.sum.figures else ():
        head = say["unit_kwh"].format(what=written.tariff_class(view.lang, word))
        found.append(_Column(head, lambda one, word=word: _kwh(one.classes.get(word))))  # type: ignore[misc]
    return found


def _euro_columns(view: PageView, past: Past, rows: Sequence[HistoryRow]) -> list[_Column]:
    """As the page *cost* shows them: what is to be paid, and of what it is made."""
    say = view.words
    found = [_Column(say["unit_euros"].format(what=say["cost_of"]), _euros_of("total"))]
    if any(row.before for row in rows):
        name = say["unit_euros"].format(what=against_name(view, past))
        found.append(_Column(name, _euros_of("total"), earlier=True))
    found.append(_Column(say["unit_euros"].format(what=say["subscription"]), _euros_of("subscription")))
    spent = past.sum.figures.spent if past.sum.figures else None
    if spent and spent.income:
        found.append(_Column(say["unit_euros"].format(what=say["sold"]), _euros_of("income")))
    for word in spent.classes if spent else ():
        head = say["unit_euros"].format(what=written.tariff_class(view.lang, word))
        found.append(_Column(head, lambda one, word=word: _cents(one.spent and one.spent.classes.get(word))))  # type: ignore[misc]
    return found


def _euros_of(key: str) -> Callable[[Figures], float | None]:
    return lambda one: _cents(getattr(one.spent, key) if one.spent else None)


def _cents(euros: float | None) -> float | None:
    # A half hour costs some cents: what is summed elsewhere has to come to the same.
    return None if euros is None else round(euros, 4)


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 1)


def remarks(view: PageView, past: Past) -> list[str]:
    """Of each of these rows whether a part of it is not known, or its energy is shared out; for programs."""
    found = []
    for row in past.rows or (past.sum,):
        keys = [*([] if row.whole else ["in_part"]), *(["is_estimated"] if row.estimated else [])]
        found.append(", ".join(view.words[key] for key in keys) if row.figures else "")
    return found


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


def both_times(time: int) -> tuple[str, str]:
    """A moment as a table has it: by the clock of France, and UTC."""
    return f"{dates.local(time):%Y-%m-%d %H:%M}", written.utc(time)


def _tenth(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _kwh(wh: int | None) -> float | None:
    return None if wh is None else wh / 1000
