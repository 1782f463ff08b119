"""What part of a received series is the household's: its shares in a roof, applied when it is read, stored nowhere.

Of a whole number (an index, in Wh) the part is exact and rounded down: never more than one's own, never falling, and
over any time within 1 Wh of it. A mean is rounded to a tenth.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from gateway.federation.recipient.supply import SupplyRequest
from gateway.federation.wire.sen1 import ProxySeries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.config.tables import ReceivedTable
    from gateway.store.received import ReceivedPoint, ReceivedSeries

_PRODUCTION = "production/"
# What a share is a part of; a voltage or a tariff belongs to everybody.
_DIVISIBLE = frozenset("W kW VA kVA var kvar Wh kWh varh kvarh VAs kVAh J vars".split())


@dataclass(frozen=True, slots=True)
class Origin:
    """A ``[[received]]`` as the reading side needs it: what it covers, and the household's part of it (None: none)."""

    wanted: SupplyRequest
    part: Fraction | None

    def covers(self, series: ReceivedSeries) -> bool:
        """Whether a series came by it."""
        return self.wanted.covers(series.provider, series.sen1, series.name)

    def mine(self, point: ReceivedPoint) -> ReceivedPoint | None:
        """The household's part of a point as one of ``production/share/<name>/…``; None where there is none."""
        series = point.series
        if self.part is None or series.unit not in _DIVISIBLE or not series.path.startswith(_PRODUCTION):
            return None
        if isinstance(point.value, str):
            return None
        path = f"{_PRODUCTION}share/{self.wanted.name}/{series.path.removeprefix(_PRODUCTION)}"
        value = part_of(point.value, self.part)
        return replace(point, series=replace(series, path=path), value=value)


def part_of(value: float, part: Fraction) -> int | float:
    """The part of a value: of a whole number rounded down, of any other to a tenth."""
    if isinstance(value, int):
        return math.floor(value * part)
    return round(float(Fraction(value) * part), 1)


def origins(received: Sequence[ReceivedTable]) -> list[Origin]:
    """The configured sources."""
    return [Origin(wanted_of(one), one.share.part if one.share else None) for one in received]


def wanted_of(one: ReceivedTable) -> SupplyRequest:
    """A ``[[received]]`` as the federation needs it."""
    bare, _, resource = one.provider.partition("/")
    message = ProxySeries(one.message.name, one.message.metaname) if one.message else None
    return SupplyRequest(one.name, f"{bare.lower()}/{resource}", one.identifier, one.history, message)
