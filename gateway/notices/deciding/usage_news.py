"""What is used otherwise than before: more at night, water that runs day and night, gas in summer, no injection.

Read of the store once an hour, on its thread; raises StoreError. What nobody asked for is not looked at.
"""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from gateway.balance.calendar import day_of, days
from gateway.household.days import HouseholdDays
from gateway.links.alert_words import Topic
from gateway.notices.deciding.news import Item
from gateway.store.local_time import PARIS
from gateway.words.numbers import decimal
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from gateway.config.tables import Config
    from gateway.household.days import DayParts

_HOUR_S, _DAY_S, _DAY_BEGINS_S = 3600, 86_400, 8 * 3600
_WEEKS_S, _LEAST_KNOWN_S = 28 * _DAY_S, 7 * _DAY_S
_BURST = 3
_SHOWN_S = 2 * 86_400.0
_SUMMER = (6, 7, 8)
_NIGHTS = 30
# Where the sun is so high at noon, panels make something on a day of clouds, too; the middle of France.
_SUN_HEIGHT, _LATITUDE = 28.0, 46.5
_BRIGHT_DAYS, _LEAST_INJECTING = 3, 20

_BASE_LOAD = Phrase(
    "The house uses more at night than before: {now} W over the last two nights, {before} W usually. Something may"
    " have been left on."
)
_LEAK = Phrase(
    "At “{name}”, water has run in each of the last 24 hours: {litres} l in the quietest. There may be a leak."
)
_BURST_TEXT = Phrase("At “{name}”, {litres} l of water ran within an hour; the most in four weeks was {most} l.")
_GAS = Phrase("At “{name}”, gas has been used in each of the last 24 hours, in summer: {m3} m³ in total.")
_NO_INJECTION = Phrase(
    "Nothing has been sent to the grid for three days, although it was on most days before: check the inverter."
)


def used(stored: DayParts, config: Config, now: int, wanted: Collection[str]) -> list[Item]:
    """What is to be told at a POSIX second; ``wanted`` are the words of the events that somebody is told of."""
    found: list[Item] = []
    if Topic.BASE_LOAD.value in wanted:
        found += _base_load(stored, config, now)
    if Topic.NO_INJECTION.value in wanted:
        found += _no_injection(stored, config, now)
    for counter in config.counter:
        if counter.quantity in ("water", "gas"):
            hours = _hours(stored, counter.name, now)
            found += (_water if counter.quantity == "water" else _gas)(counter.name, hours, now)
    return [one for one in found if one.topic.value in wanted]


def _hours(stored: DayParts, counter: str, now: int) -> dict[int, int]:
    index = next((one for one in stored.meters.series(counter) if one.path.endswith("/volume/index")), None)
    return by_hour(stored.energy.marks(index, now - _WEEKS_S - _DAY_S, now)) if index else {}


def by_hour(marks: Mapping[int, int]) -> dict[int, int]:
    """Hour's end -> what was counted in it, of an index's marks at half hours."""
    ends = (end for end in marks if end % _HOUR_S == 0 and end - _HOUR_S in marks)
    return {end: max(0, marks[end] - marks[end - _HOUR_S]) for end in ends}


def _newest(hours: Mapping[int, int], now: int) -> int:
    """The end of the newest hour that is known; a mark is on the card within a minute of its hour."""
    known = max((end for end in hours if end <= now), default=0)
    return known if now - known < 2 * _HOUR_S else now - now % _HOUR_S


def _told_day(now: int) -> date:
    """The day for which something is told once; it begins when people are up."""
    return day_of(now - _DAY_BEGINS_S)


def _last_day(hours: Mapping[int, int], now: int) -> list[int] | None:
    """What was counted in each of the last 24 hours; None where one of them is not known."""
    last = _newest(hours, now)
    found = [hours.get(last - place * _HOUR_S) for place in range(24)]
    known = [one for one in found if one is not None]
    return known if len(known) == len(found) else None


def _water(name: str, hours: Mapping[int, int], now: int) -> list[Item]:
    found, day = [], _told_day(now)
    last = _last_day(hours, now)
    if last and min(last) > 0:
        text = _LEAK.filled(name=name, litres=min(last))
        found.append(_item(Topic.LEAK, name, str(day), text, "water has run in each hour of a day"))
    end = _newest(hours, now)
    before = [litres for hour, litres in hours.items() if hour < end and hour > end - _WEEKS_S]
    ran = hours.get(end, 0)
    if len(before) * _HOUR_S >= _LEAST_KNOWN_S and ran > _BURST * max(before) > 0:
        text = _BURST_TEXT.filled(name=name, litres=ran, most=max(before))
        found.append(_item(Topic.BURST, name, str(day), text, "much water runs"))
    return found


def _gas(name: str, hours: Mapping[int, int], now: int) -> list[Item]:
    last, day = _last_day(hours, now), _told_day(now)
    if day_of(now).month not in _SUMMER or not last or min(last) == 0:
        return []
    text = _GAS.filled(name=name, m3=decimal(sum(last) / 1000, 1))
    return [_item(Topic.GAS, name, str(day), text, "gas was used in each hour of a summer's day")]


def _base_load(stored: DayParts, config: Config, now: int) -> list[Item]:
    if datetime.fromtimestamp(now, PARIS).hour < 6:
        # The night is not over.
        return []
    risen = HouseholdDays(stored, config).risen_base_load(now, _NIGHTS)
    if risen is None:
        return []
    text, week = _BASE_LOAD.filled(before=risen[0], now=risen[1]), day_of(now).isocalendar()
    return [_item(Topic.BASE_LOAD, "", f"{week.year}-{week.week}", text, "the base load has risen")]


def _no_injection(stored: DayParts, config: Config, now: int) -> list[Item]:
    house, today = HouseholdDays(stored, config), day_of(now)
    known = {day.date: day for day in house.read(today - timedelta(days=28 + _BRIGHT_DAYS), today)}
    last = [known.get(today - timedelta(days=back)) for back in range(1, _BRIGHT_DAYS + 1)]
    silent = all(day is not None and day.whole and day.injected == 0 and is_bright(day.date) for day in last)
    before = list(days(today - timedelta(days=28 + _BRIGHT_DAYS), today - timedelta(days=_BRIGHT_DAYS)))
    injecting = sum(1 for day in before if day in known and known[day].injected)
    if not silent or injecting < _LEAST_INJECTING:
        return []
    week = today.isocalendar()
    return [_item(Topic.NO_INJECTION, "", f"{week.year}-{week.week}", _NO_INJECTION, "nothing is injected any more")]


def is_bright(day: date) -> bool:
    """Whether the sun is high enough at noon; its declination after Cooper (1969), within a degree."""
    declination = 23.45 * math.sin(2 * math.pi * (284 + day.timetuple().tm_yday) / 365)
    return 90 - _LATITUDE + declination >= _SUN_HEIGHT


def _item(topic: Topic, name: str, what: str, text: Phrase, log: str) -> Item:
    place = f"{topic.value} {name}" if name else topic.value
    return Item(f"{place} {what}", topic, name, text, log, _SHOWN_S)
