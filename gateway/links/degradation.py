"""What is given up first when the disk, memory, the processor or the link runs short, and from when on: decided here.

Always in the same order: raw values of gauges, then their minutes (the means of half hours stay exact), then their half
hours. Indexes, load curves and their quarter hours, what happened, what a person said are never given up: they need
a few MB a year. Pure: measures and a monotonic clock in, what is given up out. ``gateway.daemon.writer`` and the store
act on it.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.links.link import BROKEN, OK, Link, LinkKind
from gateway.store.points import GivenUp
from gateway.words.numbers import decimal
from gateway.words.phrase import NOTHING, Phrase, joined

if TYPE_CHECKING:
    from collections.abc import Iterator


class Resource(enum.Enum):
    """What may run short."""

    DISK = "the disk"
    MEMORY = "memory"
    PROCESSOR = "the processor"
    LINK = "the link"


@dataclass(frozen=True, slots=True)
class Measures:
    """How things stand; None where nobody knows.

    ``stalled`` is the part of the last minute in which work waited for memory, in per cent (PSI, ``some``); ``lag_s``
    by how much each turn of the event loop was late of late; ``queue`` the rows that wait for one recipient, at most.
    """

    free_bytes: float | None = None
    disk_bytes: float | None = None
    available_bytes: float | None = None
    resident_bytes: float | None = None
    stalled: float | None = None
    lag_s: float | None = None
    queue: int | None = None


@dataclass(frozen=True, slots=True)
class ResourceChange:
    """A resource runs short, shorter, less, or no more: what is given up for it from now on, and why."""

    resource: Resource
    given_up: GivenUp
    words: Phrase


_KEPT = Phrase("everything is kept")
_GIVEN_UP = Phrase("{what} are given up: {why}")
_WHAT = {
    GivenUp.NOTHING: NOTHING,
    GivenUp.RAW: Phrase("raw values", "given up"),
    GivenUp.MINUTES: Phrase("raw values and minutes"),
    GivenUp.HALF_HOURS: Phrase("raw values, minutes and half hours of powers"),
}
_DISK = Phrase("the disk has {left} left, {least} are needed")
_BUSY = Phrase("the processor is too busy, each turn comes {late:.1f} s late")
_QUEUE = Phrase("{count} readings waiting for one recipient, {most} may")
_MEMORY = Phrase("this machine has {left} of memory left")
_RESIDENT = Phrase("the gateway takes {taken} of memory, it may take {most}")
_STALL = Phrase("work waits for memory {share:.0f} % of the time")

# Two years of all that is kept. The card is said to be nearly full (gateway.links.disk) long before: at 500 MB.
_DISK_BYTES, _DISK_SHARE = 40e6, 0.02
# What Linux needs to breathe. The unit is held back at 128 MB (MemoryHigh=), of which the last 28 are its reserve.
_AVAILABLE_BYTES = 48e6
_RESIDENT_MOST, _RESIDENT_RESERVE = 128e6, 28e6
_STALLED = 10.0
# A frame comes each second: who is a second late at each turn, for minutes, will not catch up.
_LAG_S = 1.0
# Some 70 MB in the database. All minutes that a recipient away for 90 days finds are fewer than twice as many.
_LONGEST_QUEUE = 2_000_000

# Where so much of what is needed is left, or less.
_STEPS = ((1.0, GivenUp.RAW), (0.5, GivenUp.MINUTES), (0.2, GivenUp.HALF_HOURS))
# Half hours cost the processor nothing.
_DEEPEST = {Resource.PROCESSOR: GivenUp.MINUTES}
# What is short stays so until there is half as much again, and for a minute: all of these sway.
_CLEAR, _HOLD_S = 1.5, 60.0
# How long a shortage must last, for each step. What a full disk does not take waits in memory meanwhile.
_PATIENCE_S = {
    Resource.DISK: (60.0, 600.0, 3600.0),
    Resource.MEMORY: (20.0, 60.0, 60.0),
    Resource.PROCESSOR: (120.0, 600.0, 600.0),
    Resource.LINK: (0.0, 0.0, 0.0),
}

# While the database cannot be written, by meter: so many batches are kept whole, then for an hour all but raw values,
# for a week the half hours.
_WHOLE_BATCHES, _BATCHES, _HOUR_S, _WEEK_S = 10, 60, 3600, 7 * 86_400

# Of raw values that are stored already, while the disk is short: their room in the file takes in what is new.
_RAW_S = 3600


class Degradation:
    """Remembers how short each resource is, so that nothing is given up and taken back by turns."""

    def __init__(self) -> None:
        self._states = {resource: _State(resource) for resource in Resource}

    def look(self, measures: Measures, now: float) -> list[ResourceChange]:
        """What changes now (monotonic seconds); what nobody measured stays as it was."""
        return [
            ResourceChange(state.resource, state.given_up, state.words)
            for resource, left, words in _left(measures)
            if (state := self._states[resource]).see(left, words, now)
        ]

    @property
    def stored(self) -> GivenUp:
        """What is not written any more."""
        return max(self._states[one].given_up for one in Resource if one is not Resource.LINK)

    @property
    def queued(self) -> GivenUp:
        """What leaves the queues that are too long, unsent."""
        return self._states[Resource.LINK].given_up

    @property
    def longest_queue(self) -> int:
        """So many rows may wait for one recipient before any is given up."""
        return _LONGEST_QUEUE

    def raw_s(self, configured: int) -> int:
        """For how long raw values that are stored are kept."""
        return min(configured, _RAW_S) if self._states[Resource.DISK].given_up else configured

    def link(self, now: float) -> Link:
        """What is kept, for ``status``; its age is that of the last change."""
        short = [state for state in self._states.values() if state.given_up]
        age = now - max(state.since for state in self._states.values())
        deepest = max(state.given_up for state in self._states.values())
        words = [_GIVEN_UP.filled(what=_WHAT[state.given_up], why=state.words) for state in short]
        figures = {"given_up": float(deepest)}
        seen = age if math.isfinite(age) else None
        return Link(LinkKind.KEEPING, "", BROKEN if short else OK, seen, joined("; ", words) or _KEPT, figures)


def given_up_waiting(place: int, age_s: float) -> GivenUp:
    """What a batch that cannot be written gives up, so that memory lasts for months.

    Args:
        place: how many newer ones of that meter wait.
        age_s: by how much it is older than the newest.
    """
    if place < _WHOLE_BATCHES:
        return GivenUp.NOTHING
    if place < _BATCHES or age_s < _HOUR_S:
        return GivenUp.RAW
    return GivenUp.MINUTES if age_s < _WEEK_S else GivenUp.HALF_HOURS


def _left(measures: Measures) -> Iterator[tuple[Resource, float, Phrase]]:
    """Of each resource that was measured: how much of what is needed is left, and the figure in words."""
    if measures.free_bytes is not None and measures.disk_bytes is not None:
        least = min(_DISK_BYTES, measures.disk_bytes * _DISK_SHARE)
        words = _DISK.filled(left=_mb(measures.free_bytes), least=_mb(least))
        yield Resource.DISK, measures.free_bytes / max(least, 1.0), words
    memory = list(_memory(measures))
    if memory:
        yield Resource.MEMORY, *min(memory)
    if measures.lag_s is not None:
        words = _BUSY.filled(late=measures.lag_s)
        yield Resource.PROCESSOR, _LAG_S / max(measures.lag_s, 1e-3), words
    if measures.queue is not None:
        words = _QUEUE.filled(count=measures.queue, most=_LONGEST_QUEUE)
        yield Resource.LINK, _LONGEST_QUEUE / max(measures.queue, 1), words


def _memory(measures: Measures) -> Iterator[tuple[float, Phrase]]:
    if (available := measures.available_bytes) is not None:
        yield available / _AVAILABLE_BYTES, _MEMORY.filled(left=_mb(available))
    if (resident := measures.resident_bytes) is not None:
        left = max(_RESIDENT_MOST - resident, 0.0) / _RESIDENT_RESERVE
        yield left, _RESIDENT.filled(taken=_mb(resident), most=_mb(_RESIDENT_MOST))
    if measures.stalled is not None:
        words = _STALL.filled(share=measures.stalled)
        yield _STALLED / max(measures.stalled, 1e-3), words


class _State:
    """One resource: what is given up for it, since when, and why."""

    __slots__ = ("_calm_since", "_short_since", "given_up", "resource", "since", "words")

    def __init__(self, resource: Resource) -> None:
        self.resource = resource
        self.given_up, self.words = GivenUp.NOTHING, NOTHING
        self.since = -math.inf
        self._short_since: dict[GivenUp, float] = {}
        self._calm_since: float | None = None

    def see(self, left: float, words: Phrase, now: float) -> bool:
        """Take in how much is left; True when something else is given up from now on."""
        self.words = words
        short, calm = self._step(left), self._step(left / _CLEAR)
        steps = [what for _, what in _STEPS if self.given_up < what <= short]
        self._short_since = {what: self._short_since.get(what, now) for what in steps}
        self._calm_since = None if calm >= self.given_up else self._calm_since or now
        patience = _PATIENCE_S[self.resource]
        lasting = [what for what, since in self._short_since.items() if now - since >= patience[what - 1]]
        if lasting:
            return self._become(lasting[-1], now)
        if self._calm_since is not None and now - self._calm_since >= _HOLD_S:
            return self._become(calm, now)
        return False

    def _become(self, given_up: GivenUp, now: float) -> bool:
        self.given_up, self.since, self._calm_since = given_up, now, None
        return True

    def _step(self, left: float) -> GivenUp:
        reached = max((what for most, what in _STEPS if left < most), default=GivenUp.NOTHING)
        return min(reached, _DEEPEST.get(self.resource, GivenUp.HALF_HOURS))


def _mb(count: float) -> Phrase:
    return Phrase("{count} MB").filled(count=decimal(count / 1e6, 0 if count >= 10e6 else 1))
