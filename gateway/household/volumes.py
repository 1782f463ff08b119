"""The days of a meter of water or gas in litres, from the index that pulses or a person's readings say.

What was counted between two readings is shared out by time between them, exact in sum; a time in which nobody counted
pulses is not known whole, unless a person read the meter's face at its end. An index that fell counts nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from gateway.balance.calendar import BalancePeriod, day_of, days, midnight
from gateway.balance.energy import DayEnergy
from gateway.errors import ConfigError
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from datetime import date

    from gateway.store.points import Series
    from gateway.store.store import Archive

# The index of a pulse counter is written each half hour, while it is read.
_APART_S, _MINUTE_S = 3600, 60

_NO_METER = Phrase("there is no meter of {of} yet: a [[counter]], or `linky-gateway reading add`, makes one")
_OTHER_METER = Phrase("{name!r} is no meter of {of}; there is {names}")
_WHICH_METER = Phrase("there are several meters of {of}: say which by --meter ({names})")


def volume_index(archive: Archive, of: str, meter: str | None) -> Series:
    """The index of a meter of ``water`` or ``gas``; which, where there are several. Raises ConfigError."""
    path = f"{of}/volume/index"
    every = [(one.name, archive.meters.named(one.name, path)) for one in archive.meters.all()]
    found = {name: series for name, series in every if series}
    names = ", ".join(found)
    if not found:
        raise ConfigError(_NO_METER.filled(of=of))
    if meter is not None and meter not in found:
        raise ConfigError(_OTHER_METER.filled(name=meter, of=of, names=names))
    if meter is None and len(found) > 1:
        raise ConfigError(_WHICH_METER.filled(of=of, names=names))
    return found[meter or next(iter(found))]


class VolumeDays:
    """The days of one such index up to ``now``.

    Args:
        archive: the database.
        index: the series.
        now: POSIX second.
    """

    def __init__(self, archive: Archive, index: Series, now: int) -> None:
        by_hand = {
            one.time: one.value
            for one in archive.readings.by_hand(index.meter)
            if one.series.path == index.path and one.time <= now and isinstance(one.value, int)
        }
        known: dict[int, int] = archive.energy.marks(index, 0, now) | by_hand
        newest = archive.energy.newest(index, now)
        # What was entered is also the end of its minute, which is no other reading.
        if newest and isinstance(newest[1], int) and newest[0] - max(known, default=0) > _MINUTE_S:
            known[newest[0]] = newest[1]
        self._times = sorted(known)
        # Litres from the first reading to each.
        self._sums = [0] if known else []
        # (from, until) in which something may have been missed.
        self._unsure: list[tuple[int, int]] = []
        for before, after in pairwise(self._times):
            rise = known[after] - known[before]
            self._sums.append(self._sums[-1] + max(rise, 0))
            if rise < 0 or (after - before > _APART_S and after not in by_hand):
                self._unsure.append((before, after))

    @property
    def last_time(self) -> int | None:
        """When it was read last."""
        return self._times[-1] if self._times else None

    @property
    def first(self) -> date | None:
        """The first day of which anything is known."""
        return day_of(self._times[0]) if self._times else None

    def read(self, first: date, end: date) -> list[DayEnergy]:
        """The days of ``[first, end)`` of which anything is known; litres stand where a meter's days have Wh."""
        if len(self._times) < 2:
            return []
        low, high = self._times[0], self._times[-1]
        found = []
        for day in days(max(first, day_of(low)), min(end, BalancePeriod.DAY.after(day_of(high)))):
            begin, until = midnight(day), midnight(BalancePeriod.DAY.after(day))
            since, to = max(begin, low), min(until, high)
            if since >= to:
                continue
            (one, _), (other, _) = ends = self._at(since), self._at(to)
            sure = not any(a < to and since < b for a, b in self._unsure)
            whole = (since, to) == (begin, until) and sure
            elapsed = Fraction(to - begin, until - begin)
            estimated = any(shared for _, shared in ends)
            found.append(DayEnergy(day, other - one, whole=whole, estimated=estimated, elapsed=elapsed))
        return found

    def _at(self, moment: int) -> tuple[int, bool]:
        """Litres until a moment, and whether they were shared out over more than an hour."""
        place = bisect_right(self._times, moment) - 1
        begin = self._times[place]
        if begin == moment or place + 1 == len(self._times):
            return self._sums[place], False
        end, rise = self._times[place + 1], self._sums[place + 1] - self._sums[place]
        return self._sums[place] + rise * (moment - begin) // (end - begin), end - begin > _APART_S and rise > 0
