"""A flash that is full, fails, wears out or is cut off: no frame is read as another, and what is missing is counted."""

import binascii
import errno
import random
import struct
from itertools import count

import pytest

from tests.micropython.relay.flash import WRITING, Flash
from tests.micropython.relay.test_owed import BOOT, LATER, FlashJournal, Owed, delta, drain, frame, minute_of


def start(folder, boot=BOOT):
    """A board's memory over this flash, after one more start."""
    journal = FlashJournal(str(folder / "journal"), lambda: 1 << 20)
    return Owed(boot, journal, minute_of), journal


def never(_fault):
    """A good flash."""
    return False


def nth(place, fault):
    """Of one kind of call, this one fails."""
    calls = count(1)
    return lambda at: at == fault and next(calls) == place


def one(number):
    """A frame of a minute of its own."""
    return frame(60 * number)


def write(folder, frames, boot=BOOT):
    """A flash with so many frames in it; its files, oldest first."""
    folder.mkdir(exist_ok=True)
    owed, journal = start(folder, boot)
    for number in range(frames):
        owed.add(one(number), 1000 + number, number, 0, True)
    owed.save()
    assert journal.lost == owed.thinned == 0
    return sorted((folder / "journal").iterdir())


def received(owed, journal):
    """What a gateway gets of it, number -> frame; all of it is confirmed after that."""
    owed.rewind()
    found = drain(owed)
    if found:
        owed.confirm(*found[-1][:2])
        # What is behind the last one goes with the next that is read.
        journal.confirm_all()
    return {seq - 1: one for _, seq, one in found}


@pytest.mark.parametrize("fault", ["open", "write", "close"])
def test_a_flash_that_fails_for_an_hour_falsifies_nothing(tmp_path, monkeypatch, fault):
    """An hour without a good write, then a good hour: what comes back is what was read, and the rest is counted."""
    flash = Flash(tmp_path, monkeypatch, random.Random(1))
    owed, journal = start(tmp_path)
    for number in range(210):
        # From the moment at which a file begins.
        flash.fails = lambda at, number=number: at == fault and 90 <= number < 150
        owed.add(one(number), 1000 + number, number, 0, True)
        owed.save()
    again = received(owed, journal)
    assert again == {number: one(number) for number in again}
    assert len(again) + journal.lost + owed.thinned == 210
    # Where closing fails all of it was written, and is found to be there.
    assert journal.lost == (0 if fault == "close" else 60)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("place", [0, 1, 7, 29, 30])
@pytest.mark.parametrize("fault", ["open", "write", "close", "read"])
def test_one_write_that_fails_costs_its_frame_at_most(tmp_path, monkeypatch, fault, place, code):
    """At the beginning of a file, in its middle, at its end: every other frame is read back, after a start as well."""
    flash = Flash(tmp_path, monkeypatch, random.Random(place))
    flash.code = code
    owed, journal = start(tmp_path)
    for number in range(45):
        # Of a record the third piece: its beginning is there.
        flash.fails = nth(3 if fault == "write" else 1, fault) if number == place else never
        owed.add(one(number), None, number, 0, True)
        owed.save()
    flash.fails = never
    found = {seq - 1: one for _, seq, one in drain(owed)}
    after, later = start(tmp_path, LATER)
    assert found == received(after, later)
    assert found == {number: one(number) for number in found}
    assert len(found) >= 44
    missing = 45 - len(found)
    assert later.lost + journal.lost == missing


def test_what_cannot_be_removed_stays_little_and_goes_when_the_flash_is_good_again(tmp_path, monkeypatch):
    """A flash that neither writes nor removes for an hour: each file of it would take memory of the board's."""
    flash = Flash(tmp_path, monkeypatch, random.Random(2))
    owed, journal = start(tmp_path)
    for number in range(100):
        flash.fails = lambda at, number=number: at in {"write", "remove"} and 10 <= number < 70
        owed.add(one(number), None, number, 0, True)
        owed.save()
        assert len(list((tmp_path / "journal").iterdir())) <= 10
    assert len(list((tmp_path / "journal").iterdir())) == 2
    found = received(owed, journal)
    assert found == {number: one(number) for number in [*range(10), *range(70, 100)]}
    assert journal.lost == 60


