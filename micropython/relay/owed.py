"""What the gateway has not confirmed: the last minutes in memory, older ones in flash, sent in order, the oldest first.

Everything that is sent says which frame of ours came before it, so the gateway sees a gap and asks from the beginning
again; what it has already is dropped there. A frame leaves here when the gateway says that it has committed it, or one
after it, and for no other reason while there is room. When memory is full its oldest frames go: one of each minute to
the flash, the others are given up (``thinned``).
"""

import delta
from journal import Entry, entry_of

# Two minutes of any meter at least: a standard frame takes 96 to 146 bytes here, a historic one 56.
MAX_BYTES = 16_000

# What a record takes besides its bytes: a place in a list, and what MicroPython rounds up.
_RECORD_BYTES = 16

# Frames under way at once. The gateway commits once a minute, a meter sends at most 60 in that time.
WINDOW = 100


class Owed:
    """The frames that are owed.

    Args:
        boot: what tells this start of the board from all others: 4 random bytes.
        journal: a ``journal.Journal``.
        minute_of: a function from (entry, groups) to something that is equal for frames of one minute.

    Attributes:
        thinned: frames given up because memory was full.
    """

    def __init__(self, boot, journal, minute_of):
        self.boot, self._journal, self._minute_of = boot, journal, minute_of
        self.thinned = 0
        self._seq = 0
        self._records = []  # in memory, oldest first; the first one has its whole frame
        self._bytes = 0
        self._newest = []  # groups of the last one
        self._written_minute = None
        self._credit = WINDOW
        self.rewind()

    def __len__(self):
        return len(self._records) + len(self._journal)

    def add(self, groups, clock_s, at_ms, bad, whole):
        """A frame that was read just now."""
        self._seq += 1
        record = Entry(self.boot, self._seq, clock_s, at_ms, bad, whole, b"").record(
            delta.pack(groups, self._newest if self._records else [])
        )
        self._newest = groups
        self._records.append(record)
        self._bytes += len(record) + _RECORD_BYTES
        while self._bytes > MAX_BYTES and len(self._records) > 1:
            self._move_oldest()

    def _move_oldest(self):
        first = entry_of(self._records[0])
        groups = delta.unpack(first.body, [])
        minute = self._minute_of(first, groups)
        if minute == self._written_minute:
            self.thinned += 1
        else:
            self._written_minute = minute
            try:
                self._journal.append(first, groups)
            except OSError as error:
                # The flash is full or worn out: the meter is read all the same.
                print("journal:", error)
                self._journal.lost += 1
        given = self._place > 0
        self._drop(1)
        if self._stored is None and not given:
            # The reading of the flash was over, and there is one more in it that was never given.
            self.rewind()

    def _drop(self, count):
        """Take the oldest away; the one after them becomes a whole frame."""
        groups = []
        for _ in range(count):
            record = self._records.pop(0)
            groups = delta.unpack(entry_of(record).body, groups)
            self._bytes -= len(record) + _RECORD_BYTES
        self._place = max(0, self._place - count)
        if self._records:
            head = entry_of(self._records[0])
            record = head.record(delta.pack(delta.unpack(head.body, groups), []))
            self._bytes += len(record) - len(self._records[0])
            self._records[0] = record

    def rewind(self):
        """Begin with the oldest again."""
        self._stored = self._journal.cursor()
        self._place = 0
        self._groups = []
        self._sent = None  # (boot, sequence) of what was given last

    def open_window(self):
        """Another WINDOW of frames may leave."""
        self._credit = WINDOW

    def next(self):
        """The oldest frame not given yet: (entry, groups, what came before it); None when there is none to give now."""
        if not self._credit:
            return None
        found = self._advance()
        if found is None:
            return None
        self._credit -= 1
        before, self._sent = self._sent, (found[0].boot, found[0].seq)
        return found[0], found[1], before

    def _advance(self):
        if self._stored is not None:
            found = self._stored.next()
            if found:
                return found
            self._stored = None
        if self._place >= len(self._records):
            return None
        entry = entry_of(self._records[self._place])
        self._groups = delta.unpack(entry.body, self._groups)
        self._place += 1
        return entry, self._groups

    def confirm(self, boot, seq):
        """The gateway has committed this frame, and with it all that came before."""
        self.open_window()
        if boot == self.boot and self._records and entry_of(self._records[0]).seq <= seq:
            self._journal.confirm_all()
            self._drop(sum([entry_of(record).seq <= seq for record in self._records]))
        else:
            self._journal.confirm(boot, seq)

    def save(self):
        """Write one frame of each minute to the flash: the board is about to start anew."""
        while self._records:
            self._move_oldest()
