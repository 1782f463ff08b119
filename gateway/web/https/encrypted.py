"""The encrypted page's place in the daemon: a second way to the same pages, open wherever there is a certificate.

A cell of its own: whatever fails here, the page in clear goes on. Its connections have the places of the other one's.
"""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from gateway.errors import reason
from gateway.federation.connection.waiting import wait_any
from gateway.links.link import BROKEN, OK, WAITING, Link, LinkKind
from gateway.web.http.guard import named
from gateway.web.https.certificate import day
from gateway.words.phrase import NOTHING, Phrase

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.web.http.server import Server
    from gateway.web.https.certificate import PageCertificate

log = logging.getLogger(__name__)

_ROUND_S, _AGAIN_S = 2.0, 30.0
# Names, addresses and time are looked at so often: at a first start there is no network yet. What was made is given so
# long before it is asked for again; what was refused ever longer.
_LOOK_S, _MADE_S, _REFUSED_S, _LONGEST_PAUSE_S = 60.0, 300.0, 600.0, 86_400.0

_NO_PORT = Phrase("port {port} of {host} cannot be had: {why}; is another program there?")
_SERVED = Phrase("encrypted at port {port} of {host}; certificate until {date}")
_AUTHORITY = Phrase("; its authority, SHA-256: {fingerprint}")
_NOT_YET = Phrase("not yet")
_NOT_MADE = Phrase("nobody has made a certificate yet")


class EncryptedPage:
    """The encrypted way to the page.

    Args:
        certificate: what is shown.
        address: host and port.
        clock: the time (POSIX seconds); None where nobody knows it.
        chosen: whether somebody has said so; else a port that another program has is no fault.
    """

    def __init__(
        self,
        certificate: PageCertificate,
        address: tuple[str, int],
        clock: Callable[[], float | None],
        *,
        chosen: bool = True,
    ) -> None:
        self.certificate, self._address, self._clock, self._chosen = certificate, address, clock, chosen
        self._server: Server | None = None
        self._since, self._refused = time.monotonic(), NOTHING
        self._tried = self._asked = float("-inf")
        self._pause_s, self._refusals = 0.0, 0
        self._renewal: asyncio.Task[bool | None] | None = None
        self.alive_at = time.monotonic()

    def join(self, server: Server) -> None:
        """Open this way to the pages of that server."""
        self._server = server

    @property
    def is_served(self) -> bool:
        """Whether somebody who comes is let in here."""
        return self._server is not None and self._server.speaks_tls

    def url(self, called: str) -> str | None:
        """Where the page that is called so (a Host header) is encrypted; None where it is not."""
        if not self.is_served:
            return None
        # Not by a number of IPv6, which a page's policy cannot name (CSP, host-source).
        name, port = named(called), self._address[1]
        host = self.certificate.host("" if ":" in name else name)
        return f"https://{host}{f':{port}' if port != 443 else ''}" if host else None

    def is_own(self, called: str) -> bool:
        """Whether a page that is called so (a Host header) is one of this gateway's."""
        return self._server is not None and self._server.is_called(called)

    def where(self, called: str = "") -> dict[str, Any]:
        """Where the page that is called so is encrypted, and the fingerprint of its own authority; else nothing.

        With two machines of one name in the house, only what this one is called leads to it.
        """
        there, authority = self.url(called), self.certificate.authority
        if there is None:
            return {}
        return {"encrypted": there} | ({"fingerprint": authority.sha256} if authority else {})

    def links(self, now: float) -> list[Link]:
        """Whether it is served; nothing where nobody has made a certificate."""
        state = self._state()
        return [Link(LinkKind.PAGE, "https", state[0], now - self._since, state[1])] if state else []

    def why_not(self) -> Phrase:
        """Why it is not served, where it is not."""
        state = self._state()
        return state[1] if state else _NOT_MADE

    def _state(self) -> tuple[str, Phrase] | None:
        known, (host, port) = self.certificate, self._address
        if self._refused:
            return BROKEN if self._chosen else WAITING, self._refused
        if fault := known.fault(self._now()):
            return BROKEN, fault
        if known.shown is None:
            return None
        if not self.is_served:
            return WAITING, _NOT_YET
        by = _AUTHORITY.filled(fingerprint=known.authority.sha256) if known.authority else NOTHING
        return OK, _SERVED.filled(host=host, port=port, date=day(known.shown.until)) + by

    async def run(self, stop: asyncio.Event) -> None:
        """Keep it open until ``stop``."""
        try:
            while not stop.is_set():
                self.alive_at = time.monotonic()
                await self._tend(self.alive_at)
                await wait_any(_ROUND_S, stop)
        finally:
            if self._renewal:
                self._renewal.cancel()
                await asyncio.gather(self._renewal, return_exceptions=True)
                self._renewal = None
            if self._server:
                await self._server.stop_tls()

    async def _tend(self, now: float) -> None:
        changed = await asyncio.to_thread(self.certificate.look)
        self._renew(now)
        if self._server is None or self.certificate.context is None:
            return
        if not self._server.speaks_tls and now - self._tried >= _AGAIN_S:
            self._tried = now
            self._open(self._server)
        elif changed:
            self._server.renew_tls(self.certificate.context)

    def _renew(self, now: float) -> None:
        """Ask for another certificate where that is due, beside all else: the helper may be busy for minutes."""
        if self._renewal and self._renewal.done():
            # What it does not recover from costs this cell.
            made, self._renewal = self._renewal.result(), None
            self._refusals = self._refusals + 1 if made is False else 0 if made else self._refusals
            refused_s = min(_REFUSED_S * 2 ** min(self._refusals, 8), _LONGEST_PAUSE_S)
            self._pause_s = _LOOK_S if made is None else _MADE_S if made else refused_s
        if self._renewal is None and now - self._asked >= self._pause_s:
            self._asked = now
            self._renewal = asyncio.get_running_loop().create_task(self.certificate.renew(self._now()))

    def _open(self, server: Server) -> None:
        host, port = self._address
        assert self.certificate.context is not None, "asked before"  # noqa: S101
        try:
            server.start_tls(host, port, self.certificate.context)
        except OSError as error:
            sentence = _NO_PORT.filled(port=port, host=host, why=reason(error))
            log.log(logging.DEBUG if self._refused else logging.ERROR, "the encrypted page: %s", sentence)
            self._refused = sentence
            return
        self._refused, self._since = NOTHING, time.monotonic()
        log.info("the page is served encrypted at port %d of %s", port, host)

    def _now(self) -> datetime | None:
        now = self._clock()
        return None if now is None else datetime.fromtimestamp(now, UTC)
