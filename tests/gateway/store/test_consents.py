"""Consents as documents: they only grow in number, and what happens to one decides what goes out."""

import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest
import sqlite_utils

from gateway.store.connection import FILE_NAME
from gateway.store.migrations import migrations
from gateway.store.points import Confirm, Granularity
from gateway.store.prepare import _first_step_missing, prepare
from gateway.store.store import Store
from gateway.store.terms import Channel, ConsentChangeKind, NoticeKind, Proof, RecipientRole, Terms
from tests.gateway.store.conftest import INDEX, POWER, START, frame

COOP = "coop@sen2.test"
TOWN = "town@sen3.test"
NOW = START + 10**6
RAW, MINUTE, QUARTER, HALF_HOUR, DAY = Granularity
TERMS = Terms(
    push=True,
    history=True,
    history_from=START - 86400,
    purpose="to share a roof",
    controller="La Coop",
    contact="dpo@coop.example",
    privacy="https://coop.example/privacy",
    role=RecipientRole.JOINT,
    code_url="https://coop.example/code",
    code_version="2",
    code_hash="ab" * 32,
    retention="P6M",
)
PROOF = Proof("anne", Channel.WEB, "1", "fr", "cd" * 32)


def give(store, prefix="consumption", granularity=RAW, recipient=COOP, until=NOW + 10**6, now=START - 1, **more):
    """Consent and subscription."""
    consent = store.consents.grant(recipient, "house", prefix, granularity, until, now, **more)
    store.subscriptions.add(recipient, "house", prefix, "sen1", Confirm.RECEIPT, now)
    return consent


def read(store, recorder, *seconds, now=NOW):
    """A power value at each of these seconds, committed."""
    for second in seconds:
        recorder.add(frame(START + second, power=second + 1))
    store.batches.write([recorder.take()], now)


def waiting(store, now=NOW, recipient=COOP):
    """Seconds of what may be sent now."""
    return [row.point.time - START for row in store.outbox.pending(recipient, 0, 1000, now)]


def test_a_consent_keeps_its_terms_and_its_proof(store):
    """Everything that was agreed and shown comes back as it was stored."""
    given = store.consents.grant(COOP, "house", POWER, DAY, NOW, START, begins=START + 5, terms=TERMS, proof=PROOF)
    assert store.consents.of(COOP) == [given]
    assert (given.terms, given.proof, given.begins, given.last, given.replaces) == (TERMS, PROOF, START + 5, None, None)


def test_changed_terms_are_a_new_row_that_names_the_one_before(store):
    """The old version stays as it was given, ended; another purpose or another granularity is another consent."""
    first = store.consents.grant(COOP, "house", POWER, MINUTE, NOW, START, terms=TERMS)
    second = store.consents.grant(COOP, "house", POWER, MINUTE, NOW, START + 9, terms=replace(TERMS, history=False))
    store.consents.grant(COOP, "house", POWER, HALF_HOUR, NOW, START + 9, terms=TERMS)
    store.consents.grant(COOP, "house", POWER, MINUTE, NOW, START + 9, terms=replace(TERMS, purpose="research"))
    old, new, *others = store.consents.of(COOP)
    assert (old.terms, old.last, old.withdrawn_at) == (first.terms, ConsentChangeKind.REPLACED, START + 9)
    assert (new.replaces, new.valid(START + 9)) == (old.id, True)
    assert second == new
    assert [(c.replaces, c.valid(START + 9)) for c in others] == [(None, True), (None, True)]


def test_a_new_version_that_allows_less_takes_back_what_was_queued(store, recorder):
    """From push and history to history alone: nothing waits any more, nothing comes after."""
    give(store, POWER)
    read(store, recorder, 0)
    give(store, POWER, now=NOW, terms=Terms(push=False))
    read(store, recorder, 1)
    assert store.outbox.backlog()[0].rows == 0


@pytest.mark.parametrize("table", ["consent", "consent_change"])
@pytest.mark.parametrize("order", ["UPDATE {} SET given_by = 'x'", "DELETE FROM {}"])
def test_the_database_itself_refuses_to_change_a_consent(store, table, order):
    """Only under the switch of an erasure; a bug or a hand at the file cannot rewrite what was agreed."""
    give(store)
    store.consents.revoke(COOP, "", NOW)
    with pytest.raises(sqlite3.IntegrityError, match="never changed"):
        store.db.execute(order.format(table))
    store.db.execute("INSERT INTO about VALUES ('erasing', '1')")
    store.db.execute("PRAGMA foreign_keys = OFF")
    assert store.db.execute(order.format(table)).rowcount == 1


def test_a_limitation_keeps_what_comes_and_lets_nothing_out(store, recorder):
    """Readings from before and from during it wait, and go out when it ends."""
    give(store, POWER)
    read(store, recorder, 0)
    assert store.consents.limit(COOP, NOW, "anne", Channel.BUTTON) == 1
    assert store.consents.limit(COOP, NOW) == 0
    read(store, recorder, 1)
    assert waiting(store) == []
    assert store.consents.allowed(COOP, NOW) == []
    assert store.outbox.backlog()[0].rows == 2
    assert store.consents.lift_limit(COOP, NOW) == 1
    assert store.consents.lift_limit(COOP, NOW) == 0
    assert waiting(store) == [0, 1]


