"""Days that are over as the store keeps them, so that a year is read and not reckoned: a day in one short text.

What a day came to is reckoned in one place (``days``); here it is only written down and read again. A change of
whatever a day is made of undoes what is kept of it (triggers of the store), a change of how it is reckoned makes
another number of it (``HouseholdDays``).
"""

from __future__ import annotations

from dataclasses import astuple
from typing import TYPE_CHECKING

import msgspec

from gateway.balance.energy import DayEnergy
from gateway.balance.self_use import SelfUse

if TYPE_CHECKING:
    from datetime import date

# Of ``SelfUse``, in its order; those of before knew nothing of estimates.
_Use = tuple[int, ...]


class _Told(msgspec.Struct, array_like=True):
    drawn: int | None
    classes: dict[str, int]
    injected: int | None
    produced: int | None
    own: int | None
    use: _Use | None
    whole: bool
    estimated: bool
    doubt: str | None


_READER, _WRITER = msgspec.json.Decoder(_Told | None), msgspec.json.Encoder()


def written(day: DayEnergy | None) -> str:
    """A day that is over; None is one of which nothing is known."""
    if day is None:
        return "null"
    use = astuple(day.use) if day.use else None
    told = (day.drawn, dict(day.classes), day.injected, day.produced, day.own, use)
    return _WRITER.encode((*told, day.whole, day.estimated, day.doubt)).decode()


def read(when: date, text: str) -> DayEnergy | None:
    """What ``written`` made of that day."""
    told = _READER.decode(text)
    if told is None:
        return None
    use = None if told.use is None else SelfUse(*told.use)
    energies = told.drawn, told.classes, told.injected, told.produced, use
    return DayEnergy(when, *energies, told.whole, told.estimated, told.own, told.doubt)
