"""The part *displays*: who listens at the broker of the house. A password is shown once, in the answer that made it."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import chain, count
from typing import TYPE_CHECKING

from gateway.web.http.answers import html, redirect
from gateway.web.part import PageGroup
from gateway.web.refused import refused_at
from gateway.web.sharing.pages import FILES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from microdot import Request, Response

    from gateway.web.displays.stored import StoredDisplays
    from gateway.web.view import PageView
    from gateway.web.words import Words

_PATH = "/settings/displays"
_LONGEST_NAME = 32
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}", re.ASCII)


def displays(house: StoredDisplays) -> PageGroup:
    """The part, for that house."""
    pages = _Pages(house)
    return PageGroup(
        menu=(),
        pages={_PATH: pages.show},
        forms={f"{_PATH}/add": pages.add, f"{_PATH}/remove": pages.remove},
        words=_words,
        files=FILES,
        refused=refused_at("mqtt_displays", "back_to_displays", _PATH),
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
        name = fields.get("name", "").strip()
        if not _NAME.fullmatch(name):
            return html(await self._known(view, "wrong_display_name"), 400)
        given = await self._house.add(name, home_assistant=bool(fields.get("home_assistant")))
        return html(_page(view, "given", given=given))

    async def remove(self, request: Request, view: PageView) -> Response:
        await self._house.remove(request.g.fields.get("name", ""))
        return redirect(_PATH)

    async def _known(self, view: PageView, told: str | None = None) -> str:
        known = await self._house.known()
        proposed = _free(view.say("display_proposed"), {one.name for one in known})
        return _page(view, "page", known=known, key=told, longest=_LONGEST_NAME, proposed=proposed)


def _free(name: str, taken: set[str]) -> str:
    """A name that nobody has yet: that one, else with a number."""
    return next(one for one in chain([name], (f"{name}-{number}" for number in count(2))) if one not in taken)


def _page(view: PageView, name: str, **values: object) -> str:
    return replace(view, path="/settings").page(f"displays/{name}.html", here=_PATH, **values)


def _words() -> Mapping[str, Words]:
    from gateway.web.displays.words import DISPLAYS_WORDS  # noqa: PLC0415 (with the first who looks)

    return DISPLAYS_WORDS
