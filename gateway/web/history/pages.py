"""The page *history*, made of values: where one is, what it came to, the chart's place, the same values as a table."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from gateway.web import written
from gateway.web.history.chart import against_name, history_chart, legend, most, name_of
from gateway.web.history.choice import KWH
from gateway.web.history.data import highest, minute_rows, part_rows
from gateway.web.history.values import COMPARED
from gateway.words.numbers import CLOCK, read_time
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from gateway.web.history.choice import LookChoice
    from gateway.web.history.values import Curve, Past
    from gateway.web.view import PageView

# What the browser says by itself, of the minutes.
_SAID_BY_SCRIPT = ("curve_power", "curve_injected", "no_chart", "tariff_word", "zoom_hint")
# More than that is no slip of a half hour.
_MOST_ODD = 3
# Around a moment that is looked at closely, of the minutes.
_CLOSE_S = 1800
FILES = ("history.css", "history.js")
MINUTE_FILES = ("uPlot.min.css", "history.css", "uPlot.min.js", "minutes.js", "history.js")


def page(view: PageView, past: Past, meters: Sequence[str], choice: LookChoice) -> str:
    """One period of one meter."""
    # From a longer period to a shorter one: the last of it that is known.
    last = min(past.sum.end - timedelta(days=1), past.known[1]) if past.known else past.first
    is_known = past.known is not None and bool(past.sum.figures or (past.curve and past.curve.drawn))
    shown = replace(
        choice,
        unit=choice.unit if past.sum.figures and past.sum.figures.spent else KWH,
        minutes=choice.minutes and bool(past.curve and past.curve.drawn),
    )

    def look(day: date, period: str = past.period, **changes: object) -> str:
        return "/history?" + shown.query(past.meter, period, day, **changes)

    values: dict[str, Any] = {
        "past": past,
        "meters": meters,
        "choice": shown,
        "asked_minutes": choice.minutes,
        "look": look,
        "last_day": max(last, past.first),
        "compared": COMPARED[past.period],
        "name_of_other": lambda against: against_name(view, past, against),
        "is_known": is_known,
        "kept": _kept(past, shown, meters),
        "chart_files": list(MINUTE_FILES if shown.minutes else FILES),
    }
    return view.page("history/page.html", **values, **_known(view, past, shown) if is_known else {})


def _kept(past: Past, choice: LookChoice, meters: Sequence[str]) -> dict[str, str]:
    """What the form for another day keeps."""
    asked = dict(parse_qsl(choice.query(past.meter, past.period, None)))
    return {key: value for key, value in asked.items() if key != "meter" or len(meters) == 1}


def refusal(view: PageView, key: str, **places: object) -> str:
    """One sentence, and the way back."""
    return view.page("history/refusal.html", page="history", key=key, places=places)


def _known(view: PageView, past: Past, choice: LookChoice) -> dict[str, Any]:
    """What is shown of a period of which anything is known."""
    head, rows = part_rows(view, past, in_euros=choice.in_euros)
    minutes = past.curve if past.curve and past.curve.drawn else None
    close = _close(view, past.curve, choice) if choice.minutes and past.curve else None
    change = past.sum.cost_change if choice.in_euros else past.sum.change
    return {
        "summary": summary(view, past),
        "change": "" if change is None else _change(view, past, change),
        "odd": past.odd[:_MOST_ODD],
        "script_words": {key: view.words[key] for key in _SAID_BY_SCRIPT}
        | {key: CLOCK[view.lang][key] for key in ("time_of_day", "full_hour")},
        "with_figures": [row for row in (past.sum, *past.rows) if row.figures],
        "has_euros": bool(past.sum.figures and past.sum.figures.spent),
        "chart": history_chart(view, past, choice),
        "legend": legend(view, past, choice),
        # UTC and the end are for programs; here a row is named by the clock on the wall, or by its day.
        "heads": [view.words["time"] if past.curve else head[0], *head[2:]],
        "rows": [(name_of(view, past, row), row, cells[2:]) for row, cells in zip(past.rows, rows, strict=True)],
        "places": 2 if past.curve or choice.in_euros else 1,
        "close": close,
        "tables": [*(["minutes"] if minutes else []), "half-hours"] if past.curve else ["parts"],
    }


def _close(view: PageView, curve: Curve, choice: LookChoice) -> tuple[list[str], list[list[Any]]] | None:
    """Head and rows: the minutes of the half hour that is looked at closely; None where it is the whole day."""
    if not curve.begin <= choice.at < curve.end:
        return None
    head, rows = minute_rows(view, curve, choice.at, choice.at + _CLOSE_S)
    return [view.words["time"], *head[2:]], [
        [_on_the_clock(view, row[0]), *row[2:]] for row in rows if isinstance(row[0], str)
    ]


def _on_the_clock(view: PageView, local: str) -> str:
    """``2026-11-25 18:25`` as the time of day that it is."""
    return read_time(local[-5:]).in_language(view.lang)


def _change(view: PageView, past: Past, change: float) -> str:
    """By how much it differs from what it is compared with; of what is not over by this time."""
    by = written.percent(view.lang, change, signed=True)
    now = "_now" if past.sum.so_far else ""
    if past.against in (None, "year"):
        return view.words[f"said_change{now}"].format(change=by)
    other = past.against if past.against == "week" else f"previous_{past.period}"
    return view.words[f"said_{other}{now}"].format(change=by)


def summary(view: PageView, past: Past) -> str:
    """What the chart shows, in one sentence."""
    lang, row, say = view.lang, past.sum, view.words
    found = []
    if row.figures and row.figures.drawn is not None:
        found.append(say["said_drawn"].format(drawn=written.kwh(lang, row.figures.drawn)))
    if row.change is not None:
        found.append(_change(view, past, row.change))
    if row.figures and row.figures.produced is not None:
        made, given = written.kwh(lang, row.figures.produced), written.kwh(lang, row.figures.injected)
        found.append(say["said_made"].format(produced=made, injected=given))
    elif row.figures and row.figures.injected:
        found.append(say["said_injected"].format(injected=written.kwh(lang, row.figures.injected)))
    if past.curve and (peak := highest(past.curve)):
        power, time = peak
        found.append(say["said_peak"].format(power=written.number(lang, power), at=written.clock(lang, time)))
    one = None if past.curve else most(past.rows)
    if one and one.figures:
        drawn = written.kwh(lang, one.figures.drawn)
        found.append(say["said_most"].format(when=name_of(view, past, one), drawn=drawn))
    said = Phrase("; ", "on a page").in_language(lang).join(found)
    return f"{said[:1].upper()}{said[1:]}."
