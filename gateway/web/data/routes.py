"""The part *data*: what a household takes along, erases, or erases all of before somebody else has the gateway.

What it orders is what the command line orders; each takes the password again, and says first what goes and what stays.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.web.data.copies import WAIT_S, download, settled
from gateway.web.data.values import DataSpan
from gateway.web.http.answers import html, redirect
from gateway.web.part import PageGroup
from gateway.web.refused import refused_at
from gateway.web.settings.form import typed_day, why_not

if TYPE_CHECKING:
    from collections.abc import Mapping

    from microdot import Request, Response

    from gateway.web.data.copies import HouseholdCopy
    from gateway.web.data.stored import StoredData
    from gateway.web.view import PageView
    from gateway.web.words import Words

PATH = "/settings/data"
FILES = ("sharing.css", "settings.css")
_FILE_NAME = "linky-gateway.zip"


def data(house: StoredData, archive: HouseholdCopy) -> PageGroup:
    """The part, for that house; ``archive`` has everything to be taken along."""
    pages = _Pages(house, archive)
    return PageGroup(
        menu=(),
        pages={
            PATH: pages.show,
            f"{PATH}/archive": pages.archive,
            f"{PATH}/erase": pages.look,
            f"{PATH}/hand-over": pages.look_at_all,
        },
        forms={
            f"{PATH}/archive": pages.take,
            f"{PATH}/archive/remove": pages.drop,
            f"{PATH}/erase": pages.erase,
            f"{PATH}/hand-over": pages.hand_over,
        },
        words=_words,
        files=FILES,
        refused=refused_at("your_data", "back_to_data", PATH, FILES),
    )


class _Pages:
    """Who answers."""

    def __init__(self, house: StoredData, archive: HouseholdCopy) -> None:
        self._house, self._archive = house, archive

    async def show(self, request: Request, view: PageView) -> Response:
        await settled(self._archive, request, view)
        return html(self._overview(view))

    async def take(self, request: Request, view: PageView) -> Response:
        if found := await request.g.confirm(request.g.fields.get("own_password", "")):
            return html(self._overview(view, wrong={"own_password": why_not(view, found)}), _status(found))
        self._archive.begin(view.session, view.lang)
        await self._archive.wait(WAIT_S)
        return redirect(PATH)

    async def archive(self, _: Request, view: PageView) -> Response:
        return await download(self._archive, view, _FILE_NAME, PATH)

    async def drop(self, _: Request, view: PageView) -> Response:
        await self._archive.discard(view.session)
        return redirect(PATH)

    async def look(self, request: Request, view: PageView) -> Response:
        """What an erasure would take."""
        span, wrong = self._span(request.args)
        if span is None:
            return html(self._overview(view, typed=request.args, wrong=_said(view, wrong)), 400)
        return html(await self._sure(view, span))

    async def erase(self, request: Request, view: PageView) -> Response:
        fields = request.g.fields
        span, wrong = self._span(fields)
        if span is None:
            return html(self._overview(view, typed=fields, wrong=_said(view, wrong)), 400)
        if found := await request.g.confirm(fields.get("own_password", "")):
            return html(await self._sure(view, span, why_not(view, found)), _status(found))
        return html(_page(view, "erased", done=await self._house.erase(span), span=span))

    async def look_at_all(self, _: Request, view: PageView) -> Response:
        return html(await self._all(view))

    async def hand_over(self, request: Request, view: PageView) -> Response:
        """Not a redirection: nobody is signed in any more, and the code is shown here alone."""
        if found := await request.g.confirm(request.g.fields.get("own_password", "")):
            return html(await self._all(view, why_not(view, found)), _status(found))
        done, code = await self._house.hand_over()
        return html(_page(replace(view, session=None), "handed_over", done=done, code=code))

    def _span(self, said: Mapping[str, str]) -> tuple[DataSpan | None, dict[str, str]]:
        """The days that are meant; field -> key of what is wrong with them."""
        first, last = (typed_day(said.get(name, "")) for name in ("first", "last"))
        meter = said.get("meter", "")
        if first is None or last is None:
            missing = {"first": first, "last": last}
            return None, {name: "wrong_day" for name, day in missing.items() if day is None}
        if not first <= last or last.year > _LAST_YEAR or first.year < _FIRST_YEAR:
            return None, {"last": "wrong_days" if last < first else "wrong_day"}
        # One that was renamed since must not become all of them.
        if meter and meter not in self._house.meters:
            return None, {"meter": "wrong_meter"}
        return DataSpan(first, last, meter or None), {}

    async def _sure(self, view: PageView, span: DataSpan, wrong: str = "") -> str:
        return _page(view, "sure", span=span, found=await self._house.preview(span), wrong=wrong)

    async def _all(self, view: PageView, wrong: str = "") -> str:
        return _page(view, "hand_over", found=await self._house.preview(None), wrong=wrong)

    def _overview(
        self, view: PageView, *, typed: Mapping[str, str] | None = None, wrong: Mapping[str, str] | None = None
    ) -> str:
        typed, wrong = typed or {}, wrong or {}
        days = {name: typed.get(name, "")[:_LONGEST_DAY] for name in ("first", "last")}
        more = {"meters": self._house.meters, "meter": typed.get("meter", ""), "focus": next(iter(wrong), "")}
        standing = self._archive.standing(view.session)
        return _page(view, "page", copy=standing, days=days, wrong=wrong, **more)


# Of a meter that counts Wh for a household.
_FIRST_YEAR, _LAST_YEAR, _LONGEST_DAY = 2000, 2999, 20


def _said(view: PageView, wrong: Mapping[str, str]) -> dict[str, str]:
    return {name: view.say(key) for name, key in wrong.items()}


def _status(found: tuple[str, int]) -> int:
    return 429 if found[1] else 403


def _page(view: PageView, name: str, **values: object) -> str:
    return replace(view, path="/settings").page(f"data/{name}.html", here=PATH, page_files=list(FILES), **values)


def _words() -> Mapping[str, Words]:
    from gateway.web.data.words import DATA_WORDS  # noqa: PLC0415 (with the first who looks)

    return DATA_WORDS
