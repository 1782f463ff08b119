"""Frames as bytes in a file: each record says by itself whether it is whole, and what is damaged costs itself alone.

A file's first frame is written whole, and twice; the others are differences to it, so that none needs another one. A
record is a mark, its place among the frames of the file, its size, a CRC-32, then ``_HEAD`` and the difference. After a
damaged one the next is found by its mark, which no byte of a meter is, and its place says how many are missing.

Files of the versions before are read by ``old_records``.
"""

import binascii
import struct

import delta

# Half an hour, one frame a minute.
RECORDS_A_FILE = 30

_MARK = b"\xa5"
_OUTER, _OUTER_BYTES = "<BHI", 7

# Boot (4 bytes), sequence, POSIX second (0: unknown), milliseconds since that boot, bad groups, whether it was whole.
_HEAD, HEAD_BYTES = "<4sIIQBB", 22

# The longest frame with as many groups as a difference bears: a size beyond is damaged, and no memory is asked for it.
MAX_BYTES = HEAD_BYTES + 1 + 3 * delta.MAX_GROUPS + 4096

_PIECE_BYTES = 64


class OwedFrame:
    """One frame that is owed, without its bytes."""

    def __init__(self, boot, seq, clock_s, at_ms, bad, whole):
        self.boot, self.seq, self.clock_s, self.at_ms = boot, seq, clock_s, at_ms
        self.bad, self.whole = bad, whole

    def head(self):
        """The bytes that say all of it."""
        bad = min(self.bad, 255)
        return struct.pack(_HEAD, self.boot, self.seq, self.clock_s or 0, self.at_ms, bad, bool(self.whole))


def entry_of(record):
    """The entry that a record begins with."""
    boot, seq, clock_s, at_ms, bad, whole = struct.unpack_from(_HEAD, record, 0)
    return OwedFrame(boot, seq, clock_s or None, at_ms, bad, bool(whole))


def seq_of(record):
    """Its number alone."""
    return struct.unpack_from("<I", record, 4)[0]


def write(file, place, entry, frame, first):
    """Append a frame to an open file. No piece is longer than a group: it is written when there is no memory left."""
    head = entry.head()
    size, crc = len(head), binascii.crc32(head)
    for part in delta.parts(frame, first):
        size += len(part)
        crc = binascii.crc32(part, crc)
    file.write(_MARK)
    file.write(struct.pack(_OUTER, place, size, _with_place(crc, place, size)))
    file.write(head)
    for part in delta.parts(frame, first):
        file.write(part)


def write_first(file, entry, frame):
    """Begin a file: the frame that all others are differences to, twice."""
    write(file, 0, entry, frame, b"")
    write(file, 0, entry, frame, b"")


def _with_place(crc, place, size):
    return binascii.crc32(bytes((place, size & 0xFF, size >> 8)), crc) & 0xFFFFFFFF


def _record_at(file, at):
    """The good record that begins there: (place, size, where its bytes begin); None when there is none."""
    file.seek(at)
    if file.read(1) != _MARK:
        return None
    outer = file.read(_OUTER_BYTES)
    if len(outer) < _OUTER_BYTES:
        return None
    place, size, crc = struct.unpack(_OUTER, outer)
    found = crc_of(file, size)
    if found is None or _with_place(found, place, size) != crc:
        return None
    return place, size, at + 1 + _OUTER_BYTES


def crc_of(file, size):
    """Of the next bytes of a file, piece by piece; None when they are no record, or not all there."""
    if not HEAD_BYTES < size <= MAX_BYTES:
        return None
    crc = 0
    while size:
        piece = file.read(min(size, _PIECE_BYTES))
        if not piece:
            return None
        crc = binascii.crc32(piece, crc)
        size -= len(piece)
    return crc


def _mark_from(file, at):
    """Where the next mark is; None when there is none."""
    file.seek(at)
    piece = file.read(_PIECE_BYTES)
    while piece:
        found = piece.find(_MARK)
        if found >= 0:
            return at + found
        at += len(piece)
        piece = file.read(_PIECE_BYTES)
    return None


class JournalReading:
    """A file read from its beginning; it is not open between two frames, since it may be thinned or deleted.

    Args:
        path: the file.

    Attributes:
        seen: frames that were read. passed: places that were passed, so ``passed - seen`` frames were damaged.
    """

    def __init__(self, path):
        self._path = path
        self._at = self.seen = self.passed = 0
        self._first, self._twice = None, False

    def next(self):
        """The next frame that can be read: (entry, frame); None at the end. OSError when the flash does not answer."""
        with open(self._path, "rb") as file:
            return self._next(file)

    def _next(self, file):
        start = self._at
        while start is not None:
            found = _record_at(file, start)
            if found is None:
                start = _mark_from(file, start + 1)
                continue
            place, size, start = found
            given = self._taken(file, place, size, start, self._first if place else b"")
            if given and not place:
                self._first = given[1]
            # One of the first place that is not at the beginning is the second of the two.
            self._twice = self._twice or (not place and start > 1 + _OUTER_BYTES)
            self._at = start = start + size
            if given:
                return given
        # What is behind the last good record was one; behind a first frame without its second, that.
        file.seek(self._at)
        if file.read(1) and (self.passed != 1 or self._twice):
            self.passed += 1
            self._at = 1 << 30
        return None

    def _taken(self, file, place, size, start, first):
        """What a good record says: (entry, frame); None when it was read already, or nothing is there to compare."""
        if place < self.passed or first is None:
            return None
        file.seek(start)
        entry = entry_of(file.read(HEAD_BYTES))
        frame = delta.read(file, size - HEAD_BYTES, first)
        if frame is None:
            return None
        self.passed = place + 1
        self.seen += 1
        return entry, frame