def test_what_is_given_to_a_limited_recipient_is_limited_too(store, recorder):
    """Limitation is the recipient's: no new consent opens a way round it, and no row between is lost by a receipt."""
    give(store, POWER)
    store.consents.limit(COOP, NOW)
    assert give(store, INDEX, now=NOW).limited
    assert give(store, POWER, MINUTE, now=NOW).limited
    read(store, recorder, 0)
    assert waiting(store) == []
    assert store.consents.lift_limit(COOP, NOW) == 3
    assert waiting(store) == [0]


def test_a_limited_consent_can_be_withdrawn_and_stays_so(store, recorder):
    """The end of the limitation does not bring it back; a new consent after it is not limited."""
    give(store, POWER)
    store.consents.limit(COOP, NOW)
    read(store, recorder, 0)
    assert store.consents.revoke(COOP, "", NOW) == 1
    assert store.consents.lift_limit(COOP, NOW) == 0
    assert waiting(store) == []
    assert give(store, POWER, now=NOW + 1).valid(NOW + 1)


def test_history_alone_pushes_nothing(store, recorder):
    """A consent without push queues nothing, subscribed or not."""
    give(store, POWER, terms=Terms(push=False))
    read(store, recorder, 0, 1)
    assert store.outbox.backlog()[0].rows == 0


def test_a_consent_that_begins_later_is_of_readings_from_then_on(store, recorder):
    """What was read before its first day is never pushed, whatever clock the host had when it was written."""
    give(store, POWER, begins=START + 10)
    read(store, recorder, 9, 10, 11, now=100.0)
    assert waiting(store, START + 9) == []
    assert waiting(store, START + 10) == [10, 11]


def test_a_withdrawal_leaves_a_later_consent_only_what_is_its_own(store, recorder):
    """Rows that were queued under the consent withdrawn are not sent on the word of one that begins later."""
    give(store, POWER)
    give(store, "consumption", begins=START + 10)
    read(store, recorder, 9, 10)
    store.consents.revoke(COOP, POWER, NOW)
    assert waiting(store) == [10]


def test_what_an_expired_consent_left_is_not_sent_by_one_that_begins_later(store, recorder):
    """Its rows were queued before the other's first day, and no withdrawal took them away."""
    give(store, POWER, until=START + 10)
    give(store, "consumption", begins=START + 10)
    read(store, recorder, 8, 9, now=START + 9)
    read(store, recorder, 10, 11, now=START + 11)
    assert waiting(store, START + 12) == [10, 11]


def test_a_finer_consent_that_begins_later_lets_the_coarser_one_go_on(store, recorder):
    """Until its first day the minutes of the other are sent, from then on every value."""
    give(store, POWER, MINUTE)
    give(store, POWER, RAW, begins=START + 120)
    read(store, recorder, *range(0, 190, 10))
    found = [(row.point.granularity, row.point.time - START) for row in store.outbox.pending(COOP, 0, 100, NOW)]
    assert [time for granularity, time in found if granularity is MINUTE] == [0, 60]
    assert [time for granularity, time in found if granularity is RAW] == list(range(120, 190, 10))


def test_the_household_and_the_recipient_are_told_of_each_change(store):
    """One notice a consent: which series, how fine, which period; a longer period when more was handed over."""
    give(store, POWER)
    store.consents.limit(COOP, NOW)
    store.consents.lift_limit(COOP, NOW)
    store.consents.revoke(COOP, "", NOW)
    found = store.notices.all()
    kinds = [NoticeKind.CONSENT_LIMITED, NoticeKind.CONSENT_RESUMED, NoticeKind.CONSENT_WITHDRAWN]
    assert [(n.recipient, n.kind, n.lang) for n in found] == [(COOP, kind, "fr") for kind in kinds]
    told = found[2].payload
    assert (told["sensor"], told["series"], told["granularity"]) == ("ab12cd34ef", POWER, "raw")
    assert (told["first"], told["last"]) == (START - 1, NOW)


def test_an_expired_consent_is_news_only_when_it_is_withdrawn(store):
    """Nobody is told that what ended long ago is suspended; that its data are to be erased is told."""
    give(store, POWER, until=NOW)
    store.consents.limit(COOP, NOW + 1)
    assert store.notices.all() == []
    store.consents.revoke(COOP, "", NOW + 2)
    assert [n.kind for n in store.notices.all()] == [NoticeKind.CONSENT_WITHDRAWN]


def test_who_changed_a_consent_is_stored(store):
    """By whom and by which way, beside when."""
    give(store)
    store.consents.revoke(COOP, "", NOW, "anne", Channel.WEB)
    rows = store.db.execute("SELECT consent, at, kind, given_by, channel FROM consent_change").fetchall()
    assert rows == [(1, NOW, "withdrawn", "anne", "web")]


