"""Interpreted frames of one meter to a batch for the store: only what changed, and the sums of the open minute.

No I/O and no clock: time is the frames' own. A batch is a difference: written twice it would count twice, written
in order it makes the roll-ups exact whatever moment the process was killed, because the sums since the last commit
are merged into the row of the minute and a period is closed in the transaction that holds its last sample.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping  # noqa: TC003 (msgspec reads it: a batch is written into the log)
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from gateway.store.breaks import MAX_BOUNDARY_GAP_S, WENT_BACK, ends, units_rolled
from gateway.store.local_time import PARIS
from gateway.store.points import GivenUp, Granularity, Value
from gateway.store.spans import RegisterSpans, Span, is_register
from gateway.tic.continuity import BreakKind, mode_of, said_in
from gateway.tic.judges import FactKind
from gateway.tic.reading import Interpretation, Kind, Quality, Reading

# Looked at for each reading of each frame, and a member of an Enum takes long to be found by its name.
_INDEX, _GAUGE, _TEXT = Kind.INDEX, Kind.GAUGE, Kind.TEXT
_WITH_OWN_TIME = Kind.MEAN, Kind.MAXIMUM

# Indexes are marked at each of these: :00, :15, :30 and :45.
_MARK_S = int(Granularity.QUARTER)

# A meter repeats two points of a curve (n, n-1) and two maxima; a few more cost nothing.
OWN_TIMES_KEPT = 8

# Where minutes are given up their sum stands at this second of its half hour.
SUM_OFFSET_S = 1

# A change of one of these is told at once, not at the end of the minute.
_URGENT_PREFIXES = ("contract/", "status/", "message/", "consumption/current/overload")

# A number that changes on paper only: the mean of each minute would be the same for years.
_SETTINGS = "contract/"

# Always sent by the meter and zero for ever on most contracts: they begin to exist with their first watt-hour.
_SILENT_ZERO = ("/index/provider/", "/index/distributor/", "/reactive/index/")


@lru_cache(maxsize=256)
def _is_silent_zero(path: str) -> bool:
    return any(part in path for part in _SILENT_ZERO)


def is_urgent(path: str) -> bool:
    """Whether a change of that series is told at once, not at the end of the minute."""
    return path.startswith(_URGENT_PREFIXES)


@dataclass(slots=True)
class MinuteSum:
    """What one series did in one minute since the last commit; ``samples`` is 0 where a mean has no meaning."""

    samples: int
    total: int
    low: int
    high: int
    last: Value

    def add(self, value: int) -> None:
        """Count one more sample of a gauge."""
        self.samples += 1
        self.total += value
        self.low = min(self.low, value)
        self.high = max(self.high, value)
        self.last = value

    def with_(self, later: MinuteSum) -> MinuteSum:
        """Both as one."""
        low, high = min(self.low, later.low), max(self.high, later.high)
        return MinuteSum(self.samples + later.samples, self.total + later.total, low, high, later.last)


@dataclass(frozen=True, slots=True)
class Sample:
    """A changed value: (series path, POSIX second, value, quality)."""

    path: str
    time: int
    value: Value
    quality: Quality


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that happened at a POSIX second: a word for its kind, the series it is of (or ""), and its details."""

    time: int
    kind: str
    series: str
    detail: Mapping[str, object]


# A frame without a date: (milliseconds since the machine started, the frame as a line of text).
UndatedFrame = tuple[int, str]


