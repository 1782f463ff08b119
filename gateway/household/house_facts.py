"""What offers ask of a house: the off-peak hours of its meter, the colours of its days, its power, and the largest one.

The colours are those that the meter lived, told by the indexes that counted on a day: exact, and kept for ever. Where
none did the colour is not known, until a file says it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from gateway.balance.calendar import day_of, days, midnight
from gateway.balance.offer_hours import NOT_RED, DatedWindows
from gateway.household.tariff import lived_hours
from gateway.store.local_time import PARIS
from gateway.store.points import Granularity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.config.tables import Config
    from gateway.household.days import HouseholdDays
    from gateway.store.store import Archive

_ONE, _MIDNIGHT = timedelta(days=1), 1440
# The hour of the clock at which Tempo's days begin.
_BEGINS = 6
_COLOURS = {"jb": "blue", "jw": "white", "jr": "red"}
# What of a day has to be in the indexes of one colour: at six in the morning a watt-hour or two may be in both.
_SURE = 0.9
# Of an EJP contract: more than is cut off at the peak's ends.
_PEAK = 0.05

SUBSCRIBED, SUBSCRIBED_CURRENT = "contract/power/reference", "contract/current/subscribed"
LARGEST_OF_DAY, POWER = "consumption/power/apparent/max", "consumption/power/apparent/raw"
_THREE_PHASES = "consumption/current/raw/phase/3"
# As the meter reckons the subscribed current (Enedis-NOI-CPT_54E).
_VOLTS = 200
# The powers that are sold, in kVA; a meter for one phase has them up to 12.
STEPS = (3, 6, 9, 12, 15, 18, 24, 30, 36)


@dataclass(frozen=True, slots=True)
class OwnWindows:
    """The off-peak hours of the meter, with their dates.

    Attributes:
        known: as the household wrote them, else as the meter was heard to have them, day by day.
        assumed: the same, and on days of which nothing was heard those of the day nearest before, or after: only good
            where the meter's indexes come to the same.
        heard_since: the first day on which they were heard; None where they are written.
    """

    known: tuple[DatedWindows, ...] = ()
    assumed: tuple[DatedWindows, ...] = ()
    heard_since: date | None = None


def own_windows(archive: Archive, config: Config, meter: str, first: date, end: date) -> OwnWindows:
    """The off-peak hours of ``[first, end)``, of a contract with off-peak hours and no other class but one."""
    if config.off_peak:
        written = tuple(one.dated for one in config.off_peak)
        return OwnWindows(written, written)
    runs = [
        (
            run.first,
            run.end - _ONE,
            tuple((a, b % _MIDNIGHT) for a, b, word in run.windows if run.words.get(word) == "hc"),
        )
        for run in lived_hours(archive.tariff_notes, meter, first, end)
        if {run.words.get(word) for _, _, word in run.windows} == {"hc", "hp"}
    ]
    if not runs:
        return OwnWindows()
    # Each until the next one begins, the first one from the beginning on, the last one to the end.
    begins = [first, *(run[0] for run in runs[1:])]
    ends = [*(run[0] - _ONE for run in runs[1:]), end]
    assumed = (DatedWindows(*dates, run[2]) for dates, run in zip(zip(begins, ends, strict=True), runs, strict=True))
    return OwnWindows(tuple(DatedWindows(*run) for run in runs), tuple(assumed), runs[0][0])


def lived_colours(house: HouseholdDays, first: date, end: date) -> dict[date, str]:
    """Tariff day of ``[first, end)`` -> its colour, as the indexes of Tempo or EJP counted on it."""
    bounds = [
        int(datetime(day.year, day.month, day.day, _BEGINS, tzinfo=PARIS).timestamp())
        for day in days(first, end + _ONE)
    ]
    found = {}
    for begin, counted, is_silent in zip(bounds, house.classes(bounds), house.silent(bounds), strict=False):
        # What the indexes counted in a silence is shared out by time: each of its days would have all its colours.
        if not is_silent and (colour := _colour(counted)):
            found[day_of(begin)] = colour
    return found


def _colour(counted: Mapping[str, int]) -> str | None:
    total = sum(counted.values())
    for end, colour in _COLOURS.items():
        if sum(wh for word, wh in counted.items() if word[2:] == end) > _SURE * total:
            return colour
    if set(counted) <= {"hn", "pm"} and total:
        return "red" if counted.get("pm", 0) > _PEAK * total else NOT_RED
    return None


def subscribed_power(archive: Archive, meter: str, now: int) -> int | None:
    """The subscribed power in kVA as the meter said it last; None where it did not."""
    power = archive.meters.named(meter, SUBSCRIBED)
    newest = archive.energy.newest(power, now) if power else None
    if newest and isinstance(newest[1], int):
        return newest[1] // 1000
    current = archive.meters.named(meter, SUBSCRIBED_CURRENT)
    newest = archive.energy.newest(current, now) if current else None
    if newest is None or not isinstance(newest[1], int):
        return None
    phases = 3 if archive.meters.named(meter, _THREE_PHASES) else 1
    return newest[1] * _VOLTS * phases // 1000


@dataclass(frozen=True, slots=True)
class LargestPower:
    """The largest apparent power (VA) of some days, on which of them, on how many days it is known."""

    va: int
    day: date
    days: int
    # Whether it is the meter's own maximum, or the largest value of a minute that was heard.
    by_meter: bool

    @property
    def least_kva(self) -> int | None:
        """The smallest power that is sold and would have passed it; None where there is none."""
        return next((one for one in STEPS if one * 1000 >= self.va), None)


def largest_power(archive: Archive, meter: str, first: date, end: date) -> LargestPower | None:
    """The largest power of ``[first, end)``: what the meter says of each day, else of the minutes that are kept."""
    begin, until = midnight(first), midnight(end)
    series = archive.meters.named(meter, LARGEST_OF_DAY)
    said = archive.readings.values(series, Granularity.DAY, begin, until) if series else []
    largest = [(int(value), day_of(time)) for time, value in said if not isinstance(value, str)]
    if largest:
        return _largest(largest, by_meter=True)
    series = archive.meters.named(meter, POWER)
    if series is None:
        return None
    found = []
    for day in days(first, end):
        minutes = archive.curves.minutes(series, midnight(day), midnight(day + timedelta(days=1)))
        if minutes:
            found.append((max(high for *_, high in minutes), day))
    return _largest(found, by_meter=False) if found else None


def _largest(found: Sequence[tuple[int, date]], *, by_meter: bool) -> LargestPower:
    va, day = max(found)
    return LargestPower(va, day, len({day for _, day in found}), by_meter)
