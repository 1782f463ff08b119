"""What a year costs a card: bytes written to its block device in a day, and how the database grows.

The real chain in compressed time, from the bytes of a simulated meter to the real store with its default settings: one
commit a minute, or at once where the gateway would; the hourly clearing. A day at the pace of the line, every frame of
it, says what is written; some days with a frame every twenty seconds say what stays, which is made of minutes, half
hours and days alike. After each commit the kernel is made to write what it would have written by the next one, so that
the minute that is not waited for hides nothing.
"""

from __future__ import annotations

import asyncio
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bench.disk import BenchDisk, disk
from bench.streams import KINDS, StreamKind
from gateway.config.tables import StoreTable as Keeping
from gateway.daemon.meter import MeterReader
from gateway.sources.line import Line
from gateway.sources.source import parse_source
from gateway.store.connection import FILE_NAME
from gateway.store.prepare import prepare
from gateway.store.store import Store
from gateway.tic.clock import Belief
from gateway.tic.frame import Reader
from meter import clock
from meter.frames import BAUD, MeterIdentity
from meter.household import SimulatedHousehold
from meter.living import Linky

if TYPE_CHECKING:
    from pathlib import Path

_DAY_S, _HOUR_S = 86_400, 3_600
_SILENCE_MS = 25
_SPARSE_MS = 20_000


class _Chain:
    """A meter and the gateway behind it, in the meter's own time."""

    def __init__(
        self, at: BenchDisk, kind: StreamKind, every_ms: int = 0, commit_s: int = Keeping().commit_interval_s
    ) -> None:
        self._disk, self._kind, self._every_ms, self._commit_s = at, kind, every_ms, commit_s
        self._now_ms = clock.parse_start("2025-01-15T00:00", 0)
        self._linky = Linky(
            mode=kind.mode,
            contract=kind.contract,
            identity=MeterIdentity(phases=kind.phases, kva=6 * kind.phases),
            household=SimulatedHousehold(seed=3, phases=kind.phases, solar_w=kind.solar_w),
            start_ms=self._now_ms,
            producer=kind.solar_w > 0,
        )
        prepare(at.folder)
        self.store = Store(at.folder)
        self._reader = Reader(kind.mode)
        line = Line("house", parse_source("/dev/ttyTIC", at.folder), kind.mode)
        known = self.store.meters.add("house", "ab12cd34ef")
        self._meter = MeterReader(known, {}, line, belief=Belief.METER)
        self.commits = 0

    async def live(self, seconds: float) -> None:
        """So many seconds of the meter's life."""
        end_ms = self._now_ms + int(seconds * 1000)
        committed = forgotten = self._now_ms
        while self._now_ms < end_ms:
            urgent = await self._frame()
            if urgent or self._now_ms - committed >= self._commit_s * 1000:
                committed = self._now_ms
                self._commit()
            if self._now_ms - forgotten >= _HOUR_S * 1000:
                forgotten = self._now_ms
                self._forget()

    async def _frame(self) -> bool:
        data = b"".join(self._linky.next_frame(self._now_ms).encode())
        self._now_ms += max(len(data) * 10_000 // BAUD[self._kind.mode] + _SILENCE_MS, self._every_ms)
        received = datetime.fromtimestamp(self._now_ms / 1000, UTC)
        urgent = [await self._meter.accept(frame, received, None) for frame in self._reader.feed(data)]
        return any(urgent)

    def _commit(self) -> None:
        self.store.batches.write([self._meter.recorder.take()], self._now_ms / 1000)
        self.commits += 1
        self._disk.flush()

    def _forget(self) -> None:
        keep = Keeping()
        spans = keep.raw_hours * _HOUR_S, keep.minute_days * _DAY_S, keep.outbox_days * _DAY_S
        self.store.batches.forget(self._now_ms // 1000, *spans)


def measure_writing(folder: Path, hours: float = 24) -> dict[str, float]:
    """Bytes to the block device a day, in MB, and commits a day; a standard meter, one phase.

    The first hour is not counted: a new database grows by whole steps.
    """
    with disk(folder) as at:
        chain = _Chain(at, KINDS[0])
        with closing(chain.store):
            asyncio.run(chain.live(min(1, hours) * _HOUR_S))
            before, commits = at.written(), chain.commits
            asyncio.run(chain.live(hours * _HOUR_S))
            written = at.written() - before
        size = (at.folder / FILE_NAME).stat().st_size
    share = 24 / hours
    return {
        "megabytes_a_day": written * share / 1e6,
        "commits_a_day": (chain.commits - commits) * share,
        "database_megabytes": size / 1e6,
        "block_device": float(bool(at.device)),
    }


def measure_growth(folder: Path, days: float = 6) -> dict[str, float]:
    """Growth of the database a year, in MB, once the values of every second are being cleared: one phase, and three."""
    found = {}
    for kind in KINDS[:2]:
        inside = folder / kind.name
        inside.mkdir()
        chain = _Chain(BenchDisk(inside, ""), kind, _SPARSE_MS, _HOUR_S)
        with closing(chain.store):
            # Two days of every second are kept; half of the time is for the file to find its size.
            asyncio.run(chain.live(days / 2 * _DAY_S))
            before = _pages(chain.store)
            asyncio.run(chain.live(days / 2 * _DAY_S))
            grown = _pages(chain.store) - before
        found[f"{kind.name}_megabytes_a_year"] = grown / (days / 2) * 365 / 1e6
    return found


def _pages(store: Store) -> int:
    """Bytes of the pages that hold something."""
    read = store.db.execute
    size, count, free = (read(f"PRAGMA {word}").fetchone()[0] for word in ("page_size", "page_count", "freelist_count"))
    return int(size * (count - free))
