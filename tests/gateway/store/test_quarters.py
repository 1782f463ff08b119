"""Quarter hours: four marks an hour, their mean power, who is given them, and a database that had none."""

import random

import pytest

from gateway.store.points import Confirm, Granularity, finest_allowed, offered
from gateway.store.recorder import Happened, Recorder
from tests.gateway.store.conftest import INDEX, POWER, START, frame

RAW, MINUTE, QUARTER, HALF_HOUR, DAY = Granularity
CURVE = "consumption/power/active/raw"
COOP = "coop@sen2.test"
HOUR_S = 3600


def live(store, recorder, begin, end):
    """Write what a meter says, each 20 s, in batches of a minute; second -> index, as it was said."""
    chance, said = random.Random(begin), {}
    # 2 kW on average, wherever it goes on.
    index = (begin - START) * 2000 // 3600 + 1000
    for time in range(begin, end + 1, 20):
        said[time] = index
        recorder.add(frame(time, power=chance.randrange(100, 9000), index=index, tariff="HC"))
        index += chance.randrange(23)
        if time % 60 == 0:
            store.batches.write([recorder.take()], time)
    store.batches.write([recorder.take()], end)
    return said


def stored(store, path, granularity, start=0, end=2**40):
    """Second since START -> value."""
    points = store.readings.page("house", path, granularity, start, end, 10**5)
    return {p.time - START: p.value for p in points if p.granularity is granularity}


