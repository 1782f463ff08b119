"""The part *settings*: what is configured, in words; and the few things that a household may change at its page.

What belongs to root's file is shown and not changed. What may be changed counts at once and after a restart; where a
card cannot be written, nothing is changed, and that is said.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING, Any, Protocol

from gateway.errors import ConfigError, GatewayError
from gateway.web.http.answers import html, redirect
from gateway.web.pages import document, form
from gateway.web.part import Part
from gateway.web.settings.words import SETTINGS_WORDS
from gateway.web.sharing.pages import FILES, facts, press
from gateway.web.words import FRENCH, LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from microdot import Request, Response

    from gateway.web.pages import View

log = logging.getLogger(__name__)

GOALS = ("kwh_per_month", "kwh_per_year", "euros_per_month", "euros_per_year")
_TABLES = ("objective", "household")
_DONE = {"saved", "file", "committed"}
# More than a town needs.
_LARGEST_GOAL = 1e9


@dataclass(frozen=True, slots=True)
class Phrase:
    """A value in words."""

    fr: str
    en: str


@dataclass(frozen=True, slots=True)
class Settings:
    """What is configured.

    Args:
        goals: each of ``GOALS``, None where there is none.
        address: who is told, with commas between, empty for nobody; ``language`` comes first.
        chosen: the tables that were chosen at the page.
        has_tariff: whether euros can be reckoned.
        has_account: whether the household can be written to.
        folder: of the configuration file.
        commit_interval_s: how often readings are written.
        tables: what the file says: kind, name, and key -> value of each of its tables.
    """

    goals: Mapping[str, float | None]
    address: str
    language: str
    chosen: frozenset[str]
    has_tariff: bool
    has_account: bool
    folder: str
    commit_interval_s: int
    tables: Sequence[tuple[str, str, Mapping[str, Any]]]


class Desk(Protocol):
    """Where settings are read and changed."""

    async def settings(self) -> Settings:
        """What is configured now."""

    async def choose_objective(self, goals: Mapping[str, float | None] | None) -> None:
        """Let these be the objectives, or what the file says. Raises StoreError when it cannot be kept."""

    async def choose_household(self, address: str | None, language: str) -> None:
        """Tell these addresses, or whom the file names. Raises ConfigError when it is none, StoreError."""

    async def commit(self) -> None:
        """Write all that waits. Raises StoreError when it cannot be written."""


def settings(desk: Desk) -> Part:
    """The part, for the daemon behind that desk."""
    pages = _Pages(desk)
    return Part(
        menu=(("/settings", "settings"),),
        pages={"/settings": pages.show},
        forms={
            "/settings/objective": _told(pages.objective),
            "/settings/household": _told(pages.household),
            "/settings/file": _told(pages.file),
            "/settings/commit": _told(pages.commit),
        },
        words=SETTINGS_WORDS,
        files=FILES,
    )


def _told(handler: Callable[[Request, View], Awaitable[Response]]) -> Callable[[Request, View], Awaitable[Response]]:
    """The handler; what could not be kept is said to be unchanged."""

    async def answer(request: Request, view: View) -> Response:
        try:
            return await handler(request, view)
        except GatewayError as error:
            log.error("what was chosen at the page could not be kept: %s", error)  # noqa: TRY400 (a sentence)
            view = replace(view, path="/settings")
            back = f'<p><a href="/settings">{view.say("back_to_settings")}</a></p>'
            said = f'<p>{view.say("not_saved")}</p><p lang="en">{escape(str(error))}</p>'
            return html(document(view, "settings", f'<div class="bad" role="alert">{said}</div>{back}'), 500)

    return answer


class _Pages:
    """Who answers."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def show(self, request: Request, view: View) -> Response:
        done = request.args.get("done", "")
        return html(page(view, await self._desk.settings(), f"done_{done}" if done in _DONE else None, good=True))

    async def objective(self, request: Request, view: View) -> Response:
        known, fields = await self._desk.settings(), request.g.fields
        goals = {name: _goal(fields.get(name, "")) for name in GOALS}
        if any(goal is not None and not 0 < goal < _LARGEST_GOAL for goal in goals.values()):
            return html(page(view, known, "wrong_goal"), 400)
        if not known.has_tariff and any(goals[name] for name in GOALS if name.startswith("euros")):
            return html(page(view, known, "wrong_euros"), 400)
        await self._desk.choose_objective(goals)
        return redirect("/settings?done=saved")

    async def household(self, request: Request, view: View) -> Response:
        known, fields = await self._desk.settings(), request.g.fields
        if not known.has_account:
            return html(page(view, known, "wrong_table"), 400)
        if fields.get("language") not in LANGUAGES:
            return html(page(view, known, "wrong_language"), 400)
        try:
            await self._desk.choose_household(fields.get("address", "").strip(), fields["language"])
        except ConfigError:
            return html(page(view, known, "wrong_address"), 400)
        return redirect("/settings?done=saved")

    async def file(self, request: Request, view: View) -> Response:
        """Back to what the file says."""
        table = request.g.fields.get("table", "")
        if table not in _TABLES:
            return html(page(view, await self._desk.settings(), "wrong_table"), 400)
        if table == "objective":
            await self._desk.choose_objective(None)
        else:
            await self._desk.choose_household(None, "")
        return redirect("/settings?done=file")

    async def commit(self, _: Request, __: View) -> Response:
        await self._desk.commit()
        return redirect("/settings?done=committed")


