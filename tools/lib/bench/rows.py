"""A line of the table of ``tools/bench``, and the part that its figure is of."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BenchRow:
    """One line of the table.

    Args:
        what: is measured, in words.
        figure: its name among the part's figures.
        shown: how it is written: a format with {value}.
        most, least: the budget, if it is not to be more, or not less.
        beside: what it is compared with: formats with names of figures; one whose figures are missing is left out.
        limit: where the budget may not be met, what stands in the way: a form like those of ``beside``.
        absent: one sentence, where the figure may be missing: what it needs.
    """

    what: str
    figure: str
    shown: str
    most: float | None = None
    least: float | None = None
    beside: tuple[str, ...] = ()
    limit: str = ""
    absent: str = ""

    def is_met(self, value: float) -> bool:
        """Whether the figure is within the budget."""
        return (self.most is None or value <= self.most) and (self.least is None or value >= self.least)

    @property
    def budget(self) -> str:
        """The budget in words; "" where there is none."""
        bound, sign = (self.most, "≤") if self.most is not None else (self.least, "≥")
        return "" if bound is None else f"{sign} {re.sub(r'{value:.*?}', f'{bound:,g}', self.shown)}"


@dataclass(frozen=True, slots=True)
class BenchPart:
    """One part: its name, MODULE.FUNCTION of this package that measures it, its rows."""

    name: str
    measure: str
    rows: tuple[BenchRow, ...]
