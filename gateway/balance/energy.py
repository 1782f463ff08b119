"""Energy by local day, and days to periods: what the spans of the ledger come to, added up."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from gateway.balance.self_use import SelfUse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

# Of several days: what was produced was not counted on some, and was on the last one.
PARTLY = "partly"


@dataclass(frozen=True, slots=True)
class DayEnergy:
    """One local day of a household, in Wh; None where nothing is known.

    Attributes:
        date: the day.
        drawn: from the grid, with ``classes`` by tariff class, which never come to more.
        injected: into the grid.
        produced: by the house's own counters (``own``), and its part of what others produce; None as well where one
            of the counters was not read all along, or less was counted than was injected: ``doubt`` says which.
        use: what of it was used at home, on the half hours in which all of that is known.
        whole: every second of it is known.
        estimated: the index at one of its ends lies between two that are known, or the classes did not fit.
        elapsed: how much of it is over, of the day that is not.
        imported: it is of another's file, from before the installation; the meter itself said nothing of it.
    """

    date: date
    drawn: int | None
    classes: Mapping[str, int] = field(default_factory=dict)
    injected: int | None = None
    produced: int | None = None
    use: SelfUse | None = None
    whole: bool = True
    estimated: bool = False
    own: int | None = None
    doubt: str | None = None
    elapsed: Fraction = Fraction(1)
    imported: bool = False

    @property
    def consumed(self) -> int | None:
        """What the house used in all."""
        return consumed(self.drawn, self.own, self.injected)


@dataclass(frozen=True, slots=True)
class Total:
    """Days added up; ``known`` of them have a value, all of them whole where ``whole`` says so.

    ``doubt`` is why what was produced is not known of the last day, though it is counted, or ``PARTLY`` where that is
    so of earlier ones alone; ``holes`` are the days of which a part alone is known; ``imported`` whether any is of
    another's file; ``consumed`` what the house used in all, None where that is not known of each of the days.
    """

    known: int
    drawn: int | None
    classes: Mapping[str, int]
    injected: int | None
    produced: int | None
    use: SelfUse | None
    whole: bool
    estimated: bool
    doubt: str | None = None
    holes: int = 0
    imported: bool = False
    consumed: int | None = None


def consumed(drawn: int | None, produced: int | None, injected: int | None) -> int | None:
    """What a house used in all, Wh: what it drew, and of what it produced what did not leave; None: it is not known."""
    if drawn is None or produced is None or injected is None:
        return None
    return drawn + max(0, produced - injected)


def fitted(classes: Mapping[str, int], drawn: int | None) -> dict[str, int]:
    """Classes as they are parts of what was drawn: where they come to more, each is as much smaller.

    Rounding at the ends of days makes that a watt-hour or two; what a class counted while the total was not known,
    more.
    """
    most, counted = max(drawn or 0, 0), sum(classes.values())
    if counted <= most:
        return dict(classes)
    parts = {word: wh * most // counted for word, wh in classes.items()}
    # What the rounding leaves over is the largest one's.
    parts[max(parts, key=lambda word: parts[word])] += most - sum(parts.values())
    return parts


def exceeds(classes: Mapping[str, int], drawn: int | None) -> bool:
    """Whether the classes come to more than the total by more than rounding each of them."""
    return drawn is not None and sum(classes.values()) > drawn + len(classes)


def total(days: Iterable[DayEnergy]) -> Total:
    """The days added up; what no day knows is not known."""
    found = list(days)
    known = [day for day in found if day.drawn is not None]
    classes: Counter[str] = Counter()
    for day in known:
        classes.update(day.classes)
    uses = [day.use for day in found if day.use is not None]
    injected, produced = _sum(day.injected for day in found), _sum(day.produced for day in found)
    # Days on which nobody counted what was produced: what left for the grid on them would seem to come from nowhere.
    believed = produced is not None and produced >= (injected or 0)
    used = [day.consumed for day in known]
    return Total(
        known=len(known),
        drawn=_sum(day.drawn for day in found),
        classes=dict(classes),
        injected=injected,
        produced=produced if believed else None,
        use=SelfUse.added(uses) if uses and believed else None,
        whole=bool(found) and all(day.whole and day.drawn is not None for day in found),
        estimated=any(day.estimated for day in found),
        doubt=(found[-1].doubt or (PARTLY if any(day.doubt for day in found) else None)) if found else None,
        holes=sum(not day.whole for day in known),
        imported=any(day.imported for day in found),
        consumed=None if None in used else _sum(used),
    )


def change(now: float | None, before: float | None) -> float | None:
    """By how much of what it was before something has changed (0.1: a tenth more); None where that says nothing."""
    return None if now is None or not before else now / before - 1


def _sum(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
