"""What the page *history* shows, as values: whoever serves the page reads it from the store.

Energies are Wh, powers W or VA, times POSIX seconds; None is what nobody knows, which is not zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

PERIODS = ("day", "week", "month", "year")
# What a period may be compared with: the one before it, of a day the same one of the week before, of the year before.
COMPARED = {
    "day": ("previous", "week", "year"),
    "week": ("previous", "year"),
    "month": ("previous", "year"),
    "year": ("year",),
}


@dataclass(frozen=True, slots=True)
class Spent:
    """Euros: of what was drawn by tariff class, of the subscription, of what was sold; ``total`` is to be paid.

    ``partly``: some of what was drawn has no price, or some of the days no tariff.
    """

    classes: Mapping[str, float]
    subscription: float
    income: float
    total: float
    partly: bool = False


@dataclass(frozen=True, slots=True)
class Figures:
    """Energy over some time; the two shares are from 0 to 1.

    ``doubt`` is why what is counted as produced is not known for some of it: ``unread``, ``too-little``, or ``partly``
    where it is known again; ``spent`` is None where no tariff was in force; ``consumed`` is what was used in all, what
    was drawn and what of one's own was.
    """

    drawn: int | None
    classes: Mapping[str, int]
    injected: int | None
    produced: int | None
    self_consumed: float | None = None
    self_sufficient: float | None = None
    doubt: str | None = None
    spent: Spent | None = None
    consumed: int | None = None


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """A period ``[first, end)`` beside an earlier one; ``figures`` is None where nothing is known.

    ``change`` is by how much it differs (0.1: a tenth more), ``cost_change`` its cost, None where the two cannot be
    compared; ``whole``: all of
    it is known; ``estimated``: an index at one of its ends was not read; ``so_far``: it is not over, and ``before`` is
    as much of the earlier one as there was by this time. Of a day the rows are its half hours, ``at`` their first
    second.
    """

    first: date
    end: date
    figures: Figures | None
    before: Figures | None = None
    change: float | None = None
    whole: bool = True
    estimated: bool = False
    so_far: bool = False
    at: int | None = None
    cost_change: float | None = None


# First second of a minute: its mean, lowest and highest VA.
Minutes = dict[int, tuple[float, int, int]]


@dataclass(frozen=True, slots=True)
class Curve:
    """A day ``[begin, end)`` of 23, 24 or 25 hours; ``bands`` are (from, until, tariff class)."""

    begin: int
    end: int
    drawn: Minutes
    injected: Minutes
    bands: Sequence[tuple[int, int, str]]


@dataclass(frozen=True, slots=True)
class Outlier:
    """A half hour far outside of what is usual: the series and the mean W of it; the page *repair* knows it so."""

    path: str
    time: int
    watts: float


@dataclass(frozen=True, slots=True)
class Past:
    """One look at a meter: the whole period as a row, its parts, and of a day its curve.

    ``known`` are the first and the last day of which anything is stored; ``previous`` and ``next`` are days to go to,
    ``odd`` half hours of a day that a person should look at. ``against`` is the earlier period that was asked for (one
    of ``COMPARED``); where none was, the year before stands beside the sum alone. ``up_to_date``: the last day known
    is today. ``panels``: the house draws, and produces or injects as well.
    """

    meter: str
    period: str
    first: date
    sum: HistoryRow
    rows: Sequence[HistoryRow]
    curve: Curve | None
    known: tuple[date, date] | None
    previous: date | None
    next: date | None
    odd: Sequence[Outlier] = ()
    against: str | None = None
    up_to_date: bool = True
    panels: bool = False
