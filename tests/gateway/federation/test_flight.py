"""The window to one recipient, on a clock of one's own: patience, back-off, probing, settling."""

from gateway.federation.provider.flight import (
    FIRST_PATIENCE_S,
    HELD_S,
    LAST_PATIENCE_S,
    SETTLE_S,
    WINDOW_BYTES,
    WINDOW_MESSAGES,
    Lane,
)
from gateway.store.points import Confirm

RECEIPT, SERVER = Confirm.RECEIPT, Confirm.SERVER


def lane_with(count, confirm=RECEIPT, now=0.0, size=1_000):
    """A lane with so many messages under way, ten numbers each."""
    lane = Lane()
    for n in range(count):
        lane.sent(10 * n, 10 * n + 10, size, confirm, now)
    return lane


def test_the_window_closes_at_its_number_of_messages_and_opens_with_a_receipt():
    """No 33rd message before an answer."""
    lane = lane_with(WINDOW_MESSAGES - 1)
    assert lane.open(1, 1_000)
    lane.sent(310, 320, 1_000, RECEIPT, 1)
    assert not lane.open(1, 1_000)
    lane.confirmed(0, 10, 2)
    assert lane.open(2, 1_000)


def test_the_window_never_holds_more_than_its_bytes():
    """A message of the largest size is sent only if it fits; a single one always is."""
    lane = Lane()
    assert lane.open(0, 10 * WINDOW_BYTES)
    lane.sent(0, 1, 29_000, RECEIPT, 0)
    assert lane.open(0, 30_000)
    lane.sent(1, 2, 29_000, RECEIPT, 0)
    assert not lane.open(0, 30_000)


def test_silence_of_a_minute_repeats_the_oldest_message_only_and_then_less_and_less_often():
    """60 s, 120 s, 240 s…; the others wait for a sign of life."""
    lane = lane_with(3)
    assert lane.overdue(FIRST_PATIENCE_S - 1) is None
    now, wait, tries = FIRST_PATIENCE_S, FIRST_PATIENCE_S, []
    for _ in range(4):
        flight = lane.overdue(now)
        assert (flight.after, flight.last) == (0, 10)
        lane.sent(0, 10, 1_000, RECEIPT, now)
        assert not lane.open(now, 1)
        tries.append(lane.wake_at() - now)
        wait *= 2
        assert lane.overdue(now + wait - 1) is None
        now += wait
    assert tries == [120, 240, 480, 960]


def test_a_receipt_after_silence_gives_the_others_new_patience():
    """What lies in the recipient's offline store is answered by and by: no volley of repetitions."""
    lane = lane_with(3)
    lane.sent(0, 10, 1_000, RECEIPT, 60)
    lane.confirmed(0, 10, 100)
    assert not lane.probing
    assert lane.overdue(100 + FIRST_PATIENCE_S - 1) is None
    assert lane.overdue(100 + FIRST_PATIENCE_S).after == 10


def test_the_bounces_of_one_volley_count_as_one_and_back_off_grows_to_five_minutes():
    """1 s after the first, then 2, 4 … 300 s; one message is tried each time."""
    lane = lane_with(4)
    for n in range(4):
        lane.bounced(10 * n, 10 * n + 10, 5.0)
    assert lane.wake_at() == 6.0
    assert lane.overdue(5.9) is None
    now, waits = 6.0, []
    for _ in range(10):
        flight = lane.overdue(now)
        assert flight.after == 0
        lane.sent(0, 10, 1_000, RECEIPT, now)
        lane.bounced(0, 10, now + 0.5)
        waits.append(lane.wake_at() - now - 0.5)
        now = lane.wake_at()
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


def test_after_a_bounce_the_first_receipt_sends_the_rest_at_once():
    """What certainly did not arrive need not wait."""
    lane = lane_with(3)
    for n in range(3):
        lane.bounced(10 * n, 10 * n + 10, 5.0)
    lane.sent(0, 10, 1_000, RECEIPT, 6.0)
    lane.confirmed(0, 10, 6.2)
    assert lane.overdue(6.2).after == 10
    lane.sent(10, 20, 1_000, RECEIPT, 6.2)
    assert lane.overdue(6.2).after == 20


def test_a_bounce_of_a_message_that_is_not_under_way_changes_nothing():
    """Such as one of before a restart."""
    lane = lane_with(1)
    lane.bounced(500, 510, 1.0)
    assert not lane.probing
    assert lane.open(1.0, 1)


def test_by_the_servers_word_a_message_settles_a_minute_after_it_was_taken():
    """Not before, not without the server's word, and not if it bounced meanwhile."""
    lane = lane_with(3, SERVER)
    lane.accepted(0, 10, 1.0)
    lane.accepted(10, 20, 1.0)
    lane.bounced(10, 20, 2.0)
    assert lane.settled(SETTLE_S + 0.9) == []
    assert [f.after for f in lane.settled(SETTLE_S + 1)] == [0]
    assert set(lane.flights) == {(10, 20), (20, 30)}


def test_what_settles_does_not_fill_the_window():
    """A recipient that confirms nothing is served as fast as its server takes it."""
    lane = lane_with(WINDOW_MESSAGES, SERVER)
    assert not lane.open(0, 1_000)
    for n in range(WINDOW_MESSAGES):
        lane.accepted(10 * n, 10 * n + 10, 1.0)
    assert lane.open(1, 1_000)


