"""What the simulation says and what is to be bought, as tables of Markdown in French or English."""

from __future__ import annotations

import cmath
import csv
import math
from functools import cache
from pathlib import Path

from circuit import NETS
from simulation import (
    AMPLITUDES_V,
    DATA_SHEETS,
    SPEEDS,
    THRESHOLDS_V,
    TRANSFER_RATIOS,
    Case,
    Reading,
    cases,
    impedance,
    result,
    switching,
)

# A BS170's threshold as its data sheet has it, typical and at most; what Enedis asks a receiver to read, and an
# emitter to give at least.
_LARGER_THRESHOLDS_V = (2.1, 3.0)
_SMALLEST_V = (0.8, 1.2)

# Between these ohms the rule wants a receiver at 50 kHz (54E §5.3).
_IMPEDANCE = (500, 2000)

_PART_COLUMNS = ("part", "second part")
_PACKAGES_FR = {
    "axial 0.25 W": "axial 0,25 W",
    "ceramic disc or multilayer 5.08 mm": "céramique, disque ou multicouche, 5,08 mm",
    "screw terminal 2 × 5.08 mm": "bornier à vis 2 × 5,08 mm",
    "pin header 1 × 3 2.54 mm": "barrette 1 × 3 de 2,54 mm",
    "SOT-23 on an adapter to DIP": "SOT-23 sur un adaptateur vers DIP",
}
_OR_Q1 = {"fr": "ou Q1, à mesurer", "en": "or Q1, to be measured"}

_WORDS = {
    "fr": {
        "signal": "signal",
        "threshold": "Q1 à {} V",
        "passed": "{} cas sur {} lus à {} Bd.",
        "silent": "rien",
        "flickers": "papillote",
        "uneven": "bits inégaux",
        "impedance": "| signal | vu du compteur à 50 kHz | déphasage | dans la règle |\n|---|---|---|---|",
        "yes": "oui",
        "no": "non",
        "switching": "| charge | t_on | t_r | t_off | t_f |\n|---|---|---|---|---|",
        "sheet": "notice",
        "model": "modèle",
        "bom": "| rep. | valeur | boîtier | référence | autre source | prix |\n|---|---|---|---|---|---|",
        "nets": "| liaison | broches |\n|---|---|",
        "point": ",",
    },
    "en": {
        "signal": "signal",
        "threshold": "Q1 at {} V",
        "passed": "{} of {} cases read at {} Bd.",
        "silent": "nothing",
        "flickers": "flickers",
        "uneven": "uneven bits",
        "impedance": "| signal | seen by the meter at 50 kHz | phase | within the rule |\n|---|---|---|---|",
        "yes": "yes",
        "no": "no",
        "switching": "| load | t_on | t_r | t_off | t_f |\n|---|---|---|---|---|",
        "sheet": "data sheet",
        "model": "model",
        "bom": "| ref. | value | package | part | other source | price |\n|---|---|---|---|---|---|",
        "nets": "| net | pins |\n|---|---|",
        "point": ".",
    },
}


@cache
def results() -> dict[Case, Reading]:
    """Every case of the large table, run once."""
    return {case: result(case) for case in cases()}


def readings(language: str) -> str:
    """The large table: for each signal, speed and threshold how long the lone bits are, or what is wrong."""
    words = _WORDS[language]
    heads = [
        f"{speed} Bd, {words['threshold'].format(_decimal(v, language))}" for speed in SPEEDS for v in THRESHOLDS_V
    ]
    lines = [f"| {words['signal']} | CTR | " + " | ".join(heads) + " |", "|---|---|" + "---|" * len(heads)]
    for amplitude in AMPLITUDES_V:
        for ratio in TRANSFER_RATIOS:
            row = [
                _cell(results()[Case(amplitude, ratio, threshold, speed)], language)
                for speed in SPEEDS
                for threshold in THRESHOLDS_V
            ]
            lines.append(
                f"| {_decimal(amplitude, language)} V | {ratio:.0%} | ".replace("%", " %") + " | ".join(row) + " |"
            )
    lines.append("")
    lines += [words["passed"].format(*passes(speed), speed) for speed in SPEEDS]
    return "\n".join(lines)


def passes(speed: int) -> tuple[int, int]:
    """How many cases of a speed can be read, and how many there are."""
    found = [reading.passed for case, reading in results().items() if case.speed == speed]
    return sum(found), len(found)


