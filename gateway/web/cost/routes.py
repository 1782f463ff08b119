"""The page *cost*: what was paid by day, month or year, what is to come, objectives, the tariffs; as HTML and JSON."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from microdot import Request, Response

from gateway.errors import StoreError
from gateway.web import written
from gateway.web.cost.chart import tick
from gateway.web.cost.pages import page, refusal
from gateway.web.cost.values import PERIODS, Bill
from gateway.web.cost.words import WORDS
from gateway.web.history.data import marked
from gateway.web.history.pages import FILES
from gateway.web.http.answers import html
from gateway.web.part import PageGroup

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.web.history.stored import HouseholdPast
    from gateway.web.view import PageView

log = logging.getLogger(__name__)


def part(household: HouseholdPast) -> PageGroup:
    """The page, the data of its chart, and the price of this moment for the page *now*."""

    async def show(request: Request, view: PageView) -> Response:
        return await _looked(household, request, view, lambda view, bill: html(page(view, bill, household.meters)))

    async def data(request: Request, view: PageView) -> Response:
        return await _looked(household, request, view, lambda view, bill: _json(_chart(view, bill)))

    async def now(_request: Request, view: PageView) -> Response:
        try:
            moments = await household.present()
        except StoreError as error:
            return _failed(view, error)
        return _json(
            {name: {"per_hour": one.per_hour, "base_load_w": one.base_load_w} for name, one in moments.items()}
        )

    return PageGroup(
        menu=(("/cost", "cost"),),
        pages={"/cost": show, "/cost/data": data, "/cost/now": now},
        forms={},
        words=WORDS,
        files=FILES,
    )


async def _looked(
    household: HouseholdPast, request: Request, view: PageView, answer: Callable[[PageView, Bill], Response]
) -> Response:
    view = replace(view, path="/cost")
    meter = request.args.get("meter", "") or household.meters[0]
    period = request.args.get("period", "") or "month"
    if meter not in household.meters:
        return html(refusal(view, "bad_meter", said=meter[:40]), 400)
    if period not in PERIODS:
        return html(refusal(view, "bad_period"), 400)
    try:
        bill = await household.bill(meter, period)
    except StoreError as error:
        return _failed(view, error)
    return answer(replace(view, query=urlencode({"meter": meter, "period": period}) + "&"), bill)


def _failed(view: PageView, error: StoreError) -> Response:
    log.warning("the page of the costs: %s", error)
    return html(refusal(view, "store_fault"), 500)


def _json(told: object) -> Response:
    text = json.dumps(told, separators=(",", ":"), ensure_ascii=False)
    return Response(text, 200, {"Content-Type": "application/json; charset=UTF-8", "Cache-Control": "no-store"})


def _chart(view: PageView, bill: Bill) -> dict[str, object]:
    """The same bars for programs; null is a gap."""
    series = [("bar_cost", [_cents(row.total) for row in bill.rows])]
    before = [_cents(row.before) for row in bill.rows]
    if any(one is not None for one in before):
        series.append(("bar_cost_before", before))
    return {
        "kind": "bars",
        "unit": "€",
        "labels": [tick(view, bill.period, row) for row in bill.rows],
        "titles": [
            marked(written.span(view.lang, bill.period, row.first, row.end), whole=row.whole, estimated=row.estimated)
            for row in bill.rows
        ],
        "whole": [row.whole for row in bill.rows],
        "estimated": [row.estimated for row in bill.rows],
        "series": [{"key": key, "values": values} for key, values in series],
    }


def _cents(euros: float | None) -> float | None:
    return None if euros is None else round(euros, 2)