def test_a_new_session_makes_everything_due_at_once():
    """Also what one's own server had taken: it may be lost with it."""
    lane = lane_with(2, SERVER)
    lane.accepted(0, 10, 1.0)
    lane.new_session()
    assert lane.overdue(2.0).after == 0
    lane.sent(0, 10, 1_000, SERVER, 2.0)
    assert not lane.probing
    assert lane.overdue(2.0).after == 10


def test_a_new_session_with_a_silent_recipient_tries_one_message():
    """An unsteady line must not fill the offline store of a recipient that is away."""
    lane = lane_with(3)
    lane.sent(0, 10, 1_000, RECEIPT, 60)
    lane.new_session()
    assert lane.overdue(61).after == 0
    lane.sent(0, 10, 1_000, RECEIPT, 61)
    assert lane.overdue(61) is None


def test_a_recipient_that_says_how_far_it_got_is_sent_what_follows():
    """Whatever was under way is forgotten, holds included."""
    lane = lane_with(3)
    lane.bounced(0, 10, 1.0)
    lane.resume(15)
    assert lane.cursor == 15
    assert not lane.flights
    assert lane.open(1.0, 1)


def test_a_message_that_is_split_leaves_no_number_behind():
    """The two parts are due when the whole was and cover what it did."""
    lane = lane_with(2)
    due = lane.flights[0, 10].due
    lane.split(lane.flights[0, 10], 4)
    assert list(lane.flights) == [(0, 4), (4, 10), (10, 20)]
    assert lane.overdue(due).last == 4
    assert [flight.due for flight in lane.flights.values()][:2] == [due, due]


def test_who_has_been_silent_is_not_asked_every_minute_again_for_a_split():
    """What went before is gone after months, and the patience of all that time is not."""
    lane, now = lane_with(1), 0.0
    while lane.flights[0, 10].patience < LAST_PATIENCE_S:
        now = lane.flights[0, 10].due
        lane.sent(0, 10, 1_000, RECEIPT, now)
    now = lane.flights[0, 10].due
    lane.split(lane.flights[0, 10], 4)
    lane.drop(0, 4)
    assert lane.overdue(now).last == 10
    lane.sent(4, 10, 1_000, RECEIPT, now)
    assert lane.overdue(now + LAST_PATIENCE_S - 1) is None
    assert not lane.open(now, 1_000)


def test_thirty_days_of_silence_are_fewer_messages_than_a_stock_server_keeps():
    """A recipient is away for a month, our own line is lost every six hours: ejabberd bounces the 101st message."""
    lane, seq, sent = Lane(), 0, 0
    for minute in range(30 * 1440):
        now = 60.0 * minute
        if minute % 360 == 359:
            lane.new_session()
        overdue = lane.overdue(now)
        if overdue is not None:
            lane.sent(overdue.after, overdue.last, 1_000, RECEIPT, now)
            lane.accepted(overdue.after, overdue.last, now)
            sent += 1
        elif lane.open(now, 1_000):
            lane.sent(seq, seq + 10, 1_000, RECEIPT, now)
            lane.accepted(seq, seq + 10, now)
            seq, sent = seq + 10, sent + 1
    assert 30 < sent < 50
    lane.resume(None)
    assert lane.overdue(now) is not None


def test_a_message_that_ones_own_server_had_not_taken_is_sent_again_with_the_next_session():
    """Silence or not: it may be lost."""
    lane = lane_with(1)
    lane.sent(0, 10, 1_000, RECEIPT, FIRST_PATIENCE_S)
    assert lane.probing
    lane.new_session()
    assert lane.overdue(FIRST_PATIENCE_S) is not None


def test_new_rows_are_gathered_until_the_last_release_is_old_enough():
    """The first may go at once; what is gathered wakes the lane when it is ripe; who comes back need not wait."""
    lane = Lane()
    assert lane.ripe(1000.0, 60.0)
    lane.release(5, 1000.0, all_of_it=True)
    assert lane.released == 5
    assert not lane.ripe(1059.0, 60.0)
    lane.gather(60.0)
    assert lane.wake_at() == 1060.0
    lane.release(7, 1030.0, all_of_it=False)
    assert (lane.released, lane.ripe(1060.0, 60.0)) == (7, True)
    lane.resume(None)
    assert lane.ripe(1031.0, 60.0)


def test_a_message_that_was_sent_ends_the_gathering():
    """Nothing more wakes the lane but the message's own patience."""
    lane = Lane()
    lane.release(5, 1000.0, all_of_it=True)
    lane.gather(60.0)
    lane.sent(0, 5, 100, Confirm.RECEIPT, 1001.0)
    assert lane.wake_at() == 1061.0
    lane.confirmed(0, 5, 1002.0)
    assert lane.wake_at() is None


def test_what_is_held_stands_in_nobodys_way():
    """It takes no room in the window, is not what a silent recipient is tried with, and is looked at each minute."""
    lane = lane_with(WINDOW_MESSAGES)
    oldest = lane.overdue(FIRST_PATIENCE_S)
    lane.hold(oldest, FIRST_PATIENCE_S)
    assert lane.open(FIRST_PATIENCE_S, 1_000)
    second = lane.overdue(FIRST_PATIENCE_S)
    assert (second.after, second.last) == (10, 20)
    lane.sent(10, 20, 1_000, RECEIPT, FIRST_PATIENCE_S)
    assert lane.overdue(FIRST_PATIENCE_S + HELD_S - 1) is None
    assert lane.wake_at() == FIRST_PATIENCE_S + HELD_S
    assert lane.overdue(FIRST_PATIENCE_S + HELD_S) is oldest
    lane.sent(0, 10, 1_000, RECEIPT, FIRST_PATIENCE_S + HELD_S)
    assert not oldest.held
