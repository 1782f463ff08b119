"""What the page *places* shows as a table to take along: each half hour, or of a week each day.

A day has at most 50 half hours, a week 338, and there are twelve places at most: an answer has a bounded size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.balance.self_use import STEP_S
from gateway.web.history.data import both_times
from gateway.web.places.pages import parts_of
from gateway.web.places.values import DAYS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.household.places import PlaceCurve
    from gateway.web.history.data import Cell
    from gateway.web.places.measure import PlaceMeasure
    from gateway.web.places.values import PlacesSeen
    from gateway.web.view import PageView

# A spreadsheet takes what begins so for a formula, and a roof has its name of somebody else's file.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def rows_of(view: PageView, seen: PlacesSeen, measure: PlaceMeasure, table: str) -> tuple[list[str], list[list[Cell]]]:
    """Head and rows: the places of which the measure can be told; what is not known is empty, and never 0."""
    curves = [one for one in seen.curves if measure.fits(one.place)]
    # "× kettle", "Wh per person"
    unit = view.say(f"amount_{measure.key}", n="").strip()
    heads = [_plain(f"{one.place.name} ({unit})") for one in curves]
    if table == DAYS and seen.period == "week":
        first = [view.words["date"]]
        parts = [([day.isoformat()], times) for day, times in parts_of(seen)]
    else:
        first = [view.words["local_time"], view.words["utc_time"]]
        over = range(seen.begin, seen.over, STEP_S)
        parts = [([*both_times(time)], [time]) for time in over]
    rows: list[list[Cell]] = [
        [*when, *(_cell(one, measure, times) for one in curves), _remark(view, curves, times)] for when, times in parts
    ]
    return [*first, *heads, view.words["remark"]], rows


def _cell(curve: PlaceCurve, measure: PlaceMeasure, times: Sequence[int]) -> float | None:
    value = measure.of_all(curve.place, [curve.half_hours[time].wh for time in times if time in curve.half_hours])
    return None if value is None else round(value, 3)


def _remark(view: PageView, curves: Sequence[PlaceCurve], times: Sequence[int]) -> str:
    """Of which places a part of that time alone is known, or its energy is shared out."""
    found = []
    for one in curves:
        known = [one.half_hours[time] for time in times if time in one.half_hours]
        keys = [*(["in_part"] if 0 < len(known) < len(times) else [])]
        keys += ["is_estimated"] if any(half.estimated for half in known) else []
        found += [f"{one.place.name} ({', '.join(view.words[key] for key in keys)})"] if keys else []
    return _plain("; ".join(found))


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
