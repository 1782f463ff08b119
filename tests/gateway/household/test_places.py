"""Places side by side: which there are, and that a half hour is known of all that belongs to one, or not at all."""

from contextlib import closing
from datetime import date

import pytest

from gateway.balance.calendar import midnight
from gateway.household.places import PlaceCurves, left_out, places_of
from gateway.store.received import Incoming, Lot, ReceivedPoints
from gateway.store.store import Archive, Store
from gateway.web.history.curves import HouseholdCurves
from tests.gateway.balance.conftest import AUTUMN, SOLAR, SPRING, WINTER, House, base, hour_of, panels, producing

FEDERATION = '[federation]\njid = "maison@e.org"\n'
ANNEX = '[[meter]]\nname = "annexe"\nsource = "/dev/ttyUSB1"\n'
SCHOOL = '[[received]]\nname = "school"\nprovider = "ecole@e.org/proxy"\nidentifier = "ecole@e.org/m@e.org/%s"\n'
BEGIN = midnight(WINTER)


@pytest.fixture
def house(tmp_path):
    """A household of which nothing is known yet."""
    return House(tmp_path)


def read(house, day=WINTER, number=0):
    """A day of one of the places: half hour of the day -> Wh."""
    with closing(Archive(house.folder)) as archive:
        begin = midnight(day)
        end = midnight(date.fromordinal(day.toordinal() + 1))
        curve = PlaceCurves(archive, house.config).read(places_of(house.config)[number], begin, end)
        return {(time - begin) // 1800: half.wh for time, half in curve.half_hours.items()}


def receive(house, path, values, granularity="PT30M", unit="Wh", begin=BEGIN, step=1800):
    """What the school sends: the values from midnight on, None where nothing came."""
    points = [
        Incoming("n", f"ecole@e.org/m@e.org/{path}", path, unit, granularity, begin + n * step, value)
        for n, value in enumerate(values)
        if value is not None
    ]
    with closing(Store(house.folder)) as store:
        store.providers.receive("ecole@e.org", [Lot(points, None, "P1Y")], begin)


def test_without_a_table_each_source_is_a_place(house):
    """The meter a home, what produces a roof; a counter of water is none."""
    water = '[[counter]]\nname = "water"\nquantity = "water"\ngpio = 4\nper_pulse = "1 l"\n'
    house.configure(SOLAR + water + FEDERATION + SCHOOL % "consumption" + SCHOOL.replace("school", "pv") % "production")
    found = [(one.name, one.kind, one.produced) for one in places_of(house.config)]
    assert found == [
        ("house", "home", False), ("solar", "roof", True), ("school", "other", False), ("pv", "roof", True),
    ]  # fmt: skip


def test_the_inverters_of_a_roof_are_one_place(house):
    """With its name and its area, where the first of them would be."""
    west = SCHOOL.replace("school", "ouest").replace("ecole@", "ouest@")
    house.configure(
        FEDERATION + SCHOOL % "production" + SCHOOL.replace("school", "gym").replace("ecole@", "gym@") % "consumption"
        + west % "production" + '[[roof]]\nname = "Toit"\nshares = 10\nheld = 1\narea_m2 = 180\n'
        'received = ["school", "ouest"]\n'
    )  # fmt: skip
    found = [(one.name, one.kind, one.series, one.area_m2) for one in places_of(house.config)]
    assert found == [
        ("house", "home", ("house",), None),
        ("Toit", "roof", ("school", "ouest"), 180.0),
        ("gym", "other", ("gym",), None),
    ]


@pytest.mark.parametrize(("more", "shown", "left"), [(11, 12, 0), (12, 12, 1), (30, 12, 19)])
def test_one_page_has_as_many_places_as_can_be_told_apart(house, more, shown, left):
    """The first of them, and how many more there are."""
    sources = (SCHOOL.replace("school", f"s{n}").replace("ecole@", f"s{n}@") % "consumption" for n in range(more))
    house.configure(FEDERATION + "".join(sources))
    assert (len(places_of(house.config)), left_out(house.config)) == (shown, left)
    assert places_of(house.config)[-1].name == "s10"


@pytest.mark.parametrize(("day", "hours"), [(WINTER, 24), (SPRING, 23), (AUTUMN, 25)])
def test_a_place_of_ones_own_is_what_the_history_shows(house, day, hours):
    """Half hour by half hour, on days of 23, 24 and 25 hours."""
    house.live_day(day, lambda time: base(1008 if hour_of(time) < 8 else 504)(time))
    with closing(Archive(house.folder)) as archive:
        shown = HouseholdCurves(archive, house.config).half_hours(day)
    found = read(house, day)
    assert found == {(time - midnight(day)) // 1800: one.drawn for time, one in shown.items()}
    assert len(found) == hours * 2


def test_of_what_nobody_read_nothing_is_known(house):
    """Before the first frame and after the last there is no half hour, and none is 0."""
    house.live(BEGIN + 3600, BEGIN + 3 * 3600, base(1008))
    assert read(house) == dict.fromkeys(range(2, 6), 504)


def test_a_home_with_its_panels_used_what_it_drew_and_did_not_give_away(house):
    """504 W always; while the panels give 2,016 W nothing is drawn, and 1,512 W leave."""
    house.configure(SOLAR + '[[place]]\nname = "Nous"\nseries = ["house", "solar"]\n')
    house.live_day(WINTER, producing)
    house.live_day(WINTER, panels, meter="solar")
    assert read(house) == dict.fromkeys(range(48), 252)


def test_a_meter_that_gives_nothing_away_is_added_to_one_that_does(house):
    """504 W in the annex, whose meter has no index of injection, beside the 504 W of the house with its panels."""
    house.configure(SOLAR + ANNEX + '[[place]]\nname = "Nous"\nseries = ["house", "annexe", "solar"]\n')
    house.live_day(WINTER, producing)
    house.live_day(WINTER, base(504), meter="annexe")
    house.live_day(WINTER, panels, meter="solar")
    assert read(house) == dict.fromkeys(range(48), 504)


def test_where_no_meter_tells_what_leaves_the_use_is_unknown_and_that_is_said(house):
    """What the house drew is not what it used: its panels gave something as well, and some of that may have left."""
    house.configure(SOLAR + '[[place]]\nname = "Nous"\nseries = ["house", "solar"]\n')
    house.live_day(WINTER, base(504))
    house.live_day(WINTER, panels, meter="solar")
    with closing(Archive(house.folder)) as archive:
        curve = PlaceCurves(archive, house.config).read(places_of(house.config)[0], BEGIN, BEGIN + 86_400)
    assert (curve.half_hours, curve.silent, curve.untold) == ({}, [], True)


def test_what_panels_made_is_counted_once(house):
    """Of a place that produces the meter's injection is a part of what the panels' own counter counts."""
    house.configure(SOLAR + '[[place]]\nname = "Toit"\nkind = "roof"\nseries = ["house", "solar"]\n')
    house.live_day(WINTER, producing)
    house.live_day(WINTER, panels, meter="solar")
    assert read(house) == {n: 1008 if 20 <= n < 32 else 0 for n in range(48)}


@pytest.mark.parametrize("kind", ["roof", "home"])
@pytest.mark.parametrize("counters", [1, 2])
def test_panels_without_a_counter_beside_some_with_one_are_not_left_out(house, kind, counters):
    """Two homes give to the grid. With a counter of one home's panels nobody knows the sum; with two it is theirs."""
    second = SOLAR.replace("solar", "solar2").replace("gpio = 17", "gpio = 18") if counters == 2 else ""
    names = ["house", "annexe", "solar", "solar2"][: 2 + counters]
    house.configure(SOLAR + second + ANNEX + f'[[place]]\nname = "Nous"\nkind = "{kind}"\nseries = {names}\n')
    for meter in ("house", "annexe"):
        house.live_day(WINTER, producing, meter=meter)
    for meter in names[2:]:
        house.live_day(WINTER, panels, meter=meter)
    with closing(Archive(house.folder)) as archive:
        curve = PlaceCurves(archive, house.config).read(places_of(house.config)[0], BEGIN, BEGIN + 86_400)
    assert curve.uncounted == (counters == 1)
    assert len(curve.half_hours) == (0 if counters == 1 else 48)


def test_while_one_series_is_unknown_the_place_is(house):
    """The counter is silent from noon on: what the house used then nobody knows."""
    house.configure(SOLAR + '[[place]]\nname = "Nous"\nseries = ["house", "solar"]\n')
    house.live_day(WINTER, producing)
    house.live(BEGIN, BEGIN + 12 * 3600, panels, meter="solar")
    assert read(house) == dict.fromkeys(range(24), 252)


def test_a_meter_under_a_roof_shows_what_it_gives(house):
    """A place that produces is read by the index of injection."""
    house.configure('[[place]]\nname = "Toit"\nkind = "roof"\nseries = ["house"]\n')
    house.live_day(WINTER, producing)
    assert read(house) == {n: 756 if 20 <= n < 32 else 0 for n in range(48)}


@pytest.mark.parametrize("side", ["consumption", "production"])
def test_a_received_index_is_read_on_either_side(house, side):
    """The rise between two half hours; one that did not come makes the two beside it unknown."""
    house.configure(FEDERATION + SCHOOL % side)
    receive(house, f"{side}/energy/active/index", [1000 + 500 * n if n != 3 else None for n in range(6)])
    assert read(house, number=1) == {0: 500, 1: 500, 4: 500}


def test_a_received_power_is_read_as_energy(house):
    """A quarter of an hour twice is a half hour."""
    house.configure(FEDERATION + SCHOOL % "consumption")
    receive(house, "consumption/power/active/raw", [1000, 3000, 2000, None, 4000, 4000], "PT15M", "W", step=900)
    assert read(house, number=1) == {0: 1000, 2: 2000}


def test_what_comes_as_index_and_as_power_is_counted_once(house):
    """Both are of the one meter of the school; the index is exact, and comes first."""
    house.configure(FEDERATION + SCHOOL % "consumption")
    receive(house, "consumption/energy/active/index", [1000, 1500, 2000])
    receive(house, "consumption/power/active/raw", [1000] * 6, "PT15M", "W", step=900)
    assert read(house, number=1) == {0: 500, 1: 500, 2: 500}


def test_what_two_sources_cover_is_counted_once(house):
    """All of the school, and one of its meters by name."""
    all_of_it = SCHOOL.replace('"school"', '"all"').replace("/%s", "")
    house.configure(
        FEDERATION + SCHOOL % "consumption" + all_of_it + '[[place]]\nname = "École"\nseries = ["school", "all"]\n'
    )
    receive(house, "consumption/energy/active/index", [0, 500, 1000])
    assert read(house) == {0: 500, 1: 500}


def test_a_source_of_which_the_rest_is_no_energy_is_not_waited_for(house):
    """All of the school has a tariff beside the meter that another source covers: the school is known."""
    all_of_it = SCHOOL.replace('"school"', '"all"').replace("/%s", "")
    house.configure(
        FEDERATION + SCHOOL % "consumption" + all_of_it + '[[place]]\nname = "École"\nseries = ["school", "all"]\n'
    )
    receive(house, "consumption/energy/active/index", [0, 500, 1000])
    receive(house, "contract/tariff", [1, 1, 1], unit="")
    assert read(house) == {0: 500, 1: 500}


def test_what_is_still_to_come_is_not_known(house):
    """A sender whose clock is a day ahead: what is known ends now."""
    house.configure(FEDERATION + SCHOOL % "consumption")
    receive(house, "consumption/energy/active/index", [500 * n for n in range(96)])
    with closing(Archive(house.folder)) as archive:
        curves, places = PlaceCurves(archive, house.config), places_of(house.config)
        assert curves.known(places, BEGIN + 3600.5) == (BEGIN, BEGIN + 3600)
        assert curves.known(places, BEGIN + 10 * 86_400) == (BEGIN, BEGIN + 95 * 1800)
        assert curves.known(places, BEGIN - 1) is None


def test_the_series_of_others_are_read_once(house, monkeypatch):
    """However many places there are."""
    sources = (SCHOOL.replace("school", f"s{n}").replace("ecole@", f"s{n}@") % "consumption" for n in range(8))
    house.configure(FEDERATION + "".join(sources))
    asked, series = [], ReceivedPoints.series
    monkeypatch.setattr(ReceivedPoints, "series", lambda *given: asked.append(1) or series(*given))
    with closing(Archive(house.folder)) as archive:
        curves, places = PlaceCurves(archive, house.config), places_of(house.config)
        curves.known(places, BEGIN)
        for place in places:
            curves.read(place, BEGIN, BEGIN + 86_400)
    assert len(asked) == 1


def test_of_a_received_roof_all_is_shown_whatever_the_share(house):
    """A share of a tenth is another page's."""
    house.configure(FEDERATION + SCHOOL % "production" + 'share = { held = 10, unit = "percent" }\n')
    receive(house, "production/energy/active/index", [0, 4000, 9000])
    assert read(house, number=1) == {0: 4000, 1: 5000}


def test_several_sources_add_up_to_one_place(house):
    """Two buildings of a school; a source that never sent anything makes the whole unknown, and is named."""
    two = SCHOOL.replace("school", "gym").replace("ecole@", "gym@")
    house.configure(
        FEDERATION + SCHOOL % "consumption" + two % "consumption"
        + '[[place]]\nname = "École"\nkind = "school"\nseries = ["house", "school"]\n'
        + '[[place]]\nname = "Tout"\nseries = ["school", "gym"]\n'
    )  # fmt: skip
    house.live_day(WINTER, base(1008))
    receive(house, "consumption/energy/active/index", [500 * n for n in range(5)])
    assert read(house) == dict.fromkeys(range(4), 1004)
    with closing(Archive(house.folder)) as archive:
        curve = PlaceCurves(archive, house.config).read(places_of(house.config)[1], BEGIN, BEGIN + 86_400)
    assert (curve.half_hours, curve.silent) == ({}, ["gym"])
