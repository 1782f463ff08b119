"""What Zabbix is told of a household beside its values: that it has given some, and how often it gives any.

When a household is silent is then for Zabbix's template to say: after so many times what it gives.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gateway.store.points import Granularity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gateway.bridges.core import Value

SEEN, EVERY = "linky.seen", "linky.every"
# A household that gives each second is not told of each second.
_OFTEN_S = 30
# A period that has not come for so many of itself is not given any more.
_OVER, _SLACK_S = 3, 600


class LastWords:
    """Remembers what each household gives."""

    def __init__(self) -> None:
        self._given: dict[str, dict[int, float]] = {}
        self._told: dict[str, float] = {}

    def of(self, values: Sequence[Value], now: float) -> Iterator[tuple[str, int]]:
        """The households of some values that Zabbix has to be told of now, and the shortest period that each gives."""
        names = {value.household.name for value in values}
        for value in values:
            self._given.setdefault(value.household.name, {})[_period(value)] = now
        for name in sorted(names):
            if now - self._told.get(name, -math.inf) >= _OFTEN_S:
                given = self._given[name]
                yield name, min(period for period, at in given.items() if now - at <= _OVER * period + _SLACK_S)
                self._told[name] = now

    def forget(self) -> None:
        """Nothing of it is known to be in Zabbix."""
        self._told.clear()


def _period(value: Value) -> int:
    """Seconds; a granularity that is none of ours is longer than all of them."""
    try:
        return Granularity.parse(value.granularity)
    except ValueError:
        return Granularity.DAY
