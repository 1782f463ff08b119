"""Days reckoned by hand, from frames to energy, shares and euros; both days on which the clock changes among them."""

import json
import time
from contextlib import closing
from datetime import date
from fractions import Fraction

import pytest

from gateway.balance.calendar import midnight
from gateway.balance.energy import total
from gateway.balance.tariff import cost
from gateway.commands.main import main
from gateway.config.tables import load
from gateway.household.days import DRAWN, INJECTED, POWER, HouseholdDays, roll_up
from gateway.live.meter import TOO_LITTLE, UNREAD
from gateway.store.points import Granularity
from gateway.store.received import Incoming, Lot
from gateway.store.recorder import Happened
from gateway.store.store import Archive, Store
from tests.gateway.balance.conftest import AUTUMN, SOLAR, SPRING, WINTER, base, hour_of, off_peak, panels, producing

BASE = """
[[tariff]]
name = "Base"
from = 2026-01-01
subscription = 31
prices = { base = 0.2 }
injection = 0.04
"""
HC = BASE.replace("{ base = 0.2 }", "{ hc = 0.2, hp = 0.3 }")
TEMPO = BASE.replace(
    "{ base = 0.2 }",
    "{ hcjb = 0.1325, hpjb = 0.1612, hcjw = 0.1499, hpjw = 0.1871, hcjr = 0.1575, hpjr = 0.706 }",
)
ROOF = """
[federation]
jid = "maison@e.org"
[[received]]
name = "roof"
provider = "toit@e.org/proxy"
identifier = "toit@e.org/pv@e.org/production"
share = { held = 10, unit = "percent" }
"""


def price(house, day, text):
    """What a day costs under a tariff, as a sum of euros."""
    house.configure(text)
    return cost([day], house.config.tariff)


@pytest.mark.parametrize(
    ("day", "hours", "euros"), [(WINTER, 24, "5.8384"), (SPRING, 23, "5.6368"), (AUTUMN, 25, "6.04")]
)
def test_a_base_day_is_its_hours_times_its_power(house, day, hours, euros):
    """1,008 W for 24, 23 and 25 hours, at 0.20 € and a euro a day."""
    house.live_day(day, base(1008))
    known = house.day(day)
    assert (known.drawn, dict(known.classes), known.whole, known.estimated) == (
        1008 * hours,
        {"base": 1008 * hours},
        True,
        False,
    )
    assert price(house, known, BASE).total == Fraction(euros)


@pytest.mark.parametrize(("day", "low"), [(WINTER, 8), (SPRING, 7), (AUTUMN, 9)])
def test_off_peak_hours_change_with_the_clock(house, day, low):
    """2,016 W in 8, 7 and 9 hours of the night, 504 W in 16 of the day; each class at its price."""
    house.live_day(day, off_peak)
    known = house.day(day)
    assert known.classes == {"hc": 2016 * low, "hp": 504 * 16}
    assert known.drawn == 2016 * low + 504 * 16
    found = price(house, known, HC)
    assert found.classes == {"hc": Fraction("0.4032") * low, "hp": Fraction("2.4192")}
    assert (found.total, found.unpriced_wh) == (Fraction("0.4032") * low + Fraction("3.4192"), 0)


def tempo(at):
    """A red day after a blue one: until 6 the night of the blue day, from 22 on that of the red one."""
    hour = hour_of(at)
    return (1, "HC  BLEU") if hour < 6 else (6, "HP  ROUGE") if hour < 22 else (5, "HC  ROUGE")


def test_a_tempo_day_has_the_night_of_the_day_before(house):
    """6 kWh blue off-peak, 8 red peak, 2 red off-peak; the numbers of the meter get the words of the supplier."""

    def powers(at):
        number, watts = tempo(at)[0], 504 if 6 <= hour_of(at) < 22 else 1008
        return {DRAWN: watts} | {f"{DRAWN}/provider/{n}": watts if n == number else 0 for n in range(1, 7)}

    def texts(at):
        number, text = tempo(at)
        return {"contract/tariff/index": f"{number:02}", "contract/tariff": text}

    house.live_day(WINTER, powers, texts)
    known = house.day(WINTER)
    assert known.classes == {"hcjb": 6048, "hpjr": 8064, "hcjr": 2016}
    euros = Fraction(6048 * 1325 + 8064 * 7060 + 2016 * 1575, 10_000_000) + 1
    assert price(house, known, TEMPO).total == euros


