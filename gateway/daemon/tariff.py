"""A meter's calendar of tariff classes in the running gateway: fed with each believed frame, its notes kept.

What it tells goes the way of everything that the meter says: readings into the frame, events, notes into the batch.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.store.recorder import Happened
from gateway.tic.frame import STANDARD
from gateway.tic.reading import Kind, Reading

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.store.recorder import Recorder
    from gateway.tic.clock import MeterClock
    from gateway.tic.frame import Frame
    from gateway.tic.reading import Interpretation
    from gateway.tic.tariff_calendar import TariffCalendar


class FollowedCalendar:
    """The calendar of one meter.

    Args:
        calendar: what is known of it.
        clock: the meter's: it changes its classes by that clock also where nobody else believes it.
        recorder: keeps the notes.
    """

    def __init__(self, calendar: TariffCalendar, clock: MeterClock, recorder: Recorder) -> None:
        self._calendar, self._clock, self._recorder = calendar, clock, recorder

    def begin_anew(self, notes: Mapping[tuple[str, int], str]) -> None:
        """Know these notes and nothing else, and tell everything again."""
        self._calendar = self._calendar.anew(notes)

    def follow(self, frame: Frame, believed: Interpretation) -> tuple[Interpretation, list[Happened]]:
        """What the frame says, and what that makes of the calendar; with what happened to it."""
        drift_s = self._clock.drift_s if self._clock.ignored and frame.mode == STANDARD else None
        said = ((reading.series, reading.value) for reading in believed.readings)
        told = self._calendar.observe(int(believed.time.timestamp()), said, believed.meter, drift_s)
        self._recorder.note(told.notes)
        if told.series:
            at, quality = believed.time, believed.quality
            more = (Reading(path, at, text, "", Kind.TEXT, quality) for path, text in told.series.items())
            believed = replace(believed, readings=(*believed.readings, *more))
        return believed, [Happened(one.time, one.kind, "", one.detail) for one in told.events]
