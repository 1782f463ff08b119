"""Overload warnings of historic mode: they come while the overload lasts, and their end is their absence.

No I/O. Absence says something only of a warning that would have come: ADPS is in every frame of an overload; ADIR is in
short frames alone, and there are three-phase Linkys that never send it, so its absence is no zero before it was seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.tic.frame import HISTORIC, Frame, Group
from gateway.tic.labels import lookup

if TYPE_CHECKING:
    from collections.abc import Mapping


_SINGLE: Final = "ADPS"
_PHASES: Final = ("ADIR1", "ADIR2", "ADIR3")
_LABELS: Final = (_SINGLE, *_PHASES)


class Alarms:
    """The overload warnings of one meter.

    ``overload``: whether there is one after the last frame, "1" or "0", None if that frame does not tell.

    Args:
        known: series path -> last stored value; what a meter once sent it sends.
    """

    def __init__(self, known: Mapping[str, object]) -> None:
        stored = {label: known.get(row.series) for label in _LABELS if (row := lookup(HISTORIC, label))}
        self._on = {label for label, value in stored.items() if value}
        self._by_phase = any(stored[label] is not None for label in _PHASES)
        self._was_long = False
        self.overload: str | None = None

    def ended(self, frame: Frame, groups: Mapping[str, Group]) -> list[str]:
        """The labels whose alarm this frame ends; once each."""
        present = {group.label for group in frame.groups}
        three = not present.isdisjoint(("IINST1", "IINST2", "IINST3"))
        long = frame.whole and "OPTARIF" in present
        short = frame.whole and not long and three
        # ADIR is for short frames only: during an overload one long frame comes after twenty of them, without it
        # (02E §2.5.2), so a long frame tells the end only after another long one.
        says_all = short or (long and self._was_long) if three else long
        ended: list[str] = []
        for label in _LABELS:
            if label in groups:
                self._on.add(label)
            elif label in self._on and label not in present and (long if label == _SINGLE else says_all):
                self._on.discard(label)
                ended.append(label)
        self._was_long = long
        self._by_phase = self._by_phase or not groups.keys().isdisjoint(_PHASES)
        over = not groups.keys().isdisjoint(_LABELS)
        calm = says_all and present.isdisjoint(_LABELS) and (self._by_phase or not three)
        self.overload = "1" if over else "0" if calm else None
        return ended
