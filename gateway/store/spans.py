"""What a register counted from one moment to the next, gathered from its readings: the spans of the ledger.

A register is an index of active energy: the total drawn, each of its classes, what is injected. Its readings follow
each other without a gap of their own making: a span begins where the one before it ends, so the spans of a register add
up to the difference of its indexes, whatever they are cut by (the quarter hour, a silence, a break). No I/O.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.store.breaks import MAX_BOUNDARY_GAP_S
from gateway.store.mode_switch import Faces, same_registers
from gateway.store.points import Granularity

if TYPE_CHECKING:
    from collections.abc import Mapping

DRAWN, INJECTED = "consumption/energy/active/index", "production/energy/active/index"
CLASS = f"{DRAWN}/provider/"

# Where spans are cut: the step at which the grid's accounts are settled.
QUARTER_S = int(Granularity.QUARTER)

# No index of any meter; a double holds each whole number up to it.
LARGEST = 2**53
# By then each register of the other mode has been said twice.
_SETTLING_S = 120


class Evidence(enum.IntEnum):
    """How sure the energy of a span is.

    MEASURED: both its ends were read, or lie between two readings at most ten minutes apart. SHARED: the register was
    silent for longer; the sum is exact, and when in that time it was drawn nobody knows. ESTIMATED: the register's own
    indexes do not fit what else was counted. CARRIED: as measured, of a total that goes on from another index while its
    classes say what was counted (``mode_switch``). BREAK: another meter, another contract, an index that was set:
    nobody knows anything, and it counts nothing.
    """

    MEASURED = 0
    SHARED = 1
    ESTIMATED = 2
    BREAK = 3
    CARRIED = 4


@dataclass(slots=True)
class Span:
    """What a register rose by (``wh``) until then, from an index that was ``value``."""

    until: int
    value: int
    wh: int
    evidence: Evidence


@dataclass(slots=True)
class _Open:
    """A span that goes on: where it began, what was read last, and what of that was last when it was taken."""

    start: int
    value: int
    time: int
    last: int
    taken: tuple[int, int] = (0, 0)


def is_register(path: str) -> bool:
    """Whether the energy of that index is kept in the ledger."""
    return path in (DRAWN, INJECTED) or path.startswith(CLASS)


class RegisterSpans:
    """The registers of one meter.

    Args:
        known: path -> (POSIX second, index) as last stored.
    """

    def __init__(self, known: Mapping[str, tuple[int, int]]) -> None:
        self._open = {p: _Open(time, last, time, last) for p, (time, last) in known.items() if is_register(p)}
        self._closed: dict[tuple[str, int], Span] = {}
        # Those of the open ones that have gone on since they were taken.
        self._moved: set[str] = set()
        # Path -> the last second before its break; how much a counter that began again at zero had counted until then.
        self._ended: dict[str, int] = {}
        self._rolled: dict[str, int] = {}
        # While a mode was switched and not all classes of the other one have been heard: what was said before it, and
        # of each register where it began.
        self._before: Faces | None = None
        self._began: dict[str, tuple[int, int]] = {}

    def read(self, path: str, now: int, value: int) -> None:
        """Take in an index; of a clock that does not go on nothing, until it does, and none that no ledger can hold."""
        if not 0 <= value < LARGEST:
            return
        one = self._open.get(path)
        if one is None:
            self._begin(path, now, value)
            return
        if now <= one.time:
            return
        rise = value - one.last
        if rise < 0 and path in self._rolled:
            self._add(path, now, value, rise + self._rolled.pop(path))
        elif rise < 0:
            # Nobody told of it: what lies between is not known.
            self.end(path)
            self._begin(path, now, value)
        elif now - one.time > MAX_BOUNDARY_GAP_S:
            self._add(path, now, value, rise)
        else:
            border = now - now % QUARTER_S
            if one.start < border:
                share = one.last + (rise * (border - one.time) // (now - one.time) if one.time < border else 0)
                self._close(path, one, border, share)
                one.start, one.value = border, share
            one.time, one.last = now, value
            self._moved.add(path)

    def end(self, path: str) -> None:
        """It goes on from another index, from what is read next: what lies between is not known."""
        one = self._open.pop(path, None)
        self._rolled.pop(path, None)
        if one:
            self._close(path, one, one.time, one.last)
            self._ended[path] = one.time

    def switch(self) -> None:
        """The mode is switched: the same registers go on by other names. Called before any of them is ended."""
        total = self._open.get(DRAWN)
        classes = {path.removeprefix(CLASS): one for path, one in self._open.items() if path.startswith(CLASS)}
        # A total of historic mode is made of what each class said last.
        within = 0 if any(name.isdecimal() for name in classes) else _SETTLING_S
        self._before, self._began = None, {}
        if total:
            said = {name: one.last for name, one in classes.items() if total.time - one.time <= within}
            self._before = Faces(total.time, total.last, said)

    def forget_switch(self) -> None:
        """What spoke before the mode was switched is another meter: nothing of it goes on."""
        self._before = None

    def settle(self, now: int) -> None:
        """After a frame: count what was drawn while the mode was switched, as soon as the registers are known again."""
        before, total = self._before, self._open.get(DRAWN)
        if before is None or total is None or DRAWN not in self._began:
            return
        (begun, first), names = self._began[DRAWN], [path for path in self._began if path.startswith(CLASS)]
        told = {path.removeprefix(CLASS): one for path in names if (one := self._open.get(path))}
        after = Faces(now, total.last, {name: one.last for name, one in told.items()})
        pairs = same_registers(before, after) if all(one.time == now for one in (total, *told.values())) else None
        wh = sum(after.classes[new] - before.classes[old] for old, new in pairs or ()) - (total.last - first)
        if pairs and wh >= 0:
            self._closed[DRAWN, before.time] = Span(begun, before.total, wh, Evidence.CARRIED)
            for old, new in pairs:
                at, value = self._began[CLASS + new]
                evidence = Evidence.SHARED if at - before.time > MAX_BOUNDARY_GAP_S else Evidence.MEASURED
                index = before.classes[old]
                self._closed[CLASS + old, before.time] = Span(at, index, value - index, evidence)
                self._ended[CLASS + old] = at
        if pairs or now - begun > _SETTLING_S:
            self._before = None

    def roll(self, path: str, units: int) -> None:
        """It begins again at zero after so many units."""
        self._rolled[path] = units

    def begin_anew(self) -> None:
        """Do not say again what was taken: it is stored, or erased."""
        self._closed.clear()
        for one in self._open.values():
            if one.start < one.taken[0]:
                one.start, one.value = one.taken

    def take(self) -> dict[tuple[str, int], Span]:
        """(path, POSIX second at which it began) -> span: all that ended since the last time, and what is open."""
        found, self._closed = self._closed, {}
        moved, self._moved = self._moved, set()
        for path in sorted(moved):
            one = self._open.get(path)
            if one and one.time > one.start:
                found[path, one.start] = Span(one.time, one.value, one.last - one.value, Evidence.MEASURED)
                one.taken = one.time, one.last
        return found

    def _begin(self, path: str, now: int, value: int) -> None:
        last = self._ended.get(path)
        if last is not None and now <= last:
            # Another clock: until it has come to where the former one stood, its seconds are taken. That something
            # ended there is stored at once, for a restart before then.
            self._closed[path, last] = Span(last + 1, 0, 0, Evidence.BREAK)
            return
        if last is not None:
            self._closed[path, last] = Span(now, 0, 0, Evidence.BREAK)
            del self._ended[path]
        self._open[path] = _Open(now, value, now, value)
        if self._before:
            self._began[path] = now, value

    def _add(self, path: str, now: int, value: int, rise: int) -> None:
        """A span of its own, from what was read last to what is read now."""
        one = self._open[path]
        self._close(path, one, one.time, one.last)
        evidence = Evidence.SHARED if now - one.time > MAX_BOUNDARY_GAP_S else Evidence.MEASURED
        self._closed[path, one.time] = Span(now, one.last, rise, evidence)
        self._open[path] = _Open(now, value, now, value)

    def _close(self, path: str, one: _Open, until: int, value: int) -> None:
        if until > one.start:
            self._closed[path, one.start] = Span(until, one.value, value - one.value, Evidence.MEASURED)
