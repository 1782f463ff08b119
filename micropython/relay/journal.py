"""Frames in flash that the gateway has not confirmed: bounded, thinned before given up, safe in a power cut.

A file holds half an hour, one frame a minute (``records``). When there are too many files the oldest keeps its first
frame alone (a half hour's index survives), and only when there are too many of those the oldest is deleted. Flash that
is full or fails costs the frame that was to be written, never one that is there; and no frame is ever read as another.
What is missing is counted in ``lost``, once: when it is known that it is nowhere, or when its file goes.
"""

import errno
import os

from records import RECORDS_A_FILE, JournalReading, write, write_first

# Whole half hours (7 kB, two blocks of flash), and half hours of which only the first frame is kept (one block): two
# days by the minute and before those three by the half hour, in 1.3 MB at the very most.
MAX_FULL, MAX_THIN = 96, 144

# Less than this is left to the program's own files.
_MIN_FREE_BYTES = 65_536

# Of files that begin with a write that failed, and that cannot be removed, no more are made.
_MAX_SPOILT = 8

# How often a file that does not let itself be read is tried: at the start, and when its frames are wanted.
_TRIES_AT_START, _TRIES = 3, 10

# Files of this form, and of that of the versions before.
_NEW, _OLD = ".k", ".j"


class File:
    """What is known of one file: ``records`` frames were written into it, ``missing`` of them cannot be read.

    ``boot`` and ``last`` are those of its newest frame; ``records`` is 0 when nothing of it is owed any more. It is
    ``spoilt`` when it was to be removed, and could not be.
    """

    spoilt = False

    def __init__(self, number, boot, last, records, missing, old):
        self.number, self.boot, self.last = number, boot, last
        self.records, self.missing, self.old = records, missing, old


