"""The routes: which page for whom. A request that comes here has passed the door (``guard``); ``server`` is around it.

Before a password was set nothing is served but the form that sets it. Whoever is signed in sees everything; a display
with a link sees its own page and what feeds it, and one in a public place only what names nobody.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
import logging
import time
from importlib.resources import files
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qs

from microdot import Microdot, Request, Response

from gateway.errors import AccessError
from gateway.web import pages
from gateway.web.access import MOST_LINKS, Role, acceptable
from gateway.web.guard import is_own_origin
from gateway.web.pages import View
from gateway.web.sessions import IDLE_S, Limiter, Sessions
from gateway.web.words import FRENCH, LANGUAGES, preferred

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from gateway.web.access import Access

log = logging.getLogger(__name__)

_SESSION, _DISPLAY, _LANGUAGE = "linky_session", "linky_display", "linky_language"
_YEAR_S = 365 * 86_400

# What may be kept of a public place: nothing of the contract, no names, no faults.
_PUBLIC = (
    "time age_s stale drawn_va injected_va injecting tariff_kind tempo_today tempo_tomorrow "
    "drawn_today_wh drawn_yesterday_wh"
).split()
_FOR_ALL = {"/login", "/setup"}
_FOR_DISPLAYS = {"/display", "/events"}

MOST_STREAMS = 20
# A stream says at least so often that it lives; the page believes it lost after twice that.
HEARTBEAT_S = 5.0

_KEEP = f"max-age={_YEAR_S}, immutable"
_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


class House(Protocol):
    """What the page shows."""

    @property
    def sources(self) -> Mapping[str, str]:
        """Meter -> where its bytes come from."""

    def meters(self) -> list[dict[str, object]]:
        """Each meter as the live feed's JSON object, with its ``phases``."""

    async def report(self) -> dict[str, Any]:
        """Links and alerts in the form of ``status --json``."""

    async def changed(self) -> None:
        """Wait until a meter has said something new."""


