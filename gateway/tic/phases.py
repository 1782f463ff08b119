"""Whether a meter has one phase or three, and whether it is a Linky: by its address, else by what it sends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.tic.frame import HISTORIC, STANDARD
from gateway.tic.labels import Label, domestic_labels

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.tic.frame import Frame


class Phases:
    """Whether the meter has one phase or three, so that a series keeps one name; no single group changes it."""

    # Digits 5 and 6 of the meter's address, as seen on real meters.
    _SINGLE_TYPES = frozenset(("61", "62", "64", "70", "75"))
    _THREE_TYPES = frozenset(("63", "71", "76"))

    # Linky's types begin with these.
    _LINKY = ("6", "7")

    # A label that passes all checks by chance does not come twice.
    _ENOUGH_FRAMES = 2

    def __init__(self) -> None:
        self._address: str | None = None
        self._other: str | None = None  # an address that came once since
        self._three: bool | None = None
        self._frames = 0
        self._shown = False
        self.electronic = False  # the meter is older than Linky

    @property
    def known(self) -> tuple[bool | None, bool, bool]:
        """All that the names of series depend on."""
        return self._three, self._shown, self.electronic

    @property
    def single(self) -> bool:
        """The meter is known to have one phase."""
        return self._three is False

    def learn(self, address: str | None, frame: Frame, labels: Iterable[str]) -> None:
        """Take in the meter's address and the labels of a frame."""
        if address and address != self._address:
            if self._address is None or address == self._other:
                self._adopt(address)
            self._other = address
        elif address:
            self._other = None
        self._shown = not _THREE_PHASES[frame.mode].isdisjoint(labels)
        self._frames += self._shown and frame.whole
        if self._three is None and self._frames >= self._ENOUGH_FRAMES:
            self._three = True

    def _adopt(self, address: str) -> None:
        kind = address[4:6]
        self._three = True if kind in self._THREE_TYPES else False if kind in self._SINGLE_TYPES else None
        self._address, self._frames = address, 0
        self.electronic = not kind.startswith(self._LINKY)

    def series(self, row: Label) -> str | None:
        """The row's series under the name that it has on this meter; None while it may not be told."""
        if "/phase/" not in row.series or self._three:
            return row.series
        if _is_three_phase(row) or (self._three is None and self._shown):
            return None
        return row.series.removesuffix("/phase/1")


# Labels of phase 1 that single-phase meters send too; every other label of a phase is a three-phase meter's.
_ALSO_SINGLE = frozenset(("IRMS1", "URMS1", "UMOY1"))


def _is_three_phase(row: Label) -> bool:
    return "/phase/" in row.series and row.label not in _ALSO_SINGLE


_THREE_PHASES = {
    mode: frozenset(row.label for row in domestic_labels() if row.mode == mode and _is_three_phase(row))
    for mode in (HISTORIC, STANDARD)
}
