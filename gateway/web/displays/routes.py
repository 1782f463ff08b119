"""The part *displays*: who listens at the broker of the house. A password is shown once, in the answer that made it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING, Protocol

from gateway.errors import ConfigError, GatewayError
from gateway.web.displays.words import DISPLAYS_WORDS
from gateway.web.http.answers import html, redirect
from gateway.web.pages import document, form
from gateway.web.part import Part
from gateway.web.sharing.pages import FILES, facts, press

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from microdot import Request, Response

    from gateway.live.credentials import Credentials
    from gateway.web.pages import View

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
                said = f'<p class="bad" role="alert">{escape(error.phrase.in_language(view.lang))}</p>'
                back = f'<p><a href="{_PATH}">{view.say("back_to_displays")}</a></p>'
                status = 409 if isinstance(error, ConfigError) else 400
                return html(document(replace(view, path="/settings"), "mqtt_displays", said + back), status)

        return answer

    async def show(self, _: Request, view: View) -> Response:
        return html(_page(view, await self._desk.known()))

    async def add(self, request: Request, view: View) -> Response:
        """Not a redirection: what is shown is nowhere to be read again."""
        fields = request.g.fields
        name = fields.get("name", "").strip()
        if not _NAME.fullmatch(name):
            return html(_page(view, await self._desk.known(), "wrong_display_name"), 400)
        given = await self._desk.add(name, home_assistant=bool(fields.get("home_assistant")))
        return html(_given(view, given))

    async def remove(self, request: Request, view: View) -> Response:
        await self._desk.remove(request.g.fields.get("name", ""))
        return redirect(_PATH)


def _page(view: View, known: Sequence[Display], told: str | None = None) -> str:
    said = f'<p class="bad" role="alert">{view.say(told)}</p>' if told else ""
    rows = "".join(
        f'<li><div class="actions"><span>{escape(one.name)}{" · Home Assistant" if one.home_assistant else ""}</span>'
        f"{press(view, f'{_PATH}/remove', {'name': one.name}, 'let_out', 'let_out_of', name=one.name)}</div></li>"
        for one in known
    )
    listed = f"<ul>{rows}</ul>" if rows else f'<p class="quiet">{view.say("no_mqtt_displays")}</p>'
    fields = (
        f'<label>{view.say("display_name")}<input name="name" maxlength="{_LONGEST_NAME}" required autocomplete="off"'
        f' autocapitalize="none" spellcheck="false" pattern="[a-z0-9][a-z0-9\\-]*"></label>'
        f'<label><input type="checkbox" name="home_assistant" value="yes"> {view.say("is_home_assistant")}</label>'
    )
    body = (
        f"{said}<section><p>{view.say('mqtt_displays_intro')}</p>{listed}</section>"
        f"<section><h2>{view.say('let_in')}</h2>{form(view, f'{_PATH}/add', fields, 'let_in')}</section>"
    )
    return document(replace(view, path="/settings"), "mqtt_displays", body, files=FILES)


def _given(view: View, given: Given) -> str:
    needs = given.credentials
    rows = [(f"display_{key}", f"<code>{escape(str(value))}</code>") for key, value in needs.plain().items()]
    texts = [("display_authority", needs.authority), ("display_file", needs.as_json())]
    texts += [(f"display_{language}", needs.program(language)) for language in ("python", "micropython")]
    more = "".join(
        f'<details><summary>{view.say(key)}</summary><pre class="words">{escape(text)}</pre></details>'
        for key, text in texts
    )
    state = "display_works" if given.works else "display_waits"
    body = (
        f'<section><p class="{"good" if given.works else "quiet"}" role="status">{view.say(state)}</p>'
        f"<p>{view.say('display_once', name=needs.user)}</p>{facts(view, rows)}{more}</section>"
        f'<p><a href="{_PATH}">{view.say("back_to_displays")}</a></p>'
    )
    return document(replace(view, path="/settings"), "mqtt_displays", body, files=FILES)
