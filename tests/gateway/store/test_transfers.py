"""Who received what, and who is to be told: the log of transfers and the notices."""

import sqlite3
from contextlib import closing

import pytest

from gateway.errors import StoreError
from gateway.journal.entry import write_line
from gateway.journal.verify import verify
from gateway.store.connection import FILE_NAME
from gateway.store.erasure import Range
from gateway.store.points import Confirm, Granularity, Outgoing
from gateway.store.store import Archive, Store
from gateway.store.terms import NoticeKind, Terms
from tests.gateway.store.conftest import INDEX, POWER, START, frame, hand_over
from tests.gateway.store.test_consents import COOP, NOW, TOWN, give, read
from tests.prepared import prepare

RAW, MINUTE, QUARTER, HALF_HOUR, DAY = Granularity
ERASED = NoticeKind.DATA_ERASED


def transfers(store):
    """Rows of the log as (path, granularity, hour, first, last, points), times since START."""
    rows = store.db.execute(
        "SELECT path, granularity, hour, first_time, last_time, points FROM transfer JOIN series ON id = series"
        " ORDER BY path, hour"
    )
    return [(path, g, hour, first - START, last - START, points) for path, g, hour, first, last, points in rows]


def series(store, path):
    """A series by its path."""
    return next(s for s in store.meters.series("house") if s.path == path)


def test_a_row_is_noted_when_it_is_handed_over_once_an_hour_and_series(store, recorder):
    """First and last time and how many, whatever the number of messages; a receipt changes nothing of that."""
    give(store, "consumption")
    read(store, recorder, 0, 1, 2)
    recorder.add(frame(START + 9, index=5))
    store.batches.write([recorder.take()], NOW)
    hour = NOW // 3600 * 3600
    hand_over(store, COOP, hour, last=2)
    assert transfers(store) == [(POWER, 0, hour, 0, 1, 2)]
    hand_over(store, COOP, hour + 3599)
    noted = [(INDEX, 0, hour, 9, 9, 1), (POWER, 0, hour, 0, 2, 3)]
    assert transfers(store) == noted
    assert store.outbox.confirm(COOP, 0, 4, hour + 3600) == 4
    assert transfers(store) == noted
    read(store, recorder, 3)
    hand_over(store, COOP, hour + 3600)
    assert transfers(store)[-1] == (POWER, 0, hour + 3600, 3, 3, 1)


def test_what_is_handed_over_is_committed_before_it_leaves(store, recorder, directory):
    """Another connection sees it at once: whatever ends the process, the log holds what was sent."""
    give(store, POWER)
    read(store, recorder, 0, 1)
    hand_over(store, COOP, NOW)
    with closing(Archive(directory)) as seen:
        assert [(jid, points) for _, jid, _, _, _, _, points in seen.transfers.all()] == [(COOP, 2)]
        day = NOW // 86_400 * 86_400
        assert seen.db.execute("SELECT day, recipient, points FROM journal_day").fetchall() == [(day, COOP, 2)]


