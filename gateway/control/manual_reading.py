"""A reading by hand: what a person read off a meter's face, checked, stored and promised as any other reading.

Runs where the store is written: on the daemon's store thread, or in the command that holds the writer's lock. The
reading is a point of its own; between two of them, months apart, nothing is made up. On a meter that gives pulses it
corrects the count: the face is right, and pulses that were missed are made good.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.control import manual_words as say
from gateway.errors import ReadingError
from gateway.pulses.quantity import QUANTITIES, Quantity, find_quantity, parse_amount
from gateway.store.breaks import INDEX_SET_BY_HAND
from gateway.store.local_time import local_second
from gateway.store.points import Granularity
from gateway.store.recorder import Batch, Happened, MinuteSum, Sample, iso
from gateway.store.spans import Evidence, Span, is_register
from gateway.tic.reading import Kind, Quality

if TYPE_CHECKING:
    from fractions import Fraction

    from gateway.config.tables import Config
    from gateway.consent.orders import Row
    from gateway.control.messages import ReadingForm
    from gateway.store.meters import Meters
    from gateway.store.readings import Readings
    from gateway.store.store import Store

_METER = re.compile("[a-z0-9][a-z0-9-]{0,31}")

# SenML takes a smaller number for a time relative to now (RFC 8428 §4.5.3); in 1978 nobody had a gateway.
_EARLIEST = 2**28

# Two readings of one second: that of "now" gives way by so much.
_PATIENCE_S = 5


@dataclass(frozen=True, slots=True)
class _Entry:
    """A checked order: ``before`` and ``after`` are the known (time, value) around it, ``counts`` if pulses do."""

    meter: str
    quantity: Quantity
    amount: Fraction
    at: int
    before: tuple[int, int] | None
    after: tuple[int, int] | None
    counts: bool

    @property
    def value(self) -> int:
        """The index in whole units, as a meter that counts in these would say it."""
        return int(self.amount)

    @property
    def rebases(self) -> bool:
        """Whether the pulses go on from here; not for a note of the time before they were counted."""
        return self.counts and self.after is None


def enter(store: Store, config: Config, order: ReadingForm, now: float) -> Row:
    """Store a reading; what was stored. ReadingError says what is wrong."""
    entry = _entry(store, config, order, now)
    if entry.counts and entry.before and entry.after:
        raise ReadingError(say.COUNTED_ON.filled(meter=entry.meter, time=local_second(entry.at)))
    if not order.force:
        _check_grows(entry)
    last_time = store.meters.add(entry.meter).last_time
    store.batches.write([_batch(entry, last_time, forced=order.force)], now)
    return {
        "meter": entry.meter,
        "series": entry.quantity.path,
        "time": iso(entry.at),
        "value": entry.value,
        "unit": entry.quantity.unit,
        "counts_on": entry.rebases,
    }


def _entry(store: Store, config: Config, order: ReadingForm, now: float) -> _Entry:
    quantity = find_quantity(order.series.strip("/"))
    if quantity is None:
        known = ", ".join(q.path for q in QUANTITIES)
        raise ReadingError(say.NO_SERIES.filled(series=order.series, known=known))
    try:
        amount = parse_amount(order.value, quantity, order.unit or quantity.unit)
    except ReadingError as error:
        raise ReadingError(say.NO_VALUE.filled(why=error.phrase)) from error
    meter = _meter(store.meters, config, order.meter, quantity)
    at = _at(store.readings, order.at, now, meter, quantity.path)
    before, after = store.readings.around(meter, quantity.path, at)
    return _Entry(meter, quantity, amount, at, before, after, any(c.name == meter for c in config.counter))


def _meter(meters: Meters, config: Config, wanted: str | None, quantity: Quantity) -> str:
    """The meter that is meant: the one named, the only one that measures this, or a new one named after it."""
    counted = {counter.name: counter.quantity for counter in config.counter}
    lines = {meter.name for meter in config.meter}
    if wanted is None:
        known = [m.name for m in meters.all() if m.name not in lines]
        fitting = [n for n in known if counted.get(n) == quantity.word or _has(meters, n, quantity.path)]
        if len(fitting) > 1:
            raise ReadingError(say.CHOOSE.filled(series=quantity.path, names=", ".join(fitting)))
        wanted = fitting[0] if fitting else quantity.word
    if wanted in lines:
        raise ReadingError(say.HAS_A_LINE.filled(meter=wanted))
    if counted.get(wanted, quantity.word) != quantity.word:
        raise ReadingError(say.COUNTS_OTHER.filled(meter=wanted, counted=counted[wanted], word=quantity.word))
    if not _METER.fullmatch(wanted):
        raise ReadingError(say.NO_NAME.filled(meter=wanted))
    return wanted


def _has(meters: Meters, meter: str, path: str) -> bool:
    return any(series.path == path for series in meters.series(meter))


def _at(readings: Readings, wanted: int | None, now: float, meter: str, path: str) -> int:
    """The second of the reading: no other reading of the series has it, and it is not to come."""
    at = int(now) if wanted is None else wanted
    if not _EARLIEST <= at <= now:
        raise ReadingError(say.NO_TIME)
    for _ in range(_PATIENCE_S):
        if not readings.has(meter, path, at):
            return at
        if wanted is not None:
            break
        at += 1
    raise ReadingError(say.TWICE.filled(time=local_second(at), series=path))


def _check_grows(entry: _Entry) -> None:
    """An index does not fall: it is not below what was before, nor above what came after."""
    unit = entry.quantity.unit
    for known, wrong, word in (
        (entry.before, entry.before and entry.value < entry.before[1], say.BELOW),
        (entry.after, entry.after and entry.value > entry.after[1], say.ABOVE),
    ):
        if known and wrong:
            raise ReadingError(word.filled(value=entry.value, unit=unit, known=known[1], time=local_second(known[0])))


def _batch(entry: _Entry, last_time: int, *, forced: bool) -> Batch:
    path, at, value = entry.quantity.path, entry.at, entry.value
    minute = at - at % Granularity.MINUTE
    batch = Batch(entry.meter, last_time=max(last_time, at))
    batch.series[path] = (entry.quantity.unit, Kind.INDEX)
    batch.samples.append(Sample(path, at, value, Quality.MANUAL))
    batch.minutes[path, minute] = MinuteSum(0, 0, 0, 0, value)
    if at % Granularity.QUARTER == 0:
        batch.boundaries.append((path, at, value))
    if entry.rebases:
        batch.totals[path] = str(entry.amount)
    else:
        # Nothing more will be said of it; where pulses are counted their recorder ends the minute.
        batch.closed.append((Granularity.MINUTE, minute))
    if entry.before and (forced or entry.rebases):
        detail = {"before": entry.before[1], "after": value}
        batch.happened.append(Happened(at, INDEX_SET_BY_HAND, path, detail))
    elif entry.before and not entry.counts and is_register(path):
        since, index = entry.before
        batch.spans[path, since] = Span(at, index, value - index, Evidence.SHARED)
    elif entry.after and not entry.counts and is_register(path) and value <= entry.after[1]:
        batch.spans[path, at] = Span(entry.after[0], value, entry.after[1] - value, Evidence.SHARED)
    return batch
