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
from gateway.words.phrase import NOTHING, Phrase

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.web.http.server import Server
    from gateway.web.https.certificate import PageCertificate

log = logging.getLogger(__name__)

_ROUND_S, _AGAIN_S, _RENEW_ROUND_S = 2.0, 30.0, 3600.0

_NO_PORT = Phrase("port {port} of {host} cannot be had: {why}; is another program there?")
_SERVED = Phrase("encrypted at port {port} of {host}; certificate until {date}")
_AUTHORITY = Phrase("; its authority, SHA-256: {fingerprint}")
_NOT_YET = Phrase("not yet")


class EncryptedPage:
    """The encrypted way to the page.

    Args:
        certificate: what is shown.
        address: host and port.
        clock: the time (POSIX seconds); None where nobody knows it.
    """

    def __init__(
        self, certificate: PageCertificate, address: tuple[str, int], clock: Callable[[], float | None]
    ) -> None:
        self.certificate, self._address, self._clock = certificate, address, clock
        self._server: Server | None = None
        self._since, self._refused = time.monotonic(), NOTHING
        self._tried, self._renewed = -_AGAIN_S, -_RENEW_ROUND_S
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
        host, port = self.certificate.host(named(called)), self._address[1]
        return f"https://{f'[{host}]' if ':' in host else host}{f':{port}' if port != 443 else ''}"

    def is_own(self, called: str) -> bool:
        """Whether a page that is called so (a Host header) is one of this gateway's."""
        return self._server is not None and self._server.is_called(called)

    def where(self) -> dict[str, Any]:
        """Where it is, and the fingerprint of the house's own authority; nothing where it is not served."""
        there, authority = self.url(""), self.certificate.authority
        if there is None:
            return {}
        return {"encrypted": there} | ({"fingerprint": authority.sha256} if authority else {})

    def links(self, now: float) -> list[Link]:
        """Whether it is served; nothing where nobody has made a certificate."""
        state = self._state()
        return [Link(LinkKind.PAGE, "https", state[0], now - self._since, state[1])] if state else []

    def _state(self) -> tuple[str, Phrase] | None:
        known, (host, port) = self.certificate, self._address
        if fault := self._refused or known.fault(self._now()):
            return BROKEN, fault
        if known.shown is None:
            return None
        if not self.is_served:
            return WAITING, _NOT_YET
        by = _AUTHORITY.filled(fingerprint=known.authority.sha256) if known.authority else NOTHING
        return OK, _SERVED.filled(host=host, port=port, date=known.shown.until.date()) + by

    async def run(self, stop: asyncio.Event) -> None:
        """Keep it open until ``stop``."""
        try:
            while not stop.is_set():
                self.alive_at = time.monotonic()
                await self._tend(self.alive_at)
                await wait_any(_ROUND_S, stop)
        finally:
            if self._server:
                await self._server.stop_tls()

    async def _tend(self, now: float) -> None:
        if now - self._renewed >= _RENEW_ROUND_S:
            self._renewed = now
            await asyncio.to_thread(self.certificate.look)
            await self.certificate.renew(self._now())
        changed = await asyncio.to_thread(self.certificate.look)
        if self._server is None or self.certificate.context is None:
            return
        if not self._server.speaks_tls and now - self._tried >= _AGAIN_S:
            self._tried = now
            self._open(self._server)
        elif changed:
            self._server.renew_tls(self.certificate.context)

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
