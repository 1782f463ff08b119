"""The page *places*: a school, a home, a roof side by side for a day or a week; the same for a screen in a class-room.

Each look is a page of its own address, and needs no script.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from gateway.errors import StoreError
from gateway.web.http.answers import html
from gateway.web.http.answers import table as table_file
from gateway.web.part import PageGroup

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date
    from typing import Protocol

    from microdot import Request, Response

    from gateway.config.tables import Config
    from gateway.web.places.choice import PlacesChoice
    from gateway.web.places.values import PlacesSeen
    from gateway.web.reader import StoreReader
    from gateway.web.view import PageView
    from gateway.web.words import Words

    class PlacesDesk(Protocol):
        """Who knows the places."""

        async def seen(self, period: str, day: date | None) -> PlacesSeen:
            """All of them in the day or week that holds ``day``. Raises StoreError."""

    Shown = Callable[[Request, PageView, PlacesSeen, PlacesChoice], Response]


log = logging.getLogger(__name__)

_PATH, _SCREEN, _CSV = "/places", "/places/screen", "/places/csv"


def page_of_places(config: Config, reader: StoreReader) -> PageGroup:
    """The page, as the daemon joins it."""

    def desk() -> PlacesDesk:
        from gateway.web.places.stored import StoredPlaces  # noqa: PLC0415 (with the first who looks)

        return StoredPlaces(config, reader)

    return places(cache(desk), len(config.place or config.electricity))


def places(desk: Callable[[], PlacesDesk], count: int) -> PageGroup:
    """The page; in the menu where there is more than one of ``count`` places."""

    async def show(request: Request, view: PageView) -> Response:
        return await _answer(desk, request, replace(view, path=_PATH), _page("places/page.html"))

    async def screen(request: Request, view: PageView) -> Response:
        return await _answer(desk, request, replace(view, path=_SCREEN), _page("places/screen.html"))

    async def table(request: Request, view: PageView) -> Response:
        return await _answer(desk, request, replace(view, path=_PATH), _table)

    menu = ((_PATH, "places"),) if count > 1 else ()
    files = ("history.css", "places.css")
    return PageGroup(menu=menu, pages={_PATH: show, _SCREEN: screen, _CSV: table}, forms={}, words=_words, files=files)


async def _answer(desk: Callable[[], PlacesDesk], request: Request, view: PageView, shown: Shown) -> Response:
    from gateway.web.places.choice import chosen  # noqa: PLC0415 (with the first who looks)
    from gateway.web.places.pages import refusal  # noqa: PLC0415

    choice = chosen(request.args)
    if isinstance(choice, str):
        return html(refusal(view, choice, said=request.args.get("date", "")[:40]), 400)
    try:
        found = await desk().seen(choice.period, choice.day)
    except StoreError as error:
        log.warning("the page of the places: %s", error)
        return html(refusal(view, "store_fault"), 500)
    return shown(request, view, found, choice)


def _page(template: str) -> Shown:
    def shown(_: Request, view: PageView, found: PlacesSeen, choice: PlacesChoice) -> Response:
        from gateway.web.places.pages import page  # noqa: PLC0415 (with the first who looks)

        return html(page(view, found, choice, template))

    return shown


def _table(request: Request, view: PageView, found: PlacesSeen, choice: PlacesChoice) -> Response:
    # With the first who takes it along.
    from gateway.web.history.data import as_csv  # noqa: PLC0415
    from gateway.web.places.data import rows_of  # noqa: PLC0415
    from gateway.web.places.measure import PlaceMeasure  # noqa: PLC0415
    from gateway.web.places.pages import refusal  # noqa: PLC0415
    from gateway.web.places.values import HALF_HOURS, TABLES  # noqa: PLC0415
    from gateway.web.places.words import WORDS  # noqa: PLC0415

    table, form = request.args.get("table", HALF_HOURS), request.args.get("form", view.lang)
    if table not in TABLES or form not in WORDS:
        return html(refusal(view, "bad_table"), 400)
    head, rows = rows_of(view, found, PlaceMeasure(choice.unit), table)
    name = f"places-{found.first.isoformat()}-{found.period}.csv"
    return table_file(name, as_csv(head, rows, french=form == "fr"))


def _words() -> Mapping[str, Words]:
    from gateway.web.places.words import WORDS  # noqa: PLC0415 (with the first who looks)

    return WORDS
