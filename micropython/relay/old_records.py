"""Files of the versions before: each frame is the difference to the one before it, in records of size and CRC-32.

They are read to the first damaged one. On most boards there are none, and this is never loaded.
"""

import binascii
import struct

import delta
from records import HEAD_BYTES, MAX_BYTES, RECORDS_A_FILE, JournalReading, crc_of

_OUTER, _OUTER_BYTES = "<HI", 6


def write_first(file, entry, frame):
    """Begin a file."""
    record = entry.head() + b"".join(delta.parts(frame, b""))
    file.write(struct.pack(_OUTER, len(record), binascii.crc32(record) & 0xFFFFFFFF) + record)


class OldReading(JournalReading):
    """A file read from its beginning, as ``records.JournalReading``."""

    def __init__(self, path):
        super().__init__(path)
        self._first = b""  # here: that of the frame before

    def _next(self, file):
        file.seek(self._at)
        outer = file.read(_OUTER_BYTES)
        if not outer:
            return None
        size, crc = struct.unpack(_OUTER, outer) if len(outer) == _OUTER_BYTES else (0, 0)
        found = crc_of(file, size)
        if found is not None and found & 0xFFFFFFFF == crc:
            given = self._taken(file, self.passed, size, self._at + _OUTER_BYTES, self._first)
            if given:
                self._first = given[1]
                self._at += _OUTER_BYTES + size
                return given
        self._pass_rest(file)
        return None

    def _pass_rest(self, file):
        """Count what follows a damaged record: the sizes lead from one to the next."""
        while self.passed < RECORDS_A_FILE:
            file.seek(self._at)
            outer = file.read(_OUTER_BYTES)
            if not outer:
                break
            self.passed += 1
            size = struct.unpack(_OUTER, outer)[0] if len(outer) == _OUTER_BYTES else 0
            if not HEAD_BYTES < size <= MAX_BYTES:
                break
            self._at += _OUTER_BYTES + size
        self._at = 1 << 30
