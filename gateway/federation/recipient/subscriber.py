"""One provider, seen from a recipient: subscribed to in every session, and asked for what is missing.

Whether it refuses, is away or talks nonsense decides how soon it is asked again: one that refuses waits for a
household's word, which may take months; one that is away is often only being started.
"""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Protocol

from gateway.errors import FederationError, SenMLError
from gateway.federation.connection.waiting import wait_any
from gateway.federation.recipient.supply import Standing, SubscriptionOutcome
from gateway.federation.wire.form import MAX_VALUE_CHARS, ResultPage, build_submit, parse_page, parse_result
from gateway.federation.wire.stanza import QUOALISE, parse_quoalise

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Sequence
    from xml.etree.ElementTree import Element

    from gateway.federation.recipient.intake import ProviderInquiry
    from gateway.store.providers import ReceivedGap

_HISTORY_PAGE = 500
# Fifty years of half hours; a provider whose pages never end is left.
_MOST_PAGES = 2_000
# What a number of an outbox has at most, as ``gateway.federation.wire.stanza.parse_interval`` reads it.
_MOST_DIGITS = 15
# Theirs, in a line of a log or of a status.
_MOST_EPOCH_CHARS, _MOST_SENTENCE_CHARS = 64, 200


# Stanza errors (RFC 6120 §8.3.3); every other one says that somebody on the way is not there, or not well today.
_STANDINGS = dict.fromkeys(("not-authorized", "forbidden"), Standing.REFUSED) | dict.fromkeys(
    ("bad-request", "feature-not-implemented", "item-not-found", "jid-malformed", "not-acceptable", "not-allowed"),
    Standing.NONSENSE,
)
# It is there, and has too much to do: it says so once a minute, and leaves the rest unanswered (WIRE.md §16).
_STANDINGS["resource-constraint"] = Standing.BUSY


@dataclass(frozen=True, slots=True)
class RetryPace:
    """After how many seconds a provider is asked again; what fails waits twice as long each time, up to the most."""

    again_s: float = 600.0
    refused_s: float = 60.0
    refused_most_s: float = 60.0
    absent_s: float = 1.0
    absent_most_s: float = 60.0
    # One that says that it is asked too much is left alone for so long at least, whatever happens meanwhile.
    busy_s: float = 60.0
    # What a provider that receives from us shows so soon after our own presence is its answer: to answer that in turn
    # would go on for ever, several times a second.
    answer_s: float = 10.0


class AskingSession(Protocol):
    """What of a session asking once needs."""

    def greet(self, to: str) -> None:
        """Show our presence to one other."""

    async def request(self, to: str, payload: Element) -> Element:
        """Send an ``<iq>`` and wait for the answer's payload; FederationError without one."""


class RequestSession(AskingSession, Protocol):
    """What of a session asking again and again needs; ``gateway.federation.connection.session.Session`` is one."""

    connected: asyncio.Event

    def on_change(self, callback: Callable[[bool], None]) -> None:
        """Call back with True when a session begins and with False when it ends."""

    def on_present(self, callback: Callable[[str], None], origin: str = "") -> None:
        """Call back when ``origin`` (a full JID) shows its presence."""


