"""Erasure: rows and bytes gone, others asked to erase too, the journal whole."""

import sqlite3
from contextlib import closing

import pytest

from gateway.config.settings import change
from gateway.config.tables import load
from gateway.control.orders import act
from gateway.errors import ConsentError
from gateway.journal.entry import write_line
from gateway.journal.key import read_key
from gateway.journal.verify import verify
from gateway.privacy.orders import Erase
from gateway.store.connection import FILE_NAME
from gateway.store.erasure import Range
from gateway.store.points import Granularity
from gateway.store.pseudonyms import KEY_NAME
from gateway.store.recorder import Recorder, day_start
from gateway.store.store import Store
from gateway.store.terms import NoticeKind
from gateway.web.access.access import PageAccess
from tests.gateway.privacy.conftest import COOP, NOW, PRM, ROOF, STRANGER, TOWN
from tests.gateway.store.conftest import INDEX, POWER, START, frame, hand_over

RAW, MINUTE, QUARTER, HALF_HOUR, DAY = Granularity
HOUR = START + 36000


def bytes_of(house):
    """Everything that the database's files hold."""
    return b"".join(path.read_bytes() for path in house.directory.glob(f"{FILE_NAME}*"))


def notices(store, kind):
    """(recipient, series) of the notices of that kind that nobody has confirmed."""
    return [
        (n.recipient, n.payload["series"]) for n in store.notices.all() if n.kind is kind and n.confirmed_at is None
    ]


def said(points):
    """The points without what is known of their series."""
    return [(p.series.path, p.time, p.value) for p in points]


def is_whole(store):
    """Whether anybody can still verify the journal."""
    lines = [f"{write_line(entry)}\n".encode() for entry in store.journal.entries()]
    return verify(lines, [read_key(store.journal.key_path).public], []).fault is None


@pytest.fixture
def store(house):
    """The store of a house that has lived."""
    with closing(Store(house.directory)) as opened:
        yield opened


def test_a_time_of_some_series_is_erased_with_every_rollup_that_meets_it(store):
    """Before and after stay; a half hour or a day of which a part is erased goes whole; other series stay."""
    before = {g: store.readings.page("house", "consumption", g, 0, NOW, 10**6) for g in Granularity}
    found = store.erasure.what_is_in(Range("house", "consumption/power", HOUR, HOUR + 900))
    assert store.erasure.erase_range(Range("house", "consumption/power", HOUR, HOUR + 900), NOW) == found
    assert found.readings > 0
    for granularity, first in ((RAW, HOUR), (MINUTE, HOUR), (HALF_HOUR, HOUR), (DAY, day_start(HOUR))):
        after = store.readings.page("house", "consumption", granularity, 0, NOW, 10**6)
        assert said(after) == [
            (path, time, value)
            for path, time, value in said(before[granularity])
            if not (path.startswith("consumption/power") and first <= time < HOUR + 900)
        ]
        assert len(after) < len(before[granularity])


def test_whoever_was_handed_it_is_asked_to_erase_too_and_nobody_else(store):
    """From the log of transfers: also whose consent has ended; with what they were handed of an open period."""
    erased = store.erasure.erase_range(Range(prefix="consumption/power"), NOW)
    assert erased.told == (COOP, TOWN)
    assert notices(store, NoticeKind.DATA_ERASED) == [(COOP, "consumption/power"), (TOWN, "consumption/power")]
    for notice in store.notices.all()[-2:]:
        assert day_start(START) <= notice.payload["first"] <= notice.payload["last"] <= NOW
        assert notice.payload["sensor"] == "ab12cd34ef"
    later = store.erasure.erase_range(Range(first=NOW - 86400), NOW)
    assert (later.told, later.readings) == ((), 0)


def test_what_is_under_way_is_erased_and_its_recipient_told(store):
    """It may have arrived although its receipt has not; who was handed nothing of what waits is not told."""
    store.db.execute("DELETE FROM transfer")
    assert store.outbox.recipients() == [COOP]
    assert store.erasure.what_is_in(Range()).queued > 0
    assert store.erasure.what_is_in(Range()).told == ()
    handed = [row.point for row in hand_over(store, COOP, NOW)]
    assert store.erasure.erase_range(Range(prefix="consumption"), NOW).told == (COOP,)
    assert store.outbox.recipients() == []
    assert notices(store, NoticeKind.DATA_ERASED) == [(COOP, "consumption")]
    told, times = store.notices.all()[-1].payload, [p.time for p in handed if p.series.path.startswith("consumption")]
    assert (told["first"], told["last"] > max(times)) == (min(times), True)