def test_a_red_day_that_was_not_heard_by_its_name_has_its_price(house):
    """What the meter counts as 5 and 6 under Tempo is red, though it has said the name of blue hours alone."""

    def powers(at):
        return {DRAWN: 504} | {f"{DRAWN}/provider/{n}": 504 if n == tempo(at)[0] else 0 for n in range(1, 7)}

    said = {"contract/tariff/index": "01", "contract/tariff": "HC  BLEU", "contract/calendar": "     TEMPO      "}
    house.live_day(WINTER, powers, lambda _: said)
    known = house.day(WINTER)
    assert known.classes == {"hcjb": 3024, "hpjr": 8064, "hcjr": 1008}
    assert price(house, known, TEMPO).unpriced_wh == 0


@pytest.mark.parametrize(("day", "night"), [(WINTER, 18), (SPRING, 17), (AUTUMN, 19)])
def test_a_producer_uses_what_it_does_not_inject(house, day, night):
    """12 kWh made, 9 injected, 3 used: a quarter; of what the house needs the sun gives 6 hours of its day."""
    house.configure(SOLAR)
    house.live_day(day, producing)
    house.live_day(day, panels, meter="solar")
    known = house.day(day)
    assert (known.drawn, known.injected, known.produced) == (504 * night, 9072, 12096)
    assert (known.use.used, known.use.half_hours) == (3024, 2 * (night + 6))
    assert known.use.self_consumed == 0.25
    assert known.use.self_sufficient == pytest.approx(6 / (night + 6))
    assert price(house, known, BASE + SOLAR).income == Fraction("0.36288")


@pytest.mark.parametrize(
    ("path", "unit", "steps"),
    [
        ("production/energy/active/index", "Wh", {"PT30M": range(0, 86401, 1800)}),
        ("production/energy/active/index", "Wh", {"PT15M": range(0, 86401, 900)}),
        ("production/power/active/raw", "W", {"PT30M": range(0, 86400, 1800)}),
        ("production/power/active/raw", "W", {"PT15M": range(0, 86400, 900)}),
        # A consent to half hours became one to quarters at half past eleven.
        ("production/power/active/raw", "W", {"PT30M": range(0, 41_400, 1800), "PT15M": range(41_400, 86400, 900)}),
    ],
)
def test_a_part_of_a_shared_roof_counts_up_to_what_was_drawn_in_the_half_hour(house, path, unit, steps):
    """504 W drawn always; a tenth of a roof gives 1,008 W in two hours and 252 W in four: 504 x 2 + 252 x 4 used."""
    house.configure(ROOF)
    house.live_day(WINTER, base(504))
    power, index, indexes = {10: 10080, 11: 10080, 12: 2520, 13: 2520, 14: 2520, 15: 2520}, 0, {}
    for at in range(midnight(WINTER), midnight(WINTER) + 86401, 900):
        indexes[at] = index
        index += power.get(hour_of(at), 0) // 4
    values = [
        Incoming("n", f"toit@e.org/pv@e.org/{path}", path, unit, granularity, at, said)
        for granularity, span in steps.items()
        for at in (midnight(WINTER) + second for second in span)
        for said in (indexes[at] if unit == "Wh" else power.get(hour_of(at), 0),)
    ]
    with closing(Store(house.folder)) as store:
        store.providers.receive("toit@e.org", [Lot(values, None, "P1Y")], midnight(WINTER))
    known = house.day(WINTER)
    assert (known.produced, known.use.used_shared, known.use.used) == (3024, 2016, 0)
    assert known.use.self_consumed == pytest.approx(2016 / 3024)
    assert known.use.self_sufficient == pytest.approx(2016 / (504 * 24))


def test_a_shared_roof_that_is_received_as_its_meter_says_it_counts_as_well(house):
    """The same roof at raw, its frames ten seconds apart and none at a half hour: within a watt-hour at each change."""
    house.configure(ROOF)
    house.live_day(WINTER, base(504))
    power, index, values = {10: 10080, 11: 10080, 12: 2520, 13: 2520, 14: 2520, 15: 2520}, 0, []
    name = "toit@e.org/pv@e.org/production/energy/active/index"
    for at in range(midnight(WINTER) - 5, midnight(WINTER) + 88_000, 10):
        if not values or values[-1].value != index:
            values.append(Incoming(name, name, "production/energy/active/index", "Wh", "raw", at, index))
        index += power.get(hour_of(at + 5), 0) // 360
    # By night it says nothing until it counts again.
    values.append(Incoming(name, name, "production/energy/active/index", "Wh", "raw", at, index))
    with closing(Store(house.folder)) as store:
        store.providers.receive("toit@e.org", [Lot(values, None, "P1Y")], midnight(WINTER))
    known = house.day(WINTER)
    # Where a frame counts three watt-hours more than the one before is an estimate, and so is the night before.
    assert (known.produced, known.use.half_hours, known.use.estimated) == (pytest.approx(3024, abs=1), 48, 23)
    assert known.use.used_shared == pytest.approx(2016, abs=3)


