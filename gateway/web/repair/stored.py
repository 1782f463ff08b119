"""What the page *repair* looks at and changes, for the daemon: read on a thread of its own, changed by orders."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from msgspec import structs

from gateway.store.labels import label_of
from gateway.store.points import Granularity, Point, Series, offered
from gateway.store.terms import LANGS
from gateway.web.repair.values import Changed, PointPlace, RepairableSeries, RepairView, Stored
from gateway.web.sharing.stored import OWNER

if TYPE_CHECKING:
    from gateway.consent.orders import A, ConsentHandlers, Order
    from gateway.store.corrections import Corrections
    from gateway.store.neighbours import Suspect
    from gateway.store.store import Archive
    from gateway.web.reader import StoreReader

# Around a moment that is looked at, and around a point that is repaired.
_AROUND, _NEXT_TO = 20, 5
_MOST_CORRECTIONS, _MOST_SUSPECTS = 30, 20

# Where nothing is chosen all series are looked through, as far as that takes no time.
_AT_FIRST = (Granularity.HALF_HOUR, Granularity.DAY)


class StoredPoints:
    """Where stored points are looked at and changed.

    Args:
        reader: of the database.
        order: does an order.
    """

    def __init__(self, reader: StoreReader, order: ConsentHandlers) -> None:
        self._reader, self._order = reader, order

    async def ask(self, order: Order[A]) -> A:
        """One order, given at the page. Raises GatewayError with the reason."""
        return await self._order(structs.replace(order, by=OWNER))

    async def look(self, chosen: PointPlace | None) -> RepairView:
        """What stands out, in all or in the series that is chosen; the points around its time; the corrections."""
        return await self._reader.read(lambda archive: look(archive, chosen))

    async def point(self, which: PointPlace) -> tuple[RepairableSeries, Stored, list[Stored], list[str]] | None:
        """A point: its series, itself, those around it, and who received it; None when there is none."""
        return await self._reader.read(lambda archive: _point(archive, which))


def look(archive: Archive, chosen: PointPlace | None) -> RepairView:
    """What ``StoredPoints.look`` says, read in that archive."""
    series = [one for meter in archive.meters.all() for one in archive.meters.series(meter.name)]
    suspects, around = [], []
    if chosen is None:
        end = int(time.time())
        suspects = [
            suspect
            for one in series
            for granularity in _AT_FIRST
            for suspect in archive.neighbours.suspects(one, granularity, end)
        ]
    else:
        granularity = Granularity.parse(chosen.granularity)
        named = chosen.meter, chosen.path, granularity
        around = archive.neighbours.points_around(*named, chosen.time, _AROUND)
        end = max([chosen.time, *(point.time for point in around)]) + 1
        known = next((one for one in series if (one.meter, one.path) == (chosen.meter, chosen.path)), None)
        suspects = archive.neighbours.suspects(known, granularity, end) if known else []
    worst = sorted(suspects, key=lambda s: (not s.judged, -s.off))[:_MOST_SUSPECTS]
    return RepairView(
        [_known(one) for one in series],
        [_suspect(one) for one in worst],
        _corrections(archive.corrections),
        chosen,
        [_stored(point) for point in around],
    )


def _point(archive: Archive, which: PointPlace) -> tuple[RepairableSeries, Stored, list[Stored], list[str]] | None:
    granularity = Granularity.parse(which.granularity)
    named = which.meter, which.path, granularity
    found = archive.neighbours.point_at(*named, which.time)
    if found is None:
        return None
    around = archive.neighbours.points_around(*named, which.time, _NEXT_TO + 1)
    end = which.time + max(granularity, 1)
    had = archive.transfers.recipients_of(found.series, which.time, end, granularity)
    return _known(found.series), _stored(found), [_stored(point) for point in around], had


def _corrections(corrections: Corrections) -> list[Changed]:
    """The latest ones, newest first; only the last one of a point can be undone."""
    seen: set[PointPlace] = set()
    rows = []
    for one in reversed(corrections.all()):
        which = _which(one.point)
        undoable = which not in seen and one.before is not None
        seen.add(which)
        rows.append(Changed(which, one.before, one.after, one.at, one.reason, undoable))
    return rows[:_MOST_CORRECTIONS]


def _known(series: Series) -> RepairableSeries:
    names = {lang: label_of(series.path).in_language(lang) for lang in LANGS}
    fine = [granularity.code for granularity in offered(series.kind)]
    return RepairableSeries(series.meter, series.path, series.unit, series.kind, names, fine, series.last_time)


def _suspect(one: Suspect) -> Stored:
    return Stored(_which(one.point), one.point.value, one.point.rectified, one.low, one.high, one.judged)


def _stored(point: Point) -> Stored:
    return Stored(_which(point), point.value, point.rectified)


def _which(point: Point) -> PointPlace:
    return PointPlace(point.series.meter, point.series.path, point.granularity.code, point.time)
