"""What a household counts besides its Linky: quantities with their series, and amounts such as ``0.01 m3``, exact.

The store counts in whole litres and watt-hours; an amount is a fraction of these, so neither half a watt-hour nor a
meter of 600 pulses a kilowatt-hour (``1/600 kWh``) loses anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from gateway.errors import ReadingError
from gateway.words.phrase import Phrase, same

# Beyond this a number is a slip of the pen, and 2^53 is where readers of JSON begin to round.
_HIGHEST = 10**15

_AMOUNT = re.compile(r"(\d{1,15}(?:[.,]\d{1,12})?|\d{1,9}/[1-9]\d{0,8})\s*([^\W\d_]\w*)?")

# Unit as people write it -> the store's unit, and how many of these it is.
_UNITS = {
    "l": ("l", 1),
    "m3": ("l", 1_000),
    "Wh": ("Wh", 1),
    "kWh": ("Wh", 1_000),
    "MWh": ("Wh", 1_000_000),
}


@dataclass(frozen=True, slots=True)
class Quantity:
    """One thing that is counted: its word in the configuration, its series' path, the store's unit."""

    word: str
    path: str
    unit: str


QUANTITIES = (
    Quantity("water", "water/volume/index", "l"),
    Quantity("gas", "gas/volume/index", "l"),
    Quantity("heat", "heat/energy/index", "Wh"),
    Quantity("electricity-consumed", "consumption/energy/active/index", "Wh"),
    Quantity("electricity-produced", "production/energy/active/index", "Wh"),
)


def find_quantity(text: str) -> Quantity | None:
    """The quantity of that word, or of that path."""
    return next((q for q in QUANTITIES if text in (q.word, q.path)), None)


def units_of(quantity: Quantity) -> list[str]:
    """The units in which it may be written."""
    return [unit for unit, (stored, _) in _UNITS.items() if stored == quantity.unit]


_NO_NUMBER = Phrase("{text!r} is not a number with its unit, such as 12.5 {unit}")
_UNIT, _NO_UNIT = Phrase("unit {unit!r}"), Phrase("{text!r} has no unit")
_COUNTED_IN = Phrase(": {word} is counted in {units}")
_WORDS = {"water": Phrase("water"), "gas": Phrase("gas"), "heat": Phrase("heat")}
_TOO_MUCH = Phrase("{text!r} is more than any meter counts")


def parse_amount(text: str, quantity: Quantity, unit: str | None = None) -> Fraction:
    """``12.5 m3``, ``12,5 m³`` or ``1/600 kWh`` in the store's unit.

    A number alone is in ``unit``. Raises ReadingError with what is wrong.
    """
    match = _AMOUNT.fullmatch(text.strip().replace("³", "3"))
    if match is None:
        raise ReadingError(_NO_NUMBER.filled(text=text, unit=units_of(quantity)[-1]))
    written = match[2] or (unit or "").strip().replace("³", "3")
    if written not in units_of(quantity):
        said = (_UNIT if written else _NO_UNIT).filled(text=text, unit=written)
        facts = {"word": _WORDS.get(quantity.word, same(quantity.word))}
        raise ReadingError(said + _COUNTED_IN.filled(units=", ".join(units_of(quantity)), **facts))
    amount = Fraction(match[1].replace(",", ".")) * _UNITS[written][1]
    if amount > _HIGHEST:
        raise ReadingError(_TOO_MUCH.filled(text=text))
    return amount
