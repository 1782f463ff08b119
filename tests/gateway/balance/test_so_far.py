"""A period that is not over, beside as much of the year before as there was at the same time of day."""

import json
from datetime import date, datetime, timedelta

import pytest

from gateway.balance.calendar import BalancePeriod, midnight
from gateway.commands.main import main
from gateway.household.days import DRAWN
from tests.gateway.balance.conftest import AUTUMN, PARIS, SPRING, WINTER, base

TARIFF = """
[[tariff]]
name = "Base"
from = 2020-01-01
subscription = 31
prices = { base = 0.25 }
"""
# In the spring of 2025 the clock changed on this date.
LAST_SPRING = date(2026, 3, 30)


def at(day, hour, minute=0):
    """That time of that day, by the clock."""
    return int(datetime(day.year, day.month, day.day, hour, minute, tzinfo=PARIS).timestamp())


def row(house, capsys, what, period):
    """The last row that a command shows."""
    assert main([what, "--json", "--period", period, "--config", str(house.folder / "gateway.toml")]) == 0
    return json.loads(capsys.readouterr().out)["rows"][-1]


@pytest.mark.parametrize("day", [WINTER, SPRING, AUTUMN, LAST_SPRING])
def test_a_day_is_compared_with_the_same_time_of_the_year_before(house, capsys, day):
    """504 W now, 1,008 W a year ago: half as much at any time, also where one of the days has an hour more or less."""
    before, from_ = BalancePeriod.DAY.year_before(day), midnight(day) - 300
    house.configure(TARIFF)
    house.live_day(before, base(1008))
    for hour in ((6, 0), (12, 0), (23, 55)):
        until, then = at(day, *hour), at(before, *hour)
        house.live(from_, until, base(504))
        from_ = until + 300
        house._totals["house", DRAWN] += 42
        now = row(house, capsys, "balance", "day")
        assert (now["drawn_wh"], now["year_before"]["drawn_wh"]) == (
            504 * (until - midnight(day)) // 3600,
            1008 * (then - midnight(before)) // 3600,
        )
        money = row(house, capsys, "cost", "day")
        for side, first, last in ((money, day, until), (money["year_before"], before, then)):
            over = (last - midnight(first)) / (midnight(first + timedelta(days=1)) - midnight(first))
            assert side["subscription"] == pytest.approx(over, abs=1e-4)


def test_a_month_is_compared_up_to_the_same_time_of_the_same_day(house, capsys):
    """On the third of a month at ten o'clock: two days and ten hours of both years."""
    house.configure(TARIFF)
    for year, watts in ((2025, 1008), (2026, 504)):
        last = at(date(2026, 1, 3), 10) if year == 2026 else midnight(date(2025, 1, 5))
        house.live(midnight(date(year, 1, 1)) - 300, last, base(watts))
    now = row(house, capsys, "balance", "month")
    assert (now["drawn_wh"], now["year_before"]["drawn_wh"]) == (504 * 58, 1008 * 58)
    money = row(house, capsys, "cost", "month")
    assert money["subscription"] == money["year_before"]["subscription"] == pytest.approx(58 / 24, abs=1e-3)


def test_nothing_is_compared_where_the_year_before_is_not_known_at_that_time(house, capsys):
    """Of a day whose half hours are missing nobody knows what it had come to at six o'clock."""
    before = BalancePeriod.DAY.year_before(WINTER)
    house.live(midnight(before) - 600, midnight(before), base(1008))
    house._totals["house", DRAWN] += 24_192
    house.live(midnight(before) + 86_100, midnight(before) + 86_400, base(1008))
    house.live(midnight(WINTER) - 300, at(WINTER, 6), base(504))
    assert row(house, capsys, "balance", "day")["year_before"] is None


def test_a_day_that_is_over_is_compared_with_a_whole_one(house, capsys):
    """At midnight sharp the day is whole, and so is that of the year before."""
    house.live_day(BalancePeriod.DAY.year_before(WINTER), base(1008))
    house.live(midnight(WINTER) - 300, midnight(WINTER) + 86400, base(504))
    house.live(midnight(WINTER) + 86_700, midnight(WINTER) + 90_000, base(504))
    assert main(["balance", "--json", "--period", "day", "--config", str(house.folder / "gateway.toml")]) == 0
    whole = json.loads(capsys.readouterr().out)["rows"][-2]
    assert (whole["drawn_wh"], whole["year_before"]["drawn_wh"]) == (504 * 24, 1008 * 24)


def test_a_day_of_which_a_part_is_known_is_held_against_nothing(house, capsys):
    """The gateway's first evening, a year later: its four hours are no day, and no percentage says that they are."""
    before = BalancePeriod.DAY.year_before(WINTER)
    house.live(at(before, 20), midnight(before) + 86_400, base(1008))
    house.live(midnight(WINTER) - 300, midnight(WINTER) + 86_400, base(504))
    command = ["balance", "--period", "day", "--lang", "en", "--config", str(house.folder / "gateway.toml")]
    assert main(command) == 0
    (line,) = [one.split() for one in capsys.readouterr().out.splitlines() if one.startswith(str(WINTER))]
    assert line[1:4] == ["12.1", "4.0", "–"]
