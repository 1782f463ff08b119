"""The part *join a co-operative*: a link is read, its text shown, the yes given with the password of the page.

What a phone's camera opens has the invitation behind its ``#``, which no browser sends: ``join.js`` puts it into the
field. Without scripts it is pasted there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from gateway.consent.orders import Shown
from gateway.errors import GatewayError
from gateway.web.http.answers import html, late, redirect
from gateway.web.part import PageGroup
from gateway.web.refused import refused_at
from gateway.web.settings.form import why_not
from gateway.web.sharing.answer import PASSWORD
from gateway.web.sharing.in_words import InWords
from gateway.web.sharing.pages import confirm, words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from microdot import Request, Response

    from gateway.web.view import PageView
    from gateway.web.words import Words

PATH = "/sharing/join"
FILES = ("sharing.css", "settings.css", "join.js")
# Several times what a link has.
_LONGEST = 4_000


class HouseThatJoins(Protocol):
    """Who does it; each raises GatewayError with a sentence."""

    def meters(self) -> Sequence[str]:
        """The meters of the house, to be chosen from where there are several."""

    def known(self) -> Mapping[str, Any]:
        """What waits (``waiting``: controller, why by language; or None), or came to nothing (``refused``, likewise).

        ``invited``: by whom the invitation is that the card brought, until it is answered. ``joined``: controller, at
        (POSIX s).
        """

    async def read(self, link: str, lang: str, meter: str | None) -> Mapping[str, Any]:
        """The text of an invitation, of the card's for an empty link: words, lang, hash, controller, addresses, asked.

        ``asked``: series, granularity, until (its last day), purpose.
        """

    async def yes(self, link: str, shown: Shown, meter: str | None) -> Mapping[str, Any]:
        """The household's yes to it: controller, and what was given."""

    async def decline(self) -> bool:
        """The household's no to what the card brought; whether there was anything to say no to."""

    async def stop(self) -> bool:
        """Carry out no more what waits; whether anything did."""

    async def seen(self) -> None:
        """Why the last yes came to nothing was read."""


def joining(house: Callable[[], HouseThatJoins]) -> PageGroup:
    """The part; the house is asked for when somebody looks at it."""
    pages = _Pages(house)
    return PageGroup(
        menu=((PATH, "join"),),
        pages={PATH: pages.show},
        forms={
            f"{PATH}/text": pages.read,
            f"{PATH}/yes": pages.give,
            f"{PATH}/no": pages.decline,
            f"{PATH}/stop": pages.stop,
            f"{PATH}/seen": pages.seen,
        },
        words=_words,
        files=FILES,
        refused=refused_at("join", "back", PATH, FILES),
    )


class _Pages:
    """Who answers."""

    def __init__(self, house: Callable[[], HouseThatJoins]) -> None:
        self._house = house

    async def show(self, request: Request, view: PageView) -> Response:
        """What the card brought, with its text; what waits; and the field for a link."""
        page = self._page(view, done=request.args.get("done", ""), brought=await self._brought(view))
        return html(page)

    async def read(self, request: Request, view: PageView) -> Response:
        """The text of the invitation, and the yes under it."""
        typed = _typed(request.g.fields)
        try:
            text = await self._house().read(typed["link"], view.lang, typed["meter"] or None)
        except GatewayError as error:
            return html(self._page(view, typed, error, brought=await self._brought(view)), 409)
        return html(_confirm(view, text, typed))

    async def give(self, request: Request, view: PageView) -> Response:
        """The yes."""
        fields = request.g.fields
        typed, shown = _typed(fields), Shown(fields.get("lang", ""), fields.get("hash", ""))
        meter = typed["meter"] or None
        try:
            text = await self._house().read(typed["link"], shown.lang, meter)
            if text["hash"] != shown.hash:
                # A midnight passed, or the form was not of this page: nothing is given on a text that was not read.
                again = await self._house().read(typed["link"], view.lang, meter)
                return html(_confirm(view, again, typed, "text_changed"), 409)
            if found := await request.g.confirm(fields.get(PASSWORD, "")):
                page = _confirm(view, text, typed, refused=why_not(view, found))
                return late(page, found[1]) if found[1] else html(page, 403)
            await self._house().yes(typed["link"], shown, meter)
        except GatewayError as error:
            return html(self._page(view, typed, error, brought=await self._brought(view)), 409)
        return redirect(f"{PATH}?done=joined")

    async def decline(self, _: Request, __: PageView) -> Response:
        """The no to what the card brought."""
        return _done("declined", await self._house().decline())

    async def stop(self, _: Request, __: PageView) -> Response:
        """Try no more what waits."""
        return _done("stopped", await self._house().stop())

    async def seen(self, _: Request, __: PageView) -> Response:
        """Say no more why the last yes came to nothing."""
        await self._house().seen()
        return redirect(PATH)

    async def _brought(self, view: PageView) -> Mapping[str, Any] | None:
        """What the card brought: whose it is, with its text, or why there is none to read now."""
        controller = self._house().known()["invited"]
        if not controller:
            return None
        try:
            text = await self._house().read("", view.lang, None)
        except GatewayError as error:
            return {"controller": controller, "why": error.phrase.in_language(view.lang)}
        fields = {"hash": text["hash"], "lang": text["lang"], "link": "", "meter": ""}
        shown = {
            "lines": words_of(dict(text)),
            "written_in": text["lang"],
            "fields": fields,
            "short": _short(view, text),
        }
        return {"controller": controller, "why": ""} | shown

    def _page(
        self,
        view: PageView,
        typed: Mapping[str, str] | None = None,
        error: GatewayError | None = None,
        done: str = "",
        brought: Mapping[str, Any] | None = None,
    ) -> str:
        known = self._house().known()
        # What waits says it itself.
        told = error.phrase.in_language(view.lang) if error and not known["waiting"] else ""
        return view.page(
            "joining/page.html",
            here=PATH,
            page_files=list(FILES),
            typed=typed or {"link": "", "meter": ""},
            told=told,
            done=done if done in ("joined", "stopped", "declined") else "",
            brought=brought,
            waiting=known["waiting"],
            refused=known["refused"],
            joined=known["joined"],
            meters=list(self._house().meters()),
        )


def _done(what: str, is_done: bool) -> Response:
    """Back to the page, which says so; or how it stands, where an older page was pressed and nothing came of it."""
    return redirect(f"{PATH}?done={what}" if is_done else PATH)


def _typed(fields: Mapping[str, str]) -> dict[str, str]:
    """What stands in the form; a link may have been broken into lines on its way."""
    return {"link": "".join(fields.get("link", "")[:_LONGEST].split()), "meter": fields.get("meter", "")[:64]}


def _confirm(
    view: PageView, text: Mapping[str, Any], typed: Mapping[str, str], told: str | None = None, refused: str = ""
) -> str:
    """The whole text, and the yes under it."""
    fields = {"hash": text["hash"], "lang": text["lang"], **typed}
    return confirm(view, dict(text), f"{PATH}/yes", PATH, fields, told, refused, _short(view, text))


def _short(view: PageView, text: Mapping[str, Any]) -> Mapping[str, Any]:
    """Who wants what, until when, and what that reveals: what is read before the whole text."""
    return InWords(view).invites(text["controller"], text["asked"])


def _words() -> Mapping[str, Words]:
    from gateway.web.joining.words import JOINING_WORDS  # noqa: PLC0415 (with the first who looks)

    return JOINING_WORDS
