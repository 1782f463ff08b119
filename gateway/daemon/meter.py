"""One meter, from its line to its recorder: frames are dated, interpreted, judged, and what happened is noted.

What is refused is a reading only, and why stands in the log at DEBUG; what cannot be plausible and is true all the same
(another meter, a roll-over), what changed (a contract, a colour, an overload) becomes an event of the store. A frame
that nobody can date yet is kept, and goes the same way as soon as somebody knows the time.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import time
from contextlib import aclosing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from gateway.daemon.clock import HostClock
from gateway.daemon.happenings import Happenings
from gateway.daemon.tariff import FollowedCalendar
from gateway.errors import Once, StoreError
from gateway.store.recorder import Happened, Recorder, UndatedFrame
from gateway.tic.clock import Belief, Choice, MeterClock
from gateway.tic.continuity import Break, Continuity, mode_of
from gateway.tic.estimates import PowerEstimates
from gateway.tic.events import Event, Events
from gateway.tic.frame import STANDARD, Frame, Group
from gateway.tic.judges import Fact, FactKind
from gateway.tic.plausibility import Plausibility
from gateway.tic.quality import Fault
from gateway.tic.reading import DEGRADED_CLOCK, WRONG_CLOCK, Interpretation, Interpreter, Reading, meter_time
from gateway.tic.tariff_calendar import TariffCalendar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gateway.sources.line import Listening
    from gateway.store.points import MeterInfo, Value

log = logging.getLogger(__name__)

_ADDRESSES = ("ADSC", "ADCO", "ADS")

# While nobody knows the time every frame is kept at first: a network time comes within minutes. Then enough of them for
# the minutes and half hours, and of those no more than a month's: that is 30 MB.
_KEEP_ALL_S, _KEEP_EVERY_S, _KEPT_AT_MOST = 600.0, 30.0, 86_400

# Dated in one transaction.
_DATED_AT_ONCE = 2000

# So many frames in a row that cannot be taken in are no matter of the frames.
_MOST_FAILED = 10

# A meter is where its own line says that it is, until that line has been without it for so long: another line that says
# the same may lie.
_OWN_LINE_S = 10.0

# So many addresses of one line are remembered: a meter is replaced once in its life, and a line that lies has no end.
_OWN_ADDRESSES = 16

# What happens over and over is told this often: a damaged line makes an event of each frame.
_TELL_AGAIN_S = 60.0

# What a board kept while the gateway was away is for the store, not for a display.
_LIVE_S = 5.0


class UndatedStore(Protocol):
    """The store's side of the frames without a date; raises StoreError when the database cannot be used."""

    async def commit(self) -> None:
        """Store everything that was gathered."""

    async def undated(self, meter: str, boot: str, limit: int) -> list[UndatedFrame]:
        """The oldest stored frames without a date."""


class TellLive(Protocol):
    """Whoever wants to know what a meter says this second."""

    def __call__(self, readings: Iterable[Reading], at: datetime | None, *, standard: bool) -> None:
        """Take in what one frame says; ``at`` is None while nobody can date it."""


