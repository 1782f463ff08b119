"""What is said of days, from what was counted of them: the same as all readings say, whatever happens to them."""

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gateway.collector.retention import retain
from tests.gateway.collector.desk import INDEX, POWER, SENSOR, TARIFF, notice, parcel
from tests.gateway.collector.test_borders import Index
from tests.gateway.collector.test_counted import count, with_tables
from tests.gateway.collector.test_figures import STEP, due, half_hours, index_at, joined, sent
from tests.gateway.collector.test_views import at, keep

PARIS = ZoneInfo("Europe/Paris")
# What is looked up reads every reading; the other side of the comparison reads what was counted.
DIFFER = """
WITH counted AS (SELECT meter, path, unit, day, finish, energy, whole FROM energy_daily),
looked_up AS (
  SELECT meter, path, unit, start, finish, energy, whole
  FROM energy('1 day', 'Europe/Paris', now() - interval '1 year', now())
)
SELECT * FROM ((TABLE counted EXCEPT ALL TABLE looked_up) UNION ALL (TABLE looked_up EXCEPT ALL TABLE counted)) AS odd
"""
COPIES = "SELECT count(*) FROM counted WHERE first_value IS NOT NULL OR last_value IS NOT NULL"


def is_same(store):
    """Whether the energy of days is what all readings say; before they are counted, and after."""
    assert store.ask(DIFFER) == []
    count(store)
    assert store.ask(DIFFER) == []
    return store.one("SELECT count(*) FROM energy_daily") > 0


def of(said, granularity):
    """moment -> value as a pack."""
    return parcel(*((at(moment), value) for moment, value in said.items()), granularity=granularity)


def without(values, *holes):
    """Some values, but for those at these places."""
    gone = {place for hole in holes for place in range(hole.start, hole.stop)}
    return {moment: value for n, (moment, value) in enumerate(values.items()) if n not in gone}


MOMENTS = half_hours(6)
VALUES = index_at(MOMENTS)
SWAPPED = {moment: value - (1_000_000 if n >= 130 else 0) for n, (moment, value) in enumerate(VALUES.items())}
METER = Index()
HOMES = {
    "perfect": [sent(VALUES), sent(VALUES, f"{INDEX}/provider/1"), sent(dict.fromkeys(MOMENTS, 300), POWER, "VA")],
    "gappy": [sent(without(VALUES, slice(40, 47), slice(90, 200)))],
    "without its midnights": [sent({m: v for m, v in VALUES.items() if m.astimezone(PARIS).hour})],
    "swapped": [sent(SWAPPED)],
    "two granularities": [
        sent(without(VALUES, slice(100, 300))),
        sent(without(VALUES, slice(0, 90)), granularity="PT15M"),
    ],
    **{granularity: [of(METER.said(granularity), granularity)] for granularity in ("raw", "PT1M", "P1D")},
    "minutes and days": [of(METER.said(granularity), granularity) for granularity in ("PT1M", "PT30M", "P1D")],
    "an index of nonsense": [sent(VALUES | {MOMENTS[100]: 9e14, MOMENTS[160]: -9e14})],
}


@pytest.mark.parametrize("packs", HOMES.values(), ids=HOMES)
def test_the_energy_of_days_is_what_all_readings_say(store, packs):
    """Looked up, counted, and after what is late, erased, rectified and past its retention."""
    keep(store, *packs)
    assert is_same(store)
    copies = store.one(COPIES)
    assert copies > 0
    (first, last) = store.ask("SELECT min(time), max(time) FROM reading")[0]
    middle = first + (last - first) / 2
    late = middle.replace(minute=11, second=0, microsecond=0)
    keep(
        store,
        sent({late: 5_000_500, late.replace(minute=12): 5_000_501}, granularity=packs[0].granularities.popitem()[1]),
    )
    assert is_same(store)
    keep(store, notice("data-erased", "", "e1", first=at(middle) - 40_000, last=at(middle)))
    assert is_same(store)
    keep(store, notice("data-erased", "", "e2", first=0, last=at(first) + 20 * 3600))
    assert is_same(store)
    store.ask("UPDATE series SET keep = now() - %s", middle + timedelta(hours=1, minutes=20))
    with_tables(store, lambda database: retain(database, "P3Y"))
    assert is_same(store)
    assert store.one("SELECT count(*) FROM counted WHERE first_at < %s", middle) == 0


