"""Frames in flash that the gateway has not confirmed: bounded, thinned before given up, safe in a power cut.

A file holds half an hour, one frame a minute: the first whole, the others as differences. When there are too many files
the oldest keeps its first frame alone (a half hour's index survives), and only when there are too many of those the
oldest is deleted. A record is its size and CRC-32, then ``_HEAD``, then the difference; a torn one ends its file.
"""

import binascii
import os
import struct

import delta

# Whole half hours (6 kB, two blocks of flash), and half hours of which only the first frame is kept (one block): two
# days by the minute and before those three by the half hour, in 1.3 MB at the very most.
MAX_FULL, MAX_THIN = 96, 144
RECORDS_A_FILE = 30

# Less than this is left to the program's own files.
_MIN_FREE_BYTES = 65_536

_OUTER, _OUTER_BYTES = "<HI", 6
# Boot (4 bytes), sequence, POSIX second (0: unknown), milliseconds since that boot, bad groups, whether it was whole.
_HEAD, HEAD_BYTES = "<4sIIQBB", 22


class Entry:
    """One frame that is owed: ``body`` is its difference to the one before."""

    def __init__(self, boot, seq, clock_s, at_ms, bad, whole, body):
        self.boot, self.seq, self.clock_s, self.at_ms = boot, seq, clock_s, at_ms
        self.bad, self.whole, self.body = bad, whole, body

    def record(self, body):
        """The bytes that say all of it, with another difference; what is kept, in memory and in flash."""
        bad = min(self.bad, 255)
        return struct.pack(_HEAD, self.boot, self.seq, self.clock_s or 0, self.at_ms, bad, bool(self.whole)) + body


def entry_of(record):
    """The entry that such bytes say."""
    boot, seq, clock_s, at_ms, bad, whole = struct.unpack_from(_HEAD, record, 0)
    return Entry(boot, seq, clock_s or None, at_ms, bad, bool(whole), record[HEAD_BYTES:])


def _read(file):
    """The next record; None at the end, or where a power cut has torn one."""
    outer = file.read(_OUTER_BYTES)
    if len(outer) < _OUTER_BYTES:
        return None
    size, crc = struct.unpack(_OUTER, outer)
    record = file.read(size)
    if len(record) < size or size <= HEAD_BYTES or binascii.crc32(record) & 0xFFFFFFFF != crc:
        return None
    return record


class Journal:
    """The files of ``folder``, oldest first.

    Args:
        folder: it is made when it is missing.
        free_bytes: a function that says how much room the file system has.

    Attributes:
        lost: frames that were given up for want of room since the start.
        files: [number, boot, last sequence, records], one for each file.
    """

    def __init__(self, folder, free_bytes):
        self._folder, self._free_bytes = folder, free_bytes
        self.lost = 0
        self.files = []
        self._tail = None  # groups of the last record written, None when the next one begins a file
        self._floor = None  # (boot, sequence) of what is confirmed of the first file
        try:
            os.mkdir(folder)
        except OSError:
            pass  # it is there
        for name in sorted(os.listdir(folder)):
            self._look_at(name)
        self._next = self.files[-1][0] + 1 if self.files else 0

    def _look_at(self, name):
        if not (name.endswith(".j") and name[:-2].isdigit()):
            os.remove(self._folder + "/" + name)  # a thinning that a power cut ended
            return
        number, records, last = int(name[:-2]), 0, None
        for entry in self._entries(number):
            records, last = records + 1, entry
        if last is None:
            os.remove(self._path(number))
        else:
            self.files.append([number, last.boot, last.seq, records])

    def __len__(self):
        return sum([file[3] for file in self.files])

    def append(self, entry, groups):
        """Write a frame down. ``groups`` are its groups; its ``body`` is not looked at."""
        begins = self._tail is None or self.files[-1][3] >= RECORDS_A_FILE
        if begins:
            self._make_room()
            self.files.append([self._next, entry.boot, entry.seq, 0])
            self._next += 1
        record = entry.record(delta.pack(groups, [] if begins else self._tail))
        with open(self._path(self.files[-1][0]), "ab") as file:
            file.write(struct.pack(_OUTER, len(record), binascii.crc32(record) & 0xFFFFFFFF) + record)
        self._tail = groups
        file = self.files[-1]
        file[2], file[3] = entry.seq, file[3] + 1

    def cursor(self):
        """A reader of everything that is not confirmed, oldest first."""
        return Cursor(self)

    def confirm(self, boot, seq):
        """Forget everything up to this frame; nothing when it is not of here. True when all of it is forgotten."""
        place = -1
        for at, (_, file_boot, last, _) in enumerate(self.files):
            if file_boot == boot:
                place = at
                if last >= seq:
                    break
        if place < 0:
            return not self.files
        if self.files[place][2] <= seq:
            place += 1
        self._delete(place)
        self._floor = (boot, seq)
        return not self.files

    def confirm_all(self):
        """Forget everything."""
        self._delete(len(self.files))

    def _delete(self, count):
        for file in self.files[:count]:
            os.remove(self._path(file[0]))
        if count and count == len(self.files):
            self._tail = None
        self.files = self.files[count:]

    def _make_room(self):
        full = [file for file in self.files if file[3] > 1]
        thin = len(self.files) - len(full)
        if len(full) >= MAX_FULL or (full and self._free_bytes() < _MIN_FREE_BYTES):
            self._thin(full[0])
            thin += 1
        if self.files and (thin > MAX_THIN or self._free_bytes() < _MIN_FREE_BYTES):
            self.lost += self.files[0][3]
            self._delete(1)

    def _thin(self, file):
        """Leave the first frame of the file; a power cut leaves the old one or the new one."""
        first = next(self._entries(file[0]))
        record = first.record(first.body)
        path = self._path(file[0])
        with open(path + ".new", "wb") as new:
            new.write(struct.pack(_OUTER, len(record), binascii.crc32(record) & 0xFFFFFFFF) + record)
        os.rename(path + ".new", path)
        self.lost += file[3] - 1
        file[2], file[3] = first.seq, 1

    def _entries(self, number):
        """Every record of a file."""
        with open(self._path(number), "rb") as file:
            record = _read(file)
            while record:
                yield entry_of(record)
                record = _read(file)

    def read(self, number, at):
        """The record at this place of a file: (place of the next one, entry); None at the end, or where it is torn."""
        # Opened anew each time: a file may be thinned or deleted between two records.
        with open(self._path(number), "rb") as file:
            file.seek(at)
            record = _read(file)
        return record and (at + _OUTER_BYTES + len(record), entry_of(record))

    def is_confirmed(self, entry):
        """Whether this frame of the first file is confirmed already."""
        return self._floor is not None and entry.boot == self._floor[0] and entry.seq <= self._floor[1]

    def _path(self, number):
        return "%s/%08d.j" % (self._folder, number)


class Cursor:
    """A place in the journal; files that are deleted meanwhile are passed over."""

    def __init__(self, journal):
        self._journal = journal
        self._number = self._at = 0
        self._groups = []

    def next(self):
        """The next frame and its groups: (entry, groups); None at the end."""
        while True:
            number = self._current()
            if number is None:
                return None
            found = self._journal.read(number, self._at)
            if found is None:
                self._number, self._at, self._groups = number + 1, 0, []
                continue
            self._at, entry = found
            self._groups = delta.unpack(entry.body, self._groups)
            if not self._journal.is_confirmed(entry):
                return entry, self._groups

    def _current(self):
        for file in self._journal.files:
            if file[0] >= self._number:
                if file[0] != self._number:
                    self._number, self._at, self._groups = file[0], 0, []
                return self._number
        return None
