"""What a board keeps until the gateway has it: in order, across restarts and torn files, within its bounds."""

import io
import random
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import ROOT

sys.path.append(str(ROOT / "micropython" / "relay"))
import delta
import journal as journals
from journal import FlashJournal
from owed import MAX_PIECES, MIN_PIECES, WINDOW, Owed

BOOT, LATER = b"\x01\x02\x03\x04", b"\x05\x06\x07\x08"
GROUP = st.binary(max_size=300).map(lambda data: b"\n" + data.replace(b"\r", b"") + b"\r")
FRAME = st.lists(GROUP, max_size=60).map(b"".join)


def frame(number):
    """A frame of forty groups of which three change each second and one each minute."""
    steady = [b"\nLABEL%02d\t%012d\tX\r" % (place, place) for place in range(36)]
    groups = [
        b"\nDATE\tE2511251%03d%02d\t\t#\r" % (number // 60, number % 60),
        b"\nEAST\t%09d\t!\r" % (1000 + number // 60),
        b"\nSINSTS\t%05d\t$\r" % (number % 977),
        b"\nIRMS1\t%03d\t%%\r" % (number % 61),
        *steady,
    ]
    return b"".join(groups)


def minute_of(_entry, frame):
    return frame[:17]


@pytest.fixture
def make(tmp_path):
    """A board's memory over the flash in tmp_path, after one more restart at each call."""

    def made(boot=BOOT):
        owed = Owed(boot, FlashJournal(str(tmp_path / "journal"), lambda: 1 << 20), minute_of)
        owed.take_room(1 << 20)
        return owed

    return made


def drain(owed):
    """Everything that leaves, with a window that never closes: (boot, seq, frame) each."""
    found = []
    while (given := owed.next()) is not None:
        entry, frame, before = given
        assert before == (found[-1][:2] if found else None)
        found.append((entry.boot, entry.seq, frame))
        owed.open_window()
    return found


@given(FRAME, FRAME)
def test_a_difference_makes_the_frame_again(before, after):
    """Whatever the groups of two frames are, the second comes back from the first and the difference."""
    difference = b"".join(delta.parts(after, before))
    assert delta.read(io.BytesIO(difference), len(difference), before) == after


def test_frames_leave_in_order_and_stay_until_confirmed(make):
    """What was given but not confirmed is given again; what was confirmed is gone."""
    owed = make()
    for number in range(50):
        owed.add(frame(number), 1000 + number, number, 0, True)
    assert [(seq, sent) for _, seq, sent in drain(owed)] == [(n + 1, frame(n)) for n in range(50)]
    assert owed.next() is None
    owed.confirm(BOOT, 20)
    owed.rewind()
    assert [seq for _, seq, _ in drain(owed)] == list(range(21, 51))
    assert len(owed) == 30


def test_no_more_than_a_window_leaves_without_a_confirmation(make):
    """A gateway that is away does not get the same frames again and again."""
    owed = make()
    for number in range(WINDOW + 20):
        owed.add(frame(number), None, number, 0, True)
    assert sum(owed.next() is not None for _ in range(WINDOW + 20)) == WINDOW
    owed.confirm(BOOT, 5)
    assert owed.next()[0].seq == WINDOW + 1


def test_memory_holds_two_minutes_and_the_flash_one_frame_of_each_minute_before(make):
    """With the gateway away, the last two minutes are whole and of each earlier one its first frame is left."""
    owed = make()
    for number in range(3600):
        owed.add(frame(number), 1000 + number, number * 1000, 0, True)
    kept = [seq - 1 for _, seq, _ in drain(owed)]
    recent = [number for number in kept if number >= 3600 - 120]
    assert recent == list(range(3600 - 120, 3600))
    assert [number for number in kept if number < 3480 and number % 60 == 0] == list(range(0, 3480, 60))


def test_a_lack_of_memory_that_lasts_costs_frames_once_and_then_fine_values(make):
    """After it memory is full sooner: of each minute a frame goes to the flash, and nothing more is lost."""
    owed = make()
    for number in range(300):
        owed.add(frame(number), None, number * 1000, 0, True)
    for pieces in range(MAX_PIECES - 1, MIN_PIECES - 1, -1):
        lost = owed.lost
        assert owed.give_up()
        assert owed._ring.pieces == pieces
        assert 0 < owed.lost - lost <= 16
    assert not owed.give_up()
    lost = owed.lost
    for number in range(300, 600):
        owed.add(frame(number), None, number * 1000, 0, True)
    assert owed.lost == lost
    sent = drain(owed)
    assert {0, 60, 120, 180, 240, 300, 360, 420, 480, 540} <= {seq - 1 for _, seq, _ in sent}
    assert [seq - 1 for _, seq, _ in sent][-30:] == list(range(570, 600))
    assert all(one == frame(seq - 1) for _, seq, one in sent)


def test_what_is_read_while_the_flash_is_sent_does_not_begin_it_anew(make):
    """With memory full, each new frame moves one to the flash; the sending goes on where it was."""
    owed = make()
    for number in range(3600):
        owed.add(frame(number), None, number * 1000, 0, True)
    owed.open_window()
    given = [owed.next()[0].seq for _ in range(20)]
    for number in range(3600, 3700):
        owed.add(frame(number), None, number * 1000, 0, True)
        if (found := owed.next()) is not None:
            given.append(found[0].seq)
        owed.open_window()
    assert given == sorted(set(given))
    assert len(given) > 100
    rest = [entry.seq for entry, _, _ in iter(owed.next, None)]
    assert given[-1] < rest[0]


def test_after_a_restart_the_flash_is_sent_first(make):
    """The frames of the start before come first, then those of this one, each with its own number."""
    owed = make()
    for number in range(600):
        owed.add(frame(number), 1000 + number, number, 0, True)
    owed.save()
    again = make(LATER)
    for number in range(600, 610):
        again.add(frame(number), 1000 + number, number, 0, True)
    sent = drain(again)
    assert [seq for boot, seq, _ in sent if boot == BOOT] == [n * 60 + 1 for n in range(10)]
    assert [seq for boot, seq, _ in sent if boot == LATER] == list(range(1, 11))
    assert sent[3][2] == frame(180)
    again.confirm(BOOT, 241)
    again.rewind()
    assert [seq for boot, seq, _ in drain(again) if boot == BOOT] == [301, 361, 421, 481, 541]
    again.confirm(LATER, 4)
    again.rewind()
    assert [(boot, seq) for boot, seq, _ in drain(again)] == [(LATER, seq) for seq in range(5, 11)]


def test_a_confirmation_of_something_unknown_forgets_nothing(make):
    """What another board or an older start was told changes nothing here."""
    owed = make()
    for number in range(10):
        owed.add(frame(number), None, number, 0, True)
    owed.confirm(LATER, 5)
    assert len(owed) == 10


def test_a_torn_record_costs_itself_only(make, tmp_path):
    """A power cut in the middle of a write leaves everything before it."""
    owed = make()
    for number in range(0, 600, 10):
        owed.add(frame(number), 1000 + number, number, 0, True)
    owed.save()
    (file,) = (tmp_path / "journal").iterdir()
    whole = file.read_bytes()
    for cut in range(len(whole) - 40, len(whole)):
        file.write_bytes(whole[:cut])
        assert [seq for _, seq, _ in drain(make(LATER))] == [n * 6 + 1 for n in range(9)]
    file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert len(drain(make(LATER))) == 9


def test_a_full_flash_is_thinned_before_anything_is_given_up(tmp_path, monkeypatch):
    """Of the oldest half hours the first frame stays; only then the oldest of those go, and are counted."""
    monkeypatch.setattr(journals, "MAX_FULL", 3)
    monkeypatch.setattr(journals, "MAX_THIN", 4)
    journal = FlashJournal(str(tmp_path / "journal"), lambda: 1 << 20)
    owed = Owed(BOOT, journal, minute_of)
    for minute in range(30 * 10):
        owed.add(frame(minute * 60), None, minute, 0, True)
    owed.save()
    kept = [seq - 1 for _, seq, _ in drain(owed)]
    assert kept == [*range(90, 210, 30), *range(210, 300)]
    assert journal.lost == 300 - len(kept)
    assert sorted(p.name for p in (tmp_path / "journal").iterdir())[-1].endswith(".k")


def test_a_flash_without_room_does_not_stop_the_reading(tmp_path):
    """Where there is no room at all the oldest frames are given up, one by one, and counted."""
    journal = FlashJournal(str(tmp_path / "journal"), lambda: 0)
    owed = Owed(BOOT, journal, minute_of)
    for minute in range(100):
        owed.add(frame(minute * 60), None, minute, 0, True)
    owed.save()
    assert 0 < len(drain(owed)) < 100
    assert journal.lost


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 1 << 30))
def test_whatever_happens_the_gateway_has_an_unbroken_chain(seed, tmp_path_factory):
    """With restarts, losses, repeats and confirmations at random, a gateway that drops gaps has each frame once."""
    draw = random.Random(seed)
    folder = str(tmp_path_factory.mktemp("flash") / "journal")
    boot, number = 0, 0
    owed = Owed(bytes((0, 0, 0, boot)), FlashJournal(folder, lambda: 1 << 20), minute_of)
    received, committed, taken = {}, {}, []
    for _ in range(200):
        what = draw.randrange(12)
        if what < 6:
            for _ in range(draw.randrange(40)):
                owed.add(frame(number), None, number, 0, True)
                number += 1
        elif what < 9:
            while (given := owed.next()) and draw.random() > 0.02:
                entry, came, before = given
                if draw.random() < 0.05:
                    continue  # lost on its way
                gap = before and received.get(before[0], 0) < before[1]
                if not gap and entry.seq > received.get(entry.boot, 0):
                    received[entry.boot] = entry.seq
                    taken.append((entry.boot, entry.seq, came))
            owed.rewind()
        elif what == 9 and received:
            committed = dict(received)
            last = taken[-1]
            owed.confirm(last[0], last[1])
        elif what == 10:
            # The gateway dies: what it had not committed is owed again.
            taken = [one for one in taken if one[1] <= committed.get(one[0], 0)]
            received = dict(committed)
            owed.rewind()
            owed.open_window()
        elif what == 11 and draw.random() < 0.3:
            owed.save()
            boot += 1
            owed = Owed(bytes((0, 0, 0, boot)), FlashJournal(folder, lambda: 1 << 20), minute_of)
    numbers = [one[:2] for one in taken]
    assert numbers == sorted(set(numbers))
    at = [int(came[14:17]) * 60 + int(came[17:19]) for _, _, came in taken]
    assert at == sorted(set(at))