def test_a_home_that_says_only_its_tariff_has_no_energy(store):
    """And no row of a day."""
    keep(store, sent({MOMENTS[5]: "HC", MOMENTS[-20]: "HP"}, TARIFF, None, "raw"))
    assert not is_same(store)
    assert store.ask("SELECT * FROM counted") == []


def test_days_on_which_clocks_change(store):
    """Those of the last year, of 23 hours and of 25, their neighbours with them."""
    today, day = datetime.now(PARIS).replace(hour=0, minute=0, second=0, microsecond=0), timedelta(days=1)
    midnights = [today - n * day for n in range(2, 363)]
    changes = [one for one in midnights if (one + day).utcoffset() != one.utcoffset()]
    assert changes
    moments = sorted((one - day).astimezone(UTC) + n * STEP for one in changes for n in range(3 * 48))
    keep(store, sent(index_at(moments)))
    joined(store, moments[0])
    assert is_same(store)
    for one in changes:
        since, until = one.astimezone(UTC), (one + day).astimezone(UTC)
        half_hours_of = (until - since) // STEP
        assert half_hours_of in (46, 50)
        rows = store.ask("SELECT expected, received FROM completeness(%s, %s)", since, until)
        assert rows == [(half_hours_of, half_hours_of)]


def test_what_is_erased_leaves_no_copy(store):
    """Neither index of a day stands anywhere once the notice is obeyed: before its day is counted anew."""
    keep(store, sent(VALUES))
    count(store)
    assert store.one(COPIES) >= 6
    keep(store, notice("data-erased", f"{SENSOR}/{INDEX}", first=at(MOMENTS[0]), last=at(MOMENTS[-1])))
    assert store.one(COPIES) == 0
    keep(store, sent(VALUES))
    count(store)
    keep(store, notice("consent-limited", number="l"))
    assert store.ask("SELECT * FROM energy_daily") == []
    keep(store, notice("consent-resumed", number="r"))
    assert is_same(store)
    keep(store, notice("consent-withdrawn", number="w"))
    assert store.ask("SELECT * FROM counted") == []


def reckoned(moments, there):
    """(day, due, of these there) by hand, of a home that joined with the first; of no day on which nothing is due."""
    days = {}
    for moment in due(moments, moments[0]):
        day = datetime.combine(moment.astimezone(PARIS), datetime.min.time(), PARIS)
        expected, received = days.get(day, (0, 0))
        days[day] = expected + 1, received + (moment in there)
    return days


def is_complete(store, moments, there):
    """Whether the completeness of each day is what the tests count; twice an hour something becomes due meanwhile."""
    while True:
        before = reckoned(moments, there)
        rows = store.ask("SELECT day, expected, received FROM completeness_daily WHERE path = %s", INDEX)
        if reckoned(moments, there) == before:
            return {day.astimezone(PARIS): tuple(numbers) for day, *numbers in rows} == before


def test_a_day_on_which_nothing_came_is_due_like_the_others(store):
    """Counted or not; what then comes late, before the first value too, or is erased, is right at once."""
    chance = random.Random(25)
    first = 100
    there = set(MOMENTS[first:]) - set(MOMENTS[150:230])
    keep(store, sent({moment: VALUES[moment] for moment in MOMENTS if moment in there}))
    joined(store, MOMENTS[first] - timedelta(days=9))
    for _ in range(8):
        assert is_complete(store, MOMENTS[first:], there)
        count(store)
        assert is_complete(store, MOMENTS[first:], there)
        assert store.one("SELECT count(*) FROM counted") >= 5 - first // 48
        one = chance.randrange(max(first - 60, 0), len(MOMENTS) - 40)
        if chance.random() < 0.5:
            late = MOMENTS[one : one + chance.choice([1, 30])]
            keep(store, sent({moment: VALUES[moment] for moment in late}))
            there |= set(late)
        else:
            last = one + chance.choice([1, 30])
            number = f"n{chance.random()}"
            keep(store, notice("data-erased", f"{SENSOR}/{INDEX}", number, at(MOMENTS[one]), at(MOMENTS[last])))
            there -= set(MOMENTS[one : last + 1])
        # It is due since its first value.
        first = MOMENTS.index(min(there))
