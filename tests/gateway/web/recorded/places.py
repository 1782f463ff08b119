"""What the recorded page of the places shows: a school, a home, a roof by hand, with gaps; every look at them."""

from datetime import date, timedelta

from gateway.balance.calendar import day_of, midnight
from gateway.household.places import ComparedPlace, HalfHour, PlaceCurve
from gateway.web.places.measure import MEASURES
from gateway.web.places.values import TABLES, PlacesSeen
from tests.gateway.web.recorded.visit import Visit

_STEP_S = 1800
_SCHOOL = ComparedPlace("École du <bourg>", "school", ("ecole",), people=84, area_m2=620)
_HOME = ComparedPlace("Chez Camille", "home", ("house", "solar"), people=4, area_m2=110.5)
_ROOF = ComparedPlace("Toit de la mairie", "roof", ("toit",), produced=True, area_m2=190)
_EMPTY = ComparedPlace("Salle", "hall", ("salle", "salle-2"))
_DAY = date(2026, 1, 14)


def _at_school(time, hour):
    busy = 8 <= hour < 16.5 and day_of(time).weekday() < 5
    return HalfHour(3100 + int(hour * 10) if busy else 160, estimated=False)


def _at_home(time, hour):
    return HalfHour(1150 if hour >= 23 or hour < 1 else 90 + int(hour), estimated=9 <= hour < 11)


def _on_the_roof(time, hour):
    return HalfHour(max(0, round(6000 * (1 - ((hour - 12.5) / 4) ** 2))), estimated=False)


def _curve(place, energy, begin, until, gaps=()):
    times = range(begin, until, _STEP_S)
    known = {
        time: energy(time, (time - midnight(day_of(time))) / 3600) for n, time in enumerate(times) if n % 48 not in gaps
    }
    return PlaceCurve(place, known, () if known else place.series)


def seen(period="day", first=_DAY, places=3, over_h=None):
    """A day or a week; ``over_h`` hours of it are over."""
    end = first + timedelta(days=7 if period == "week" else 1)
    begin, until = midnight(first), midnight(end)
    over = begin + int(over_h * 3600) if over_h else until
    curves = [
        _curve(_SCHOOL, _at_school, begin, over),
        _curve(_HOME, _at_home, begin, over, gaps=(4, 5, 6, 20, 30, 32)),
        _curve(_ROOF, _on_the_roof, begin, over),
        _curve(_EMPTY, _at_home, begin, over, gaps=range(48)),
    ]
    known = (midnight(date(2026, 1, 1)), max(over, midnight(date(2026, 1, 15))) if over_h is None else over)
    days = (date(2026, 1, 1), day_of(known[1] - 1))
    before = first - (end - first)
    return PlacesSeen(period, first, end, begin, until, curves[:places], known, days, before, end)


def nothing():
    """Before anything was heard."""
    begin = midnight(_DAY)
    end = _DAY + timedelta(days=1)
    return PlacesSeen(
        "day", _DAY, end, begin, midnight(end), [PlaceCurve(ComparedPlace("house", "home", ("house",)), {})]
    )


SEEN = {
    "a day": seen(),
    "four": seen(places=4),
    "a day that goes on": seen(over_h=10.5),
    "one place": seen(places=1),
    "a week": seen("week", date(2026, 1, 12)),
    "a week of 167 hours": seen("week", date(2026, 3, 23)),
    "nothing": nothing(),
}


class PlacesDesk:
    """Who knows the places; ``held`` says what it holds."""

    def __init__(self, held):
        self._held = held

    async def seen(self, period, day):
        return self._held.fault_or(self._held.places)


def places_visits(fault):
    """Every look: each state as each view, each unit, the screen of a class-room, what is wrong."""
    for name, found in SEEN.items():
        asked = {"week": "period=week"}.get(found.period, f"date={found.first}")
        for path in ("/places", "/places/screen"):
            for view in ("apart", "together"):
                yield Visit(f"{path[1:]}: {name}, {view}", f"{path}?{asked}&view={view}", held={"places": found})
    for unit in MEASURES:
        yield Visit(f"places: in {unit}", f"/places?unit={unit}")
        yield Visit(f"places: a week in {unit}", f"/places?period=week&unit={unit}", held={"places": SEEN["a week"]})
    for name in ("a day that goes on", "a week", "nothing"):
        found = SEEN[name]
        for table in TABLES if found.period == "week" else TABLES[:1]:
            asked = f"period={found.period}&date={found.first}&table={table}"
            for form in ("fr", "en"):
                yield Visit(
                    f"places/csv: {name}, {table}, {form}", f"/places/csv?{asked}&form={form}", held={"places": found}
                )
    yield Visit("places/csv: per person", "/places/csv?unit=person")
    for wrong in ("table=<b>", "form=<b>", "period=month"):
        yield Visit(f"places/csv, wrong {wrong}", f"/places/csv?{wrong}")
    for wrong in ("period=month", "period=<b>", "unit=<b>", "view=<b>", "date=2026-02-30", "date=<b>"):
        yield Visit(f"places, wrong {wrong}", f"/places?{wrong}")
    yield Visit("places, no store", "/places", held={"fault": fault})
