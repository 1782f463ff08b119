"""The account of each recipient: both sums hold at every commit, whatever happens, and tell of a row that just went."""

import random
import shutil
import sqlite3
from contextlib import closing

import pytest
import sqlite_utils

from gateway.store.connection import FILE_NAME
from gateway.store.erasure import Range
from gateway.store.journal import KEY_NAME
from gateway.store.migrations import migrations
from gateway.store.points import GivenUp, Granularity, Outgoing
from gateway.store.queue import LastComparison, Purged
from gateway.store.recorder import Recorder
from gateway.store.redo import REDO_NAME
from gateway.store.store import Archive, Store
from tests.gateway.store.conftest import POWER, START, frame, hand_over
from tests.gateway.store.test_consents import COOP, NOW, TOWN, give, read
from tests.prepared import prepare

RAW, MINUTE, QUARTER, HALF_HOUR, DAY = Granularity


def account(store, recipient=COOP):
    """The account of one recipient, which balances."""
    found = next(one for one in store.accounts.all() if one.recipient == recipient)
    assert found.balanced, found
    return found


def counts(store):
    """Promised, sent, waiting, confirmed, open."""
    one = account(store)
    return one.promised, one.sent, one.waiting, one.confirmed, one.open


def test_a_value_is_promised_then_sent_then_confirmed(store, recorder):
    """Each once, however often its message leaves and its receipt comes."""
    give(store, POWER)
    assert (counts(store), account(store).since) == ((0, 0, 0, 0, 0), START - 1)
    read(store, recorder, 0, 1, 2)
    assert counts(store) == (3, 0, 3, 0, 0)
    for _ in range(2):
        hand_over(store, COOP, NOW, last=2)
        assert counts(store) == (3, 2, 1, 0, 2)
    for _ in range(2):
        store.outbox.confirm(COOP, 0, 2, NOW)
        assert counts(store) == (3, 2, 1, 2, 0)
    store.outbox.confirm(COOP, 0, 3, NOW)
    assert counts(store) == (3, 2, 1, 2, 0), "no message has held the third"
    hand_over(store, COOP, NOW)
    store.outbox.take_servers_word(COOP, 2, 3, NOW)
    assert counts(store) == (3, 3, 0, 3, 0)
    assert account(store).by_server == 1


def test_what_goes_before_it_is_sent_is_purged_with_its_reason(store, recorder):
    """What was handed over is open, and its receipt is counted when it comes after all."""
    consent = give(store, POWER)
    read(store, recorder, *range(9))
    hand_over(store, COOP, NOW, last=2)
    store.corrections.remove("house", POWER, RAW, START + 2, NOW, "anne", "wrong")
    store.erasure.erase_range(Range("house", POWER, START + 3, START + 4), NOW)
    store.outbox.drop(COOP, 4, 5)
    store.queue.thin(GivenUp.RAW, 2, 1)
    assert account(store).purged == {Purged.CORRECTED: 1, Purged.ERASED: 1, Purged.UNFIT: 1}
    assert counts(store) == (9, 2, 4, 0, 2), "the oldest that is given up is open"
    store.consents.withdraw(consent.id, NOW)
    assert account(store).purged[Purged.WITHDRAWN] == 4
    assert counts(store) == (9, 2, 0, 0, 2)
    store.outbox.confirm(COOP, 0, 1, NOW)
    assert counts(store) == (9, 2, 0, 1, 1)


def test_who_stays_away_too_long_leaves_lapsed_ones(store, recorder):
    """No receipt is awaited any more for what is given up: it stays open, and is said to have lapsed."""
    give(store, POWER)
    read(store, recorder, 0, 1, 2)
    hand_over(store, COOP, START, last=1)
    late = START + 10**6
    recorder.add(frame(late, power=1))
    store.batches.write([recorder.take()], late)
    store.batches.forget(late, 10**9, 10**9, 86_400)
    assert counts(store) == (4, 1, 1, 0, 1)
    assert (account(store).lapsed, account(store).purged) == (1, {Purged.EXPIRED: 2})


def test_what_a_recipient_passes_over_is_purged(store, recorder):
    """Of a newer copy of the file it has more: what waits is numbered anew, and what was open stays so."""
    give(store, POWER)
    read(store, recorder, 0, 1, 2)
    hand_over(store, COOP, NOW, last=1)
    store.outbox.resume(COOP, 7, NOW)
    assert (counts(store), account(store).lapsed) == ((3, 1, 2, 0, 1), 0)
    store.outbox.drop(COOP, 7, 8)
    store.outbox.resume(COOP, 20, NOW)
    assert (counts(store), account(store).lapsed) == ((3, 1, 2, 0, 1), 1)


