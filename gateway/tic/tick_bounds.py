"""Between which bounds the watts must lie while VA stays as it is: what the ticks of an index prove.

No I/O and no clock. A tick says that the index passed a whole watt-hour between two frames. Of any two ticks that
leaves a least and a most of watts, whatever the grid of the frames and that of the ticks make of each other; a mean of
ticks does not see that both grids may run side by side for minutes. Time is in hours at the reference VA (``guess``).
"""

from __future__ import annotations

# Less than this share of VA is no power factor of a house.
LEAST_SHARE = 0.05
_HOUR_S = 3600
# A bound is looked at again after this.
_EVERY_H = 5 / _HOUR_S
# Ticks that are kept, and for how long.
_KEPT, _KEPT_H = 12, 180 / _HOUR_S
# VA flickers within its band: each bound is this much wider, and by so much more for each second.
_FLICKER, _FADING = 0.003, 0.0003
# Where the bounds are this near to each other (as a share of VA), truth is rarely at their edges.
_NEAR, _EDGE = 0.08, 0.15
# As good as all of VA.
_ALL = 0.985
# An index that is ahead of all VA by so many Wh, and by this share, was not driven by it: what flowed between two
# moments at which VA was measured is less.
_AHEAD_WH, _BEYOND = 2, 1.03
# An index that has fallen so many Wh behind the least that was proven is driven by something else now.
_BEHIND_WH = 3
_ANY = 1e12


class TickBounds:
    """Bounds of one run in which VA stayed about ``va``; ``most_share`` of it may be watts."""

    __slots__ = (
        *("_hours", "_looked", "_most_share", "_ticked", "_ticks", "_va", "_wh"),
        *("contradicted", "least", "most", "variance"),
    )

    def __init__(self, most_share: float) -> None:
        self._most_share = most_share
        # Before it, at it (hours of the run), and the Wh of the run after it.
        self._ticks: list[tuple[float, float, int]] = []
        self.begin(0.0)

    def begin(self, va: float) -> None:
        """Another run begins, about that VA."""
        self._va, self._hours, self._looked, self._ticked, self._wh = va, 0.0, 0.0, 0.0, 0
        self._ticks.clear()
        # Whether the index rose faster than this VA can have made it.
        self.contradicted = False
        self.least, self.most, self.variance = LEAST_SHARE * va, self._most_share * va, _ANY

    def inner(self) -> tuple[float, float]:
        """Least and most, without the edges where that is worth something."""
        width = self.most - self.least
        if width >= _NEAR * self._va:
            return self.least, self.most
        edge = _EDGE * width
        return self.least + edge, self.most - edge if self.most < _ALL * self._va else self.most

    def live(self, hours: float) -> None:
        """Let time pass, a frame's worth of it."""
        self._hours += hours
        if self._ticks and (self._hours - self._ticked) * self.least > _BEHIND_WH:
            self.begin(self._va)

    def tick(self, ticks: int, hours: float, blur: float) -> bool:
        """The index rose by so many Wh in the last ``hours``; False if that cannot be with what was before.

        ``blur`` is how many hours the moment may be wrong.
        """
        self._wh += ticks
        self._ticked = self._hours
        passed = self._hours - self._looked
        if self._ticks and passed < _EVERY_H:
            return True
        self._looked = self._hours
        new = self._hours - hours - blur, self._hours + blur, self._wh
        if self._ticks and not self._narrow(new, _FADING * passed * _HOUR_S):
            wh, beyond = self._wh, self.contradicted
            self.begin(self._va)
            self._ticks.append(new)
            self._hours = self._looked = self._ticked = new[1] - blur
            self._wh, self.contradicted = wh, beyond
            return False
        self._ticks.append(new)
        if len(self._ticks) > _KEPT:
            del self._ticks[1::2]
        while len(self._ticks) > 2 and new[1] - self._ticks[0][1] > _KEPT_H:
            del self._ticks[0]
        return True

    def _narrow(self, new: tuple[float, float, int], fading: float) -> bool:
        before, at, wh = new
        least, most = self.least * (1 - fading), self.most * (1 + fading)
        ahead = self._most_share * self._va * _BEYOND
        for tick_before, tick_at, tick_wh in self._ticks:
            rise = wh - tick_wh
            if rise - _AHEAD_WH > (at - tick_before) * ahead:
                self.contradicted = True
                return False
            least = max(least, rise / (at - tick_before) * (1 - _FLICKER))
            if before > tick_at:
                most = min(most, rise / (before - tick_at) * (1 + _FLICKER))
        lowest, highest = LEAST_SHARE * self._va, self._most_share * self._va
        if least > most or most < lowest or least > highest * _BEYOND:
            return False
        self.least, self.most = max(least, lowest), min(most, highest)
        self.variance = max((self.most - self.least) ** 2 / 8, 1.0)
        return True
