"""What a recipient that watches live may be shown: the consents asked at every value, the log of transfers kept.

Live values are read nowhere and written nowhere; only that they were handed over is noted. The first of a series that
a recipient is shown is noted and committed before it leaves, what follows with the next commit: a commit a second
would wear the card out.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.store.journal import grouped
from gateway.store.points import Granularity, Point, Series, Value, pushed_from, pushing, stated_retention, under
from gateway.store.redo import ShownValues
from gateway.store.transactions import Transactions, translated

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.store.consents import Consents
    from gateway.store.transfers import Transfers


@dataclass(eq=False)
class Watching:
    """What may be shown this second."""

    _db: Transactions
    _transfers: Transfers
    _consents: Consents

    def __post_init__(self) -> None:
        """Have what was shown noted again where that was undone."""
        self._db.does[ShownValues] = self._note

    @translated
    def live_points(
        self, recipient: str, meter: str, prefix: str, values: Mapping[str, Value], at: int, now: float
    ) -> dict[str, list[Point]] | None:
        """Those of the values under ``prefix`` (path -> value) that a valid consent lets be pushed as they are read.

        By the retention that these consents state, empty where they state none; None when there is no consent any more.
        """
        consents = [
            c for c in self._consents.allowed(recipient, now) if c.terms.push and c.granularity is Granularity.RAW
        ]
        if not any(c.meter == meter and (under(prefix, c.prefix) or under(c.prefix, prefix)) for c in consents):
            return None
        points: dict[str, list[Point]] = {}
        for series in self._known(meter, [path for path in values if under(path, prefix)]):
            start = pushed_from(consents, series, Granularity.RAW)
            if start is not None and at >= start:
                retention = stated_retention(pushing(consents, series, Granularity.RAW))
                points.setdefault(retention, []).append(Point(series, Granularity.RAW, at, values[series.path]))
        return points

    @translated
    def note_shown(self, recipient: str, points: Sequence[Point], now: float) -> None:
        """Note live values that were handed over, in the open transaction: the next commit keeps it."""
        self._db.begin()
        self._db.keep(ShownValues(recipient, grouped((p.series.id, 0, p.time) for p in points), now))

    def _note(self, shown: ShownValues) -> None:
        self._transfers.add(shown.recipient, shown.groups, shown.now)

    def _known(self, meter: str, paths: Sequence[str]) -> list[Series]:
        """Those series that are stored; what a meter says for the first time is shown from its first commit on."""
        rows = self._db.execute(
            "SELECT series.id, series.path, unit, kind FROM json_each(?) AS asked"
            " JOIN series ON series.path = asked.value JOIN meter ON meter.id = meter"
            " WHERE meter.name = ? ORDER BY asked.key",
            [json.dumps(paths), meter],
        )
        return [Series(number, meter, path, unit, kind, 0, 0) for number, path, unit, kind in rows]
