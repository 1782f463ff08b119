"""What of a file is new beside what was imported before: nothing twice, the better source first, never a mean."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.store.imports import ImportedRow

if TYPE_CHECKING:
    from gateway.household.past.values import PastBlock, PastPoint

Known = Mapping[tuple[int, int], ImportedRow]

# Which source is believed where two say something else: the distributor's indexes, its curves, its spreadsheets with
# three decimals, what other tools kept of them, suppliers, what stood in the home.
_RANKS = (
    (("enedis-index-csv", "sge-r151", "sge-r64-json"), 60),
    (("enedis-curve-csv", "enedis-curve-csv-wide", "sge-r50", "sge-r63-csv", "sge-r63-json", "quoalise"), 50),
    (("dataconnect-curve", "dataconnect-v3-curve", "dataconnect-daily", "dataconnect-max"), 50),
    (("enedis-daily-xlsx", "enedis-halfhour-xlsx", "enedis-index-xlsx"), 40),
    (("ser-curve-csv", "edf-30min-csv", "edf-daily-csv", "edf-index-csv", "totalenergies-csv"), 30),
    (("octopus-daily-csv", "mint-periods-csv"), 30),
    (("conso-downloader-csv", "naive-end-csv"), 20),
)
_RANK_OF = {form: rank for forms, rank in _RANKS for form in forms}
_LEAST = 10

# A number that no batch has yet: the file that is looked at.
THIS_FILE = 2**62


def rank_of(form: str) -> int:
    """How good a source a form is."""
    return _RANK_OF.get(form, _LEAST)


@dataclass(slots=True)
class Merged:
    """A block beside what is known: ``stored`` goes in; the others are counted, and shown where they differ.

    ``better``: goes over what is known, as its source is the better one; ``different``: as good a source says something
    else, which is taken when asked; ``worse``: left aside.
    """

    stored: list[PastPoint] = field(default_factory=list)
    new: int = 0
    same: int = 0
    better: int = 0
    worse: int = 0
    different: list[tuple[PastPoint, int]] = field(default_factory=list)


def merged(block: PastBlock, known: Known, mine: Collection[tuple[int, int]], *, take: bool) -> Merged:
    """What a block adds.

    Args:
        block: of one file.
        known: what is known of its series.
        mine: what of that is of the same file, and stays: a file that says two things is not taken for two.
        take: whether it is taken where it says something else than as good a source before.
    """
    found, rank = Merged(), rank_of(block.form)
    for point in block.points:
        before = known.get((point.start, point.step))
        if before is not None and before.value != point.value and (point.start, point.step) in mine:
            block.conflicts.append((point.start, before.value, point.value))
        elif before is None:
            found.new += 1
            found.stored.append(point)
        elif before.value == point.value:
            found.same += 1
        else:
            now = ImportedRow(*point, THIS_FILE, rank)
            if now.preference[:2] > before.preference[:2]:
                found.better += 1
                found.stored.append(point)
            elif now.preference[:2] < before.preference[:2]:
                found.worse += 1
            else:
                found.different.append((point, before.value))
                if take:
                    found.stored.append(point)
    return found