def test_an_hour_has_four_marks_and_the_mean_power_between_each_two(store, recorder):
    """Each mark is the index of that second, each mean the rise times four."""
    said = live(store, recorder, START, START + 2 * HOUR_S)
    quarters = range(0, 2 * HOUR_S + 1, 900)
    assert stored(store, INDEX, QUARTER) == {at: said[START + at] for at in quarters[1:]}
    curve = {at: 4 * (said[START + at + 900] - said[START + at]) for at in quarters[:-1]}
    assert stored(store, CURVE, QUARTER) == curve
    # Half hours are what they were: of the same marks, by halves.
    halves = [at for at in curve if at % HALF_HOUR == 0]
    assert stored(store, CURVE, HALF_HOUR) == {at: (curve[at] + curve[at + 900]) // 2 for at in halves}
    assert stored(store, INDEX, HALF_HOUR) == {at: said[START + at] for at in quarters[1:] if at % HALF_HOUR == 0}
    # What stands for a meter's own curve goes by half hours.
    assert list(stored(store, CURVE, RAW)) == halves


def test_pages_and_their_count_hold_all_four(store, recorder):
    """Asked for by pages of any size: each once, in order, as many as were counted."""
    live(store, recorder, START, START + 2 * HOUR_S)
    found, after = [], None
    while page := store.readings.page("house", "consumption", QUARTER, START, START + 2 * HOUR_S, 3, after):
        found += [(p.time, p.series.path) for p in page]
        after = found[-1]
    assert found == sorted(found)
    assert len(found) == store.readings.count("house", "consumption", QUARTER, START, START + 2 * HOUR_S) == 7 + 8 + 4
    marks = [time - START for time, path in found if path == INDEX]
    assert marks == list(range(900, 2 * HOUR_S, 900))
    assert [p.time for p in store.readings.stream_of(QUARTER)] == sorted(
        p.time for p in store.readings.stream_of(QUARTER)
    )


def test_a_quarter_over_a_gap_or_a_break_has_no_mean_power(store, recorder):
    """Of the others each has one: what is not known of a quarter costs no other."""
    live(store, recorder, START, START + 1000)
    # Silent for eleven minutes over the second mark; another meter in the fourth quarter.
    said = live(store, recorder, START + 1000 + 660, START + 2700 + 300)
    recorder.tell(Happened(START + 2700 + 310, "meter-replaced", "", {}))
    live(store, recorder, START + 2700 + 320, START + 5400)
    assert 1800 in stored(store, INDEX, QUARTER)
    assert set(stored(store, CURVE, QUARTER)) == {0, 900, 1800, 3600, 4500}
    assert stored(store, CURVE, QUARTER)[1800] == 4 * (said[START + 2700] - said[START + 1800])


def test_a_mark_that_no_two_samples_enclose_is_not_made(store, recorder):
    """Silent from :10 to :25: neither end of the quarter at :15 is known, and nothing is shared out."""
    live(store, recorder, START, START + 600)
    live(store, recorder, START + 1500, START + 3600)
    assert set(stored(store, INDEX, QUARTER)) == {1800, 2700, 3600}
    assert set(stored(store, CURVE, QUARTER)) == {1800, 2700}


@pytest.mark.parametrize(
    ("consent", "index", "curve"),
    [(RAW, RAW, RAW), (MINUTE, MINUTE, HALF_HOUR), (QUARTER, QUARTER, QUARTER), (HALF_HOUR, HALF_HOUR, HALF_HOUR)],
)
def test_only_a_consent_to_quarters_has_them_pushed(store, recorder, consent, index, curve):
    """Half hours give none, as before; minutes give the index by minutes and the curve by half hours, as before."""
    store.consents.grant(COOP, "house", "consumption/energy", consent, START + 10**6, START - 1)
    store.consents.grant(COOP, "house", CURVE, consent, START + 10**6, START - 1)
    store.subscriptions.add(COOP, "house", "consumption", "sen1", Confirm.RECEIPT, START - 1)
    live(store, recorder, START, START + HOUR_S)
    rows = [row.point for row in store.outbox.pending(COOP, 0, 10**4, START)]
    assert {p.granularity for p in rows if p.series.path == INDEX} == {index}
    assert {p.granularity for p in rows if p.series.path == CURVE} == {curve}


def test_a_consent_to_quarters_beside_one_to_minutes_gives_the_curve_by_quarters(store, recorder):
    """It was allowed by that name."""
    store.consents.grant(COOP, "house", "consumption", MINUTE, START + 10**6, START - 1)
    store.consents.grant(COOP, "house", CURVE, QUARTER, START + 10**6, START - 1)
    store.subscriptions.add(COOP, "house", "consumption", "sen1", Confirm.RECEIPT, START - 1)
    live(store, recorder, START, START + HOUR_S)
    rows = [row.point for row in store.outbox.pending(COOP, 0, 10**4, START)]
    assert {p.granularity for p in rows if p.series.path == CURVE} == {QUARTER}
    assert {p.granularity for p in rows if p.series.path == POWER} == {MINUTE}


@pytest.mark.parametrize("kind", ["index", "gauge", "curve", "mean", "maximum", "text", "daily"])
def test_what_a_consent_gives_is_never_finer_than_it_is(kind):
    """And is of that kind: nothing else, None where there is nothing so coarse."""
    for consent in Granularity:
        found = finest_allowed(kind, consent)
        coarse = [g for g in offered(kind) if g >= consent]
        assert (found is None) == (not coarse)
        assert found is None or found in coarse
        if QUARTER not in (consent, found):
            assert found == next((g for g in coarse if g is not QUARTER), None)


def test_a_database_that_had_none_begins_with_the_quarter_after_its_last_half_hour(store, recorder):
    """The mark that a former version made at :00 is the beginning of the first quarter; before it there is nothing."""
    live(store, recorder, START, START + 1800 + 120)
    store.db.execute("DELETE FROM coarse WHERE step = 900")
    said = live(store, Recorder("house", store.readings.last_values("house"), START + 1800 + 120),
                START + 1800 + 140, START + HOUR_S)  # fmt: skip
    assert set(stored(store, INDEX, QUARTER)) == {2700, 3600}
    curve, half = stored(store, CURVE, QUARTER), stored(store, CURVE, HALF_HOUR)
    assert set(curve) == {1800, 2700}
    assert curve[2700] == 4 * (said[START + 3600] - said[START + 2700])
    assert (curve[1800] + curve[2700]) // 2 == half[1800]


def test_what_a_person_says_later_of_a_past_hour_is_found_in_its_quarter(store, recorder):
    """A break in a quarter that has been stored: that one spans it, the others do not."""
    live(store, recorder, START, START + 2 * HOUR_S)
    batch = recorder.take()
    batch.happened.append(Happened(START + 4000, "index-set-by-hand", INDEX, {"before": 1, "after": 2}))
    store.batches.write([batch], START + 2 * HOUR_S)
    found = {p.time - START for p in store.spanning.points() if p.granularity is QUARTER}
    assert found == {3600}


def test_powers_and_texts_have_no_quarters(store, recorder):
    """Under a consent to quarters a power goes by half hours, a tariff not at all; none is stored of either."""
    live(store, recorder, START, START + HOUR_S)
    kinds = store.db.execute("SELECT DISTINCT kind FROM coarse JOIN series ON series.id = series WHERE step = 900")
    assert {kind for (kind,) in kinds} == {"index", "curve"}
    assert [finest_allowed(kind, QUARTER) for kind in ("gauge", "text")] == [HALF_HOUR, None]
    asked = store.readings.page("house", POWER, QUARTER, START, START + HOUR_S, 10)
    assert [(p.time - START, p.granularity) for p in asked] == [(0, HALF_HOUR), (1800, HALF_HOUR)]
