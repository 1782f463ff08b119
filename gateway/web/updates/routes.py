"""The part *updates*: the version that runs, the one that is there, and the household's yes, no, tonight, or back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gateway.web.http.answers import html, redirect
from gateway.web.part import PageGroup
from gateway.web.refused import refused_at
from gateway.web.sharing.pages import FILES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from microdot import Request, Response

    from gateway.web.view import PageView
    from gateway.web.words import Words

    # How updates stand after this was done: an action of ``control.messages.Update``, a language, a version or "".
    Standing = Callable[[str, str, str], Awaitable[Mapping[str, Any]]]

_PATH = "/settings/updates"
_ACTIONS = ("check", "install", "tonight", "refuse", "back")


def updates(standing: Standing) -> PageGroup:
    """The part, for a house of which that is asked."""
    pages = _Pages(standing)
    return PageGroup(
        menu=(),
        pages={_PATH: pages.show},
        forms={f"{_PATH}/{action}": pages.act for action in _ACTIONS},
        words=_words,
        files=FILES,
        refused=refused_at("updates", "back_to_updates", _PATH),
    )


class _Pages:
    """Who answers."""

    def __init__(self, standing: Standing) -> None:
        self._standing = standing

    async def show(self, _: Request, view: PageView) -> Response:
        known = await self._standing("status", view.lang, "")
        return html(_page(view, "page", known=known, sentence=known["sentence"].get(view.lang, "")))

    async def act(self, request: Request, view: PageView) -> Response:
        version = request.g.fields.get("version", "")[:60]
        await self._standing(request.path.rpartition("/")[2], view.lang, version)
        return redirect(_PATH)


def _page(view: PageView, name: str, **values: object) -> str:
    return replace(view, path="/settings").page(f"updates/{name}.html", here=_PATH, **values)


def _words() -> Mapping[str, Words]:
    from gateway.web.updates.words import UPDATES_WORDS  # noqa: PLC0415 (with the first who looks)

    return UPDATES_WORDS
