"""Which form a file has, by what is in it, and its blocks by the reader of that form; or why it has none.

Header words are compared whole, without accents and case: a reader never takes a file for one that it nearly is.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from gateway.household.past import account, account_sheets, dataconnect, downloads, home, proxies, sge, suppliers
from gateway.household.past.contents import contents
from gateway.household.past.elements import Element
from gateway.household.past.sheets import BookSheet
from gateway.household.past.tables import plain, separator, split
from gateway.household.past.values import HistoryFileError, PastFile
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gateway.household.past.contents import Contents
    from gateway.household.past.values import Choices, PastBlock

    Rows = Sequence[Sequence[str]]
    Reader = Callable[[Rows, str, Choices], Iterator[PastBlock]]

# The first words of a header row, as they are compared -> who reads what is below.
_BY_HEAD: tuple[tuple[tuple[str, ...], Reader], ...] = (
    (("date de la mesure", "heure de la mesure"), account.read_wide),
    (("debut", "fin", "kwh"), downloads.read_conso_downloader),
    (("debut", "fin", "kw"), downloads.read_conso_downloader),
    (("horodate fin de pas", "puissance moyenne (w)"), downloads.read_naive_end),
    (("date", "time", "conso (w)"), downloads.read_date_time),
    (("recapitulatif de mes puissances atteintes en w",), suppliers.read_edf_half_hours),
    (("recapitulatif de ma consommation quotidienne",), suppliers.read_edf_days),
    (("recapitulatif de mes index",), suppliers.read_edf_indexes),
    (("date", "consommation"), suppliers.read_total_energies),
    (("periode de consommation", "consommation (kwh)"), suppliers.read_octopus),
    (("category", "hp", "hc"), suppliers.read_mint),
    (("date", "heure", "calendrier", "poste", "puissance (w)"), suppliers.read_strasbourg),
    (("entity_id", "state", "last_changed"), home.read_states),
    (("statistic_id", "unit", "start", "state"), home.read_statistics),
)
_LINES = 6

_UNKNOWN = Phrase(
    "this kind of file is not known; it begins with {head!r}. Open an issue with its first three lines, without your"
    " meter's number"
)
_DSMR = Phrase("it comes from a Dutch or Belgian meter (DSMR), whose registers are not a Linky's")
_CLIMATE = Phrase(
    "it is a climate file (PVGIS), not a meter's history: `linky-gateway roof-estimate` reads those of hours"
)
_XML = Phrase("it is XML ({name}), but not a meter's history")
_NONE = Phrase("it holds no values")


def read_file(name: str, data: bytes, choices: Choices) -> PastFile:
    """What a file comes to. HistoryFileError, with the reason, where it has nothing that can be imported."""
    blocks: list[PastBlock] = []
    refused: list[tuple[str, Phrase]] = []
    for member, what in contents(name, data):
        if isinstance(what, Phrase):
            refused.append((member, what))
            continue
        try:
            blocks += [block for block in _blocks(what, choices) if block.points or block.counts["missing"]]
        except HistoryFileError as error:
            if member == name:
                raise
            refused.append((member, error.phrase))
    if not any(block.points for block in blocks):
        raise HistoryFileError(refused[0][1] if refused else _NONE)
    return PastFile(name, hashlib.sha256(data).digest(), blocks, refused)


def _blocks(what: Contents, choices: Choices) -> Iterator[PastBlock]:
    if isinstance(what, str):
        return _of_text(what, choices)
    if isinstance(what, Element):
        return _of_xml(what, choices)
    if isinstance(what, dict) and "mesures" in what:
        return sge.read_measures(what, choices)
    if isinstance(what, dict) and isinstance(what.get("outputs"), dict) and "tmy_hourly" in what["outputs"]:
        raise HistoryFileError(_CLIMATE)
    if isinstance(what, list) and what and isinstance(what[0], BookSheet):
        return account_sheets.read_book([sheet for sheet in what if isinstance(sheet, BookSheet)], choices)
    return dataconnect.read_dataconnect(what, choices)


def _of_xml(root: Element, choices: Choices) -> Iterator[PastBlock]:
    if root.name == "R50":
        return sge.read_r50(root, choices)
    if root.name == "R151":
        return sge.read_r151(root, choices)
    if root.name == "quoalise" or root.find("data", "sensml"):
        return proxies.read_quoalise(root, choices)
    raise HistoryFileError(_XML.filled(name=root.name[:40]))


def _of_text(text: str, choices: Choices) -> Iterator[PastBlock]:
    sign = separator(text)
    rows = split(text, sign)
    written = [(place, row) for place, row in enumerate(rows[:20]) if any(row)][:_LINES]
    for place, row in written:
        head = tuple(plain(cell) for cell in row)
        if head[0] == "identifiant prm":
            wide = {"horodate", "valeur"} <= {*head}
            return account.read_wide(rows[place:], sign, choices) if wide else account.read_account(rows, sign, choices)
        for known, reader in _BY_HEAD:
            if head[: len(known)] == known:
                return reader(rows if known[0].startswith(("recap", "horodate fin")) else rows[place:], sign, choices)
        if head[0] == "read_at" and any("delivered" in cell for cell in head):
            raise HistoryFileError(_DSMR)
        if head[0].startswith("latitude (decimal degrees)"):
            raise HistoryFileError(_CLIMATE)
    if written and re.fullmatch(r"[0-9]{9,10}", written[0][1][0]) and len(written[0][1]) in (2, 3):
        return home.read_emoncms(rows, sign, choices)
    raise HistoryFileError(_UNKNOWN.filled(head=sign.join(written[0][1])[:80] if written else ""))
