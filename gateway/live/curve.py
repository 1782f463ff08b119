"""The power of the last ten minutes as a curve of block characters. No I/O and no clock: seconds are handed in."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# A column is the mean of so many seconds; so many of them stand side by side.
STEP_S, COLUMNS = 15, 40

_BLOCKS = " ▁▂▃▄▅▆▇█"


@dataclass(slots=True)
class _Column:
    number: int
    total: int = 0
    count: int = 0


class PowerCurve:
    """What was seen of one meter's power since somebody has looked, VA."""

    def __init__(self) -> None:
        self._columns: deque[_Column] = deque(maxlen=COLUMNS)

    def add(self, va: int, now: float) -> None:
        """A power at that second."""
        number = int(now // STEP_S)
        if not self._columns or self._columns[-1].number != number:
            self._columns.append(_Column(number))
        last = self._columns[-1]
        last.total, last.count = last.total + va, last.count + 1

    def powers(self) -> list[int | None]:
        """Means, oldest first; None for a time at which nothing was seen."""
        if not self._columns:
            return []
        known = {one.number: one.total // one.count for one in self._columns}
        last = self._columns[-1].number
        return [known.get(number) for number in range(max(min(known), last - COLUMNS + 1), last + 1)]


def drawn(powers: Sequence[int | None], rows: int) -> list[str]:
    """So many lines, the highest power as high as all of them; a column that is known is never empty."""
    most = max((one for one in powers if one is not None), default=0) or 1
    high = [0 if one is None else max(1, round(one * rows * 8 / most)) for one in powers]
    return ["".join(_BLOCKS[min(8, max(0, one - 8 * row))] for one in high) for row in reversed(range(rows))]
