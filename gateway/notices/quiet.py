"""A person's quiet hours and mornings, by the wall clock: what waits is told when they end. No I/O and no clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from gateway.balance.supplier_offer import minutes_of
from gateway.store.local_time import PARIS

_A_DAY = timedelta(days=1)
# Where nobody has quiet hours; and nobody is woken for news at a weekend.
_MORNING, _WEEKEND_MORNING = 7 * 60, 8 * 60 + 30
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From one minute of the day to another, over midnight or not; without, none."""

    window: tuple[int, int] | None

    @classmethod
    def of(cls, text: str) -> QuietHours:
        """``22:00/07:00``; empty for none. Raises ValueError."""
        return cls(minutes_of(text) if text else None)

    def over(self, now: float) -> int | None:
        """When the quiet hours end that hold at a POSIX second; None where none do."""
        if self.window is None:
            return None
        begin, end = self.window
        local = datetime.fromtimestamp(now, PARIS)
        minute = local.hour * 60 + local.minute
        if begin < end and begin <= minute < end:
            return at(local.date(), end)
        if begin > end and (minute >= begin or minute < end):
            return at(local.date() + (_A_DAY if minute >= begin else timedelta()), end)
        return None

    def began(self, now: float) -> int:
        """When those began that hold then, as near as a count of the night needs it."""
        begin = self.window[0] if self.window else 0
        local = datetime.fromtimestamp(now, PARIS)
        today = at(local.date(), begin)
        return today if today <= now else at(local.date() - _A_DAY, begin)

    def morning(self, now: float) -> int:
        """The next morning at which news are told together: when the quiet hours end, at weekends not before 8:30."""
        day = datetime.fromtimestamp(now, PARIS).date()
        while (found := self._morning_of(day)) <= now:
            day += _A_DAY
        return found

    def _morning_of(self, day: date) -> int:
        minute = self.window[1] if self.window else _MORNING
        return at(day, max(minute, _WEEKEND_MORNING) if day.weekday() >= _SATURDAY else minute)


def at(day: date, minute: int) -> int:
    """The POSIX second of a minute of the day; the first of two where the clock goes back."""
    moment = time(minute // 60 % 24, minute % 60)
    return int(datetime.combine(day + _A_DAY * (minute // 1440), moment, PARIS).timestamp())
