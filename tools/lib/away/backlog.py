"""A gateway's folder whose database holds days of minutes that were promised to somebody who was not there."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING

from gateway.store.points import Confirm, Granularity
from gateway.store.prepare import prepare
from gateway.store.recorder import Recorder
from gateway.store.store import Store
from gateway.tic.reading import Interpretation, Kind, Quality, Reading

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SENSOR = "ab12"
INDEX = "consumption/energy/active/index"
GAUGES = ("consumption/power/apparent/raw", "consumption/voltage/raw", "consumption/current/raw")
_UNITS = ("VA", "V", "A")
_A_COMMIT = 60


@dataclass(frozen=True, slots=True)
class BacklogPlan:
    """What is to be made.

    Args:
        folder: where the database goes (``folder/data``).
        recipient: the bare JID of who was away.
        days: for how long.
        series: how many series, the total index first.
        seed: of the household's habits.
    """

    folder: Path
    recipient: str
    days: float
    series: int
    seed: int

    @property
    def paths(self) -> tuple[str, ...]:
        """The series."""
        return (INDEX, *GAUGES)[: self.series]

    def make(self, progress: Callable[[float], None]) -> None:
        """Live the days minute by minute; ``progress`` is told the share that is done."""
        data = self.folder / "data"
        prepare(data)
        store = Store(data)
        try:
            end = int(time.time()) // 60 * 60 - 120
            begin = end - int(self.days * 1440) * 60
            store.meters.add("house", SENSOR)
            for path in self.paths:
                store.consents.grant(self.recipient, "house", path, Granularity.MINUTE, end + 365 * 86400, begin - 60)
                store.subscriptions.add(self.recipient, "house", path, "sen1", Confirm.RECEIPT, begin - 60)
            self._live(store, begin, end, progress)
        finally:
            store.close()

    def _live(self, store: Store, begin: int, end: int, progress: Callable[[float], None]) -> None:
        recorder, chance, index = Recorder("house", {}), Random(self.seed), 3_519_832
        for minute, at in enumerate(range(begin, end + 60, 60)):
            index += chance.randrange(5, 40)
            said = (index, chance.randrange(200, 6000), chance.randrange(226, 240), chance.randrange(1, 27))
            recorder.add(_frame(at, self.paths, said))
            if minute % _A_COMMIT == 0:
                store.batches.write([recorder.take()], at)
                progress((at - begin) / (end - begin))
        store.batches.write([recorder.take()], end)


def _frame(at: int, paths: tuple[str, ...], said: tuple[int, ...]) -> Interpretation:
    moment = datetime.fromtimestamp(at, UTC)
    units = ("Wh", *_UNITS)
    kinds = (Kind.INDEX, *(Kind.GAUGE for _ in GAUGES))
    readings = [
        Reading(path, moment, value, unit, kind, Quality.METER)
        for path, value, unit, kind in zip(paths, said, units, kinds, strict=False)
    ]
    return Interpretation(moment, Quality.METER, "021961000042", None, tuple(readings), ())
