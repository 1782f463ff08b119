"""In which base a meter writes the hours of its profiles, decided by what it says, with the reason; never guessed.

No document says it (see ``profile.py``), and the same digits may be an hour in both. In this order: what only one base
can write; what a contract can be (Tempo changes at 06 and 22; off-peak hours are eight a day, at night or around
midday); which of the two came true when the index changed. Until one of these speaks it is undecided. No I/O, no clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from gateway.tic.profile import READINGS, HourBase, ProfileBlock, indexes, lengths, parse_profile

if TYPE_CHECKING:
    from collections.abc import Iterable

# A day of off-peak hours, whatever the supplier calls them, and when they may be: between 20 and 8 or 11 and 17, before
# the reform of 2025 or after it.
_OFF_PEAK_MINUTES = 480
_NIGHT, _MIDDAY = (20 * 60, 32 * 60), (11 * 60, 17 * 60)
_TEMPO_BORDERS = {360, 1320}

# A change of the index that came true is no further from what the profile says (by the meter's clock).
_TRUE_MINUTES = 5


class HourReason(Enum):
    """What decided it."""

    NO_DECIMAL = "no-decimal-hour"
    NO_HEXADECIMAL = "no-hexadecimal-hour"
    TEMPO = "tempo-hours"
    OFF_PEAK = "eight-off-peak-hours"
    CAME_TRUE = "change-seen"
    NOTHING = "nothing-yet"


@dataclass(frozen=True, slots=True)
class HourDecision:
    """The base and why."""

    base: HourBase = HourBase.UNDECIDED
    reason: HourReason = HourReason.NOTHING

    @property
    def proven(self) -> bool:
        """Whether no other base can be."""
        return self.reason in (HourReason.NO_DECIMAL, HourReason.NO_HEXADECIMAL)


UNDECIDED = HourDecision()


def decide(profiles: Iterable[str], *, tempo: bool = False) -> HourDecision:
    """What the profiles of one meter say of it.

    Args:
        profiles: texts of PJOURF+1 and PPOINTE; those that are none are passed over.
        tempo: whether its contract is Tempo.
    """
    known = [text for text in profiles if any(parse_profile(text, base) for base in READINGS)]
    possible = [base for base in READINGS if known and all(parse_profile(text, base) for text in known)]
    if len(possible) == 1:
        decimal = possible[0] is HourBase.DECIMAL
        return HourDecision(possible[0], HourReason.NO_HEXADECIMAL if decimal else HourReason.NO_DECIMAL)
    likely = [base for base in possible if all(_can_be(text, base, tempo=tempo) for text in known)]
    if len(likely) != 1:
        return UNDECIDED
    return HourDecision(likely[0], HourReason.TEMPO if tempo else HourReason.OFF_PEAK)


def confirm(known: HourDecision, profile: str, minute: float, index: int) -> HourDecision:
    """What is known when the index of the meter changed.

    Args:
        known: what was until then.
        profile: that of the day on which it changed.
        minute: minute of the day by the meter's clock.
        index: the one that counts from then on.
    """
    if known.proven:
        return known
    true = [base for base in READINGS if _came_true(parse_profile(profile, base) or (), minute, index)]
    return HourDecision(true[0], HourReason.CAME_TRUE) if len(true) == 1 else known


def _can_be(text: str, base: HourBase, *, tempo: bool) -> bool:
    blocks = parse_profile(text, base) or ()
    stretches = lengths(blocks)
    if len(stretches) < 2:
        return True
    if tempo:
        return {at for at, _ in indexes(blocks)} - {0} == _TEMPO_BORDERS
    return len(stretches) > 2 or any(map(_is_off_peak, stretches.values()))


def _is_off_peak(stretches: list[tuple[int, int]]) -> bool:
    """Whether that may be the off-peak hours of a day."""
    eight = sum(end - at for at, end in stretches) == _OFF_PEAK_MINUTES
    return eight and all(_lies_in(_NIGHT, one) or _lies_in(_MIDDAY, one) for one in stretches)


def _lies_in(span: tuple[int, int], stretch: tuple[int, int]) -> bool:
    at, end = stretch
    return any(span[0] <= at + days and end + days <= span[1] for days in (0, 1440))


def _came_true(blocks: tuple[ProfileBlock, ...], minute: float, index: int) -> bool:
    return any(number == index and abs(at - minute) <= _TRUE_MINUTES for at, number in indexes(blocks))
