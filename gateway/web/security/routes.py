"""The part *security*: how safe the house is, a report of it, and browsers that are signed out."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from gateway.web.http.answers import html, redirect
from gateway.web.part import PageGroup
from gateway.web.refused import refused_at

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from microdot import Request, Response

    from gateway.web.access.sessions import BrowserSession
    from gateway.web.security.values import Installed, SecurityFacts
    from gateway.web.view import PageView
    from gateway.web.words import Words

_PATH = "/security"


class SecurityOfHouse(Protocol):
    """What the house knows of its own safety. Raises GatewayError where its store cannot be read."""

    async def facts(self, own: BrowserSession | None, *, encrypted: bool) -> SecurityFacts:
        """All of it, for that browser, which has come by the encrypted page or not."""

    async def installed(self, lang: str) -> Installed:
        """What is known of the installation, in that language."""

    def sign_out(self, number: str, own: BrowserSession | None) -> bool:
        """Sign out the browser of that number, or, for an empty one, all but its own; whether there was any."""


def security(house: Callable[[], SecurityOfHouse]) -> PageGroup:
    """The part; ``house`` makes what it is about, when somebody looks."""
    pages = _Pages(house)
    return PageGroup(
        menu=((_PATH, "security"),),
        pages={_PATH: pages.show, f"{_PATH}/report": pages.report},
        forms={f"{_PATH}/sign-out": pages.sign_out},
        words=_words,
        files=("sharing.css", "settings.css", "security.css"),
        refused=refused_at("security", "report_back", _PATH),
    )


class _Pages:
    """Who answers; what writes a page is loaded with the first who looks."""

    def __init__(self, house: Callable[[], SecurityOfHouse]) -> None:
        self._make = house

    @cached_property
    def _house(self) -> SecurityOfHouse:
        return self._make()

    async def show(self, request: Request, view: PageView) -> Response:
        from gateway.web.security.pages import page  # noqa: PLC0415

        facts = await self._house.facts(view.session, encrypted=request.scheme == "https")
        return html(page(view, facts, "signed_out" if "done" in request.args else ""))

    async def report(self, request: Request, view: PageView) -> Response:
        from gateway.web.security.pages import report  # noqa: PLC0415

        facts = await self._house.facts(view.session, encrypted=request.scheme == "https")
        return html(report(view, facts, await self._house.installed(view.lang)))

    async def sign_out(self, request: Request, view: PageView) -> Response:
        own = view.session
        number = request.g.fields.get("browser", "")
        gone = self._house.sign_out(number, own)
        if own and number == own.number:
            return redirect("/login")
        return redirect(f"{_PATH}?done=1" if gone else _PATH)


def _words() -> Mapping[str, Words]:
    from gateway.web.security.words import SECURITY_WORDS  # noqa: PLC0415 (with the first who looks)

    return SECURITY_WORDS
