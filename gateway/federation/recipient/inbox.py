"""The gateway as a recipient: other providers' series, kept in its own database beside its own and never passed on.

One session for everything: the account that publishes also subscribes. What comes must come from a configured provider
and lie within what was subscribed to with it; it is committed before it is confirmed. A provider whose data we still
have is listened to after it was taken out of the configuration: it may ask for their erasure.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gateway.errors import FederationError, Once, SenMLError, StoreError
from gateway.federation.recipient.intake import Arrival, Intake
from gateway.federation.recipient.subscriber import RetryPace, Subscriber
from gateway.federation.recipient.supply import Standing, SubscriptionOutcome, Supply, SupplyRequest
from gateway.federation.wire.notice import NOTICE, Notice
from gateway.federation.wire.scope import literal, meets, names, parsed, within
from gateway.federation.wire.stanza import QuoaliseMessage
from gateway.senml.naming import parse_identifier
from gateway.senml.units import is_registered, to_hours
from gateway.store.providers import Providers, ReceivedEvent, ReceivedGap
from gateway.store.received import Incoming, Lot, ReceivedPoints
from gateway.store.terms import NoticeKind

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from gateway.federation.connection.session import Session
    from gateway.federation.wire.sen1 import ProxySeries
    from gateway.senml.pack import Record

log = logging.getLogger(__name__)

# A household's consent may take months: from ten minutes to six hours. A server's night is shorter.
PACE = RetryPace(again_s=3600, refused_s=600, refused_most_s=6 * 3600, absent_s=1, absent_most_s=600)

_DAY_S = 86_400

# Levels that no path has.
_ODD = frozenset({"", ".", ".."})
# Several times a meter's longest message, and the longest duration that anybody writes.
_MOST_TEXT, _MOST_GRANULARITY = 1_000, 32


class Inbox:
    """Subscribes with the providers, and keeps and confirms what they send.

    Args:
        session: the gateway's own.
        providers, received: of the store, asked through ``call``.
        call: ``await call(function, *arguments)``.
        wanted: what to receive.
        pace: how soon a provider is asked again.
        clock: the host's POSIX seconds.
    """

    def __init__(
        self,
        session: Session,
        providers: Providers,
        received: ReceivedPoints,
        call: Callable[..., Awaitable[Any]],
        wanted: Sequence[SupplyRequest],
        pace: RetryPace = PACE,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._providers = providers
        self._received = received
        self._wanted, self._call = wanted, call
        self._newest: dict[str, float] = {}
        self._say_refused = Once(log)
        self._subscribers: dict[str, Subscriber] = {}
        deposits: dict[str, Deposit] = {}
        # Before the daemon's first await, so the store is still this thread's.
        for sender in sorted({w.sender for w in wanted} | set(providers.all())):
            mine = [w for w in wanted if w.sender == sender]
            former = [i for i in providers.subscriptions(sender) if i not in {w.identifier for w in mine}]
            deposits[sender] = Deposit(
                providers, received, call, sender, mine, former, self._arrived, self._open, clock
            )
            # Who is in the configuration no more is asked at the resource that gateways have.
            provider = mine[0].provider if mine else f"{sender}/proxy"
            # A proxy of 2019 sends by itself: there is nothing that it could be asked.
            identifiers = [w.identifier for w in mine if w.message is None]
            self._subscribers[sender] = Subscriber(
                session, provider, identifiers, deposits[sender], self._refused, pace, former
            )
        proxies: dict[str, dict[ProxySeries, str]] = {}
        for one in wanted:
            if one.message is not None:
                proxies.setdefault(one.sender, {})[one.message] = one.identifier
        self._intake = Intake(session, deposits, proxies)
        for point in received.last():
            self._arrived(point.series.provider, point.series.sen1, point.series.name, point.time)

    @property
    def alive_at(self) -> float:
        """When the receiving task last turned (monotonic seconds): within a minute."""
        return self._intake.alive_at

    def supplies(self) -> list[Supply]:
        """How each ``[[received]]`` stands."""
        return [Supply(w.name, self._outcome(w), self._newest.get(w.name)) for w in self._wanted]

    def _outcome(self, wanted: SupplyRequest) -> SubscriptionOutcome:
        if wanted.message is not None:
            return SubscriptionOutcome(Standing.SUBSCRIBED)
        return self._subscribers[wanted.sender].outcomes[wanted.identifier]

    async def run(self, stop: asyncio.Event) -> None:
        """Subscribe, keep and confirm until ``stop``."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._intake.receive(stop), name="intake")
            for subscriber in self._subscribers.values():
                group.create_task(subscriber.subscribe(stop), name="subscriber")

    def _arrived(self, provider: str, sen1: str, name: str, at: float) -> None:
        for wanted in self._wanted:
            if wanted.covers(provider, sen1, name):
                self._newest[wanted.name] = max(at, self._newest.get(wanted.name, at))

    def _open(self, provider: str) -> None:
        self._subscribers[provider].ask_again()

    def _refused(self, identifier: str, error: FederationError) -> None:
        """Once as a warning while the reason is the same."""
        name = next((w.name for w in self._wanted if w.identifier == identifier), "a former provider")
        key = (identifier, error.condition)
        self._say_refused(key, "received %s: the provider does not give it: %s", name, error)