def test_a_repeated_message_counts_once(store, recorder):
    """Whole or in other parts, under the same numbers or with more behind; the recipient has each point once, too."""
    give(store, POWER)
    read(store, recorder, 0, 1, 2)
    for last in (2, 2, 1, 3, 3):
        hand_over(store, COOP, NOW, last)
    assert transfers(store) == [(POWER, 0, NOW // 3600 * 3600, 0, 2, 3)]
    assert store.db.execute("SELECT sum(points) FROM journal_day").fetchone() == (3,)


@pytest.mark.parametrize("how", ["withdrawn", "suspended", "erased", "corrected", "renumbered", "expired"])
def test_what_may_not_leave_any_more_is_not_noted_and_does_not_leave(store, recorder, how):
    """Between the look at what waits and the commit the household may have said something else."""
    give(store, POWER, until=NOW + 100)
    read(store, recorder, 0, 1)
    rows, now = tuple(store.outbox.pending(COOP, -1, 9, NOW)), NOW
    if how == "withdrawn":
        store.consents.revoke(COOP, "", NOW)
    elif how == "suspended":
        store.consents.limit(COOP, NOW)
    elif how == "erased":
        store.erasure.erase_range(Range("house", POWER, START, START + 1), NOW)
    elif how == "corrected":
        store.corrections.rectify("house", POWER, RAW, START + 1, "7", NOW, "", "")
    elif how == "renumbered":
        store.outbox.resume(COOP, 77, NOW)
    else:
        now = NOW + 100
    other = Outgoing(COOP, 2, rows)
    assert store.outbox.hand_over([other, other], now) == [False, False]
    assert transfers(store) == []


def test_one_message_that_may_not_leave_holds_up_no_other(store, recorder):
    """They are noted in one commit, and each is judged for itself."""
    give(store, POWER)
    give(store, POWER, recipient=TOWN)
    read(store, recorder, 0)
    messages = [Outgoing(jid, 1, tuple(store.outbox.pending(jid, -1, 9, NOW))) for jid in (COOP, TOWN)]
    store.consents.revoke(COOP, "", NOW)
    assert store.outbox.hand_over(messages, NOW) == [False, True]
    assert [jid for _, jid, *_ in store.transfers.all()] == [TOWN]


def confirmed(store):
    """(day, recipient, points) of what was confirmed."""
    store.db.commit()
    return store.db.execute("SELECT day, recipient, points FROM confirmed ORDER BY day").fetchall()


def test_a_receipt_for_what_was_never_sent_changes_nothing(store, recorder):
    """No row leaves, nothing is noted, and it is no sign of life; neither by a receipt nor by a subscription."""
    give(store, POWER)
    read(store, recorder, 0, 1, 2, 3)
    hand_over(store, COOP, NOW, last=2)
    store.absences.note_bounce(COOP, "gone", NOW)
    noted = transfers(store)
    for after, last in ((0, 4), (2, 4), (2, 3), (0, 2**47), (-1, 3)):
        assert store.outbox.confirm(COOP, after, last, NOW) is None
    assert store.outbox.resume(COOP, 4, NOW).rows == 4
    assert store.outbox.confirm(TOWN, 0, 1, NOW) is None
    assert (transfers(store), confirmed(store)) == (noted, [])
    assert store.db.execute("SELECT count(*) FROM absence").fetchone() == (1,)
    assert store.outbox.confirm(COOP, 0, 2, NOW) == 2
    assert confirmed(store) == [(NOW // 86_400 * 86_400, COOP, 2)]


def test_a_receipt_counts_once_and_by_the_day_of_the_handing_over(store, recorder):
    """However late it comes, and however often."""
    give(store, POWER)
    read(store, recorder, 0, 1, 2)
    day = NOW // 86_400 * 86_400
    hand_over(store, COOP, day + 86_399, last=2)
    hand_over(store, COOP, day + 86_400)
    for _ in range(2):
        store.outbox.confirm(COOP, 0, 3, day + 5 * 86_400)
    assert confirmed(store) == [(day, COOP, 2), (day + 86_400, COOP, 1)]


@pytest.mark.parametrize("how", ["withdrawn", "erased", "retention", "restarted"])
def test_a_receipt_for_rows_that_are_gone_is_noted_all_the_same(store, recorder, directory, how):
    """Withdrawn, erased or given up since, by a process that has sent none of it: it was handed over, and arrived."""
    give(store, POWER)
    read(store, recorder, 0, 1, 2)
    hand_over(store, COOP, NOW, last=2)
    if how == "withdrawn":
        store.consents.revoke(COOP, "", NOW)
    elif how == "erased":
        store.erasure.erase_range(Range("house", POWER), NOW)
    elif how == "retention":
        store.db.execute("DELETE FROM outbox")
    else:
        store.consents.revoke(COOP, "", NOW)
        store.close()
        store = Store(directory)
    assert store.outbox.backlog()[0].rows == 0
    store.outbox.confirm(COOP, 0, 1, NOW)
    assert confirmed(store) == [(NOW // 86_400 * 86_400, COOP, 1)]
    store.outbox.confirm(COOP, 0, 2, NOW)
    assert confirmed(store) == [(NOW // 86_400 * 86_400, COOP, 2)]
    assert store.db.execute("SELECT count(*) FROM awaited").fetchone() == (0,)
    if how == "restarted":
        store.close()


def test_what_is_waited_for_is_forgotten_with_the_outbox(store, recorder):
    """Nobody waits for a receipt longer than the rows would have waited."""
    give(store, POWER)
    read(store, recorder, 0)
    hand_over(store, COOP, NOW)
    store.consents.revoke(COOP, "", NOW)
    assert store.db.execute("SELECT count(*) FROM awaited").fetchone() == (1,)
    store.db.execute("UPDATE meter SET last_time = ?", [NOW + 10_000])
    store.batches.forget(NOW + 10_000, 10**6, 10**6, 9_999)
    assert store.db.execute("SELECT count(*) FROM awaited").fetchone() == (0,)


def test_the_servers_word_is_no_confirmation(store, recorder):
    """The rows leave, and nobody has said that they arrived."""
    give(store, POWER)
    read(store, recorder, 0)
    hand_over(store, COOP, NOW)
    assert store.outbox.take_servers_word(COOP, 0, 1, NOW) == 1
    assert confirmed(store) == []
    assert store.db.execute("SELECT count(*) FROM awaited").fetchone() == (0,)


def test_the_journal_tells_apart_what_was_handed_over_and_what_was_confirmed(store, recorder):
    """One entry a day each; a receipt after the day's entry makes another, of the rest."""
    give(store, POWER)
    read(store, recorder, 0, 1, 2)
    hand_over(store, COOP, NOW)
    day = NOW // 86_400 * 86_400
    store.outbox.confirm(COOP, 0, 1, NOW)
    store.journal.flush(day + 86_400)
    store.outbox.confirm(COOP, 1, 3, NOW)
    for _ in range(2):
        store.journal.flush(day + 86_400)
    store.db.commit()
    (handed,) = store.journal.facts_of("transfer")
    assert (handed["points"], handed["recipient"]) == (3, COOP)
    said = [(e["day"], e["points"], e["recipient"]) for e in store.journal.facts_of("transfer-confirmed")]
    assert said == [(day, 1, COOP), (day, 2, COOP)]
    assert verify([write_line(entry).encode() + b"\n" for entry in store.journal.entries()]).fault is None


def test_a_database_of_before_goes_on_where_it_was(directory, recorder):
    """What it had confirmed stays so, what waits goes out once more and is noted, and its journal still verifies."""
    with closing(Store(directory)) as store:
        store.meters.add("house", "ab12cd34ef")
        give(store, POWER)
        read(store, recorder, 0, 1, 2)
        hand_over(store, COOP, NOW, last=1)
        store.outbox.confirm(COOP, 0, 1, NOW)
        store.db.commit()
    with closing(sqlite3.connect(directory / FILE_NAME)) as db:
        db.executescript("""
            DROP TRIGGER outbox_awaited; DROP TABLE awaited; DROP TABLE confirmed;
            ALTER TABLE outbox DROP COLUMN handed; ALTER TABLE recipient DROP COLUMN handed;
            DELETE FROM _sqlite_migrations WHERE name = 'what_was_handed_over';
        """)
    prepare(directory)
    with closing(Store(directory)) as store:
        assert store.outbox.confirm(COOP, 1, 3, NOW) is None
        assert store.outbox.resume(COOP, 1, NOW).rows == 2
        before = store.db.execute("SELECT sum(points) FROM transfer").fetchone()[0]
        hand_over(store, COOP, NOW)
        assert store.outbox.confirm(COOP, 1, 3, NOW) == 2
        store.db.commit()
        assert store.db.execute("SELECT sum(points) FROM transfer").fetchone() == (before + 2,)
        assert verify([write_line(entry).encode() + b"\n" for entry in store.journal.entries()]).fault is None


def test_a_confirmation_outlives_the_write_that_fails_after_it(store, recorder):
    """Nobody confirms twice: undone with a batch that the full card refused, it is done again for whoever looks."""
    give(store, "consumption")
    read(store, recorder, 0, 1, 2)
    hand_over(store, COOP, NOW)
    store.outbox.confirm(COOP, 0, 2, NOW)
    (pages,) = store.db.execute("PRAGMA page_count").fetchone()
    store.db.execute(f"PRAGMA max_page_count = {pages}")
    for second in range(10, 5000):
        recorder.add(frame(START + second, power=second, tariff=str(second)))
    batch = recorder.take()
    with pytest.raises(StoreError, match="full"):
        store.batches.write([batch], NOW)
    assert [row.seq for row in store.outbox.pending(COOP, -1, 10, NOW)] == [3]
    store.db.execute("PRAGMA max_page_count = 1000000")
    store.batches.write([], NOW)
    assert [row.seq for row in store.outbox.pending(COOP, -1, 10, NOW)] == [3]
    assert confirmed(store) == [(NOW // 86_400 * 86_400, COOP, 2)]
    store.batches.write([batch], NOW)
    assert confirmed(store) == [(NOW // 86_400 * 86_400, COOP, 2)]


def test_what_left_unsent_is_not_noted(store, recorder):
    """Neither what no message can hold nor what no consent let out lay in a message; both leave with what did."""
    give(store, POWER, until=NOW)
    give(store, INDEX)
    recorder.add(frame(START, power=1))
    recorder.add(frame(START + 1, power=2, index=3))
    store.batches.write([recorder.take()], START)
    assert store.outbox.drop(COOP, 0, 1) == 1
    assert [row.point.series.path for row in hand_over(store, COOP, NOW)] == [INDEX]
    (last,) = store.db.execute("SELECT max(seq) FROM outbox").fetchone()
    assert store.outbox.confirm(COOP, 1, last, NOW) == 2
    assert [(path, points) for path, *_, points in transfers(store)] == [(INDEX, 1)]
    assert confirmed(store) == [(NOW // 86_400 * 86_400, COOP, 1)]


def test_past_recipients_are_those_whose_data_overlap(store, recorder):
    """By series and by period; the end of an asked period is not in it, a day's value is of its whole day."""
    give(store, POWER)
    read(store, recorder, 0, 60, 600)
    hand_over(store, COOP, NOW)
    minutes = store.readings.page("house", POWER, MINUTE, START, START + 120, 10)
    store.transfers.note(TOWN, minutes, NOW)
    store.transfers.note(TOWN, [], NOW)
    power = series(store, POWER)
    assert store.transfers.recipients_of(power, START, START + 1) == [COOP, TOWN]
    assert store.transfers.recipients_of(power, START + 119, START + 500) == [COOP, TOWN]
    assert store.transfers.recipients_of(power, START + 120, START + 500) == [COOP]
    assert store.transfers.recipients_of(power, START + 600, START + 601) == [COOP]
    assert store.transfers.recipients_of(power, START + 601, START + 999) == []
    assert store.transfers.recipients_of(power, 0, START) == []


def test_whoever_received_it_is_told_that_it_was_erased(store, recorder):
    """Withdrawn recipients too, and who has not confirmed it, once each, with the period; nobody else."""
    give(store, "consumption")
    give(store, "consumption", recipient=TOWN)
    give(store, "consumption", recipient="later@sen3.test")
    read(store, recorder, 0, 1)
    for jid in (COOP, TOWN):
        hand_over(store, jid, NOW)
    store.outbox.confirm(COOP, 0, 2, NOW)
    store.consents.revoke(COOP, "", NOW)
    give(store, "contract", recipient="other@sen3.test")
    assert store.erasure.erase_range(Range("house", "production", START, START + 9), NOW).told == ()
    assert store.erasure.erase_range(Range("house", "consumption", START, START + 9), NOW).told == (COOP, TOWN)
    notice = store.notices.all()[-2]
    assert (notice.recipient, notice.kind) == (COOP, ERASED)
    assert notice.payload == {
        "sensor": "ab12cd34ef",
        "series": "consumption",
        "first": START,
        "last": START + 9,
    }


def test_a_withdrawal_names_the_whole_period_that_was_handed_over(store, recorder):
    """Also what was older than the consent, given as history."""
    read(store, recorder, 0, 60, 120)
    store.consents.grant(COOP, "house", POWER, MINUTE, NOW + 99, START + 500, terms=Terms(push=False))
    store.transfers.note(COOP, store.readings.page("house", POWER, MINUTE, START, NOW, 10), START + 500)
    store.consents.revoke(COOP, "", START + 900)
    payload = store.notices.all()[-1].payload
    assert (payload["first"] - START, payload["last"] - START) == (0, 900)


def test_a_withdrawal_names_what_is_under_way_by_a_clock_that_is_ahead(store, recorder):
    """It may have arrived without being confirmed, and its time has not come yet."""
    give(store, POWER)
    read(store, recorder, 0, 200)
    store.consents.revoke(COOP, "", START + 60)
    assert store.notices.all()[-1].payload["last"] - START == 200


def test_the_log_of_transfers_does_not_make_a_subscriber(store, recorder):
    """Who only asked for history is no link of the outbox."""
    read(store, recorder, 0)
    store.transfers.note(TOWN, store.readings.page("house", POWER, RAW, START, NOW, 10), NOW)
    assert store.outbox.backlog() == []


def test_a_notice_is_due_until_it_is_confirmed(store):
    """At once, then after a minute, two, four …, once a day at the most; given up after two months of that."""
    number = store.notices.queue(COOP, ERASED, {"series": POWER}, NOW, "en")
    now, waits = NOW, []
    for _ in range(70):
        assert [n.id for n in store.notices.to_send(now)] == [number]
        store.notices.sent(number, now)
        step = next((s for s in (60 * 2**i for i in range(12)) if store.notices.to_send(now + min(s, 86400))), None)
        if step is None:
            break
        waits.append(min(step, 86400))
        assert store.notices.to_send(now + waits[-1] - 1) == []
        now += waits[-1]
    assert waits == [*(60 * 2**i for i in range(11)), *[86400] * 58]
    assert store.notices.to_send(NOW + 10**9) == []
    store.absences.welcome(COOP, now)
    assert [n.id for n in store.notices.to_send(now)] == [number]


def test_only_its_recipient_confirms_a_notice(store):
    """A number guessed by another changes nothing; a confirmation counts once."""
    number = store.notices.queue(COOP, ERASED, {}, NOW)
    store.notices.sent(number, NOW)
    assert not store.notices.confirmed(number, TOWN, NOW + 1)
    assert store.notices.to_send(NOW + 60)
    assert store.notices.confirmed(number, COOP, NOW + 2)
    assert not store.notices.confirmed(number, COOP, NOW + 3)
    assert store.notices.to_send(NOW + 10**6) == []
    (notice,) = store.notices.all()
    assert (notice.attempts, notice.sent_at, notice.confirmed_at) == (1, NOW, NOW + 2)


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_a_notice_is_in_the_language_that_its_recipient_asked_in(store, lang):
    """French for who never asked."""
    store.access.ask(COOP, "ab12cd34ef", POWER, RAW, Terms(), NOW, lang=lang)
    store.notices.queue(COOP, ERASED, {}, NOW)
    store.notices.queue(TOWN, ERASED, {}, NOW)
    assert [n.lang for n in store.notices.all()] == [lang, "fr"]


def test_an_unsubscribed_recipients_last_rows_are_noted_too(store, recorder):
    """What waited still goes out, and is handed over like all else."""
    give(store, POWER)
    store.subscriptions.add(COOP, "house", POWER, "sen1", Confirm.SERVER, NOW)
    read(store, recorder, 0)
    store.subscriptions.end(COOP, "house", POWER)
    hand_over(store, COOP, NOW)
    assert len(transfers(store)) == 1


def test_the_log_is_summed_up_by_the_day_after_a_week_and_dropped_when_nobody_may_have_it(store, recorder):
    """Who has what can be told for as long as anybody may keep it, and not an hour longer than that day."""
    give(store, POWER)
    read(store, recorder, 0, 60, 120)
    day = (START // 86_400) * 86_400
    points = store.readings.page("house", POWER, RAW, START, NOW, 10)
    for hour, point in enumerate(points):
        store.transfers.note(COOP, [point], day + hour * 3600)
    store.transfers.forget(day + 7 * 86_400, 365 * 86_400)
    assert [row[2:] for row in transfers(store)] == [(day + h * 3600, 60 * h, 60 * h, 1) for h in range(3)]
    for _ in range(2):
        store.transfers.forget(day + 8 * 86_400, 365 * 86_400)
        assert transfers(store) == [(POWER, 0, day, 0, 120, 3)]
    power = series(store, POWER)
    assert store.transfers.recipients_of(power, START + 60, START + 61) == [COOP]
    store.transfers.forget(day + 366 * 86_400, 365 * 86_400)
    assert len(transfers(store)) == 1
    store.transfers.forget(day + 366 * 86_400 + 1, 365 * 86_400)
    assert transfers(store) == []
    assert store.db.execute("SELECT count(*) FROM party").fetchone() == (0,)


def test_a_clock_that_is_not_set_forgets_nobody(store, recorder):
    """1970 is before everything, and nothing is over."""
    give(store, POWER)
    read(store, recorder, 0)
    hand_over(store, COOP, NOW)
    store.transfers.forget(60.0, 365 * 86_400)
    assert len(transfers(store)) == 1


def test_a_confirmed_notice_goes_with_what_it_was_about(store):
    """One that waits for its confirmation stays."""
    for recipient in (COOP, TOWN):
        number = store.notices.queue(recipient, ERASED, {}, NOW)
        store.notices.sent(number, NOW)
    store.notices.confirmed(1, COOP, NOW)
    store.transfers.forget(NOW + 101, 100)
    assert [notice.recipient for notice in store.notices.all()] == [TOWN]
