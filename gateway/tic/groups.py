"""Which groups of a meter's frames may be believed: looked up once, as nine of ten are what they were a frame ago.

No I/O and no clock. A Reader gives the very same Group for the same bytes, so what did not change is told by identity.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from gateway.tic.labels import Label, check, lookup

if TYPE_CHECKING:
    from gateway.tic.frame import Frame, Group

# The label of a frame that is none of a meter's (02E §2.6).
_TEST = "TRAME"


class Said(NamedTuple):
    """One group with the row of its label; ``refusal`` is why it is not believed, None if it is."""

    group: Group
    row: Label | None
    refusal: str | None


@dataclass(slots=True, eq=False)
class FrameGroups:
    """The groups of a frame, label by label in their order.

    ``believed`` and ``rows`` (the row of each label) are of those that may be believed, ``refused`` is "label: reason"
    of the others. The same one is kept while frames have the same labels: ``changed`` are then those that say something
    else than in the frame before, None in the first of them.
    """

    believed: dict[str, Group] = field(default_factory=dict)
    rows: dict[str, Label] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    changed: list[str] | None = None
    test: bool = False
    industrial: bool = False


class KnownGroups:
    """The groups of one meter's frames."""

    # As many as a Reader remembers: noise must not take memory.
    ROOM = 256

    def __init__(self) -> None:
        self._known: dict[Group, Said] = {}
        self._mode = ""
        self._last: tuple[Group, ...] = ()
        self._of_last = FrameGroups()

    def __len__(self) -> int:
        """How many are known."""
        return len(self._known)

    def of(self, frame: Frame) -> FrameGroups:
        """Those of that frame; to be read before the next one."""
        if frame.mode != self._mode:
            self._mode = frame.mode
            self._known.clear()
            self._last = ()
        last, self._last = self._last, ()
        if len(frame.groups) != len(last) or self._of_last.refused or not self._change(frame.groups, last):
            self._of_last = self._begin(frame.groups)
        self._last = frame.groups
        return self._of_last

    def _change(self, groups: tuple[Group, ...], last: tuple[Group, ...]) -> bool:
        """Put in what is new; False if the labels are not the same ones, all of them to be believed."""
        known = self._of_last
        known.changed = []
        for group, before in zip(groups, last, strict=True):
            if group is before:
                continue
            label = group.label
            said = self._known.get(group) or self._learn(group)
            if label != before.label or said.refusal is not None:
                return False
            known.believed[label] = group
            known.changed.append(label)
        return True

    def _begin(self, groups: tuple[Group, ...]) -> FrameGroups:
        begun = FrameGroups()
        for group in groups:
            _, row, refusal = self._known.get(group) or self._learn(group)
            begun.test = begun.test or group.label == _TEST
            if refusal is None and row is not None:
                begun.believed[group.label], begun.rows[group.label] = group, row
                begun.industrial = begun.industrial or bool(row.meter)
            else:
                begun.refused.append(f"{group.label}: {refusal}")
        return begun

    def _learn(self, group: Group) -> Said:
        if len(self._known) >= self.ROOM:
            self._known.clear()
        said = self._known[group] = Said(group, lookup(self._mode, group.label), check(self._mode, group))
        return said
