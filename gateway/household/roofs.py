"""A roof of which the household holds shares: what it makes and made, and the household's part of that.

Beside a day of the household by half hours: its part, what it used, how much of that the part covered. Unknown is None,
and which inverter is missing is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import msgspec

from gateway.balance.calendar import midnight
from gateway.balance.self_use import STEP_S
from gateway.config.tables import ShareTable
from gateway.household.share_readings import has_stopped, went_on
from gateway.household.shared_half_hours import SharedHalfHours, parts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from gateway.config.roof import RoofTable
    from gateway.config.tables import Config, ReceivedTable
    from gateway.household.shared_half_hours import SharedPart
    from gateway.store.received import ReceivedPoints

_WHOLE = ShareTable(held=1, of=1, unit="actions")


@dataclass(frozen=True, slots=True)
class RoofFigures:
    """What is known of a roof at a moment: Wh and watts, None where nobody knows.

    Attributes:
        roof: as it is configured.
        watts: what it makes, as a mean up to ``heard``.
        heard: the newest moment of which anything came (POSIX seconds).
        today, year: what it made since midnight, and since the year began or ``year_since``, of all its inverters the
            latest first reading.
        mine_today, mine_year: of these the household's part.
        silent: the sources of which nothing has come for hours; with one of them no sum is known.
    """

    roof: RoofTable
    watts: int | None
    heard: float | None
    today: int | None
    year: int | None
    year_since: int | None
    mine_today: int | None
    mine_year: int | None
    silent: Sequence[str]


@dataclass(frozen=True, slots=True)
class PartBeside:
    """A half hour: the household's parts of all roofs, what it drew, what of that the parts covered; Wh."""

    at: int
    mine: int | None
    drawn: int | None
    estimated: bool

    @property
    def covered(self) -> int | None:
        """What the part gave of what was drawn in the same half hour."""
        return None if self.mine is None or self.drawn is None else min(self.mine, self.drawn)


def figures(config: Config, stored: ReceivedPoints, roof: RoofTable, today: date, now: int) -> RoofFigures:
    """A roof at that moment."""
    made = _parts(config, stored, roof)
    begin, year = midnight(today), midnight(today.replace(month=1, day=1))
    silent = _silent(made, stored, now) if made else roof.received
    # What one of several made until it fell silent is not what the roof made.
    of_today = None if silent else _sum([one.made(stored, begin, now) for one in made])
    # From the first moment on at which all of them were known: a sum and its date are of the same time.
    since = max([year, *(int(one.counted_from) for one in made)])
    of_year = None if silent else _sum([one.made_since(stored, since, now) for one in made])
    watts = [one.watts(stored, now) for one in made]
    return RoofFigures(
        roof=roof,
        watts=_whole(_sum(watts), Fraction(1)),
        heard=min((heard for one in made if (heard := one.heard(stored, now))), default=None),
        today=_whole(of_today, Fraction(1)),
        year=_whole(of_year, Fraction(1)),
        year_since=since if since > year + STEP_S else None,
        mine_today=_whole(of_today, roof.part),
        mine_year=_whole(of_year, roof.part),
        silent=sorted(set(silent)),
    )


def beside(config: Config, stored: ReceivedPoints, drawn: Mapping[int, int], begin: int, end: int) -> list[PartBeside]:
    """The half hours of ``[begin, end)``: the parts of all roofs together, beside what was drawn."""
    names = {name for roof in config.roof for name in roof.received}
    mine = [one.half_hours(stored, begin, end) for one in parts(stored, _tables(config, names))]
    return [_beside(at, mine, drawn) for at in range(begin, end, STEP_S)]


def _beside(at: int, mine: Sequence[SharedHalfHours], drawn: Mapping[int, int]) -> PartBeside:
    known = bool(mine) and all(at in one.wh for one in mine)
    return PartBeside(
        at=at,
        mine=sum(one.wh[at] for one in mine) if known else None,
        drawn=drawn.get(at),
        estimated=known and any(at in one.estimated for one in mine),
    )


def _parts(config: Config, stored: ReceivedPoints, roof: RoofTable) -> list[SharedPart]:
    """The roof's own inverters, whole."""
    tables = [msgspec.structs.replace(one, share=_WHOLE) for one in _tables(config, {*roof.received})]
    return parts(stored, tables)


def _silent(made: Sequence[SharedPart], stored: ReceivedPoints, now: int) -> list[str]:
    """The sources of which nothing came for longer than any night, or while another one went on."""
    since = max(went_on(one.series, stored, now) for one in made)
    return [one.source for one in made if one.is_silent(stored, now) or has_stopped(one.series, stored, now, since)]


def _tables(config: Config, names: set[str]) -> list[ReceivedTable]:
    return [one for one in config.received if one.name in names]


def _sum(values: Sequence[Fraction | None]) -> Fraction | None:
    """All together; None where one of them is, or there is none."""
    known = [one for one in values if one is not None]
    return sum(known, Fraction(0)) if values and len(known) == len(values) else None


def _whole(wh: Fraction | None, part: Fraction) -> int | None:
    return None if wh is None else int(wh * part // 1)
