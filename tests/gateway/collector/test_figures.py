"""Energy and completeness of homes that are perfect, late, gappy or silent, as a few lines of the tests' own reckon."""

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.gateway.collector.desk import INDEX, POWER, SENSOR, TARIFF, parcel
from tests.gateway.collector.test_views import at, keep

PARIS = ZoneInfo("Europe/Paris")
STEP = timedelta(minutes=30)
# What is of the last half hour and a quarter of an hour may be on its way.
LATE = STEP + timedelta(minutes=15)


def half_hours(days=2):
    """The marks of some days, from one that is not midnight up to now."""
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    first = end - timedelta(days=days, hours=3)
    return [first + n * STEP for n in range(int((end - first) / STEP) + 2) if first + n * STEP <= datetime.now(UTC)]


def index_at(moments):
    """An index at each: 5 Wh more each half hour than in the one before, to know each from all others."""
    return {moment: 1_000_000 + 5 * n * n for n, moment in enumerate(moments)}


def sent(values, path=INDEX, unit="Wh", granularity="PT30M"):
    return parcel(
        *((at(moment), value) for moment, value in values.items()), path=path, unit=unit, granularity=granularity
    )


def joined(store, moment):
    store.ask("UPDATE subscription SET since = %s", moment)


def due(moments, joined_at):
    """Those of some marks that could have come."""
    return [moment for moment in moments if joined_at <= moment < datetime.now(UTC) - LATE]


def completeness(store):
    """(expected, received) of all that is shown, by path."""
    text = "SELECT path, sum(expected)::int, sum(received)::int FROM completeness_daily GROUP BY path ORDER BY path"
    return {path: (expected, received) for path, expected, received in store.ask(text)}


def judged(store, moments):
    """The completeness, and those of the marks since the first that were due when it was asked for."""
    while True:
        before = due(moments, moments[0])
        found = completeness(store)
        # Twice an hour another one becomes due meanwhile.
        if due(moments, moments[0]) == before:
            return found, before


def daily(store):
    """(start, finish, energy, whole) of each row of the year."""
    return store.ask("SELECT day, finish, energy, whole FROM energy_daily ORDER BY path, day")


def reckoned_by_day(index):
    """The energy by hand, of an index without a gap: from each day's first value to the next, the last to its own."""
    days = {}
    for moment, value in index.items():
        days.setdefault(moment.astimezone(PARIS).date(), []).append(value)
    firsts = [values[0] for values in days.values()] + [list(index.values())[-1]]
    return [later - earlier for earlier, later in itertools.pairwise(firsts)]


def test_of_a_perfect_home_nothing_is_missing_and_each_watt_hour_counts_once(store):
    """It joined two days ago; its supplier's and distributor's indexes are parts, a tariff is said when it changes."""
    moments = half_hours()
    index = index_at(moments)
    changes = {moment: "HC" for moment in moments if moment.hour == 22 and not moment.minute}
    classes = [sent(index, f"{INDEX}/{who}/1") for who in ("provider", "distributor")]
    power = sent(dict.fromkeys(moments, 300), POWER, "VA")
    keep(store, sent(index), *classes, power, sent(changes, TARIFF, None, "raw"))
    joined(store, moments[0])
    found, expected = judged(store, moments)
    assert found == dict.fromkeys((INDEX, POWER), (len(expected), len(expected)))
    assert [energy for _, _, energy, _ in daily(store)] == reckoned_by_day(index)
    assert store.one("SELECT sum(energy) FROM energy_daily") == index[moments[-1]] - index[moments[0]]
    of_classes = (
        "SELECT count(DISTINCT path), sum(energy) FROM energy('1 day', 'Europe/Paris', %s, now(), of_kind => 'class')"
    )
    assert store.ask(of_classes, moments[0]) == [(2, 2 * (index[moments[-1]] - index[moments[0]]))]
    assert store.ask("SELECT silent, newest FROM home") == [(False, moments[-1])]


def test_a_home_that_asks_for_two_granularities_is_counted_once(store):
    """One index, read by the half hour and by the quarter of an hour since yesterday: the days' energy is its own."""
    moments = half_hours()
    index = index_at(moments)
    since = len(moments) // 2
    quarters = {
        moment + n * STEP / 2: index[moment] + n for moment in moments[since:-1] for n in (0, 1)
    }  # fmt: skip
    keep(store, sent(index), sent(quarters, granularity="PT15M"))
    joined(store, moments[0])
    assert [energy for _, _, energy, _ in daily(store)] == reckoned_by_day(index)


