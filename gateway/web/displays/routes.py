"""The part *displays*: who listens at the broker of the house. A password is shown once, in the answer that made it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from gateway.errors import ConfigError, GatewayError
from gateway.web.displays.words import DISPLAYS_WORDS
from gateway.web.http.answers import html, redirect
from gateway.web.part import PageGroup
from gateway.web.sharing.pages import FILES
from gateway.web.view import PageView

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from microdot import Request, Response

    from gateway.live.credentials import Credentials
    from gateway.web.view import PageView

_PATH = "/settings/displays"
_LONGEST_NAME = 32
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}", re.ASCII)


@dataclass(frozen=True, slots=True)
class AdmittedDisplay:
    """One that is let in."""

    name: str
    home_assistant: bool


@dataclass(frozen=True, slots=True)
class NewDisplay:
    """One that was just let in: what it needs, and whether the broker takes it by now."""

    credentials: Credentials
    works: bool


class DisplayRequests(Protocol):
    """Where displays are let in and out."""

    async def known(self) -> Sequence[AdmittedDisplay]:
        """Who is let in."""

    async def add(self, name: str, *, home_assistant: bool) -> NewDisplay:
        """Let one in. Raises GatewayError with what to do."""

    async def remove(self, name: str) -> None:
        """Let one in no more. Raises GatewayError."""


def displays(house: DisplayRequests) -> PageGroup:
    """The part, for that house."""
    pages = _Pages(house)
    return PageGroup(
        menu=(),
        pages={_PATH: pages.told(pages.show)},
        forms={f"{_PATH}/add": pages.told(pages.add), f"{_PATH}/remove": pages.told(pages.remove)},
        words=DISPLAYS_WORDS,
        files=FILES,
    )


class _Pages:
    """Who answers."""

    def __init__(self, house: DisplayRequests) -> None:
        self._house = house

    def told(
        self, handler: Callable[[Request, PageView], Awaitable[Response]]
    ) -> Callable[[Request, PageView], Awaitable[Response]]:
        """The handler; what the house refuses is said in a sentence, in the visitor's language."""

        async def answer(request: Request, view: PageView) -> Response:
            try:
                return await handler(request, view)
            except GatewayError as error:
                status = 409 if isinstance(error, ConfigError) else 400
                return html(_page(view, "refused", sentence=error.phrase.in_language(view.lang)), status)

        return answer

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
        return _page(view, "page", known=await self._house.known(), key=told, longest=_LONGEST_NAME)


def _page(view: PageView, name: str, **values: object) -> str:
    return replace(view, path="/settings").page(f"displays/{name}.html", here=_PATH, **values)
