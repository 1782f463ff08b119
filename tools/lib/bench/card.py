"""What a year costs a card: bytes written to its block device in a day, and how the database grows.

The real chain in compressed time, from the bytes of a simulated meter to the real store with its default settings: a
record a minute, or at once where the gateway would, a commit each half hour; the hourly clearing; alone, and with a
recipient that has every minute and confirms it. A day at the pace of the line, every frame of
it, says what is written; some days with a frame every twenty seconds say what stays, which is made of minutes, half
hours and days alike. After each minute the kernel is made to write what it would have written by the next one, so that
the minute that is not waited for hides nothing.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import sqlite3
import subprocess
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bench.streams import KINDS, StreamKind
from gateway.config.tables import StoreTable as Keeping
from gateway.daemon.meter import MeterReader
from gateway.sources.line import Line
from gateway.sources.source import parse_source
from gateway.store.points import Confirm, Granularity, Outgoing
from gateway.store.prepare import prepare
from gateway.store.store import Store
from gateway.tic.clock import Belief
from gateway.tic.frame import Reader
from meter import clock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.parts import At

_DAY_S, _HOUR_S = 86_400, 3_600
_SPARSE_MS = 20_000
# As many raw values go each hour as come, from the third hour on and not from the third day.
_RAW_HOURS = 2
_MOST_ROWS = 100_000
_SECTOR = 512
_MEGABYTES = 512


@dataclass(frozen=True, slots=True)
class BenchDisk:
    """Where to write; ``device`` is the name of its block device, or "" where the folder has none of its own."""

    folder: Path
    device: str

    def written(self) -> int:
        """Bytes written until now; by this process alone where there is no device of its own."""
        if self.device:
            return int(Path(f"/sys/block/{self.device}/stat").read_text().split()[6]) * _SECTOR
        told = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
        return int(told["write_bytes"])

    def flush(self) -> None:
        """Let the kernel write what it would within half a minute: times of files, what the journal promised."""
        if not self.device:
            return
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            if ctypes.CDLL(None, use_errno=True).syncfs(descriptor):
                raise OSError(ctypes.get_errno(), "syncfs")
        finally:
            os.close(descriptor)


@contextmanager
def disk(folder: Path) -> Iterator[BenchDisk]:
    """A disk in that folder, until the end of the block."""
    inside = folder / "disk"
    inside.mkdir()
    image = folder / "disk.img"
    device = _attach(image) if os.geteuid() == 0 else ""
    if not device:
        yield BenchDisk(inside, "")
        return
    try:
        # Made whole at once: what the kernel would write of it later, by and by, is not the gateway's.
        make = ["mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", device]
        subprocess.run(make, check=True, stdin=subprocess.DEVNULL, capture_output=True)
        subprocess.run(["mount", "-o", "noatime", device, inside], check=True, capture_output=True)
        try:
            yield BenchDisk(inside, Path(device).name)
        finally:
            subprocess.run(["umount", inside], check=True, capture_output=True)
    finally:
        subprocess.run(["losetup", "--detach", device], check=True, capture_output=True)


def _attach(image: Path) -> str:
    """The loop device of a new file; "" where there is none to be had, as in most containers."""
    with image.open("wb") as file:
        file.truncate(_MEGABYTES << 20)
    done = subprocess.run(["losetup", "--find", "--show", image], check=False, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""


class _Chain:
    """A meter and the gateway behind it, in the meter's own time."""

    def __init__(
        self,
        at: BenchDisk,
        kind: StreamKind,
        every_ms: int = 0,
        commit_s: int = Keeping().commit_interval_s,
        recipient: str = "",
        raw_hours: int = Keeping().raw_hours,
    ) -> None:
        self._raw_s = raw_hours * _HOUR_S
        self._disk, self._kind, self._every_ms, self._commit_s = at, kind, every_ms, commit_s
        self._now_ms = clock.parse_start("2025-01-15T00:00", 0)
        self._linky = kind.meter(self._now_ms, seed=3)
        prepare(at.folder)
        self.store = Store(at.folder)
        self._reader = Reader(kind.mode)
        line = Line("house", parse_source("/dev/ttyTIC", at.folder), kind.mode)
        known = self.store.meters.add("house", "ab12cd34ef")
        self._meter = MeterReader(known, {}, line, belief=Belief.METER)
        self._recipient, now = recipient, self._now_ms // 1000
        if recipient:
            self.store.consents.grant(recipient, "house", "", Granularity.MINUTE, now + _DAY_S * 365, now)
            self.store.subscriptions.add(recipient, "house", "", "sen1", Confirm.RECEIPT, now)
        self.store.db.postpone_from_now()
        self.minutes = 0

    async def live(self, seconds: float) -> None:
        """So many seconds of the meter's life."""
        end_ms = self._now_ms + int(seconds * 1000)
        committed = forgotten = self._now_ms
        while self._now_ms < end_ms:
            data = b"".join(self._linky.next_frame(self._now_ms).encode())
            self._now_ms += max(self._kind.takes_ms(data), self._every_ms)
            received = datetime.fromtimestamp(self._now_ms / 1000, UTC)
            urgent = [await self._meter.accept(frame, received, None) for frame in self._reader.feed(data)]
            if any(urgent) or self._now_ms - committed >= self._commit_s * 1000:
                committed = self._now_ms
                self.store.batches.write([self._meter.recorder.take()], committed / 1000, leaving=bool(self._recipient))
                self._deliver(committed // 1000)
                self.store.batches.settle()
                self.minutes += 1
                self._disk.flush()
            if self._now_ms - forgotten >= _HOUR_S * 1000:
                forgotten = self._now_ms
                keep = Keeping()
                spans = self._raw_s, keep.minute_days * _DAY_S, keep.outbox_days * _DAY_S
                self.store.batches.forget(forgotten // 1000, *spans)

    def _deliver(self, now: int) -> None:
        """As the delivery does: what waits is noted as handed over, and confirmed when it has arrived."""
        outbox = self.store.outbox
        if self._recipient and (rows := outbox.pending(self._recipient, -1, _MOST_ROWS, now)):
            outbox.hand_over([Outgoing(self._recipient, rows[-1].seq, tuple(rows))], now)
            outbox.confirm(self._recipient, rows[0].seq - 1, rows[-1].seq, now)


def writing(at: At) -> dict[str, float]:
    """Bytes to the block device a day, in MB, by kind of meter, and with a recipient of minutes.

    The first hours are not counted: a new database grows by whole steps, and lets nothing go yet.
    """
    hours, found, coop = 0.1 if at.quick else 24, {}, "coop@sen1.test"
    for kind, recipient in ((KINDS[0], ""), (KINDS[0], coop), (KINDS[1], coop)):
        name = f"{kind.name}{'_recipient' if recipient else ''}"
        inside = at.folder / name
        inside.mkdir()
        with disk(inside) as card:
            chain = _Chain(card, kind, recipient=recipient, raw_hours=_RAW_HOURS)
            with closing(chain.store):
                asyncio.run(chain.live(min(_RAW_HOURS + 1, hours) * _HOUR_S))
                before, minutes = card.written(), chain.minutes
                asyncio.run(chain.live(hours * _HOUR_S))
                written, minutes = card.written() - before, chain.minutes - minutes
        found[f"{name}_megabytes_a_day"] = written * 24 / hours / 1e6
        found["minutes_a_day"] = minutes * 24 / hours
        found["block_device"] = float(bool(card.device))
    return found


def growth(at: At) -> dict[str, float]:
    """Growth of the database a year, in MB, once the values of every second are being cleared: one phase, and three."""
    days, found = 0.1 if at.quick else 6, {}
    for kind in KINDS[:2]:
        inside = at.folder / kind.name
        inside.mkdir()
        chain = _Chain(BenchDisk(inside, ""), kind, _SPARSE_MS, _HOUR_S)
        with closing(chain.store):
            # Two days of every second are kept; half of the time is for the file to find its size.
            asyncio.run(chain.live(days / 2 * _DAY_S))
            before, tables = _pages(chain.store), _tables(chain.store)
            asyncio.run(chain.live(days / 2 * _DAY_S))
            grown, later = _pages(chain.store) - before, _tables(chain.store)
        a_year = 365 / (days / 2) / 1e6
        found[f"{kind.name}_megabytes_a_year"] = grown * a_year
        for table, count in later.items():
            found[f"{kind.name}_{table}_megabytes_a_year"] = (count - tables.get(table, 0)) * a_year
    return found


def _tables(store: Store) -> dict[str, int]:
    """Bytes of the pages of each table and index, where this SQLite can tell."""
    try:
        return dict(store.db.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name").fetchall())
    except sqlite3.OperationalError:
        return {}


def _pages(store: Store) -> int:
    """Bytes of the pages that hold something."""
    read = store.db.execute
    size, count, free = (read(f"PRAGMA {word}").fetchone()[0] for word in ("page_size", "page_count", "freelist_count"))
    return int(size * (count - free))