def test_a_gap_is_one_row_that_says_how_long_it_is(store):
    """Half hours that are missing count as missing, a single one too; the energy across them is known, and marked."""
    moments = half_hours()
    index = index_at(moments)
    holes = {*moments[10:17], moments[40]}
    there = {moment: value for moment, value in index.items() if moment not in holes}
    keep(store, sent(there))
    joined(store, moments[0])
    found, expected = judged(store, moments)
    assert found == {INDEX: (len(expected), len(expected) - len(holes))}
    hourly = store.ask("SELECT hour, finish, energy, whole FROM energy_hourly ORDER BY hour")
    assert sum(energy for _, _, energy, _ in hourly) == index[moments[-1]] - index[moments[0]]
    hour = timedelta(hours=1)
    gaps = [(start, finish) for start, finish, _, whole in hourly[:-1] if not whole]
    firsts = [start for start, *_ in hourly]
    assert gaps == [(one, other) for one, other in itertools.pairwise(firsts) if other - one > hour]
    assert len(gaps) == 1
    assert hourly[-1][3] is False


@pytest.mark.parametrize("hours", [1, 5])
def test_what_is_late_is_missing_until_it_comes(store, hours):
    """A home is silent when more is late than its pace explains, of half hours two hours; then it comes, and counts."""
    moments = half_hours()
    index = index_at(moments)
    late = [moment for moment in moments if moment > moments[-1] - timedelta(hours=hours)]
    keep(store, sent({moment: value for moment, value in index.items() if moment not in late}))
    joined(store, moments[0])
    found, expected = judged(store, moments)
    assert found == {INDEX: (len(expected), len(expected) - len(set(expected) & set(late)))}
    assert store.one("SELECT silent FROM home") is (hours == 5)
    keep(store, sent({moment: index[moment] for moment in late}))
    found, expected = judged(store, moments)
    assert found == {INDEX: (len(expected), len(expected))}
    assert store.one("SELECT silent FROM home") is False


def test_a_home_that_says_only_its_tariff_is_neither_incomplete_nor_silent(store):
    """It speaks when something changes: what could have come is not known, and is not counted."""
    moments = half_hours()
    keep(store, sent({moments[5]: "HC", moments[-20]: "HP"}, TARIFF, None, "raw"))
    joined(store, moments[0])
    assert completeness(store) == {}
    assert daily(store) == []
    assert store.ask("SELECT newest, silent FROM home") == [(moments[-20], False)]


def test_a_home_that_agreed_and_sent_nothing_is_silent_after_two_days(store):
    """It has no pseudonym yet."""
    keep(store)
    for hours, silent in ((2, False), (60, True)):
        joined(store, datetime.now(UTC) - timedelta(hours=hours))
        assert store.ask("SELECT meters, newest, silent FROM home") == [(None, None, silent)]


def test_another_meter_in_its_place_ends_one_index_and_begins_another(store):
    """Of the step in which the index fell no energy is known; before and after it adds up. No value is missing."""
    moments = half_hours()
    index = index_at(moments)
    swap = 50
    swapped = {moment: value - (1_000_000 if n >= swap else 0) for n, (moment, value) in enumerate(index.items())}
    keep(store, sent(swapped))
    joined(store, moments[0])
    hourly = store.ask("SELECT hour, energy FROM energy_hourly ORDER BY hour")
    unknown = [hour for hour, energy in hourly if energy is None]
    assert len(unknown) == 1
    after = next(hour for hour, _ in hourly if hour > unknown[0])
    assert sum(energy for _, energy in hourly if energy is not None) == (
        index[moments[-1]] - index[after] + index[unknown[0]] - index[moments[0]]
    )
    found, expected = judged(store, moments)
    assert found == {INDEX: (len(expected), len(expected))}


@pytest.mark.parametrize(
    "identifier",
    [SENSOR.replace("@", ":"), f"{SENSOR}/", f"{SENSOR}/consumption", f"{SENSOR}/{INDEX}"],
)
def test_whatever_form_an_identifier_was_asked_for_in(store, identifier):
    """With colons, with a stroke at its end, a branch, the very series; a neighbour's is none."""
    moments = half_hours()
    keep(store, sent(index_at(moments)))
    joined(store, moments[0])
    store.ask("UPDATE subscription SET identifier = %s", identifier)
    found, expected = judged(store, moments)
    assert found == {INDEX: (len(expected), len(expected))}
    store.ask("UPDATE subscription SET identifier = %s", f"{SENSOR}/consumption/ener")
    assert completeness(store) == {}


