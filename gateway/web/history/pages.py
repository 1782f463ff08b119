"""The page *history*, made of values: where one is, what it came to, the chart's place, the same values as a table."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from gateway.web import written
from gateway.web.history.data import half_hour_rows, highest, part_rows
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.web.history.values import Past
    from gateway.web.view import PageView

# What the browser says by itself.
_SAID_BY_SCRIPT = (
    *("curve_power", "curve_band", "curve_injected", "curve_half", "curve_half_injected", "curve_half_produced"),
    *(
        "curve_before",
        "bar_drawn",
        "bar_before",
        "bar_injected",
        "bar_produced",
        "no_chart",
        "tariff_word",
        "zoom_hint",
    ),
)
# More than that is no slip of a half hour.
_MOST_ODD = 3
_FINER = {"year": "month", "month": "day", "week": "day"}
FILES = ("uPlot.min.css", "history.css", "uPlot.min.js", "history.js")


def page(view: PageView, past: Past, meters: Sequence[str]) -> str:
    """One period of one meter."""
    # From a longer period to a shorter one: the last of it that is known.
    last = min(past.sum.end - timedelta(days=1), past.known[1]) if past.known else past.first
    is_known = past.known is not None and bool(past.sum.figures or (past.curve and past.curve.drawn))
    values = {"past": past, "meters": meters, "last_day": max(last, past.first), "is_known": is_known}
    return view.page("history/page.html", chart_files=list(FILES), **values, **_known(view, past) if is_known else {})


def refusal(view: PageView, key: str, **places: object) -> str:
    """One sentence, and the way back."""
    return view.page("history/refusal.html", page="history", key=key, places=places)


def _known(view: PageView, past: Past) -> dict[str, Any]:
    """What is shown of a period of which anything is known."""
    if past.curve:
        head, rows = half_hour_rows(view, past.curve)
        head = [view.words["time"], *head[2:]]
        names = [written.clock(one.time) for one in past.curve.half_hours]
        tables = [*(["minutes"] if past.curve.drawn else []), "half-hours"]
    else:
        head, rows = part_rows(view, past)
        head, names, tables = [head[0], *head[2:]], [""] * len(rows), ["parts"]
    tables = (
        ["minutes", "half-hours"] if past.curve and past.curve.drawn else ["half-hours"] if past.curve else ["parts"]
    )
    return {
        "summary": summary(view, past),
        "odd": past.odd[:_MOST_ODD],
        "script_keys": _SAID_BY_SCRIPT,
        "with_figures": [row for row in (past.sum, *past.rows) if row.figures],
        "heads": head,
        # UTC and the end are for programs; here a row is named by the clock on the wall, or by its day.
        "rows": [(name, row[2:]) for name, row in zip(names, rows, strict=True)],
        "finer": _FINER.get(past.period),
        "tables": tables,
    }


def summary(view: PageView, past: Past) -> str:
    """What the chart shows, in one sentence."""
    lang, row, say = view.lang, past.sum, view.words
    found = []
    if row.figures and row.figures.drawn is not None:
        found.append(say["said_drawn"].format(drawn=written.kwh(lang, row.figures.drawn)))
    if row.change is not None:
        found.append(
            say["said_change_now" if row.so_far else "said_change"].format(
                change=written.percent(lang, row.change, signed=True)
            )
        )
    if row.figures and row.figures.produced is not None:
        made, given = written.kwh(lang, row.figures.produced), written.kwh(lang, row.figures.injected)
        found.append(say["said_made"].format(produced=made, injected=given))
    elif row.figures and row.figures.injected:
        found.append(say["said_injected"].format(injected=written.kwh(lang, row.figures.injected)))
    if past.curve and (peak := highest(past.curve)):
        power, time = peak
        found.append(say["said_peak"].format(power=written.number(lang, power), at=written.clock(time)))
    most = max(
        ((one.figures.drawn, one) for one in past.rows if one.figures and one.figures.drawn),
        default=None, key=lambda pair: pair[0],
    )  # fmt: skip
    if most:
        wh, one = most
        name = written.month(lang, one.first) if past.period == "year" else written.long_date(lang, one.first)
        found.append(say["said_most"].format(when=name, drawn=written.kwh(lang, wh)))
    said = Phrase("; ", "on a page").in_language(lang).join(found)
    return f"{said[:1].upper()}{said[1:]}."
