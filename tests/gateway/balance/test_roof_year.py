"""Hours of one year laid over another: nothing is lost between them, and no more is used than was drawn."""

from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest

from gateway.balance.calendar import midnight
from gateway.balance.roof_year import HOURS_OF_YEAR, DrawnCell, RoofYear, by_month, hour_number, made_until, used_of


def second(*when):
    """The POSIX second of a moment in UTC."""
    return int(datetime(*when, tzinfo=UTC).timestamp())


def by_lot(seed, minute):
    """A roof whose hours have nothing to do with each other; its 29 February is its 28."""
    chance = Random(seed)
    hours = [chance.choice((0, chance.randrange(5_000_000))) for _ in range(HOURS_OF_YEAR)]
    leap = hour_number(2, 29, 0)
    hours[leap : leap + 24] = hours[leap - 24 : leap]
    return RoofYear(2021, minute, hours)


@pytest.mark.parametrize("minute", [0, 10, 30, 59])
@pytest.mark.parametrize("end", [date(2024, 12, 1), date(2026, 3, 1), date(2026, 10, 27), date(2025, 3, 30)])
def test_a_year_makes_the_sum_of_its_hours(end, minute):
    """Whichever minute they are of, over a 29 February and both changes of the clock: to a watt-hour."""
    roof, first = by_lot(minute, minute), end.replace(year=end.year - 1)
    leap = hour_number(2, 29, 0)
    lived = sum(roof.milliwatts) - sum(roof.milliwatts[leap : leap + 24])
    if (end - first).days == 366:
        lived += sum(roof.milliwatts[leap : leap + 24])
    bounds = range(midnight(first), midnight(end) + 1, 1800)
    made = made_until(roof, bounds)
    assert made == sorted(made)
    assert abs(made[-1] - made[0] - lived / 1000) <= 1


def test_between_two_hours_the_power_is_on_the_line_between_them():
    """By hand: 0 W at 10:10 and 1,200 W at 11:10 are 400 W at 10:30 and 1,000 W at 11:00, 350 Wh in that half hour."""
    hours = [0] * HOURS_OF_YEAR
    hours[hour_number(6, 15, 11)] = 1_200_000
    roof = RoofYear(2020, 10, hours)
    bounds = [second(2026, 6, 15, 10, 30), second(2026, 6, 15, 11), second(2026, 6, 15, 13)]
    made = made_until(roof, bounds)
    assert made[1] - made[0] == 350
    # The whole of it is one hour of 1,200 W, of which 20 minutes on the way to 400 W are before: 66.7 Wh.
    assert made[2] - made[0] == 1200 - 66


def test_the_end_of_a_year_goes_on_with_its_beginning():
    """31 December at 23:30 lies between the last hour and the first one."""
    hours = [0] * HOURS_OF_YEAR
    hours[-1] = hours[0] = 2_000_000
    roof = RoofYear(2020, 0, hours)
    made = made_until(roof, [second(2025, 12, 31, 23, 30), second(2026, 1, 1)])
    assert made[1] - made[0] == 1000


def test_no_more_is_used_than_was_drawn_nor_than_was_made():
    """Cell by cell; what is made is what is used and what is injected, in each month and together."""
    chance, roof, begin = Random(3), by_lot(1, 10), midnight(date(2026, 3, 28))
    starts = chance.sample(range(begin, begin + 5 * 86_400, 1800), 150)
    cells = [DrawnCell(date(2026, 3, 1), at, at + 1800, chance.randrange(3000)) for at in sorted(starts)]
    found = used_of(roof, cells)
    index = made_until(roof, range(begin, begin + 6 * 86_400, 1800))
    for cell, (made, used) in zip(cells, found, strict=True):
        place = (cell.begin - begin) // 1800
        assert abs(made - (index[place + 1] - index[place])) <= 1
        assert used == min(made, cell.wh)
    (sums,) = by_month(cells, [found, found]).values()
    assert sums.seconds == 150 * 1800
    assert sums.produced == sum(made for made, _ in found) == sums.used + sums.injected
    assert sums.drawn == sum(cell.wh for cell in cells)
    assert sums.used < min(sums.drawn, sums.produced)


def test_a_year_is_laid_by_month_and_day():
    """Of a year with a 29 February that day has its own hours, and the days after it are not moved."""
    hours = [1000 * (number // 24) for number in range(HOURS_OF_YEAR)]
    roof = RoofYear(2020, 0, hours)
    for day in (date(2024, 2, 29), date(2024, 3, 1), date(2026, 3, 1), date(2026, 12, 30)):
        noon = second(day.year, day.month, day.day, 12)
        made = made_until(roof, [noon, noon + 3600])
        leap_day = date(2024, day.month, day.day)
        assert made[1] - made[0] == (leap_day - date(2024, 1, 1)) // timedelta(days=1)
