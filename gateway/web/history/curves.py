"""A day of a household as a curve: minutes of the power, half hours of all that is counted, the tariff beneath.

Half hours are kept for ever, minutes for as long as ``minute_days`` says; a day without minutes is its half hours.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from gateway.balance.calendar import BalancePeriod, midnight
from gateway.balance.classes import PREFIX, is_period, word_of
from gateway.balance.self_use import STEP_S
from gateway.household.days import (
    DRAWN_CURVE,
    INJECTED_CURVE,
    POWER,
    TARIFF_NUMBER,
    TARIFF_TEXT,
    HouseholdDays,
)
from gateway.store.local_time import PARIS
from gateway.store.points import Granularity
from gateway.store.spans import INJECTED
from gateway.web.history.values import Curve, HalfHour, Minutes, Outlier

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.config.tables import Config
    from gateway.store.store import Archive

_INJECTED_POWER = "production/power/apparent/raw"

# A tariff period: (from, until, class).
Band = tuple[int, int, str]


class HouseholdCurves(HouseholdDays):
    """The same household, a day of it at a time."""

    def __init__(self, archive: Archive, config: Config, meter: str | None = None) -> None:
        super().__init__(archive, config, meter)
        self._reader = archive

    def curve(self, day: date) -> Curve:
        """The day, with the half hours of the same date a year before."""
        begin, end = midnight(day), midnight(day + timedelta(days=1))
        known = min(end, (self.last_time or begin) + 1)
        bands = self._bands(begin, max(begin, known))
        return Curve(
            begin=begin,
            end=end,
            drawn=self._minutes(POWER, begin, end),
            injected=self._minutes(_INJECTED_POWER, begin, end),
            half_hours=self._half_hours(day, begin, end, bands),
            bands=bands,
        )

    def outliers(self, day: date) -> list[Outlier]:
        """The half hours of the day, drawn and injected, that stand out from those of the two weeks before."""
        begin, end = midnight(day), midnight(day + timedelta(days=1))
        curves = [self._series[path] for path in (DRAWN_CURVE, INJECTED_CURVE) if path in self._series]
        found = [
            one.point for curve in curves for one in self._reader.neighbours.suspects(curve, Granularity.HALF_HOUR, end)
        ]
        return [
            Outlier(one.series.path, one.time, one.value)
            for one in found
            if one.time >= begin and not isinstance(one.value, str)
        ]

    def _minutes(self, path: str, begin: int, end: int) -> Minutes:
        gauge = self._series.get(path)
        rows = self._reader.curves.minutes(gauge, begin, end) if gauge else []
        return {time: (mean, low, high) for time, mean, low, high in rows}

    def _half_hours(self, day: date, begin: int, end: int, bands: Sequence[Band]) -> list[HalfHour]:
        drawn, injected = (self._watts(path, begin, end) for path in (DRAWN_CURVE, INJECTED_CURVE))
        produced, before = self._produced(begin, end), self._year_before(day)
        return [
            HalfHour(
                time=time,
                word=next((word for since, until, word in bands if since <= time < until), None),
                drawn=drawn.get(time),
                injected=injected.get(time),
                produced=produced.get(time),
                before=before.get(_by_the_clock(time)),
            )
            for time in range(begin, end, STEP_S)
        ]

    def _watts(self, path: str, begin: int, end: int) -> dict[int, int]:
        curve = self._series.get(path)
        return _as_watts(self._reader.energy.half_hours(curve, begin, end)) if curve else {}

    def _produced(self, begin: int, end: int) -> dict[int, int]:
        """Of all that produces; where one of them is not known the sum is not either."""
        own = [known[INJECTED_CURVE] for known in self._counters if INJECTED in known and INJECTED_CURVE in known]
        sources = [self._reader.energy.half_hours(curve, begin, end) for curve in own]
        sources += [part.half_hours(self._stored.received, begin, end) for part in self._parts]
        if not sources:
            return {}
        known = set(sources[0]).intersection(*sources[1:])
        return _as_watts({time: sum(one[time] for one in sources) for time in known})

    def _year_before(self, day: date) -> dict[tuple[int, int, int], int]:
        """By the clock, so that 8 o'clock stands beside 8 o'clock when one of the two days has 23 hours."""
        before = BalancePeriod.DAY.year_before(day)
        watts = self._watts(DRAWN_CURVE, midnight(before), midnight(before + timedelta(days=1)))
        return {_by_the_clock(time): value for time, value in watts.items()}

    def _bands(self, begin: int, end: int) -> list[Band]:
        changes = self._classes_said(begin, end) or self._classes_counted(begin, end)
        bands: list[Band] = []
        for (said, word), (until, _) in pairwise([*changes, (end, "")]):
            since = max(said, begin)
            if bands and bands[-1][1:] == (since, word):
                bands[-1] = (bands[-1][0], until, word)
            elif since < until:
                bands.append((since, until, word))
        return bands

    def _classes_said(self, begin: int, end: int) -> list[tuple[int, str]]:
        """As the meter named them, to the minute; a numbered one by what its number was called."""
        said: list[tuple[int, str, str]] = []
        for path in (TARIFF_NUMBER, TARIFF_TEXT):
            known = self._series.get(path)
            said += [(time, path, one) for time, one in self._reader.curves.texts(known, begin, end)] if known else []
        now, found = dict.fromkeys((TARIFF_NUMBER, TARIFF_TEXT), ""), []
        for time, path, one in sorted(said):
            now[path] = one
            number, text = now.values()
            if number.isdecimal() and not is_period(text):
                found.append((time, self._words.at(str(int(number)), time)))
            elif text:
                found.append((time, word_of(text) or text))
        # Both may be told of one moment, and only together say what it was.
        return list(dict(found).items())

    def _classes_counted(self, begin: int, end: int) -> list[tuple[int, str]]:
        """After the minutes were let go: the class whose index rose most in each half hour."""
        leaves = {path.removeprefix(PREFIX): one for path, one in self._series.items() if path.startswith(PREFIX)}
        counted = {leaf: self._ledger.steps(one, begin, end, STEP_S) for leaf, one in leaves.items()}
        found = []
        for time in range(begin, end, STEP_S):
            leaf = max(counted, key=lambda one: counted[one].get(time, 0), default=None)
            if leaf is not None and counted[leaf].get(time, 0) > 0:
                found.append((time, self._words.at(leaf, time)))
        return found


def _as_watts(energies: Mapping[int, int]) -> dict[int, int]:
    return {time: wh * 3600 // STEP_S for time, wh in energies.items()}


def _by_the_clock(time: int) -> tuple[int, int, int]:
    """Hour, minute, and which of the two when the clock is set back."""
    local = datetime.fromtimestamp(time, PARIS)
    return local.hour, local.minute, local.fold
