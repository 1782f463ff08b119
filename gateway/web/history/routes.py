"""The page *history*: a day as a curve, a week, a month, a year as bars, the year before beside; zoom, table, CSV.

Each period is a page of its own address, which works without a script but for the chart.
"""

from __future__ import annotations

import json
import logging
import re
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from microdot import Request, Response

from gateway.errors import StoreError
from gateway.web.history.data import as_csv, chart, half_hour_rows, minute_rows, part_rows, remarks
from gateway.web.history.pages import FILES, page, refusal
from gateway.web.history.values import PERIODS, Past
from gateway.web.history.words import WORDS
from gateway.web.http.answers import html
from gateway.web.part import PageGroup

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from gateway.web.history.stored import HouseholdPast
    from gateway.web.view import PageView

    Answer = Callable[[Request, PageView, Past, Sequence[str]], Response]

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
        words=WORDS,
        files=FILES,
    )


def _looked(household: HouseholdPast, answer: Answer) -> Callable[[Request, PageView], Awaitable[Response]]:
    """A handler that is given the look at the past which was asked for; one sentence where there is none."""

    async def handler(request: Request, view: PageView) -> Response:
        view = replace(view, path="/history")
        asked = _asked(request, household)
        if isinstance(asked, tuple):
            key, said = asked
            return html(refusal(view, key, said=said), 400)
        meter, period, day = asked["meter"], asked["period"], asked.get("date")
        try:
            found = await household.past(meter, period, date.fromisoformat(day) if day else None)
        except StoreError as error:
            log.warning("the page of the history: %s", error)
            return html(refusal(view, "store_fault"), 500)
        return answer(request, replace(view, query=urlencode(asked) + "&"), found, household.meters)

    return handler


def _asked(request: Request, household: HouseholdPast) -> dict[str, str] | tuple[str, str]:
    """Meter, period and date as asked for, or what is wrong with them: key of a sentence, and the wrong word."""
    meter = request.args.get("meter", "") or household.meters[0]
    period = request.args.get("period", "") or "day"
    day = request.args.get("date", "")
    if meter not in household.meters:
        return "bad_meter", meter[:40]
    if period not in PERIODS:
        return "bad_period", period[:40]
    if day and not _is_date(day):
        return "bad_day", day[:40]
    return {"meter": meter, "period": period} | ({"date": day} if day else {})


def _is_date(text: str) -> bool:
    try:
        return bool(_DATE.fullmatch(text) and date.fromisoformat(text))
    except ValueError:
        return False


def _show(_: Request, view: PageView, past: Past, meters: Sequence[str]) -> Response:
    return html(page(view, past, meters))


def _data(_: Request, view: PageView, past: Past, _meters: Sequence[str]) -> Response:
    text = json.dumps(chart(view, past), separators=(",", ":"), ensure_ascii=False)
    return Response(text, 200, {"Content-Type": "application/json; charset=UTF-8", "Cache-Control": "no-store"})


def _csv(request: Request, view: PageView, past: Past, _meters: Sequence[str]) -> Response:
    table, form = request.args.get("table", "parts"), request.args.get("form", view.lang)
    if table not in _TABLES or form not in WORDS:
        return html(refusal(view, "bad_table"), 400)
    if past.curve and table != "parts":
        head, rows = (minute_rows if table == "minutes" else half_hour_rows)(view, past.curve)
    else:
        head, rows = part_rows(view, past)
        head.append(view.words["remark"])
        for row, remark in zip(rows, remarks(view, past), strict=True):
            row.append(remark)
    name = f"{past.meter}-{past.first.isoformat()}-{past.period}.csv"
    return Response(
        as_csv(head, rows, french=form == "fr"),
        200,
        {
            "Content-Type": "text/csv; charset=UTF-8",
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        },
    )
