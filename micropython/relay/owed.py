"""What the gateway has not confirmed: the last minutes in memory, older ones in flash, sent in order, the oldest first.

Everything that is sent says which frame of ours came before it, so the gateway sees a gap and asks from the beginning
again; what it has already is dropped there. A frame leaves here when the gateway says that it has committed it, or one
after it, and for no other reason while there is room. When memory is full its oldest frames go: one of each minute to
the flash, the others are given up (``thinned``). That memory is taken at the start (``ring``), so what is owed never
grows into what others need. Where these are short of it all the same, a piece is given back to them for good, and the
oldest frames in it go the same way but count as lost. What that takes is kept in reserve, and what is left of it helps
the others until the gateway has all that was in the flash.
"""

import gc

import delta
from records import HEAD_BYTES, OwedFrame, entry_of, seq_of
from ring import PIECE_BYTES, Ring

# Two minutes of any meter at least: a standard frame takes 82 to 132 bytes here, a historic one 42. Where memory is
# short it is less, half a minute or so at least.
MAX_PIECES, MIN_PIECES = 16, 4

# Kept for the moment without memory: an open file, and one frame.
_RESERVE_BYTES = 3_072

# Frames under way at once. The gateway commits once a minute, a meter sends at most 60 in that time.
WINDOW = 100