def old_database(path):
    """A database as the released steps made it: three consents, one withdrawn, subscriptions and queued rows."""
    with closing(sqlite3.connect(path)) as db:
        migrations.apply(sqlite_utils.Database(db), stop_before="consents_as_documents")
        db.executescript(
            f"""
            INSERT INTO meter VALUES (1, 'house', 'ab12cd34ef', NULL, NULL, {START});
            INSERT INTO series VALUES (1, 1, '{POWER}', 'VA', 'gauge'), (2, 1, '{INDEX}', 'Wh', 'index');
            INSERT INTO consent VALUES
              (1, '{COOP}', 1, '{POWER}', 0, {START - 9}, {NOW + 10**6}, NULL),
              (3, '{COOP}', 1, 'consumption/energy', 86400, {START - 8}, {NOW + 10**6}, {START - 7}),
              (4, '{TOWN}', 1, 'consumption', 60, {START - 6}, {START + 5}, NULL);
            INSERT INTO recipient VALUES (1, '{COOP}', 12), (2, '{TOWN}', 0);
            INSERT INTO subscription VALUES (1, 1, '{POWER}', 'sen1', 'receipt', {START});
            INSERT INTO outbox VALUES (1, 11, 1, 0, {START}, 5), (1, 12, 1, 0, {START + 1}, 6);
            """
        )


def check_carried(store):
    """The old consents say what they said."""
    rows = [
        (c.id, c.recipient, c.prefix, c.granularity, c.given_at, c.until, c.withdrawn_at) for c in store.consents.all()
    ]
    assert rows == [
        (1, COOP, POWER, RAW, START - 9, NOW + 10**6, None),
        (3, COOP, "consumption/energy", DAY, START - 8, NOW + 10**6, START - 7),
        (4, TOWN, "consumption", MINUTE, START - 6, START + 5, None),
    ]
    assert [c.valid(START) for c in store.consents.all()] == [True, False, True]
    assert all(c.terms == Terms() and c.begins == c.given_at for c in store.consents.all())
    assert [s.prefix for s in store.subscriptions.of(COOP)] == [POWER]


def test_an_old_database_keeps_everything(tmp_path):
    """Consents with their numbers, withdrawals, subscriptions and what waits outlive the migration."""
    old_database(tmp_path / FILE_NAME)
    prepare(tmp_path)
    with closing(Store(tmp_path)) as store:
        check_carried(store)
        assert [(row.seq, row.point.value) for row in store.outbox.pending(COOP, 0, 9, NOW)] == [(11, 5), (12, 6)]
        assert store.consents.all()[1].last is ConsentChangeKind.WITHDRAWN
        store.consents.grant(TOWN, "house", POWER, RAW, NOW + 9, NOW)
        assert store.consents.all()[-1].id == 5


def test_a_migration_killed_in_the_middle_is_done_again_whole(tmp_path):
    """A step that fails half way leaves the old tables, with nothing of the new ones."""
    old_database(tmp_path / FILE_NAME)
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as db:
        db.execute("CREATE TABLE consent_change (in_the_way INTEGER)")
        with pytest.raises(sqlite3.OperationalError):
            migrations.apply(sqlite_utils.Database(db))
        assert db.execute("SELECT count(*) FROM consent WHERE withdrawn_at IS NOT NULL").fetchone() == (1,)
        db.execute("DROP TABLE consent_change")
    prepare(tmp_path)
    with closing(Store(tmp_path)) as store:
        check_carried(store)


def test_a_damaged_old_file_is_saved_with_its_withdrawals(tmp_path):
    """Rows are saved into the tables for which they were written, then carried on: none comes back as valid."""
    path = tmp_path / FILE_NAME
    old_database(path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE filler (text TEXT)")
        db.executemany("INSERT INTO filler VALUES (?)", [["x" * 3000]] * 100)
        db.commit()
    with path.open("r+b") as file:
        file.seek(path.stat().st_size - 60 * 4096)
        file.write(b"\xaa" * 40 * 4096)
    prepare(tmp_path)
    (aside,) = tmp_path.glob("*.damaged-*Z")
    assert _first_step_missing(aside) == "consents_as_documents"
    with closing(Store(tmp_path)) as store:
        check_carried(store)


def test_consents_come_out_of_a_damaged_file_only_with_what_limits_them(store, tmp_path, directory):
    """When the changes cannot be read no consent is taken over: a withdrawn one would be valid again."""
    give(store)
    store.consents.revoke(COOP, "", NOW)
    store.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    (page,) = store.db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'consent_change'").fetchone()
    (size,) = store.db.execute("PRAGMA page_size").fetchone()
    store.close()
    with (directory / FILE_NAME).open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xaa" * size)
    prepare(directory)
    assert len(list(directory.glob("*.damaged-*Z"))) == 1
    with closing(Store(directory)) as again:
        assert again.consents.all() == []
        assert again.meters.all()[0].sensor == "ab12cd34ef"
