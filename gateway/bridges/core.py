"""What all bridges share: gateway → queue → confirmed → sink → out of the queue, each step after the one before it.

A value leaves the queue when the sink has answered for it. Between that answer and our commit a bridge may die, and an
answer may be lost: then, and only then, it is in doubt what the other system has, and it is asked before anything is
sent again. An outage of the other system costs nothing but room in the queue.
"""

from __future__ import annotations

import asyncio
import logging
import random
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from gateway.bridges.shared import SharedSink
from gateway.errors import BridgeError, FederationError, Once
from gateway.federation.connection.waiting import ROUND_S, wait_any
from gateway.federation.recipient.intake import Intake
from gateway.federation.recipient.recipient import EmittingKeeper, Keeper
from gateway.federation.recipient.subscriber import Subscriber
from gateway.federation.wire.scope import literal, parsed, within
from gateway.senml.naming import parse_identifier
from gateway.senml.units import to_hours
from gateway.store.bridge_queue import BridgeQueue, Waiting, enqueue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from gateway.bridges.config import BridgeConfig, BridgedHouseholdTable
    from gateway.federation.connection.session import Session
    from gateway.store.recipient_file import Received

log = logging.getLogger(__name__)

_RETRY_FIRST_S, _RETRY_LAST_S = 1.0, 60.0
_HOUR_S, _DAY_S = 3600.0, 86_400.0

# What a gateway sends is a meter's; what could be none's would only stop the queue at the other system.
_GRANULARITY = re.compile("raw|P[0-9A-Z]{1,16}")
_UNIT = re.compile("[A-Za-z0-9/%]{0,16}")
_MOST_TEXT = 1_000
_FIRST_TIME = 946_684_800  # 2000-01-01; there was no such meter before


@dataclass(frozen=True, slots=True)
class Value:
    """One value to hand on: ``time`` is POSIX seconds UTC by the meter's clock, ``unit`` SenML's ("" for text).

    ``record`` is the name under which it came, ``sen1`` the literal one.
    """

    household: BridgedHouseholdTable
    record: str
    path: str
    granularity: str
    time: float
    value: int | float | str
    unit: str
    sen1: str


class Sink(Protocol):
    """The other system. BridgeError: nothing is known of what it has taken; it is asked, and tried again."""

    # How many values are sent together.
    most: int

    async def missing(self, values: Sequence[Value]) -> Sequence[Value]:
        """Those of the values that the other system does not have; all of them where a repetition changes nothing."""

    async def send(self, values: Sequence[Value]) -> None:
        """Hand the values on; returns when the other system answers for all of them."""


@runtime_checkable
class Returning(Protocol):
    """A sink whose answer is not the last word."""

    def on_return(self, again: Callable[[Sequence[Value]], None]) -> None:
        """Call back with values that come back after they were answered for."""


class Blocking(Protocol):
    """A sink whose calls block; raises as ``Sink`` does."""

    most: int

    def missing(self, values: Sequence[Value]) -> Sequence[Value]:
        """As ``Sink.missing``."""

    def send(self, values: Sequence[Value]) -> None:
        """As ``Sink.send``."""


@runtime_checkable
class BridgeListener(Protocol):
    """A blocking sink that is told each minute how the bridge itself is; raises as ``Sink`` does."""

    def tell(self, figures: Mapping[str, float]) -> None:
        """The bridge's figures, by the names that Prometheus has them under, without ``linky_bridge_``."""


class InThread:
    """A blocking sink, called in a thread so that the federation is answered meanwhile."""

    def __init__(self, sink: Blocking) -> None:
        self.most, self._sink = sink.most, sink

    async def missing(self, values: Sequence[Value]) -> Sequence[Value]:
        """As ``Sink.missing``."""
        return await asyncio.to_thread(self._sink.missing, values)

    async def send(self, values: Sequence[Value]) -> None:
        """As ``Sink.send``."""
        await asyncio.to_thread(self._sink.send, values)

    async def tell(self, figures: Mapping[str, float]) -> None:
        """As ``BridgeListener.tell``, beside the other calls; nothing where the sink does not want to know."""
        if isinstance(self._sink, BridgeListener):
            await asyncio.to_thread(self._sink.tell, figures)


