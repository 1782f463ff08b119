"""What the page *my roof* shows, as values: whoever serves the page reckons it from the store and the configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from gateway.household.cover_now import CoverNow
    from gateway.household.roofs import PartBeside, RoofFigures


@dataclass(frozen=True, slots=True)
class RoofLook:
    """The roofs now, and one day of the household beside its parts of them.

    Attributes:
        meter: of which meter the consumption is.
        today: by the clock.
        day: which is shown by half hours.
        roofs: each with its figures now.
        rows: the half hours of the day, those that are not over left out.
        first: the first day of which the meter knows anything.
        euros: what the covered energy would have cost; None where a part of it has no price.
        has_tariff: whether there are prices at all.
        cover: what of the consumption the parts cover right now; None where nobody knows.
    """

    meter: str
    today: date
    day: date
    roofs: Sequence[RoofFigures]
    rows: Sequence[PartBeside]
    first: date | None
    euros: float | None
    has_tariff: bool
    cover: CoverNow | None = None