@dataclass(slots=True)
class Batch:
    """What happened to one meter since the last commit.

    ``undated`` are frames of this start of the machine (``boot``) that nobody can date yet; those until ``dated_until``
    have been dated, and are in this batch or in earlier ones. ``relayed`` is how far a board's frames are in it:
    (board, its start) -> the last sequence number. ``notes`` are the tariff calendar's (kind, number), None: no more.
    """

    meter: str
    address: str | None = None
    prm: str | None = None
    last_time: int = 0
    series: dict[str, tuple[str, Kind]] = field(default_factory=dict)
    samples: list[Sample] = field(default_factory=list)
    minutes: dict[tuple[str, int], MinuteSum] = field(default_factory=dict)
    boundaries: list[tuple[str, int, int]] = field(default_factory=list)
    spans: dict[tuple[str, int], Span] = field(default_factory=dict)
    closed: list[tuple[Granularity, int]] = field(default_factory=list)
    happened: list[Happened] = field(default_factory=list)
    boot: str = ""
    undated: list[UndatedFrame] = field(default_factory=list)
    dated_until: int | None = None
    totals: dict[str, str] = field(default_factory=dict)
    relayed: dict[tuple[str, str], int] = field(default_factory=dict)
    notes: dict[tuple[str, int], str | None] = field(default_factory=dict)
    given_up: GivenUp = GivenUp.NOTHING

    def __bool__(self) -> bool:
        """Whether there is anything to write."""
        said = self.samples or self.minutes or self.boundaries or self.closed or self.happened
        kept = self.totals or self.undated or self.relayed or self.notes
        return bool(said or kept or self.dated_until is not None)

    def thin(self, given_up: GivenUp) -> None:
        """Give up what is fine, as far as that. Done again it changes nothing.

        Raw values of gauges: the minutes keep their mean, least and greatest. Their minutes: one sum by half hour is
        left, whose mean stays exact; of indexes the last value of each minute. Their half hours: those sums as well.
        """
        if given_up <= self.given_up:
            return
        self.given_up = given_up
        if given_up >= GivenUp.RAW:
            self.samples = [s for s in self.samples if not self._is_gauge(s.path)]
        if given_up >= GivenUp.MINUTES:
            last = {(s.path, s.time - s.time % 60): place for place, s in enumerate(self.samples)}
            kept = set(last.values())
            self.samples = [
                s for place, s in enumerate(self.samples) if place in kept or self._kind(s.path) is not Kind.INDEX
            ]
            self._give_up_minutes(sums=given_up < GivenUp.HALF_HOURS)

    def _give_up_minutes(self, *, sums: bool) -> None:
        kept: dict[tuple[str, int], MinuteSum] = {}
        for (path, time), said in self.minutes.items():
            if not said.samples:
                kept[path, time] = said
            elif sums:
                # No minute begins there, so it is never closed, promised or shown as one; its half hour is made of it.
                slot = path, time - time % Granularity.HALF_HOUR + SUM_OFFSET_S
                kept[slot] = kept[slot].with_(said) if slot in kept else said
        self.minutes = kept

    def may_join(self, later: Batch) -> bool:
        """Whether the next one may be written with it as one: of the same meter and half hour, as fine as it is."""
        alike = self.meter == later.meter and self.given_up == later.given_up
        plain = not (self.undated or later.undated or self.boot or later.boot)
        together = self.last_time // Granularity.HALF_HOUR == later.last_time // Granularity.HALF_HOUR
        return alike and plain and together

    def join(self, later: Batch) -> None:
        """Take in what the next one has: written as one they say the same."""
        self.address, self.prm = later.address or self.address, later.prm or self.prm
        self.last_time = later.last_time
        self.series |= later.series
        self.samples += later.samples
        for key, said in later.minutes.items():
            self.minutes[key] = self.minutes[key].with_(said) if key in self.minutes else said
        self.boundaries += later.boundaries
        self.spans |= later.spans
        self.closed += later.closed
        self.happened += later.happened
        self.totals |= later.totals
        self.notes |= later.notes
        for start, seq in later.relayed.items():
            self.relayed[start] = max(seq, self.relayed.get(start, 0))

    def _is_gauge(self, path: str) -> bool:
        return self._kind(path) is Kind.GAUGE and not path.startswith(_SETTINGS)

    def _kind(self, path: str) -> Kind:
        return self.series[path][1]


def day_start(time: int) -> int:
    """The POSIX second of the local (Europe/Paris) midnight at or before ``time``."""
    local = datetime.fromtimestamp(time, PARIS)
    return int(local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0).timestamp())


