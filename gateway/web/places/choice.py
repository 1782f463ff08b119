"""What of a look at the places was chosen, and the address of every other look."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from gateway.web.places.measure import MEASURES
from gateway.web.places.values import PERIODS

if TYPE_CHECKING:
    from collections.abc import Mapping

# Each place has a picture of its own below the other, or all are drawn into one.
VIEWS = ("apart", "together")
_DATE = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")
# The first day that an address may say: the week in which it lies begins before it.
_FIRST = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class PlacesChoice:
    """A look; ``day`` is None for the last one known."""

    period: str = PERIODS[0]
    day: date | None = None
    unit: str = MEASURES[0]
    view: str = VIEWS[0]

    @property
    def fields(self) -> dict[str, str]:
        """What of it the address has to say: what is so by itself is left out."""
        usual = PlacesChoice()
        said = {key: getattr(self, key) for key in ("period", "unit", "view") if getattr(self, key) != _of(usual, key)}
        return said | ({"date": max(self.day, _FIRST).isoformat()} if self.day else {})

    def query(self, **changes: Any) -> str:  # noqa: ANN401 (fields of this class)
        """The address's query of this look with something changed."""
        return urlencode(replace(self, **changes).fields)


def chosen(args: Mapping[str, str]) -> PlacesChoice | str:
    """What was chosen; or the word for what is wrong with it."""
    period, unit, view = (
        args.get(key, "") or known[0] for key, known in (("period", PERIODS), ("unit", MEASURES), ("view", VIEWS))
    )
    if period not in PERIODS:
        return "bad_places_period"
    if unit not in MEASURES or view not in VIEWS:
        return "bad_choice"
    text = args.get("date", "")
    try:
        day = date.fromisoformat(text) if text and _DATE.fullmatch(text) else None
    except ValueError:
        day = None
    return "bad_day" if text and day is None else PlacesChoice(period, day, unit, view)


def _of(choice: PlacesChoice, key: str) -> str:
    return str(getattr(choice, key))
