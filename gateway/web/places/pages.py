"""The page *places*, made of values: a picture of each place on one axis, its figures, all values as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.balance.calendar import day_of
from gateway.balance.calendar import days as days_of
from gateway.balance.equivalence import APPLIANCES, EQUIVALENTS
from gateway.balance.self_use import STEP_S
from gateway.config.tables import MOST_PLACES
from gateway.web import written
from gateway.web.places.chart import Drawn, PlaceAxis, axis, drawn, runs
from gateway.web.places.measure import MEASURES, PlaceMeasure
from gateway.web.places.values import TABLES
from gateway.words.phrase import plural

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from gateway.household.places import PlaceCurve
    from gateway.web.places.choice import PlacesChoice
    from gateway.web.places.values import PlacesSeen
    from gateway.web.view import PageView

FILES = ("history.css", "places.css")
# Times that are not known which are named one by one.
_MOST_SPANS = 3
_WATTS = {one.key: one.watts for one in APPLIANCES}
_FRIDGE = next(one for one in EQUIVALENTS if one.key == "fridge")


@dataclass(frozen=True, slots=True)
class ShownPlace:
    """A place as the page shows it; ``drawn`` and ``facts`` are empty where the measure does not fit it.

    ``partly``: some of the time that is over is not known, and what the place came to is of the rest; ``estimated``: of
    some of it the energy is shared out.
    """

    name: str
    about: str
    style: str
    drawn: Drawn | None
    facts: Sequence[tuple[str, str]]
    like: str
    remarks: Sequence[str]
    partly: bool
    estimated: bool

    @property
    def total(self) -> str:
        """What it came to, or its mean; marked where that is not of all the time."""
        return "".join(amount + _mark(partly=self.partly) for _, amount in self.facts[:1])

    @property
    def said(self) -> str:
        """The picture in words."""
        return ". ".join([self.name, *(f"{what} {amount}" for what, amount in self.facts), *self.remarks])


def page(view: PageView, seen: PlacesSeen, choice: PlacesChoice, template: str) -> str:
    """One look at all places."""
    measure = PlaceMeasure(choice.unit)
    on = axis(seen, measure, view.lang)
    heads, rows = table(view, seen, measure)
    return view.page(
        template,
        seen=seen,
        choice=choice,
        files=list(FILES),
        on=on,
        shown=[_shown(view, seen, one, choice, on, n) for n, one in enumerate(seen.curves)],
        axis=axis_name(view, measure),
        unit=view.words.get(f"short_{measure.key}", ""),
        units=[(key, _option(view, key)) for key in MEASURES],
        today=seen.days[1] if seen.days else seen.first,
        heads=heads,
        rows=rows,
        tables=TABLES if seen.period == "week" else TABLES[:1],
        left_out=_left_out(view, seen.left_out),
        estimated=view.words[_estimated(seen, choice)],
        partly=any(cell.endswith("*") for _, cells in rows for cell in cells),
    )


def _left_out(view: PageView, count: int) -> str:
    """That there are more places than the page has; nothing where there are not."""
    said = plural(
        "One more place is not shown: a page has {most} at most. Whoever installed the gateway can choose which.",
        "{count} more places are not shown: a page has {most} at most. Whoever installed the gateway can choose which.",
        count,
        most=MOST_PLACES,
    )
    return said.in_language(view.lang) if count else ""


def refusal(view: PageView, key: str, **places: object) -> str:
    """One sentence, and the way back."""
    return view.page("history/refusal.html", page="places", key=key, places=places)


def axis_name(view: PageView, measure: PlaceMeasure) -> str:
    """What the scale counts."""
    if measure.key in _WATTS:
        watts = written.number(view.lang, _WATTS[measure.key])
        return view.say("axis_things", things=view.words[f"thing_{measure.key}"], watts=watts)
    return view.words[f"axis_{measure.key}"]


def table(view: PageView, seen: PlacesSeen, measure: PlaceMeasure) -> tuple[list[str], list[tuple[str, list[str]]]]:
    """Heads and rows of the values: of a day its half hours, of a week its days; at the end what they come to."""
    curves = [one for one in seen.curves if measure.fits(one.place)]
    if seen.period == "week":
        parts = [(written.short_date(view.lang, day), times) for day, times in parts_of(seen)]
    else:
        parts = [(written.clock(view.lang, time), [time]) for time in range(seen.begin, seen.over, STEP_S)]
    parts.append((view.words["places_all"], _whole(seen)))
    rows = [(name, [_cell(view, one, measure, times) for one in curves]) for name, times in parts]
    first = "short_day" if seen.period == "week" else "time"
    return [view.words[first], *(one.place.name for one in curves)], rows


def parts_of(seen: PlacesSeen) -> list[tuple[date, list[int]]]:
    """The days of the period, each with all its half hours: of the one that goes on a part is known."""
    found: dict[date, list[int]] = {day: [] for day in days_of(seen.first, seen.end)}
    for time in range(seen.begin, seen.until, STEP_S):
        found[day_of(time)].append(time)
    return list(found.items())


def _whole(seen: PlacesSeen) -> list[int]:
    """The half hours of which a sum of the period is: of a day those that are over, as its table has them."""
    return list(range(seen.begin, seen.until if seen.period == "week" else seen.over, STEP_S))


def _cell(view: PageView, curve: PlaceCurve, measure: PlaceMeasure, times: Sequence[int]) -> str:
    known = [curve.half_hours[time].wh for time in times if time in curve.half_hours]
    value = measure.of_all(curve.place, known)
    return written.number(view.lang, value, _places(value)) + _mark(partly=0 < len(known) < len(times))


def _places(value: float | None) -> int:
    """Decimals that say something: two of what is small."""
    return 0 if value is None or abs(value) >= 100 else 1 if abs(value) >= 10 else 2


def _shown(
    view: PageView, seen: PlacesSeen, curve: PlaceCurve, choice: PlacesChoice, on: PlaceAxis, number: int
) -> ShownPlace:
    measure = PlaceMeasure(choice.unit)
    fits = measure.fits(curve.place)
    return ShownPlace(
        name=curve.place.name,
        about=_about(view, curve),
        # Each of as many as there can be has a line of its own (places.css).
        style=f"s{number}",
        drawn=drawn(seen, curve, measure, on) if fits else None,
        facts=_facts(view, seen, curve, measure) if fits else (),
        like=_like(view, curve) if measure.key == "kwh" else "",
        remarks=_remarks(view, seen, curve, choice) if fits else [_lacks(view, measure)],
        partly=any(time not in curve.half_hours for time in _whole(seen)),
        estimated=_is_estimated(curve),
    )


def _about(view: PageView, curve: PlaceCurve) -> str:
    place, say = curve.place, view.words
    found = [say[f"kind_{place.kind}"]]
    # Of a roof it is plain.
    if place.produced != (place.kind == "roof"):
        found.append(say["place_produced" if place.produced else "place_consumed"])
    if place.people is not None:
        people = plural(
            "{people} person", "{people} people", place.people, people=written.number(view.lang, place.people)
        )
        found.append(people.in_language(view.lang))
    if place.area_m2 is not None:
        found.append(view.say("of_area", n=written.number(view.lang, place.area_m2)))
    return " · ".join(found)


def _facts(view: PageView, seen: PlacesSeen, curve: PlaceCurve, measure: PlaceMeasure) -> list[tuple[str, str]]:
    """In all, and when most and least."""
    energies = {time: half.wh for time, half in curve.half_hours.items()}
    total = measure.of_all(curve.place, list(energies.values()))
    if total is None:
        return []
    ends = [
        ("place_highest", max(energies, key=energies.__getitem__)),
        ("place_lowest", min(energies, key=energies.__getitem__)),
    ]
    return [
        (view.words["place_mean" if measure.is_power else "place_total"], _amount(view, measure, total)),
        *((view.words[key], _at(view, seen, measure, curve, time)) for key, time in ends),
    ]


def _at(view: PageView, seen: PlacesSeen, measure: PlaceMeasure, curve: PlaceCurve, time: int) -> str:
    amount = _amount(view, measure, measure.of_half_hour(curve.place, curve.half_hours[time].wh))
    return view.say("amount_at", amount=amount, when=_when(view, seen, time))


def _amount(view: PageView, measure: PlaceMeasure, value: float) -> str:
    n = written.number(view.lang, value, 0 if measure.key == "w" else _places(value))
    return view.say(f"amount_{measure.key}", n=n)


def _like(view: PageView, curve: PlaceCurve) -> str:
    wh = sum(half.wh for half in curve.half_hours.values())
    count = written.number(view.lang, _FRIDGE.count(wh))
    return view.say("place_like", n=count, things=view.words["thing_fridge"]) if wh >= _FRIDGE.wh else ""


def _gaps(seen: PlacesSeen, curve: PlaceCurve) -> list[int]:
    """The half hours that are over, and of which nothing is known."""
    return [time for time in range(seen.begin, seen.over, STEP_S) if time not in curve.half_hours]


def _is_estimated(curve: PlaceCurve) -> bool:
    return any(half.estimated for half in curve.half_hours.values())


def _estimated(seen: PlacesSeen, choice: PlacesChoice) -> str:
    """The word for an estimate: dashed, unless several lines are in one picture, where a dash is a place's."""
    return "some_estimated" if choice.view == "together" and len(seen.curves) > 1 else "place_estimated"


