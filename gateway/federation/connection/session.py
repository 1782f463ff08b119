"""One account kept connected: a fresh client for each attempt, watched from the first byte, with no way down to clear.

slixmpp's own reconnection hangs, reorders and drops (a RST during STARTTLS leaves it waiting without any event), so a
client object lives for one connection only. What was not confirmed is sent again by who sent it; nothing waits here.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol
from xml.etree import ElementTree as ET

from slixmpp import JID, ClientXMPP
from slixmpp.exceptions import IqError, IqTimeout
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

from gateway.errors import FederationError, Once
from gateway.federation.connection.addresses import shuffled
from gateway.federation.connection.attempt import LOST, NOT_IN_TIME, STOPPED, Attempt
from gateway.federation.connection.departure import Departures
from gateway.federation.connection.disco import Discovery
from gateway.federation.connection.jids import bare_jid
from gateway.federation.connection.pins import ssl_context
from gateway.federation.connection.stanza_filter import StanzaFilter
from gateway.federation.connection.waiting import wait_any
from gateway.words.language import answered

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from slixmpp.stanza import Iq
    from slixmpp.xmlstream import ElementBase, StanzaBase

    from gateway.federation.connection.disco import Items
    from gateway.federation.connection.strangers import SenderLimits
    from gateway.federation.connection.stream import StreamClient
    from gateway.words.phrase import Phrase

log = logging.getLogger(__name__)

_LONGEST_SENTENCE = 500

_ACK_REQUEST = "<r xmlns='urn:xmpp:sm:3'/>"


@dataclass(frozen=True, slots=True)
class Account:
    """Whose session it is: bare JID, password, ``host:port`` if DNS is not to be asked, the CA if not the system's.

    Of several addresses (the nodes of a cluster) one is taken by chance, and the next when that one fails or is lost.

    ``pins`` (``pins.py``) are asked for besides a trusted certificate, or with ``pin_only`` instead.
    """

    jid: str
    password: str = field(repr=False)
    address: str | Sequence[str] | None = None
    ca_file: Path | None = None
    resource: str = "proxy"
    pins: frozenset[str] = frozenset()
    pin_only: bool = False


@dataclass(frozen=True, slots=True)
class Timing:
    """How long things may take, in seconds.

    The ping waits its turn behind what is in flight: ``ping_timeout`` must exceed window bytes / line rate (60 kB at
    the 3 kB/s of a stock ejabberd are 20 s).
    """

    start: float = 45.0
    ping_every: float = 60.0
    ping_timeout: float = 60.0
    retry_first: float = 1.0
    retry_last: float = 300.0
    retry_refused: float = 60.0
    lasted: float = 60.0
    stop: float = 2.0


@dataclass(frozen=True, slots=True)
class SessionState:
    """What ``status`` shows: connected or not since when (POSIX seconds), attempts since the last success, and why."""

    connected: bool = False
    since: float = 0.0
    attempts: int = 0
    sessions: int = 0
    error: Phrase | None = None


@dataclass(frozen=True, slots=True)
class Stanza:
    """A stanza that came in: id, type, the sender's full and bare JID, its language and its XML."""

    id: str
    type: str
    origin: str
    sender: str
    lang: str
    xml: ET.Element
    client: ClientXMPP = field(repr=False)


class Passwords(Protocol):
    """Where the passwords are that may be the account's: more than one while one is being changed."""

    def candidates(self) -> Sequence[str]:
        """What to try, the likeliest first; at least one."""

    def accepted(self, password: str) -> None:
        """The server took this one."""


