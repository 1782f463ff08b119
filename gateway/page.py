"""The page's place in the daemon: keeps what the meters say for it, and serves it for as long as the daemon lives.

The same object as on the MQTT feed, made in the same way, whether there is a broker or not. Where the port is taken it
is tried again: a page that cannot be served must not keep the meter from being read.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

from gateway import __version__
from gateway.errors import AccessError, StoreError
from gateway.federation.attempt import wait_any
from gateway.feed import day_of, second_of, states_by_name, states_of_meter
from gateway.live.meter import LiveMeter
from gateway.live.topics import as_json
from gateway.status import BROKEN, OK, WAITING, Link
from gateway.web.access import Access
from gateway.web.guard import Door, own_names
from gateway.web.server import Server
from gateway.web.site import Site

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from gateway.config import Config, Web
    from gateway.live.meter import Value
    from gateway.store.store import Store
    from gateway.tic.reading import Reading

log = logging.getLogger(__name__)

_ROUND_S, _DAY_EVERY_S, _AGAIN_S = 1.0, 60.0, 30.0

_PHASES = (("va", "consumption/power/apparent/raw"), ("v", "consumption/voltage/raw"), ("a", "consumption/current/raw"))


class Page:
    """The page of the house.

    Args:
        config: the whole configuration.
        web: its table.
        store: asked for the day through ``call``, on the store's thread.
        call: ``await call(function, *arguments)``.
        report: links and alerts in the form of ``status --json``.
        clock: POSIX seconds, None while the host does not know the time.
    """

    def __init__(
        self,
        config: Config,
        web: Web,
        store: Store,
        call: Callable[..., Awaitable[Any]],
        report: Callable[[], Awaitable[dict[str, Any]]],
        clock: Callable[[], float | None] = time.time,
    ) -> None:
        self._store, self._call, self._clock, self._report = store, call, clock, report
        self._meters = {meter.name: LiveMeter(meter.name) for meter in config.meter}
        self._counters = [one.name for one in config.counter if one.quantity == "electricity-produced"]
        self.sources: Mapping[str, str] = {meter.name: meter.source for meter in config.meter}
        self._address = web.address
        self._door = Door(own_names(socket.gethostname(), web.names), tuple(ip_network(one) for one in web.networks))
        self._site: Site | None = None
        self._news = asyncio.Event()
        self._since, self._served, self._error = time.monotonic(), False, ""
        try:
            self._site = Site(self, Access(config.page_file), __version__)
        except AccessError as error:
            # Served without its password it would be open to all; the meter is read all the same.
            log.error("the page is not served: %s", error)  # noqa: TRY400 (a sentence for a person)
            self._error = str(error)
        self._day_asked = 0.0
        self.came_round = time.monotonic()

    def hear(self, meter: str, readings: Iterable[Reading], at: datetime | None, *, standard: bool) -> None:
        """A frame came and is believed; ``at`` is None while nobody can date it."""
        self._meters[meter].hear(readings, at, time.monotonic(), standard=standard)
        self._tell()

    def look(self, links: Sequence[Link], *, alert: bool) -> None:
        """How every link stands, and whether the household was told of a fault."""
        states = states_by_name(links)
        for name, meter in self._meters.items():
            meter.links, meter.alert = states_of_meter(name, states), alert

    def meters(self) -> list[dict[str, object]]:
        """Each meter as the live feed's JSON object, with its ``phases``."""
        now = time.monotonic()
        return [as_json(meter.snapshot(now)) | {"phases": phases(meter.values())} for meter in self._meters.values()]

    async def report(self) -> dict[str, Any]:
        """Links and alerts in the form of ``status --json``."""
        return await self._report()

    async def changed(self) -> None:
        """Wait until a meter has said something new."""
        await self._news.wait()

    async def make_code(self) -> str:
        """A new code with which the password can be set."""
        if self._site is None:
            raise AccessError(self._error)
        return await self._site.make_code()

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
                await self._know_the_day()
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

    async def _know_the_day(self) -> None:
        now, clock = time.monotonic(), self._clock()
        if clock is None or (self._day_asked and now - self._day_asked < _DAY_EVERY_S):
            return
        self._day_asked = now
        try:
            for name, meter in self._meters.items():
                meter.day = await self._call(day_of, self._store, name, self._counters, second_of(meter, clock))
        except StoreError as error:
            # The link of the store says it already; what was known stays.
            log.debug("the day could not be read: %s", error)

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()


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
