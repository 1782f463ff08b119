"""A correction: the new value counts and is sent, the old one is on record, whoever had it is told."""

from contextlib import closing

import pytest

from gateway.errors import ReadingError
from gateway.federation.wire.stanza import Publisher, build_quoalise, parse_quoalise
from gateway.senml.naming import NameForm
from gateway.store.minutes import every_row
from gateway.store.points import Granularity
from gateway.store.store import Store
from gateway.store.terms import NoticeKind
from tests.gateway.privacy.conftest import COOP, NOW, TOWN
from tests.gateway.store.conftest import INDEX, POWER, START

RAW, MINUTE, QUARTER, HALF_HOUR, DAY = Granularity


@pytest.fixture
def store(house):
    """The store of a house that has lived."""
    with closing(Store(house.directory)) as opened:
        yield opened


def rectify(store, path, granularity, time, value):
    """A correction of the household."""
    return store.corrections.rectify("house", path, granularity, time, value, NOW, "anne", "a typo")


def at(store, path, granularity, time):
    """The one stored point."""
    (found,) = store.readings.page("house", path, granularity, time, time + 1, 2)
    return found


@pytest.mark.parametrize(
    ("path", "granularity", "value", "stored"),
    [(POWER, RAW, "612", 612), (POWER, HALF_HOUR, "612.5", 612.5), (POWER, DAY, "7", 7), (INDEX, HALF_HOUR, "0", 0)],
)
def test_the_old_value_is_kept_on_record_and_the_new_one_counts(store, path, granularity, value, stored):
    """By its granularity; nothing else of the series changes."""
    before = store.readings.page("house", path, granularity, 0, NOW, 10**5)
    chosen = before[1]
    correction, *same = rectify(store, path, granularity, chosen.time, value)
    # An index at a half hour is one at a quarter.
    assert [one.point.granularity for one in same] == ([QUARTER] if path == INDEX else [])
    assert (correction.before, correction.point.value, correction.by) == (chosen.value, stored, "anne")
    after = store.readings.page("house", path, granularity, 0, NOW, 10**5)
    assert [p.value for p in after if p.time != chosen.time] == [p.value for p in before if p.time != chosen.time]
    assert at(store, path, granularity, chosen.time).value == stored
    assert [p.time for p in after if p.rectified] == [chosen.time]
    kept = store.corrections.all()[-1]
    assert (kept.point.time, kept.point.value, kept.before, kept.reason) == (
        chosen.time,
        stored,
        chosen.value,
        "a typo",
    )


@pytest.mark.parametrize(("named", "other"), [(HALF_HOUR, QUARTER), (QUARTER, HALF_HOUR)])
def test_an_index_at_a_half_hour_is_one_mark_by_either_name(store, named, other):
    """Corrected, removed or put back by the one name, it is so by the other; between half hours it stands alone."""
    chosen = store.readings.page("house", INDEX, HALF_HOUR, 0, NOW, 5)[1]
    key = "house", INDEX, named, chosen.time
    rectify(store, INDEX, named, chosen.time, "5")
    assert [at(store, INDEX, g, chosen.time).value for g in (named, other)] == [5, 5]
    store.corrections.restore(*key, NOW + 1, "anne")
    assert [at(store, INDEX, g, chosen.time).value for g in (named, other)] == [chosen.value] * 2
    store.corrections.remove(*key, NOW + 2, "anne", "")
    assert [p.time for p in store.readings.page("house", INDEX, other, 0, NOW, 100) if p.time == chosen.time] == []
    assert len(store.corrections.restore(*key, NOW + 3, "anne")) == 2
    assert [at(store, INDEX, g, chosen.time).value for g in (named, other)] == [chosen.value] * 2
    quarters = store.readings.page("house", INDEX, QUARTER, 0, NOW, 100)
    alone = next(p for p in quarters if p.time % HALF_HOUR)
    assert [c.point.granularity for c in rectify(store, INDEX, QUARTER, alone.time, "7")] == [QUARTER]
    assert [p.time for p in store.readings.page("house", INDEX, QUARTER, 0, NOW, 100) if p.rectified] == sorted(
        (chosen.time, alone.time)
    )


