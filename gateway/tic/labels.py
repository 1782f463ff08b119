"""The table of the labels: meaning, unit, width, characters, and the series that each one feeds.

``labels.csv`` holds every label of a Linky in both modes (Enedis-NOI-CPT_54E §6.1, §6.2) and of the older domestic
meters (Enedis-NOI-CPT_02E §2.2 to §2.5), ``industrial.csv`` those of CJE and PME-PMI (02E §2.6, §2.8): read with the
first group in historic mode, which alone can be theirs. A checksum of 6 bits lets one group of garbage in 64 pass, so a
group counts only if it also has a known label, its exact width (industrial values have none) and its characters.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from gateway.tic.frame import HISTORIC, STANDARD, Group

# A block of a profile whose hour is decimal, and one whose hour is hexadecimal: a meter writes the one or the other.
_DECIMAL_BLOCK = "(?:(?:[01][0-9]|2[0-3])[0-5][0-9][0-9A-F]{4}|NONUTILE)"
_HEX_BLOCK = "(?:(?:0[0-9A-F]|1[0-7])(?:[0-2][0-9A-F]|3[0-9AB])[0-9A-F]{4}|NONUTILE)"

# What the data of a label may be; widths are in the table.
_CHARSETS = {
    "digits": "[0-9]*",
    "hex": "[0-9A-F]*",
    "serial": "[0-9A-Z]*",
    "letter": "[A-Z]",
    "printable": "[ -~]*",
    "empty": "",
    "octet": "[01][0-9][0-9]|2[0-4][0-9]|25[0-5]",
    "option": r"BASE|HC\.\.|EJP\.|BBR[(-?]",  # 02E §2.2: the last one codes the Tempo circuits
    "period": r"TH\.\.|HC\.\.|HP\.\.|HN\.\.|PM\.\.|H[CP]J[BWR]",
    "colour": "----|BLEU|BLAN|ROUG",
    # 54E §6.2.3.22: the action in hex; of the hour and the minute it does not say.
    "profile": f"{_DECIMAL_BLOCK}(?: {_DECIMAL_BLOCK}){{10}}|{_HEX_BLOCK}(?: {_HEX_BLOCK}){{10}}",
}

_STAMP = "[0-3][0-9]/[01][0-9]/[0-9]{2} [0-2][0-9]:[0-5][0-9]:[0-5][0-9]"  # 02E §2.8: JJ/MM/AA HH:MM:SS, local time

# The same for the labels of CJE and PME-PMI, whose widths vary; an amount is in one of the units of its row.
_INDUSTRIAL_CHARSETS = {
    "address": "[0-9A-Z]{12}",
    "amount": "[0-9]{1,9}(?:[.,][0-9]{1,3})?T?[A-Za-z]{1,5}",
    "configuration": "(?:CONSO|PROD) *",
    "control": "CONTROLE",
    "energies": "[0-9]{6}(?::[0-9]{6}){3,5}",
    "jaune": "(?:[0-9]{2}:){4}[0-9A-Z ]{2}:(?:DP|  ):[0-9]{5}:[0-9]{2}",
    "overload": "DEP ?",
    "powers": "[0-9]{5}(?::[0-9]{5}){0,3}",
    "printable": "[ -~]{1,32}",
    "shift": "(?:[0-9]{2}:){3}[0-9A-Z ]{2}",
    "signal": "(?:IN)?ACTIF *",
    "stamp": _STAMP,
    "stamp-tariff": f"{_STAMP}-[0-9A-Z ]{{1,3}}",
    "tangent": "[+-]?[0-9]{1,3}[.,][0-9]{2}",
    "tariff": " *[0-9A-Z]{1,3} *",
    "test": "TEST *",
    "window": "[0-9]{2}:[0-9]{2}:[0-9]{2}",
}

_HORODATE = re.compile("[HEhe ][0-9]{12}")  # 54E §6.2.1.1: SAAMMJJhhmmss


@dataclass(frozen=True, slots=True)
class Label:
    """One label (étiquette) of one mode.

    Attributes:
        mode: historic or standard.
        label: as on the wire.
        en, fr: what it means.
        unit: that of the wire, which only a PME-PMI sends; ``kVA/kW`` is either.
        widths: the lengths that its data may have; empty for an industrial meter's, whose pattern tells.
        horodate: whether a horodate stands before the data.
        type: str, enum, int, bits or profile; empty for an industrial meter's.
        charset: the name of the characters that its data may hold.
        series: the path of the readings it gives, empty if it gives none; ``/phase/1`` holds for three-phase meters.
        kind: index, gauge, mean, maximum or text, empty if it gives none.
        senml_unit: the unit of the readings, empty for text.
        scale: what a number is multiplied by to be in that unit.
        notes: what real meters were seen to do.
        meter: CJE or PME-PMI; empty for a domestic meter's.
    """

    mode: str
    label: str
    en: str
    fr: str
    unit: str
    widths: tuple[int, ...]
    horodate: bool
    type: str
    charset: str
    series: str
    kind: str
    senml_unit: str
    scale: int
    notes: str
    meter: str = ""


def lookup(mode: str, label: str) -> Label | None:
    """The label's row, None if the label is not one of that mode."""
    if mode == STANDARD:
        return _DOMESTIC.get((mode, label))
    table = _table()
    known = table.get((mode, label))
    if known is None and label[2:4] == "bP":
        # 02E prints DébP: nobody knows what a line of 7 bits makes of the accent.
        return table.get((mode, f"De{label[2:]}"))
    return known


