"""The part *series*: what the series of the house are called, and what a household gives to who wants to receive them.

Shown is what ``linky-gateway series --json`` says (``gateway.household.series``); nothing is changed here. A page of
*settings*: it has no place of its own in the menu.
"""

from __future__ import annotations

from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Any

from gateway.web.http.answers import html
from gateway.web.pages import document
from gateway.web.part import Part
from gateway.web.series.words import SERIES_WORDS
from gateway.web.sharing.pages import FILES, facts, heading, table_row

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from microdot import Request, Response

    from gateway.web.pages import View

    Meter = Mapping[str, Any]

_COLUMNS = ("path", "meaning", "unit", "granularities")


def series(meters: Callable[[], Awaitable[Sequence[Meter]]]) -> Part:
    """The part; ``meters`` says each meter of the house with its series."""

    async def show(_: Request, view: View) -> Response:
        return html(page(view, await meters()))

    return Part(menu=(), pages={"/series": show}, forms={}, words=SERIES_WORDS, files=FILES)


def page(view: View, meters: Sequence[Meter]) -> str:
    """The page itself."""
    back = f'<p><a href="/settings">{view.say("back_to_settings")}</a></p>'
    told = "".join(_meter(view, meter) for meter in meters) or f"<p>{view.say('no_series')}</p>"
    body = f"<p>{view.say('series_intro')}</p>{told}{back}"
    return document(replace(view, path="/series"), "series", body, files=FILES)


def _meter(view: View, meter: Meter) -> str:
    identifier = f"<code>{escape(meter['identifier'])}</code>" if meter["identifier"] else view.say("no_identifier")
    told = facts(view, [("identifier", identifier), ("sensor", f"<code>{escape(meter['sensor'])}</code>")])
    rows = "".join(_row(view, one) for one in meter["series"])
    table = f'<table class="stack">{heading(view, _COLUMNS)}<tbody>{rows}</tbody></table>'
    shown = table if rows else f"<p>{view.say('no_series')}</p>"
    return f"<section><h2>{view.say('table_meter', name=meter['meter'])}</h2>{told}{shown}</section>"


def _row(view: View, one: Meter) -> str:
    fine = ", ".join(view.say(code) for code in one["granularities"])
    cells = (
        ("meaning", escape(one[view.lang])),
        ("unit", escape(one["unit"] or "") or view.say("text_unit")),
        ("granularities", fine),
    )
    return table_row(view, ("path", f"<code>{escape(one['path'])}</code>"), cells)
