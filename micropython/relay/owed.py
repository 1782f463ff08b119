"""What the gateway has not confirmed: the last minutes in memory, older ones in flash, sent in order, the oldest first.

Everything that is sent says which frame of ours came before it, so the gateway sees a gap and asks from the beginning
again; what it has already is dropped there. A frame leaves here when the gateway says that it has committed it, or one
after it, and for no other reason while there is room. When memory is full its oldest frames go: one of each minute to
the flash, the others are given up (``thinned``).
"""

import delta
from journal import Entry

# So many bytes of differences: about two minutes of a standard meter.
MAX_BYTES = 20_000

# What an entry takes besides its body.
_ENTRY_BYTES = 96

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
        self._entries = []  # in memory, oldest first; the first one's body is its whole frame
        self._bytes = 0
        self._newest = []  # groups of the last entry
        self._written_minute = None
        self._credit = WINDOW
        self.rewind()

    def __len__(self):
        return len(self._entries) + len(self._journal)

    def add(self, groups, clock_s, at_ms, bad, whole):
        """A frame that was read just now."""
        self._seq += 1
        body = delta.pack(groups, self._newest if self._entries else [])
        self._newest = groups
        self._entries.append(Entry(self.boot, self._seq, clock_s, at_ms, bad, whole, body))
        self._bytes += len(body) + _ENTRY_BYTES
        while self._bytes > MAX_BYTES and len(self._entries) > 1:
            self._move_oldest()

    def _move_oldest(self):
        first = self._entries[0]
        groups = delta.unpack(first.body, [])
        minute = self._minute_of(first, groups)
        if minute != self._written_minute:
            self._written_minute = minute
            try:
                self._journal.append(first, groups)
            except OSError as error:
                # The flash is full or worn out: the meter is read all the same.
                print("journal:", error)
                self._journal.lost += 1
        else:
            self.thinned += 1
        self._drop(1)
        self.rewind()

    def _drop(self, count):
        """Take the oldest entries away; the one after them becomes a whole frame."""
        groups = []
        for entry in self._entries[:count]:
            groups = delta.unpack(entry.body, groups)
            self._bytes -= len(entry.body) + _ENTRY_BYTES
        self._entries = self._entries[count:]
        self._place = max(0, self._place - count)
        if self._entries:
            head = self._entries[0]
            self._bytes -= len(head.body)
            head.body = delta.pack(delta.unpack(head.body, groups), [])
            self._bytes += len(head.body)

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
        if self._place >= len(self._entries):
            return None
        entry = self._entries[self._place]
        self._groups = delta.unpack(entry.body, self._groups)
        self._place += 1
        return entry, self._groups

    def confirm(self, boot, seq):
        """The gateway has committed this frame, and with it all that came before."""
        self.open_window()
        if boot == self.boot and self._entries and self._entries[0].seq <= seq:
            self._journal.confirm_all()
            self._drop(sum([entry.seq <= seq for entry in self._entries]))
        else:
            self._journal.confirm(boot, seq)

    def save(self):
        """Write one frame of each minute to the flash: the board is about to start anew."""
        while self._entries:
            self._move_oldest()
