"""What changed at a meter while its series went on: another one answers, another contract counts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from gateway.tic.continuity import BreakKind
from gateway.tic.judges import FactKind

if TYPE_CHECKING:
    from gateway.household.days import DayParts


class ChangeKind(Enum):
    """What."""

    METER = FactKind.METER_REPLACED.value
    CONTRACT = BreakKind.CONTRACT_CHANGED.value


@dataclass(frozen=True, slots=True)
class MeterChange:
    """One change, at a POSIX second; of a contract how the meter called the one and the other."""

    kind: ChangeKind
    at: int
    before: str
    after: str


def changes(stored: DayParts, meter: str, start: int, end: int) -> list[MeterChange]:
    """Those of a meter within that time, in order. Raises StoreError."""
    kinds = {kind.value: kind for kind in ChangeKind}
    return [
        MeterChange(kinds[kind], at, *(str(detail.get(word) or "?").strip() for word in ("before", "after")))
        for at, kind, _, detail in stored.energy.possible_breaks(meter, start, end)
        if kind in kinds
    ]