@cache
def _limits() -> dict[Case, Reading]:
    larger = [Case(3.6, ratio, v, 9600) for ratio in (0.5, 1.0, 2.0) for v in _LARGER_THRESHOLDS_V]
    smallest = [Case(amplitude, 2.0, THRESHOLDS_V[0], 9600) for amplitude in _SMALLEST_V]
    return {case: result(case) for case in larger + smallest}


def limits(language: str) -> str:
    """The small table: a BS170's thresholds, and the smallest signals that the rule knows."""
    words = _WORDS[language]
    lines = [f"| {words['signal']} | CTR | Q1 | 9600 Bd |", "|---|---|---|---|"]
    for case, reading in _limits().items():
        volts, threshold = _decimal(case.amplitude_v, language), _decimal(case.threshold_v, language)
        lines.append(
            f"| {volts} V | {case.ratio:.0%} | {threshold} V | ".replace("%", " %") + _cell(reading, language) + " |"
        )
    return "\n".join(lines)


@cache
def impedances() -> dict[float, complex]:
    """What the meter sees at 50 kHz, for each amplitude."""
    return {amplitude: impedance(amplitude) for amplitude in AMPLITUDES_V}


def meter_sees(language: str) -> str:
    """The impedance at 50 kHz for each amplitude, to the next 10 ohms."""
    words = _WORDS[language]
    lines = [words["impedance"]]
    for amplitude, seen in impedances().items():
        within = words["yes" if _IMPEDANCE[0] <= abs(seen) <= _IMPEDANCE[1] else "no"]
        degrees = round(math.degrees(cmath.phase(seen)))
        lines.append(f"| {_decimal(amplitude, language)} V | {round(abs(seen), -1):.0f} Ω | {degrees}° | {within} |")
    return "\n".join(lines)


@cache
def model_times() -> dict[int, dict[str, float]]:
    """How fast the model is in the circuits of the data sheets, in us."""
    return {load: switching(load, 1.5) for load in DATA_SHEETS}


def speeds(language: str) -> str:
    """The model's switching times beside those of the data sheets, in us."""
    words = _WORDS[language]
    lines = [words["switching"]]
    for load, sheet in DATA_SHEETS.items():
        for title, times in ((words["sheet"], sheet), (words["model"], model_times()[load])):
            cells = " | ".join(
                f"{_decimal(round(times[name], 1), language)} µs" for name in ("ton", "tr", "toff", "tf")
            )
            lines.append(f"| {load} Ω, {title} | {cells} |")
    return "\n".join(lines)


def parts() -> list[dict[str, str]]:
    """The rows of the bill of materials."""
    with (Path(__file__).parent / "bom.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def bill(language: str) -> str:
    """The bill of materials of the through-hole variant, with the other variant's transistor; the file has both."""
    lines = [_WORDS[language]["bom"]]
    for row in parts():
        if row["variant"] == "through-hole":
            # The better of the two goes onto the strip board as well, on an adapter.
            if row["reference"] == "Q1":
                (better,) = (one for one in parts() if (one["reference"], one["variant"]) == ("Q1", "SMD"))
                lines.append(_bought(better | {"package": "SOT-23 on an adapter to DIP"}, language, "Q1"))
            lines.append(_bought(row, language, _OR_Q1[language] if row["reference"] == "Q1" else row["reference"]))
    return "\n".join(lines)


def _bought(row: dict[str, str], language: str, name: str) -> str:
    """A line of the bill."""
    makers = [row["maker"].replace("any", ""), row["second maker"]]
    first, second = (f"{maker} {row[key]}".strip() for maker, key in zip(makers, _PART_COLUMNS, strict=True))
    value, package = row["value"], row["package"]
    if language == "fr":
        value, package = value.replace(".", ","), _PACKAGES_FR.get(package, package)
    return f"| {name} | {value} | {package} | {first} | {second} | {row['price class']} |"


def nets(language: str) -> str:
    """The circuit as text: each net and the pins on it."""
    rows = (f"| {name} | {', '.join(sorted(pins))} |" for name, pins in NETS.items())
    return "\n".join([_WORDS[language]["nets"], *rows])


def _cell(reading: Reading, language: str) -> str:
    if reading.fault:
        return f"**{_WORDS[language][reading.fault]}**"
    return f"{reading.narrowest:.0%} – {reading.widest:.0%}".replace("%", " %")


def _decimal(value: float, language: str) -> str:
    return f"{value:.1f}".replace(".", _WORDS[language]["point"])
