"""The part *displays*: who listens at the broker of the house. A password is shown once, in the answer that made it.

Who lets one in, or out, types the password of the page again: it decides who hears of the house.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import chain, count
from typing import TYPE_CHECKING

from gateway.web.http.answers import html, late, redirect
from gateway.web.part import PageGroup
from gateway.web.refused import refused_at
from gateway.web.settings.form import why_not

if TYPE_CHECKING:
    from collections.abc import Mapping

    from microdot import Request, Response

    from gateway.web.displays.stored import StoredDisplays
    from gateway.web.view import PageView
    from gateway.web.words import Words

_PATH = "/settings/displays"
FILES = ("sharing.css", "settings.css")
_LONGEST_NAME = 32
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}", re.ASCII)


def displays(house: StoredDisplays) -> PageGroup:
    """The part, for that house."""
    pages = _Pages(house)
    return PageGroup(
        menu=(),
        pages={_PATH: pages.show, f"{_PATH}/remove": pages.sure},
        forms={f"{_PATH}/add": pages.add, f"{_PATH}/remove": pages.remove},
        words=_words,
        files=FILES,
        refused=refused_at("mqtt_displays", "back_to_displays", _PATH, FILES),
    )


class _Pages:
    """Who answers."""

    def __init__(self, house: StoredDisplays) -> None:
        self._house = house

    async def show(self, _: Request, view: PageView) -> Response:
        return html(await self._known(view))

    async def add(self, request: Request, view: PageView) -> Response:
        """Not a redirection: what is shown is nowhere to be read again."""
        fields = request.g.fields
        typed = {key: fields.get(key, "").strip()[: 2 * _LONGEST_NAME] for key in ("name", "home_assistant")}
        if not _NAME.fullmatch(typed["name"]):
            return html(await self._known(view, {"name": view.say("wrong_display_name")}, typed), 400)
        if found := await request.g.confirm(fields.get("own_password", "")):
            text = await self._known(view, {"own_password": why_not(view, found)}, typed)
            return late(text, found[1]) if found[1] else html(text, 403)
        given = await self._house.add(typed["name"], home_assistant=bool(typed["home_assistant"]))
        return html(_page(view, "given", given=given))

    async def sure(self, request: Request, view: PageView) -> Response:
        """Whether that one is meant."""
        return await self._sure(view, request.args.get("name", ""))

    async def remove(self, request: Request, view: PageView) -> Response:
        name = request.g.fields.get("name", "")
        if found := await request.g.confirm(request.g.fields.get("own_password", "")):
            return await self._sure(view, name, why_not(view, found), found[1])
        await self._house.remove(name)
        return redirect(_PATH)

    async def _sure(self, view: PageView, name: str, error: str = "", wait_s: int = 0) -> Response:
        one = next((one for one in await self._house.known() if one.name == name), None)
        if one is None:
            return redirect(_PATH)
        text = _page(view, "remove", one=one, error=error)
        return late(text, wait_s) if wait_s else html(text, 403 if error else 200)

    async def _known(
        self, view: PageView, wrong: Mapping[str, str] | None = None, typed: Mapping[str, str] | None = None
    ) -> str:
        known = await self._house.known()
        proposed = _free(view.say("display_proposed"), {one.name for one in known})
        shown = typed or {"name": proposed, "home_assistant": ""}
        return _page(view, "page", known=known, wrong=wrong or {}, typed=shown, longest=_LONGEST_NAME)


def _free(name: str, taken: set[str]) -> str:
    """A name that nobody has yet: that one, else with a number."""
    return next(one for one in chain([name], (f"{name}-{number}" for number in count(2))) if one not in taken)


def _page(view: PageView, name: str, **values: object) -> str:
    return replace(view, path="/settings").page(f"displays/{name}.html", here=_PATH, page_files=list(FILES), **values)


def _words() -> Mapping[str, Words]:
    from gateway.web.displays.words import DISPLAYS_WORDS  # noqa: PLC0415 (with the first who looks)

    return DISPLAYS_WORDS