class Inquiry:
    """Asks one provider: subscribes with it, and fetches what is missing.

    Args:
        session: the recipient's connection.
        provider: the provider's full JID.
        identifiers: what to subscribe to.
        keeping: where the data go.
        told: the identifier and the error of what was not granted.
        pace: how soon the provider is asked again.
        former: what is to be ended.
        live_s: seconds between two live values, to watch only; None for everything, and for good.
    """

    def __init__(
        self,
        session: AskingSession,
        provider: str,
        identifiers: Sequence[str],
        keeping: ProviderInquiry,
        told: Callable[[str, FederationError], None],
        pace: RetryPace | None = None,
        former: Sequence[str] = (),
        live_s: int | None = None,
    ) -> None:
        self._asking, self._provider, self._keeping = session, provider, keeping
        self._told, self._pace = told, pace or RetryPace()
        self.former, self._live_s = list(former), live_s
        self.outcomes = dict.fromkeys(identifiers, SubscriptionOutcome(Standing.ASKING))
        # How often it failed one after the other, and whether it said that it is asked too much.
        self.failures, self.busy = 0, False
        # Of each gap that was asked for, by its number, how that went.
        self.filled: dict[int, Standing] = {}
        # Identifiers that were not accepted when they were asked last, or not yet in this session.
        self.fresh: frozenset[str] = frozenset()
        self._greeted = -math.inf
        self._changed = asyncio.Event()

    async def ask(self, fresh: Collection[str]) -> float | None:
        """Ask once; seconds until it is to be done again, None for never.

        Args:
            fresh: identifiers that were not accepted last, or not in this session; ``self.fresh`` are those after it.
        """
        self._changed.clear()
        self.fresh = frozenset(fresh)
        pause = await self._subscribe_all()
        return 0.0 if self._changed.is_set() else pause

    async def _subscribe_all(self) -> float | None:
        """End what is over, subscribe to the rest, ask for what is missing; seconds until it is to be done again."""
        # Another session may begin meanwhile, and have all of them fresh.
        fresh, self.fresh = self.fresh, frozenset()
        results = [await self._try("", self._end_former)]
        for identifier in self.outcomes:
            outcome = await self._try(identifier, partial(self._subscribe, identifier, identifier in fresh))
            self.outcomes[identifier] = outcome
            results.append(outcome)
            if outcome.standing is not Standing.SUBSCRIBED:
                self.fresh |= {identifier}
        if any(outcome.standing is Standing.SUBSCRIBED for outcome in self.outcomes.values()):
            # It sends to who is there, and its server tells it when we are gone.
            self._greeted = time.monotonic()
            self._asking.greet(self._provider)
        results.append(await self._try("", partial(self._fill_gaps, results)))
        return self._next(results)

    async def _try(self, identifier: str, work: Callable[[], Awaitable[None]]) -> SubscriptionOutcome:
        try:
            await work()
        except FederationError as error:
            return self._failed(identifier, error)
        except SenMLError as error:
            return self._failed(identifier, FederationError(str(error), "bad-request"))
        return SubscriptionOutcome(Standing.SUBSCRIBED)

    def _failed(self, identifier: str, error: FederationError) -> SubscriptionOutcome:
        sentence = " ".join(str(error).split())[:_MOST_SENTENCE_CHARS]
        self._told(identifier, FederationError(sentence, error.condition))
        return SubscriptionOutcome(_STANDINGS.get(error.condition, Standing.ABSENT), sentence)

    def _next(self, results: Sequence[SubscriptionOutcome]) -> float | None:
        failed = [outcome.standing for outcome in results if outcome.standing is not Standing.SUBSCRIBED]
        self.busy = Standing.BUSY in failed
        if not self.outcomes and not failed:
            return None
        if not failed:
            self.failures = 0
            return self._pace.again_s
        waits = [self._wait(standing) for standing in failed]
        if any(outcome.standing is Standing.SUBSCRIBED for outcome in self.outcomes.values()):
            waits.append(self._pace.again_s)
        self.failures = min(self.failures + 1, 16)
        return max(min(waits), self._pace.busy_s) if self.busy else min(waits)

    def _wait(self, standing: Standing) -> float:
        pace = self._pace
        if standing in (Standing.ABSENT, Standing.BUSY):
            return min(pace.absent_s * float(2**self.failures), pace.absent_most_s)
        return min(pace.refused_s * float(2**self.failures), pace.refused_most_s)

    async def _end_former(self) -> None:
        """Before the subscriptions: ending a branch ends what is subscribed below it, whoever asked for it."""
        while self.former:
            identifier = self.former[0]
            try:
                await self._asking.request(self._provider, build_submit("unsubscribe", {"identifier": identifier}))
            except FederationError as error:
                if error.condition not in _STANDINGS:
                    raise
            # Refused or not understood: asked again it would be no better.
            await self._keeping.end(identifier)
            del self.former[0]

    async def _subscribe(self, identifier: str, fresh: bool) -> None:
        if self._live_s is not None:
            await self._watch(identifier, self._live_s)
            return
        fields = {"identifier": identifier, "confirm": "receipt"}
        reached = await self._keeping.reached()
        if reached is not None:
            fields |= {"epoch": reached[0], "resume_after": str(reached[1])}
        answer = parse_result(await self._asking.request(self._provider, build_submit("subscribe", fields)))
        epoch, first, last = (answer.get(key, "") for key in ("epoch", "first", "last"))
        if not epoch:
            # A provider without an outbox: what it sent meanwhile is nowhere but in its history.
            if fresh:
                await self._keeping.begin(identifier, None)
            return
        if not (_is_number(first) and _is_number(last) and len(epoch) <= _MOST_EPOCH_CHARS):
            raise SenMLError("the answer to the subscription does not say what waits")
        await self._keeping.begin(identifier, (epoch, int(first), int(last)))

    async def _watch(self, identifier: str, interval_s: int) -> None:
        """Ask to watch, or to go on: what was agreed ends after an hour, and with the provider's process."""
        fields = {"identifier": identifier, "mode": "live", "minimum_interval": str(interval_s)}
        await self._asking.request(self._provider, build_submit("subscribe", fields))

    async def _fill_gaps(self, results: list[SubscriptionOutcome]) -> None:
        """Ask for what is missing of what was granted; each gap adds its own outcome."""
        self.filled.clear()
        for gap in await self._keeping.gaps():
            outcome = self.outcomes.get(gap.identifier)
            if outcome and outcome.standing is Standing.SUBSCRIBED:
                results.append(await self._try(gap.identifier, partial(self._fill, gap)))
                self.filled[gap.id] = results[-1].standing

    async def _fill(self, gap: ReceivedGap) -> None:
        """Page through the history of a gap."""
        moments = [datetime.fromtimestamp(at, UTC).isoformat() for at in (gap.first, gap.last)]
        fields = {"identifier": gap.identifier, "start_time": moments[0], "end_time": moments[1]}
        pages = _Pages()
        for _ in range(_MOST_PAGES):
            notices = self._keeping.notices
            command = build_submit("get_history", fields, ResultPage(_HISTORY_PAGE, pages.after))
            answer = await self._asking.request(self._provider, command)
            parcel = parse_quoalise(_quoalise(answer), datetime.now(UTC).timestamp())
            if self._keeping.notices != notices:
                # It may be about what this page holds, and stands in the queue: the page is asked again after it.
                self._changed.set()
                return
            pages.turn(answer, len(parcel.records))
            if not await self._keeping.fill(gap, parcel, last=pages.ended) or pages.ended:
                return
        raise SenMLError("the pages of the history do not end")


