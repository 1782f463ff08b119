"""What is said of days, from what was counted of them: the same as all readings say, whatever happens to them."""

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gateway.collector import counting, schema
from gateway.collector.counting import HOLD_SERIES, forget_past
from gateway.collector.retention import retain
from gateway.collector.schema import migrate
from tests.gateway.collector.conftest import with_database
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
    "no mark at midnight, nothing said before it": [
        of({m: v for m, v in METER.said("raw").items() if m.astimezone(PARIS).hour < 22}, "raw"),
        of({m: v for m, v in METER.said("PT30M").items() if m.astimezone(PARIS).hour or m.minute}, "PT30M"),
    ],
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


# As the program of before counted: a value is of the day of its time.
COUNTED_BEFORE = """
INSERT INTO counted (day, series, received)
SELECT day_of(time), series, CASE WHEN day_of(time) < day_of(now()) THEN count(*) END
FROM reading JOIN series s ON s.id = series AND s.kind IN ('gauge', 'total') GROUP BY 1, 2
"""


def test_what_was_counted_before_is_right_at_once_and_stays(empty, monkeypatch, store_at):
    """`init` takes no count away; the indexes of its days are looked up until they come, one series after the other."""
    store = store_at()
    store.conninfo = empty
    with monkeypatch.context() as before:
        before.setattr(schema, "_MIGRATIONS", schema._MIGRATIONS[:19])
        with_database(empty, migrate)
        keep(store, sent(VALUES), of(METER.said("PT1M"), "PT1M"), of(METER.said("raw"), "raw"))
        keep(store, sent(dict.fromkeys(MOMENTS, 300), POWER, "VA"))
        joined(store, MOMENTS[0])
        store.ask("DELETE FROM counted")
        store.ask(COUNTED_BEFORE)
        known = store.one("SELECT sum(received) FROM counted")
    with_database(empty, migrate)
    assert store.one("SELECT sum(received) FROM counted") == known
    assert store.ask(DIFFER) == []
    monkeypatch.setattr(counting, "_MOST_DAYS", 3)
    assert count(store) == 0
    assert store.ask(DIFFER) == []
    assert is_complete(store, MOMENTS, set(MOMENTS))
    assert store.one("SELECT count(*) FROM series WHERE NOT copied") == 0
    unknown = "SELECT count(*) FROM counted JOIN series s ON s.id = series WHERE received > 0 AND first_at IS NULL"
    assert store.one(f"{unknown} AND is_energy_index(path)") == 0


def test_a_day_that_another_program_counted_is_looked_up(store):
    """One that is of before and still runs knows nothing of its indexes."""
    keep(store, sent(VALUES))
    count(store)
    store.ask("UPDATE counted SET first_at = NULL, first_value = NULL, last_at = NULL, last_value = NULL")
    assert store.ask(DIFFER) == []
    assert store.one("SELECT count(*) FROM energy_daily") > 5


@pytest.mark.parametrize("granularity", ["PT30M", "PT1M", "raw"])
def test_what_somebody_deletes_at_psql_is_in_no_copy(store, granularity):
    """Whole days and parts of one: neither energy nor completeness has it any more."""
    keep(store, *([sent(VALUES)] if granularity == "PT30M" else [of(METER.said(granularity), granularity)]))
    joined(store, MOMENTS[0])
    count(store)
    first, last = store.ask("SELECT min(time), max(time) FROM reading")[0]
    for begin, end in ((0.4, 0.5), (0.0, 0.3), (0.9, 1.0)):
        gone = first + (last - first) * begin, first + (last - first) * end
        store.ask("DELETE FROM reading WHERE time BETWEEN %s AND %s", *gone)
        assert store.ask(DIFFER) == []
        if granularity == "PT30M":
            there = {moment.astimezone(UTC) for (moment,) in store.ask("SELECT time FROM reading")}
            assert is_complete(store, MOMENTS[MOMENTS.index(min(there)) :], there)
        assert is_same(store)