def test_a_meter_that_is_switched_over_keeps_its_classes(house):
    """Until noon the index is called hc, then 1 with the text HC: the day has one class of both."""
    noon = midnight(WINTER) + 12 * 3600
    house.live(midnight(WINTER), noon, lambda _: {DRAWN: 1008, f"{DRAWN}/provider/hc": 1008})
    house.live(
        noon + 300,
        midnight(date(2026, 1, 15)),
        lambda _: {DRAWN: 1008, f"{DRAWN}/provider/1": 1008},
        lambda _: {"contract/tariff/index": "01", "contract/tariff": "HC"},
    )
    # The five minutes between the two names are neither's.
    assert house.day(WINTER).classes == {"hc": 1008 * 24 - 84}


def test_an_hour_is_priced_by_its_watts_and_not_by_its_volt_amperes(house, capsys):
    """1,500 VA of which the index counts 1,008 W, in peak hours at 0.30 euro: 30 cents an hour, not 45."""
    now = int(time.time()) // 300 * 300
    texts = {"contract/tariff/index": "02", "contract/tariff": "HP", POWER: 1500}
    house.live(now - 900, now, lambda _: {DRAWN: 1008}, lambda _: texts)
    house.configure(HC)
    assert main(["cost", "--json", "--config", str(house.folder / "gateway.toml")]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["euros_per_hour"], told["watts"]) == (0.3024, 1008)
    with closing(Archive(house.folder)) as archive:
        known = HouseholdDays(archive, house.config)
        assert (known.watts_now(now), known.watts_now(now + 3600)) == (1008, None)
        assert (known.class_now(now), known.class_now(now + 3600)) == ("hp", None)


def test_of_the_first_minutes_and_of_another_meter_no_power_is_known(house):
    """A silence or an exchange within the five minutes that a power is a mean of: unknown, and no jump is priced."""
    now = int(time.time()) // 300 * 300
    house.live(now - 7200, now - 3600, lambda _: {DRAWN: 1008}, lambda _: {POWER: 1500})
    house.live(now - 299, now - 299, lambda _: {DRAWN: 1008}, lambda _: {POWER: 1500})
    with closing(Archive(house.folder)) as archive:
        assert HouseholdDays(archive, house.config).watts_now(now) is None
    house.live(now + 1, now + 601, lambda _: {DRAWN: 1008}, lambda _: {POWER: 1500})
    with closing(Archive(house.folder)) as archive:
        assert HouseholdDays(archive, house.config).watts_now(now + 601) == 1008
    recorder = house._recorders["house"]
    house._totals["house", DRAWN] += 5000
    recorder.tell(Happened(now + 700, "meter-replaced", "", {}))
    house.live(now + 901, now + 901, lambda _: {DRAWN: 1008}, lambda _: {POWER: 1500})
    with closing(Archive(house.folder)) as archive:
        assert HouseholdDays(archive, house.config).watts_now(now + 960) is None


def test_a_night_without_readings_is_shared_out_and_said_to_be(house):
    """Silent from 23:00 to 0:30: two thirds of that are the one day's, one the other's, and none is lost."""
    first, second = date(2026, 1, 14), date(2026, 1, 15)
    house.live(midnight(first), midnight(second) - 3600, base(1008))
    house._totals["house", DRAWN] += 4032
    house.live(midnight(second) + 1800, midnight(date(2026, 1, 16)), base(1008))
    one, two = house.days(first, date(2026, 1, 16))
    assert (one.drawn, two.drawn) == (23 * 1008 + 2688, 1344 + 47 * 504)
    assert (one.estimated, two.estimated, one.whole, two.whole) == (True, True, True, True)


def test_nothing_is_counted_between_two_meters(house):
    """A replaced meter has another index: its jump was not drawn; only the time in which none was read is not known."""
    noon = midnight(WINTER) + 12 * 3600
    house.live(midnight(WINTER), noon, base(1008))
    house._totals["house", DRAWN] = 5_000_000
    house._recorders["house"].tell(Happened(noon + 1800, "meter-replaced", "", {}))
    house.live(noon + 1800, midnight(date(2026, 1, 15)), base(1008))
    known = house.day(WINTER)
    assert known.drawn == 1008 * 23 + 504
    assert not known.whole