def _mark(*, partly: bool) -> str:
    return "\N{NO-BREAK SPACE}*" if partly else ""


def _remarks(view: PageView, seen: PlacesSeen, curve: PlaceCurve, choice: PlacesChoice) -> list[str]:
    """What is not known of a place, and why a part of it is not sure."""
    if not curve.half_hours:
        if curve.untold or curve.uncounted:
            return [view.words["place_untold" if curve.untold else "place_uncounted"]]
        key = "place_silent" if curve.silent and len(curve.place.series) > 1 else "place_nothing"
        return [view.say(key, names=", ".join(curve.silent))]
    found = []
    spans = runs(time // STEP_S for time in _gaps(seen, curve))
    if spans:
        named = [_span(view, seen, first * STEP_S, (first + count) * STEP_S) for first, count in spans[:_MOST_SPANS]]
        more = f" {view.words['more_spans']}" if len(spans) > _MOST_SPANS else ""
        found.append(view.say("place_unknown", spans=", ".join(named) + more))
    if _is_estimated(curve):
        found.append(view.words[_estimated(seen, choice)])
    return found


def _span(view: PageView, seen: PlacesSeen, since: int, until: int) -> str:
    # The end of the day is no time of it.
    end = view.words["day_end"] if until == seen.until and seen.period == "day" else _when(view, seen, until)
    return f"{_when(view, seen, since)} – {end}"


def _when(view: PageView, seen: PlacesSeen, time: int) -> str:
    """The time of day; within a week with the day."""
    clock = written.clock(view.lang, time)
    return clock if seen.period == "day" else f"{written.weekday(view.lang, day_of(time))} {clock}"


def _lacks(view: PageView, measure: PlaceMeasure) -> str:
    return view.words["lacks_people" if measure.key == "person" else "lacks_area"]


def _option(view: PageView, key: str) -> str:
    text = view.words[f"thing_{key}"] if key in _WATTS else view.words[f"option_{key}"]
    return f"{text[0].upper()}{text[1:]}"
