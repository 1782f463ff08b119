"""What of a look at the past was chosen beside meter, period and day, and the address of every other look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from gateway.web.history.values import COMPARED

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

KWH, EUROS = "kwh", "eur"
_UNITS = (KWH, EUROS)


@dataclass(frozen=True, slots=True)
class LookChoice:
    """Unit of the chart, what it is compared with (one of ``COMPARED``), whether a day is shown by its minutes.

    ``at`` is the POSIX second that is looked at closely, of the minutes; 0: all of the day.
    """

    unit: str = KWH
    against: str | None = None
    minutes: bool = False
    at: int = 0

    @property
    def in_euros(self) -> bool:
        """Whether euros are shown."""
        return self.unit == EUROS

    def query(self, meter: str, period: str, day: date | str | None, **changes: object) -> str:
        """The address's query of that look; what would change nothing, or does not go with it, is left out."""
        asked: dict[str, object] = {
            "meter": meter,
            "period": period,
            "date": day,
            "against": self.against,
            "unit": self.unit,
        }
        asked |= {"detail": "minutes" if self.minutes else None} | changes
        if asked["against"] not in COMPARED[str(asked["period"])]:
            asked["against"] = None
        if asked["unit"] == KWH:
            asked["unit"] = None
        if asked["period"] != "day":
            asked |= {"detail": None}
        return urlencode({key: value for key, value in asked.items() if value is not None})


def chosen(args: Mapping[str, str], period: str) -> LookChoice | None:
    """What was chosen; None where there is no such choice."""
    unit, against, detail = (args.get(key, "") for key in ("unit", "against", "detail"))
    at = args.get("at", "")
    fits = unit in ("", *_UNITS) and against in ("", *COMPARED[period]) and detail in ("", "minutes")
    if not fits or not (at == "" or (at.isdecimal() and at.isascii() and len(at) <= 10)):
        return None
    return LookChoice(unit or KWH, against or None, period == "day" and bool(detail), int(at or 0))