def test_answers_and_live_values_stand_besides(store, recorder):
    """They have no number and no receipt, and change neither sum."""
    give(store, POWER)
    read(store, recorder, 0, 1)
    points = [row.point for row in store.outbox.pending(COOP, 0, 9, NOW)]
    store.transfers.note(COOP, points, NOW)
    assert (counts(store), account(store).besides) == ((2, 0, 2, 0, 0), 2)


def test_a_row_that_goes_without_a_word_is_told(store, recorder):
    """The sums are of counts and of rows: neither can follow the other."""
    give(store, POWER)
    read(store, recorder, 0, 1)
    store.db.execute("DELETE FROM outbox WHERE seq = 1")
    (one,) = store.accounts.all()
    assert (one.promised, one.waiting, one.balanced) == (2, 1, False)
    store.db.execute("INSERT INTO awaited VALUES (1, 9, ?)", [NOW])
    (one,) = store.accounts.all()
    assert (one.sent, one.confirmed, one.open, one.balanced) == (0, 0, 1, False)


def test_a_database_of_before_begins_with_what_is_known(directory):
    """What its receipts said and what lies in it; what went besides is what the log of transfers has more."""
    with closing(Store(directory)) as store:
        store.meters.add("house", "ab12cd34ef")
        give(store, POWER)
        recorder = Recorder("house", {})
        read(store, recorder, *range(6))
        hand_over(store, COOP, NOW, last=4)
        store.outbox.confirm(COOP, 0, 3, NOW)
        store.transfers.note(COOP, [row.point for row in store.outbox.pending(COOP, 0, 9, NOW)], NOW)
        before = account(store)
    with closing(sqlite_utils.Database(directory / FILE_NAME)) as db:
        for column in ("since", "promised", "sent", "confirmed", "by_server", "lapsed", "besides", *Purged):
            db.execute(f"ALTER TABLE recipient DROP COLUMN {column}")
        db.execute("DELETE FROM _sqlite_migrations WHERE name = 'accounts'")
        db.conn.commit()
        migrations.apply(db)
    with closing(Archive(directory)) as archive:
        after = account(archive)
    assert (after.promised, after.sent, after.waiting, after.confirmed, after.open) == (6, 4, 2, 3, 1)
    assert (after.besides, after.since) == (before.besides, NOW // 3600 * 3600)


class _Life:
    """A gateway with two recipients, to which anything happens; each step ends with both sums."""

    def __init__(self, directory, seed):
        self.chance, self.directory, self.now = random.Random(seed), directory, START
        self.copies, self.redone = 0, Recorder("house", {})
        self.store = Store(directory)
        self.store.meters.add("house", "ab12cd34ef")
        self.agree()
        self.store.db.postpone_from_now()
        self.steps = [
            *(self.minute,) * 6,
            *(self.leave,) * 5,
            *(self.receipt,) * 4,
            *(self.resume, self.withdraw, self.agree, self.erase, self.correct, self.thin, self.unfit, self.forget),
            *(self.cut, self.restart, self.undone, self.word),
        ]

    def live(self, steps):
        for _ in range(steps):
            self.chance.choice(self.steps)()
            for one in self.store.accounts.all():
                assert one.balanced, one

    def who(self):
        return self.chance.choice((COOP, TOWN))

    def agree(self):
        for who, fine in ((COOP, RAW), (TOWN, MINUTE)):
            give(self.store, "", fine, who, until=START + 10**8, now=self.now)

    def minute(self):
        self.now += 60
        for second in (0, 20, 40):
            self.redone.add(frame(self.now + second, power=self.chance.randrange(9000), index=self.now + second))
        self.store.batches.write([self.redone.take()], self.now + 60)

    def rows(self, who):
        return tuple(self.store.outbox.pending(who, -1, self.chance.randrange(1, 40), self.now + 60))

    def leave(self):
        who = self.who()
        if rows := self.rows(who)[self.chance.randrange(3) :]:
            self.store.outbox.hand_over([Outgoing(who, rows[-1].seq, rows)], self.now)

    def interval(self, who):
        row = self.store.db.execute("SELECT last_seq FROM recipient WHERE jid = ?", [who]).fetchone()
        return sorted(self.chance.randrange(row[0] + 4) for _ in range(2)) if row else (0, 0)

    def receipt(self):
        who = self.who()
        self.store.outbox.confirm(who, *self.interval(who), self.now)

    def word(self):
        who = self.who()
        self.store.outbox.take_servers_word(who, *self.interval(who), self.now)

    def resume(self):
        who = self.who()
        self.store.outbox.resume(who, self.interval(who)[1], self.now)

    def unfit(self):
        who = self.who()
        if rows := self.rows(who):
            self.store.outbox.drop(who, rows[0].seq - 1, rows[0].seq)

    def withdraw(self):
        for consent in self.store.consents.of(self.who()):
            if consent.standing(self.now):
                self.store.consents.withdraw(consent.id, self.now)

    def erase(self):
        first = self.now - self.chance.randrange(600)
        self.store.erasure.erase_range(Range("house", POWER, first, first + 90), self.now)

    def correct(self):
        if rows := [row for row in self.rows(COOP) if row.point.series.path == POWER and row.point.granularity == RAW]:
            point = self.chance.choice(rows).point
            self.store.corrections.remove("house", POWER, RAW, point.time, self.now, "anne", "wrong")

    def thin(self):
        self.store.queue.thin(GivenUp.MINUTES, 5, 3)

    def forget(self):
        self.store.batches.forget(self.now, 10**6, 10**6, self.chance.randrange(300, 3000))

    def undone(self):
        """The card is full in the middle of something: what was kept is done again, the rest never was."""
        self.store.db.begin()
        self.store.outbox.confirm(COOP, *self.interval(COOP), self.now)
        self.store.db.rollback()

    def cut(self):
        """The power goes: another machine has what was on the card."""
        self.copies += 1
        target = self.directory / str(self.copies)
        target.mkdir()
        for name in (FILE_NAME, f"{FILE_NAME}-wal", REDO_NAME, KEY_NAME):
            if (self.place() / name).exists():
                shutil.copyfile(self.place() / name, target / name)
        self.store.close()
        self.here = target
        self.open()

    def place(self):
        return getattr(self, "here", self.directory)

    def restart(self):
        self.store.close()
        self.open()

    def open(self):
        self.store = Store(self.place())
        self.store.db.postpone_from_now()
        self.redone = Recorder("house", {})


@pytest.mark.parametrize("seed", range(8))
def test_both_sums_hold_at_every_commit_of_random_histories(directory, seed):
    """Whatever comes: receipts of anything, withdrawals, erasures, corrections, queues too long, kills, power cuts."""
    life = _Life(directory, seed)
    try:
        life.live(150)
        assert {one.recipient: one.promised > 0 for one in life.store.accounts.all()} == {COOP: True, TOWN: True}
    finally:
        life.store.close()


def test_what_came_of_the_last_comparison_stands_in_the_account(store, recorder):
    """In the place of the one before; how often something was missing is counted until it is not, or is known again."""
    give(store, POWER)
    assert account(store).comparison is None
    said = [("differs", 5, 1, 0, 0), ("broken", 2, 0, 1, 0), ("unanswered", 0, 0, 0, 0), ("same", 0, 0, 0, 0)]
    for again, found in zip((1, 2, 2, 2), said, strict=True):
        store.accounts.compared(COOP, LastComparison(NOW, *found))
        assert account(store).comparison == LastComparison(NOW, *found, again)
    store.accounts.compared(COOP, LastComparison(NOW + 1, "same", 9, 0, 0, 0))
    assert account(store).comparison == LastComparison(NOW + 1, "same", 9, 0, 0, 0, 0)
    store.accounts.compared(TOWN, LastComparison(NOW, "same", 9, 0, 0, 0))
    assert [one.recipient for one in store.accounts.all()] == [COOP]


def test_a_database_of_before_was_never_compared(directory, recorder):
    """What it counted stays, and nobody says that both sides are the same."""
    with closing(Store(directory)) as store:
        store.meters.add("house", "ab12cd34ef")
        give(store, POWER)
        read(store, recorder, 0, 1, 2)
        before = account(store)
    columns = ("as", "at", "same", "missing", "altered", "surplus", "again")
    with closing(sqlite3.connect(directory / FILE_NAME)) as db, db:
        for column in columns:
            db.execute(f"ALTER TABLE recipient DROP COLUMN compared_{column}")
        db.execute("DELETE FROM _sqlite_migrations WHERE name = 'last_comparison'")
    prepare(directory)
    with closing(Store(directory)) as store:
        assert account(store) == before
        assert before.comparison is None
        store.accounts.compared(COOP, LastComparison(NOW, "same", 3, 0, 0, 0))
        assert account(store).comparison.is_known
