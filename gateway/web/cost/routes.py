"""The page *cost*: what was paid by day, month or year, what is to come, objectives, the tariffs; as HTML."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from gateway.balance.supplier_offer import are_hours
from gateway.errors import StoreError
from gateway.web.cost.pages import FILES, offers_page, page, refusal
from gateway.web.cost.values import PERIODS
from gateway.web.cost.words import WORDS
from gateway.web.http.answers import html
from gateway.web.part import PageGroup

if TYPE_CHECKING:
    from microdot import Request, Response

    from gateway.web.history.stored import HouseholdPast
    from gateway.web.view import PageView

log = logging.getLogger(__name__)


def part(household: HouseholdPast) -> PageGroup:
    """The page, and the one that compares offers."""

    async def show(request: Request, view: PageView) -> Response:
        meter = request.args.get("meter", "") or household.meters[0]
        period = request.args.get("period", "") or PERIODS[0]
        if meter not in household.meters:
            return html(refusal(view, "bad_meter", said=meter[:40]), 400)
        if period not in PERIODS:
            return html(refusal(view, "bad_period"), 400)
        try:
            bill = await household.bill(meter, period)
        except StoreError as error:
            return _failed(view, error)
        asked = replace(view, query=urlencode({"meter": meter, "period": period}) + "&")
        return html(page(asked, bill, household.meters))

    async def offers(request: Request, view: PageView) -> Response:
        meter = request.args.get("meter", "") or household.meters[0]
        hours = {key: request.args.get(key, "") for key in ("since", "until")}
        if meter not in household.meters:
            return html(refusal(view, "bad_meter", said=meter[:40]), 400)
        supposed = (hours["since"], hours["until"]) if any(hours.values()) else None
        if supposed and not are_hours(*supposed):
            return html(refusal(view, "bad_hours", said=" – ".join(supposed)[:40]), 400)
        try:
            found = await household.offers(meter, supposed)
        except StoreError as error:
            return _failed(view, error)
        asked = replace(view, query=urlencode({"meter": meter} | (hours if supposed else {})) + "&")
        return html(offers_page(asked, found, household.meters))

    pages = {"/cost": show, "/cost/offers": offers}
    return PageGroup(menu=(("/cost", "cost"),), pages=pages, forms={}, words=lambda: WORDS, files=FILES)


def _failed(view: PageView, error: StoreError) -> Response:
    log.warning("the page of the costs: %s", error)
    return html(refusal(view, "store_fault"), 500)
