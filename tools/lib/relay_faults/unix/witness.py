"""What tools/relay-faults sees of a board, and does to its flash; imported before ``relay.Relay`` is made.

The flash stands for LittleFS that is full or fails (``VfsLfs2``, MicroPython 1.25 to 1.28: ENOSPC, EIO from any call).
It is harder: LittleFS keeps what a file was until it is closed well, here part of a record stays where a write failed.

Environment: BOARD_WITNESS names a folder. While ``faults`` is there each call on ``journal/`` fails with a chance of as
many in 256 as its first byte says. Each start writes what it sends to ``N.sent``; and to ``N.counts`` how many frames
are thinned, and lost, how many of these had been sent before, and of how many that were it is open. Start and number of
those that had been sent are in ``N.gone``, 8 bytes each: what the gateway has of them the board does not know.
"""

import builtins
import os
import random
import struct

import journal
import relay
from ring import PIECE_BYTES

_open = builtins.open
_folder = os.getenv("BOARD_WITNESS")
_start = sum(1 for name in os.listdir(_folder) if name.endswith(".sent"))
# EIO, ENOSPC: the module errno has not the second.
_CODES = 5, 28
_FAULTS = _folder + "/faults"
_sent = _open("%s/%03d.sent" % (_folder, _start), "wb")
_counts = _open("%s/%03d.counts" % (_folder, _start), "wb")
_gone = _open("%s/%03d.gone" % (_folder, _start), "wb")
_name = bytearray(8)


def _check():
    try:
        file = _open(_FAULTS, "rb")
    except OSError:
        return
    with file:
        said = file.read(1)
    if said and random.getrandbits(8) < said[0]:
        raise OSError(random.choice(_CODES))


class _File:
    def __init__(self, file):
        self._file = file
        self.seek = file.seek
        self._written = False

    def read(self, size):
        _check()
        return self._file.read(size)

    def write(self, data):
        self._written = True
        try:
            _check()
        except OSError:
            self._file.write(memoryview(data)[: random.getrandbits(3)])
            raise
        return self._file.write(data)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()
        if self._written:
            _check()


def _opened(path, mode="r"):
    if "/journal/" not in path:
        return _open(path, mode)
    _check()
    return _File(_open(path, mode))


class _Os:
    mkdir = staticmethod(os.mkdir)

    @staticmethod
    def listdir(path):
        _check()
        return os.listdir(path)

    @staticmethod
    def remove(path):
        _check()
        os.remove(path)

    @staticmethod
    def rename(before, after):
        _check()
        os.rename(before, after)
        _check()


def _number(ring, place, at, count):
    """A number in the record at this place. In place: nothing may ask for memory that the board would not."""
    number = 0
    for byte in range(count):
        where = ring._begin + place + at + byte  # noqa: SLF001 (as read here it costs nothing)
        number |= ring._pieces[where // PIECE_BYTES][where % PIECE_BYTES] << 8 * byte  # noqa: SLF001
    return number


class _Journal(relay.FlashJournal):
    """The journal; whether the frame that it was given last is there, is counted as lost, or is neither yet."""

    is_there = is_lost = False

    def append(self, entry, groups):
        before = self.lost
        self.is_there = super().append(entry, groups)
        self.is_lost = self.lost > before
        return self.is_there


class _Owed(relay.Owed):
    """What is owed; which of the frames that go had been sent."""

    sent = gone = unsure = 0  # the highest number that was sent; how many went that had been; of how many it is open

    def _move_oldest(self):
        journal = self._journal
        journal.is_there, journal.is_lost = False, True
        ring, place, had = self._ring, 0, 0
        before, first = ring.count, _number(ring, 0, 6, 4)
        last = first
        while place < ring.size and _number(ring, place, 6, 4) <= self.sent:
            last = _number(ring, place, 6, 4)
            place += 2 + _number(ring, place, 0, 2)
            had += 1
        spare = super()._move_oldest()
        if before - ring.count > 1:
            self.gone += had
            self._note(first, last)
        elif had and not journal.is_there:
            self.gone += journal.is_lost
            self.unsure += not journal.is_lost
            self._note(first, first)
        return spare

    def _note(self, number, last):
        while number <= last:
            struct.pack_into("<4sI", _name, 0, self.boot, number)
            _gone.write(_name)
            number += 1


class _Witnessed(relay.Relay):
    """The relay; what it sends and what it has given up is written down for the judge."""

    def _payload(self, *found):
        payload = super()._payload(*found)
        entry = found[0]
        if entry.boot == self._boot and entry.seq > self._owed.sent:
            self._owed.sent = entry.seq
        _sent.write(b"%d\n" % len(payload))
        for part in payload.parts:
            _sent.write(part)
        return payload

    def _on_frame(self, *frame):
        super()._on_frame(*frame)
        self._write_counts()

    def _on_message(self, topic, payload):
        super()._on_message(topic, payload)
        self._write_counts()

    def _on_lost(self, count):
        super()._on_lost(count)
        self._write_counts()

    def _write_counts(self):
        _counts.seek(0)
        owed = self._owed
        _counts.write(b"%10d %10d %10d %10d" % (owed.thinned, owed.lost, owed.gone, owed.unsure))


relay.FlashJournal, relay.Owed, relay.Relay = _Journal, _Owed, _Witnessed
builtins.open = _opened
journal.os = _Os
random.seed(int.from_bytes(os.urandom(4), "little"))
