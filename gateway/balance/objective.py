"""Whether the household stays below what it means to: measured, projected, exceeded."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from gateway.balance.calendar import BalancePeriod

if TYPE_CHECKING:
    from gateway.balance.projection import Projection
    from gateway.balance.tariff import Objective


KWH, EURO = "kWh", "€"


class ObjectiveState(enum.Enum):
    """How an objective stands."""

    KEPT = "kept"
    WILL_EXCEED = "will-exceed"
    EXCEEDED = "exceeded"


@dataclass(frozen=True, slots=True)
class Goal:
    """One objective of a period, in ``kWh`` or ``€``: what it is, what was measured, what is foreseen."""

    period: BalancePeriod
    unit: str
    goal: Fraction
    measured: Fraction
    projected: Fraction

    @property
    def state(self) -> ObjectiveState:
        """Whether it is exceeded, or will be."""
        if self.measured > self.goal:
            return ObjectiveState.EXCEEDED
        return ObjectiveState.WILL_EXCEED if self.projected > self.goal else ObjectiveState.KEPT


def goals(objective: Objective, projection: Projection) -> list[Goal]:
    """The objectives of the projection's period."""
    month = projection.period is BalancePeriod.MONTH
    kwh = objective.kwh_per_month if month else objective.kwh_per_year
    euros = objective.euros_per_month if month else objective.euros_per_year
    found = []
    if kwh is not None:
        measured, projected = Fraction(projection.measured_wh, 1000), Fraction(projection.wh, 1000)
        found.append(Goal(projection.period, KWH, Fraction(str(kwh)), measured, projected))
    if euros is not None:
        measured, projected = projection.measured.total, projection.cost.total
        found.append(Goal(projection.period, EURO, Fraction(str(euros)), measured, projected))
    return found
