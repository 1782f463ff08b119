"""The live feed: what the meters say this second to the MQTT broker, by the contract of ``gateway.live``.

Never queued: while the broker is slow or away only the latest counts, and a new connection is told everything.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from gateway.errors import BrokerError
from gateway.federation.connection.waiting import wait_any
from gateway.household.now import Now, states_by_name
from gateway.links.alert_words import FaultKind
from gateway.live import topics
from gateway.live.meter import STALE_AFTER_S
from gateway.live.state import NAMELESS
from gateway.words.table import WordTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gateway.links.alerts import Alert
    from gateway.links.link import Link
    from gateway.live.topics import RetainedMessage
    from gateway.mqtt.broker import Broker

log = logging.getLogger(__name__)

_ROUND_S = 1.0


class Feed:
    """The live feed of all meters.

    Args:
        broker: the connection; it is run by whoever made it.
        now: what the meters say; it hears each frame, and looks at the links, before this does.
    """

    def __init__(self, broker: Broker, now: Now) -> None:
        self._broker, self._meters = broker, now.meters
        self._links: dict[str, str] = {}
        self._alerts: dict[str, dict[str, str]] = {}
        # What is to be told at the next round: meters, and names of links and alerts.
        self._due: set[str] = set()
        self._changed_links: set[str] = set()
        self._changed_alerts: set[str] = set()
        self._told = dict.fromkeys(self._meters, 0.0)
        # Meter -> what its day has cost as it was last told.
        self._costs: dict[str, int | None] = {}
        self._wake, self._one_voice = asyncio.Event(), asyncio.Lock()
        self.alive_at = time.monotonic()
        now.listen(self._hear)
        broker.greet(self._greet)

    def look(self, links: Sequence[Link], active: Sequence[Alert]) -> None:
        """How every link stands, and what is at fault."""
        states = states_by_name(links)
        alerts = dict(map(_place_and_texts, active))
        told = dict.fromkeys(states, _NO_TEXTS) | alerts
        self._changed_links |= _differing(self._links, states)
        self._changed_alerts |= _differing(self._alerts, told)
        self._links, self._alerts = states, told
        if self._due or self._changed_links or self._changed_alerts:
            self._wake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Publish until ``stop``; what may have been lost when it was started again is told again."""
        tell = self._greet
        while not stop.is_set():
            self.alive_at = time.monotonic()
            self._note_silence(time.monotonic())
            try:
                await tell()
            except BrokerError as error:
                # All of it is told with the next connection.
                log.debug("%s", error)
            tell = self._tell
            await wait_any(_ROUND_S, self._wake, stop)
            self._wake.clear()

    def _hear(self, meter: str) -> None:
        self._due.add(meter)
        self._wake.set()

    async def _greet(self) -> None:
        """A new connection: everything, whether it has changed or not."""
        async with self._one_voice:
            await self._tell_everything()

    async def _tell_everything(self) -> None:
        self._due, self._changed_links, self._changed_alerts = set(self._meters), set(self._links), set(self._alerts)
        for name, meter in self._meters.items():
            meter.take_fresh()
            self._costs.pop(name, None)
            await self._send(topics.values(name, meter.everything()))
        await self._tell_changes()

    async def _tell(self) -> None:
        async with self._one_voice:
            await self._tell_changes()

    async def _tell_changes(self) -> None:
        due, self._due = self._due, set()
        for name in due:
            meter, self._told[name] = self._meters[name], time.monotonic()
            snapshot = meter.snapshot(time.monotonic())
            await self._send(topics.frames(snapshot))
            await self._send(topics.values(name, meter.take_fresh()))
            cents = snapshot.cost_today_cents
            if name not in self._costs or self._costs[name] != cents:
                await self._send([topics.cost_today(name, cents)])
                self._costs[name] = cents
        changed, self._changed_links = self._changed_links, set()
        # Of a link that is no more (a counter, a recipient) nothing remains at the broker either.
        await self._send(topics.links({name: self._links.get(name, "") for name in changed}))
        changed, self._changed_alerts = self._changed_alerts, set()
        await self._send([topics.alert(name, self._alerts.get(name)) for name in changed])

    async def _send(self, messages: Iterable[RetainedMessage]) -> None:
        for message in messages:
            await self._broker.publish(message.topic, message.payload, retain=True)

    def _note_silence(self, now: float) -> None:
        """What is stale is said when it becomes so, and again from time to time with its age."""
        for name, meter in self._meters.items():
            age = meter.age_s(now)
            since_told = now - self._told[name]
            became_stale = age is not None and age >= STALE_AFTER_S > age - since_told
            if became_stale or ((age is None or age >= STALE_AFTER_S) and since_told >= STALE_AFTER_S):
                self._due.add(name)


def _place_and_texts(alert: Alert) -> tuple[str, dict[str, str]]:
    if isinstance(alert.kind, FaultKind) and alert.kind.link in NAMELESS:
        # What is said of a recipient names it.
        return alert.kind.link, dict(_NAMELESS_TEXTS)
    return alert.link, alert.text.in_every_language()


def _differing(before: Mapping[str, object], after: Mapping[str, object]) -> set[str]:
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


_NO_TEXTS: dict[str, str] = {}
_NAMELESS_TEXTS = WordTable("Data have been waiting for a recipient; the “Status” page says which.")
