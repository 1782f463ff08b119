"""A day of a meter's life, as fast as it can be read: what is stored is what the meter said, and nothing else.

Twenty-four hours in three pieces of 2026: the night in which an hour is missing, the one in which an hour comes twice,
an evening. On the way the line has noise, is unplugged twice and switched over three times, the meter is replaced, the
contract is another one. Frames follow each other as on the wire for minutes after whatever happens and around each half
hour; in between one is read every fifteen seconds, so that the day is over within a minute.
"""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from array import array
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, cast

import pytest

from gateway.daemon.meter import MeterReader
from gateway.store.points import Granularity
from gateway.store.recorder import Happened, Recorder
from gateway.store.store import Store
from gateway.tic.frame import Reader
from gateway.tic.quality import SignalQuality
from meter.frames import BAUD, HISTORIC, STANDARD, MeterIdentity
from meter.living import Linky
from meter.metrology import WH
from tests.gateway.store.conftest import frame
from tests.prepared import prepare
from tests.test_corruption import CHECKED, FAULTS, WORDS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from pathlib import Path

    from gateway.sources.line import Line
    from gateway.store.points import StoredEvent
    from gateway.store.recorder import Batch
    from gateway.tic.frame import Frame

TOTAL = "consumption/energy/active/index"
CURVE = "consumption/power/active/raw"
BREAKS = ("mode-switched", "meter-replaced", "contract-changed")
NEVER = ("index-step", "index-fell", "roll-over", "out-of-range", "clock-degraded")

# One frame in so many is damaged, in a way that the port's parity or the checksum can see.
DAMAGED = 0.03
NOISE = [fault for fault in FAULTS if fault.never_wrong]

# Seconds between two frames where nothing happens, and how near to something every frame is heard.
QUIET_S, NEAR_S = 15, 60
AFTERWARDS_S = 420
QUARTER_S, HALF_HOUR_S = 900, 1800
STX, ETX = b"\x02", b"\x03"

# An index at a quarter hour lies on the line between two frames; where one of them is damaged, and in historic mode,
# they are some seconds apart, and the host's time is that of a frame's end.
MARK_OFF_WH = 3

# After a break, or so many seconds without an undamaged frame, two frames may be missing: an index is believed when two
# frames say it, and after standard mode the first one without the meter's clock counts for none.
FRAMES_TO_AGREE, SILENCE_S = 2, 60

# Bytes at the wrong speed before the line is found again, and what the household drew between two pieces.
WRONG_SPEED_BYTES, WRONG_SPEED_S = 600, 6
AWAY_WH = 1_234_567

# How much more the gateway may hold at the end than after its first hour: the labels and the groups of the other mode
# and of the other meter, once.
MEMORY_BOUND = 32 * 1024
WARM_UP_S = 3600


@dataclass(frozen=True, slots=True)
class Piece:
    """A time with what happens in it: (ISO 8601, a command of the simulator, or ``unplug``, ``swap`` with seconds)."""

    begin: str
    end: str
    happens: tuple[tuple[str, str], ...]


PIECES = (
    Piece(
        "2026-03-28T20:00+01:00",
        "2026-03-29T04:00+02:00",
        (("2026-03-28T23:28:40+01:00", "unplug 180"), ("2026-03-29T01:40+01:00", f"mode {HISTORIC}")),
    ),
    Piece(
        "2026-10-24T20:00+02:00",
        "2026-10-25T06:00+01:00",
        (
            ("2026-10-25T00:37+02:00", "swap 240"),
            ("2026-10-25T01:10+02:00", f"mode {STANDARD}"),
            ("2026-10-25T05:10+01:00", "tariff weekend"),
        ),
    ),
    Piece(
        "2026-11-10T17:00+01:00",
        "2026-11-10T23:00+01:00",
        (("2026-11-10T18:21+01:00", "unplug 760"), ("2026-11-10T20:00+01:00", f"mode {HISTORIC}")),
    ),
)

