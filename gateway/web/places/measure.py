"""In what places are compared: energy, power, a share of it for each person or square metre, things switched on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.balance.equivalence import APPLIANCES
from gateway.balance.self_use import STEP_S

if TYPE_CHECKING:
    from collections.abc import Collection

    from gateway.household.places import ComparedPlace

_HALF_HOURS_AN_HOUR = 3600 // STEP_S
_WATTS = {one.key: one for one in APPLIANCES}
# What the address calls it; the first where nothing is chosen.
MEASURES = ("kwh", "w", "person", "m2", *_WATTS)


@dataclass(frozen=True, slots=True)
class PlaceMeasure:
    """One of ``MEASURES``."""

    key: str

    @property
    def is_power(self) -> bool:
        """Whether it is how much at a time, of which there is a mean and no sum."""
        return self.key == "w" or self.key in _WATTS

    def fits(self, place: ComparedPlace) -> bool:
        """Whether the place says what it takes: how many people, how many square metres."""
        return self._divisor(place) is not None

    def of_half_hour(self, place: ComparedPlace, wh: float) -> float:
        """The energy of a half hour, as the axis shows it; of a place that ``fits``."""
        return self._scaled(place, wh * _HALF_HOURS_AN_HOUR if self.is_power else wh)

    def of_all(self, place: ComparedPlace, whs: Collection[int]) -> float | None:
        """What half hours come to: their sum, of a power its mean; None of none."""
        if not whs:
            return None
        return self._scaled(place, sum(whs) * _HALF_HOURS_AN_HOUR / len(whs) if self.is_power else sum(whs))

    def _scaled(self, place: ComparedPlace, value: float) -> float:
        divisor = self._divisor(place)
        assert divisor is not None  # noqa: S101 (whoever asks has asked whether it fits)
        return value / divisor

    def _divisor(self, place: ComparedPlace) -> float | None:
        if self.key in _WATTS:
            return _WATTS[self.key].watts
        return {"kwh": 1000.0, "w": 1.0, "person": place.people, "m2": place.area_m2}[self.key]