class FlashJournal:
    """The files of ``folder``, oldest first.

    Args:
        folder: it is made when it is missing.
        free_bytes: a function that says how much room the file system has.

    Attributes:
        lost: frames that were given up since the start, for want of room or of memory, or because they were damaged.
        files: a ``File`` each.
    """

    def __init__(self, folder, free_bytes):
        self._folder, self._free_bytes = folder, free_bytes
        self.lost = 0
        self.files = []
        self._first = None  # the first frame of the last file, None when the next one begins a file
        self._floor = None  # (boot, sequence) of what is confirmed of the first file
        self._fault = None
        self._next = 0
        try:
            os.mkdir(folder)
        except OSError:
            pass  # it is there, or nothing can be written, which shows soon enough
        for name in sorted(self._names()):
            self._look_at(name)

    def _names(self):
        for _ in range(_TRIES_AT_START):
            try:
                return os.listdir(self._folder)
            except OSError as error:
                self._tell(error)
        # No number from here on is that of a file that cannot be seen.
        self._next = 1 << 20
        return []

    def _look_at(self, name):
        number = name[:-2]
        if name.endswith(".new"):
            self._remove(self._folder + "/" + name)  # a thinning that a power cut ended
        elif name[-2:] in (_OLD, _NEW) and number.isdigit():
            # Of one that cannot be read now it is known when its turn comes.
            file = File(int(number), None, 0, 1, 1, name.endswith(_OLD))
            self._next = max(self._next, file.number + 1)
            if not self._survey(file) or file.boot is not None:
                self.files.append(file)
            else:
                self.lost += file.missing
                self._remove(self._path(file))

    def _survey(self, file):
        """Read a file to its end and note what is there; False when the flash does not let it be read."""
        for _ in range(_TRIES_AT_START):
            newest = None
            try:
                reading = self.reading(file)
                while found := reading.next():
                    newest = found[0]
            except (OSError, MemoryError) as error:
                if _is_missing(error):
                    file.records = file.missing = 0
                    return True
                self._tell(error)
                continue
            if newest:
                file.boot, file.last = self._same(newest.boot), newest.seq
            file.records, file.missing = reading.passed, reading.passed - reading.seen
            return True
        return False

    def _same(self, boot):
        """These bytes as the newest file has them: hundreds of files are of one start, and memory is short."""
        return self.files[-1].boot if self.files and self.files[-1].boot == boot else boot

    def __len__(self):
        return sum([file.records - file.missing for file in self.files if file.records])

    def append(self, entry, frame):
        """Write a frame down; False when it is not in the flash, and counted."""
        try:
            if self._first is None or self.files[-1].records >= RECORDS_A_FILE:
                self._first = None
                self._make_room()
                if len(self.files) <= MAX_FULL + MAX_THIN and self._sweep(_MAX_SPOILT):
                    return self._begin(entry, frame)
            else:
                return self._go_on(self.files[-1], entry, frame)
        except (OSError, MemoryError) as error:
            self._tell(error)  # before anything was written
        self.lost += 1
        return False

    def _begin(self, entry, frame):
        file = File(self._next, self._same(entry.boot), entry.seq, 0, 0, False)
        out = open(self._path(file), "wb")  # noqa: SIM115 (where this fails nothing is there)
        self._next += 1
        # Room in the list first: what is in the flash must be in it as well.
        self.files.append(file)
        try:
            with out:
                write_first(out, entry, frame)
        except (OSError, MemoryError) as error:
            return self._is_there(file, entry, error)
        file.records = 1
        self._first = frame
        try:
            self._sweep(1)
        except MemoryError:
            pass  # with the next
        return True

    def _go_on(self, file, entry, frame):
        out = open(self._path(file), "ab")  # noqa: SIM115 (where this fails nothing was written)
        try:
            with out:
                write(out, file.records, entry, frame, self._first)
        except (OSError, MemoryError) as error:
            return self._is_there(file, entry, error)
        file.records += 1
        file.last = entry.seq
        return True

    def _is_there(self, file, entry, error):
        """After a failure, whether the frame was written all the same. What comes next begins a file."""
        self._first = None
        self._tell(error)
        before = file.records
        if not self._survey(file):
            # It is known when its turn comes; until then it is missing, and counted when the file goes.
            file.records, file.missing = before + 1, file.missing + 1
            if file.records == file.missing:
                self._drop(file)
            return False
        if file.records > file.missing and file.last == entry.seq:
            return True
        if file.records == before:
            self.lost += 1
        if file.records == file.missing:
            self._drop(file)
        return False

    def _drop(self, file):
        """Remove a file of which nothing can be read; while it is there its turn may come."""
        file.spoilt = not self._remove(self._path(file))
        if not file.spoilt:
            self.lost += file.missing
            self.files.remove(file)

    def _sweep(self, count):
        """Have less than so many files that could not be removed; False when the flash still does not let them go."""
        spoilt = [file for file in self.files if file.spoilt and file.records == file.missing]
        while len(spoilt) >= count:
            file = spoilt.pop()
            self._drop(file)
            if file.spoilt:
                return False
        return True

    def cursor(self):
        """A reader of everything that is not confirmed, oldest first."""
        return Cursor(self)

    def confirm(self, boot, seq):
        """Forget everything up to this frame; nothing when it is not of here."""
        place = -1
        for at, file in enumerate(self.files):
            if file.boot == boot:
                place = at
                if file.last >= seq:
                    break
        if place < 0:
            return
        if self.files[place].last <= seq:
            place += 1
        self._delete(place)
        self._floor = (boot, seq)

    def confirm_all(self):
        """Forget everything."""
        self._delete(len(self.files))

    def _delete(self, count):
        """Forget the oldest files; one that cannot be removed is owed no more, and removed with the next."""
        for file in self.files[:count]:
            file.records = 0
        if not self.files or not self.files[-1].records:
            self._first = None
        while self.files and not self.files[0].records and self._remove(self._path(self.files[0])):
            self.lost += self.files.pop(0).missing

    def _make_room(self):
        """For one more file. What cannot be thinned or removed stays, and the writing shows whether there is room."""
        full = [at for at, file in enumerate(self.files) if file.records > 1]
        thin = len(self.files) - len(full)
        if len(full) >= MAX_FULL or (full and self._is_scarce()):
            self._thin(full[0])
            thin += 1
        if self.files and (thin > MAX_THIN or self._is_scarce()):
            oldest = self.files[0]
            if self._remove(self._path(oldest)):
                self.lost += max(oldest.records, oldest.missing)
                self.files.pop(0)

    def _is_scarce(self):
        try:
            return self._free_bytes() < _MIN_FREE_BYTES
        except OSError:
            return False

    def _thin(self, at):
        """Leave the first frame of a file; a power cut leaves the old one or the new one."""
        file = self.files[at]
        path = self._path(file)
        try:
            entry, frame = self.reading(file).next() or (None, None)
            if entry:
                with open(path + ".new", "wb") as new:
                    (_old_records().write_first if file.old else write_first)(new, entry, frame)
                os.rename(path + ".new", path)
        except (OSError, MemoryError) as error:
            self._tell(error)
            self._remove(path + ".new")
            return
        self.lost += file.records - 1
        # Another one than a cursor may have: what that would read next is not there any more.
        self.files[at] = File(file.number, file.boot, entry.seq if entry else file.last, 1, 0 if entry else 1, file.old)

    def settle(self, file, reading, entry):
        """Note what a reading has found: ``entry`` is its newest, None at the end of the file."""
        if file.boot is None and entry:
            file.boot = entry.boot
        if entry:
            file.last = max(file.last, entry.seq)
            file.missing = max(file.missing, reading.passed - reading.seen)
        else:
            file.missing = max(file.records, reading.passed) - reading.seen
        file.records = max(file.records, reading.passed)

    def is_last(self, file):
        """Whether what is written next may be in this file."""
        return file is self.files[-1]

    def is_confirmed(self, entry):
        """Whether this frame of the first file is confirmed already."""
        return self._floor is not None and entry.boot == self._floor[0] and entry.seq <= self._floor[1]

    def reading(self, file):
        """A reading of this file from its beginning."""
        return (_old_records().OldReading if file.old else JournalReading)(self._path(file))

    def _path(self, file):
        return "%s/%08d%s" % (self._folder, file.number, _OLD if file.old else _NEW)

    def _remove(self, path):
        """Whether the file is gone."""
        try:
            os.remove(path)
        except OSError as error:
            if not _is_missing(error):
                self._tell(error)
                return False
        return True

    def _tell(self, error):
        """Say what fails, once: it may fail at every frame."""
        try:
            words = str(error) or "no memory"
            if words != self._fault:
                self._fault = words
                print("journal:", words)
        except MemoryError:
            pass