# The half hour in the middle of the long unplugging.
UNHEARD = "2026-11-10T18:30+01:00"


def second(text: str) -> int:
    """ISO 8601 to POSIX seconds."""
    return int(datetime.fromisoformat(text).timestamp())


# After these the total is another sum: what lies between the last index before and the first one after is nobody's.
SWITCHED = [second(at) for piece in PIECES for at, what in piece.happens if what.startswith("mode ")]


class House:
    """A meter and its line, in the place of ``Line``; commits what its reader gathered at each minute's end.

    With ``weighed`` what is held after an hour and at the end is in ``memory`` (``tracemalloc`` must run, and is slow).
    ``said`` is the total index of each second for which a frame was sent, ``sure`` those that must be believed,
    ``exact`` the true total at each quarter hour.
    """

    finite = False

    def __init__(self, store: Store, *, weighed: bool = False) -> None:
        self._weighed = weighed
        known = store.meters.add("house", "ab12cd34ef")
        self.reader = MeterReader(known, {}, cast("Line", self))
        self.said: dict[int, set[int]] = {}
        self.sure: set[int] = set()
        self.exact: dict[int, int] = {}
        self.damaged = 0
        self.offered = array("q")
        self.memory: list[int] = []
        self.quality = SignalQuality(0.0)
        self._store, self._draw, self._bytes = store, Random(20261025), Reader()
        self._now = second(PIECES[0].begin) * 1000
        self._meter = Linky(mode=STANDARD, contract="hc", start_ms=self._now)
        self._agreeing, self._whole = 0, 0
        self._cut = False

    receipt, age_s = None, 0.0

    async def frames(self) -> AsyncIterator[tuple[Frame, datetime]]:
        """Every frame of the day with the simulated time of its last byte."""
        for piece in PIECES:
            if piece is not PIECES[0]:
                self._return(second(piece.begin) * 1000)
            waiting = [(second(at), command.split()) for at, command in piece.happens]
            moments = [at for at, _ in waiting]
            end = second(piece.end) * 1000
            while self._now < end:
                minute = self._now // 60_000
                if waiting and self._now >= waiting[0][0] * 1000:
                    self._happen(waiting.pop(0)[1])
                for heard in self._next():
                    yield heard, datetime.fromtimestamp(self._now / 1000, UTC)
                if self._now // 60_000 != minute:
                    self._commit()
                self._now += 25 if self._is_near(moments) else QUIET_S * 1000
            self._look_at_quarter()
        self._commit()
        if self._weighed:
            self.memory.append(held())

    def _next(self) -> list[Frame]:
        """What the reader makes of the meter's next frame, damaged now and then."""
        self._look_at_quarter()
        began = self._now
        data, mode = b"".join(self._meter.next_frame(began).encode()), self._meter.mode
        total = sum(self._meter.metrology.supplier)
        self._now += len(data) * 10_000 // BAUD[mode]
        time = (began if mode == STANDARD else self._now) // 1000
        self.said.setdefault(time, set()).add(total)
        if self._cut:
            self._cut = False
            return self._bytes.feed(data[len(data) // 2 :])
        if self._draw.random() < DAMAGED:
            self.damaged += 1
            heard = self._bytes.feed(received := self._draw.choice(NOISE).received(self._draw, data))
            # The next frame begins at once, and ends one whose end is damaged; here it may be passed over.
            return heard if received.endswith(ETX) else [*heard, *self._bytes.feed(STX)]
        if time - self._whole > SILENCE_S:
            self._agreeing = 0
        self._whole = time
        if self._agreeing < FRAMES_TO_AGREE:
            self._agreeing += 1
        else:
            self.sure.add(time)
        return self._bytes.feed(data.translate(WORDS).translate(CHECKED))

    def _happen(self, command: list[str]) -> None:
        self._agreeing = 0
        if command[0] == "unplug":
            # Plugged in again in the middle of a frame, too.
            self._bytes.feed(b"".join(self._meter.next_frame(self._now).encode())[:200])
            self._away(int(command[1]))
            self._cut = True
        elif command[0] == "swap":
            self._away(int(command[1]))
            self._meter = Linky(
                mode=self._meter.mode, contract="hc", identity=MeterIdentity(serial="000777"), start_ms=self._now
            )
            self._set_registers([3, 4, *[0] * 8])
        else:
            mode = self._meter.mode
            self._meter.injure(command)
            if self._meter.mode != mode:
                self._bytes.feed(self._draw.randbytes(WRONG_SPEED_BYTES).translate(CHECKED))
                self._away(WRONG_SPEED_S)

    def _away(self, seconds: int) -> None:
        """Nothing is heard; a line opened again has a new reader."""
        end = self._now + seconds * 1000
        self._look_at_quarter(end)
        self._now, self._bytes = end, Reader()

    def _return(self, now: int) -> None:
        """The same meter months later."""
        before = self._meter
        self._meter = Linky(
            mode=before.mode, contract=before.contract.name, identity=before.identity, start_ms=now, seed=now
        )
        supplier = before.metrology.supplier
        self._set_registers([supplier[0] + AWAY_WH, *supplier[1:]])
        self._now, self._bytes, self._agreeing = now, Reader(), 0

    def _set_registers(self, supplier: list[int]) -> None:
        metrology = self._meter.metrology
        metrology.supplier[:] = supplier
        metrology.distributor[:] = [sum(supplier), 0, 0, 0]
        metrology.drawn.wms = sum(supplier) * WH

    def _look_at_quarter(self, now: int | None = None) -> None:
        metrology, now = self._meter.metrology, now or self._now
        boundary = now // 1000 // QUARTER_S * QUARTER_S
        if metrology.now_ms <= boundary * 1000:
            metrology.advance(boundary * 1000)
            self.exact[boundary] = sum(metrology.supplier)

    def _is_near(self, moments: Iterable[int]) -> bool:
        now = self._now // 1000
        to_boundary = (now + QUARTER_S // 2) % QUARTER_S - QUARTER_S // 2
        return abs(to_boundary) <= NEAR_S or any(-NEAR_S <= now - at <= AFTERWARDS_S for at in moments)

    def _commit(self) -> None:
        batch: Batch = self.reader.recorder.take()
        self.offered.extend(sample.time for sample in batch.samples if sample.path == TOTAL)
        self._store.batches.write([batch], self._now / 1000)
        if self._weighed and not self.memory and self._now >= (second(PIECES[0].begin) + WARM_UP_S) * 1000:
            self.memory.append(held())


def held() -> int:
    """Bytes that are held, less those of the tests and of the simulator.

    Garbage counts for nothing: how much of it waits depends on what the process did before.
    """
    gc.collect()
    others = [tracemalloc.Filter(False, pattern) for pattern in ("*/tests/*", "*/meter/*", "*/tracemalloc.py")]
    return sum(trace.size for trace in tracemalloc.take_snapshot().filter_traces(others).traces)


@dataclass(frozen=True, slots=True)
class Lived:
    """The day after its end: the simulated side and what is stored, by series and granularity."""

    house: House
    stored: dict[tuple[str, Granularity], dict[int, int]]
    events: list[StoredEvent]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """Live the day once."""
    directory: Path = tmp_path_factory.mktemp("long")
    prepare(directory)
    store = Store(directory)
    house = House(store)
    asyncio.run(house.reader.read(asyncio.Event()))
    asked = [(TOTAL, granularity) for granularity in Granularity]
    asked += [(CURVE, Granularity.RAW), (CURVE, Granularity.QUARTER), (CURVE, Granularity.HALF_HOUR)]
    stored = {
        (path, granularity): {
            p.time: int(p.value) for p in store.readings.stream(path, granularity) if p.series.path == path
        }
        for path, granularity in asked
    }
    events = store.readings.events()
    store.close()
    return Lived(house, stored, events)


def stored_at(lived: Lived) -> dict[int, int | None]:
    """The stored total index at each second that has a point or must have had one: its last point until then."""
    raw = lived.stored[TOTAL, Granularity.RAW]
    values: dict[int, int | None] = {}
    last: int | None = None
    for time in sorted({*raw, *lived.house.sure}):
        last = values[time] = raw.get(time, last)
    return values


def boundaries(step: int) -> set[int]:
    """The quarter or half hours inside the pieces, less that of the long silence and of a switch in its second."""
    spans = [range(second(piece.begin) + step, second(piece.end), step) for piece in PIECES]
    return {time for span in spans for time in span} - {second(UNHEARD), *SWITCHED}


@pytest.mark.slow
def test_the_day_was_a_hard_one(lived: Lived) -> None:
    """There were twenty-four hours, hundreds of damaged frames, and thousands that must be believed."""
    house = lived.house
    assert sum(second(piece.end) - second(piece.begin) for piece in PIECES) == 24 * 3600
    assert house.damaged > 300
    assert len(house.sure) > 10_000


@pytest.mark.slow
def test_every_stored_index_is_what_the_meter_said_in_that_second(lived: Lived) -> None:
    """No point has another value or another time than the meter's, on the nights of the clock changes neither."""
    raw = lived.stored[TOTAL, Granularity.RAW]
    assert [(time, value) for time, value in raw.items() if value not in lived.house.said.get(time, ())] == []


@pytest.mark.slow
def test_no_index_of_a_whole_frame_is_missing(lived: Lived) -> None:
    """At each undamaged frame, but for the two after a break, the stored index is the one that it said."""
    stored, house = stored_at(lived), lived.house
    assert [(time, stored[time]) for time in sorted(house.sure) if stored[time] not in house.said[time]] == []


@pytest.mark.slow
def test_no_identity_comes_twice(lived: Lived) -> None:
    """What was handed to the store is stored: each second once, in order of time."""
    offered = list(lived.house.offered)
    assert offered == sorted(set(offered)) == list(lived.stored[TOTAL, Granularity.RAW])


@pytest.mark.slow
def test_each_minute_is_its_last_index(lived: Lived) -> None:
    """A minute holds its last point, and there is one for each minute with a point, but the last that is still open."""
    raw = lived.stored[TOTAL, Granularity.RAW]
    last = {time - time % 60: value for time, value in raw.items()}
    last.pop(max(last))
    assert lived.stored[TOTAL, Granularity.MINUTE] == last


@pytest.mark.slow
@pytest.mark.parametrize("step", [Granularity.QUARTER, Granularity.HALF_HOUR])
def test_each_mark_is_the_index_of_that_moment(lived: Lived, step: Granularity) -> None:
    """Each is there but that of the long silence and of a switch; the hour that comes twice has both of all its own."""
    marks, exact = lived.stored[TOTAL, step], lived.house.exact
    assert boundaries(step) <= set(marks) <= set(exact)
    assert not {second(UNHEARD), *SWITCHED} & set(marks)
    off = {time: value - exact[time] for time, value in marks.items()}
    assert {time: wh for time, wh in off.items() if abs(wh) > MARK_OFF_WH} == {}


@pytest.mark.slow
@pytest.mark.parametrize("step", [Granularity.QUARTER, Granularity.HALF_HOUR])
def test_each_mean_power_is_that_of_its_time(lived: Lived, step: Granularity) -> None:
    """The curve is what the meter drew in a quarter or half hour of real time, also while its mode was switched.

    Across a break it says nothing.
    """
    curve, exact, an_hour = lived.stored[CURVE, step], lived.house.exact, 3600 // step
    broken = {time - time % step for time in (second("2026-10-25T00:37+02:00"),)}
    whole = {time for time in boundaries(step) if time + step in boundaries(step)}
    assert whole - broken <= set(curve)
    assert not broken & set(curve)
    off = {time: watts - an_hour * (exact[time + step] - exact[time]) for time, watts in curve.items()}
    assert {time: watts for time, watts in off.items() if abs(watts) > 2 * an_hour * MARK_OFF_WH} == {}


@pytest.mark.slow
def test_days_begin_at_local_midnight(lived: Lived) -> None:
    """The day of 23 hours and the one of 25 begin with the index of their midnight."""
    days = lived.stored[TOTAL, Granularity.DAY]
    assert list(days) == [second("2026-03-29T00:00+01:00"), second("2026-10-25T00:00+02:00")]
    assert all(days[time] == lived.stored[TOTAL, Granularity.HALF_HOUR][time] for time in days)


@pytest.mark.slow
def test_the_breaks_are_events_each_told_once(lived: Lived) -> None:
    """Three switches of the mode, one replacement, one change of contract, each soon after it; noise makes none."""
    happened = [at for piece in PIECES for at, what in piece.happens if "unplug" not in what]
    events = [event for event in lived.events if event.kind in BREAKS]
    assert [event.kind for event in events] == [BREAKS[0], BREAKS[1], BREAKS[0], BREAKS[2], BREAKS[0]]
    late = [event.time - second(at) for event, at in zip(events, happened, strict=True)]
    assert min(late) >= 0
    assert max(late) < 300
    assert events[1].detail == {"before": "022162000042", "after": "022162000777"}
    assert events[3].detail == {"before": "H PLEINE/CREUSE", "after": "HC et Week-End"}
    assert [event for event in lived.events if event.kind in NEVER] == []


@pytest.mark.campaign
def test_memory_does_not_grow(tmp_path: Path) -> None:
    """At the end of the day the gateway holds what it held after its first hour."""
    prepare(tmp_path)
    store = Store(tmp_path)
    tracemalloc.start()
    try:
        house = House(store, weighed=True)
        asyncio.run(house.reader.read(asyncio.Event()))
    finally:
        tracemalloc.stop()
        store.close()
    after_an_hour, at_the_end = house.memory
    assert at_the_end - after_an_hour < MEMORY_BOUND


def test_nothing_is_counted_between_two_meters(tmp_path: Path) -> None:
    """Where the new meter's index is higher, no half hour, mean power or day is made of the difference."""
    prepare(tmp_path)
    store = Store(tmp_path)
    store.meters.add("house", "ab12cd34ef")
    recorder = Recorder("house", {})
    midnight = second("2026-11-11T00:00+01:00")
    swap = midnight + 10 * HALF_HOUR_S - 100
    for time in range(midnight - 300, midnight + 86400 + 600, 200):
        if swap < time <= swap + 200:
            recorder.tell(Happened(time, "meter-replaced", "", {"before": "1", "after": "2"}))
        index = (1_000 if time <= swap else 5_000_000) + (time - midnight) // 100
        recorder.add(frame(time, index=index))
        store.batches.write([recorder.take()], time)
    half_hours = {
        p.time: p.value for p in store.readings.stream(TOTAL, Granularity.HALF_HOUR) if p.series.path == TOTAL
    }
    curve = {p.time: p.value for p in store.readings.stream(CURVE, Granularity.HALF_HOUR)}
    days = list(store.readings.stream("consumption/energy/active/daily", Granularity.DAY))
    store.close()
    missing = midnight + 10 * HALF_HOUR_S
    assert set(half_hours) == {midnight + n * HALF_HOUR_S for n in range(49)} - {missing}
    assert set(curve) == {midnight + n * HALF_HOUR_S for n in range(48)} - {missing - HALF_HOUR_S, missing}
    assert set(curve.values()) == {36}
    assert days == []