class Owed:
    """The frames that are owed.

    Args:
        boot: what tells this start of the board from all others: 4 random bytes.
        journal: a ``journal.FlashJournal``.
        minute_of: a function from (entry, frame) to something that is equal for frames of one minute.

    Attributes:
        thinned: frames given up because memory was full, one of their minute being kept.
    """

    def __init__(self, boot, journal, minute_of):
        self.boot, self._journal, self._minute_of = boot, journal, minute_of
        self.thinned = 0
        self._reserve = bytearray(_RESERVE_BYTES)
        self._seq = 0
        self._ring = Ring()  # in memory, oldest first, each as the difference to the one before it
        for _ in range(MIN_PIECES):
            self._ring.grow()
        self._before = b""  # the one before the oldest
        self._newest = b""  # the last one
        self._written_minute = None
        self._credit = WINDOW
        self._cursor = journal.cursor()
        self.rewind()

    def __len__(self):
        return self._ring.count + len(self._journal)

    @property
    def lost(self):
        """Frames given up for want of room or memory, or damaged in the flash, since the start."""
        return self._journal.lost

    def take_room(self, free_bytes):
        """Take so much more of the memory that is free, as far as it is of use."""
        for _ in range(min(MAX_PIECES - self._ring.pieces, free_bytes // PIECE_BYTES)):
            try:
                self._ring.grow()
            except MemoryError:
                return

    def add(self, frame, clock_s, at_ms, bad, whole):
        """A frame that was read just now; the oldest make room for it."""
        self._seq += 1
        while True:
            try:
                if self._keep(OwedFrame(self.boot, self._seq, clock_s, at_ms, bad, whole), frame):
                    return
                self.thinned += self._move_oldest()
            except MemoryError:
                if not self.give_up():
                    self.lose(1)
                    return

    def _keep(self, entry, frame):
        """False when there is no room for it; there always is when it is the only one."""
        # None is whole, not even the first, which is in ``_before``.
        before, newest = (self._before, self._newest) if self._ring.count else (frame, frame)
        size = HEAD_BYTES + sum(len(part) for part in delta.parts(frame, newest))
        if not self._ring.append(size, entry.head(), delta.parts(frame, newest)):
            return False
        self._before, self._newest = before, frame
        return True

    def lose(self, count):
        """Count frames of the meter that nothing could be done with."""
        self._journal.lost += count

    def give_up(self):
        """Make room in memory: the reserve, a piece of what is owed, and its oldest frames; False when that is done."""
        had, self._reserve = self._reserve, None
        gc.collect()
        if self._ring.pieces <= MIN_PIECES:
            return had is not None
        while not self._ring.shrink():
            self.lose(self._move_oldest())
        return True

    def _take_reserve(self):
        try:
            self._reserve = self._reserve or bytearray(_RESERVE_BYTES)
        except MemoryError:
            pass  # the next time

    def _move_oldest(self):
        """Take the oldest away, to the flash when none of its minute is there; 1 where there is one, else 0."""
        given = self._place > 0
        try:
            entry = self._apply_oldest_or_tidy()
            gone = self._ring.pop()
        except MemoryError:
            # Without this one the next cannot be read either.
            self.lose(self._ring.count)
            self._ring.clear()
            self._place = 0
            return 0
        self._place = max(0, self._place - gone)
        spare = self._write(entry)
        if not spare and not self._in_flash and not given:
            # The reading of the flash was over, and there may be one more in it that was never given: it goes on there.
            self._in_flash = True
        return spare

    def _apply_oldest_or_tidy(self):
        try:
            return self._apply_oldest()
        except MemoryError:
            # It wants a kilobyte in one piece: what others left behind, and this attempt, may have been in the way.
            gc.collect()
            return self._apply_oldest()

    def _apply_oldest(self):
        """Have it in ``_before``; its entry. After a MemoryError it can be done again."""
        size = self._ring.seek(0)
        entry = entry_of(self._ring.read(HEAD_BYTES))
        self._before = delta.read(self._ring, size - HEAD_BYTES, self._before)
        return entry

    def _write(self, entry):
        """``_before`` to the flash when none of its minute is there, 0; else 1."""
        try:
            minute = self._minute_of(entry, self._before)
        except MemoryError:
            self.lose(1)
            return 0
        if minute == self._written_minute:
            return 1
        if self._journal.append(entry, self._before):
            self._written_minute = minute
        return 0

    def rewind(self):
        """Begin with the oldest again."""
        self._cursor.begin_again()
        self._in_flash = True  # whether there is more to read there
        self._place = 0  # in memory, of the one to be given next
        self._given = b""  # the one in memory that was given last
        self._sent = None  # (boot, sequence) of what was given last

    def open_window(self):
        """Another WINDOW of frames may leave."""
        self._credit = WINDOW

    def next(self):
        """The oldest frame not given yet: (entry, frame, what came before it); None when there is none to give now.

        OSError when the flash cannot be read now. After a MemoryError ``rewind``: one may have been passed over.
        """
        if not self._credit:
            return None
        found = self._advance()
        if found is None:
            return None
        self._credit -= 1
        before, self._sent = self._sent, (found[0].boot, found[0].seq)
        return found[0], found[1], before

    def _advance(self):
        if self._in_flash:
            found = self._cursor.next()
            if found:
                return found
            self._in_flash = False
        if self._place >= self._ring.size:
            return None
        size = self._ring.seek(self._place)
        entry = entry_of(self._ring.read(HEAD_BYTES))
        frame = delta.read(self._ring, size - HEAD_BYTES, self._given if self._place else self._before)
        self._place = self._ring.after(self._place)
        self._given = frame
        return entry, frame

    def confirm(self, boot, seq):
        """The gateway has committed this frame, and with it all that came before."""
        self.open_window()
        if boot == self.boot and self._is_confirmed(seq):
            self._journal.confirm_all()
            while self._is_confirmed(seq):
                self._apply_oldest()
                self._place = max(0, self._place - self._ring.pop())
        else:
            self._journal.confirm(boot, seq)
        if not len(self._journal):
            self._take_reserve()

    def _is_confirmed(self, seq):
        """Whether the oldest in memory is, with this one."""
        if not self._ring.count:
            return False
        self._ring.seek(0)
        return seq_of(self._ring.read(HEAD_BYTES)) <= seq

    def save(self):
        """Write one frame of each minute to the flash: the board is about to start anew, perhaps for want of memory."""
        self._reserve, self._given = None, b""
        while self._ring.count:
            if self._ring.pieces > MIN_PIECES:
                self._ring.shrink()
            self.thinned += self._move_oldest()