def test_a_minute_of_a_gauge_gets_a_mean_to_the_tenth(store):
    """Its least and greatest reach it."""
    chosen = store.readings.page("house", POWER, MINUTE, 0, NOW, 5)[2]
    rectify(store, POWER, MINUTE, chosen.time, "99.4")
    assert at(store, POWER, MINUTE, chosen.time).value == 99.4
    low, high = store.db.execute("SELECT low, high FROM minute WHERE time = ?", [chosen.time]).fetchall()[0]
    assert low <= 99.4 <= high


def test_an_index_is_corrected_where_its_minute_repeats_it(store):
    """Both are on record."""
    chosen = store.readings.page("house", INDEX, RAW, 0, NOW, 5)[3]
    found = rectify(store, INDEX, RAW, chosen.time, "5")
    assert [(c.point.granularity, c.point.value) for c in found] == [(RAW, 5), (MINUTE, 5)]
    assert at(store, INDEX, MINUTE, chosen.time - chosen.time % 60).value == 5


def test_whoever_had_the_old_value_is_told_and_sent_the_new_one(store):
    """Who had it and still may have it is sent it once, marked as rectified; whose consent ended is told only."""
    chosen = store.readings.page("house", POWER, HALF_HOUR, 0, NOW, 5)[1]
    last = store.outbox.backlog()[0].last_seq
    rectify(store, POWER, HALF_HOUR, chosen.time, "1234")
    told = [n for n in store.notices.all() if n.kind is NoticeKind.DATA_RECTIFIED and n.payload["series"] == POWER]
    assert [(n.recipient, n.payload["first"], n.payload["last"]) for n in told] == [
        (COOP, chosen.time, chosen.time + 1800)
    ]
    (row,) = [r for r in store.outbox.pending(COOP, last, 10, NOW + 2) if r.point.series.path == POWER]
    assert (row.point.value, row.point.time, row.point.rectified) == (1234, chosen.time, True)
    meter = store.pseudonyms.view_of(COOP, NOW).meter("house")
    pack = build_quoalise(Publisher("gw", "sen1.test"), meter, NameForm.SEN1, [row.point])
    assert parse_quoalise(pack, 0).rectifies
    raw = store.readings.page("house", POWER, RAW, 0, NOW, 1)[0]
    rectify(store, POWER, RAW, raw.time, "1")
    assert [n.recipient for n in store.notices.all()][-1:] == [TOWN]
    assert store.outbox.recipients() == [COOP]


def test_a_value_that_waits_is_sent_corrected_and_only_so(store):
    """The wrong one leaves the queue."""
    waiting = [r for r in store.outbox.pending(COOP, 0, 10**4, NOW + 2) if r.point.series.path == POWER]
    point = waiting[-1].point
    rectify(store, POWER, point.granularity, point.time, "4321")
    same = [
        r.point.value
        for r in store.outbox.pending(COOP, 0, 10**4, NOW + 2)
        if r.point == point or r.point.time == point.time
    ]
    assert 4321 in same
    assert [r for r in store.outbox.pending(COOP, 0, 10**4, NOW + 2) if r.seq == waiting[-1].seq] == []


def test_a_removed_index_comes_back_with_the_minute_that_repeats_it(store):
    """Every column as it was; meanwhile neither is there, and each correction names no value after it."""

    def kept():
        raw = store.db.execute("SELECT * FROM reading ORDER BY series, time").fetchall()
        return raw, list(every_row(store.db))

    before, chosen = kept(), store.readings.page("house", INDEX, RAW, 0, NOW, 5)[3]
    named = "house", INDEX, RAW, chosen.time
    removed = store.corrections.remove(*named, NOW, "anne", "a spike")
    assert [(c.point.granularity, c.before, c.after) for c in removed] == [
        (RAW, chosen.value, None),
        (MINUTE, chosen.value, None),
    ]
    assert [len(rows) for rows in kept()] == [len(rows) - 1 for rows in before]
    assert [c.after for c in store.corrections.all()[-2:]] == [None, None]
    back = store.corrections.restore(*named, NOW + 1, "anne")
    assert [(c.before, c.after) for c in back] == [(None, chosen.value)] * 2
    assert kept() == before
    with pytest.raises(ReadingError, match="put back already"):
        store.corrections.restore(*named, NOW + 2, "anne")


