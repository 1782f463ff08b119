"""What the recorded pages show of roofs: a day, several of them, one silent inverter, a night, nothing, none."""

from dataclasses import replace
from datetime import date

from gateway.config.roof import BudgetTable, RoofTable, SpendingTable
from gateway.household.cover_now import CoverNow
from gateway.household.roofs import PartBeside, RoofFigures
from gateway.web.roof.values import RoofLook
from tests.gateway.web.recorded.values import HOSTILE, MIDNIGHT

_DAY = date(2026, 1, 14)
_NOON = MIDNIGHT + 12 * 3600

_BUDGETS = (
    BudgetTable(
        year=2026,
        planned=1200,
        spent=(
            SpendingTable(when=date(2026, 1, 9), what=HOSTILE, euros=280),
            SpendingTable(when=date(2026, 1, 3), what="Une cave", euros=410.5),
        ),
    ),
    BudgetTable(year=2025, planned=100, spent=(SpendingTable(when=_DAY.replace(year=2025), what="x", euros=140.25),)),
    BudgetTable(year=2024, planned=0),
)
_SCHOOL = RoofTable(
    held=12,
    name=f"toit de l'école {HOSTILE}",
    shares=400,
    area_m2=180.5,
    share_price=100,
    received=("est", "ouest"),
    budget=_BUDGETS,
)
_BARN = RoofTable(held=2.5, name="veranda", shares=1000, received=("garage",))

_KNOWN = RoofFigures(_SCHOOL, 24_350, _NOON, 61_234, 1_234_567, None, 1837, 37_037, ())
_SILENT = RoofFigures(_SCHOOL, None, _NOON - 7200, None, None, MIDNIGHT - 86_400, None, None, ("ouest",))
_NIGHT = RoofFigures(_BARN, 0, MIDNIGHT, 0, 900, MIDNIGHT - 86_400, 0, 2, ())
_NOTHING = RoofFigures(_BARN, None, None, None, None, None, None, None, ("garage",))


def _rows(count=24, known=True):
    """Half hours from midnight on: a part that rises from eight o'clock on, beside what a house draws."""
    return [
        PartBeside(
            at=MIDNIGHT + 1800 * place,
            mine=max(0, place - 16) * 40 if known else None,
            drawn=None if place == 3 else 150 + 10 * (place % 5),
            estimated=place == 20,
        )
        for place in range(count)
    ]


_LOOK = RoofLook(
    meter="house",
    today=_DAY,
    day=_DAY,
    roofs=(_KNOWN,),
    rows=_rows(),
    first=date(2026, 1, 1),
    euros=0.1234,
    has_tariff=True,
    cover=CoverNow(620, 1000),
)
# What was received first came at five in the afternoon: the rest of the day is the household's alone.
_FIRST = RoofFigures(_SCHOOL, 900, MIDNIGHT + 19 * 3600, None, 3200, MIDNIGHT + 17 * 3600, None, 96, ())
_EVENING = [replace(row, mine=row.mine if place >= 34 else None) for place, row in enumerate(_rows(38))]
ROOFS = {
    "a day": _LOOK,
    "first evening": replace(_LOOK, roofs=(_FIRST,), rows=_EVENING, first=_DAY, cover=None),
    "the day before": replace(_LOOK, day=date(2026, 1, 13), rows=_rows(48)),
    "several": replace(_LOOK, roofs=(_KNOWN, _NIGHT)),
    "one silent": replace(_LOOK, roofs=(_SILENT,), rows=_rows(known=False), euros=0.0),
    "night": replace(_LOOK, roofs=(_NIGHT,), rows=_rows(4), euros=0.0),
    "no tariff": replace(_LOOK, euros=None, has_tariff=False),
    "no price": replace(_LOOK, euros=None),
    "nothing received": replace(_LOOK, roofs=(_NOTHING,), rows=_rows(known=False), euros=0.0, first=None),
    "just after midnight": replace(_LOOK, roofs=(_NOTHING,), rows=[], euros=0.0),
    "none": replace(_LOOK, roofs=(), rows=_rows(known=False), euros=None),
}