def test_the_bytes_are_gone_from_the_file_and_its_log(house):
    """Not in free pages, not in the log, not before another commit: grep finds nothing."""
    secret, text = 7_777_777_777_777, "HEURES-SECRETES"
    needles = [secret.to_bytes(6, "big"), text.encode()]
    with closing(Store(house.directory)) as store:
        recorder = Recorder("house", store.readings.last_values("house"))
        for step in range(500):
            recorder.add(frame(NOW + step, index=secret + step * 65536, power=step, tariff=f"{text} {step}"))
        store.batches.write([recorder.take()], NOW)
        assert all(needle in bytes_of(house) for needle in needles)
        # As the daily care does: deleted, and left where it was.
        store.db.execute("DELETE FROM reading WHERE time >= ?", [NOW + 250])
        store.erasure.erase_range(Range("house", "", NOW, NOW + 10**6), NOW)
        assert store.erasure.wipe() is True
        assert not [needle for needle in needles if needle in bytes_of(house)]
        assert store.readings.page("house", POWER, RAW, START, START + 1, 1)


def test_a_reader_that_holds_the_log_is_said_and_the_next_call_ends_it(house, store, monkeypatch):
    """A long export must not keep the bytes there unsaid."""
    store.db.execute("PRAGMA busy_timeout = 50")
    with closing(sqlite3.connect(house.directory / FILE_NAME, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM reading").fetchone()
        store.erasure.erase_range(Range(prefix="contract"), NOW)
        assert store.erasure.wipe() is False
    assert store.erasure.wipe() is True
    assert b"HC 1" not in bytes_of(house)


def test_a_recipient_is_withdrawn_told_and_forgotten(house, store):
    """Its name stays in the open notices alone, until it has confirmed them; the journal stays whole."""
    assert store.erasure.knows(COOP)
    store.erasure.erase_recipient(COOP, NOW + 5, "marie-odile")
    assert store.erasure.wipe()
    assert not store.erasure.knows(COOP)
    assert store.consents.of(COOP) == store.subscriptions.of(COOP) == []
    assert store.erasure.knows(TOWN)
    with pytest.raises(ConsentError, match="nothing is kept"):
        act(store, Erase(what="recipient", recipient=COOP), NOW)
    (notice,) = [n for n in store.notices.all() if n.recipient == COOP]
    assert (notice.kind, notice.payload["series"]) == (NoticeKind.CONSENT_WITHDRAWN, "consumption")
    store.notices.confirmed(notice.id, COOP, NOW + 6)
    store.batches.forget(NOW + 7, 10**9, 10**9, 10**9)
    store.db.commit()
    assert store.erasure.wipe()
    assert COOP.encode() not in bytes_of(house)
    assert TOWN.encode() in bytes_of(house)
    assert is_whole(store)
    assert [e.facts()["kind"] for e in store.journal.entries()][-2:] == ["data-erased", "notice-confirmed"]
    assert "to share a roof" not in [t.words for t in store.texts.all()]


def test_everything_is_erased_but_the_proof_and_the_last_words(house, store):
    """No reading, no name, no number of the delivery point; recipients are asked to erase; the chain verifies."""
    damaged = house.directory / f"{FILE_NAME}.damaged-20260101T000000Z"
    damaged.write_bytes(b"old readings")
    before = house.directory / f"{FILE_NAME}.before-20260101T000000Z"
    before.write_bytes(b"older readings")
    # What a restoration has set aside.
    aside = [f"{name}.before-20260101T000000Z" for name in ("boards/salon.json", "settings.json")]
    for name in aside:
        (house.directory / name).parent.mkdir(exist_ok=True)
        (house.directory / name).write_text(STRANGER)
    config = load(house.config)
    change(config, "household", {"address": STRANGER})
    count = sum(1 for _ in store.journal.entries())
    erased = store.erasure.erase_everything(NOW + 5, "marie-odile")
    assert store.erasure.remove_copies() == [damaged.name, before.name, *aside, KEY_NAME, config.settings_file.name]
    assert not before.exists()
    assert store.erasure.wipe()
    assert erased.readings > 300
    assert {r for r, _ in notices(store, NoticeKind.DATA_ERASED)} == {COOP, TOWN}
    content = bytes_of(house)
    for word in (PRM, "021961000000", "HC 1", ROOF, STRANGER, "La Coop", "dpo@coop", "marie-odile", "to share a roof"):
        assert word.encode() not in content, word
    assert not damaged.exists()
    assert is_whole(store)
    assert sum(1 for _ in store.journal.entries()) > count
    assert store.meters.series("house") == store.consents.all() == store.received.series() == []


def test_without_a_daemon_the_pages_password_goes_as_well(house, run):
    """Who may see the page is the household's word, too."""
    page = PageAccess(house.directory / "page.json")
    page.set_password("a password of the page")
    assert run(house, "privacy", "erase", "--everything", "--yes")[0] == 0
    assert not (house.directory / "page.json").exists()


def test_life_goes_on_after_everything_was_erased(store):
    """The meter is read on, and its values are stored though they have not changed."""
    recorder = Recorder("house", store.readings.last_values("house"))
    recorder.add(frame(NOW, power=1, index=5, tariff="HP"))
    store.batches.write([recorder.take()], NOW)
    store.erasure.erase_everything(NOW + 1)
    recorder.begin_anew()
    recorder.add(frame(NOW + 2, power=1, index=5, tariff="HP"))
    store.batches.write([recorder.take()], NOW + 3)
    assert {path: value for path, (_, value) in store.readings.last_values("house").items()} == {
        POWER: 1,
        INDEX: 5,
        "contract/tariff": "HP",
    }


def test_an_erasure_cut_off_by_a_fault_has_erased_nothing_and_told_nobody(store, monkeypatch):
    """One transaction: rows, notices, journal."""
    before = store.erasure.what_is_in(Range()), len(store.notices.all())
    store.db.execute("CREATE TEMP TRIGGER fault BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'full'); END")
    with pytest.raises(Exception, match="full"):
        store.erasure.erase_everything(NOW)
    assert (store.erasure.what_is_in(Range()), len(store.notices.all())) == before
    assert store.db.execute("SELECT count(*) FROM about WHERE key = 'erasing'").fetchone() == (0,)


def test_the_command_asks_for_a_word_and_a_script_says_yes(house, run, monkeypatch):
    """Without a terminal and without --yes nothing is done."""
    code, _, err = run(house, "privacy", "erase", "--series", "contract")
    assert (code, err) == (
        1,
        "linky-gateway: there is no terminal to confirm on: add --yes to erase without a question\n",
    )
    code, out, err = run(house, "privacy", "erase", "--series", "contract", "--yes", "--lang", "fr")
    assert (code, err) == (0, "")
    assert out.startswith("effacé : ")
    with closing(Store(house.directory)) as store:
        assert store.readings.page("house", "contract", RAW, 0, NOW, 10) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "say what to erase"),
        (("--series", "nothing/at/all"), "there is none at or below this path"),
        (("--meter", "neighbour"), "these are known: house"),
        (("--from", "2026-06-20", "--to", "2026-06-19"), "not after its beginning"),
        (("--recipient", "nobody@x.test", "--yes"), "nothing is kept about it"),
        (("--recipient", COOP, "--from", "2026-06-20"), "leave them away"),
        (("--everything", "--meter", "house"), "leave them away"),
    ],
)
def test_an_order_that_means_nothing_is_one_sentence(house, run, words, said):
    """And nothing is erased."""
    with closing(Store(house.directory)) as store:
        before = store.erasure.what_is_in(Range())
    code, out, err = run(house, "privacy", "erase", "--yes", *words)
    assert code != 0
    assert out == ""
    assert said in err
    with closing(Store(house.directory)) as store:
        assert store.erasure.what_is_in(Range()) == before
