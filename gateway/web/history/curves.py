"""A day of a household: half hours of all that is counted, minutes of the power, and which tariff class was when.

Half hours are sums of the ledger, as the day itself is; minutes are kept for as long as ``minute_days`` says.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from gateway.balance.calendar import midnight
from gateway.balance.classes import PREFIX, is_period, word_of
from gateway.balance.energy import DayEnergy, fitted
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
from gateway.store.spans import DRAWN, INJECTED
from gateway.web.history.values import Curve, Minutes, Outlier

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        """The day by its minutes, as far as they are kept."""
        begin, end = midnight(day), midnight(day + timedelta(days=1))
        known = min(end, (self.last_time or begin) + 1)
        return Curve(
            begin=begin,
            end=end,
            drawn=self._minutes(POWER, begin, end),
            injected=self._minutes(_INJECTED_POWER, begin, end),
            bands=self._bands(begin, max(begin, known)),
        )

    def half_hours(self, day: date, *, so_far: bool = False) -> dict[int, DayEnergy]:
        """First second of each half hour of a day -> what is known of it: together they come to the day, to the Wh.

        ``so_far``: up to the time of day that is the last one known, so that it stands beside the day that is running.
        """
        begin, end = midnight(day), midnight(day + timedelta(days=1))
        length = end - begin
        if so_far and self.last_time:
            local = datetime.fromtimestamp(self.last_time, PARIS)
            same = datetime.combine(day, local.time(), PARIS).replace(fold=local.fold)
            end = min(end, max(begin, int(same.timestamp())))
        bounds = [*range(begin, end, STEP_S), end]
        if end == begin:
            return {}
        drawn, injected = (self._slices(self._series.get(path), bounds) for path in (DRAWN, INJECTED))
        classes, produced = self._classes(bounds), self._produced(bounds)
        last, found = self.last_time or begin, {}
        for place, (since, until) in enumerate(pairwise(bounds)):
            index, given, over = drawn[place], injected[place], min(until, last)
            if index.covered or given.covered or produced[place] is not None:
                wh = index.wh if index.covered else None
                found[since] = DayEnergy(
                    date=day,
                    drawn=wh,
                    classes=fitted(classes[place], wh),
                    injected=given.wh if given.covered else None,
                    produced=produced[place],
                    # Of a house that injects nothing nothing of it is missing.
                    whole=index.covered == until - since and given.covered in (0, until - since),
                    estimated=index.shared or given.shared,
                    elapsed=Fraction(max(over - since, 0), length),
                )
        return found

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

    def _produced(self, bounds: Sequence[int]) -> list[int | None]:
        """Of all that produces; where one of them is not known the sum is not either."""
        counted = [self._counted(known.get(INJECTED), bounds) for known in self._counters]
        shared = [part.half_hours(self._stored.received, bounds[0], bounds[-1]).wh for part in self._parts]
        found: list[int | None] = []
        for place, since in enumerate(bounds[:-1]):
            known = bool(counted or shared) and all(one[place].covered for one in counted)
            known = known and all(since in one for one in shared)
            own, others = sum(one[place].wh for one in counted), sum(one.get(since, 0) for one in shared)
            found.append(own + others if known else None)
        return found

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


def by_the_clock(time: int) -> tuple[int, int, int]:
    """Hour, minute, and which of the two when the clock is set back."""
    local = datetime.fromtimestamp(time, PARIS)
    return local.hour, local.minute, local.fold
