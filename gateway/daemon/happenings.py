"""How much of what happens to a meter is stored, for events are kept for ever: the first ones, and of a flood the sum.

No I/O and no clock. An honest meter comes nowhere near; a damaged line, or whoever has a board's password, makes events
of each frame. What is too much waits, one of each kind and series, and is stored as one that says how many more there
were. Of what indexes end at nothing may wait while readings go on, or energy would be reckoned across it: until that is
told, nothing that the meter says is stored. So the whole time from the first to the last of them is one break.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.sources.rate import RateLimit
from gateway.store.breaks import TOLD
from gateway.tic.judges import FactKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.store.recorder import Happened

# Of one kind and series, and of all: so many at once, then in an hour. A board that was away for five days tells within
# minutes what a meter does in that time: some forty changes of tariff.
AT_ONCE, AN_HOUR = 60, 20
ALL_AT_ONCE, ALL_AN_HOUR = 600, 120

# In the details of one that stands for several: how many more there were.
MORE = "more"

# Kind, series, and which of the relays or peaks.
_Key = tuple[str, str, object]


class Happenings:
    """Those of one meter; ``now`` is always that second of a clock that never goes back."""

    def __init__(self) -> None:
        self._rates: dict[_Key, RateLimit] = {}
        self._all = RateLimit(ALL_AT_ONCE, ALL_AN_HOUR / 3600)
        self._breaks = RateLimit(AT_ONCE, AN_HOUR / 3600)
        # What waits for its turn: (the last one, how many before it wait too).
        self._waiting: dict[_Key, tuple[Happened, int]] = {}

    def __len__(self) -> int:
        """How many kinds of events wait."""
        return len(self._waiting)

    def admit(self, happened: Iterable[Happened], now: float) -> list[Happened]:
        """What is to be stored now of these and of those that wait, except of what indexes end at."""
        for one in happened:
            self._wait(one)
        return [self._leave(key) for key in list(self._waiting) if key[0] not in TOLD and self._may(key, now)]

    def settle(self, now: float, time: int) -> list[Happened] | None:
        """Of what indexes end at all that waits, to be stored before a frame of ``time`` (POSIX second).

        None when that may not be yet; then neither may the frame.
        """
        breaks = [key for key in self._waiting if key[0] in TOLD]
        if breaks and not self._breaks.allows(now):
            return None
        return [replace(self._leave(key), time=time) for key in breaks]

    def _may(self, key: _Key, now: float) -> bool:
        if key not in self._rates:
            self._rates[key] = RateLimit(AT_ONCE, AN_HOUR / 3600)
        return self._rates[key].has(now) and self._all.allows(now) and self._rates[key].allows(now)

    def _wait(self, one: Happened) -> None:
        key = one.kind, one.series, one.detail.get("number")
        if key not in self._waiting:
            self._waiting[key] = one, 0
            return
        first, more = self._waiting[key]
        if one.kind in TOLD:
            # What was believed before the first of them is what the store has.
            one = replace(one, detail={**one.detail, "before": first.detail.get("before")})
        self._waiting[key] = one, more + 1

    def _leave(self, key: _Key) -> Happened:
        one, more = self._waiting.pop(key)
        if not more:
            return one
        # How far a counter went that began again several times, nobody knows.
        kind = FactKind.INDEX_FELL.value if one.kind == FactKind.ROLL_OVER.value else one.kind
        return replace(one, kind=kind, detail={**one.detail, MORE: more})