def domestic_labels() -> tuple[Label, ...]:
    """The rows of domestic meters."""
    return tuple(_DOMESTIC.values())


def known_labels() -> tuple[Label, ...]:
    """Every row of the table, domestic meters first."""
    return tuple(_table().values())


def check(mode: str, group: Group) -> str | None:
    """None if the group may be believed, else the reason why not in one phrase."""
    known = lookup(mode, group.label)
    if known is None:
        return "unknown label"
    if known.horodate != (group.horodate is not None):
        return "no horodate" if known.horodate else "unexpected horodate"
    if group.horodate is not None and not _HORODATE.fullmatch(group.horodate):
        return "wrong horodate"
    return _fault(known, group.data)


def _fault(known: Label, data: str) -> str | None:
    if known.widths and len(data) not in known.widths:
        return f"wrong width {len(data)}"
    if not (_industrial_patterns() if known.meter else _PATTERNS)[known.charset].fullmatch(data):
        return "wrong characters"
    if known.charset == "amount" and _unit(data) not in known.unit.split("/"):
        return "wrong unit"
    return None


def _unit(amount: str) -> str:
    return amount.lstrip("0123456789.,T")


def _rows(name: str) -> dict[tuple[str, str], Label]:
    text = Path(__file__).with_name(name).read_text(encoding="utf-8")
    labels = map(_label, csv.DictReader(text.splitlines()))
    return {(one.mode, one.label): one for one in labels}


@cache
def _table() -> dict[tuple[str, str], Label]:
    return _DOMESTIC | _rows("industrial.csv")


@cache
def _industrial_patterns() -> dict[str, re.Pattern[str]]:
    return {name: re.compile(pattern) for name, pattern in _INDUSTRIAL_CHARSETS.items()}


def _label(row: dict[str, str]) -> Label:
    return Label(
        mode=row.get("mode", HISTORIC),  # industrial meters use its separator and its checksum
        label=row["label"],
        en=row["en"],
        fr=row["fr"],
        unit=row["unit"],
        widths=tuple(int(width) for width in row["width"].split("/")) if "width" in row else (),
        horodate=row.get("horodate") == "1",
        type=row.get("type", ""),
        charset=row["charset"],
        series=row["series"],
        kind=row["kind"],
        senml_unit=row["senml_unit"],
        scale=int(row.get("scale") or 1),
        notes=row["notes"],
        meter=row.get("meter", ""),
    )


_PATTERNS = {name: re.compile(pattern) for name, pattern in _CHARSETS.items()}
_DOMESTIC = _rows("labels.csv")
