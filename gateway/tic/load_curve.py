"""The points of a load curve (CCASN, CCAIN) and the period that each is of, which the meter does not say."""

from __future__ import annotations

from datetime import datetime, timedelta


class LoadCurve:
    """The period of a load curve: its points carry their end, and are to be stamped at their start.

    It is the distance of the two points in a frame. A distance longer than the period known may be a hole (the mains
    were off) or a new period: the next point tells, and until then the newest is held back; the meter repeats it.
    """

    _PERIODS = frozenset((600, 1800, 3600))  # 54E §6.2.3.12
    _KEPT = 4

    def __init__(self) -> None:
        self._period: int | None = None
        self._doubt: tuple[datetime, int] | None = None
        self._periods: dict[datetime, int] = {}  # end of a point -> its period

    def start(self, end: datetime) -> datetime | None:
        """The start of the point that ended then; None while its period is not known."""
        period = self._periods.get(end)
        return end - timedelta(seconds=period) if period else None

    def learn(self, last: datetime | None, before: datetime | None) -> None:
        """Take in the ends of the points n and n-1 of a frame."""
        distance = int((last - before).total_seconds()) if last and before else 0
        if last and before and distance in self._PERIODS and last not in self._periods:
            if self._period and distance > self._period and self._doubt != (before, distance):
                self._doubt = (last, distance)
            else:
                self._period, self._doubt = distance, None
        for end in (before, last):
            if end and self._period and not (self._doubt and self._doubt[0] == end):
                self._periods.setdefault(end, self._period)
        for end in sorted(self._periods)[: -self._KEPT]:
            del self._periods[end]
