"""What a recipient that watches live may be shown: the consents asked at every value, the log of transfers kept.

Live values are read nowhere and written nowhere; only that they were handed over is noted. The first of a series that
a recipient is shown is noted and committed before it leaves, what follows with the next commit: a commit a second
would wear the card out.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from gateway.store.consents import Consents, pushed_from
from gateway.store.points import Granularity, Point, Series, under
from gateway.store.tables import translated

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.store.points import Value


class Watching(Consents):
    """What may be shown this second."""

    @translated
    def live_points(
        self, recipient: str, meter: str, prefix: str, values: Mapping[str, Value], at: int, now: float
    ) -> list[Point] | None:
        """Those of the values under ``prefix`` (path -> value) that a valid consent lets be pushed as they are read.

        None when there is no such consent any more.
        """
        consents = [c for c in self.allowed(recipient, now) if c.terms.push and c.granularity is Granularity.RAW]
        if not any(c.meter == meter and (under(prefix, c.prefix) or under(c.prefix, prefix)) for c in consents):
            return None
        points = []
        for path, value in values.items():
            series = self._known_by_path(meter, path) if under(path, prefix) else None
            start = pushed_from(consents, series, Granularity.RAW) if series else None
            if series is not None and start is not None and at >= start:
                points.append(Point(series, Granularity.RAW, at, value))
        return points

    @translated
    def note_shown(self, recipient: str, points: Sequence[Point], now: float) -> None:
        """Note live values that were handed over, in the open transaction: the next commit keeps it."""
        groups: dict[int, list[int]] = {}
        for p in points:
            groups.setdefault(p.series.id, []).append(p.time)
        noted = [(number, 0, min(t), max(t), len(t)) for number, t in groups.items()]
        self.begin()
        self.keep(partial(self._note, recipient, noted, now))
        self.keep(partial(self.journal.count_points, recipient, points, now))

    def _known_by_path(self, meter: str, path: str) -> Series | None:
        """A series that is stored; what a meter says for the first time is shown from its first commit on."""
        row = self._db.execute(
            "SELECT series.id, unit, kind FROM series JOIN meter ON meter.id = meter WHERE meter.name = ? AND path = ?",
            [meter, path],
        ).fetchone()
        return None if row is None else Series(row[0], meter, path, row[1], row[2], 0, 0)
