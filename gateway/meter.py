"""One meter, from its line to its recorder: frames are interpreted, judged, and what happened is noted.

What is refused is a reading only, and why stands in the log at DEBUG; what cannot be plausible and is true all the same
(another meter, a roll-over), what changed (a contract, a colour, an overload) becomes an event of the store.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from gateway.store.recorder import Happened, Recorder
from gateway.tic.continuity import Continuity
from gateway.tic.events import Events
from gateway.tic.frame import STANDARD
from gateway.tic.plausibility import FactKind, Plausibility
from gateway.tic.quality import Fault
from gateway.tic.reading import Interpreter

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterable, Mapping

    from gateway.sources.line import Line
    from gateway.store.points import MeterInfo, Value
    from gateway.tic.continuity import Break
    from gateway.tic.events import Event
    from gateway.tic.frame import Frame
    from gateway.tic.plausibility import Fact
    from gateway.tic.reading import Interpretation

log = logging.getLogger(__name__)


class MeterReader:
    """Reads one meter for as long as its line lives.

    Args:
        known: the meter as stored.
        values: series path -> (POSIX second, value) as last stored.
        line: where its frames come from.
    """

    def __init__(self, known: MeterInfo, values: Mapping[str, tuple[int, Value]], line: Line) -> None:
        self.name, self.line = known.name, line
        self.recorder = Recorder(known.name, values, known.last_time)
        last = {path: value for path, (_, value) in values.items()}
        self._interpreter = Interpreter()
        self._plausibility = Plausibility(values, known.last_time, known.address, known.prm)
        self._events = Events({path: str(value) for path, value in last.items()})
        self._continuity = Continuity(last)
        # A file that ends may hold a single frame, and what a person replays is believed to be a capture.
        self._prime = line.finite

    async def read(self, urgent: asyncio.Event) -> None:
        """Take in every frame; ``urgent`` is set when something should be committed at once."""
        async for frame, received in self.line.frames():
            if frame.mode == STANDARD and not any(group.label == "DATE" for group in frame.groups):
                # Its second is not known, and the next frame says it all again.
                continue
            interpretation = self._interpreter.interpret(frame, received)
            if interpretation is not None and self._take(frame, interpretation):
                urgent.set()
        urgent.set()

    def _take(self, frame: Frame, interpretation: Interpretation) -> bool:
        """Judge and record one frame; True when something happened that should be committed at once."""
        if self._prime and frame.whole:
            self._prime = False
            self._plausibility.check(interpretation)
        judgement = self._plausibility.check(interpretation)
        believed = judgement.interpretation
        self._count_refused(len(interpretation.refused), len(believed.refused))
        for refused in believed.refused:
            log.debug("meter %s: refused %s", self.name, refused)
        happened = [
            *(_fact(fact) for fact in judgement.facts),
            *(_break(one) for one in self._continuity.observe(frame.mode, believed)),
            *(_event(event) for event in self._events.observe(believed)),
        ]
        self._note(happened)
        return self.recorder.add(believed) or bool(happened)

    def _count_refused(self, by_table: int, in_all: int) -> None:
        if in_all:
            faults = {Fault.WIDTH: by_table, Fault.PLAUSIBILITY: in_all - by_table}
            self.line.quality.note(time.monotonic(), faults=faults)

    def _note(self, happened: Iterable[Happened]) -> None:
        for one in happened:
            self.recorder.tell(one)
            # A meter's number and a household's state are nobody's business in a log.
            log.info("meter %s: %s%s", self.name, one.kind, f" of {one.series}" if one.series else "")


def _fact(fact: Fact) -> Happened:
    series = "" if fact.kind is FactKind.METER_REPLACED else fact.series
    return Happened(int(fact.time.timestamp()), fact.kind.value, series, {"before": fact.before, "after": fact.after})


def _break(one: Break) -> Happened:
    return Happened(int(one.time.timestamp()), one.kind.value, one.series, {"before": one.before, "after": one.after})


def _event(event: Event) -> Happened:
    detail = event.as_json()
    for told in ("kind", "time", "series"):
        detail.pop(told, None)
    return Happened(int(event.time.timestamp()), event.kind.value, event.series, detail)