def day_end(start: int) -> int:
    """The POSIX second of the local midnight after the one at ``start``: 23, 24 or 25 hours later."""
    date = datetime.fromtimestamp(start, PARIS).date() + timedelta(days=1)
    return int(datetime(date.year, date.month, date.day, tzinfo=PARIS).timestamp())


def period_start(granularity: Granularity, time: int) -> int:
    """The beginning of the period of that length that holds ``time``; days are local."""
    return day_start(time) if granularity is Granularity.DAY else time - time % granularity


class Recorder:
    """Keeps what one meter said last, and what the store does not know yet.

    Args:
        meter: the meter's name in the configuration.
        known: series path -> (POSIX second, value) as last stored, so that a restart repeats nothing.
        last_time: the POSIX second of the last stored frame, 0 for a new meter.
    """

    def __init__(self, meter: str, known: Mapping[str, tuple[int, Value]], last_time: int = 0) -> None:
        self._stored = dict(known)
        self._own_times: dict[str, deque[datetime]] = defaultdict(lambda: deque(maxlen=OWN_TIMES_KEPT))
        self._last_time = last_time
        self._batch = Batch(meter)
        # Index paths -> the last second of before, where the clock went back with a break: until then none is marked.
        self._ended: dict[str, int] = {}
        # Index paths -> (time, value) of the latest sample, stored or not: the marks are reckoned from these.
        self._indexes: dict[str, tuple[int, int]] = {
            path: (last_time, value) for path, (_, value) in known.items() if isinstance(value, int)
        }
        # What the other mode said once has ended, however often the gateway is begun anew.
        mode = mode_of(known)
        going_on = {path: mark for path, mark in self._indexes.items() if mode is None or said_in(path, mode)}
        self._spans = RegisterSpans(going_on)

    def add(self, interpretation: Interpretation) -> bool:
        """Take one frame in; True when something happened that should be committed at once."""
        now = int(interpretation.time.timestamp())
        batch = self._batch
        batch.address = interpretation.meter or batch.address
        batch.prm = interpretation.prm or batch.prm
        self._close_periods(now)
        self._last_time = batch.last_time = now
        urgent, stored, known = False, self._stored, batch.series
        for reading in interpretation.readings:
            path = reading.series
            # Half of a frame are texts that say for months what they said.
            if reading.kind is _TEXT and path in known and path in stored and stored[path][1] == reading.value:
                continue
            urgent |= self._add_reading(reading, now)
        self._spans.settle(now)
        return urgent

    def tell(self, happened: Happened) -> None:
        """Note an event, to be stored with the frame that showed it."""
        ended = [path for path in self._indexes if ends(happened.kind, happened.series, path)]
        if ended and happened.time <= self._last_time:
            # Another clock: the seconds of what was before lie among those of what is now.
            back = {WENT_BACK: self._last_time + 1 - happened.time}
            happened = replace(happened, detail={**happened.detail, **back})
            self._ended |= dict.fromkeys(ended, self._last_time)
        self._batch.happened.append(happened)
        if (units := units_rolled(happened.kind, happened.detail)) is not None:
            self._spans.roll(happened.series, units)
        if happened.kind == BreakKind.MODE_SWITCHED.value:
            self._spans.switch()
        elif happened.kind == FactKind.METER_REPLACED.value:
            self._spans.forget_switch()
        for path in ended:
            self._spans.end(path)
            # Between the index of one meter and that of another there is nothing to share out; where the second one
            # begins is said, also where that is the same number.
            del self._indexes[path]
            self._stored[path] = (0, "")

    def keep_undated(self, boot: str, frame: UndatedFrame) -> None:
        """Keep a frame that nobody can date yet."""
        self._batch.boot = boot
        self._batch.undated.append(frame)

    def dated(self, boot: str, until: int) -> None:
        """The frames kept until then have been added."""
        self._batch.boot, self._batch.dated_until = boot, until

    def keep(self, path: str, total: str) -> None:
        """Note the exact total behind an index of whole units, so that no fraction is lost in a restart."""
        self._batch.totals[path] = total

    def note(self, notes: Mapping[tuple[str, int], str | None]) -> None:
        """Keep what the calendar of tariffs must know after a restart."""
        self._batch.notes.update(notes)

    def begin_anew(self) -> None:
        """Store all that the meter says from now on, also what has not changed: what was stored is erased."""
        self._stored.clear()
        self._spans.begin_anew()

    def relayed(self, board: str, boot: str, seq: int) -> None:
        """All that this board sent in that start of it, up to this number, is in the batch or in earlier ones."""
        self._batch.relayed[board, boot] = seq

    def take(self) -> Batch:
        """Hand over what was gathered and begin anew."""
        batch = self._batch
        self._batch = Batch(batch.meter, batch.address, batch.prm, batch.last_time)
        if batch:
            batch.spans = self._spans.take()
        return batch

    def _close_periods(self, now: int) -> None:
        # Nothing was read between the last frame and this one, so only the period of the last frame can be open. A
        # clock set back closes nothing: the rest of that period is still to come, and what is closed stays as it is.
        if not self._last_time or now // 60 <= self._last_time // 60:
            return
        for granularity in (Granularity.MINUTE, Granularity.HALF_HOUR, Granularity.DAY):
            opened = period_start(granularity, self._last_time)
            if opened < period_start(granularity, now):
                self._batch.closed.append((granularity, opened))

    def _add_reading(self, reading: Reading, now: int) -> bool:
        path, _, value, unit, kind, _ = reading
        if not value and kind is _INDEX and path not in self._stored and _is_silent_zero(path):
            return False
        if path not in self._batch.series:
            self._batch.series[path] = unit, kind
        if isinstance(value, int):
            if kind is _INDEX:
                self._mark_boundaries(path, now, value)
                if is_register(path):
                    self._spans.read(path, now, value)
            elif kind is _GAUGE and not path.startswith(_SETTINGS):
                self._sum(path, now, value)
        said = self._stored.get(path)
        if (said and said[1] == value and kind not in _WITH_OWN_TIME) or not self._changed(reading):
            return False
        if kind is _INDEX or kind is _TEXT or path.startswith(_SETTINGS):
            self._batch.minutes[path, now - now % 60] = MinuteSum(0, 0, 0, 0, value)
        return is_urgent(path)

    def _changed(self, reading: Reading) -> bool:
        """Keep the reading if it is new; the same second twice keeps its first value, the next frame tells more."""
        path, at, value, _, kind, quality = reading
        if kind in _WITH_OWN_TIME:
            # The meter repeats its last points in every frame, each with its own time.
            seen = self._own_times[path]
            if at in seen:
                return False
            seen.append(at)
            time = int(at.timestamp())
        else:
            stored_at, stored = self._stored.get(path, (None, None))
            if stored == value or stored_at == (time := int(at.timestamp())):
                return False
            self._stored[path] = (time, value)
        self._batch.samples.append(Sample(path, time, value, quality))
        return True

    def _sum(self, path: str, now: int, value: int) -> None:
        key = (path, now - now % 60)
        known = self._batch.minutes.get(key)
        if known:
            known.add(value)
        else:
            self._batch.minutes[key] = MinuteSum(1, value, value, value, value)

    def _mark_boundaries(self, path: str, now: int, value: int) -> None:
        then, before = self._indexes.get(path, (now, value))
        self._indexes[path] = (now, value)
        boundary = now - now % _MARK_S
        if then >= boundary or boundary <= self._ended.get(path, 0):
            return
        if now - then <= MAX_BOUNDARY_GAP_S and value >= before:
            share = before + (value - before) * (boundary - then) // (now - then)
            self._batch.boundaries.append((path, boundary, share))


def iso(time: float) -> str:
    """A POSIX second as ISO 8601 in UTC with a ``Z``, the form of every output of ours."""
    return datetime.fromtimestamp(time, UTC).isoformat().replace("+00:00", "Z")