class MeterReader:
    """Reads one meter for as long as its line lives.

    Args:
        known: the meter as stored.
        values: series path -> (POSIX second, value) as last stored.
        line: where its frames come from.
        host: whether the host knows the time.
        belief: what the household says of the meter's clock.
        kept: how many frames of this start of the machine wait in the store for their date.
        owners: the meter's address -> its reader, of all meters of this house: whatever port a meter is plugged into,
            its series are its own.
        calendar: follows its tariff classes; one that knows nothing where it is not given.
    """

    def __init__(
        self,
        known: MeterInfo,
        values: Mapping[str, tuple[int, Value]],
        line: Listening,
        host: HostClock | None = None,
        belief: Belief = Belief.AUTO,
        kept: int = 0,
        owners: dict[str, MeterReader] | None = None,
        calendar: TariffCalendar | None = None,
    ) -> None:
        self.name, self.line = known.name, line
        self.recorder = Recorder(known.name, values, known.last_time)
        last = {path: value for path, (_, value) in values.items()}
        self._interpreter, self._undated = Interpreter(last), Interpreter(last)
        self._plausibility = Plausibility(values, known.last_time, known.address, known.prm)
        self._events, self._estimates = Events({path: str(value) for path, value in last.items()}), PowerEstimates()
        self._continuity = Continuity(last, mode_of(values))
        # A file that ends may hold a single frame, and what a person replays is believed to be a capture.
        self._prime = line.finite
        self.host = HostClock(trusted=True) if line.finite or host is None else host
        self.clock = MeterClock(Belief.METER if line.finite else belief)
        self._calendar = FollowedCalendar(calendar or TariffCalendar(), self.clock, self.recorder)
        self.kept, self._kept_first, self._kept_last = kept, 0.0, 0.0
        self._owners = {} if owners is None else owners
        self._own(known.address)
        # Whose meter is plugged into this reader's port; short frames do not say it.
        self.heard, self._unknown = self, ""
        # Whether the last address on this line was that of a meter whose own line speaks.
        self._foreign = False
        # When this reader's own line said the meter's address last, in seconds since the machine started.
        self._there_at = -math.inf
        self._told: dict[str, float] = {}
        self._happenings = Happenings()
        # By how much the frames' own time went on, and until when.
        self._went_on = self._newest = 0
        self._one_at_a_time = asyncio.Lock()
        # Are told what is believed as soon as it is: readings, their date or None, whether in standard mode.
        self.listeners: list[TellLive] = []
        self._say = Once(log, logging.ERROR)

    async def read(self, urgent: asyncio.Event, undated: UndatedStore | None = None) -> None:
        """Take in every frame; ``urgent`` is set when something should be committed at once.

        Args:
            urgent: as said.
            undated: where frames without a date wait; needed where the host's clock may not be set.
        """
        failed = 0
        async with aclosing(self.line.frames()) as frames:
            async for frame, received in frames:
                receipt = self.line.receipt
                owner: MeterReader | None = self
                try:
                    # Without a date its second is not known, and the next frame says it all again.
                    if frame.mode != STANDARD or any(group.label == "DATE" for group in frame.groups):
                        owner = self._owner(frame, received)
                        if owner and await owner.accept(frame, received, undated, self.line.age_s):
                            urgent.set()
                except Exception as error:
                    # What one frame does costs that frame; what every frame does is a fault of ours.
                    failed += 1
                    self._left_out(error)
                    if failed >= _MOST_FAILED:
                        raise
                else:
                    failed = 0
                if receipt:
                    # In the batch that has its readings: nothing was awaited since they were recorded.
                    (owner or self).recorder.relayed(*receipt)
        urgent.set()

    def _left_out(self, error: Exception) -> None:
        kind = type(error).__name__
        self._say(kind, "meter %s: a frame is left out, it could not be taken in: an unexpected %s", self.name, kind)
        log.debug("meter %s: where it was", self.name, exc_info=error)
        self.line.quality.note(time.monotonic(), faults={Fault.PLAUSIBILITY: 1})

    async def accept(self, frame: Frame, received: datetime, undated: UndatedStore | None, age_s: float = 0.0) -> bool:
        """Take in one frame of this meter; True when something happened that should be committed at once.

        ``age_s`` is how long ago it was read, if that was not just now.
        """
        async with self._one_at_a_time:
            live = age_s < _LIVE_S
            at, told = self.host.since_boot() - age_s, meter_time(frame, received)
            choice = self._choose(told, received)
            if self.kept and undated and choice in (Choice.METER, Choice.HOST):
                known = told if told and choice is Choice.METER else received
                choice = choice if await self._date(undated, known.timestamp() - at) else Choice.LATER
            if choice is Choice.LATER:
                self._keep(frame, at)
                if live:
                    self._show_undated(frame, received)
            return choice in (Choice.METER, Choice.HOST) and self._hear(frame, received, live=live)

    def take_line(self, line: Listening) -> None:
        """Read this line from now on, without an end as the one before: nobody knows yet whose meter is there."""
        self.line, self.heard, self._unknown, self._foreign = line, self, "", False

    def begin_anew(self, notes: Mapping[tuple[str, int], str]) -> None:
        """Tell all that the meter says from now on: what was stored is erased, but for these notes of its calendar."""
        self.recorder.begin_anew()
        self._calendar.begin_anew(notes)

    @property
    def mode(self) -> str | None:
        """That of the meter's last frame, from whatever line; None before the first."""
        return self._continuity.mode

    def _owner(self, frame: Frame, received: datetime) -> MeterReader | None:
        """The reader of the meter that sent the frame: another one's where two cables were exchanged.

        None where the frame says that it is of a meter whose own line speaks.
        """
        for group in frame.groups:
            if group.label in _ADDRESSES:
                # One that nobody knows is a damaged one, or a new meter: that is this port's.
                owner = self._owners.get(group.data, self if group.data == self._unknown else self.heard)
                self._unknown = group.data if group.data not in self._owners else ""
                self._foreign = self._is_elsewhere(owner)
                if self._foreign:
                    self.heard = self
                    return None
                if owner is not self.heard:
                    self.heard = owner
                    detail = {"meter": owner.name, "port": self.name}
                    owner.note([Happened(int(received.timestamp()), "port-changed", "", detail)])
                return owner
        # The rest of a frame in whose middle one began to listen: in another mode, or beside another meter's frames, it
        # says nothing of who sent it.
        switched = self.heard.mode not in (None, frame.mode)
        return None if self._foreign or switched else self.heard

    def _is_elsewhere(self, owner: MeterReader) -> bool:
        """Whether a frame of this line, which says that it is ``owner``'s, cannot be."""
        at = self.host.since_boot() - self.line.age_s
        if owner is self:
            self._there_at = max(self._there_at, at)
        if owner is self or at >= owner._there_at + _OWN_LINE_S:
            return False
        sentence = f"its line says that it is the meter {owner.name}, whose own line speaks; it is not believed"
        log.log(self._level(sentence, logging.WARNING), "meter %s: %s", self.name, sentence)
        self.line.quality.note(time.monotonic(), faults={Fault.PLAUSIBILITY: 1})
        return True

    def _level(self, what: str, level: int) -> int:
        """At which level it is told: once a minute at its own."""
        now = self.host.since_boot()
        if now - self._told.get(what, -math.inf) < _TELL_AGAIN_S:
            return logging.DEBUG
        self._told[what] = now
        return level

    def _choose(self, told: datetime | None, received: datetime) -> Choice:
        was_wrong = self.clock.wrong
        choice = self.clock.choose(told, received if self.host.knows() else None)
        if self.clock.wrong != was_wrong:
            kind = "clock-wrong" if self.clock.wrong else "clock-right"
            self.note([Happened(int(received.timestamp()), kind, "", {"drift_s": round(self.clock.drift_s or 0)})])
        return choice

    def _hear(self, frame: Frame, received: datetime, *, live: bool = False) -> bool:
        interpretation = self._interpreter.interpret(frame, received, clock_wrong=self.clock.ignored)
        return interpretation is not None and self._take(frame, interpretation, received, live=live)

    def _show_undated(self, frame: Frame, received: datetime) -> None:
        """Let displays have what the store cannot yet: a power is worth seeing before anybody knows the time."""
        if self.listeners and (told := self._undated.interpret(frame, received)):
            self._show(frame, told.readings, None)

    def _show(self, frame: Frame, readings: Iterable[Reading], at: datetime | None) -> None:
        for listener in self.listeners:
            listener(readings, at, standard=frame.mode == STANDARD)

    def _keep(self, frame: Frame, at: float) -> None:
        """Keep a frame that nobody can date yet."""
        self._kept_first = self._kept_first or at
        recent = at - self._kept_first <= _KEEP_ALL_S or at - self._kept_last >= _KEEP_EVERY_S
        if recent and self.kept < _KEPT_AT_MOST:
            self._kept_last, self.kept = at, self.kept + 1
            self.recorder.keep_undated(self.host.boot, (int(at * 1000), json.dumps(frame)))

    async def _date(self, undated: UndatedStore, offset: float) -> bool:
        """Take in what was kept, by ``offset`` (POSIX seconds less those since the start); False if it must wait."""
        try:
            await undated.commit()
            while frames := await undated.undated(self.name, self.host.boot, _DATED_AT_ONCE):
                for at, text in frames:
                    self._hear(_frame(text), datetime.fromtimestamp(at / 1000 + offset, UTC))
                self.recorder.dated(self.host.boot, frames[-1][0])
                self.kept -= len(frames)
                await undated.commit()
        except StoreError as error:
            log.debug("meter %s: frames without a date cannot be dated yet: %s", self.name, error)
            return False
        log.info("meter %s: the time is known; what was read before it has its date now", self.name)
        self.kept, self._kept_first = 0, 0.0
        return True

    def _take(self, frame: Frame, interpretation: Interpretation, received: datetime, *, live: bool) -> bool:
        """Judge and record one frame; True when something happened that should be committed at once."""
        if self._prime and frame.whole:
            self._prime = False
            self._plausibility.check(interpretation)
        judgement = self._plausibility.check(interpretation)
        believed = self._estimates.beside(judgement, frame.mode, received)
        if believed.meter and believed.meter not in self._owners:
            self._own(believed.meter)
        believed, of_calendar = self._calendar.follow(frame, believed)
        if live:
            self._show(frame, believed.readings, believed.time)
        self._count_refused(interpretation.refused, believed.refused)
        for refused in believed.refused:
            log.debug("meter %s: refused %s", self.name, refused)
        happened = [
            *(_fact(fact) for fact in judgement.facts),
            *(_break(one) for one in self._continuity.observe(frame.mode, believed)),
            *(_event(event) for event in self._events.observe(believed)),
            *of_calendar,
        ]
        return self._record(believed, happened)

    def _record(self, believed: Interpretation, happened: list[Happened]) -> bool:
        at = int(believed.time.timestamp())
        self._went_on += max(0, at - self._newest) if self._newest else 0
        self._newest = max(self._newest, at)
        if (happened or self._happenings) and not self._may_go_on(happened, at):
            return False
        return self.recorder.add(believed) or bool(happened)

    def _may_go_on(self, happened: list[Happened], at: int) -> bool:
        """Note what happened, and what waits; False while what the frame says may not be stored."""
        self.note(happened)
        ended = self._happenings.settle(self._told_at(), at)
        if ended is None:
            sentence = "its indexes or its contract change over and over; what it says is not stored until that ends"
            log.log(self._level(sentence, logging.WARNING), "meter %s: %s", self.name, sentence)
            self.line.quality.note(time.monotonic(), faults={Fault.PLAUSIBILITY: 1})
            return False
        self._tell(ended)
        return True

    def _told_at(self) -> float:
        """A second for what may be told in a time; where the meter's clock is believed, as fast as that goes."""
        return self.host.since_boot() + (self._went_on if self.clock.believed else 0)

    def _own(self, address: str | None) -> None:
        if not address:
            return
        self._owners[address] = self
        mine = [known for known, owner in self._owners.items() if owner is self]
        if len(mine) > _OWN_ADDRESSES:
            del self._owners[mine[0]]

    def _count_refused(self, by_table: Sequence[str], in_all: Sequence[str]) -> None:
        if not in_all:
            return
        # The line brought well what a clock makes useless.
        table, every = (sum(not r.endswith((DEGRADED_CLOCK, WRONG_CLOCK)) for r in rows) for rows in (by_table, in_all))
        if every:
            faults = {Fault.WIDTH: table, Fault.PLAUSIBILITY: every - table}
            self.line.quality.note(time.monotonic(), faults=faults)

    def note(self, happened: Iterable[Happened]) -> None:
        """Have these events stored with what is read next, as far as a meter may have so many."""
        self._tell(self._happenings.admit(happened, self._told_at()))

    def _tell(self, happened: Iterable[Happened]) -> None:
        for one in happened:
            self.recorder.tell(one)
            # A meter's number and a household's state are nobody's business in a log.
            what = f"{one.kind}{f' of {one.series}' if one.series else ''}"
            log.log(self._level(what, logging.INFO), "meter %s: %s", self.name, what)


def _frame(text: str) -> Frame:
    mode, groups, whole, bad, end = json.loads(text)
    return Frame(mode, tuple(Group(*group) for group in groups), whole, bad, end)


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
