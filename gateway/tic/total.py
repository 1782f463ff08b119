"""The total of historic mode, which sends none: the sum of its contract's indexes, also where a frame has lost some.

No I/O and no clock. Energy goes into one index at a time, that of the class that PTEC names: another one, read while it
rested, still has that value, and a frame that was damaged there has a total all the same. What may have moved since has
none: a sum that might not be right to the watt-hour is not said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.tic.frame import HISTORIC
from gateway.tic.judges import TOTAL
from gateway.tic.labels import domestic_labels

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.tic.reading import Reading

OPTION, PERIOD = "contract/option", "contract/tariff"

# First three letters of OPTARIF -> the indexes that this contract sends (02E §2.2).
CONTRACT_INDEXES = {
    "BAS": ("BASE",),
    "HC.": ("HCHC", "HCHP"),
    "EJP": ("EJPHN", "EJPHPM"),
    "BBR": ("BBRHCJB", "BBRHPJB", "BBRHCJW", "BBRHPJW", "BBRHCJR", "BBRHPJR"),
}

# The same as series.
_SERIES = {row.label: row.series for row in domestic_labels() if row.mode == HISTORIC and row.series.startswith(TOTAL)}
_CONTRACTS = {option: tuple(_SERIES[label] for label in labels) for option, labels in CONTRACT_INDEXES.items()}
_PARTS = frozenset(series for parts in _CONTRACTS.values() for series in parts)

# PTEC -> the series of the index that counts (02E §2.2).
_COUNTS = {
    period: _SERIES[label]
    for period, label in {
        **{"TH..": "BASE", "HC..": "HCHC", "HP..": "HCHP", "HN..": "EJPHN", "PM..": "EJPHPM"},
        **{label.removeprefix("BBR"): label for label in CONTRACT_INDEXES["BBR"]},
    }.items()
}

# Off-peak hours come by half hours at least: who heard one class twice within this missed no other in between.
_SURE_S = 600


class HistoricTotal:
    """The indexes of one meter that rest, so that what one frame has lost need not be in it.

    Args:
        option: the contract as last stored, None if it is not known.
    """

    def __init__(self, option: object = None) -> None:
        self._parts = _CONTRACTS.get(str(option)[:3], ())
        # Series -> its value, of those that do not count; as of the second when PTEC was heard last.
        self._resting: dict[str, int] = {}
        self._heard = 0.0

    def forget(self) -> None:
        """Another meter may be there."""
        self._resting.clear()

    def of(self, now: float, said: Mapping[str, int | str], readings: Iterable[Reading]) -> int | None:
        """The total at that POSIX second; None where it is not known.

        Args:
            now: the frame's time.
            said: series -> value of all that the frame says; a part that is doubted makes a total that is.
            readings: what of it may be believed.
        """
        if said.keys().isdisjoint(_PARTS):
            return None
        believed = {reading.series: reading.value for reading in readings}
        self._learn_contract(believed.get(OPTION))
        counting = _COUNTS.get(str(believed.get(PERIOD)))
        if counting not in self._parts:
            counting = None  # not heard, or of another contract
        if counting:
            self._learn_resting(now, counting, believed)
        for series in said.keys() & self._resting.keys() - believed.keys():
            del self._resting[series]  # one of the two values is wrong
        total = 0
        for series in self._parts:
            value = said.get(series, self._resting.get(series) if counting else None)
            if not isinstance(value, int):
                return None
            total += value
        return total if self._parts else None

    def _learn_contract(self, option: object) -> None:
        if option is not None and (parts := _CONTRACTS.get(str(option)[:3], ())) != self._parts:
            self._parts = parts
            self.forget()

    def _learn_resting(self, now: float, counting: str, believed: Mapping[str, int | str]) -> None:
        if not 0 <= now - self._heard <= _SURE_S:
            self.forget()
        self._heard = now
        self._resting.pop(counting, None)
        for series in self._parts:
            value = believed.get(series)
            if series != counting and isinstance(value, int):
                self._resting[series] = value
