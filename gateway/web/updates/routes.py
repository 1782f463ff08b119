"""The part *updates*: the version that runs, the one that is there, and the household's yes, no, tonight, or back.

What has another program run takes the password again; to look for one, and to say no, does not.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gateway.web.http.answers import html, late, plain, redirect
from gateway.web.part import PageGroup
from gateway.web.refused import refused_at
from gateway.web.settings.form import why_not

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from microdot import Request, Response

    from gateway.web.view import PageView
    from gateway.web.words import Words

    # How updates stand after this was done: an action of ``control.messages.Update``, a language, a version or "".
    Standing = Callable[[str, str, str], Awaitable[Mapping[str, Any]]]
    # Whether an update goes on no more; it began when this number was ``told`` of how updates stand.
    HasEnded = Callable[[int], bool]

_PATH = "/settings/updates"
_ENDED = f"{_PATH}/ended"
FILES = ("sharing.css", "settings.css")
_ACTIONS = ("check", "install", "tonight", "refuse", "back")
# Those that another program comes of, and the field of the form in which the password is typed for each.
_PASSWORDS = {"install": "own_password", "tonight": "own_password", "back": "back_password"}


def updates(standing: Standing, has_ended: HasEnded) -> PageGroup:
    """The part, for a house of which that is asked."""
    pages = _Pages(standing, has_ended)
    return PageGroup(
        menu=(),
        pages={_PATH: pages.show, _ENDED: pages.ended},
        forms={f"{_PATH}/{action}": pages.act for action in _ACTIONS},
        words=_words,
        files=(*FILES, "back.js"),
        # Who waits for it was signed out by the start that it ends with.
        open_to_all=frozenset({_ENDED}),
        refused=refused_at("updates", "back_to_updates", _PATH, FILES),
    )


class _Pages:
    """Who answers."""

    def __init__(self, standing: Standing, has_ended: HasEnded) -> None:
        self._standing, self._has_ended = standing, has_ended

    async def show(self, _: Request, view: PageView) -> Response:
        return html(await self._page(view))

    async def act(self, request: Request, view: PageView) -> Response:
        fields, action = request.g.fields, request.path.rpartition("/")[2]
        if field := _PASSWORDS.get(action):
            found = await request.g.confirm(fields.get(field, ""))
            if found:
                text = await self._page(view, {field: why_not(view, found)})
                return late(text, found[1]) if found[1] else html(text, 403)
        await self._standing(action, view.lang, fields.get("version", "")[:60])
        return redirect(_PATH)

    def ended(self, request: Request, _: PageView) -> Response:
        """Whether the one that was begun then has ended, for whoever has its page open."""
        told = request.args.get("told", "")
        is_number = told.isascii() and told.isdigit() and len(told) < 12
        return plain("yes" if is_number and self._has_ended(int(told)) else "no")

    async def _page(self, view: PageView, wrong: Mapping[str, str] | None = None) -> str:
        known = await self._standing("status", view.lang, "")
        sentence = known["sentence"].get(view.lang, "")
        wish = known["wish"]
        begun = wish is not None and (wish["begun"] or wish["when"] == "now")
        ended = None if begun else known["ended"]
        more = {"known": known, "sentence": sentence, "wrong": wrong or {}, "begun": begun, "ended": ended}
        more |= {"page_files": [*FILES, *(["back.js"] if begun else [])], "question": f"{_ENDED}?told={known['told']}"}
        return replace(view, path="/settings").page("updates/page.html", here=_PATH, **more)


def _words() -> Mapping[str, Words]:
    from gateway.web.updates.words import UPDATES_WORDS  # noqa: PLC0415 (with the first who looks)

    return UPDATES_WORDS
