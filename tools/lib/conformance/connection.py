"""One side of the conversation: an account's session, all that comes in, and questions with their whole answers."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import deque
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Self
from xml.etree import ElementTree as ET

from slixmpp import JID

from gateway.errors import FederationError
from gateway.federation.connection.one_off import once
from gateway.federation.connection.session import Session, Timing
from gateway.federation.wire.stanza import RECEIPTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from slixmpp.xmlstream import StanzaBase

    from gateway.federation.connection.session import Account, Stanza
    from gateway.federation.connection.stream import StreamClient

_TIMING = Timing(start=20.0, retry_first=0.2, retry_refused=0.2)
# What is held of what came and nobody has asked for: with stanzas of 256 KiB some 75 MB.
_MOST_HEARD = 300
CLIENT = "jabber:client"
# How questions are called; and those that are none, by which whoever reads along knows them.
CALLED, NONSENSE = "conformance", "nonsense"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


class HearingSession(Session):
    """A session that keeps what it hears of one other.

    Args as of ``Session``; ``peer`` is whose messages and presences are kept, with all its resources: what strangers
    send pushes none of them out. ``pause_s`` lies between two questions.
    """

    def __init__(
        self,
        account: Account,
        peer: str,
        features: Sequence[str] = (),
        commands: dict[str, str] | None = None,
        pause_s: float = 0.0,
    ) -> None:
        super().__init__(account, _TIMING, features, commands)
        self.pause_s = pause_s
        self._peer = peer.partition("/")[0].lower()
        self.messages: deque[Stanza] = deque(maxlen=_MOST_HEARD)
        self.presences: deque[ET.Element] = deque(maxlen=_MOST_HEARD)
        # Told of each question that comes in, where somebody answers them.
        self.asked: Callable[[Stanza], None] = lambda _: None
        # Told of each message of the peer.
        self.heard: Callable[[Stanza], None] = lambda _: None
        # Which messages are confirmed as they come.
        self.confirms: Callable[[Stanza], bool] = lambda _: False
        self._answers: dict[str, tuple[str, asyncio.Future[ET.Element]]] = {}
        self._numbers, self._last = itertools.count(1), 0.0
        self._news = asyncio.Event()
        self.listen(f"{{{CLIENT}}}iq", self._take_iq)
        self.listen(f"{{{CLIENT}}}message", self._take_message)

    async def ask(
        self, to: str, payload: ET.Element, seconds: float, kind: str = "set", lang: str = "en", called: str = CALLED
    ) -> ET.Element | None:
        """Send an ``<iq>`` with an id that begins as it is ``called``; the stanza that answers it, None without one."""
        await asyncio.sleep(max(0.0, self._last + self.pause_s - time.monotonic()))
        self._last = time.monotonic()
        client = self._connected()
        number = f"{called}-{next(self._numbers)}"
        iq = client.Iq()
        iq["id"], iq["type"], iq["to"], iq["lang"] = number, kind, JID(to), lang
        iq.append(payload)
        answer: asyncio.Future[ET.Element] = asyncio.get_running_loop().create_future()
        self._answers[number] = to, answer
        client.send(iq)
        try:
            async with asyncio.timeout(seconds):
                return await answer
        except TimeoutError:
            # Of a connection that was lost meanwhile the peer is not to blame.
            self._connected()
            return None
        finally:
            del self._answers[number]

    async def hear(self, fits: Callable[[Stanza], bool], seconds: float) -> Stanza | None:
        """Take out the first message that fits; None when none came in time."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    self._news.clear()
                    for stanza in self.messages:
                        if fits(stanza):
                            self.messages.remove(stanza)
                            return stanza
                    await self._news.wait()
        except TimeoutError:
            return None

    def has(self, fits: Callable[[Stanza], bool]) -> bool:
        """Whether a message that fits is there already; it stays."""
        return any(map(fits, self.messages))

    async def see(self, origin: str, seconds: float) -> ET.Element | None:
        """The last presence that somebody showed; when there is none yet, the next one, or None when none came."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    self._news.clear()
                    for presence in reversed(self.presences):
                        if presence.get("from", "").lower() == origin.lower() and presence.get("type") is None:
                            return presence
                    await self._news.wait()
        except TimeoutError:
            return None

    def show(self, to: str, *, there: bool = True) -> None:
        """Show our presence, or that we go, to one other. FederationError without a connection."""
        client = self._connected()
        if there:
            self.greet(to)
        else:
            client.send_presence(pto=JID(to), ptype="unavailable")

    def confirm(self, stanza_id: str, to: str) -> None:
        """Send a receipt."""
        self.send_message(to, f"r-{stanza_id}", ET.Element(f"{{{RECEIPTS}}}received", {"id": stanza_id}))

    def _connected(self) -> StreamClient:
        if self._client is None:
            raise FederationError(self.state.error or "the connection was lost")
        return self._client

    def _prepare(self, client: StreamClient) -> None:
        super()._prepare(client)
        # Before the one that lets no presence through, behind the one that counts.
        client.add_filter("in", self._take_presence, order=1)

    def _take_presence(self, stanza: StanzaBase) -> StanzaBase:
        if stanza.name == "presence" and stanza.xml is not None and self._is_peers(stanza.xml.get("from", "")):
            self.presences.append(stanza.xml)
            self._news.set()
        return stanza

    def _take_iq(self, stanza: Stanza) -> None:
        if stanza.type in ("get", "set"):
            # Before the session has begun nothing can be answered: it is asked again.
            if stanza.client is self._client:
                self.asked(stanza)
            return
        to, answer = self._answers.get(stanza.id, ("", None))
        # Of whom was asked; its server answers for an address where nobody is.
        if answer is not None and not answer.done() and stanza.xml.get("from", "").lower() == to.lower():
            answer.set_result(stanza.xml)

    def _is_peers(self, origin: str) -> bool:
        return origin.partition("/")[0].lower() == self._peer

    def _take_message(self, stanza: Stanza) -> None:
        if not self._is_peers(stanza.origin):
            return
        self.messages.append(stanza)
        self.heard(stanza)
        if self.confirms(stanza):
            self.confirm(stanza.id, stanza.origin)
        self._news.set()


class Connection:
    """The account's lines, one after the other.

    Args:
        make: makes a line that is not connected yet.
    """

    def __init__(self, make: Callable[[], HearingSession]) -> None:
        self._make, self._open = make, AsyncExitStack()
        self.line: HearingSession

    async def __aenter__(self) -> Self:
        await self._begin()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    async def renew(self) -> None:
        """End the session and begin another one. FederationError where that does not come about."""
        await self._open.aclose()
        await self._begin()

    async def _begin(self) -> None:
        self.line = self._make()
        await self._open.enter_async_context(once(self.line))


def language(stanza: ET.Element) -> str:
    """What a stanza says of its language."""
    return stanza.get(_LANG, "")
