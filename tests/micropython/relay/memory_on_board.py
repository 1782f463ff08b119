"""Run by MicroPython with little memory: the frames of a relay when there is none left. argv: what, folder."""

import gc
import sys

from journal import FlashJournal
from owed import Owed

what, folder = sys.argv[1:3]
BOOT = b"\x01\x02\x03\x04"


def frame(number):
    """A frame of forty groups, of which five change each second."""
    steady = [b"\nLABEL%02d\t%012d\tX\r" % (place, place) for place in range(35)]
    clock = b"\nDATE\tE2511251%03d%02d\t\t#\r" % (number // 60, number % 60)
    return b"".join([clock] + [b"\nSINS%d\t%05d\t$\r" % (place, number * 7 + place) for place in range(4)] + steady)


def minute_of(_entry, frame):
    """As the relay has it."""
    return frame[6:17]


def fill():
    """Take all memory there is, in pieces from large to small."""
    hog = None
    for size in (4096, 512, 64, 16, 8):
        try:
            while True:
                hog = (hog, bytearray(size))
        except MemoryError:
            pass
    return hog


def read_back():
    """What the flash has, after another start: (number, whether it is the frame) each."""
    owed = Owed(b"\x05\x06\x07\x08", FlashJournal(folder, lambda: 1 << 20), minute_of)
    found = []
    while given := owed.next():
        found.append((given[0].seq, given[1] == frame(given[0].seq - 1)))
        owed.open_window()
    return found


def full_when_saved():
    """Not a byte is left when the board is to save what it owes."""
    owed.take_room(1 << 20)
    for number in range(100):
        owed.add(frame(number), None, number * 1000, 0, True)
    hog = fill()
    owed.save()
    hog = None  # noqa: F841 (what was taken is free again)
    gc.collect()
    print(read_back(), owed.lost, owed.thinned)


def full_when_read():
    """Memory goes while frames come, and what is owed is full: the oldest make room, the newest is kept."""
    owed.take_room(1 << 10)
    for number in range(100):
        one = frame(number)
        hog = fill() if number == 90 else None
        owed.add(one, None, number * 1000, 0, True)
        hog = None  # noqa: F841 (what was taken is free again)
    owed.save()
    found = read_back()
    print(found[-1][1], all([right for _, right in found]), len(found) + owed.lost + owed.thinned, owed.lost > 0)


journal = FlashJournal(folder, lambda: 1 << 20)
owed = Owed(BOOT, journal, minute_of)
{"saved": full_when_saved, "read": full_when_read}[what]()
