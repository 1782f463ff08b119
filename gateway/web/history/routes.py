"""The page *history*: a day by half hours, a week, a month, a year, beside an earlier one; minutes, table, JSON, CSV.

Each look is a page of its own address, which works without a script but for the curve of the minutes.
"""

from __future__ import annotations

import json
import logging
import re
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from microdot import Request, Response

from gateway.errors import StoreError
from gateway.web.history.choice import LookChoice, chosen
from gateway.web.history.data import as_csv, minute_rows, minutes, part_rows, remarks
from gateway.web.history.pages import FILES, MINUTE_FILES, page, refusal
from gateway.web.history.values import PERIODS, Past
from gateway.web.history.words import WORDS
from gateway.web.http.answers import html
from gateway.web.http.answers import table as table_file
from gateway.web.part import PageGroup

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from gateway.web.history.stored import HouseholdPast
    from gateway.web.view import PageView
    from gateway.web.words import Words

    Answer = Callable[[Request, PageView, Past, Sequence[str], LookChoice], Response]

log = logging.getLogger(__name__)

_DATE = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")
_TABLES = {"minutes", "half-hours", "parts"}


def part(household: HouseholdPast) -> PageGroup:
    """The page with what it is drawn of, and what can be taken along."""
    pages = {"/history": _show, "/history/data": _data, "/history/csv": _csv}
    return PageGroup(
        menu=(("/history", "history"),),
        pages={path: _looked(household, answer) for path, answer in pages.items()},
        forms={},
        words=lambda: WORDS,
        files=tuple({*FILES, *MINUTE_FILES}),
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    """A look that was asked for; ``day`` is None for the last one known."""

    meter: str
    period: str
    day: str | None
    choice: LookChoice


def _looked(household: HouseholdPast, answer: Answer) -> Callable[[Request, PageView], Awaitable[Response]]:
    """A handler that is given the look at the past which was asked for; one sentence where there is none."""

    async def handler(request: Request, view: PageView) -> Response:
        view = replace(view, path="/history")
        asked = _asked(request, household)
        if isinstance(asked, tuple):
            key, said = asked
            return html(refusal(view, key, said=said), 400)
        day = date.fromisoformat(asked.day) if asked.day else None
        try:
            found = await household.past(asked.meter, asked.period, day, asked.choice.against)
        except StoreError as error:
            log.warning("the page of the history: %s", error)
            return html(refusal(view, "store_fault"), 500)
        query = asked.choice.query(asked.meter, asked.period, asked.day, at=asked.choice.at or None)
        view = replace(view, query=f"{query}&", words=view.words | _named(view, found))
        return answer(request, view, found, household.meters, asked.choice)

    return handler


def _named(view: PageView, past: Past) -> Words:
    """How what comes from the grid is called: where the house makes some itself it is not all that is consumed."""
    if not past.panels:
        return {}
    return {"drawn": view.words["from_grid"], "curve_power": view.words["curve_from_grid"]}


def _asked(request: Request, household: HouseholdPast) -> _Asked | tuple[str, str]:
    """What was asked for, or what is wrong with it: key of a sentence, and the wrong word."""
    meter = request.args.get("meter", "") or household.meters[0]
    period = request.args.get("period", "") or "day"
    day = request.args.get("date", "")
    if meter not in household.meters:
        return "bad_meter", meter[:40]
    if period not in PERIODS:
        return "bad_period", period[:40]
    if day and not _is_date(day):
        return "bad_day", day[:40]
    choice = chosen(request.args, period)
    return ("bad_choice", "") if choice is None else _Asked(meter, period, day or None, choice)


def _is_date(text: str) -> bool:
    try:
        return bool(_DATE.fullmatch(text) and date.fromisoformat(text))
    except ValueError:
        return False


def _show(_: Request, view: PageView, past: Past, meters: Sequence[str], choice: LookChoice) -> Response:
    return html(page(view, past, meters, choice))


def _data(_: Request, view: PageView, past: Past, _meters: Sequence[str], _choice: LookChoice) -> Response:
    if past.curve is None:
        return html(refusal(view, "bad_choice"), 400)
    text = json.dumps(minutes(view, past.curve), separators=(",", ":"), ensure_ascii=False)
    return Response(text, 200, {"Content-Type": "application/json; charset=UTF-8", "Cache-Control": "no-store"})


def _csv(request: Request, view: PageView, past: Past, _meters: Sequence[str], choice: LookChoice) -> Response:
    table, form = request.args.get("table", "parts"), request.args.get("form", view.lang)
    if table not in _TABLES or form not in WORDS:
        return html(refusal(view, "bad_table"), 400)
    if past.curve and table == "minutes":
        head, rows = minute_rows(view, past.curve)
    else:
        if past.curve and table == "parts":
            # The day as a whole.
            past = replace(past, rows=())
        head, rows = part_rows(view, past, in_euros=choice.in_euros)
        head.append(view.words["remark"])
        for row, remark in zip(rows, remarks(view, past), strict=True):
            row.append(remark)
    name = f"{past.meter}-{past.first.isoformat()}-{past.period}.csv"
    return table_file(name, as_csv(head, rows, french=form == "fr"))
