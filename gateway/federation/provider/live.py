"""Live-only subscriptions: the value of this second to whom may watch, and to nobody later.

A live value is never queued, neither here nor at a server (type headline, XEP-0334 hints): while one's own server has
not taken the one before, it is left out. A subscription lives in memory and is a lease: it ends at the time stated, at
the withdrawal of its consent, when the watcher goes offline (its presence, or no answer to a ping) and with this
process; who still wants it asks again. The consents are asked at every value.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from gateway.errors import FederationError, SenMLError, StoreError
from gateway.federation.connection.waiting import ROUND_S, wait_any
from gateway.federation.wire.stanza import QUOALISE, Publisher, build_quoalise, hints
from gateway.store.points import MeterInfo, Point, Value, under

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from gateway.federation.connection.session import Session
    from gateway.senml.naming import NameForm
    from gateway.store.transfers import Transfers
    from gateway.store.watching import Watching

log = logging.getLogger(__name__)

# A phone, a tablet and a wall display of each of a few people; each costs a look at the consents a second.
MOST_WATCHERS, MOST_OF_ONE = 20, 5

# What one's own server has not taken yet of one watcher: the last value and the one before.
_MOST_UNDER_WAY = 2

_PING_EVERY_S, _PING_PATIENCE_S = 30.0, 20.0
# The log of transfers is brought up to date this often, with a commit that comes anyway.
_NOTE_EVERY_S = 60.0

# Nobody is to keep it, or to copy it to other devices.
_HINTS = hints("no-store", "no-permanent-store", "no-copy")


@dataclass(frozen=True, slots=True)
class LiveWatch:
    """Who watches what: full JID, its bare one, meter, branch, form of names, seconds between values, POSIX end."""

    origin: str
    recipient: str
    meter: MeterInfo
    prefix: str
    form: NameForm
    interval_s: float
    until: float

    @property
    def key(self) -> tuple[str, str, str]:
        """What a repetition replaces."""
        return self.origin, self.meter.name, self.prefix


@dataclass(slots=True)
class _State:
    """How far one watcher is: when the next value may go, ids under way, the series that the log of transfers has.

    ``parts``: in how many messages the last value went, one for each retention that binds.
    """

    due: float = 0.0
    under_way: set[str] = field(default_factory=set)
    noted: set[int] = field(default_factory=set)
    parts: int = 1


class LiveValues:
    """Shows the meters' values as they are read.

    Args:
        session: the connection; listening begins at once, sending with ``run``.
        watching, transfers: of the store, asked through ``call``.
        call: ``await call(function, *arguments)``.
        publisher: in whose name the values are.
        clock: the host's POSIX seconds.
        monotonic: seconds that only grow.
        ping_every_s: how often a watcher is asked whether it is still there.
    """

    def __init__(
        self,
        session: Session,
        watching: Watching,
        transfers: Transfers,
        call: Callable[..., Awaitable[Any]],
        publisher: Publisher,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        ping_every_s: float = _PING_EVERY_S,
    ) -> None:
        self._watching = watching
        self._transfers = transfers
        self._session, self._call, self._publisher = session, call, publisher
        self._clock, self._monotonic, self._ping_every_s = clock, monotonic, ping_every_s
        self.alive_at = time.monotonic()
        self._watches: dict[tuple[str, str, str], tuple[LiveWatch, _State]] = {}
        # Only the newest values of each meter: (path -> value, POSIX second).
        self._newest: dict[str, tuple[Mapping[str, Value], int]] = {}
        # What was shown and stands in no log yet, by recipient.
        self._shown: dict[str, list[Point]] = {}
        self._noted_at = monotonic()
        self._said, self._numbers = asyncio.Event(), itertools.count(1)
        session.on_acknowledged(self._accepted)
        session.on_absent(self._absent)
        session.on_change(self._changed)

    @property
    def watches(self) -> list[LiveWatch]:
        """Who watches now."""
        return [watch for watch, _ in self._watches.values()]

    def watch(self, watch: LiveWatch) -> bool:
        """Begin to show, or go on to another end; False when there are too many already."""
        if watch.key not in self._watches:
            own = sum(other.recipient == watch.recipient for other in self.watches)
            if own >= MOST_OF_ONE or len(self._watches) >= MOST_WATCHERS:
                return False
        _, state = self._watches.get(watch.key, (watch, _State()))
        self._watches[watch.key] = watch, state
        return True

    def unwatch(self, recipient: str, meter: str, prefix: str) -> None:
        """End the recipient's live subscriptions under ``prefix``."""
        mine = [watch for watch in self.watches if (watch.recipient, watch.meter.name) == (recipient, meter)]
        self._end(watch for watch in mine if under(watch.prefix, prefix))

    def say(self, meter: str, values: Mapping[str, Value], at: int) -> None:
        """A meter says this now (path -> value, POSIX second)."""
        if self._watches:
            self._newest[meter] = values, at
            self._said.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Show and look after the watchers until ``stop``."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._show(stop), name="live values")
            group.create_task(self._look_after(stop), name="live watchers")

    async def _show(self, stop: asyncio.Event) -> None:
        while True:
            self.alive_at = time.monotonic()
            self._said.clear()
            newest, self._newest = self._newest, {}
            try:
                for watch, state in list(self._watches.values()):
                    if watch.meter.name in newest:
                        await self._show_one(watch, state, *newest[watch.meter.name])
                if self._monotonic() - self._noted_at >= _NOTE_EVERY_S or stop.is_set():
                    await self.note_shown()
            except StoreError as error:
                log.debug("live values cannot be shown: %s", error)
            if stop.is_set():
                return
            if not self._said.is_set():
                await wait_any(ROUND_S, self._said, stop)

    async def _show_one(self, watch: LiveWatch, state: _State, values: Mapping[str, Value], at: int) -> None:
        now = self._monotonic()
        if self._clock() >= watch.until:
            self._end([watch])
        elif now >= state.due and self._has_room(state) and self._session.connected.is_set():
            # With a tenth of grace: a meter whose second is a little short is not shown every other time only.
            state.due = now + watch.interval_s * 0.9
            moment = self._clock()
            named = watch.recipient, watch.meter.name, watch.prefix
            with self._session.departures.one():
                points = await self._call(self._watching.live_points, *named, values, at, moment)
                if points is None:
                    self._end([watch])
                elif points:
                    await self._note(watch, state, [point for part in points.values() for point in part], moment)
                    # It may have gone, or asked for something else, while the store was asked.
                    if self._watches.get(watch.key, (None, None))[0] is watch:
                        state.parts = len(points)
                        for retention, part in points.items():
                            self._send(watch, state, part, retention)

    async def _note(self, watch: LiveWatch, state: _State, points: list[Point], moment: float) -> None:
        """Note what is about to leave: at once the first of each series, the others now and then."""
        series = {point.series.id for point in points}
        if series <= state.noted:
            self._shown.setdefault(watch.recipient, []).extend(points)
        else:
            await self._call(self._transfers.note, watch.recipient, points, moment)
            state.noted |= series

    async def note_shown(self) -> None:
        """Bring the log of transfers up to date."""
        self._noted_at = self._monotonic()
        for recipient in list(self._shown):
            await self._call(self._watching.note_shown, recipient, self._shown[recipient], self._clock())
            del self._shown[recipient]

    @staticmethod
    def _has_room(state: _State) -> bool:
        return len(state.under_way) < _MOST_UNDER_WAY * state.parts

    def _send(self, watch: LiveWatch, state: _State, points: list[Point], retention: str) -> None:
        try:
            payload = build_quoalise(self._publisher.bound(retention), watch.meter, watch.form, points)
        except SenMLError as error:
            log.debug("live values cannot be written: %s", error)
            return
        for meta in payload.iter(f"{{{QUOALISE}}}meta"):
            meta.set("live", "true")
        stanza_id = f"live-{next(self._numbers)}"
        sent = self._session.send_message(watch.origin, stanza_id, payload, *_HINTS, kind="headline")
        if sent and self._session.acknowledges:
            state.under_way.add(stanza_id)

    def _accepted(self, _: str, stanza_id: str) -> None:
        for _watch, state in self._watches.values():
            state.under_way.discard(stanza_id)

    def _absent(self, origin: str) -> None:
        self._end(watch for watch in self.watches if watch.origin == origin)

    async def _look_after(self, stop: asyncio.Event) -> None:
        """End what is over, and find out who is not there any more without having said so."""
        while not await wait_any(self._ping_every_s, stop):
            now = self._clock()
            self._end(watch for watch in self.watches if now >= watch.until)
            if self._session.connected.is_set():
                await asyncio.gather(*(self._ping(origin) for origin in {watch.origin for watch in self.watches}))

    async def _ping(self, origin: str) -> None:
        try:
            await self._session.request(origin, ET.Element("{urn:xmpp:ping}ping"), _PING_PATIENCE_S, "get")
        except FederationError as error:
            # One that does not know pings (XEP-0199) is there all the same.
            if self._session.connected.is_set() and error.condition != "feature-not-implemented":
                self._absent(origin)

    def _end(self, ended: Iterable[LiveWatch]) -> None:
        for watch in list(ended):
            self._watches.pop(watch.key, None)
            log.debug("a live subscription of %s ends", watch.origin)

    def _changed(self, _: bool) -> None:
        # What the old session had not taken is lost, as it may be.
        for _watch, state in self._watches.values():
            state.under_way.clear()