@dataclass(slots=True)
class ForwardCounts:
    """Since the bridge began: values handed on, records that were no household's or no meter's, attempts in vain."""

    handed_on: int = 0
    left_out: int = 0
    failures: int = 0


class Forwarder:
    """Empties one gateway's queue into the sink.

    Args:
        queue: of the gateway.
        households: those whose data it sends.
        sink: shared by all gateways.
        keep_days: after which what was handed on is deleted here.
    """

    def __init__(
        self,
        queue: BridgeQueue,
        households: Sequence[BridgedHouseholdTable],
        sink: SharedSink,
        keep_days: int,
    ) -> None:
        self.alive_at = time.monotonic()
        self._queue, self._sink = queue, sink
        self._scopes = [(parse_identifier(one.identifier), one) for one in households]
        self._keep_s = keep_days * _DAY_S
        self._wake = asyncio.Event()
        # What the process before this one sent last may have arrived.
        self._doubt = True
        # What was refused is sent alone until it is taken: it may be its own fault, and others were with it.
        self._failed = False
        self._say, self._say_unsound = Once(log, last=True), Once(log)
        self._forgot = -_HOUR_S
        self.counts = ForwardCounts()

    @property
    def is_stuck(self) -> bool:
        """Whether what was handed on last was not taken."""
        return self._failed or bool(self._say)

    def wake(self) -> None:
        """There is something in the queue."""
        self._wake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Hand values on until ``stop``."""
        delay = _RETRY_FIRST_S
        while not stop.is_set():
            self._wake.clear()
            self.alive_at = time.monotonic()
            try:
                while not stop.is_set() and await self.forward():
                    self.alive_at = time.monotonic()
                    delay = _RETRY_FIRST_S
            except BridgeError as error:
                self.counts.failures += 1
                self._note(str(error))
                await wait_any(delay * random.uniform(0.7, 1.3), stop)  # noqa: S311 (no secret)
                delay = min(delay * 2, _RETRY_LAST_S)
            else:
                self._forget()
                await wait_any(ROUND_S, self._wake, stop)

    async def forward(self) -> bool:
        """Hand on what has waited longest; False when nothing waits. Raises BridgeError, and nothing is done then."""
        waiting = self._queue.first(self._sink.most)
        if not waiting:
            return False
        values = [value for value in map(self._value, waiting) if value is not None]
        alone, self._failed = self._failed, True
        if self._doubt:
            values = list(await self._sink.missing(values, alone=alone)) if values else []
        self._doubt = True
        if values:
            await self._sink.send(values, alone=alone)
        self._queue.done(waiting[-1].seq)
        self.counts.handed_on += len(values)
        self._failed = self._doubt = False
        if self._say:
            log.info("values are handed on again")
            self._say.clear()
        return True

    def _value(self, waiting: Waiting) -> Value | None:
        """The record as a value of its household; None for what belongs to none or says nothing."""
        named = parsed(waiting.name)
        household = next((one for scope, one in self._scopes if within(scope, waiting.name)), None)
        if named is None or household is None or waiting.value is None or not _is_sound(waiting):
            self.counts.left_out += 1
            self._say_unsound("", "a record that is no household's, or no meter's, is left out; such are, from now on")
            return None
        unit, value = waiting.unit, waiting.value
        if not isinstance(value, str):
            unit, value = to_hours(unit, value)
        sen1 = literal(waiting.name, waiting.sen1)
        return Value(household, waiting.name, named.path, waiting.granularity, waiting.time, value, unit, sen1)

    def _forget(self) -> None:
        """Once an hour, delete what is old."""
        if time.monotonic() - self._forgot >= _HOUR_S:
            self._queue.forget(time.time() - self._keep_s)
            self._forgot = time.monotonic()

    def _note(self, sentence: str) -> None:
        """Say it once as a warning, then quietly."""
        # An answer may hold a time or a count of its own: that does not make it another trouble.
        kind = re.sub(r"\d+", "0", sentence)
        self._say(kind, "%s; trying again", sentence)


class BridgedGateway:
    """One gateway as a provider: its queue, its subscriptions, and the forwarder."""

    def __init__(
        self,
        jid: str,
        keeper: Keeper,
        queue: BridgeQueue,
        households: Sequence[BridgedHouseholdTable],
        session: Session,
        forwarder: Forwarder,
    ) -> None:
        self.jid, self.keeper, self.queue, self.forwarder = jid, keeper, queue, forwarder
        bare = jid.partition("/")[0].lower()
        identifiers = [one.identifier for one in households]
        self.keeping = EmittingKeeper(keeper, bare, self._arrived, identifiers, None)
        self.subscriber = Subscriber(session, jid, identifiers, self.keeping, self._refused)
        self.keeping.opened = self._told
        self._names = ", ".join(one.name for one in households)
        self._say = Once(log, last=True)
        self._notices = len(queue.notices())

    def _arrived(self, _: Received) -> bool:
        self.forwarder.wake()
        return True

    def _refused(self, _: str, error: FederationError) -> None:
        self._say(error.condition, "%s: its gateway does not give it: %s", self._names, error)

    def _told(self) -> None:
        """A notice was obeyed here; what the other system has already, a person has to delete there."""
        notices = self.queue.notices()
        for notice in notices[self._notices :]:
            if notice.kind in ("consent-withdrawn", "data-erased") and not notice.spares:
                log.error(
                    "%s: the household told %s: delete in the other system what --status names",
                    self._names,
                    notice.kind,
                )
        self._notices = len(notices)
        self.subscriber.ask_again()


class Bridge:
    """The running program but for its account's session, which the caller makes.

    Args:
        config: the whole file.
        directory: where the queues are, one file for each gateway.
        session: the bridge's own account.
        sink: where values go.
    """

    def __init__(self, config: BridgeConfig, directory: Path, session: Session, sink: Sink) -> None:
        self._session, shared = session, SharedSink(sink)
        self.gateways: list[BridgedGateway] = []
        for jid in sorted({one.gateway for one in config.household}):
            households = [one for one in config.household if one.gateway == jid]
            keeper = Keeper(queue_file(directory, jid), enqueue)
            queue = BridgeQueue(keeper.file)
            forwarder = Forwarder(queue, households, shared, config.keep_days)
            self.gateways.append(BridgedGateway(jid, keeper, queue, households, session, forwarder))
        self.intake = Intake(session, {one.jid.partition("/")[0].lower(): one.keeping for one in self.gateways})

    def again(self, values: Sequence[Value]) -> None:
        """These came back after the sink had answered for them: they wait once more."""
        for value in values:
            gateway = next(one for one in self.gateways if one.jid == value.household.gateway)
            gateway.queue.again(value.record, value.granularity, value.time)
            gateway.forwarder.wake()

    async def run(self, stop: asyncio.Event) -> None:
        """Subscribe, keep, confirm and hand on until ``stop``."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._session.run(stop), name="session")
                group.create_task(self.intake.receive(stop), name="intake")
                for gateway in self.gateways:
                    group.create_task(gateway.subscriber.subscribe(stop), name="subscriber")
                    group.create_task(gateway.forwarder.run(stop), name="forwarder")
        finally:
            for gateway in self.gateways:
                gateway.keeper.close()


def _is_sound(waiting: Waiting) -> bool:
    """Whether a meter can have said it: a number or a short text, a time until tomorrow, a granularity, a unit."""
    return (
        not (isinstance(waiting.value, str) and len(waiting.value) > _MOST_TEXT)
        and _FIRST_TIME <= waiting.time <= time.time() + _DAY_S
        and bool(_GRANULARITY.fullmatch(waiting.granularity) and _UNIT.fullmatch(waiting.unit))
    )


def queue_file(directory: Path, gateway: str) -> Path:
    """Where the queue of a gateway (full JID) is; every character that a file name should not have becomes ``_``."""
    return directory / (re.sub(r"[^a-z0-9@._-]", "_", gateway.partition("/")[0].lower()) + ".sqlite")
