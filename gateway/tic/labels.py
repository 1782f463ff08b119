"""The table of the labels: meaning, unit, width, characters, and the series that each one feeds.

``labels.csv`` holds every label of a Linky in both modes (Enedis-NOI-CPT_54E §6.1, §6.2) and of the older domestic
meters (Enedis-NOI-CPT_02E §2.2 to §2.5); it is read once, at import. A checksum of 6 bits lets one group of garbage in
64 pass, so a group counts only if it also has a known label, its exact width and its characters.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.tic.frame import Group

_BLOCK = "(?:(?:[01][0-9]|2[0-3])[0-5][0-9][0-9A-F]{4}|NONUTILE)"

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
    "profile": f"{_BLOCK}(?: {_BLOCK}){{10}}",  # 54E §6.2.3.22: hour and minute decimal, the action in hex
}

_HORODATE = re.compile("[HEhe ][0-9]{12}")  # 54E §6.2.1.1: SAAMMJJhhmmss


@dataclass(frozen=True, slots=True)
class Label:
    """One label (étiquette) of one mode.

    Attributes:
        mode: historic or standard.
        label: as on the wire.
        en, fr: what it means.
        unit: that of the wire, which never sends it.
        widths: the lengths that its data may have.
        horodate: whether a horodate stands before the data.
        type: str, enum, int, bits or profile.
        charset: the name of the characters that its data may hold.
        series: the path of the readings it gives, empty if it gives none; ``/phase/1`` holds for three-phase meters.
        kind: index, gauge, mean, maximum or text, empty if it gives none.
        senml_unit: the unit of the readings, empty for text.
        scale: what a number is multiplied by to be in that unit.
        notes: what real meters were seen to do.
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


def lookup(mode: str, label: str) -> Label | None:
    """The label's row, None if the label is not one of that mode."""
    return _TABLE.get((mode, label))


def check(mode: str, group: Group) -> str | None:
    """None if the group may be believed, else the reason why not in one phrase."""
    known = _TABLE.get((mode, group.label))
    if known is None:
        return "unknown label"
    if known.horodate != (group.horodate is not None):
        return "no horodate" if known.horodate else "unexpected horodate"
    if group.horodate is not None and not _HORODATE.fullmatch(group.horodate):
        return "wrong horodate"
    if len(group.data) not in known.widths:
        return f"wrong width {len(group.data)}"
    if not _PATTERNS[known.charset].fullmatch(group.data):
        return "wrong characters"
    return None


def _rows() -> dict[tuple[str, str], Label]:
    text = files("gateway.tic").joinpath("labels.csv").read_text(encoding="utf-8")
    return {(row["mode"], row["label"]): _label(row) for row in csv.DictReader(text.splitlines())}


def _label(row: dict[str, str]) -> Label:
    return Label(
        mode=row["mode"],
        label=row["label"],
        en=row["en"],
        fr=row["fr"],
        unit=row["unit"],
        widths=tuple(int(width) for width in row["width"].split("/")),
        horodate=row["horodate"] == "1",
        type=row["type"],
        charset=row["charset"],
        series=row["series"],
        kind=row["kind"],
        senml_unit=row["senml_unit"],
        scale=int(row["scale"] or 1),
        notes=row["notes"],
    )


_PATTERNS = {name: re.compile(pattern) for name, pattern in _CHARSETS.items()}
_TABLE = _rows()