def page(view: View, known: Settings, told: str | None = None, *, good: bool = False) -> str:
    """The page itself; ``told`` is the key of what was done, or of what is wrong."""
    said = f'<p class="{"good" if good else "bad"}" role="status">{view.say(told)}</p>' if told else ""
    tables = "".join(_table(view, *table) for table in known.tables)
    body = (
        f"{said}<section><h2>{view.say('choose_here')}</h2><p>{view.say('choose_here_intro')}</p>"
        f"{_objective(view, known)}{_household(view, known)}</section>"
        f"<section><h2>{view.say('displays_here')}</h2><p>{view.say('displays_here_intro')}"
        f' <a href="/settings/displays">{view.say("displays_here")}</a></p></section>'
        f"<section><h2>{view.say('commit')}</h2><p>{view.say('commit_intro', n=known.commit_interval_s)}</p>"
        f"{form(view, '/settings/commit', '', 'commit')}</section>"
        f"<section><h2>{view.say('doctor')}</h2><p>{view.say('doctor_intro')}"
        f' <a href="/links">{view.say("links")}</a></p></section>'
        f"<section><h2>{view.say('series')}</h2><p>{view.say('series_where')}"
        f' <a href="/series">{view.say("series")}</a></p></section>'
        f"<section><h2>{view.say('said_by_file')}</h2>"
        f"<p>{view.say('said_by_file_intro', file=known.folder)}</p>{tables}</section>"
    )
    return document(replace(view, path="/settings"), "settings", body, files=FILES)


def _objective(view: View, known: Settings) -> str:
    inner = "".join(
        f'<label>{view.say(name)}<input name="{name}" inputmode="decimal" maxlength="12" autocomplete="off"'
        f' value="{_written(view, known.goals[name])}"></label>'
        for name in GOALS
        if known.has_tariff or not name.startswith("euros")
    )
    more = "" if known.has_tariff else f'<p class="quiet">{view.say("no_tariff")}</p>'
    fields = f'<div class="fields">{inner}</div>'
    return (
        f"<h3>{view.say('objective')}</h3><p>{view.say('objective_intro')}</p>{more}"
        f"{form(view, '/settings/objective', fields, 'save')}{_origin(view, known, 'objective')}"
    )


def _household(view: View, known: Settings) -> str:
    title = f"<h3>{view.say('household')}</h3><p>{view.say('household_intro')}</p>"
    if not known.has_account:
        return f'{title}<p class="quiet">{view.say("no_account")}</p>'
    options = "".join(
        f'<option value="{lang}"{" selected" if lang == known.language else ""}>'
        f"{view.say('french' if lang == FRENCH else 'english')}</option>"
        for lang in LANGUAGES
    )
    inner = (
        f'<label>{view.say("household_address")}<input name="address" maxlength="1024" autocomplete="off"'
        f' autocapitalize="none" spellcheck="false" required value="{escape(known.address)}"></label>'
        f'<label>{view.say("household_language")}<select name="language">{options}</select></label>'
    )
    return title + form(view, "/settings/household", inner, "save") + _origin(view, known, "household")


def _origin(view: View, known: Settings, table: str) -> str:
    """Whose word it is, and the way back to the file."""
    if table not in known.chosen:
        return f'<p class="quiet">{view.say("by_file")}</p>'
    back = press(view, "/settings/file", {"table": table}, "as_file", "as_file_of", what=view.words[table])
    return f'<div class="actions"><p class="quiet">{view.say("by_page")}</p>{back}</div>'


def _table(view: View, kind: str, name: str, values: Mapping[str, Any]) -> str:
    rows = [(f"key_{key}", _value(view, key, value)) for key, value in values.items()]
    return f"<h3>{view.say(f'table_{kind}', name=name)}</h3>{facts(view, rows)}"


def _value(view: View, key: str, value: object) -> str:
    word = "none" if value is None or value in ("", (), [], {}) else str(value).lower()
    for known in (f"value_{key}_{word}", f"value_{word}"):
        if known in view.words:
            return view.say(known)
    if isinstance(value, Phrase):
        return escape(value.fr if view.lang == FRENCH else value.en)
    if isinstance(value, dict):
        return escape(", ".join(f"{name} {_written(view, price)}" for name, price in value.items()))
    if isinstance(value, list | tuple):
        return escape(", ".join(map(str, value)))
    return escape(_written(view, value) if isinstance(value, int | float) else str(value))


def _written(view: View, value: float | None) -> str:
    """A number as it is written and read again, in the language."""
    text = "" if value is None else f"{value:.15g}"
    return text.replace(".", ",") if view.lang == FRENCH else text


def _goal(text: str) -> float | None:
    """A number with a comma or a point; None for an empty box, one that is out of every range for what is none."""
    plain = "".join(text.split()).replace(",", ".")
    if not plain:
        return None
    try:
        found = float(plain)
    except ValueError:
        return -1.0
    return found if math.isfinite(found) else -1.0
