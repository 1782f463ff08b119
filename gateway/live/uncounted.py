"""Injection that a meter does not count: panels without a contract to sell, or beside a line in historic mode.

Such a meter stays a consumer's: no SINSTI, no EAIT; while energy leaves the house it says 0 VA, and only the current,
which has no sign, is left of it. Voltage times current is what leaves then, in VA and in steps of one ampere: a figure
to look at, of which nothing is added to an index. Of three phases a meter counts the sum; in historic mode it does not
say which of them draw, and how much leaves is not known. No I/O and no clock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# A current is said in whole amperes, so an estimate is wrong by up to half of one at the mains' voltage; below that
# half nothing shows at all. Of each phase.
VOLTS = 230
ERROR_VA = VOLTS // 2

# Said when it has lasted for so long, and over when it has not been so for so long: a cloud is no end.
BEGINS_AFTER_S, ENDS_AFTER_S = 120.0, 600.0

# Frames further apart than this have a silence between them, of which nobody knows anything.
_GAP_S = 30.0

_DRAWN, _INJECTED = "consumption/power/apparent/raw", "production/power/apparent/raw"
_INJECTED_INDEX = "production/energy/active/index"
_CURRENT, _VOLTAGE = "consumption/current/raw", "consumption/voltage/raw"
_SECOND = "/phase/2"
_PHASES = ("", "/phase/1", _SECOND, "/phase/3")


def is_leaving(values: Mapping[str, int | str]) -> bool:
    """Whether the latest values of a meter show that energy leaves the house which it does not count."""
    if _INJECTED in values or _INJECTED_INDEX in values or values.get(_DRAWN) != 0:
        return False
    return _given_va(values) > _drawn_va(values)


def estimate_va(values: Mapping[str, int | str]) -> int | None:
    """How much leaves the house now, in VA; None where nothing shows that anything does, or how much it is."""
    if not is_leaving(values) or (_CURRENT + _SECOND in values and _DRAWN + _SECOND not in values):
        return None
    return _given_va(values) - _drawn_va(values)


def _given_va(values: Mapping[str, int | str]) -> int:
    """What flows on the phases that do not draw."""
    total = 0
    for phase in _PHASES:
        current, drawn = values.get(_CURRENT + phase), values.get(_DRAWN + phase, 0)
        volts = values.get(_VOLTAGE + phase, VOLTS)
        if isinstance(current, int) and isinstance(volts, int) and drawn == 0:
            total += current * volts
    return total


def _drawn_va(values: Mapping[str, int | str]) -> int:
    """What is drawn on the others of three phases: the meter sets it against what they give."""
    return sum(va for phase in _PHASES if isinstance(va := values.get(_DRAWN + phase), int))


class UncountedInjection:
    """Follows one meter; times are monotonic seconds."""

    def __init__(self) -> None:
        self._va: int | None = None
        self._since: float | None = None
        self._last = self._heard = float("-inf")
        self.lasts = False

    @property
    def va(self) -> int | None:
        """What leaves the house now, in VA; None where nobody knows, or not yet for long enough to say so."""
        return self._va if self.lasts else None

    def hear(self, values: Mapping[str, int | str], now: float) -> None:
        """Take in the latest values, at each frame."""
        if now - self._heard > _GAP_S:
            self._since = None
        self._heard, self._va = now, estimate_va(values)
        if not is_leaving(values):
            self._since = None
            self.lasts = self.lasts and now - self._last < ENDS_AFTER_S
            return
        self._last = now
        self._since = now if self._since is None else self._since
        self.lasts = self.lasts or now - self._since >= BEGINS_AFTER_S
