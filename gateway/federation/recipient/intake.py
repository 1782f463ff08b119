"""What comes in for a recipient: packs and notices of its providers, one after the other, confirmed once they are kept.

Who is no provider costs one look into a table: nothing of it is read, kept or answered. Packs and notices of a provider
go through one queue, so that a withdrawal is obeyed after what was sent before it. What does not fit is sent again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from gateway.errors import FederationError, Once, SenMLError
from gateway.federation.connection.waiting import ROUND_S, wait_any
from gateway.federation.recipient.receipts import Receipts
from gateway.federation.wire.notice import NOTICE, Notice, parse_notice
from gateway.federation.wire.sen1 import MESSAGE, ProxySeries, parse_message, series_of
from gateway.federation.wire.stanza import QUOALISE, RECEIPTS, QuoaliseMessage, parse_quoalise
from gateway.store.providers import ReceivedGap

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.federation.connection.session import Session, Stanza

__all__ = [
    "MOST_WAITING",
    "PACK",
    "Arrival",
    "Intake",
    "Keeping",
    "ReceivedGap",
    "asks_receipt",
    "read",
]

log = logging.getLogger(__name__)

PACK = f"{{{QUOALISE}}}quoalise"
_REQUEST = f"{{{RECEIPTS}}}request"

# Twice what a gateway has under way to one recipient.
MOST_WAITING = 64
# Kept in one commit: after an outage a provider's whole window comes at once.
_MOST_TOGETHER = 32


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message: the pack or the notice in it, or the sentence that says why it could not be read."""

    stanza: Stanza
    content: QuoaliseMessage | Notice | str


class ProviderInquiry(Protocol):
    """What a recipient knows of one provider when it asks it for something, and where the answers are kept."""

    # Notices that came so far: what was asked before one may no longer be kept after it.
    notices: int

    async def reached(self) -> tuple[str, int] | None:
        """The provider's epoch and the number up to which nothing is missing."""

    async def begin(self, identifier: str, numbers: tuple[str, int, int] | None) -> None:
        """A subscription was accepted: epoch, first number waiting, last one given, if the provider has them."""

    async def gaps(self) -> Sequence[ReceivedGap]:
        """What is to be asked of the history."""

    async def fill(self, gap: ReceivedGap, parcel: QuoaliseMessage, *, last: bool) -> bool:
        """Commit a page of history, the last one or not; False when no more is wanted. SenMLError for nonsense."""

    async def end(self, identifier: str) -> None:
        """A subscription is over."""


class Keeping(ProviderInquiry, Protocol):
    """Where one provider's data are kept; ``gateway.federation.recipient.recipient`` and ``inbox`` have one each."""

    async def keep(self, arrivals: Sequence[Arrival]) -> Sequence[Arrival]:
        """Commit what may be kept; those that may be confirmed."""


class Intake:
    """Listens for the providers' messages.

    Args:
        session: the connection; listening begins at once, keeping with ``receive``.
        providers: bare JID -> where its data are kept.
        proxies: bare JID of a proxy of 2019 -> its series -> the name that each has here.
    """

    def __init__(
        self,
        session: Session,
        providers: Mapping[str, Keeping],
        proxies: Mapping[str, Mapping[ProxySeries, str]] | None = None,
    ) -> None:
        self._receipts, self._providers, self._proxies = Receipts(session), providers, proxies or {}
        self._queue: deque[Stanza] = deque()
        self._waiting: Counter[str] = Counter()
        self._arrived = asyncio.Event()
        self._say = Once(log)
        self.alive_at = time.monotonic()
        session.listen(f"{{jabber:client}}message/{PACK}", self._take)
        session.listen(f"{{jabber:client}}message/{NOTICE}", self._take_notice)
        if self._proxies:
            session.listen(f"{{jabber:client}}message/{MESSAGE}", self._take_message)

    async def receive(self, stop: asyncio.Event) -> None:
        """Keep and confirm messages until ``stop``."""
        while not stop.is_set():
            self.alive_at = time.monotonic()
            self._arrived.clear()
            while self._queue and not stop.is_set():
                await self._keep_next()
                self.alive_at = time.monotonic()
            if not self._arrived.is_set():
                await wait_any(ROUND_S, self._arrived, stop)

    def _take(self, stanza: Stanza) -> None:
        # One message with both is read as the notice.
        if stanza.xml.find(NOTICE) is None:
            self._admit(stanza)

    def _take_notice(self, stanza: Stanza) -> None:
        if self._admit(stanza):
            self._providers[stanza.sender].notices += 1

    def _take_message(self, stanza: Stanza) -> None:
        message = stanza.xml.find(MESSAGE)
        if message is not None and series_of(message) in self._proxies.get(stanza.sender, {}):
            self._admit(stanza)
        else:
            log.debug("a Sen1Message that no [[received]] names is ignored")

    def _admit(self, stanza: Stanza) -> bool:
        if stanza.sender not in self._providers:
            said = "a message from somebody who is no provider of ours is ignored; such are, from now on"
            self._say("stranger", said)
        elif stanza.type == "error":
            log.debug("a message of our own came back")
        elif self._waiting[stanza.sender] >= MOST_WAITING:
            log.debug("a message is left to be sent again: too many wait")
        else:
            self._waiting[stanza.sender] += 1
            self._queue.append(stanza)
            self._arrived.set()
            return True
        return False

    async def _keep_next(self) -> None:
        """Keep the first messages of one provider together, and confirm them."""
        sender = self._queue[0].sender
        together: list[Stanza] = []
        while self._queue and self._queue[0].sender == sender and len(together) < _MOST_TOGETHER:
            together.append(self._queue.popleft())
        self._waiting[sender] -= len(together)
        arrivals = [Arrival(stanza, self._read(stanza)) for stanza in together]
        for arrival in await self._providers[sender].keep(arrivals):
            if asks_receipt(arrival.stanza):
                self._receipts.confirm(arrival.stanza.origin, arrival.stanza.id)

    def _read(self, stanza: Stanza) -> QuoaliseMessage | Notice | str:
        message = stanza.xml.find(MESSAGE)
        if message is None or stanza.xml.find(PACK) is not None or stanza.xml.find(NOTICE) is not None:
            return read(stanza)
        try:
            return parse_message(message, self._proxies[stanza.sender][series_of(message)])
        except (SenMLError, FederationError) as error:
            return str(error)


def asks_receipt(stanza: Stanza) -> bool:
    """Whether its sender waits for a receipt (XEP-0184)."""
    return stanza.xml.find(_REQUEST) is not None


def read(stanza: Stanza) -> QuoaliseMessage | Notice | str:
    """What a message holds, or the sentence that says why it cannot be read."""
    notice, pack = stanza.xml.find(NOTICE), stanza.xml.find(PACK)
    try:
        if notice is not None:
            return parse_notice(notice)
        assert pack is not None, "one of the listeners matched it"  # noqa: S101
        return parse_quoalise(pack, time.time())
    except (SenMLError, FederationError) as error:
        return str(error)
