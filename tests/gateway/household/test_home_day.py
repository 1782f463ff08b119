"""What a household asks first of its day, out of days that its meter counted into a real database."""

from contextlib import closing
from datetime import date, timedelta

import pytest

from gateway.balance.calendar import midnight
from gateway.household.days import HouseholdDays
from gateway.household.home_day import DrawnAmount, home_day
from gateway.store.store import Archive
from tests.gateway.balance.conftest import DRAWN, House, base, off_peak

TARIFF = """[[tariff]]
name = "Heures creuses"
from = 2020-01-01
subscription = 31
prices = { hc = 0.1, hp = 0.2 }
"""
WINTER, AUTUMN = date(2026, 1, 14), date(2026, 10, 25)
HOUR = 3600


@pytest.fixture
def house(tmp_path):
    """A household of which nothing is known yet, with a tariff."""
    lived = House(tmp_path)
    lived.configure(TARIFF)
    return lived


def look(house, now):
    """The day as it is known at that second."""
    with closing(Archive(house.folder)) as archive:
        return home_day(HouseholdDays(archive, house.config), house.config.tariff, now)


def days_before(house, day, count, powers):
    """Let so many days before that one pass."""
    house.live(midnight(day - timedelta(days=count)), midnight(day), powers)


def test_on_the_first_evening_it_is_counted_from_the_first_reading_on(house):
    """Since 17:40, with its energy and its euros; of yesterday and of what is usual nothing is said."""
    begin = midnight(WINTER) + 17 * HOUR + 2400
    house.live(begin, begin + 2 * HOUR, off_peak)
    day = look(house, begin + 2 * HOUR)
    assert day.since in range(begin - 300, begin + 1)
    assert day.whole
    # 504 W for two hours at 0.20 €, and what is over of the euro that a day of January costs.
    assert day.today.wh == 1008
    assert day.today.euros == pytest.approx(0.2016 + (17 + 2 / 3 + 2) / 24, abs=0.001)
    assert (day.yesterday, day.by_now, day.usual_w) == (DrawnAmount(), DrawnAmount(), None)


def test_today_stands_beside_what_yesterday_had_come_to_by_now(house):
    """At eight: both have six hours of the night and two of the day behind them; all of yesterday is told as well."""
    days_before(house, WINTER, 2, off_peak)
    now = midnight(WINTER) + 8 * HOUR
    house.live(midnight(WINTER), now, off_peak)
    day = look(house, now)
    assert day.since is None
    assert day.today.wh == day.by_now.wh == 6 * 2016 + 2 * 504
    assert day.today.euros == pytest.approx(day.by_now.euros) == pytest.approx(6 * 0.2016 + 2 * 0.1008 + 8 / 24)
    assert day.yesterday.wh == 8 * 2016 + 16 * 504


def test_half_hours_come_to_the_day_and_know_what_was_off_peak(house):
    """Each is as high as what was drawn in it; until six all of it is off-peak, afterwards nothing."""
    days_before(house, WINTER, 1, off_peak)
    now = midnight(WINTER) + 7 * HOUR + 900
    house.live(midnight(WINTER), now, off_peak)
    day = look(house, now)
    assert sum(one.wh for one in day.half_hours) == day.today.wh
    begins = [one.start for one in day.half_hours]
    assert begins == list(range(midnight(WINTER), now, 1800))
    assert [one.off_peak_wh for one in day.half_hours] == [1008] * 12 + [0, 0, 0]


@pytest.mark.parametrize("known", [4, 5, 28])
def test_usual_is_the_median_of_this_half_hour_over_the_last_weeks(house, known):
    """Not of fewer than five days; one day of guests does not move it."""
    guests = midnight(WINTER - timedelta(days=2))
    days_before(house, WINTER, known, lambda time: {DRAWN: 6000 if guests <= time < guests + 24 * HOUR else 504})
    now = midnight(WINTER) + 19 * HOUR + 600
    house.live(midnight(WINTER), now, base(1200))
    assert look(house, now).usual_w == (504 if known >= 5 else None)


def test_the_hour_is_the_one_on_the_clock(house):
    """When the clock has gone back, seven in the morning is compared with seven in the morning of the days before."""

    def breakfast(time):
        since = (time - midnight(AUTUMN)) % (24 * HOUR) if time < midnight(AUTUMN) else time - midnight(AUTUMN) - HOUR
        return {DRAWN: 2400 if 7 * HOUR <= since < 7 * HOUR + 1800 else 240}

    days_before(house, AUTUMN, 7, breakfast)
    now = midnight(AUTUMN) + 8 * HOUR + 600
    house.live(midnight(AUTUMN), now, breakfast)
    assert look(house, now).usual_w == 2400


@pytest.mark.parametrize(
    ("tariff", "priced"), [("", False), (TARIFF.replace("hc = 0.1, ", ""), True)], ids=["no tariff", "one class alone"]
)
def test_what_has_no_price_costs_an_unknown_amount(house, tariff, priced):
    """Without a tariff, or of a class that none is written for: never a sum of the rest."""
    house.configure(tariff)
    days_before(house, WINTER, 1, off_peak)
    now = midnight(WINTER) + 8 * HOUR
    house.live(midnight(WINTER), now, off_peak)
    day = look(house, now)
    assert day.priced is priced
    assert day.today.wh is not None
    assert (day.today.euros, day.by_now.euros, day.yesterday.euros) == (None, None, None)


def test_a_morning_that_nobody_heard_makes_the_day_not_whole(house):
    """The gateway was off until ten and the meter was another one then: what is told is a part, and is said to be."""
    days_before(house, WINTER, 1, off_peak)
    begin = midnight(WINTER) + 10 * HOUR
    house._totals.clear()
    house.live(begin, begin + HOUR, lambda time: {DRAWN: off_peak(time)[DRAWN]})
    day = look(house, begin + HOUR)
    assert not day.whole
    assert day.since is None


def test_a_house_that_was_never_heard_has_an_empty_day(house):
    """No sum, no half hour, no price of an hour."""
    day = look(house, midnight(WINTER) + HOUR)
    assert (day.today, day.half_hours, day.hour.euros, day.whole) == (DrawnAmount(), (), None, False)
