"""The part *displays*: who listens at the broker of the house. A password is shown once, in the answer that made it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from gateway.errors import ConfigError, GatewayError
from gateway.web.displays.words import DISPLAYS_WORDS
from gateway.web.http.answers import html, redirect
from gateway.web.part import Part
from gateway.web.sharing.pages import FILES
from gateway.web.view import View

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from microdot import Request, Response

    from gateway.live.credentials import Credentials
    from gateway.web.view import View

_PATH = "/settings/displays"
_LONGEST_NAME = 32
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Display:
    """One that is let in."""

    name: str
    home_assistant: bool


@dataclass(frozen=True, slots=True)
class Given:
    """One that was just let in: what it needs, and whether the broker takes it by now."""

    credentials: Credentials
    works: bool


class Desk(Protocol):
    """Where displays are let in and out."""

    async def known(self) -> Sequence[Display]:
        """Who is let in."""

    async def add(self, name: str, *, home_assistant: bool) -> Given:
        """Let one in. Raises GatewayError with what to do."""

    async def remove(self, name: str) -> None:
        """Let one in no more. Raises GatewayError."""


def displays(desk: Desk) -> Part:
    """The part, for the house behind that desk."""
    pages = _Pages(desk)
    return Part(
        menu=(),
        pages={_PATH: pages.told(pages.show)},
        forms={f"{_PATH}/add": pages.told(pages.add), f"{_PATH}/remove": pages.told(pages.remove)},
        words=DISPLAYS_WORDS,
        files=FILES,
    )


class _Pages:
    """Who answers."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def told(
        self, handler: Callable[[Request, View], Awaitable[Response]]
    ) -> Callable[[Request, View], Awaitable[Response]]:
        """The handler; what the house refuses is said in a sentence, in the visitor's language."""

        async def answer(request: Request, view: View) -> Response:
            try:
                return await handler(request, view)
            except GatewayError as error:
                status = 409 if isinstance(error, ConfigError) else 400
                return html(_page(view, "refused", sentence=error.phrase.in_language(view.lang)), status)

        return answer

    async def show(self, _: Request, view: View) -> Response:
        return html(await self._known(view))

    async def add(self, request: Request, view: View) -> Response:
        """Not a redirection: what is shown is nowhere to be read again."""
        fields = request.g.fields
        name = fields.get("name", "").strip()
        if not _NAME.fullmatch(name):
            return html(await self._known(view, "wrong_display_name"), 400)
        given = await self._desk.add(name, home_assistant=bool(fields.get("home_assistant")))
        return html(_page(view, "given", given=given))

    async def remove(self, request: Request, view: View) -> Response:
        await self._desk.remove(request.g.fields.get("name", ""))
        return redirect(_PATH)

    async def _known(self, view: View, told: str | None = None) -> str:
        return _page(view, "page", known=await self._desk.known(), key=told, longest=_LONGEST_NAME)


def _page(view: View, name: str, **values: object) -> str:
    return replace(view, path="/settings").page(f"displays/{name}.html", here=_PATH, **values)
