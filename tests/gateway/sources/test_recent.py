"""The ring of a line's last bytes: bounded in time, size and number, and in the order of the wire."""

import sys

from gateway.sources.recent import KEPT_BYTES, KEPT_S, RecentBytes


def text(stretch):
    """What was heard of a stretch."""
    return b"".join(bytes(data) for _, data in stretch.pieces)


def test_what_was_heard_comes_back_by_speed():
    """Each change of speed begins a stretch, and ends the one before."""
    recent = RecentBytes()
    recent.begin(0.0, 9600)
    recent.note(1.0, b"ab")
    recent.note(1.1, b"c")
    recent.note(2.0, b"d")
    recent.begin(5.0, 1200)
    recent.note(6.0, b"e")
    first, second = recent.heard(7.0)
    assert (first.begun, first.speed, first.ended, text(first)) == (0.0, 9600, 5.0, b"abcd")
    assert [at for at, _ in first.pieces] == [1.0, 2.0]
    assert (second.begun, second.speed, second.ended, text(second)) == (5.0, 1200, None, b"e")
    assert (recent.taken, recent.since) == (5, 5.0)


def test_what_is_old_is_forgotten():
    """Also where nothing has come since, and the stretch that was heard then with it."""
    recent = RecentBytes()
    assert recent.heard(0.0) == []
    recent.begin(0.0, 9600)
    recent.note(1.0, b"old")
    recent.begin(2.0, 1200)
    recent.note(3.0, b"new")
    assert [text(one) for one in recent.heard(1.0 + KEPT_S + 0.5)] == [b"", b"new"]
    only = recent.heard(2.0 + KEPT_S + 0.5)
    assert [(one.speed, one.begun, text(one)) for one in only] == [(1200, 2.5, b"new")]
    recent.end(30.0)
    assert recent.heard(31.0 + KEPT_S) == []
    recent.note(60.0, b"x")
    assert [text(one) for one in recent.heard(61.0)] == [b"x"]


def test_no_line_makes_it_grow():
    """Single bytes, and a file that is played as fast as it goes: what is kept is bounded, and is the end of it."""
    slow, fast = RecentBytes(), RecentBytes()
    for one in (slow, fast):
        one.begin(0.0, None)
    for number in range(100_000):
        slow.note(number / 1000, bytes((number % 128,)))
    for number in range(200):
        fast.note(number / 100, bytes(100_000 - 1) + bytes((number,)))
    (kept,) = slow.heard(100.0)
    assert len(text(kept)) <= 1000 * (KEPT_S + 1)
    assert len(kept.pieces) < 6 * KEPT_S
    assert sum(map(sys.getsizeof, kept.pieces)) < KEPT_BYTES
    (kept,) = fast.heard(2.0)
    assert len(text(kept)) <= KEPT_BYTES
    assert text(kept)[-1] == 199
    assert fast.taken == 200 * 100_000


def test_what_is_taken_out_is_a_copy():
    """It may be read in another thread while more comes."""
    recent = RecentBytes()
    recent.begin(0.0, 9600)
    recent.note(1.0, b"a")
    (before,) = recent.heard(1.0)
    recent.note(1.05, b"b")
    assert text(before) == b"a"
