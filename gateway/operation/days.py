"""A day of an operation: who was in it, what each drew and injected by step, and how each step was shared out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.operation.keys import Split, Wh
from gateway.operation.steps import steps_of
from gateway.operation.totals import OperationTotals

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from gateway.operation.plan import Operation, Roll


@dataclass(frozen=True, slots=True)
class SharedStep:
    """One step, in the order of the day's roll."""

    begin: int
    produced: Sequence[Wh]
    drawn: Sequence[Wh]
    split: Split


@dataclass(frozen=True, slots=True)
class SharedDay:
    """All of a day's steps."""

    day: date
    roll: Roll
    steps: Sequence[SharedStep]


def share_day(operation: Operation, day: date, curves: Mapping[str, Mapping[int, int]]) -> SharedDay:
    """A day shared out; ``curves`` is by name, then by the POSIX second of a step."""
    roll = operation.roll(day)
    nothing: dict[int, int] = {}
    produced = [curves.get(row.name, nothing) for row in roll.producers]
    drawn = [curves.get(row.name, nothing) for row in roll.members]
    steps = []
    for begin in steps_of(day, operation.table.step):
        made, used = [one.get(begin) for one in produced], [one.get(begin) for one in drawn]
        key = operation.key(roll, begin)
        split = key.split(made, used) if key else Split(1, [None] * len(used), 1, [None] * len(made))
        steps.append(SharedStep(begin, made, used, split))
    return SharedDay(day, roll, steps)


class DaysTogether:
    """What days come to, one after the other; by ``Operation.members`` and ``Operation.producers``."""

    def __init__(self, operation: Operation) -> None:
        self._members = {name: place for place, name in enumerate(operation.members)}
        self._producers = {name: place for place, name in enumerate(operation.producers)}
        self.totals = OperationTotals(len(self._members), len(self._producers))

    def add(self, day: SharedDay) -> None:
        """One more."""
        whose = [self._members[row.name] for row in day.roll.members]
        of = [self._producers[row.name] for row in day.roll.producers]
        for step in day.steps:
            self.totals.add(step.split, step.produced, step.drawn, whose, of)