def _is_missing(error):
    return isinstance(error, OSError) and error.errno == errno.ENOENT


def _old_records():
    """What few boards need, and takes memory."""
    import old_records

    return old_records


class Cursor:
    """A place in the journal; files that are deleted meanwhile are passed over."""

    def __init__(self, journal):
        self._journal = journal
        self.begin_again()

    def begin_again(self):
        """Be at the oldest."""
        self._file = self._reading = None
        self._number = self._tries = 0

    def next(self):
        """The next frame: (entry, frame); None at the end.

        OSError when the flash cannot be read; asked often enough it passes that file over.
        """
        while self._find():
            try:
                found = self._reading.next()
            except OSError as error:
                self._tries += 1
                if self._tries < _TRIES and not _is_missing(error):
                    raise
                found = None
            else:
                self._tries = 0
            self._journal.settle(self._file, self._reading, found and found[0])
            if found is None:
                if self._journal.is_last(self._file) and not self._tries:
                    return None  # here it goes on when more is written
                self._number = self._file.number + 1
            elif not self._journal.is_confirmed(found[0]):
                return found
        return None

    def _find(self):
        """Whether there is a file to read from."""
        for file in self._journal.files:
            if file.number < self._number or not file.records:
                continue
            if file is not self._file:
                if self._file and file.number == self._file.number and self._reading.seen:
                    continue  # thinned since: what is left of it was given
                self._file, self._reading, self._tries = file, self._journal.reading(file), 0
                self._number = file.number
            return True
        if self._file:
            # Its frames are of no more use here.
            self._number = self._file.number + 1
            self._file = self._reading = None
        return False