def test_today_counts_up_to_the_last_reading(house):
    """A day that has not ended has what was drawn until now."""
    house.live(midnight(WINTER), midnight(WINTER) + 10 * 3600 + 900, base(1008))
    known = house.day(WINTER)
    assert known.drawn == 10332
    assert not known.whole


@pytest.fixture
def kept(house):
    """A producer's day that is over and rolled up."""
    house.configure(SOLAR)
    house.live_day(WINTER, producing)
    house.live_day(WINTER, panels, meter="solar")
    with closing(Store(house.folder)) as store:
        while roll_up(store, house.config, midnight(WINTER) + 86400):
            pass
    return house


def rolled_up(house):
    """The days that the roll-up holds."""
    with closing(Archive(house.folder)) as archive:
        return {day for (day,) in archive.db.execute("SELECT day FROM kept_day")}


def test_a_rolled_up_day_says_the_same(kept):
    """What is kept of a day is what its half hours say."""
    assert midnight(WINTER) in rolled_up(kept)
    before = kept.day(WINTER)
    with closing(Store(kept.folder)) as store:
        store.db.execute("DELETE FROM kept_day")
    assert kept.day(WINTER) == before


def test_a_corrected_half_hour_undoes_the_roll_up(kept):
    """After a rectification the day is reckoned anew, by itself."""
    ten = midnight(WINTER) + 10 * 3600
    with closing(Store(kept.folder)) as store:
        path = INJECTED.replace("energy/active/index", "power/active/raw")
        assert midnight(WINTER) in rolled_up(kept)
        store.corrections.rectify("house", path, Granularity.HALF_HOUR, ten, "512", ten, "", "a slip")
    assert midnight(WINTER) not in rolled_up(kept)
    with closing(Store(kept.folder)) as store:
        assert roll_up(store, kept.config, midnight(WINTER) + 86400)
    assert midnight(WINTER) in rolled_up(kept)


def test_one_wrong_half_hour_does_not_change_the_shares_of_a_day(kept):
    """43 kW in a half hour of the curve, against the indexes: the shares follow the energies beside them."""
    before = kept.day(WINTER).use
    with closing(Store(kept.folder)) as store:
        path = DRAWN.replace("energy/active/index", "power/active/raw")
        store.corrections.rectify(
            "house", path, Granularity.HALF_HOUR, midnight(WINTER), "43000", midnight(WINTER), "", "a slip"
        )
    assert kept.day(WINTER).use.self_sufficient == before.self_sufficient


def test_a_counter_that_died_at_noon_says_nothing_of_the_day(house):
    """Neither of that day nor of those until it is read again, however its two indexes are the same; then it does."""
    days = [date(2026, 1, 14 + place) for place in range(4)]
    house.configure(SOLAR)
    house.live(midnight(days[0]), midnight(days[3]) + 86400, producing)
    house.live(midnight(days[0]), midnight(days[0]) + 12 * 3600, panels, meter="solar")
    house.live(midnight(days[2]) + 8 * 3600, midnight(days[3]) + 86400, panels, meter="solar")
    found = [(day.injected, day.produced, day.doubt) for day in house.days(days[0], date(2026, 1, 18))]
    assert found == [(9072, None, UNREAD)] * 3 + [(9072, 12096, None)]
    assert [day.use is None for day in house.days(days[0], date(2026, 1, 18))] == [True] * 3 + [False]
    summed = total(house.days(days[0], date(2026, 1, 18)))
    assert (summed.injected, summed.produced, summed.use) == (4 * 9072, None, None)


def test_less_counted_than_injected_is_no_production(house):
    """Half of the panels on the counter: what all of them made is not known; less than what left is not told."""
    house.configure(SOLAR)
    house.live_day(WINTER, producing)
    house.live_day(WINTER, lambda time: {INJECTED: panels(time)[INJECTED] // 2}, meter="solar")
    day = house.day(WINTER)
    assert (day.injected, day.produced, day.use, day.doubt) == (9072, None, None, TOO_LITTLE)


def test_a_roll_up_of_other_sources_is_not_believed(kept):
    """A household that takes its counter out of the file sees no production, whatever was kept."""
    kept.configure("")
    assert kept.day(WINTER).use is None


def test_an_unknown_meter_is_named(house):
    """Asking for an unknown meter names those that there are."""
    with closing(Archive(house.folder)) as archive, pytest.raises(ValueError, match=r"no \[\[meter\]\].*house"):
        HouseholdDays(archive, load(house.folder / "gateway.toml"), "garage")


def test_days_of_which_nothing_is_known_are_none(house):
    """An empty database has no days."""
    assert house.days(date(2026, 1, 1), date(2026, 2, 1)) == []
    assert total([]).drawn is None
