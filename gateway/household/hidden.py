"""What the mode of a meter hides from its household: a contract that historic mode cannot say, and what is injected.

Historic mode knows the tariffs Base, HC, EJP and Tempo; under any other contract it says BASE (54E §6.1.1). So BASE
where other classes were counted before, or where the household's own tariff has several prices, may be its contract, or
may be all that the mode can say: nobody but the household knows. Pure but for ``other_classes``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from gateway.balance import calendar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.config.tables import Config
    from gateway.household.days import DayParts
    from gateway.live.meter import LiveMeter

# A meter that says BASE for so long says it.
LASTS_S = 300.0

# Classes that were counted longer ago than this are no contract of now.
_OF_LATE_S = 400 * 86_400

_CLASS = "consumption/energy/active/index/provider/"
_OPTION = "contract/option"


class HiddenKind(Enum):
    """What is hidden."""

    CONTRACT = "contract"
    PANELS = "panels"
    INJECTION = "injection"


@dataclass(frozen=True, slots=True)
class Hidden:
    """Something that this meter cannot say; ``va`` is what leaves the house now, estimated, where that is known."""

    meter: str
    kind: HiddenKind
    va: int | None = None


def other_classes(stored: DayParts, meter: str, now: int) -> bool:
    """Whether classes other than Base were counted of late in historic mode; ``now`` is POSIX seconds."""
    for series in stored.meters.series(meter):
        word = series.path.removeprefix(_CLASS)
        named = series.path.startswith(_CLASS) and not word.isdecimal() and word != "base"
        if named and series.last_time is not None and now - series.last_time < _OF_LATE_S:
            return True
    return False


class HiddenWatch:
    """Looks at the meters of a house; times are monotonic seconds.

    Args:
        config: the whole configuration.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        # Meters of which other classes are stored, as ``other_classes`` says.
        self.counted: frozenset[str] = frozenset()
        self._since: dict[str, float] = {}

    def look(self, meters: Mapping[str, LiveMeter], now: float, today: int) -> list[Hidden]:
        """What is hidden now; ``today`` is POSIX seconds."""
        found = []
        panels = any(one.quantity == "electricity-produced" for one in self._config.counter)
        first = self._config.meter[0].name
        for name, meter in meters.items():
            age_s = meter.age_s(now)
            if age_s is None or age_s > LASTS_S:
                self._since.pop(name, None)
                continue
            if meter.standard:
                self._since.pop(name, None)
                if meter.uncounted.lasts:
                    found.append(Hidden(name, HiddenKind.INJECTION, meter.uncounted.va))
                continue
            if (panels and name == first) or meter.uncounted.lasts:
                found.append(Hidden(name, HiddenKind.PANELS, meter.uncounted.va))
            if self._says_base(meter, name, now) and (name in self.counted or self._has_several_prices(today)):
                found.append(Hidden(name, HiddenKind.CONTRACT))
        return found

    def _says_base(self, meter: LiveMeter, name: str, now: float) -> bool:
        if meter.value(_OPTION) != "BASE":
            self._since.pop(name, None)
            return False
        return now - self._since.setdefault(name, now) >= LASTS_S

    def _has_several_prices(self, today: int) -> bool:
        day = calendar.day_of(today)
        return any(len(set(one.prices.values())) > 1 for one in self._config.tariff if one.holds(day))