def test_what_another_granularity_took_the_place_of_is_due_no_more(store):
    """From half hours to quarters, and from quarters to hours: each is due for its time alone, and the home not silent.

    What a household refuses now is due no more at all.
    """
    moments = half_hours()
    index = index_at(moments)
    changes = len(moments) - 50, len(moments) - 24
    first, between, last = moments[: changes[0]], moments[slice(*changes)], moments[changes[1] :]
    quarters = {moment + n * STEP / 2: index[moment] + n for moment in between for n in (0, 1)}
    # The last is more than two hours old: of half hours that would be silence, of hours it is not.
    until = datetime.now(UTC) - timedelta(hours=2, minutes=5)
    hours = {moment: index[moment] for moment in last if not moment.minute and moment <= until}
    keep(store, sent({moment: index[moment] for moment in first}), sent(quarters, granularity="PT15M"))
    keep(store, sent(hours, granularity="PT1H"))
    joined(store, moments[0])
    text = "SELECT granularity, sum(expected)::int, sum(received)::int FROM completeness_daily GROUP BY 1 ORDER BY 1"
    found = {granularity: counts for granularity, *counts in store.ask(text)}
    assert found.pop("PT30M") == [len(first)] * 2
    assert found.pop("PT15M") == [len(quarters)] * 2
    ((expected, received),) = found.values()
    assert 0 <= expected - received <= 2, "the hours but for the last three"
    assert store.one("SELECT silent FROM home") is False
    store.ask("UPDATE subscription SET standing = 'refused'")
    assert completeness(store) == {}
    assert store.ask("SELECT * FROM home") == []


def test_an_index_by_the_minute_is_due_at_no_minute(store):
    """It is sent when it changes: a night at which nothing is used is not incomplete, and its energy is known."""
    moments = half_hours(1)
    index = index_at(moments)
    keep(store, sent(index, granularity="PT1M"), sent(dict.fromkeys(moments, 300), POWER, "VA"))
    joined(store, moments[0])
    assert completeness(store).keys() == {POWER}
    assert store.one("SELECT sum(energy) FROM energy_daily") == index[moments[-1]] - index[moments[0]]


def test_energy_of_a_gap_is_counted_once_wherever_a_question_is_cut(store):
    """Asked whole or in two parts of which one ends within the gap: the sums are the same."""
    moments = half_hours()
    index = index_at(moments)
    keep(store, sent({moment: value for n, (moment, value) in enumerate(index.items()) if not 20 <= n < 50}))
    cut = moments[34]
    text = "SELECT sum(energy) FROM energy('1 hour', 'UTC', %s, %s)"
    parts = [store.one(text, since, until) for since, until in ((moments[0], cut), (cut, datetime.now(UTC)))]
    assert sum(parts) == store.one(text, moments[0], datetime.now(UTC)) == index[moments[-1]] - index[moments[0]]


@pytest.mark.parametrize("day", [datetime(2026, 3, 29, tzinfo=PARIS), datetime(2026, 10, 25, tzinfo=PARIS)])
def test_steps_of_a_day_on_which_clocks_change(store, day):
    """Each quarter of an hour is there once, whole, and its energy is its own: of 23 hours, and of 25."""
    first, end = (one.astimezone(UTC) for one in (day, day + timedelta(days=1)))
    quarter = timedelta(minutes=15)
    moments = [first + n * quarter for n in range(int((end - first) / quarter) + 1)]
    keep(store, sent({moment: 10 * n for n, moment in enumerate(moments)}, granularity="PT15M"))
    rows = store.ask("SELECT start, energy, whole FROM energy('15 minutes', 'Europe/Paris', %s, %s)", first, end)
    assert sorted(rows) == [(moment, 10.0, True) for moment in moments[:-1]]


def test_some_meters_are_looked_up_alone(store):
    """The functions take them, and give of them what a WHERE would give."""
    moments = half_hours(1)
    keep(store, sent(index_at(moments)), sent(dict.fromkeys(moments, 300), POWER, "VA"))
    joined(store, moments[0])
    mine, period = store.one("SELECT pseudonym FROM meter"), (moments[0], moments[-1])
    for call in (
        "energy('1 hour', 'UTC', %s, %s, ARRAY[%s])",
        "completeness(%s, %s, ARRAY[%s])",
    ):
        asked = store.ask(f"SELECT * FROM {call}", *period, mine)
        assert asked, call
        assert asked == store.ask(f"SELECT * FROM {call.replace(', ARRAY[%s]', '')} WHERE meter = %s", *period, mine)
        assert store.ask(f"SELECT * FROM {call}", *period, "nobody") == []