def test_a_flipped_bit_costs_its_own_frame(tmp_path):
    """Wherever it is; the frame that the others are differences to is there twice."""
    (file,) = write(tmp_path, 12)
    whole = file.read_bytes()
    draw = random.Random(3)
    costs = set()
    for at in [*range(60), *draw.sample(range(len(whole)), 300)]:
        damaged = bytearray(whole)
        damaged[at] ^= 1 << draw.randrange(8)
        file.write_bytes(damaged)
        owed, journal = start(tmp_path, LATER)
        found = received(owed, journal)
        assert found == {number: one(number) for number in found}
        assert journal.lost == 12 - len(found) <= 1
        costs.add(journal.lost)
    assert costs == {0, 1}


def test_flipped_bits_are_counted_when_they_are_found(tmp_path):
    """Damage that comes while the board runs, in several frames of several files."""
    owed, journal = start(tmp_path)
    for number in range(75):
        owed.add(one(number), None, number, 0, True)
    owed.save()
    for file, share in zip(sorted((tmp_path / "journal").iterdir()), (0.6, 0.9, 0.7), strict=True):
        damaged = bytearray(file.read_bytes())
        damaged[int(len(damaged) * share)] ^= 4
        damaged[int(len(damaged) * share) - 300] ^= 4
        file.write_bytes(damaged)
    found = received(owed, journal)
    assert found == {number: one(number) for number in found}
    assert journal.lost == 75 - len(found) == 6


