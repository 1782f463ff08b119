"""What the household answers at the page *sharing* to an installer who would like to know whether the gateway is well.

The installer is the one that ``gateway.toml`` names; ``linky-gateway consent grant JID --health`` lets anybody else.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.consent.orders import (
    HealthConsents,
    HealthGrant,
    HealthRefuse,
    HealthText,
    HealthWithdraw,
    Row,
    Shown,
    TextRow,
)
from gateway.web.http.answers import html, late, redirect
from gateway.web.settings.form import why_not
from gateway.web.sharing.answer import PASSWORD
from gateway.web.sharing.pages import confirm, message

if TYPE_CHECKING:
    from microdot import Request, Response

    from gateway.web.sharing.stored import StoredSharing
    from gateway.web.view import PageView

PATH = "/sharing/health"


async def answers(house: StoredSharing) -> tuple[list[Row], str | None]:
    """The household's answers, and the installer that waits for one: none was given, or its yes has run out."""
    rows = await house.ask(HealthConsents())
    asks = house.installer
    known = next((row["state"] for row in rows if row["recipient"] == asks), None)
    return rows, asks if known in (None, "expired") else None


class HealthPages:
    """Who answers the forms."""

    def __init__(self, house: StoredSharing) -> None:
        self._house = house

    async def read(self, _: Request, view: PageView) -> Response:
        """The text of what a yes gives."""
        asks = (await answers(self._house))[1]
        if asks is None:
            return html(message(view, "not_proposed"), 409)
        return html(_confirm(view, await self._text(asks, view.lang)))

    async def give(self, request: Request, view: PageView) -> Response:
        """The yes under the text."""
        asks = (await answers(self._house))[1]
        if asks is None:
            return html(message(view, "not_proposed"), 409)
        fields = request.g.fields
        shown = Shown(fields.get("lang", ""), fields.get("hash", ""))
        text = await self._text(asks, shown.lang)
        if text["hash"] != shown.hash:
            # A midnight passed, or the form was not of this page: nothing is given on a text that was not read.
            return html(_confirm(view, await self._text(asks, view.lang), "text_changed"), 409)
        if found := await request.g.confirm(fields.get(PASSWORD, "")):
            again = _confirm(view, text, refused=why_not(view, found))
            return late(again, found[1]) if found[1] else html(again, 403)
        await self._house.ask(HealthGrant(recipient=asks, shown=shown))
        return redirect("/sharing?done=health_given")

    async def refuse(self, _: Request, view: PageView) -> Response:
        """The no."""
        asks = (await answers(self._house))[1]
        if asks is None:
            return html(message(view, "not_proposed"), 409)
        await self._house.ask(HealthRefuse(recipient=asks))
        return redirect("/sharing?done=health_refused")

    async def withdraw(self, request: Request, _: PageView) -> Response:
        """At once, without a question."""
        order = HealthWithdraw(recipient=request.g.fields.get("recipient", ""))
        return redirect(f"/sharing?done={'health_withdrawn' if await self._house.ask(order) else 'nothing'}")

    async def _text(self, installer: str, lang: str) -> TextRow:
        return await self._house.ask(HealthText(recipient=installer, lang=lang))


def _confirm(view: PageView, text: TextRow, told: str | None = None, refused: str = "") -> str:
    """The whole text, and the yes under it."""
    fields = {"hash": text["hash"], "lang": text["lang"]}
    return confirm(replace(view, path="/sharing"), text, f"{PATH}/yes", "/sharing", fields, told, refused)