def past(store, bound):
    """Have all before a moment deleted as the retention does it, in one transaction."""

    async def work(db):
        async with db.transaction():
            series = [number for (number,) in await (await db.execute("SELECT id FROM series")).fetchall()]
            await db.execute(HOLD_SERIES, [series])
            await db.execute("DELETE FROM reading WHERE time < %s", [bound])
            await forget_past(db, series, bound)

    store.ask("UPDATE series SET keep = now() - %s::timestamptz", bound)
    with_database(store.conninfo, work)


@pytest.mark.parametrize("granularity", ["PT1M", "raw"])
def test_a_retention_that_ends_in_a_days_last_minute_takes_the_copy_along(store, granularity):
    """The index of that minute is the first of the next day."""
    said = METER.said(granularity)
    today = datetime.now(PARIS).replace(hour=0, minute=0, second=0, microsecond=0)
    midnight = (today - timedelta(days=2)).astimezone(UTC)
    last = midnight - timedelta(minutes=1)
    keep(store, of(said | {last: METER.at(midnight)}, granularity))
    count(store)
    bound = last + timedelta(seconds=30)
    past(store, bound)
    assert store.one("SELECT count(*) FROM counted JOIN series s ON s.id = series"
                     " WHERE first_at < %s + lag_of(kind, granularity)", bound) == 0  # fmt: skip
    assert is_same(store)


def test_the_day_in_which_a_retention_ends_is_not_counted_again_and_again(store):
    """Nor are the days after it filled anew, each night; where nothing is left of it nothing is said of it."""
    keep(store, sent(VALUES), sent(dict.fromkeys(MOMENTS, 300), POWER, "VA"))
    joined(store, MOMENTS[0])
    assert count(store) == 0
    days = sorted({moment.astimezone(PARIS).date() for moment in MOMENTS})
    of_second = [moment for moment in MOMENTS if moment.astimezone(PARIS).date() == days[1]]
    for bound in (of_second[20], of_second[21], of_second[-1] + timedelta(minutes=1)):
        past(store, bound)
        assert store.one("SELECT count(*) FROM counted WHERE received IS NULL AND day < day_of(now())") == 0
        there = {moment for moment in MOMENTS if moment >= bound}
        first = min(there).astimezone(PARIS).date()
        assert store.ask("SELECT DISTINCT filled_from, filled_until FROM series") == [(first, days[-2])]
        assert store.ask(DIFFER) == []
    assert store.ask("SELECT DISTINCT day FROM counted WHERE received > 0 ORDER BY 1 LIMIT 1") == [(days[2],)]
    assert is_same(store)


def test_of_a_night_one_day_is_filled(store):
    """Whatever the series' past: the rows that are there are not written again."""
    keep(store, sent(VALUES))
    assert count(store) == 0
    days = "SELECT filled_from, filled_until FROM series"
    before = store.ask(days)
    store.ask("UPDATE series SET filled_until = filled_until - 1")
    store.ask("CREATE TABLE tried (day date)")
    store.ask("CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS"
              " $$ BEGIN INSERT INTO linky.tried VALUES (new.day); RETURN new; END $$")  # fmt: skip
    store.ask("CREATE TRIGGER note BEFORE INSERT ON counted FOR EACH ROW EXECUTE FUNCTION note()")
    try:
        assert count(store) == 0
        assert store.ask("SELECT * FROM tried") == [(before[0][1],)]
    finally:
        store.ask("DROP TRIGGER note ON counted")
        store.ask("DROP FUNCTION note")
        store.ask("DROP TABLE tried")
    assert store.ask(days) == before


def test_a_month_that_goes_takes_its_copies_along(store):
    """In its own transaction: a stop before the rows of the days leaves none."""
    today = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    old = [today - timedelta(days=100) + n * STEP for n in range(5 * 48)]
    keep(store, sent(index_at(old)), sent({today - STEP: 9e6}))
    assert count(store) == 0
    assert store.one(COPIES) >= 5
    store.ask("UPDATE series SET keep = '31 days'")
    done = with_tables(store, lambda database: retain(database, "P3Y", lambda: True))
    assert done.months > 0
    assert store.one("SELECT count(*) FROM counted WHERE day < day_of(now() - interval '31 days')") == 0
    assert store.one(f"{COPIES} AND first_at < now() - interval '31 days'") == 0
    assert store.ask(DIFFER) == []
