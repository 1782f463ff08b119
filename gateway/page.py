"""The page's place in the daemon: serves it for as long as the daemon lives, with what the house says now.

The same object as on the MQTT feed, whether there is a broker or not. Where the port is taken it is tried again: a page
that cannot be served must not keep the meter from being read.
"""

from __future__ import annotations

import logging
import socket
import time
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

from gateway import __version__
from gateway.errors import AccessError
from gateway.federation.attempt import wait_any
from gateway.live.topics import as_json
from gateway.status import BROKEN, OK, WAITING, Link
from gateway.web.access import Access
from gateway.web.guard import Door, own_names
from gateway.web.server import Server
from gateway.web.site import Site

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable, Mapping

    from gateway.config import Config, Web
    from gateway.live.meter import Value
    from gateway.now import Now

log = logging.getLogger(__name__)

_ROUND_S, _AGAIN_S = 1.0, 30.0
# A wait for news ends at some time, so that whoever is not there any more is forgotten.
_LONGEST_S = 60.0

_PHASES = (("va", "consumption/power/apparent/raw"), ("v", "consumption/voltage/raw"), ("a", "consumption/current/raw"))


class Page:
    """The page of the house.

    Args:
        config: the whole configuration.
        web: its table.
        now: what the meters say.
        report: links and alerts in the form of ``status --json``.
    """

    def __init__(
        self,
        config: Config,
        web: Web,
        now: Now,
        report: Callable[[], Awaitable[dict[str, Any]]],
    ) -> None:
        self._now, self._report = now, report
        self.sources: Mapping[str, str] = {meter.name: meter.source for meter in config.meter}
        self._address = web.address
        self._door = Door(own_names(socket.gethostname(), web.names), tuple(ip_network(one) for one in web.networks))
        self._site: Site | None = None
        self._since, self._served, self._error = time.monotonic(), False, ""
        try:
            self._site = Site(self, Access(config.page_file), __version__)
        except AccessError as error:
            # Served without its password it would be open to all; the meter is read all the same.
            log.error("the page is not served: %s", error)  # noqa: TRY400 (a sentence for a person)
            self._error = str(error)
        self.came_round = time.monotonic()

    def meters(self) -> list[dict[str, object]]:
        """Each meter as the live feed's JSON object, with its ``phases``."""
        now = time.monotonic()
        known = self._now.meters.values()
        return [as_json(meter.snapshot(now)) | {"phases": phases(meter.values())} for meter in known]

    async def report(self) -> dict[str, Any]:
        """Links and alerts in the form of ``status --json``."""
        return await self._report()

    async def changed(self) -> None:
        """Wait until a meter has said something new, or a link has changed."""
        await self._now.changed(self._now.turn, _LONGEST_S)

    async def make_code(self) -> str:
        """A new code with which the password can be set."""
        if self._site is None:
            raise AccessError(self._error)
        return await self._site.make_code()

    async def forget(self) -> None:
        """Forget the password and the displays."""
        if self._site:
            await self._site.forget()

    def link(self, now: float) -> Link:
        """Whether it is served."""
        where = "port {1} of {0}".format(*self._address)
        age = now - self._since
        if self._error:
            return Link("page", BROKEN, age, self._error)
        return Link("page", OK if self._served else WAITING, age, f"served at {where}" if self._served else "not yet")

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until ``stop``."""
        tried = 0.0
        server = Server(self._site, self._door) if self._site else None
        try:
            while not stop.is_set():
                now = self.came_round = time.monotonic()
                if server and not self._served and now - tried >= (_AGAIN_S if tried else 0.0):
                    tried = now
                    await self._listen(server)
                await wait_any(_ROUND_S, stop)
        finally:
            if server:
                await server.stop()

    async def _listen(self, server: Server) -> None:
        host, port = self._address
        try:
            await server.start(host, port)
        except OSError as error:
            sentence = f"port {port} of {host} cannot be had: {error.strerror}; is another program there?"
            log.log(logging.DEBUG if self._error else logging.ERROR, "the page: %s", sentence)
            self._error = sentence
            return
        self._served, self._error, self._since = True, "", time.monotonic()
        log.info("the page is served at port %d of %s", port, host)


def phases(values: Mapping[str, Value]) -> list[dict[str, Value | None]]:
    """Power, voltage and current of each phase that the meter speaks of; of a single one without its power."""
    found: list[dict[str, Value | None]] = []
    for phase in (1, 2, 3):
        row = {key: values.get(f"{series}/phase/{phase}") for key, series in _PHASES}
        if any(value is not None for value in row.values()):
            found.append({"phase": phase, **row})
    if found:
        return found
    row = {key: values.get(series) for key, series in _PHASES}
    return [{"phase": 1, **row}] if row["v"] is not None or row["a"] is not None else []
