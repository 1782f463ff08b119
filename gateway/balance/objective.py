"""Whether the household stays below what it means to: measured, projected, exceeded.

Of a goal in euros of which something has no price that cannot be said: what is known of it is less than all.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from gateway.balance.calendar import BalancePeriod
from gateway.balance.tariff import is_priced

if TYPE_CHECKING:
    from gateway.balance.projection import Projection
    from gateway.balance.tariff import Objective


KWH, EURO = "kWh", "€"


class ObjectiveState(enum.Enum):
    """How an objective stands."""

    KEPT = "kept"
    WILL_EXCEED = "will-exceed"
    EXCEEDED = "exceeded"
    UNPRICED = "unpriced"


@dataclass(frozen=True, slots=True)
class Goal:
    """One objective of a period, in ``kWh`` or ``€``: what it is, what was measured, what is foreseen.

    Not ``priced``: of a goal in euros a part of what was drawn, or will be, has no price; both sums lack it.
    """

    period: BalancePeriod
    unit: str
    goal: Fraction
    measured: Fraction
    projected: Fraction
    priced: bool = True

    @property
    def state(self) -> ObjectiveState:
        """Whether it is exceeded, or will be; what is too much already is, whatever the rest may cost."""
        if self.measured > self.goal:
            return ObjectiveState.EXCEEDED
        if not self.priced:
            return ObjectiveState.UNPRICED
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
        priced = is_priced(projection.cost, projection.wh)
        found.append(Goal(projection.period, EURO, Fraction(str(euros)), measured, projected, priced))
    return found
