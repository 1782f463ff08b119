"""The doctor of a running gateway: each meter's line judged by its last seconds, all the time, and told as a link.

A line that is well is judged once a minute, and at once when something shows in what the line counts; one that is not,
soon again, and ever more seldom while nothing changes. What is found is said when it has lasted: a mode that is
switched, a plug that is pushed in, are no faults. No I/O of its own but a look at the port.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from gateway.doctor import daemon, system
from gateway.doctor.causes import Cause, Finding, PiFacts, PortEvidence, causes
from gateway.doctor.judgement import FINE, UNDECIDED, LineJudgement, advice, detail
from gateway.doctor.watch import LineWatch, Taken
from gateway.links.link import BROKEN, OK, WAITING, Link, LinkKind, as_json, decode_link, meter_link, port_link
from gateway.sources.line import Line
from gateway.sources.recent import KEPT_S
from gateway.tic.quality import Fault, Window

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from gateway.sources.line import Listening

# How often a line that is well is judged, and one that is not; the latter doubles while nothing changes.
WELL_EVERY_S, ILL_EVERY_S, ILL_LONGEST_S = 60.0, 5.0, 60.0

# A fault is said when it has lasted for so long: after a switch of the mode the speed is found within 10 s.
CONFIRMED_S = 12.0

# What was damaged stays among the last bytes for as long as these are kept: longer than that it takes more damage.
DAMAGE_CONFIRMED_S = KEPT_S + 5.0
_DAMAGE = frozenset((Cause.WEAK_SIGNAL, Cause.LOOSE_WIRE, Cause.FRAME_MARKS, Cause.LONG_SILENCES))

# Both speeds have been tried within this.
_PATIENCE_S = 20.0

# Seconds without a frame, and groups lost within a minute, that are worth a look.
_LATE_S, _FEW_LOST = 6.0, 2


class Heard(Protocol):
    """A meter that is read."""

    name: str
    line: Listening

    @property
    def heard(self) -> Heard:
        """Whose meter is plugged into its port."""


@dataclass(slots=True)
class _Patient:
    """One meter; times in monotonic seconds."""

    meter: Heard
    source: str
    watch: LineWatch | None
    shown: LineJudgement
    # Since when what is shown has been so; how the last judgements were, all of them, and since when.
    since: float
    kind: str = WAITING
    kind_since: float = 0.0
    due_at: float = 0.0
    every_s: float = ILL_EVERY_S
    seen: tuple[object, ...] = field(default_factory=tuple)


class LineDoctors:
    """The doctor of every meter of a house.

    Args:
        meters: those that are read, by name.
        sources: the text that names each one's source.
        root: the folder of the system that is looked at.
    """

    def __init__(self, meters: Mapping[str, Heard], sources: Mapping[str, str], root: Path = system.ROOT) -> None:
        self._root = root
        self._patients: dict[str, _Patient] = {}
        for name, meter in meters.items():
            self.see(name, meter, sources[name])

    def see(self, name: str, meter: Heard, source: str) -> None:
        """Judge this meter, by its line as it is now: nothing is known of it yet."""
        unknown = LineJudgement((Finding(Cause.NOT_YET, 1.0),))
        watch = LineWatch(meter.line, self._root) if isinstance(meter.line, Line) else None
        self._patients[name] = _Patient(meter, source, watch, unknown, time.monotonic())

    def due(self, now: float) -> list[str]:
        """Which meters are to be judged now."""
        return [name for name, one in self._patients.items() if self._is_due(one, now)]

    def take(self, name: str, now: float) -> Taken | None:
        """What is known of a line that is open; None where there is nothing to read over again. Quick."""
        one = self._patients[name]
        state = one.meter.line.state
        if one.watch is None or not state.open or state.ended:
            return None
        heard = one.meter.heard.name
        return one.watch.take(now, "" if heard == name else heard)

    def judge(self, name: str, taken: Taken | None, now: float) -> LineJudgement:
        """The judgement of this moment; takes a while where there are bytes to read over again."""
        one = self._patients[name]
        if one.watch is None or taken is None:
            return self._without_bytes(one, now)
        evidence = one.watch.evidence(taken)
        state = one.meter.line.state
        if state.last_frame is None and now - state.changed < _PATIENCE_S and not _says_something(evidence):
            return LineJudgement((Finding(Cause.NOT_YET, 1.0),), evidence)
        return LineJudgement(tuple(causes(evidence)), evidence)

    def note(self, name: str, found: LineJudgement, now: float) -> None:
        """Take in a judgement: what is shown, and when the next one is due."""
        one = self._patients[name]
        kind = _kind(found)
        if kind != one.kind:
            one.kind, one.kind_since = kind, now
        if self._is_said(one, found, now):
            if found.cause is not one.shown.cause:
                one.since, one.every_s = now, ILL_EVERY_S
            elif kind == BROKEN:
                one.every_s = min(one.every_s * 2, ILL_LONGEST_S)
            one.shown = found
        else:
            one.every_s = ILL_EVERY_S
        heard = found.evidence.heard if found.evidence else ()
        # What has come for a few seconds only says little: a meter in standby has said its address once.
        young = 0 < sum(one.seconds for one in heard) < KEPT_S - 1
        well = kind == OK == _kind(one.shown)
        one.due_at = now + (ILL_EVERY_S if young else WELL_EVERY_S if well else one.every_s)

    def _is_said(self, one: _Patient, found: LineJudgement, now: float) -> bool:
        """Whether it is shown, or waits until it has lasted."""
        if not one.meter.line.state.open:
            return True
        if one.kind == WAITING:
            return not one.shown.was_heard
        # Of a line from which no frame ever came nothing is taken back: it was waited for long enough before.
        first = one.kind == OK or one.meter.line.state.last_frame is None
        if first and not one.shown.was_heard:
            return True
        lasts_s = DAMAGE_CONFIRMED_S if found.cause in _DAMAGE else CONFIRMED_S
        return one.kind == _kind(one.shown) or now - one.kind_since >= lasts_s

    def links(self, now: float) -> Iterator[Link]:
        """Each meter's, as the others have them; the age is that of what is found."""
        for name, one in self._patients.items():
            found = one.shown
            yield Link(
                LinkKind.DOCTOR,
                name,
                _kind(found),
                now - one.since,
                detail(found, one.source),
                cause=found.cause.value,
                advice=advice(found, one.source),
            )

    def as_values(self) -> dict[str, Any]:
        """Of each meter the judgement that is shown, for ``status --json``."""
        return {name: one.shown.as_values() for name, one in self._patients.items()}

    def _is_due(self, one: _Patient, now: float) -> bool:
        seen = _seen(one, now)
        changed, one.seen = seen != one.seen, seen
        return changed or now >= one.due_at

    def _without_bytes(self, one: _Patient, now: float) -> LineJudgement:
        """Of a port that is not open the reason; of a board what the gateway knows."""
        line, name = one.meter.line, one.meter.name
        links = [port_link(name, line.state, now), meter_link(name, line.state, now)]
        links.append(decode_link(name, line.state, line.quality, now))
        if line.state.ended:
            return LineJudgement((Finding(Cause.ALL_WELL, 1.0),))
        found = daemon.without_bytes(as_json(links, running=True), name)
        if one.watch is None:
            return LineJudgement(tuple(found))
        if found[0].cause is Cause.SILENT:
            return LineJudgement(tuple(found), PortEvidence(mode=one.watch.mode))
        path = one.source if one.source.startswith("/") else ""
        evidence = PortEvidence(
            refusal=found[0].cause,
            holders=system.names_of_holders(path, self._root) if found[0].cause is Cause.PORT_HELD else (),
            mode=one.watch.mode,
            pi=system.pi_facts(path, self._root) if path else PiFacts(),
        )
        return LineJudgement(tuple(found if found[0].cause in UNDECIDED else causes(evidence)), evidence)


def _kind(found: LineJudgement) -> str:
    """The state of a link of which this is found."""
    return OK if found.cause in FINE else WAITING if found.cause in UNDECIDED else BROKEN


def _says_something(evidence: PortEvidence) -> bool:
    """Whether what came can be judged already; a wrong speed and silence are what a search begins with."""
    best = evidence.best
    return bool(best and (best.makes_sense or best.looks_foreign)) or bool(evidence.holders)


def _seen(one: _Patient, now: float) -> tuple[object, ...]:
    """What shows that something may have changed, at no cost; another one is worth a look."""
    line = one.meter.line
    state, counts = line.state, line.quality.tally(Window.MINUTE, now)
    lost = counts.bad > _FEW_LOST or any(counts.counts[kind] for kind in (Fault.SILENCE, Fault.EOT))
    late = state.last_frame is None or now - state.last_frame > _LATE_S
    # What another program does to the port shows before it does any harm.
    settings = one.watch.settings() if one.watch else None
    return state.open, state.ended, str(state.error or ""), state.mode, lost, late, settings, one.meter.heard.name