class Deposit:
    """Where one provider's data are kept: the gateway's own database.

    Args:
        providers, received: of the store, asked through ``call``.
        call: ``await call(function, *arguments)``.
        provider: bare JID.
        wanted: what is subscribed to with it.
        former: identifiers that were, and of which something may still come; it is confirmed and not kept.
        arrived: told provider, literal name, name and time of each value that was kept.
        opened: told the provider when it said something after which to ask again.
        clock: the host's POSIX seconds.
    """

    def __init__(
        self,
        providers: Providers,
        received: ReceivedPoints,
        call: Callable[..., Awaitable[Any]],
        provider: str,
        wanted: Sequence[SupplyRequest],
        former: Sequence[str],
        arrived: Callable[[str, str, str, float], None],
        opened: Callable[[str], None],
        clock: Callable[[], float],
    ) -> None:
        self.notices = 0
        self._providers = providers
        self._received = received
        self._call, self._provider = call, provider
        self._scopes = [parse_identifier(w.identifier) for w in wanted]
        self._days = {w.identifier: w.history_days for w in wanted}
        self._former = [parse_identifier(identifier) for identifier in former]
        self._arrived, self._opened, self._clock = arrived, opened, clock
        self._once = Once(log)

    async def reached(self) -> tuple[str, int] | None:
        """How far the provider's outbox was taken."""
        reached: tuple[str, int] | None = await self._ask(self._providers.reached, self._provider)
        return reached

    async def begin(self, identifier: str, numbers: tuple[str, int, int] | None) -> None:
        """A subscription was accepted."""
        now = self._clock()
        since = max(int(now) - self._days[identifier] * _DAY_S, 0)
        await self._ask(self._providers.begin, self._provider, identifier, numbers, since, now)

    async def gaps(self) -> Sequence[ReceivedGap]:
        """What is to be asked of the history."""
        gaps: Sequence[ReceivedGap] = await self._ask(self._providers.gaps, self._provider)
        return gaps

    async def fill(self, gap: ReceivedGap, parcel: QuoaliseMessage, *, last: bool) -> bool:
        """Commit a page of history."""
        if not all(within(parse_identifier(gap.identifier), record.name) for record in parcel.records):
            raise SenMLError("the history holds what was not asked for")
        lot = replace(self._lot(parcel), replaces=gap.replaces)
        await self._ask(self._providers.receive, self._provider, [lot], self._clock(), gap.id if last else None)
        self._tell_arrived([lot])
        return True

    async def end(self, identifier: str) -> None:
        """A subscription is over."""
        await self._ask(self._providers.end, self._provider, identifier, self._clock())

    async def keep(self, arrivals: Sequence[Arrival]) -> Sequence[Arrival]:
        """Commit what may be kept; those that may be confirmed, none when nothing can be written."""
        kept: list[Arrival] = []
        lots: list[Lot] = []
        try:
            for arrival in arrivals:
                match arrival.content:
                    case QuoaliseMessage() as parcel:
                        # Live values are for who watches: nobody here asked for any.
                        if not parcel.live and self._is_expected(parcel):
                            lots.append(self._lot(parcel))
                            kept.append(arrival)
                    case Notice() as notice:
                        # In the order in which they came: it is about what came before it.
                        await self._commit(lots)
                        await self._obey(notice)
                        kept.append(arrival)
                    case reason:
                        self._say(f"a message of a provider cannot be read: {reason}")
                        if await self._set_aside(reason, arrival):
                            kept.append(arrival)
            await self._commit(lots)
        except StoreError as error:
            self._say(f"what a provider sends cannot be kept: {error}")
            return ()
        return kept

    async def _ask(self, function: Callable[..., Any], *arguments: object) -> Any:  # noqa: ANN401 (the function's)
        """Ask the store; a card that is full today is the same to a subscription as a provider that is away."""
        try:
            return await self._call(function, *arguments)
        except StoreError as error:
            raise FederationError(f"what comes cannot be kept: {error}") from error

    async def _commit(self, lots: list[Lot]) -> None:
        if lots:
            await self._call(self._providers.receive, self._provider, lots, self._clock())
            self._tell_arrived(lots)
            lots.clear()

    def _tell_arrived(self, lots: Sequence[Lot]) -> None:
        newest = {(v.sen1, v.name): v.time for lot in lots for v in sorted(lot.values, key=lambda v: v.time)}
        for (sen1, name), at in newest.items():
            self._arrived(self._provider, sen1, name, at)

    def _is_expected(self, parcel: QuoaliseMessage) -> bool:
        """Whether all of it was subscribed to, now or formerly."""
        scopes = [*self._scopes, *self._former]
        if all(any(within(scope, record.name) for scope in scopes) for record in parcel.records):
            return True
        self._say("a provider sends what was not subscribed to; it is not kept")
        return False

    def _lot(self, parcel: QuoaliseMessage) -> Lot:
        """The wanted records of a parcel as values."""
        values = [
            self._incoming(record, parcel)
            for record in parcel.records
            if self._is_keepable(record) and any(within(scope, record.name) for scope in self._scopes)
        ]
        i = parcel.covers
        numbers = None if i is None else (i.epoch, i.after, i.last)
        head = parcel.journal_head
        told = None if head is None else (head.seq, head.hash)
        return Lot(values, numbers, parcel.retention, parcel.rectifies, told)

    def _is_keepable(self, record: Record) -> bool:
        """Whether there is a value of a registered unit, or of none, and a name and no text but such as a meter has."""
        texts = (text for text in (record.value, record.unit) if isinstance(text, str | bytes))
        if record.value is None or any(len(text) > _MOST_TEXT for text in texts):
            return False
        # VAh is registered as kVAh only, and is what meters count.
        known = not record.unit or is_registered(record.unit) or record.unit == "VAh"
        if known and not _ODD.intersection(record.name.split("/")):
            return True
        self._say("a provider sends a unit or a name that no series has; these values are not kept")
        return False

    def _incoming(self, record: Record, parcel: QuoaliseMessage) -> Incoming:
        name = parsed(record.name)
        assert name is not None, "within has read it"  # noqa: S101
        unit, value = record.unit or "", record.value
        if isinstance(value, bytes):
            value = value.hex()
        elif isinstance(value, bool) or value is None:
            value = int(value or 0)
        elif not isinstance(value, str):
            unit, value = to_hours(unit, value)
        sen1 = literal(record.name, parcel.literal.get(record.name, ""))
        granularity = parcel.granularities.get(record.name, "raw")[:_MOST_GRANULARITY]
        at = int(record.time) if record.time == int(record.time) else record.time
        return Incoming(record.name, sen1, name.path, unit, granularity, at, value)

    async def _obey(self, notice: Notice) -> None:
        event = self._event(notice.kind.value, notice.series, notice)
        if notice.kind.erases:
            # On the store's thread as one: no page of history comes between the looking and the deleting.
            erased = await self._call(self._erase, notice, event)
            if erased is not None:
                log.info("received: a provider told %s; %d points erased", notice.kind.value, erased)
        else:
            again = self._touched(notice) if notice.kind is NoticeKind.DATA_RECTIFIED else ()
            if await self._call(self._providers.note, event, _own(notice), again):
                log.info("received: a provider told %s", notice.kind.value)
        # To fetch what is rectified or allowed now, and to see at once what is not any more.
        self._opened(self._provider)

    def _erase(self, notice: Notice, event: ReceivedEvent) -> int | None:
        series = [
            one.id for one in self._received.series(self._provider) if names(notice.identifier, one.name, one.sen1)
        ]
        # With a new consent later on, what was before is asked for anew.
        ended = self._touched(notice) if notice.kind is NoticeKind.CONSENT_WITHDRAWN else ()
        return self._providers.erase(event, _own(notice), series, ended)

    def _touched(self, notice: Notice) -> list[str]:
        """The subscriptions that a notice is about: those above what it names, and those below it."""
        named = notice.identifier
        if named is None:
            return list(self._days)
        return [i for i in self._days if meets(named, parse_identifier(i))]

    def _event(self, kind: str, series: str, notice: Notice | None = None) -> ReceivedEvent:
        detail: dict[str, object] = {}
        if notice is not None:
            limits = {"first": notice.first, "last": notice.last}
            detail = {key: value for key, value in limits.items() if value is not None} | {"texts": dict(notice.texts)}
        return ReceivedEvent(self._provider, int(self._clock()), kind, series, detail)

    async def _set_aside(self, reason: str, arrival: Arrival) -> bool:
        """Whether it may be confirmed: a pack, since it would be no better the next time; never an unknown order."""
        if arrival.stanza.xml.find(NOTICE) is not None:
            return False
        event = replace(self._event("unreadable", ""), detail={"reason": reason[:200]})
        # One a day: whoever sends nonsense all day shall not fill the card with it.
        await self._call(self._providers.note, event, f"own-unreadable-{event.time // _DAY_S}")
        return True

    def _say(self, sentence: str) -> None:
        """Once as a warning, then quietly."""
        kind = sentence.partition(":")[0]
        self._once(kind, "received: %s", sentence)


def _own(notice: Notice) -> str:
    """The provider's id of a notice, apart from the ids that we give to events of our own."""
    return f"notice-{notice.id}"
