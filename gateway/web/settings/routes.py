"""The part *settings*: topics with what is set now, each leading to where it is changed; objectives, who is told.

What belongs to root's file is shown to technicians and not changed. What may be changed counts at once and after a
restart; where a card cannot be written, nothing is changed, and that is said.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.errors import ConfigError, GatewayError
from gateway.web.http.answers import html, redirect
from gateway.web.part import PageGroup
from gateway.web.settings import pages as written
from gateway.web.settings.form import number_of
from gateway.web.settings.pages import FILES, page
from gateway.web.settings.values import GOALS
from gateway.words.catalogue import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from microdot import Request, Response

    from gateway.web.settings.stored import StoredSettings
    from gateway.web.view import PageView
    from gateway.web.words import Words

log = logging.getLogger(__name__)

_TABLES = ("objective", "household")
_DONE = {"saved", "file", "committed"}
# More than a town needs.
_LARGEST_GOAL = 1e9


def settings(house: StoredSettings) -> PageGroup:
    """The part, for that house."""
    pages = _Pages(house)
    return PageGroup(
        menu=(("/settings", "settings"),),
        pages={
            "/settings": pages.show,
            "/settings/objective": pages.show_objective,
            "/settings/household": pages.show_household,
            "/settings/details": pages.show_details,
        },
        forms={
            "/settings/objective": pages.objective,
            "/settings/household": pages.household,
            "/settings/file": pages.file,
            "/settings/commit": pages.commit,
        },
        words=_words,
        files=FILES,
        refused=_refused,
    )


def _refused(view: PageView, error: GatewayError) -> Response:
    """What could not be kept is said to be unchanged."""
    log.error("what was chosen at the page could not be kept: %s", error)
    return html(replace(view, path="/settings").page("settings/refused.html", detail=str(error)), 500)


class _Pages:
    """Who answers."""

    def __init__(self, house: StoredSettings) -> None:
        self._house = house

    async def show(self, request: Request, view: PageView) -> Response:
        done = request.args.get("done", "")
        return html(page(view, await self._house.settings(), f"done_{done}" if done in _DONE else None, good=True))

    async def show_objective(self, _: Request, view: PageView) -> Response:
        return html(written.objective(view, await self._house.settings()))

    async def show_household(self, _: Request, view: PageView) -> Response:
        return html(written.household(view, await self._house.settings()))

    async def show_details(self, _: Request, view: PageView) -> Response:
        return html(written.details(view, await self._house.settings()))

    async def objective(self, request: Request, view: PageView) -> Response:
        known, fields = await self._house.settings(), request.g.fields
        goals = {name: _goal(fields.get(name, "")) for name in GOALS}
        wrong = {
            name: "wrong_goal" for name, goal in goals.items() if goal is not None and not 0 < goal < _LARGEST_GOAL
        }
        euros = [name for name in GOALS if name.startswith("euros") and goals[name]]
        if not wrong and euros and not known.has_tariff:
            wrong = dict.fromkeys(euros, "wrong_euros")
        if wrong:
            return html(written.objective(view, known, fields, **wrong), 400)
        await self._house.choose_objective(goals)
        return redirect("/settings?done=saved")

    async def household(self, request: Request, view: PageView) -> Response:
        known, fields = await self._house.settings(), request.g.fields
        if not known.has_account:
            return html(page(view, known, "wrong_table"), 400)
        if fields.get("language") not in LANGUAGES:
            return html(written.household(view, known, fields, language="wrong_language"), 400)
        try:
            await self._house.choose_household(fields.get("address", "").strip(), fields["language"])
        except ConfigError:
            return html(written.household(view, known, fields, address="wrong_address"), 400)
        return redirect("/settings?done=saved")

    async def file(self, request: Request, view: PageView) -> Response:
        """Back to what the file says."""
        table = request.g.fields.get("table", "")
        if table not in _TABLES:
            return html(page(view, await self._house.settings(), "wrong_table"), 400)
        if table == "objective":
            await self._house.choose_objective(None)
        else:
            await self._house.choose_household(None, "")
        return redirect("/settings?done=file")

    async def commit(self, _: Request, __: PageView) -> Response:
        await self._house.commit()
        return redirect("/settings?done=committed")


def _goal(text: str) -> float | None:
    """A number as it is typed at the tariff; None for an empty box, one that is out of every range for what is none."""
    if not text.strip():
        return None
    found = number_of(text)
    return -1.0 if found is None else found


def _words() -> Mapping[str, Words]:
    from gateway.web.settings.words import SETTINGS_WORDS  # noqa: PLC0415 (with the first who looks)

    return SETTINGS_WORDS