class Session:
    """A supervised connection; listeners are told of every session, so they are registered once.

    Args:
        account: who connects.
        timing: how long things may take.
        features: what service discovery says this client can do.
        commands: node -> name of the ad-hoc commands that service discovery lists.
        doorkeeper: judges what comes from others than one's own server; without one everybody may speak.
        passwords: asked before every attempt; without it the account's own is the only one.
        priority: of our presence; below 0 no message to the account as a whole comes here, nor what the server kept
            for it while it was away (RFC 6121 §8.5.2.1).
    """

    def __init__(
        self,
        account: Account,
        timing: Timing | None = None,
        features: Sequence[str] = (),
        commands: dict[str, str] | None = None,
        doorkeeper: SenderLimits | None = None,
        passwords: Passwords | None = None,
        priority: int = 0,
    ) -> None:
        self.account = account
        self.jid = JID(f"{bare_jid(account.jid)}/{account.resource}")
        self.state = SessionState(since=time.time())
        self.connected = asyncio.Event()
        self.acknowledges = False
        # Monotonic seconds, for the watchdog: the loop turns within the longest wait for another attempt.
        self.alive_at = time.monotonic()
        self._timing = timing or Timing()
        self._discovery = Discovery(features, commands or {})
        self._addresses = shuffled(account.address)
        self._ssl = ssl_context(account)
        self._doorkeeper, self._passwords, self._priority = doorkeeper, passwords, priority
        self._turn, self._denied = 0, 0
        self._listeners: list[tuple[str, Callable[[Stanza], None]]] = []
        self._on_change: list[Callable[[bool], None]] = []
        self._on_ack: list[Callable[[str, str], None]] = []
        self._on_absent: list[Callable[[str], None]] = []
        self._on_present: dict[str, Callable[[str], None]] = {}
        self._client: ClientXMPP | None = None
        self.departures = Departures(lambda: self._client)
        self._requests: set[asyncio.Future[Any]] = set()
        self._say = Once(log, last=True)

    def listen(self, xpath: str, callback: Callable[[Stanza], None]) -> None:
        """Call back for every stanza that the XPath (``{jabber:client}iq/{ns}name``) matches, in every session."""
        self._listeners.append((xpath, callback))

    def offer(self, node: str, name: str, items: Items) -> None:
        """Have service discovery list a node, whose items are asked for at every query (``disco``)."""
        self._discovery.offer(node, name, items)

    def on_change(self, callback: Callable[[bool], None]) -> None:
        """Call back with True when a session begins and with False when it ends."""
        self._on_change.append(callback)

    def on_absent(self, callback: Callable[[str], None]) -> None:
        """Call back with the full JID of whoever tells us that it goes offline (RFC 6121 §4.5, §4.6)."""
        self._on_absent.append(callback)

    def on_present(self, callback: Callable[[str], None], origin: str = "") -> None:
        """Call back with the full JID of whoever shows us its presence; of ``origin`` alone, where it is given."""
        self._on_present[str(JID(origin))] = callback

    def on_acknowledged(self, callback: Callable[[str, str], None]) -> None:
        """Call back with recipient (bare JID) and id of every message that one's own server has taken (XEP-0198)."""
        self._on_ack.append(callback)

    def send_message(
        self, to: str, stanza_id: str, *payload: ET.Element, kind: Literal["chat", "headline"] = "chat"
    ) -> bool:
        """Send a ``<message>``; False when there is no session. Nothing is kept for a later session.

        A headline is dropped where its recipient is not there, anything else waits there in an offline store.
        """
        if self._client is None:
            return False
        message = self._client.make_message(mto=JID(to), mtype=kind)
        message["id"] = stanza_id
        for element in payload:
            message.append(element)
        if self._doorkeeper:
            self._doorkeeper.expect(message["to"].bare)
        message.send()
        if self.acknowledges:
            # slixmpp's own request goes out before the stanza that it is about; as a string this one stays in line.
            self._client.send(_ACK_REQUEST)
        return True

    def greet(self, to: str) -> None:
        """Show our presence to one other, who is then told when it ends (directed presence, RFC 6121 §4.6)."""
        if self._client is not None:
            presence = self._client.make_presence(pto=JID(to))
            presence.append(self._discovery.capabilities())
            presence.send()

    def take_leave(self, of: str) -> None:
        """Tell one other that we are not there for it any more, whoever else of our account is (RFC 6121 §4.6.3)."""
        if self._client is not None:
            self._client.make_presence(pto=JID(of), ptype="unavailable").send()

    async def request(
        self, to: str, payload: ET.Element, timeout_s: float = 30.0, kind: Literal["get", "set"] = "set"
    ) -> ET.Element:
        """Send an ``<iq>`` and wait for the answer's payload.

        Raises FederationError with the peer's sentence and condition, or when no answer came.
        """
        client = self._client
        if client is None:
            raise FederationError("there is no connection to the federation", "remote-server-timeout")
        iq = client.make_iq_set(ito=JID(to)) if kind == "set" else client.make_iq_get(ito=JID(to))
        iq.append(payload)
        if self._doorkeeper:
            self._doorkeeper.expect(iq["to"].bare)
        answer: asyncio.Future[Iq] = iq.send(timeout=timeout_s)  # type: ignore[no-untyped-call]
        self._requests.add(answer)
        try:
            result = await answer
        except IqError as error:
            raise FederationError(_plain(error.text) or error.condition, error.condition) from error
        except IqTimeout as error:
            raise FederationError("no answer came in time", "remote-server-timeout") from error
        finally:
            self._requests.discard(answer)
        return next(iter(result.xml), ET.Element("empty"))

    def answer(self, request: Stanza, payload: ET.Element, *, error: bool = False) -> None:
        """Answer an ``<iq>`` with a payload, or with an ``<error>`` element; nothing happens if its session ended."""
        if request.client is not self._client:
            return
        iq = request.client.Iq()
        iq["id"], iq["type"], iq["to"] = request.id, "error" if error else "result", JID(request.origin)
        # The words in it are in this language, whatever that of the stream is.
        iq["lang"] = answered(request.lang)
        iq.append(payload)
        iq.send()  # type: ignore[no-untyped-call]

    async def run(self, stop: asyncio.Event) -> None:
        """Connect, stay connected, connect again; returns within 3 s of ``stop``."""
        delay = self._timing.retry_first
        while not stop.is_set():
            begun = self.alive_at = time.monotonic()
            try:
                refused = await self._live_once(stop)
                lasted = self.state.connected and time.monotonic() - begun >= self._timing.lasted
            finally:
                self._down()
            delay = self._timing.retry_first if lasted else delay
            if refused:
                delay = max(delay, self._timing.retry_refused)
            self.alive_at = time.monotonic()
            # Many gateways meet again after a server's restart: spread them.
            await wait_any(delay * random.uniform(0.7, 1.3), stop)  # noqa: S311 (no secret)
            delay = min(delay * 2, self._timing.retry_last)

    async def _live_once(self, stop: asyncio.Event) -> bool:
        """One attempt and the session that comes of it; True when the server refused the login for now."""
        passwords = self._passwords.candidates() if self._passwords else (self.account.password,)
        password = passwords[self._turn % len(passwords)]
        attempt = Attempt(self.jid, password, self._ssl, self.account.pins or None)
        client = attempt.client
        attempt.on_absent, attempt.on_present = self._absent, self._present
        self._prepare(client)
        try:
            attempt.connect(self._addresses)
            # Next time the others come first: one that takes connections and goes no further holds nobody up for good.
            self._addresses = [*self._addresses[1:], *self._addresses[:1]]
            if not await wait_any(self._timing.start, attempt.started, attempt.gone, stop):
                attempt.fault = attempt.fault or NOT_IN_TIME
            elif attempt.started.is_set() and not attempt.gone.is_set():
                # It comes first from now on: one that is refused is not tried again with each connection.
                self._turn, self._denied = self._turn % len(passwords), 0
                if self._passwords:
                    self._passwords.accepted(password)
                self._up(client)
                await self._watch(attempt, stop)
            if not stop.is_set():
                self._note(attempt.fault or LOST)
        finally:
            self._client = None
            await attempt.close(self._timing.stop if stop.is_set() else 0.0)
        if attempt.denied:
            self._turn, self._denied = self._turn + 1, self._denied + 1
        # The next password is tried at once; the first one again only after a while.
        return attempt.refused and self._denied % len(passwords) == 0

    def _prepare(self, client: StreamClient) -> None:
        for number, (xpath, callback) in enumerate(self._listeners):
            handler = _Handler(client, callback)
            client.register_handler(Callback(f"listener {number}", MatchXPath(xpath), handler))
        client.add_event_handler("stanza_acked", self._acknowledged)
        if self._doorkeeper:
            # Behind the attempt's own filters, which count for stream management what came in.
            door = StanzaFilter(client, self._doorkeeper)
            client.most_parts = door.most_parts
            client.add_filter("in", door)
        client.add_filter("in", client.without_refused)

    def _up(self, client: ClientXMPP) -> None:
        # Here, because what it says is of the full JID that the server has just bound.
        self._discovery.install(client)
        presence = client.make_presence(ppriority=self._priority or None)
        presence.append(self._discovery.capabilities())
        presence.send()
        self._client = client
        self.acknowledges = bool(client.plugin["xep_0198"].enabled_in)
        self.state = SessionState(True, time.time(), 0, self.state.sessions + 1, None)
        self._say.clear()
        log.info("connected to the federation")
        self.connected.set()
        for callback in self._on_change:
            callback(True)

    def _down(self) -> None:
        if self.state.connected:
            self.state = replace(self.state, connected=False, since=time.time())
            self.connected.clear()
            for callback in self._on_change:
                callback(False)
        for answer in self._requests:
            if not answer.done():
                answer.set_exception(FederationError("the connection was lost", "remote-server-timeout"))
        self.state = replace(self.state, attempts=self.state.attempts + 1)

    async def _watch(self, attempt: Attempt, stop: asyncio.Event) -> None:
        while not await wait_any(self._timing.ping_every, attempt.gone, stop):
            self.alive_at = time.monotonic()
            try:
                await attempt.ping(self._timing.ping_timeout)
            except TimeoutError:
                attempt.fault = STOPPED
                return

    def _note(self, fault: Phrase) -> None:
        """Keep the reason for ``status``; say it once as a warning, then quietly."""
        self.state = replace(self.state, error=fault)
        self._say(fault, "federation: %s; trying again", fault)

    def _absent(self, origin: str) -> None:
        for callback in self._on_absent:
            callback(origin)

    def _present(self, origin: str) -> None:
        for callback in filter(None, map(self._on_present.get, ("", origin))):
            callback(origin)

    def _acknowledged(self, stanza: ElementBase) -> None:
        if stanza.name == "message":
            for callback in self._on_ack:
                callback(stanza["to"].bare, stanza["id"])


class _Handler:
    """Turns slixmpp's stanza into ours for one listener."""

    def __init__(self, client: ClientXMPP, callback: Callable[[Stanza], None]) -> None:
        self._client = client
        self._callback = callback

    def __call__(self, stanza: StanzaBase) -> None:
        origin = stanza["from"]
        if origin and stanza.xml is not None:
            lang = str(stanza["lang"] or "")
            found = Stanza(stanza["id"], stanza["type"], origin.full, origin.bare, lang, stanza.xml, self._client)
            self._callback(found)


def _plain(words: str) -> str:
    """A stranger's sentence as one line that cannot move a terminal's cursor: XML lets U+009B, its CSI, through."""
    line = "".join(c for c in " ".join(words.split()) if c.isprintable())
    return line[:_LONGEST_SENTENCE]
