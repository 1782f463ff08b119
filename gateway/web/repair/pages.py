"""The page *repair*, made of values: what stands out, what is around a moment, one point, what will be changed."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from gateway.web import dates
from gateway.web.repair.values import (
    BY_DAY,
    GRANULARITIES,
    LONGEST_TEXT,
    RAW,
    PointPlace,
    RepairableSeries,
    RepairView,
    Stored,
    Value,
)
from gateway.words.numbers import grouped, time_of_day
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gateway.web.view import PageView


def page(view: PageView, look: RepairView, told: str | None = None, *, good: bool = False) -> str:
    """The page itself; ``told`` is the key of what was done, or of what is wrong."""
    values = {"look": look, "key": told, "good": good}
    if not look.series:
        return view.page("repair/page.html", **values)
    view = replace(view, path="/repair", query=f"{look.chosen.query}&" if look.chosen else "")
    suspects = ((look.known(one.which), one) for one in look.suspects)
    return view.page(
        "repair/page.html",
        **values,
        start=look.chosen or PointPlace("", "", "PT30M", max(known.last for known in look.series)),
        chosen=look.known(look.chosen) if look.chosen else None,
        several=len({known.meter for known in look.series}) > 1,
        granularities=GRANULARITIES,
        suspects=[(known, one) for known, one in suspects if known],
        corrections=[(look.known(one.which), one) for one in look.corrections],
        **_written(view),
    )


def message(view: PageView, key: str, detail: str = "") -> str:
    """One sentence, what the gateway says of it, and the way back."""
    return replace(view, path="/repair").page("repair/message.html", key=key, detail=detail)


def point(
    view: PageView, known: RepairableSeries, stored: Stored, around: Sequence[Stored], fields: Mapping[str, str],
    told: str | None = None,
) -> str:  # fmt: skip
    """One point between its neighbours, and the form that repairs it."""
    given = dict.fromkeys(("choice", "value", "reason"), "") | dict(fields)
    values = {"known": known, "stored": stored, "around": around, "fields": given, "key": told}
    view = replace(view, path="/repair/point", query=f"{stored.which.query}&")
    return view.page("repair/point.html", **values, longest=LONGEST_TEXT, **_written(view))


def sure(view: PageView, known: RepairableSeries, stored: Stored, had: Sequence[str], fields: Mapping[str, str]) -> str:
    """What is about to be changed, who had it, and the button that does it."""
    what = stored.which
    places = {"what": known.name[view.lang], "when": when(view, what)}
    places["old"] = amount(view, stored.value, known.unit)
    if fields["choice"] == "remove":
        said = view.say("sure_remove", **places)
    else:
        said = view.say("sure_value", new=amount(view, fields["value"], known.unit), **places)
    kept = {name: fields.get(name, "") for name in ("choice", "value", "reason")}
    view = replace(view, path="/repair/point", query=f"{what.query}&")
    return view.page("repair/sure.html", said=said, had=had, what=what, fields=kept)


def _written(view: PageView) -> dict[str, Callable[..., Any]]:
    """How the templates write a moment, and a value with its unit."""
    return {"when": partial(when, view), "amount": partial(amount, view)}


def when(view: PageView, which: PointPlace) -> str:
    """Of which moment a point is, as finely as it is one: of a day the day, of what the meter says the second."""
    moment = dates.local(which.time)
    if which.granularity == BY_DAY:
        return dates.day(view.lang, moment)
    if which.granularity != RAW:
        return dates.clock(view.lang, moment)
    said = time_of_day(moment.hour, moment.minute, moment.second).in_language(view.lang)
    return f"{dates.day(view.lang, moment)}, {said}"


def amount(view: PageView, value: Value | None, unit: str) -> str:
    """A value with its unit; a text between quotation marks."""
    if value is None:
        return "–"
    if isinstance(value, str) and not unit:
        return Phrase("“{text}”").in_language(view.lang).format(text=value)
    try:
        text = f"{float(value):,.1f}".removesuffix(".0")
    except ValueError:
        text = str(value)
    return f"{grouped(text, view.lang)}\u00a0{unit}"
