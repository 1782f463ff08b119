"""What energy and power are like: things of the household whose consumption somebody has measured, or that say it."""

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


@dataclass(frozen=True, slots=True)
class ComparedAppliance:
    """One thing that is switched on: what it draws meanwhile in W, and who says so."""

    key: str
    name: Phrase
    watts: int
    source: str

    def count(self, watts: float) -> float:
        """How many of it that power is."""
        return watts / self.watts


# The comparator of powers: what pupils can imagine, from little to much.
APPLIANCES = (
    ComparedAppliance(
        "bulb",
        Phrase("light bulbs on"),
        8,
        "LED bulb that gives as much light as one of 60 W did: 7 to 9 W on its packaging; 8 is taken",
    ),
    ComparedAppliance(
        "heater",
        Phrase("electric heaters on"),
        1500,
        "electric heater of one room: 1,000 to 2,000 W on its plate; 1,500 is taken",
    ),
    ComparedAppliance(
        "kettle",
        Phrase("kettles boiling"),
        2000,
        "kettle of 1.5 to 1.7 l: 1,850 to 2,200 W on its plate; 2,000 is taken",
    ),
)
