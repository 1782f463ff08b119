"""A reference recipient: takes what one gateway sends, commits it to a file of its own, and only then confirms it.

What it has is kept as a chain of outbox numbers (``gateway.store.chain``), so that after any accident on either side it
can say how far it got. A record's identity is (name, granularity, time): a repetition changes nothing.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from gateway.federation.recipient.intake import Arrival, Intake
from gateway.federation.recipient.subscriber import RetryPace, Subscriber
from gateway.federation.recipient.totals import TotalsAnswers
from gateway.federation.wire.notice import NOTICE, Notice
from gateway.federation.wire.scope import literal, meets, names
from gateway.federation.wire.stanza import QuoaliseMessage
from gateway.federation.wire.total import MOST_HASHED, total_of
from gateway.senml.naming import parse_identifier
from gateway.store.providers import ReceivedGap
from gateway.store.recipient_file import Changed, Received, RecipientFile
from gateway.store.terms import NoticeKind

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from gateway.errors import FederationError
    from gateway.federation.connection.session import Session
    from gateway.federation.wire.total import AskedStretch, SeriesTotal

log = logging.getLogger(__name__)

_FOR_EVER_S = 1e10
# A day is told a day late, by the time of its beginning.
_MARGIN_S = 2 * 86_400


def received(parcel: QuoaliseMessage) -> list[Received]:
    """The records of a parcel."""
    return [
        Received(
            *(r.name, r.time, r.value, r.unit, parcel.granularities.get(r.name, "raw"), parcel.meter),
            literal(r.name, parcel.literal.get(r.name, "")),
        )
        for r in parcel.records
    ]


class Keeper:
    """The recipient's own file, or memory when it keeps none. Raises StoreError when it cannot be written.

    ``changed`` is called within the transaction for every record that is new, or another than was kept.
    """

    def __init__(self, path: Path | None, changed: Changed | None = None) -> None:
        self.file = RecipientFile(path, changed)
        self.keeps = path is not None

    def close(self) -> None:
        """Close the file; everything that was confirmed is in it."""
        self.file.close()

    def add(self, parcel: QuoaliseMessage, gateway: str = "") -> list[Received]:
        """Commit a parcel of a gateway (bare JID); its records that are new or rectified. Live values are not kept."""
        if parcel.live:
            return received(parcel)
        i = parcel.covers
        with self.file.transaction():
            known = i is not None and self.file.chain.covers(i.epoch, i.after, i.last)
            if i is not None and not known and not self.file.chain.joins(i.epoch, i.after):
                self.file.missed.remember_ends()
            keep = self.file.replace if parcel.rectifies else self.file.insert
            new = [r for r in received(parcel) if (keep(r) if self.keeps else not known)]
            if i is not None:
                self.file.chain.add(i.epoch, i.after, i.last)
                self._tell_whole()
                if head := parcel.journal_head:
                    self.file.anchor(gateway, i.epoch, head.seq, head.hash, int(time.time()))
        return new

    def _tell_whole(self) -> None:
        if self.file.chain.is_whole():
            self.file.missed.forget_ends()

    def refuse(self, stanza_id: str, reason: str, xml: str) -> None:
        """Keep what could not be read, for a person to look at: asked again it would be no better."""
        with self.file.transaction():
            self.file.refuse(stanza_id, reason, xml)

    def reached(self) -> tuple[str, int] | None:
        """The newest epoch and the number up to which nothing of it is missing."""
        return self.file.chain.reached()

    def begin(
        self,
        epoch: str,
        first: int,
        last: int,
        gateway: str = "",
        identifiers: Sequence[str] = (),
        accepted: str = "",
    ) -> None:
        """The gateway said what waits: nothing before ``first`` will come, nothing after ``last`` was ever given.

        What was passed over is to be asked of the history, of each identifier from the last point on; of one that had
        brought nothing yet from when it was ``accepted`` first.
        """
        now = int(time.time())
        with self.file.transaction():
            if accepted:
                self.file.missed.begun(gateway, accepted, now)
            passed_over = self.file.chain.begin(epoch, first, last) and self.keeps
            # All records are looked through for it, and seldom is anything passed over.
            ends = self.file.missed.ends() if passed_over else []
            self._tell_whole()
            if not passed_over:
                return
            for identifier in identifiers:
                since = self._missing_since(ends, gateway, identifier)
                if since is not None:
                    self.file.missed.add(gateway, identifier, since, now + 1)

    def _missing_since(self, ends: Sequence[tuple[str, str, float]], gateway: str, identifier: str) -> int | None:
        """From where on what was passed over is missing; None of what was never accepted."""
        asked = parse_identifier(identifier)
        known = [at for name, sen1, at in ends if names(asked, name, sen1)]
        if not known:
            begun = self.file.missed.since(gateway, identifier)
            return None if begun is None else begun - _MARGIN_S
        # Of a text that has not changed for years nothing is missing so far back.
        return int(max(min(known), max(known) - _MARGIN_S))

    def replace(self, parcel: QuoaliseMessage, gap: int | None = None) -> list[Received]:
        """Commit what a gateway says now of a time that it rectified, and the gap when it is filled; what changed."""
        with self.file.transaction():
            changed = [r for r in received(parcel) if self.file.replace(r)]
            self.file.missed.fill(gap)
        return changed

    def total(self, asked: AskedStretch) -> SeriesTotal:
        """How much there is of a stretch; where it is more than is hashed, nobody counts to the end."""
        return total_of(self.file.values(asked.name, asked.granularity, asked.first, asked.last, MOST_HASHED + 1))

    def gaps(self, gateway: str) -> list[ReceivedGap]:
        """What a gateway rectified, or what was missed of it, and was not asked for yet."""
        return self.file.missed.gaps(gateway)

    def obey(self, notice: Notice, gateway: str = "", identifiers: Sequence[str] = ()) -> int | None:
        """Do what a notice of a gateway asks for; how many records were deleted, None when it was done before.

        What it limits is marked by the notice itself, which stays in the file; what it rectifies is to be asked for
        again, by those of the ``identifiers`` that it meets.
        """
        first, last = notice.first or 0, time.time() + _FOR_EVER_S if notice.last is None else notice.last
        row = [gateway, notice.id, int(time.time()), notice.kind.value, notice.series, notice.first, notice.last]
        with self.file.transaction():
            if not self.file.note(row):
                return None
            if notice.kind is NoticeKind.DATA_RECTIFIED:
                named, end = notice.identifier, min(int(last), int(time.time())) + 1
                for identifier in identifiers:
                    if named is None or meets(named, parse_identifier(identifier)):
                        self.file.missed.add(gateway, identifier, first, end)
            if not notice.kind.erases:
                return 0
            meant = [name for name, sen1 in self.file.names() if names(notice.identifier, name, sen1)]
            return self.file.erase(meant, first, last)


class Recipient:
    """Subscribes with a gateway, and keeps and confirms what it sends.

    Args:
        session: the recipient's connection.
        gateway: the gateway's full JID.
        identifiers: what to subscribe to.
        keeper: where records go before they are confirmed.
        emit: told every new record once it is kept; False when it could not take it.
        refused: told the sentence of a subscription that was refused.
        history_from: POSIX seconds from which to ask for what was stored before, None not to.
        again_s: how often the subscriptions are repeated.
        retry_s: how soon a refused one is tried again, and the longest that an absent gateway is waited for.
        live_s: seconds between two live values, to watch and keep nothing; None to be sent everything for good.
    """

    def __init__(
        self,
        session: Session,
        gateway: str,
        identifiers: list[str],
        keeper: Keeper,
        emit: Callable[[Received], bool],
        refused: Callable[[FederationError], None],
        history_from: int | None = None,
        again_s: float = 600.0,
        retry_s: float = 60.0,
        live_s: int | None = None,
    ) -> None:
        bare = gateway.split("/", 1)[0].lower()
        keeping = EmittingKeeper(keeper, bare, emit, identifiers, history_from)
        self._intake = Intake(session, {bare: keeping})
        if keeper.keeps:
            TotalsAnswers(session, {bare: keeper.total})
        pace = RetryPace(again_s, retry_s, retry_s, absent_most_s=retry_s)
        self._subscriber = Subscriber(
            session, gateway, identifiers, keeping, lambda _, error: refused(error), pace, live_s=live_s
        )
        keeping.opened = self._subscriber.ask_again

    async def receive(self, stop: asyncio.Event) -> None:
        """Keep and confirm messages until ``stop``."""
        await self._intake.receive(stop)

    async def subscribe(self, stop: asyncio.Event) -> None:
        """Subscribe in every new session, and from time to time, until ``stop``."""
        await self._subscriber.subscribe(stop)


class EmittingKeeper:
    """A keeper whose new records are told as well."""

    def __init__(
        self,
        keeper: Keeper,
        gateway: str,
        emit: Callable[[Received], bool],
        identifiers: Sequence[str],
        history_from: int | None,
    ) -> None:
        self.notices = 0
        # Called when the gateway said something after which to ask again.
        self.opened: Callable[[], None] = lambda: None
        self._keeper, self._gateway, self._emit = keeper, gateway, emit
        self._wanted = {} if history_from is None else dict.fromkeys(identifiers, history_from)
        self._identifiers, self._history = identifiers, dict(self._wanted)

    async def keep(self, arrivals: Sequence[Arrival]) -> Sequence[Arrival]:
        """As ``Keeping.keep``."""
        return [arrival for arrival in arrivals if self._keep(arrival)]

    async def reached(self) -> tuple[str, int] | None:
        """As ``Keeping.reached``."""
        return self._keeper.reached()

    async def begin(self, identifier: str, numbers: tuple[str, int, int] | None) -> None:
        """As ``Keeping.begin``."""
        if numbers is not None:
            self._keeper.begin(*numbers, self._gateway, self._identifiers, identifier)

    async def gaps(self) -> Sequence[ReceivedGap]:
        """As ``Keeping.gaps``."""
        now = int(time.time())
        asked = [ReceivedGap(0, identifier, first, now + 1, False) for identifier, first in self._history.items()]
        return asked + self._keeper.gaps(self._gateway)

    async def fill(self, gap: ReceivedGap, parcel: QuoaliseMessage, *, last: bool) -> bool:
        """As ``Keeping.fill``."""
        if gap.replaces:
            return all(self._emit(record) for record in self._keeper.replace(parcel, gap.id if last else None))
        taken = all(self._emit(record) for record in self._keeper.add(parcel, self._gateway))
        if taken and last:
            self._history.pop(gap.identifier, None)
        return taken

    async def end(self, identifier: str) -> None:
        """As ``Keeping.end``."""
        self._history.pop(identifier, None)

    def _keep(self, arrival: Arrival) -> bool:
        """Take a message in; whether it may be confirmed."""
        match arrival.content:
            case QuoaliseMessage() as parcel:
                taken = all(self._emit(record) for record in self._keeper.add(parcel, self._gateway))
                return taken or self._keeper.keeps
            case Notice() as notice:
                return self._obey(notice)
            case reason:
                log.error("a message of the gateway is set aside: %s", reason)
                xml = ET.tostring(arrival.stanza.xml, encoding="unicode")
                self._keeper.refuse(arrival.stanza.id, reason, xml)
                # A pack would be no better the next time; an order that is not understood was not obeyed.
                return arrival.stanza.xml.find(NOTICE) is None

    def _obey(self, notice: Notice) -> bool:
        erased = self._keeper.obey(notice, self._gateway, self._identifiers)
        if erased is not None:
            log.info("the gateway told: %s; %d records erased", notice.kind.value, erased)
            if notice.kind is NoticeKind.CONSENT_WITHDRAWN:
                # With a new consent later on, what was before is asked for anew.
                self._history = dict(self._wanted)
            self.opened()
        return True