class Site:
    """The pages of one house.

    Args:
        house: what is shown.
        access: who may see it.
        version: of the program; a display with pages of another one loads them anew.
    """

    def __init__(self, house: House, access: Access, version: str) -> None:
        self._house, self._access, self._version = house, access, version
        self._sessions, self._limiter = Sessions(), Limiter()
        self._slow = asyncio.Lock()
        self._streams = 0
        self._files = {name: _File(name) for name in ("page.css", "page.js", "icon.svg")}
        self._names = {name: file.url for name, file in self._files.items()}
        self.app = Microdot()
        self.app.before_request(self._admit)
        for path, handler in (
            ("/", self._now), ("/links", self._links), ("/display", self._display), ("/events", self._events),
            ("/access", self._show_access), ("/login", self._show_login), ("/setup", self._show_setup),
            ("/static/<name>", self._file),
        ):  # fmt: skip
            self.app.route(path)(handler)
        for path, handler in (
            ("/login", self._login), ("/setup", self._setup), ("/logout", self._logout),
            ("/access/password", self._change_password), ("/access/displays", self._add_display),
            ("/access/displays/remove", self._remove_display),
        ):  # fmt: skip
            self.app.route(path, methods=["POST"])(self._or_unchanged(handler))
        self.app.errorhandler(404)(lambda request: _html(pages.message(self._view(request), "not_found"), 404))

    def _or_unchanged(self, handler: Callable[[Request], Any]) -> Callable[[Request], Awaitable[Response]]:
        """The handler of a form; a change that could not be kept is said to be none."""

        async def answer(request: Request) -> Response:
            try:
                answered = handler(request)
                done: Response = await answered if isawaitable(answered) else answered
            except AccessError as error:
                log.error("%s", error)  # noqa: TRY400 (a sentence for a person)
                return _html(pages.message(self._view(request), "not_kept"), 500)
            return done

        return answer

    async def make_code(self) -> str:
        """A new code for one setting of the password."""
        async with self._slow:
            return await asyncio.to_thread(self._access.make_code)

    async def forget(self) -> None:
        """Forget the password and every display, and sign everybody out; the next password needs a new code."""
        async with self._slow:
            await asyncio.to_thread(self._access.forget)
            self._sessions.close_all()

    # --- who asks ----------------------------------------------------------------------------------------------------

    async def _admit(self, request: Request) -> Response | None:
        """Nothing to serve, or the answer to somebody who may not have it."""
        if request.path.startswith("/static/"):
            return None
        request.g.fields = _fields(request) if request.method == "POST" else {}
        cookie = request.cookies.get(_SESSION, "")
        request.g.session = self._sessions.find(cookie, time.monotonic()) if cookie else None
        request.g.role = Role.OWNER if request.g.session else self._access.role_of(_token(request))
        if request.method == "POST":
            return self._admit_form(request)
        if request.path in _FOR_ALL or request.g.role is Role.OWNER:
            return None
        if request.g.role and request.path in _FOR_DISPLAYS:
            return None
        if request.path == "/events":
            return Response("", 401)
        return _redirect("/login" if self._access.ready else "/setup")

    def _admit_form(self, request: Request) -> Response | None:
        session, token = request.g.session, request.g.fields.get("form_token", "")
        own = is_own_origin({name.lower(): value for name, value in request.headers.items()})
        if not own or (session and not session.made(token)):
            return _html(pages.message(self._view(request), "forged"), 403)
        if request.path == "/setup" or (self._access.ready and (session or request.path == "/login")):
            return None
        return Response("", 403)

    def _view(self, request: Request, path: str = "/") -> View:
        # An error may come before anybody was looked at.
        session = getattr(request.g, "session", None)
        return View(_language(request), path, session, self._names)

    # --- pages -------------------------------------------------------------------------------------------------------

    def _now(self, request: Request) -> Response:
        return self._page(request, pages.now(self._view(request), self._state(Role.OWNER)))

    async def _links(self, request: Request) -> Response:
        report = await self._house.report()
        return self._page(request, pages.links(self._view(request, "/links"), report, self._house.sources))

    def _display(self, request: Request) -> Response:
        guest = "guest" in request.args or request.g.role is Role.GUEST
        if (token := request.args.get("token", "")) and (role := self._access.role_of(token)):
            # The address bar of a screen in a hall is read by everybody: the token goes into a cookie.
            answer = _redirect("/display?guest=1" if guest or role is Role.GUEST else "/display")
            _set_cookie(answer, _DISPLAY, token, _YEAR_S)
            return answer
        state = self._state(Role.GUEST if guest else Role.DISPLAY)
        return self._page(request, pages.display(self._view(request, "/display"), state))

    def _state(self, role: Role) -> dict[str, object]:
        """What the browser is told; it is the same each second as at first."""
        meters = self._house.meters()
        if role is Role.GUEST:
            meters = [{key: meter[key] for key in _PUBLIC} for meter in meters]
        return {"page": self._version, "meters": meters}

    def _page(self, request: Request, text: str) -> Response:
        answer = _html(text)
        if request.args.get("lang") in LANGUAGES:
            _set_cookie(answer, _LANGUAGE, request.args["lang"], _YEAR_S)
        return answer

    def _events(self, request: Request) -> Response:
        if self._streams >= MOST_STREAMS:
            return Response("", 503, {"Retry-After": "10"})
        role = Role.GUEST if "guest" in request.args else request.g.role
        kind = {"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        return Response(self._stream(role, request), 200, kind)  # type: ignore[arg-type] # its stubs know no streams

    async def _stream(self, role: Role, request: Request) -> AsyncIterator[bytes]:
        """What the meters say, each time that one says something; ends when who asked may look no more."""
        self._streams += 1
        try:
            while self._may_still(request):
                state = json.dumps(self._state(role), separators=(",", ":"), ensure_ascii=False)
                yield f"data: {state}\n\n".encode()
                try:
                    async with asyncio.timeout(HEARTBEAT_S):
                        await self._house.changed()
                except TimeoutError:
                    continue
        finally:
            self._streams -= 1

    def _may_still(self, request: Request) -> bool:
        if request.g.session:
            return self._sessions.find(request.cookies[_SESSION], time.monotonic()) is not None
        return self._access.role_of(_token(request)) is not None

    def _file(self, request: Request, name: str) -> Response:
        file = self._files.get(name)
        return file.answer(request) if file else _html("", 404)

    # --- password ----------------------------------------------------------------------------------------------------

    def _show_login(self, request: Request) -> Response:
        if not self._access.ready:
            return _redirect("/setup")
        return self._page(request, pages.login(self._view(request, "/login")))

    def _show_setup(self, request: Request) -> Response:
        error = None if self._access.has_code else "no_code"
        return self._page(request, pages.setup(self._view(request, "/setup"), error))

    async def _login(self, request: Request) -> Response:
        wait_s = await self._try(request, "password_fits", request.g.fields.get("password", ""))
        view = self._view(request, "/login")
        if wait_s:
            return _late(pages.login(view, "too_often", wait_s), wait_s)
        if wait_s is None:
            return _html(pages.login(view, "wrong_password"), 403)
        return self._signed_in(request, "/")

    async def _setup(self, request: Request) -> Response:
        fields, view = request.g.fields, self._view(request, "/setup")
        if wrong := _wrong_new(fields):
            return _html(pages.setup(view, wrong), 400)
        wait_s = await self._try(request, "code_fits", fields.get("code", ""))
        if wait_s:
            return _late(pages.setup(view, "too_often", wait_s), wait_s)
        if wait_s is None:
            return _html(pages.setup(view, "wrong_code" if self._access.has_code else "no_code"), 403)
        await self._new_password(fields["password"])
        return self._signed_in(request, "/")

    async def _change_password(self, request: Request) -> Response:
        fields, view = request.g.fields, self._view(request, "/access")
        if wrong := _wrong_new(fields):
            return _html(pages.access(view, self._access.links, told=wrong), 400)
        wait_s = await self._try(request, "password_fits", fields.get("old", ""))
        if wait_s:
            return _late(pages.access(view, self._access.links, told="too_often", wait_s=wait_s), wait_s)
        if wait_s is None:
            return _html(pages.access(view, self._access.links, told="wrong_password"), 403)
        await self._new_password(fields["password"])
        return self._signed_in(request, "/access?changed=1")

    async def _try(self, request: Request, check: str, secret: str) -> int | None:
        """0 when the secret fits, None when it does not, else after how many seconds it may be tried."""
        address = request.client_addr[0]
        if wait_s := self._limiter.wait_s(address, time.monotonic()):
            return max(1, round(wait_s))
        async with self._slow:
            fits = await asyncio.to_thread(getattr(self._access, check), secret)
        if fits:
            self._limiter.succeeded(address)
            return 0
        self._limiter.failed(address, time.monotonic())
        log.warning("a wrong %s was typed at the page, by %s", check.partition("_")[0], address)
        return None

    async def _new_password(self, password: str) -> None:
        async with self._slow:
            await asyncio.to_thread(self._access.set_password, password)
        self._sessions.close_all()
        log.info("the page's password was set; everybody is signed out")

    def _signed_in(self, request: Request, path: str) -> Response:
        answer = _redirect(path)
        # Behind a proxy that encrypts the cookie is never sent without.
        secure = _origin(request).startswith("https:")
        _set_cookie(answer, _SESSION, self._sessions.open(time.monotonic()), int(IDLE_S), secure=secure)
        log.info("somebody signed in at the page")
        return answer

    def _logout(self, request: Request) -> Response:
        self._sessions.close(request.cookies.get(_SESSION, ""))
        answer = _redirect("/login")
        _set_cookie(answer, _SESSION, "", 0)
        return answer

    # --- displays ----------------------------------------------------------------------------------------------------

    def _show_access(self, request: Request) -> Response:
        told = "changed" if "changed" in request.args else None
        return self._page(
            request, pages.access(self._view(request, "/access"), self._access.links, told=told, good=True)
        )

    async def _add_display(self, request: Request) -> Response:
        fields, view = request.g.fields, self._view(request, "/access")
        name, guest = fields.get("name", "").strip(), "guest" in fields
        taken = any(link.name == name for link in self._access.links) or len(self._access.links) >= MOST_LINKS
        if taken or not (1 <= len(name) <= 40 and name.isprintable()):
            return _html(pages.access(view, self._access.links, told="bad_name"), 400)
        async with self._slow:
            token = await asyncio.to_thread(self._access.add_link, name, time.time(), guest=guest)
        log.info("a display may look at the page")
        address = f"{_origin(request)}/display?token={token}"
        return _html(pages.access(view, self._access.links, made=(name, address)))

    async def _remove_display(self, request: Request) -> Response:
        async with self._slow:
            await asyncio.to_thread(self._access.remove_link, request.g.fields.get("name", ""))
        return _redirect("/access")


class _File:
    """One of the page's own files, read once; its address changes with its content."""

    def __init__(self, name: str) -> None:
        self._plain = files("gateway.web").joinpath("static", name).read_bytes()
        self._packed = gzip.compress(self._plain, mtime=0)
        self.url = f"/static/{name}?v={hashlib.sha256(self._plain).hexdigest()[:8]}"
        self._type = _TYPES[name.rpartition(".")[2]]

    def answer(self, request: Request) -> Response:
        """The file, packed for who can unpack it."""
        headers = {"Content-Type": self._type, "Cache-Control": _KEEP, "Vary": "Accept-Encoding"}
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            return Response(self._packed, 200, headers | {"Content-Encoding": "gzip"})
        return Response(self._plain, 200, headers)


def _fields(request: Request) -> dict[str, str]:
    """The fields of a form; of what is none, nothing."""
    try:
        parsed = parse_qs((request.body or b"").decode(), max_num_fields=20)
    except ValueError:
        return {}
    return {name: values[0] for name, values in parsed.items()}


def _token(request: Request) -> str:
    given: str = request.args.get("token") or request.cookies.get(_DISPLAY, "")
    return given


def _language(request: Request) -> str:
    asked: str = request.args.get("lang") or request.cookies.get(_LANGUAGE, "")
    return asked if asked in LANGUAGES else preferred(request.headers.get("Accept-Language", FRENCH))


def _wrong_new(fields: Mapping[str, str]) -> str | None:
    password = fields.get("password", "")
    if not acceptable(password):
        return "too_short"
    return None if fields.get("again") == password else "not_same"


def _html(text: str, status: int = 200) -> Response:
    return Response(text, status, {"Content-Type": "text/html; charset=UTF-8", "Cache-Control": "no-store"})


def _late(text: str, wait_s: int) -> Response:
    answer = _html(text, 429)
    answer.headers["Retry-After"] = str(wait_s)
    return answer


def _redirect(path: str) -> Response:
    return Response("", 303, {"Location": path, "Cache-Control": "no-store"})


def _origin(request: Request) -> str:
    """How the browser calls the page; it was found to be one of its names."""
    origin: str = request.headers.get("Origin") or f"http://{request.headers['Host']}"
    return origin


def _set_cookie(answer: Response, name: str, value: str, max_age_s: int, *, secure: bool = False) -> None:
    """Not for scripts, and not sent when another site links here."""
    cookie = f"{name}={value}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Strict{'; Secure' if secure else ''}"
    answer.headers.setdefault("Set-Cookie", []).append(cookie)
