"""What arrived at the recipient: how much of which series, and whether it was in order and none twice."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

# Fewer series than this is not the whole chain.
ENOUGH_SERIES = 5


@dataclass(slots=True)
class Arrivals:
    """Counts records as the recipient prints them: dicts with ``name``, ``time``, ``value`` and ``unit``."""

    records: int = 0
    twice: int = 0
    out_of_order: int = 0
    latest: dict[str, dict[str, object]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    _seen: set[tuple[object, object]] = field(default_factory=set)

    def add(self, record: dict[str, object]) -> None:
        """Count one record; the time of a series never goes back."""
        name, time = str(record["name"]), str(record["time"])
        self.records += 1
        if (name, time) in self._seen:
            self.twice += 1
            return
        self._seen.add((name, time))
        self.counts[name] += 1
        if name in self.latest and time < str(self.latest[name]["time"]):
            self.out_of_order += 1
        self.latest[name] = record

    @property
    def good(self) -> bool:
        """Whether the chain worked: enough series, in order, none twice."""
        return len(self.counts) >= ENOUGH_SERIES and not self.twice and not self.out_of_order

    def figures(self) -> dict[str, int]:
        """For machines."""
        counts = {"records": self.records, "series": len(self.counts)}
        return counts | {"twice": self.twice, "out_of_order": self.out_of_order}
