"""Where one household's series go on and something behind them changed: the mode of the line, the contract.

No I/O and no clock. The series keep their names across both; the break is an event, so that a curve can be explained
years later. A change of contract is seen in the name of the option (historic) or of the supplier's calendar (standard).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from gateway.tic.frame import HISTORIC, STANDARD

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from gateway.tic.reading import Interpretation

_CLASS = "consumption/energy/active/index/provider/"
HISTORIC_CONTRACT = "contract/option"
_CONTRACTS = (HISTORIC_CONTRACT, "contract/calendar")


class BreakKind(Enum):
    """What changed behind the series."""

    MODE_SWITCHED = "mode-switched"
    CONTRACT_CHANGED = "contract-changed"


@dataclass(frozen=True, slots=True)
class Break:
    """A change: ``time`` aware UTC of the first frame after it; ``series`` is empty for the mode."""

    kind: BreakKind
    time: datetime
    series: str
    before: str
    after: str


def mode_of(said: Mapping[str, tuple[int, object]]) -> str | None:
    """The mode in which a meter spoke last, out of what is stored: path -> (POSIX second, value); None if unknown.

    Historic mode names the supplier's indexes, standard mode numbers them.
    """
    times = {path.removeprefix(_CLASS): time for path, (time, _) in said.items() if path.startswith(_CLASS)}
    if not times:
        return None
    return STANDARD if max(times, key=lambda leaf: times[leaf]).isdecimal() else HISTORIC


def said_in(path: str, mode: str) -> bool:
    """Whether a meter says that series in that mode: historic names the supplier's indexes, standard numbers them."""
    return not path.startswith(_CLASS) or path.removeprefix(_CLASS).isdecimal() == (mode == STANDARD)


class Continuity:
    """Follows one meter.

    Args:
        known: series path -> last value, as stored.
        mode: that of the last frame, if it is known (``mode_of``).
    """

    def __init__(self, known: Mapping[str, object], mode: str | None = None) -> None:
        self._mode = mode
        self._contracts = {path: str(known[path]) for path in _CONTRACTS if path in known}

    @property
    def mode(self) -> str | None:
        """That of the last frame; None before the first."""
        return self._mode

    def observe(self, mode: str, interpretation: Interpretation) -> list[Break]:
        """Take in what one frame said (after plausibility); what broke since the one before."""
        breaks = []
        if self._mode is not None and mode != self._mode:
            breaks.append(Break(BreakKind.MODE_SWITCHED, interpretation.time, "", self._mode, mode))
        self._mode = mode
        for reading in interpretation.readings:
            if reading.series in _CONTRACTS:
                value = str(reading.value)
                before = self._contracts.get(reading.series)
                if before is not None and before != value:
                    kind = BreakKind.CONTRACT_CHANGED
                    breaks.append(Break(kind, interpretation.time, reading.series, before, value))
                    # What the other mode called it is over too, and no second change when it is heard again.
                    self._contracts.clear()
                self._contracts[reading.series] = value
        return breaks
