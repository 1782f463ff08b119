"""Minutes or days of a standard meter in a real database: simulated frames, decoded, judged, recorded and committed.

The way is that of the daemon from the wire's bytes on (``gateway.daemon.meter``, ``gateway.store``); only the pace is
not: a frame a minute of the meter's clock, as fast as they can be read.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gateway.daemon.meter import MeterReader
from gateway.sources.line import LineState
from gateway.store.points import Confirm, Granularity
from gateway.store.prepare import prepare
from gateway.store.store import Store
from gateway.tic.frame import Reader
from gateway.tic.quality import SignalQuality
from meter.frames import MeterIdentity
from meter.living import Linky

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from gateway.store.recorder import Batch
    from gateway.tic.frame import Frame

SENSOR = "ab12"
# What is committed together: of a backlog nobody waits for a minute.
_COMMIT_MINUTES = 60
_CONSENT_S = 365 * 86400


class BenchHousehold:
    """A single-phase meter with off-peak hours as a line (``gateway.sources.line.Listening``), and who reads it.

    Args:
        store: where the meter ``house`` is made known.
        begin: POSIX second of the first frame.
        every_s: seconds between two frames.
        seed: of the household's habits.
    """

    receipt, age_s, finite = None, 0.0, True

    def __init__(self, store: Store, begin: int, every_s: float = 60.0, seed: int = 1) -> None:
        self.state, self.quality = LineState(), SignalQuality(0.0)
        self._meter, self._bytes = _meter(begin, seed), Reader()
        self._now, self._every, self._left = float(begin), every_s, 0
        self._reader = MeterReader(store.meters.add("house", SENSOR), {}, self)

    async def hear(self, minutes: int) -> Batch:
        """Live so many minutes; what is to be stored of them."""
        self._left = round(minutes * 60 / self._every)
        await self._reader.read(asyncio.Event())
        return self._reader.recorder.take()

    async def frames(self) -> AsyncIterator[tuple[Frame, datetime]]:
        """The frames of the minutes that are to be lived."""
        while self._left:
            self._left -= 1
            data = b"".join(self._meter.next_frame(int(self._now * 1000)).encode())
            for frame in self._bytes.feed(data):
                yield frame, datetime.fromtimestamp(self._now, UTC)
            self._now += self._every


def capture(begin: int, seconds: int, serial: str) -> bytes:
    """The bytes of such a meter, a frame a second."""
    meter = _meter(begin, int(serial), serial)
    return b"".join(piece for at in range(begin, begin + seconds) for piece in meter.next_frame(at * 1000).encode())


def _meter(begin: int, seed: int, serial: str = "000042") -> Linky:
    return Linky(contract="hc", identity=MeterIdentity(serial=serial), start_ms=begin * 1000, seed=seed)


def live(data: Path, begin: int, minutes: int, recipients: Sequence[str]) -> int:
    """Live these minutes in a new database below ``data``; the outbox rows that wait then.

    Args:
        data: the database's folder.
        begin: POSIX second of the first frame.
        minutes: for how long; one more frame closes the last of them.
        recipients: who was allowed everything, subscribed to it, and was never there.
    """
    prepare(data)
    with closing(Store(data)) as store:
        household = BenchHousehold(store, begin)
        grant(store, "house", recipients, begin)
        for place in range(0, minutes + 1, _COMMIT_MINUTES):
            batch = asyncio.run(household.hear(min(_COMMIT_MINUTES, minutes + 1 - place)))
            store.batches.write([batch], time.time())
        return sum(waiting.rows for waiting in store.outbox.backlog())


def grant(store: Store, meter: str, recipients: Sequence[str], now: int) -> None:
    """Allow the recipients (addresses) the minutes of all of a meter, and subscribe them."""
    for jid in recipients:
        store.consents.grant(jid, meter, "", Granularity.MINUTE, now + _CONSENT_S, now - 60)
        store.subscriptions.add(jid, meter, "", "sen1", Confirm.RECEIPT, now - 60)
