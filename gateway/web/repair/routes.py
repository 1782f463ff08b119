"""The part *repair*: a stored point that is wrong is found, seen between its neighbours, corrected, removed, put back.

A change goes the way of ``linky-gateway privacy rectify``: the old value is kept, the journal and whoever had it are
told. Nothing is changed before a second page has said what will be.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import TYPE_CHECKING, Any

from gateway.errors import GatewayError, StoreError
from gateway.privacy.orders import Rectify, Remove, Restore
from gateway.web import dates
from gateway.web.http.answers import html, redirect
from gateway.web.part import PageGroup
from gateway.web.repair import pages as repair_pages
from gateway.web.repair.values import GRANULARITIES, PointPlace, RepairableSeries, Stored, plain, wrong
from gateway.web.sharing.pages import FILES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from microdot import Request, Response

    from gateway.web.repair.stored import StoredPoints
    from gateway.web.view import PageView
    from gateway.web.words import Words

log = logging.getLogger(__name__)

_DONE = {"rectified", "removed", "restored"}
_LAST_TIME = 2**33


def repair(bench: StoredPoints) -> PageGroup:
    """The part, for the store behind that bench."""
    pages = _Pages(bench)
    return PageGroup(
        menu=(("/repair", "repair"),),
        pages={"/repair": pages.look, "/repair/point": pages.point},
        forms={"/repair/check": pages.check, "/repair/do": pages.do, "/repair/undo": pages.undo},
        words=_words,
        files=FILES,
        refused=_refused,
    )


def _refused(view: PageView, error: GatewayError) -> Response:
    """What the gateway refuses is said in a sentence, and nothing was changed."""
    log.warning("the page repair could not do what it was asked: %s", type(error).__name__)
    status = 500 if isinstance(error, StoreError) else 409
    return html(repair_pages.message(view, "refused_by_store", str(error)), status)


class _Pages:
    """Who answers."""

    def __init__(self, bench: StoredPoints) -> None:
        self._bench = bench

    async def look(self, request: Request, view: PageView) -> Response:
        args = request.args
        chosen = _chosen(args)
        look = await self._bench.look(chosen)
        if chosen is None and "day" in args:
            return html(repair_pages.page(view, look, "wrong_when"), 400)
        done = args.get("done", "")
        return html(repair_pages.page(view, look, f"done_{done}" if done in _DONE else None, good=True))

    async def point(self, request: Request, view: PageView) -> Response:
        return await self._with_point(view, request.args, {}, self._show)

    async def check(self, request: Request, view: PageView) -> Response:
        """What a form asks for: what is wrong with it, or what it would change."""
        return await self._with_point(view, request.g.fields, request.g.fields, self._confirm)

    async def do(self, request: Request, view: PageView) -> Response:
        """The yes of the second page."""
        return await self._with_point(view, request.g.fields, request.g.fields, self._change)

    async def undo(self, request: Request, view: PageView) -> Response:
        which = _which(request.g.fields)
        if which is None:
            return html(repair_pages.message(view, "no_such_point"), 404)
        await self._bench.ask(Restore(**_point(which)))
        return redirect("/repair?done=restored")

    async def _with_point(
        self,
        view: PageView,
        named: Mapping[str, str],
        fields: Mapping[str, str],
        go_on: Callable[..., Awaitable[Response]],
    ) -> Response:
        which = _which(named)
        found = await self._bench.point(which) if which else None
        if found is None:
            return html(repair_pages.message(view, "no_such_point"), 404)
        known, stored, around, had = found
        told = wrong(known, stored, fields) if fields else None
        if told:
            return html(repair_pages.point(view, known, stored, around, fields, told), 400)
        return await go_on(view, known, stored, around, had, fields)

    async def _show(
        self, view: PageView, known: RepairableSeries, stored: Stored, around: list[Stored], *_: object
    ) -> Response:
        return html(repair_pages.point(view, known, stored, around, {}))

    async def _confirm(
        self,
        view: PageView,
        known: RepairableSeries,
        stored: Stored,
        _: object,
        had: list[str],
        fields: Mapping[str, str],
    ) -> Response:
        shown = dict(fields) | {"value": plain(known, fields.get("value", ""))}
        return html(repair_pages.sure(view, known, stored, had, shown))

    async def _change(
        self, _: PageView, known: RepairableSeries, stored: Stored, __: object, ___: object, fields: Mapping[str, str]
    ) -> Response:
        point, reason = _point(stored.which), fields.get("reason", "")
        if fields["choice"] == "remove":
            await self._bench.ask(Remove(reason=reason, **point))
            return redirect("/repair?done=removed")
        value = plain(known, fields["value"])
        await self._bench.ask(Rectify(value=value, reason=reason, **point))
        return redirect("/repair?done=rectified")


def _point(which: PointPlace) -> dict[str, Any]:
    """The fields by which an order names it."""
    named = {"meter": which.meter, "series": which.path}
    return named | {"granularity": which.granularity, "time": which.time}


def _which(fields: Mapping[str, str]) -> PointPlace | None:
    """The point that a form or an address names; None where it names none."""
    time, granularity = fields.get("time", ""), fields.get("granularity", "")
    if granularity not in GRANULARITIES or not (time.isascii() and time.isdigit() and len(time) < 11):
        return None
    if int(time) > _LAST_TIME:
        return None
    return PointPlace(fields.get("meter", ""), fields.get("path", ""), granularity, int(time))


def _chosen(args: Mapping[str, str]) -> PointPlace | None:
    """Where somebody looks: by the form of the page, or by a link to a point."""
    if "series" not in args:
        return _which(args)
    meter, _, path = args["series"].partition(" ")
    try:
        moment = datetime.fromisoformat(f"{args.get('day', '')}T{args.get('hour') or '00:00'}")
        time = int(moment.replace(tzinfo=dates.PARIS).timestamp())
    except (ValueError, OverflowError):
        return None
    named = {"meter": meter, "path": path, "granularity": args.get("granularity", ""), "time": str(time)}
    return _which(named)


def _words() -> Mapping[str, Words]:
    from gateway.web.repair.words import REPAIR_WORDS  # noqa: PLC0415 (with the first who looks)

    return REPAIR_WORDS
