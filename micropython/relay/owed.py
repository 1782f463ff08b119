"""What the gateway has not confirmed: the last minutes in memory, older ones in flash, sent in order, the oldest first.

Everything that is sent says which frame of ours came before it, so the gateway sees a gap and asks from the beginning
again; what it has already is dropped there. A frame leaves here when the gateway says that it has committed it, or one
after it, and for no other reason while there is room. When memory is full its oldest frames go: one of each minute to
the flash, the others are given up (``thinned``). Where memory is short before that they go as well, and count as lost:
no piece that is asked for on their way to the flash is longer than a group, and a reserve is set free for these.
"""

import delta
from records import HEAD_BYTES, Entry, entry_of, seq_of

# Two minutes of any meter at least: a standard frame takes 96 to 146 bytes here, a historic one 56.
MAX_BYTES = 16_000

# What a record takes besides its bytes: a place in a list, and what MicroPython rounds up.
_RECORD_BYTES = 16

# Kept for the moment without memory: an open file, and the groups of one frame that changed.
_RESERVE_BYTES = 2_048

# The part of the frames in memory that a lack of it costs: one alone would not make room for a message.
_GIVEN_UP = 8

# Frames under way at once. The gateway commits once a minute, a meter sends at most 60 in that time.
WINDOW = 100


class Owed:
    """The frames that are owed.

    Args:
        boot: what tells this start of the board from all others: 4 random bytes.
        journal: a ``journal.Journal``.
        minute_of: a function from (entry, groups) to something that is equal for frames of one minute.

    Attributes:
        thinned: frames given up because memory was full, one of their minute being kept.
    """

    def __init__(self, boot, journal, minute_of):
        self.boot, self._journal, self._minute_of = boot, journal, minute_of
        self.thinned = 0
        self._reserve = bytearray(_RESERVE_BYTES)
        self._seq = 0
        self._records = []  # in memory, oldest first, each as the difference to the one before it
        self._bytes = 0
        self._before = []  # groups of the one before the oldest; a list of its own, which is changed
        self._newest = []  # groups of the last one
        self._written_minute = None
        self._credit = WINDOW
        self._cursor = journal.cursor()
        self.rewind()

    def __len__(self):
        return len(self._records) + len(self._journal)

    @property
    def lost(self):
        """Frames given up for want of room or memory, or damaged in the flash, since the start."""
        return self._journal.lost

    def add(self, groups, clock_s, at_ms, bad, whole):
        """A frame that was read just now; where there is no memory for it, the oldest go."""
        self._seq += 1
        while True:
            try:
                self._keep(Entry(self.boot, self._seq, clock_s, at_ms, bad, whole), groups)
                break
            except MemoryError:
                if not self._records:
                    self.lose(1)
                    return
                self.give_up()
        while self._bytes > MAX_BYTES and len(self._records) > 1:
            self.thinned += self._move_oldest()

    def _keep(self, entry, groups):
        # None is whole, not even the first: what takes it away again needs no more than the groups that changed.
        first = not self._records
        before = groups[:] if first else self._before
        record = entry.head() + delta.pack(groups, groups if first else self._newest)
        self._records.append(record)
        self._before = before
        self._newest = groups
        self._bytes += len(record) + _RECORD_BYTES

    def lose(self, count):
        """Count frames of the meter that nothing could be done with."""
        self._journal.lost += count

    def give_up(self):
        """Make room in memory: its oldest frames go, at least one if there is one."""
        self._reserve = None
        for _ in range((len(self._records) + _GIVEN_UP - 1) // _GIVEN_UP):
            if self._records:
                self.lose(self._move_oldest())
        try:
            self._reserve = bytearray(_RESERVE_BYTES)
        except MemoryError:
            pass  # the next time

    def _move_oldest(self):
        """Take the oldest away, to the flash when none of its minute is there; 1 where there is one, else 0."""
        given = self._place > 0
        try:
            delta.apply(self._records[0], self._before, HEAD_BYTES)
        except MemoryError:
            # Not even for the few groups that differ: without them the next one cannot be read either.
            self.lose(len(self._records))
            self._records.clear()
            self._bytes = self._place = 0
            return 0
        spare = self._write_oldest()
        if not spare and not self._in_flash and not given:
            # The reading of the flash was over, and there may be one more in it that was never given: it goes on there.
            self._in_flash = True
        self._pop()
        return spare

    def _write_oldest(self):
        """To the flash when none of its minute is there, 0; else 1."""
        try:
            first = entry_of(self._records[0])
            minute = self._minute_of(first, self._before)
        except MemoryError:
            self.lose(1)
            return 0
        if minute == self._written_minute:
            return 1
        if self._journal.append(first, self._before):
            self._written_minute = minute
        return 0

    def _pop(self):
        """The oldest, which is in ``_before`` already, is not in memory any more."""
        self._bytes -= len(self._records.pop(0)) + _RECORD_BYTES
        self._place = max(0, self._place - 1)

    def rewind(self):
        """Begin with the oldest again."""
        self._cursor.begin_again()
        self._in_flash = True  # whether there is more to read there
        self._place = 0
        self._groups = None  # of the one in memory that was given last
        self._sent = None  # (boot, sequence) of what was given last

    def open_window(self):
        """Another WINDOW of frames may leave."""
        self._credit = WINDOW

    def next(self):
        """The oldest frame not given yet: (entry, groups, what came before it); None when there is none to give now.

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
        if self._place >= len(self._records):
            return None
        record = self._records[self._place]
        self._groups = delta.unpack(record, self._groups if self._place else self._before, HEAD_BYTES)
        self._place += 1
        return entry_of(record), self._groups

    def confirm(self, boot, seq):
        """The gateway has committed this frame, and with it all that came before."""
        self.open_window()
        if boot == self.boot and self._records and seq_of(self._records[0]) <= seq:
            self._journal.confirm_all()
            while self._records and seq_of(self._records[0]) <= seq:
                delta.apply(self._records[0], self._before, HEAD_BYTES)
                self._pop()
        else:
            self._journal.confirm(boot, seq)

    def save(self):
        """Write one frame of each minute to the flash: the board is about to start anew, perhaps for want of memory."""
        self._reserve = None
        while self._records:
            self.thinned += self._move_oldest()
