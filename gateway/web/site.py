"""The routes: which page for whom. A request that comes here has passed the door (``guard``); ``server`` is around it.

Before a password was set nothing is served but the form that sets it. Whoever is signed in sees everything; a display
with a link sees its own page and what feeds it, and one in a public place only what names nobody.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from dataclasses import replace
from functools import partial
from inspect import isawaitable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from microdot import Microdot, Request, Response

from gateway.errors import AccessError, ConfigError, GatewayError
from gateway.web.access.access import PageAccess, Viewer
from gateway.web.access.entrance import Entrance, own_page, sign_in_first
from gateway.web.home.picture import BadPictureError, read_asked
from gateway.web.http.answers import YEAR_S, PageFile, cookie_of, fields_of, html, plain, redirect, set_cookie
from gateway.web.http.guard import is_own_origin
from gateway.web.http.room import ConnectionLimit, ConnectionPlace
from gateway.web.menu import arranged
from gateway.web.state.pages import links
from gateway.web.view import PageView
from gateway.web.words import PUBLIC_WORDS, WALL_WORDS, WORDS, preferred
from gateway.words.catalogue import ENGLISH, FRENCH, LANGUAGES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
    from fractions import Fraction

    from gateway.web.house import EncryptedWay, PageHouse
    from gateway.web.part import Handler, PageGroup
    from gateway.web.words import Words

log = logging.getLogger(__name__)

_DISPLAY, _LANGUAGE = "linky_display", "linky_language"

_FILES = "page.css page.js home.css home.js presence.js wall.js wifi.css icon.svg icon-180.png".split()
_OWN_PAGES = (("/", "home"), ("/links", "links"), ("/access", "access"))
_SECURITY = "/.well-known/security.txt"
_FOR_ALL = {"/login", "/setup", _SECURITY}
# The forms of who has no password yet, or has lost it.
_FIRST_FORMS = {"/setup", "/setup/presence"}
_DISPLAYS = {Viewer.DISPLAY, Viewer.GUEST}
_FOR_LINKS = {
    "/display": _DISPLAYS, "/display.png": _DISPLAYS, "/events": _DISPLAYS, "/metrics": {Viewer.SCRAPER},
}  # fmt: skip
# Programs that are let in nowhere: to be sent to a form would tell them nothing.
_FOR_PROGRAMS = {"/display.png", "/events", "/metrics"}

MOST_STREAMS = 20
# A stream says at least so often that it lives; the page believes it lost after twice that.
HEARTBEAT_S = 5.0


class Site:
    """The pages of one house.

    Args:
        house: what is shown.
        access: who may see it.
        version: of the program; a display with pages of another one loads them anew.
        parts: makes more pages for the household, when somebody comes.
        security_txt: to whom a weakness is reported (RFC 9116), for whoever is at home; empty: there is no such page.
        encrypted: the encrypted way to them, if there is one.
        redirects: whether who comes in clear is led to that one, or to the steps to it.
    """

    # Of the parts: each ends what is this device's own with its session.
    _leavers: tuple[Callable[[Request], Awaitable[None]], ...] = ()
    # Meter -> what a kWh of it costs now, as the home page last knew it.
    _prices: dict[str, Fraction | None]

    def __init__(
        self,
        house: PageHouse,
        access: PageAccess,
        version: str,
        parts: Callable[[], Sequence[PageGroup]] = tuple,
        security_txt: Callable[[], str] = str,
        encrypted: EncryptedWay | None = None,
        *,
        redirects: bool = False,
    ) -> None:
        self._house, self._access, self._version = house, access, version
        self.entrance = Entrance(access, self.view, self.in_language)
        self._streams = ConnectionLimit(MOST_STREAMS, MOST_STREAMS)
        self._parts, self._joining, self._joined = parts, asyncio.Lock(), False
        self._security_txt, self._prices = security_txt, {}
        self._encrypted, self._for_all = encrypted if redirects else None, _FOR_ALL
        self._files = {name: PageFile(name) for name in _FILES}
        self._names = {name: file.url for name, file in self._files.items()}
        self._menu_words: list[tuple[Mapping[str, Words], str]] = []
        # Language -> its words, from the first visit in it on: nobody has asked for the other one yet.
        self._words: dict[str, Words] = {}
        self._menu: tuple[tuple[str, str], ...] = _OWN_PAGES
        self.app, enter = Microdot(), self.entrance
        self.app.before_request(self._led_to_encrypted)
        self.app.before_request(self._admit)
        for path, handler in (
            ("/", self._now), ("/links", self._links), ("/display", self._display), ("/events", self._events),
            ("/access", enter.show_access), ("/login", enter.show_login), ("/setup", enter.show_setup),
            ("/static/<name>", self.file), ("/metrics", self._metrics), ("/display.png", self._picture),
            (_SECURITY, self._security), ("/more", self._more),
        ):  # fmt: skip
            self.app.route(path)(handler)
        for path, handler in (
            ("/login", enter.login), ("/setup", enter.setup), ("/logout", self._logout),
            ("/access/password", enter.change_password), ("/access/displays", enter.add_display),
            ("/access/displays/remove", enter.remove_display), ("/setup/presence", enter.ask_presence),
        ):  # fmt: skip
            self.app.route(path, methods=["POST"])(self._or_unchanged(handler))
        self.app.errorhandler(404)(lambda request: self._message(request, "not_found", 404))

    async def answer(self, request: Request) -> Response:
        """What a visitor is given; the first one waits until all parts of the page are in memory."""
        async with self._joining:
            if not self._joined:
                # Loaded beside the loop, in which meters are read.
                for part in await asyncio.to_thread(self._parts):
                    self._add(part)
                self._joined = True
                # Who came to the gateway's own Wi-Fi has asked for words before the parts had brought theirs.
                self._words.clear()
        answered: Response = await self.app.dispatch_request(request)
        return answered

    def _add(self, part: PageGroup) -> None:
        self._for_all = self._for_all | part.open_to_all
        self._leavers = (*self._leavers, part.signed_out) if part.signed_out else self._leavers
        self._files |= {name: PageFile(name) for name in part.files}
        self._names |= {name: self._files[name].url for name in part.files}
        for path, word in part.menu:
            # What it is for, behind the menu's last entry; those of ours are among the words of all pages, so that no
            # page's own words are read for it.
            missing = [key for key in (word, "for" + path.replace("/", "_")) if key not in WORDS[ENGLISH]]
            self._menu_words += [
                (part.words(), key) for key in missing if all(key in words for words in part.words().values())
            ]
        self._menu = (*self._menu, *part.menu)
        for path, handler in part.pages.items():
            self.app.route(path)(self._handed_over(handler, part))
        for path, handler in part.forms.items():
            self.app.route(path, methods=["POST"])(self._or_unchanged(self._handed_over(handler, part)))

    def _handed_over(self, handler: Handler, part: PageGroup) -> Callable[..., Awaitable[Response]]:
        async def answer(request: Request, **places: str) -> Response:
            # Where what a form changes is worth it.
            request.g.confirm = partial(self.entrance.confirm, request)
            view = self.view(request, request.path)
            view = replace(view, words=view.words | part.words()[view.lang])
            try:
                answered = handler(request, view, **places)
                done = await answered if isawaitable(answered) else answered
            except GatewayError as error:
                if part.refused is None:
                    raise
                done = part.refused(view, error)
            return self.in_language(request, done)

        return answer

    def _or_unchanged(self, handler: Callable[..., Any]) -> Callable[..., Awaitable[Response]]:
        """The handler of a form; a change that could not be kept is said to be none."""

        async def answer(request: Request, **places: str) -> Response:
            try:
                answered = handler(request, **places)
                done: Response = await answered if isawaitable(answered) else answered
            except AccessError as error:
                log.error("%s", error)  # noqa: TRY400 (a sentence for a person)
                return self._message(request, "not_kept", 500)
            return done

        return answer

    async def _logout(self, request: Request) -> Response:
        """Sign out; what is the device's own ends with it, or is said not to: signed out it is all the same."""
        answer = self.entrance.logout(request)
        for leave in self._leavers:
            try:
                await leave(request)
            except GatewayError as error:
                log.warning("after a sign-out: %s", error)
        return answer

    # --- who asks ----------------------------------------------------------------------------------------------------

    def knows(self, request: Request) -> str | None:
        """Who asks, where a cookie or a link of the page's own says so; None for everybody else."""
        if found := self.entrance.knows(request):
            return found
        link = self._access.link_of(_token(request))
        return f"link {link.name}" if link else None

    async def _admit(self, request: Request) -> Response | None:
        """Nothing to serve, or the answer to somebody who may not have it."""
        if request.path.startswith("/static/"):
            return None
        request.g.fields = fields_of(request) if request.method == "POST" else {}
        request.g.session = self.entrance.session_of(request)
        request.g.role = Viewer.OWNER if request.g.session else self._access.role_of(_token(request))
        if request.method == "POST":
            return self._admit_form(request)
        if request.path in self._for_all or request.g.role is Viewer.OWNER:
            return None
        if request.g.role in _FOR_LINKS.get(request.path, ()):
            return None
        if request.path in _FOR_PROGRAMS:
            return Response("", 401, {"WWW-Authenticate": "Bearer"})
        return redirect(sign_in_first(request) if self._access.ready else "/setup")

    async def _led_to_encrypted(self, request: Request) -> Response | None:
        """For who comes in clear where that is not wanted: the way to the encrypted page; None for all others."""
        if self._encrypted is None or request.scheme == "https" or request.path.startswith("/static/"):
            return None
        if request.path in self._for_all - _FOR_ALL:
            return None
        there = self._encrypted.url(request.headers["Host"])
        if there is None:
            # Nothing is encrypted at the moment, which its link says: to be in the dark as well would help nobody.
            return None
        if request.path in _FOR_PROGRAMS:
            return Response("", 308, {"Location": f"{there}{request.url}"})
        wanted = own_page(request.url) if request.method == "GET" else "/"
        return redirect(f"/https?to={quote(wanted, safe='/')}")

    def _admit_form(self, request: Request) -> Response | None:
        session, token = request.g.session, request.g.fields.get("form_token", "")
        own = is_own_origin({name.lower(): value for name, value in request.headers.items()}, request.scheme)
        if not own or (session and not session.made(token)):
            return self._message(request, "forged", 403)
        if request.path in _FIRST_FORMS or (self._access.ready and (session or request.path == "/login")):
            return None
        return Response("", 403)

    def view(self, request: Request, path: str = "/") -> PageView:
        """For whom a page is written."""
        # An error may come before anybody was looked at.
        session = getattr(request.g, "session", None)
        lang = _language(request)
        if lang not in self._words:
            # The menu stands on every page; what else a part says is its own.
            self._words[lang] = WORDS[lang] | {key: words[lang][key] for words, key in self._menu_words}
        menu = arranged(self._menu)
        return PageView(
            lang, path, session, self._names, self._words[lang], menu,
            requests=lambda: self._house.requests, house=self._house.name, made=time.time(),
        )  # fmt: skip

    def _message(self, request: Request, key: str, status: int) -> Response:
        """One sentence as a page."""
        return html(self.view(request).page("home/message.html", key=key), status)

    # --- pages -------------------------------------------------------------------------------------------------------

    async def _now(self, request: Request) -> Response:
        from gateway.web.home.pages import page  # noqa: PLC0415 (with the first who looks)

        view = self.view(request)
        figures = await self._house.figures()
        self._prices = {name: day.hour.price for name, day in figures.days.items()}
        state = self._state(Viewer.OWNER, view)
        return self._page(request, page(view, state, figures, time.time(), self._house.invited))

    async def _links(self, request: Request) -> Response:
        report = await self._house.report()
        return self._page(request, links(self.view(request, "/links"), report, self._house.sources))

    def _more(self, request: Request) -> Response:
        return self._page(request, self.view(request, "/more").page("more/page.html"))

    def _display(self, request: Request) -> Response:
        guest = "guest" in request.args or request.g.role is Viewer.GUEST
        if (token := request.args.get("token", "")) and (role := self._access.role_of(token)):
            # The address bar of a screen in a hall is read by everybody: the token goes into a cookie.
            answer = redirect("/display?guest=1" if guest or role is Viewer.GUEST else "/display")
            set_cookie(answer, request, _DISPLAY, token, YEAR_S)
            return answer
        view = self.view(request, "/display")
        state = self._state(Viewer.GUEST if guest else Viewer.DISPLAY, view)
        like = [[one[view.lang], one["wh"]] for one in self._house.equivalents]
        words = {key: view.words[key] for key in (PUBLIC_WORDS if guest else WALL_WORDS)}
        values = {"state": state, "script_words": words, "like": like, "public": guest}
        return self._page(request, view.page("home/display.html", **values))

    async def _metrics(self, _: Request) -> Response:
        from gateway.live import metrics  # noqa: PLC0415 (few houses have a Prometheus)

        return plain(metrics.openmetrics(await self._house.now()), kind=metrics.CONTENT_TYPE)

    async def _picture(self, request: Request) -> Response:
        """For a frame on the wall that can only fetch a picture."""
        guest = "guest" in request.args or request.g.role is Viewer.GUEST
        try:
            asked = read_asked(request.args, _language(request), guest=guest)
            picture = await self._house.picture(asked, self._meters(Viewer.GUEST if guest else Viewer.DISPLAY))
        except BadPictureError as error:
            return plain(f"{error}\n", 400)
        except ConfigError as error:
            # Without the library for pictures everything else is served all the same.
            return plain(f"{error}\n", 404)
        return Response(picture, 200, {"Content-Type": "image/png", "Cache-Control": "no-store"})

    def _meters(self, role: Viewer) -> list[dict[str, object]]:
        from gateway.web.home.pages import public  # noqa: PLC0415 (with the first who looks)

        meters = self._house.meters()
        return [public(one) for one in meters] if role is Viewer.GUEST else meters

    def _state(self, role: Viewer, view: PageView) -> dict[str, Any]:
        """What the browser is told; it is the same each second as at first."""
        from gateway.web.home.pages import of_now, of_now_in_public, shown  # noqa: PLC0415 (as above)

        meters, whole = self._meters(role), self._house.meters()
        state: dict[str, object] = {"page": self._version, "meters": meters}
        if role is not Viewer.OWNER:
            write = of_now_in_public if role is Viewer.GUEST else of_now
            return state | {"shown": [write(view, one) for one in whole]}
        now = [shown(view, one, self._prices.get(str(one["meter"]))) for one in whole]
        return state | {"alerts": self._house.alerts(), "shown": now}

    def _page(self, request: Request, text: str) -> Response:
        return self.in_language(request, html(text))

    def in_language(self, request: Request, answer: Response) -> Response:
        """The answer, and the language that was asked for is kept."""
        if request.args.get("lang") in LANGUAGES:
            set_cookie(answer, request, _LANGUAGE, request.args["lang"], YEAR_S)
        return answer

    def _events(self, request: Request) -> Response:
        role = Viewer.GUEST if "guest" in request.args else request.g.role
        kind = {"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        return Response(self._stream(role, request), 200, kind)  # type: ignore[arg-type] # its stubs know no streams

    async def _stream(self, role: Viewer, request: Request) -> AsyncIterator[bytes]:
        """What the meters say, each time that one says something; ends when who asked may look no more.

        Of too many the oldest ends of who has most: a screen in a hall keeps no household from looking.
        """
        ended = asyncio.Event()
        place = ConnectionPlace(self.knows(request) or "", request.client_addr[0], ended.set)
        view = self.view(request)
        self._streams.enter(place)
        try:
            while not ended.is_set() and self._may_still(request):
                state = json.dumps(self._state(role, view), separators=(",", ":"), ensure_ascii=False)
                yield f"data: {state}\n\n".encode()
                try:
                    async with asyncio.timeout(HEARTBEAT_S):
                        await self._house.changed()
                except TimeoutError:
                    continue
        finally:
            self._streams.leave(place)

    def _may_still(self, request: Request) -> bool:
        if request.g.session:
            return self.entrance.session_of(request) is not None
        return self._access.role_of(_token(request)) is not None

    def _security(self, request: Request) -> Response:
        text = self._security_txt()
        return plain(text) if text else self._message(request, "not_found", 404)

    def file(self, request: Request, name: str) -> Response:
        """One of the page's own files."""
        file = self._files.get(name)
        return file.answer(request) if file else html("", 404)


def _token(request: Request) -> str:
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return str(bearer.strip())
    given: str = request.args.get("token") or cookie_of(request, _DISPLAY)
    return given


def _language(request: Request) -> str:
    asked: str = request.args.get("lang") or cookie_of(request, _LANGUAGE)
    return asked if asked in LANGUAGES else preferred(request.headers.get("Accept-Language", FRENCH))
