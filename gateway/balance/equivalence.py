"""What an amount of energy is like: things of the household whose consumption somebody has measured."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.words.phrase import Phrase


@dataclass(frozen=True, slots=True)
class Equivalent:
    """One thing, what one of it takes in Wh, and who says so."""

    key: str
    name: Phrase
    wh: int
    source: str

    def count(self, wh: float) -> float:
        """How many of it that energy is."""
        return wh / self.wh


EQUIVALENTS = (
    Equivalent(
        "coffee",
        Phrase("pots of coffee"),
        82,
        "filter coffee machine, about 30 kWh a year (ADEME, panel ElecDom, 2021); one pot a day",
    ),
    Equivalent(
        "fridge",
        Phrase("days of a fridge-freezer"),
        948,
        "fridge-freezer, 346 kWh a year (ADEME, panel ElecDom, 2021)",
    ),
    Equivalent(
        "car",
        Phrase("km by electric car"),
        170,
        "compact electric car, 15 to 18 kWh/100 km (WLTP, Regulation (EU) 2017/1151); 17 is taken",
    ),
)
