"""``[[roof]]``: a roof of which citizens hold shares, as the household writes it or its co-operative hands it out."""

from __future__ import annotations

from datetime import date  # noqa: TC003 (msgspec reads it)
from fractions import Fraction
from typing import Annotated

import msgspec

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
Euros = Annotated[int, msgspec.Meta(ge=0, le=100_000_000)] | Annotated[float, msgspec.Meta(ge=0, le=100_000_000)]
Shares = Annotated[int, msgspec.Meta(gt=0, le=100_000_000)]
Area = Annotated[int, msgspec.Meta(gt=0, le=1_000_000)] | Annotated[float, msgspec.Meta(gt=0, le=1_000_000)]
Held = Annotated[int, msgspec.Meta(ge=0, le=100_000_000)] | Annotated[float, msgspec.Meta(ge=0, le=100_000_000)]


class SpendingTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"when": "date"}):
    """A line of what was spent on a roof."""

    when: date
    what: Text
    euros: Euros


class BudgetTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[[roof.budget]]``: what was planned for the upkeep of a roof in a year, and what was spent."""

    year: Annotated[int, msgspec.Meta(ge=2000, le=2200)]
    planned: Euros
    spent: Annotated[tuple[SpendingTable, ...], msgspec.Meta(max_length=500)] = ()

    @property
    def total(self) -> Fraction:
        """What was spent, to the cent as it is written."""
        return sum((Fraction(str(one.euros)) for one in self.spent), Fraction(0))


class RoofTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[[roof]]``: the shares that the household holds, and the roof itself or the ``file`` that says all else."""

    held: Held
    file: Annotated[str, msgspec.Meta(min_length=1)] | None = None
    name: Text | None = None
    shares: Shares | None = None
    area_m2: Area | None = None
    share_price: Euros | None = None
    # The names of the ``[[received]]`` that it is made of: its inverters.
    received: Annotated[tuple[str, ...], msgspec.Meta(max_length=50)] = ()
    budget: Annotated[tuple[BudgetTable, ...], msgspec.Meta(max_length=60)] = ()

    @property
    def part(self) -> Fraction:
        """What of it is the household's."""
        return Fraction(str(self.held)) / Fraction(self.shares or 1)
