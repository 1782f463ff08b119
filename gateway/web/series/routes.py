"""The part *series*: what the series of the house are called, and what a household gives to who wants to receive them.

Shown is what ``linky-gateway series --json`` says (``gateway.household.series``); nothing is changed here. A page of
*settings*: it has no place of its own in the menu.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gateway.web.http.answers import html
from gateway.web.part import PageGroup
from gateway.web.sharing.pages import FILES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from microdot import Request, Response

    from gateway.web.view import PageView
    from gateway.web.words import Words

    Meter = Mapping[str, Any]


def series(meters: Callable[[], Awaitable[Sequence[Meter]]]) -> PageGroup:
    """The part; ``meters`` says each meter of the house with its series."""

    async def show(_: Request, view: PageView) -> Response:
        return html(replace(view, path="/series").page("series/page.html", meters=await meters()))

    return PageGroup(menu=(), pages={"/series": show}, forms={}, words=_words, files=FILES)


def _words() -> Mapping[str, Words]:
    from gateway.web.series.words import SERIES_WORDS  # noqa: PLC0415 (with the first who looks)

    return SERIES_WORDS