def test_a_torn_file_is_read_up_to_the_tear_and_the_torn_frame_counted(tmp_path):
    """Power that goes away while a frame is written, at each byte of it."""
    (file,) = write(tmp_path, 5)
    whole = file.read_bytes()
    lengths = [len(path.read_bytes()) for many in range(1, 5) for path in write(tmp_path / str(many), many)]
    for cut in range(1, len(whole)):
        file.write_bytes(whole[:cut])
        owed, journal = start(tmp_path, LATER)
        found = received(owed, journal)
        assert found == {number: one(number) for number in range(len(found))}
        assert len(found) == max(sum(length <= cut for length in lengths), cut >= lengths[0] // 2)
        torn = cut not in lengths and not lengths[0] // 2 <= cut < lengths[0]
        assert journal.lost == int(torn)


def old_file(path, frames, before=b""):
    """A file as earlier versions wrote it: each frame as the difference to the one before it."""
    with path.open("wb") as file:
        for number, said in frames:
            difference = b"".join(delta.parts(said, before))
            record = struct.pack("<4sIIQBB", BOOT, number + 1, 1000, number, 0, True) + difference
            file.write(struct.pack("<HI", len(record), binascii.crc32(record)) + record)
            before = said


def test_files_of_the_versions_before_are_read(tmp_path):
    """As they are, damaged, and thinned; what comes after a damaged frame of theirs is counted."""
    (tmp_path / "journal").mkdir()
    file = tmp_path / "journal" / "00000007.j"
    old_file(file, [(number, one(number)) for number in range(20)])
    whole = file.read_bytes()
    owed, journal = start(tmp_path, LATER)
    owed.add(one(20), None, 0, 0, True)
    owed.save()
    assert [seq for _, seq, _ in drain(owed)] == [*range(1, 21), 1]
    assert received(owed, journal) == {**{number: one(number) for number in range(1, 20)}, 0: one(20)}
    damaged = bytearray(whole)
    damaged[len(whole) * 3 // 4] ^= 1
    file.write_bytes(damaged)
    owed, journal = start(tmp_path, LATER)
    found = received(owed, journal)
    assert found == {number: one(number) for number in range(len(found))}
    assert 10 < len(found) == 20 - journal.lost < 20


def test_a_difference_to_a_frame_of_another_file_is_no_frame(tmp_path):
    """Versions before could begin a file with one, after a write that failed: three groups passed for a whole frame."""
    (tmp_path / "journal").mkdir()
    old_file(tmp_path / "journal" / "00000000.j", [(number, one(number)) for number in range(1, 31)], before=one(0))
    owed, journal = start(tmp_path, LATER)
    assert received(owed, journal) == {}
    assert journal.lost == 30


def test_a_flash_that_cannot_be_read_for_a_moment_loses_nothing(tmp_path, monkeypatch):
    """Neither when the board starts nor when the gateway is back."""
    write(tmp_path, 70)
    flash = Flash(tmp_path, monkeypatch, random.Random(5))
    flash.fails = lambda at: at == "read"
    owed, journal = start(tmp_path, LATER)
    with pytest.raises(OSError, match="Input/output"):
        owed.next()
    flash.fails = never
    assert received(owed, journal) == {number: one(number) for number in range(70)}
    assert journal.lost == 0


def test_a_file_that_can_never_be_read_does_not_hold_up_the_others(tmp_path, monkeypatch):
    """It is asked for some times, passed over, and counted when those after it are confirmed."""
    first = write(tmp_path, 70)[0]
    flash = Flash(first, monkeypatch, random.Random(5))
    flash.fails = lambda at: at == "read"
    owed, journal = start(tmp_path, LATER)
    refused, found = 0, []
    while len(found) < 40:
        try:
            found.append(owed.next())
        except OSError:
            refused += 1
    assert refused == 9
    assert [entry.seq for entry, _, _ in found] == list(range(31, 71))
    owed.confirm(BOOT, 70)
    assert 1 <= journal.lost <= 30


@pytest.mark.parametrize("seed", range(20))
def test_whatever_fails_what_is_missing_is_counted(tmp_path, monkeypatch, seed):
    """Faults of all kinds at random, starts, a gateway that comes and goes: none is wrong, none uncounted."""
    draw = random.Random(seed)
    flash = Flash(tmp_path, monkeypatch, draw)
    starts, number, lost = 0, 0, 0
    came = {}
    owed, journal = start(tmp_path, bytes((0, 0, 0, starts)))
    sent = {}
    for _ in range(60):
        what, chance = draw.randrange(10), draw.choice((0, 0, 0.02, 0.3))
        # Not both at once: what was refused to be written and then to be looked at is known when it can be read.
        kinds = draw.choice((["read"], draw.sample(WRITING, 3)))
        # What is refused again and again is passed over, the confirmed part with it.
        chance = min(chance, 0.001) if kinds == ["read"] else chance
        flash.code = draw.choice((errno.EIO, errno.ENOSPC))
        flash.fails = lambda at, kinds=kinds, chance=chance: at in kinds and draw.random() < chance
        if what < 6:
            for _ in range(draw.randrange(30)):
                owed.add(one(number), None, number, 0, True)
                sent[owed.boot, owed._seq] = one(number)
                number += 1
            if draw.random() < 0.5:
                owed.save()
        elif what < 9:
            found = []
            for _ in range(draw.randrange(300)):
                try:
                    given = owed.next()
                except OSError:
                    continue
                owed.open_window()
                if given is None:
                    break
                found.append((given[0].boot, given[0].seq))
                came[found[-1]] = given[1]
            if found:
                owed.confirm(*found[-1])
            owed.rewind()
        else:
            owed.save()
            lost += journal.lost
            starts += 1
            flash.fails = never
            owed, journal = start(tmp_path, bytes((0, 0, 0, starts)))
    flash.fails = never
    came.update({(boot, seq): one for boot, seq, one in drain(owed)})
    journal.confirm_all()
    assert came == {key: sent[key] for key in came}
    assert len(sent) - len(came) == lost + journal.lost
