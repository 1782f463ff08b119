"""The page *my roof* as HTML; it is in the menu of a household that holds shares of one."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from gateway.errors import StoreError
from gateway.web.http.answers import html
from gateway.web.part import PageGroup

if TYPE_CHECKING:
    from collections.abc import Mapping

    from microdot import Request, Response

    from gateway.config.tables import Config
    from gateway.web.reader import StoreReader
    from gateway.web.roof.stored import HouseholdRoofs
    from gateway.web.view import PageView
    from gateway.web.words import Words

log = logging.getLogger(__name__)

FILES = ("history.css", "cost.css", "roof.css", "history.js")

_DATE = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")


def page_of_roofs(config: Config, reader: StoreReader) -> PageGroup:
    """The page, of what is stored."""
    from gateway.web.roof.stored import HouseholdRoofs  # noqa: PLC0415 (with the first page that is opened)

    return roof(HouseholdRoofs(config, reader))


def roof(household: HouseholdRoofs) -> PageGroup:
    """The page."""

    async def show(request: Request, view: PageView) -> Response:
        # With the first who looks: few households hold shares.
        from gateway.web.roof.pages import page, refusal  # noqa: PLC0415

        meter = request.args.get("meter", "") or household.meters[0]
        said = request.args.get("date", "")
        if meter not in household.meters:
            return html(refusal(view, "bad_meter", said=meter[:40]), 400)
        day = _day(said)
        if said and day is None:
            return html(refusal(view, "bad_day", said=said[:40]), 400)
        try:
            found = await household.roofs(meter, day)
        except StoreError as error:
            log.warning("the page of the roofs: %s", error)
            return html(refusal(view, "store_fault"), 500)
        asked = {"meter": meter} | ({"date": found.day.isoformat()} if day else {})
        return html(page(replace(view, query=urlencode(asked) + "&"), found, household.meters))

    menu = (("/roof", "roof"),) if household.has_roof else ()
    return PageGroup(menu=menu, pages={"/roof": show}, forms={}, words=_words, files=FILES)


def _words() -> Mapping[str, Words]:
    from gateway.web.roof.words import WORDS  # noqa: PLC0415 (likewise)

    return WORDS


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None