@pytest.mark.parametrize(("path", "granularity"), [(POWER, MINUTE), (POWER, HALF_HOUR), (INDEX, RAW)])
def test_an_undone_correction_leaves_every_row_as_it_was(store, path, granularity):
    """What a minute was made of too; and undoing that once more gives the corrected value again."""

    def kept():
        tables = ("reading", "coarse")
        rows = [store.db.execute(f"SELECT * FROM {t} ORDER BY series, time").fetchall() for t in tables]
        return [*rows, list(every_row(store.db))]

    # Means as they are: with more digits than may be given by hand.
    store.db.execute("UPDATE coarse SET value = value + 1 / 3.0 WHERE typeof(value) = 'real'")
    before, chosen = kept(), store.readings.page("house", path, granularity, 0, NOW, 5)[3]
    named = "house", path, granularity, chosen.time
    rectify(store, path, granularity, chosen.time, "99")
    corrected = kept()
    assert corrected != before
    undone = store.corrections.restore(*named, NOW + 1, "anne")
    assert {(c.before, c.after) for c in undone} == {(99, chosen.value)}
    assert kept() == before
    store.corrections.restore(*named, NOW + 2, "anne")
    assert kept() == corrected


def test_the_journal_says_that_and_not_what(store):
    """No value, neither the old nor the new one."""
    chosen = store.readings.page("house", INDEX, RAW, 0, NOW, 5)[3]
    rectify(store, INDEX, RAW, chosen.time, "987654321")
    entry = list(store.journal.entries())[-1]
    facts = entry.facts()
    assert (facts["kind"], facts["series"], facts["first"]) == ("data-rectified", INDEX, chosen.time // 60 * 60)
    assert "987654321" not in entry.event
    assert str(chosen.value) not in entry.event


@pytest.mark.parametrize(
    ("path", "granularity", "time", "value", "said"),
    [
        (POWER, RAW, START + 1, "5", "there is no raw value"),
        ("water/volume/index", RAW, START, "5", "there is no raw value"),
        (POWER, RAW, START, "500", "500 is stored already"),
        (POWER, RAW, START, "much", "write a whole number in VA"),
        (POWER, RAW, START, "1.5", "write a whole number"),
        (INDEX, RAW, START, "-5", "is no value of it"),
        (INDEX, RAW, START, str(2**60), "is no value of it"),
        ("contract/tariff", RAW, START, "a\nb", "cannot be shown"),
    ],
)
def test_a_correction_that_cannot_be_is_one_sentence(store, path, granularity, time, value, said):
    """And nothing changes."""
    count = len(store.corrections.all())
    with pytest.raises(ReadingError, match=said):
        rectify(store, path, granularity, time, value)
    assert len(store.corrections.all()) == count


def test_the_command_says_what_was_and_what_is(house, run):
    """In the person's language; the only meter that has the series needs no naming."""
    words = ("privacy", "rectify", INDEX, "2026-06-16T10:00:00Z", "999999", "--reason", "misread")
    code, out, err = run(house, *words, "--lang", "fr")
    assert (code, err) == (0, "")
    assert out.startswith(f"house:{INDEX} raw 2026-06-16T10:00:00Z : 1000000 → 999999 Wh\n")
    code, _, err = run(house, "privacy", "rectify", "water/volume/index", "2026-06-16T10:00:00Z", "5")
    assert code == 1
    assert "say with --meter" in err
