"""Signing in: the password and its tries, the code of the first visit, sessions, known devices, links for displays.

A try costs a slow hash, so that they are counted before they are made (``sessions.Limiter``), and of strangers no more
than two wait for theirs: a device that the household signed in with before never waits long behind them.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from gateway.errors import AccessError
from gateway.web.access import pages
from gateway.web.access.access import MOST_LINKS, PageAccess, Viewer, acceptable
from gateway.web.access.sessions import IDLE_S, BrowserSession, BrowserSessions, Limiter, RefusedTries, browser_of
from gateway.web.http.answers import YEAR_S, cookie_of, html, late, origin, redirect, set_cookie
from gateway.web.http.guard import network_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from microdot import Request, Response

    from gateway.web.access.first_visit import FirstVisit, PresenceSigns
    from gateway.web.view import PageView

log = logging.getLogger(__name__)

_SESSION, _DEVICE = "linky_session", "linky_device"
_STRANGERS_AT_ONCE, _NEXT_TURN_S = 2, 2

# What the form of a new link says of whom it is for.
_KINDS = {role.value: role for role in (Viewer.DISPLAY, Viewer.GUEST, Viewer.SCRAPER)}

# A page of this site, as a browser's address bar may have it: not ``//host``, which is another one.
_OWN_PAGE = re.compile(r"/(?![/\\])[!-\[\]-~]{0,400}")


class Entrance:
    """Lets people in, and knows who is.

    Args:
        access: what lasts.
        view: ``view(request, path)`` is for whom a page is written.
        keep_language: the answer, with the language that was asked for kept.
    """

    # What the house has to see by that somebody stands before it; the journal, told by what somebody was let in.
    signs: Callable[[], PresenceSigns] | None = None
    note: Callable[[str], Awaitable[None]] | None = None
    # By whom an invitation is that the household answers first, if the card brought one.
    invited: Callable[[], str] | None = None

    def __init__(
        self, access: PageAccess, view: Callable[..., PageView], keep_language: Callable[[Request, Response], Response]
    ) -> None:
        self._access, self._view, self._keep_language = access, view, keep_language
        self._sessions = BrowserSessions()
        # Who guesses at one shall not use up the tries of the other.
        self._limiters = {"password": Limiter(), "code": Limiter()}
        self._slow, self._strangers_trying = asyncio.Lock(), 0
        self.access, self.sessions, self.refused = access, self._sessions, RefusedTries()
        self._first: FirstVisit | None = None

    def session_of(self, request: Request) -> BrowserSession | None:
        """The session of who asks, if there is one."""
        cookie = cookie_of(request, _SESSION)
        return self._sessions.find(cookie, time.monotonic()) if cookie else None

    def knows(self, request: Request) -> str | None:
        """Who asks, if that is somebody who is signed in, or a device that was."""
        if self.session_of(request):
            return f"session {cookie_of(request, _SESSION)}"
        device = self._access.device_of(cookie_of(request, _DEVICE))
        return f"device {device.hash.hex()}" if device else None

    @property
    def ready(self) -> bool:
        """Whether a password was set."""
        return self._access.ready

    @property
    def has_code(self) -> bool:
        """Whether a code was made that nobody has used yet."""
        return self._access.has_code

    async def make_code(self) -> str:
        """A new code for one setting of the password."""
        async with self._slow:
            return await asyncio.to_thread(self._access.make_code)

    async def welcome(self) -> str | None:
        """A code for who stands before the gateway; None where a password was set already."""
        if self._access.ready:
            return None
        async with self._slow:
            return await asyncio.to_thread(self._access.make_passing_code)

    async def forget(self) -> None:
        """Forget the password and every display, and sign everybody out; the next password needs a new code."""
        async with self._slow:
            await asyncio.to_thread(self._access.forget)
            self._sessions.close_all()

    @property
    def first(self) -> FirstVisit:
        """The visit before there is a password, by whoever has no code."""
        if self._first is None:
            from gateway.web.access.first_visit import FirstVisit, PresenceSigns  # noqa: PLC0415 (a house has one)

            self._first = FirstVisit(self._access, self.signs() if self.signs else PresenceSigns())
        return self._first

    def look(self) -> None:
        """Once a second: whether somebody is seen who has asked for the first password."""
        if self._first:
            self._first.look()

    # --- the password ------------------------------------------------------------------------------------------------

    def show_login(self, request: Request) -> Response:
        """The form that asks for the password."""
        if not self._access.ready:
            return redirect("/setup")
        wanted = own_page(request.args.get("to", ""))
        return self._page(request, pages.login(self._view(request, "/login"), wanted))

    def show_setup(self, request: Request) -> Response:
        """The form that sets the password by a code."""
        return self._page(request, self._setup_page(request, self._view(request, "/setup")))

    def _setup_page(
        self, request: Request, view: PageView, error: str | None = None, wait_s: int = 0, code: str = ""
    ) -> str:
        return pages.setup(view, self.first.view(request), error, wait_s, code=code, has_code=self._access.has_code)

    async def ask_presence(self, request: Request) -> Response:
        """Whoever has no code is about to show that they are at the meter."""
        who = self.knows(request) or network_of(request.client_addr[0])
        answer, why, wait_s = self.first.ask(request, who)
        if answer:
            return answer
        return late(self._setup_page(request, self._view(request, "/setup"), why, wait_s), wait_s)

    async def login(self, request: Request) -> Response:
        """The password was typed."""
        view, wanted = self._view(request, "/login"), own_page(request.g.fields.get("to", ""))

        def again(why: str, wait_s: int) -> str:
            return pages.login(view, wanted, why, wait_s)

        refused = await self._refused(request, "password", request.g.fields.get("password", ""), again)
        return refused or await self._signed_in(request, wanted)

    async def setup(self, request: Request) -> Response:
        """The code and a new password were typed."""
        fields, view = request.g.fields, self._view(request, "/setup")
        code = fields.get("code", "")
        if wrong := _wrong_new(fields):
            return html(self._setup_page(request, view, wrong, code=code), 400)

        def again(why: str, wait_s: int) -> str:
            told = why if wait_s or self._access.has_code else "no_code"
            return self._setup_page(request, view, told, wait_s, code)

        seen = self._first.seen(request) if self._first else None
        if not seen and (refused := await self._refused(request, "code", code, again)):
            return refused
        if not await self._new_password(fields["password"], first=bool(seen), by_code=True):
            return redirect("/setup")
        answer = await self._signed_in(request, "/sharing/join" if self.invited and self.invited() else "/")
        if self._first:
            self._first.taken(request, answer)
        if self.note:
            await self.note(seen.value if seen else "code")
        return answer

    async def change_password(self, request: Request) -> Response:
        """The password and a new one were typed."""
        fields, view = request.g.fields, self._view(request, "/access")
        if wrong := _wrong_new(fields):
            return html(pages.access(view, self._access.links, told=wrong), 400)

        def again(why: str, wait_s: int) -> str:
            return pages.access(view, self._access.links, told=why, wait_s=wait_s)

        if refused := await self._refused(request, "password", fields.get("old", ""), again):
            return refused
        await self._new_password(fields["password"])
        return await self._signed_in(request, "/access?changed=1")

    async def _refused(
        self, request: Request, what: str, secret: str, again: Callable[[str, int], str]
    ) -> Response | None:
        """The answer to a secret that is wrong or tried too often, by ``again(why, seconds)``; None when it fits."""
        found = await self._wrong(request, what, secret)
        if found is None:
            return None
        why, wait_s = found
        return late(again(why, wait_s), wait_s) if wait_s else html(again(why, 0), 403)

    async def confirm(self, request: Request, password: str) -> tuple[str, int] | None:
        """Ask for the password once more: None when it fits, else why not (a key) and for how many seconds to wait."""
        return await self._wrong(request, "password", password)

    async def _wrong(self, request: Request, what: str, secret: str) -> tuple[str, int] | None:
        address, known, limiter = request.client_addr[0], self.knows(request), self._limiters[what]
        who = known or network_of(address)
        found = await self._tried(what, secret, limiter, who, known=known is not None)
        if found is None:
            limiter.succeeded(who)
            return None
        self.refused.note(time.time(), known=known is not None)
        if found[1]:
            return found
        limiter.failed(who, time.monotonic(), known=known is not None)
        log.warning("a wrong %s was typed at the page, by %s", what, address)
        return found

    async def _tried(
        self, what: str, secret: str, limiter: Limiter, who: str, *, known: bool
    ) -> tuple[str, int] | None:
        if not known and self._strangers_trying >= _STRANGERS_AT_ONCE:
            return "too_often", _NEXT_TURN_S
        if waits := limiter.wait_s(who, time.monotonic(), known=known):
            return "too_often", max(1, round(waits))
        return None if await self._fits(what, secret, stranger=not known) else (f"wrong_{what}", 0)

    async def _fits(self, what: str, secret: str, *, stranger: bool) -> bool:
        check = self._access.password_fits if what == "password" else self._access.code_fits
        self._strangers_trying += stranger
        try:
            async with self._slow:
                return await asyncio.to_thread(check, secret)
        finally:
            self._strangers_trying -= stranger

    async def _new_password(self, password: str, *, first: bool = False, by_code: bool = False) -> bool:
        """Set it; False where it was to be the ``first`` one, and another one was set meanwhile."""
        async with self._slow:
            if first and self._access.ready:
                return False
            await asyncio.to_thread(self._access.set_password, password, by_code=by_code)
        self._sessions.close_all()
        log.info("the page's password was set; everybody is signed out")
        return True

    async def _signed_in(self, request: Request, path: str) -> Response:
        answer = redirect(path)
        browser = browser_of(request.headers.get("User-Agent", ""))
        set_cookie(answer, request, _SESSION, self._sessions.open(time.monotonic(), browser), int(IDLE_S))
        try:
            async with self._slow:
                token = await asyncio.to_thread(self._access.know_device, cookie_of(request, _DEVICE), time.time())
        except AccessError as error:
            # Who has the password is let in all the same.
            log.warning("a device that signed in will not be known again: %s", error)
        else:
            set_cookie(answer, request, _DEVICE, token, YEAR_S)
        log.info("somebody signed in at the page")
        return answer

    def logout(self, request: Request) -> Response:
        """Sign out; the device stays known."""
        self._sessions.close(cookie_of(request, _SESSION))
        answer = redirect("/login")
        set_cookie(answer, request, _SESSION, "", 0)
        return answer

    # --- displays ----------------------------------------------------------------------------------------------------

    def show_access(self, request: Request) -> Response:
        """The password, and the displays that may look."""
        told = "changed" if "changed" in request.args else None
        return self._page(
            request, pages.access(self._view(request, "/access"), self._access.links, told=told, good=True)
        )

    async def add_display(self, request: Request) -> Response:
        """A link for one more display or program."""
        fields, view = request.g.fields, self._view(request, "/access")
        name, role = fields.get("name", "").strip(), _KINDS.get(fields.get("kind", ""), Viewer.DISPLAY)
        taken = any(link.name == name for link in self._access.links) or len(self._access.links) >= MOST_LINKS
        if taken or not (1 <= len(name) <= 40 and name.isprintable()):
            return html(pages.access(view, self._access.links, told="bad_name"), 400)

        def again(why: str, wait_s: int) -> str:
            return pages.access(view, self._access.links, told=why, wait_s=wait_s)

        # Who has such a link goes on looking when everybody has been signed out.
        if refused := await self._refused(request, "password", fields.get("own_password", ""), again):
            return refused
        async with self._slow:
            token = await asyncio.to_thread(self._access.add_link, name, time.time(), role)
        log.info("a program may fetch the figures" if role is Viewer.SCRAPER else "a display may look at the page")
        made = pages.NewLink(name, origin(request), token, role)
        return html(pages.access(view, self._access.links, made=made))

    async def remove_display(self, request: Request) -> Response:
        """A display looks no more."""
        async with self._slow:
            await asyncio.to_thread(self._access.remove_link, request.g.fields.get("name", ""))
        return redirect("/access")

    def _page(self, request: Request, text: str) -> Response:
        return self._keep_language(request, html(text))


def sign_in_first(request: Request) -> str:
    """Where to sign in, and to be led from there to the page that was asked for."""
    wanted = own_page(request.url)
    return "/login" if wanted == "/" else f"/login?to={quote(wanted, safe='/')}"


def own_page(asked: Any) -> str:  # noqa: ANN401 (what a browser says, or nothing)
    """The page that is asked for, if it is one of this site and not the entrance itself; otherwise the first one."""
    is_own = isinstance(asked, str) and _OWN_PAGE.fullmatch(asked)
    return asked if is_own and not asked.startswith(("/login", "/setup")) else "/"


def _wrong_new(fields: Mapping[str, str]) -> str | None:
    password = fields.get("password", "")
    if not acceptable(password):
        return "too_short"
    return None if fields.get("again") == password else "not_same"
