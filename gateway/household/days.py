"""From the store to the days of a balance: which series are drawn, injected, produced, and whose part of what.

Drawn and injected are the meter's own indexes. Produced is what the ``[[counter]]``s of ``electricity-produced`` count,
and the household's part (``share``) of a ``[[received]]`` production.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import replace
from datetime import date, datetime
from fractions import Fraction
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Protocol
from zlib import crc32

from gateway.balance.base_load import NIGHTS, base_load, lowest_hours, risen
from gateway.balance.calendar import BalancePeriod, day_of, days, midnight, same_day
from gateway.balance.classes import PREFIX, ClassNames, is_period, order, word_of
from gateway.balance.energy import DayEnergy, exceeds, fitted
from gateway.balance.rows import Running
from gateway.balance.self_use import STEP_S, SelfUse, self_uses
from gateway.errors import ConfigError
from gateway.household import kept_days
from gateway.live.meter import TOO_LITTLE, UNREAD
from gateway.store.breaks import Breaks
from gateway.store.ledger import Slice
from gateway.store.local_time import PARIS
from gateway.store.spans import DRAWN, INJECTED
from gateway.tic.continuity import BreakKind
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.config.tables import Config
    from gateway.household.shared_half_hours import SharedPart
    from gateway.store.energy import EnergyRows
    from gateway.store.ledger import Ledger
    from gateway.store.meters import Meters
    from gateway.store.points import Series
    from gateway.store.received import ReceivedPoints

DRAWN_CURVE, INJECTED_CURVE = "consumption/power/active/raw", "production/power/active/raw"
POWER = "consumption/power/apparent/raw"
TARIFF_NUMBER, TARIFF_TEXT = _NAMED_BY = "contract/tariff/index", "contract/tariff"
CALENDAR = "contract/calendar"

# Older than this a power is not that of now; over so long its mean is taken, which one silence must not begin.
_NOW_S, _MEAN_S, _SILENCE_S = 600, 300, 120

# A counter and a meter are read in turn, and each by a clock of its own.
_APART_S, _BETWEEN_WH = 300, 20
_LONGEST_DAY_S, _MARKED_S = 25 * 3600, 1800

_ALL = Fraction(1)

# Said of days that are kept, so that those that another version has reckoned otherwise are made anew.
_RECKONED = "from the ledger"

# Days that are reckoned for one commit.
_TOGETHER = 62


_NO_METER = Phrase("{meter!r} is no [[meter]] of the configuration ({names})")


class DayParts(Protocol):
    """The parts of the store that days are reckoned of, of the one that is written or of an archive."""

    meters: Meters
    energy: EnergyRows
    ledger: Ledger

    @property
    def received(self) -> ReceivedPoints:
        """The points of others."""


def _parts(stored: DayParts, config: Config) -> Sequence[SharedPart]:
    if not config.received:
        return ()
    from gateway.household.shared_half_hours import parts  # noqa: PLC0415 (few houses receive anything)

    return parts(stored.received, config.received)


class HouseholdDays:
    """The days of one meter and of what is produced beside it.

    Args:
        stored: the parts of the store that it reads.
        config: which counters and received series there are.
        meter: the name of a ``[[meter]]``; the first one when None.
    """

    def __init__(self, stored: DayParts, config: Config, meter: str | None = None) -> None:
        names = [one.name for one in config.meter]
        if meter is not None and meter not in names:
            raise ConfigError(_NO_METER.filled(meter=meter, names=", ".join(names)))
        self.meter = meter or names[0]
        self._stored, self._energy, self._ledger = stored, stored.energy, stored.ledger
        self._series = {one.path: one for one in stored.meters.series(self.meter)}
        counters = [one.name for one in config.counter if one.quantity == "electricity-produced"]
        self._counters = [{s.path: s for s in stored.meters.series(name)} for name in counters]
        self._parts = _parts(stored, config)
        number, text = self._series.get(TARIFF_NUMBER), self._series.get(TARIFF_TEXT)
        texts = self._energy.texts_beside(number, text) if number and text else []
        self._told = {self.meter: self._energy.possible_breaks(self.meter)}
        calendar = self._series.get(CALENDAR)
        self._words = ClassNames(
            ((since, int(one), word) for since, one, word in texts if one.isdecimal()),
            (time for time, kind, _, _ in self._told[self.meter] if kind == BreakKind.CONTRACT_CHANGED.value),
            self._energy.texts(calendar) if calendar else (),
        )
        said = [_RECKONED, *counters, *(part.name for part in self._parts), self._words.names]
        self._sources = crc32(repr(said).encode())

    @property
    def first(self) -> date | None:
        """The first day of which anything is known."""
        return None if self.first_time is None else day_of(self.first_time)

    @property
    def last_time(self) -> int | None:
        """The last second of which anything is known."""
        index = self._series.get(DRAWN)
        return index.last_time if index and index.last_time else None

    @property
    def first_time(self) -> int | None:
        """The first second of which anything is known."""
        index = self._series.get(DRAWN)
        return index.first_time if index and index.first_time else None

    @property
    def produces(self) -> bool:
        """Whether anything is counted as produced."""
        return bool(self._parts) or any(INJECTED in known for known in self._counters)

    @property
    def has_panels(self) -> bool:
        """Whether more happens here than drawing: something is counted as produced here, or as sent to the grid."""
        return INJECTED in self._series or any(INJECTED in known for known in self._counters)

    @property
    def running(self) -> Running | None:
        """The day that is not over; None where the last one known is."""
        last = self.last_time
        if last is None:
            return None
        day = day_of(last - 1)
        return Running(day, self._so_far) if last < midnight(BalancePeriod.DAY.after(day)) else None

    def read(self, first: date, end: date) -> list[DayEnergy]:
        """The days of ``[first, end)`` of which anything is known."""
        # Neither before anything nor after everything that is stored is there a day to be looked for; of a time before
        # the first half hour that is kept something may have been counted.
        stored = [one for known in (self._series, *self._counters) for one in known.values() if one.last_time]
        if not stored:
            return []
        first = max(first, day_of(min(one.first_time for one in stored) - _MARKED_S))
        end = min(end, BalancePeriod.DAY.after(day_of(max(one.last_time for one in stored))))
        dates = list(days(first, end))
        bounds = [*map(midnight, dates), midnight(end)]
        kept = self._energy.kept_days(self.meter, self._sources, bounds[0], bounds[-1])
        found: dict[date, DayEnergy | None] = {}
        for is_kept, group in groupby(range(len(dates)), key=lambda place: bounds[place] in kept):
            places = list(group)
            if is_kept:
                found |= {dates[place]: kept_days.read(dates[place], kept[bounds[place]]) for place in places}
            else:
                low, high = places[0], places[-1] + 1
                found |= {day.date: day for day in self._read(dates[low:high], bounds[low : high + 1])}
        return [day for day in found.values() if day is not None]

    def drawn(self, bounds: Sequence[int]) -> list[Slice]:
        """What was drawn between each two successive moments."""
        return self._slices(self._series.get(DRAWN), bounds)

    def classes(self, bounds: Sequence[int]) -> list[dict[str, int]]:
        """Wh by class between each two, as the meter's indexes counted and called them."""
        return self._classes(bounds)

    def silent(self, bounds: Sequence[int]) -> list[bool]:
        """Whether nothing was read between each two, nor at either, and yet something was drawn."""
        index = self._series.get(DRAWN)
        across = self._ledger.across(index, bounds) if index else {}
        rows = [(begin, end, across.get(begin) or across.get(end)) for begin, end in pairwise(bounds)]
        return [row is not None and row.start <= begin and end <= row.until for begin, end, row in rows]

    def load_curve(self, start: int, end: int) -> Mapping[int, int]:
        """Half hour in ``[start, end)`` -> Wh from the grid."""
        curve = self._series.get(DRAWN_CURVE)
        return self._energy.half_hours(curve, start, end) if curve else {}

    def _so_far(self, day: date) -> DayEnergy | None:
        """What that day had come to at the time of day that is now the last one known; None where nobody knows."""
        index, last = self._series.get(DRAWN), self.last_time
        if index is None or last is None:
            return None
        local = datetime.fromtimestamp(last, PARIS)
        begin = midnight(day)
        end = int(datetime.combine(day, local.time(), PARIS).replace(fold=local.fold).timestamp())
        if end <= begin:
            return None
        if not self._ledger.is_near(index, end, STEP_S):
            return None
        return next((one for one in self._read([day], [begin, end]) if one.whole), None)

    def _read(self, dates: Sequence[date], bounds: Sequence[int]) -> list[DayEnergy]:
        drawn = self._slices(self._series.get(DRAWN), bounds)
        injected = self._slices(self._series.get(INJECTED), bounds)
        classes = self._classes(bounds)
        counted = [self._counted(known.get(INJECTED), bounds) for known in self._counters]
        uses = self._uses(bounds)
        found = []
        for place, when in enumerate(dates):
            index, use, until = drawn[place], uses[place], bounds[place + 1]
            if index.covered or any(one[place].covered for one in counted) or (use and self._parts):
                given = injected[place].wh if injected[place].covered else None
                wh = index.wh if index.covered else None
                day = DayEnergy(
                    date=when,
                    drawn=wh,
                    classes=fitted(classes[place], wh),
                    injected=given,
                    whole=index.covered == until - bounds[place],
                    estimated=index.shared or injected[place].shared or exceeds(classes[place], wh),
                    elapsed=self._elapsed(bounds[place], until),
                )
                found.append(self._producing(day, index.covered, [one[place] for one in counted], use))
        return found

    def _producing(self, day: DayEnergy, covered: int, counted: Sequence[Slice], use: SelfUse | None) -> DayEnergy:
        """The day with what was produced on it and used of that, where it can be believed.

        What a counter did not see in its time nobody knows, and no house injects more than it makes: where it seems to,
        but for a moment between two readings, there is a fault somewhere.
        """
        own = sum(one.wh for one in counted) if counted else None
        given, doubt = day.injected or 0, None
        if own is not None and min(one.covered for one in counted) < max(covered - _APART_S, 1):
            own, doubt = None, UNREAD
        elif own is not None and own < given:
            own, doubt = (given, None) if own >= given - _BETWEEN_WH else (None, TOO_LITTLE)
        if counted and own is None:
            return replace(day, doubt=doubt)
        if own is not None and day.injected is not None and day.drawn is not None and not self._parts:
            # As far as all three are known together, to the watt-hour; half hours would be late by one.
            use = SelfUse(use.half_hours if use else 0, day.drawn, own, 0, own - day.injected, 0)
        made = [*([own] if own is not None else []), *([use.shared] if use and self._parts else [])]
        return replace(day, own=own, produced=sum(made) if made else None, use=use)

    def is_whole_so_far(self, day: DayEnergy, begun: int | None = None) -> bool:
        """Whether of a day that is not over all is known from its midnight, or ``begun``, to what was read last."""
        begin, end = midnight(day.date), midnight(BalancePeriod.DAY.after(day.date))
        (index,) = self._slices(self._series.get(DRAWN), [begin, end])
        return index.covered >= min(self.last_time or 0, end) - (begun or begin) - _APART_S

    def index_less(self, drawn: int, now: int) -> int | None:
        """The index drawn at that moment less what was counted up to it."""
        index = self._series.get(DRAWN)
        newest = self._energy.newest(index, now) if index else None
        return newest[1] - drawn if newest and isinstance(newest[1], int) else None

    def _elapsed(self, begin: int, until: int) -> Fraction:
        """How much of the day that begins then is over, or is looked at."""
        end, last = midnight(BalancePeriod.DAY.after(day_of(begin))), self.last_time
        over = min(until, last) if last and begin < last else until
        return _ALL if over == end else Fraction(over - begin, end - begin)

    def projected_from(self, today: date) -> date:
        """The first day that a projection looks at, of the year before."""
        return BalancePeriod.MONTH.back(same_day(BalancePeriod.YEAR.begin(today), today.year - 1), 1)

    def for_projection(self, today: date) -> dict[date, DayEnergy]:
        """Of this year and of the one before what a projection needs."""
        return {day.date: day for day in self.read(self.projected_from(today), BalancePeriod.DAY.after(today))}

    def base_load(self, now: int) -> int | None:
        """Watts, over the last nights known at that moment."""
        curve, now = self._series.get(DRAWN_CURVE), min(now, self.last_time or now)
        today = day_of(now)
        nights = [midnight(day) for day in days(BalancePeriod.DAY.back(today, NIGHTS), BalancePeriod.DAY.after(today))]
        return base_load(nights, self._energy.half_hours(curve, nights[0], now)) if curve else None

    def risen_base_load(self, now: int, nights: int) -> tuple[int, int] | None:
        """(watts before, watts now) where the last nights known at that moment are far above those before; or None."""
        curve, last = self._series.get(DRAWN_CURVE), self.last_time
        if curve is None or last is None or now - last > _LONGEST_DAY_S:
            return None
        today = day_of(now)
        known = [
            midnight(day) for day in days(BalancePeriod.DAY.back(today, nights - 1), BalancePeriod.DAY.after(today))
        ]
        return risen(lowest_hours(known, self._energy.half_hours(curve, known[0], now)))

    def class_now(self, now: int) -> str | None:
        """The tariff class in which is drawn, by what the meter said in the last ten minutes."""
        newest = [self._energy.newest(one, now) if one else None for one in map(self._series.get, _NAMED_BY)]
        number, text = (str(one[1]) if one else "" for one in newest)
        if self._heard(now) is None:
            return None
        if number.isdecimal() and not is_period(text):
            return self._words.at(str(int(number)), now)
        return word_of(text) or text or None

    def watts_now(self, now: int) -> int | None:
        """The mean active power of the last five minutes in which the meter was heard, as its index rose."""
        index, end = self._series.get(DRAWN), self._heard(now)
        if index is None or end is None:
            return None
        begin = end - _MEAN_S
        before = self._heard(begin, _SILENCE_S)
        if before is None:
            return None
        low, high = self._energy.newest(index, begin), self._energy.newest(index, end)
        if low is None or high is None or not isinstance(low[1], int) or not isinstance(high[1], int):
            return None
        rise = self._breaks(index).rise((begin, low[1]), (end, high[1]))
        return None if rise is None else rise * 3600 // _MEAN_S

    def _heard(self, now: int, within_s: int = _NOW_S) -> int | None:
        """When the meter last said a power, if that is not longer ago than that: an index that rests is not stored."""
        power = self._series.get(POWER)
        newest = self._energy.newest(power, now) if power else None
        return None if newest is None or now - newest[0] > within_s else newest[0]

    def _breaks(self, index: Series) -> Breaks:
        if index.meter not in self._told:
            self._told[index.meter] = self._energy.possible_breaks(index.meter)
        return Breaks.of(index.path, self._told[index.meter])

    def _slices(self, index: Series | None, bounds: Sequence[int]) -> list[Slice]:
        if index is None:
            return [Slice(0, 0, shared=False)] * (len(bounds) - 1)
        return self._ledger.slices(index, bounds)

    def _counted(self, index: Series | None, bounds: Sequence[int]) -> list[Slice]:
        """As ``_slices``, of a counter of pulses: while it is read it may rest, while it is not it counts nothing."""
        if index is None:
            return self._slices(None, bounds)
        return self._ledger.slices(index, bounds, longest=_LONGEST_DAY_S)

    def _classes(self, bounds: Sequence[int]) -> list[dict[str, int]]:
        """Wh by class between each two bounds; a meter that was switched over has two indexes of the same class."""
        sums: list[Counter[str]] = [Counter() for _ in bounds[1:]]
        for path, index in self._series.items():
            if path.startswith(PREFIX):
                leaf = path.removeprefix(PREFIX)
                splits = [time for time in self._words.changes(leaf) if bounds[0] < time < bounds[-1]]
                fine = sorted({*bounds, *splits})
                for (begin, end), known in zip(pairwise(fine), self._slices(index, fine), strict=True):
                    sums[bisect_right(bounds, begin) - 1][self._words.at(leaf, end - 1)] += known.wh
        return [{word: one[word] for word in sorted(one, key=order) if one[word]} for one in sums]

    def roll_up(self, today: date) -> bool:
        """Keep up to two months of days that are over and not kept yet; False when all are.

        One of which the meter has not said the end yet is not over.
        """
        if self.first is None or self.last_time is None:
            return False
        known = list(days(self.first, min(today, day_of(self.last_time), *(p.settled(today) for p in self._parts))))
        kept = self._energy.days_kept(self.meter, self._sources)
        missing = next((place for place, day in enumerate(known) if midnight(day) not in kept), None)
        if missing is None:
            return False
        span = known[missing : missing + _TOGETHER]
        bounds = [*map(midnight, span), midnight(BalancePeriod.DAY.after(span[-1]))]
        made = {day.date: day for day in self._read(span, bounds)}
        told = {midnight(day): kept_days.written(made.get(day)) for day in span}
        self._energy.keep_days(self.meter, self._sources, told)
        return True

    def _uses(self, bounds: Sequence[int]) -> Sequence[SelfUse | None]:
        return self._reckoned(bounds) if self.produces else [None for _ in pairwise(bounds)]

    def _reckoned(self, bounds: Sequence[int]) -> Sequence[SelfUse | None]:
        drawn, injected = self._series.get(DRAWN_CURVE), self._series.get(INJECTED_CURVE)
        own = [known[INJECTED_CURVE] for known in self._counters if INJECTED_CURVE in known]
        if drawn is None:
            return [None for _ in pairwise(bounds)]
        start, end, read = bounds[0], bounds[-1], self._energy.half_hours
        mine = [part.half_hours(self._stored.received, start, end) for part in self._parts]
        return self_uses(
            bounds,
            drawn=read(drawn, start, end),
            injected=read(injected, start, end) if injected else {},
            produced=[read(curve, start, end) for curve in own],
            shared=[one.wh for one in mine],
            estimated={time for one in mine for time in one.estimated},
        )


def roll_up(stored: DayParts, config: Config, now: float) -> bool:
    """Keep some of the days that are over and not kept yet, of each meter; False when there are none left."""
    return any(HouseholdDays(stored, config, one.name).roll_up(day_of(now)) for one in config.meter)