class Subscriber(Inquiry):
    """Keeps the subscriptions with one provider; the arguments are those of an ``Inquiry``."""

    def __init__(
        self,
        session: RequestSession,
        provider: str,
        identifiers: Sequence[str],
        keeping: ProviderInquiry,
        told: Callable[[str, FederationError], None],
        pace: RetryPace | None = None,
        former: Sequence[str] = (),
        live_s: int | None = None,
    ) -> None:
        super().__init__(session, provider, identifiers, keeping, told, pace, former, live_s)
        self._session = session
        session.on_change(self._change)
        # It was not there for a while: it has forgotten who is.
        session.on_present(lambda _: self._appeared(), provider)

    def ask_again(self) -> None:
        """Ask now: the provider said that it is worth it."""
        self.failures = 0
        self._changed.set()

    def _appeared(self) -> None:
        if time.monotonic() >= self._greeted + self._pace.answer_s:
            self.ask_again()

    async def subscribe(self, stop: asyncio.Event) -> None:
        """Subscribe in every new session, and from time to time, until ``stop``."""
        while not stop.is_set():
            self._changed.clear()
            pause: float | None = None
            if self._session.connected.is_set():
                pause = await self._subscribe_all()
            if pause is not None and self.busy:
                await wait_any(self._pace.busy_s, stop)
                pause -= self._pace.busy_s
            if not self._changed.is_set():
                await wait_any(pause, self._changed, stop)

    def _change(self, connected: bool) -> None:
        self.fresh = frozenset(self.outcomes if connected else ())
        self._changed.set()


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS


def _quoalise(answer: Element) -> Element:
    found = answer.find(f"{{{QUOALISE}}}quoalise")
    if found is None:
        raise SenMLError("the answer holds no history")
    return found


class _Pages:
    """Where a walk through the pages of a history stands: ``after`` what to ask, and whether it has ended."""

    def __init__(self) -> None:
        self.after: str | None = None
        self.ended = False
        self._seen: set[str] = set()
        self._held = 0

    def turn(self, answer: Element, records: int) -> None:
        """Take in a page of so many records. SenMLError for pages that lead nowhere.

        The last one is empty, or all that it counts is here with it. A count of an earlier page does not say it: what a
        meter says between two pages is in the later ones, and that count would be reached before their end.
        """
        last, total = parse_page(answer)
        self._held += records
        self.ended = last is None or (total is not None and self._held >= total)
        if last is None or self.ended:
            return
        if last in self._seen or len(last) > MAX_VALUE_CHARS:
            raise SenMLError("the pages of the history go round in circles")
        self._seen.add(last)
        self.after = last
