"""The page's place in the daemon: serves it for as long as the daemon lives, with what the house says now.

The same object as on the MQTT feed, whether there is a broker or not. Where the port is taken it is tried again: a page
that cannot be served must not keep the meter from being read.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway import __version__
from gateway.balance.equivalence import EQUIVALENTS
from gateway.errors import AccessError, reason
from gateway.federation.connection.waiting import wait_any
from gateway.links.link import BROKEN, OK, WAITING, Link, LinkKind
from gateway.live.topics import as_json
from gateway.web.access.access import PageAccess
from gateway.web.home.wall_picture import draw
from gateway.web.http.guard import RequestGuard, own_names
from gateway.web.http.mdns import name_of
from gateway.web.http.server import Server
from gateway.web.reader import StoreReader, nothing_to_settle
from gateway.web.site import Site
from gateway.words.phrase import NOTHING, Phrase

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from gateway.config.tables import Config
    from gateway.config.web import WebTable
    from gateway.household.now import Now
    from gateway.live.meter import Value
    from gateway.live.state import HouseNow
    from gateway.web.access.entrance import Entrance
    from gateway.web.home.picture import PictureRequest
    from gateway.web.home.stored import HomeFigures
    from gateway.web.http.server import ElsewhereSite
    from gateway.web.https.certificate import CertificateMaker
    from gateway.web.https.encrypted import EncryptedPage
    from gateway.web.part import PageGroup

log = logging.getLogger(__name__)

_ROUND_S, _AGAIN_S = 1.0, 30.0
# A wait for news ends at some time, so that whoever is not there any more is forgotten.
_LONGEST_S = 60.0

_PHASES = (("va", "consumption/power/apparent/raw"), ("v", "consumption/voltage/raw"), ("a", "consumption/current/raw"))

_NO_PORT = Phrase("port {port} of {host} cannot be had: {why}; is another program there?")
_SERVED = Phrase("served at port {port} of {host}")
_NOT_YET = Phrase("not yet")


class HousePage:
    """The page of the house.

    Args:
        config: the whole configuration.
        web: its table.
        now: what the meters say.
        report: links and alerts in the form of ``status --json``.
        house: the house now, as ``metrics`` tells it.
        parts: makes further pages for the household, when somebody comes.
        maker: who makes certificates of the house's own authority.
        clock: the time (POSIX seconds); None where nobody knows it.
        security_txt: to whom a weakness is reported (RFC 9116); empty where nobody has said.
        settle: commits what was postponed, before the store is read.
    """

    def __init__(
        self,
        config: Config,
        web: WebTable,
        now: Now,
        report: Callable[[], Awaitable[dict[str, Any]]],
        house: Callable[[], Awaitable[HouseNow]],
        parts: Callable[[], Sequence[PageGroup]] = tuple,
        maker: CertificateMaker | None = None,
        clock: Callable[[], float | None] = time.time,
        security_txt: Callable[[], str] = str,
        settle: Callable[[], Awaitable[None]] = nothing_to_settle,
    ) -> None:
        self._figures: HomeFigures | None = None
        self._settle = settle
        self._now, self._report, self._house = now, report, house
        self._drawing = asyncio.Lock()
        self._config = config
        self._web, self._address = web, web.address
        self._door = RequestGuard(
            own_names(socket.gethostname(), web.names), tuple(ip_network(one) for one in web.networks)
        )
        self._site: Site | None
        self._server: Server | None = None
        self.encrypted = _encrypted(config, web, maker, clock)
        self._since, self._served, self._error = time.monotonic(), False, NOTHING
        try:
            access = PageAccess(config.page_file)
            self._site = Site(
                self, access, __version__, parts, security_txt, self.encrypted, redirects=web.http == "redirect"
            )
        except AccessError as error:
            # Served without its password it would be open to all; the meter is read all the same.
            log.error("the page is not served: %s", error)  # noqa: TRY400 (a sentence for a person)
            self._site, self._error = None, error.phrase
        else:
            self._server = Server(self._site, self._door)
            if self.encrypted:
                self.encrypted.join(self._server)
        self.alive_at = time.monotonic()

    @property
    def name(self) -> str:
        """How the house is called on paper: as its machine is."""
        return socket.gethostname().partition(".")[0]

    @property
    def sources(self) -> Mapping[str, str]:
        """Where each meter is, by its name."""
        return {meter.name: meter.source for meter in self._config.meter}

    @property
    def equivalents(self) -> list[dict[str, Any]]:
        """What a few kWh are worth in words, by language, and its ``wh``."""
        return [one.name.in_every_language() | {"wh": one.wh} for one in EQUIVALENTS]

    def meters(self) -> list[dict[str, object]]:
        """Each meter as the live feed's JSON object, with its ``phases``."""
        now = time.monotonic()
        known = self._now.meters.values()
        return [as_json(meter.snapshot(now)) | {"phases": phases(meter.values())} for meter in known]

    async def report(self) -> dict[str, Any]:
        """Links and alerts in the form of ``status --json``."""
        return await self._report()

    def alerts(self) -> list[dict[str, str]]:
        """What the household is told now, by language, and what ``kind`` of fault or news it is."""
        return [alert.text.in_every_language() | {"kind": alert.kind.name.lower()} for alert in self._now.alerts]

    async def figures(self) -> HomeFigures:
        """What the store knows of the day, a minute old at most."""
        if self._figures is None:
            from gateway.web.home.stored import HomeFigures  # noqa: PLC0415 (with the first who looks)

            self._figures = HomeFigures(self._config, StoreReader(self._config.directory, self._settle), self._now)
        await self._figures.look()
        return self._figures

    def answer_elsewhere(self, who: Callable[[str, Site], ElsewhereSite | None]) -> None:
        """Let that one answer who comes to another address of this machine, where it says so."""
        site, server = self._site, self._server
        if site and server:
            server.elsewhere = lambda address: who(address, site)

    @property
    def entrance(self) -> Entrance | None:
        """Who lets people in; None where the page cannot be served."""
        return self._site.entrance if self._site else None

    @property
    def turned_away(self) -> int:
        """How many requests of who is not at home, or calls it by another name, were refused since it is served."""
        return self._server.turned_away if self._server else 0

    @property
    def requests(self) -> int:
        """How many requests for access wait for an answer."""
        return self._now.requests

    @property
    def invited(self) -> str:
        """By whom an invitation is that whoever prepared the machine brought; empty once it is answered."""
        asked = self.entrance.invited if self.entrance else None
        return asked() if asked else ""

    async def now(self) -> HouseNow:
        """All of it as one object."""
        return await self._house()

    async def picture(self, asked: PictureRequest, meters: Sequence[Mapping[str, object]]) -> bytes:
        """A PNG of one of these meters. Raises ConfigError where pictures cannot be made here."""
        async with self._drawing:
            return await asyncio.to_thread(draw, asked, meters, time.time())

    async def changed(self) -> None:
        """Wait until a meter has said something new, or a link has changed."""
        await self._now.changed(self._now.turn, _LONGEST_S)

    async def make_code(self) -> str:
        """A new code with which the password can be set."""
        if self._site is None:
            raise AccessError(self._error)
        return await self._site.entrance.make_code()

    async def welcome(self) -> dict[str, object]:
        """Where the page is, and a code for ten minutes while it has no password: for who stands before the gateway."""
        if self._site is None:
            raise AccessError(self._error)
        return {"code": await self._site.entrance.welcome(), **await self._ways()}

    async def where(self) -> dict[str, object]:
        """Where the page is, whether its password was set already, and whether a code waits for that."""
        if self._site is None:
            raise AccessError(self._error)
        entrance = self._site.entrance
        return {"ready": entrance.ready, "coded": entrance.has_code, **await self._ways()}

    async def _ways(self) -> dict[str, object]:
        found = await asyncio.to_thread(addresses, self._web)
        called = found[0].partition("://")[2] if found else ""
        return {"addresses": found, **(self.encrypted.where(called) if self.encrypted else {})}

    async def forget(self) -> None:
        """Forget the password and the displays."""
        if self._site:
            await self._site.entrance.forget()

    def links(self, now: float) -> list[Link]:
        """Whether it is served, in clear and encrypted."""
        return [self._link(now), *(self.encrypted.links(now) if self.encrypted else ())]

    def _link(self, now: float) -> Link:
        age = now - self._since
        host, port = self._address
        words = _SERVED.filled(host=host, port=port) if self._served else _NOT_YET
        if self._error:
            return Link(LinkKind.PAGE, "", BROKEN, age, self._error)
        return Link(LinkKind.PAGE, "", OK if self._served else WAITING, age, words)

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until ``stop``."""
        tried = 0.0
        server = self._server
        try:
            while not stop.is_set():
                now = self.alive_at = time.monotonic()
                if server and not self._served and now - tried >= (_AGAIN_S if tried else 0.0):
                    tried = now
                    await self._listen(server)
                if self._site:
                    self._site.entrance.look()
                await wait_any(_ROUND_S, stop)
        finally:
            self._served = False
            if server:
                await server.stop()

    async def _listen(self, server: Server) -> None:
        host, port = self._address
        try:
            await server.start(host, port)
        except OSError as error:
            sentence = _NO_PORT.filled(port=port, host=host, why=reason(error))
            log.log(logging.DEBUG if self._error else logging.ERROR, "the page: %s", sentence)
            self._error = sentence
            return
        self._served, self._error, self._since = True, NOTHING, time.monotonic()
        log.info("the page is served at port %d of %s", port, host)


def _encrypted(
    config: Config, web: WebTable, maker: CertificateMaker | None, clock: Callable[[], float | None]
) -> EncryptedPage | None:
    there = web.encrypted_address
    if there is None:
        return None
    from gateway.web.https.certificate import PageCertificate  # noqa: PLC0415 (a page in clear alone needs none of it)
    from gateway.web.https.encrypted import EncryptedPage  # noqa: PLC0415

    certificate = PageCertificate(web, Path(config.folder), config.certificates, maker)
    return EncryptedPage(certificate, there, clock, chosen=config.settings.origin("web.https") != "default")


def addresses(web: WebTable, name_of: Callable[[str], str | None] = name_of) -> list[str]:
    """How the page is called in the house: by this machine's name where somebody answers to it, last by its number."""
    host, port = web.address
    if host == "localhost" or (host not in {"0.0.0.0", "::"} and ip_address(host).is_loopback):  # noqa: S104
        # A proxy is before it, and has a name and a certificate.
        return [f"https://{name}" for name in web.names[:1]]
    numbers = [host] if host not in {"0.0.0.0", "::"} else [_own_number()]  # noqa: S104
    names = [name for number in numbers if number for name in (name_of(number), number) if name]
    return [f"http://{name}:{port}" for name in names]


def found_name() -> str | None:
    """The name by which this machine is found in the house now; None where nobody says so."""
    number = _own_number()
    return name_of(number) if number else None


def _own_number() -> str:
    """The address by which this machine reaches others; nothing is sent. Empty without a network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # TEST-NET-1 (RFC 5737): it is only asked which way it would go.
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return ""
        return str(probe.getsockname()[0])


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
