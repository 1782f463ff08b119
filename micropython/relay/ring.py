"""Records in memory, first in, first out, in pieces that are taken at the start: what comes and goes leaves no holes.

Of a record that lies there nothing is built but what is read: it is read as a file is, by ``seek`` and ``read``.
"""

PIECE_BYTES = 1_024

# Of each record: how long it is.
_SIZE_BYTES = 2


class Ring:
    """The records; ``count`` of them, ``size`` bytes. Each has its place: its distance from the oldest, in bytes."""

    def __init__(self):
        self._pieces = []
        self._begin = self._at = 0  # of the oldest, in the first piece; where it is read
        self.count = self.size = 0

    @property
    def pieces(self):
        """How many pieces there are."""
        return len(self._pieces)

    def grow(self):
        """Take one piece more; MemoryError when there is none."""
        self._pieces.append(bytearray(PIECE_BYTES))

    def shrink(self):
        """Give one piece back; False when each of them holds something."""
        free = (len(self._pieces) - 1) * PIECE_BYTES >= self._begin + self.size
        if free:
            self._pieces.pop()
        return free

    def append(self, size, head, parts):
        """Take in a record of this size: its head, then its parts; False when there is no room for it."""
        at = self.size
        if self._begin + at + _SIZE_BYTES + size > len(self._pieces) * PIECE_BYTES:
            return False
        at = self._put(at, bytes((size & 0xFF, size >> 8)))
        at = self._put(at, head)
        for part in parts:
            at = self._put(at, part)
        self.count += 1
        self.size = at
        return True

    def _put(self, at, data):
        done = 0
        while done < len(data):
            place = self._begin + at
            piece, place = self._pieces[place // PIECE_BYTES], place % PIECE_BYTES
            count = min(len(data) - done, PIECE_BYTES - place)
            piece[place : place + count] = data[done : done + count]
            done += count
            at += count
        return at

    def seek(self, place):
        """Read the record at this place next; its size."""
        self._at = place
        size = self.read(_SIZE_BYTES)
        return size[0] | size[1] << 8

    def read(self, count):
        """The next bytes."""
        at = self._begin + self._at
        piece, place = self._pieces[at // PIECE_BYTES], at % PIECE_BYTES
        found = bytes(memoryview(piece)[place : place + count])
        self._at += len(found)
        return found if len(found) == count else found + self.read(count - len(found))

    def after(self, place):
        """The place of the record behind the one at this."""
        return place + _SIZE_BYTES + self.seek(place)

    def pop(self):
        """Forget the oldest; how many bytes nearer the others are."""
        gone = self.after(0)
        self._begin += gone
        self.size -= gone
        self.count -= 1
        while self._begin >= PIECE_BYTES:
            self._begin -= PIECE_BYTES
            self._pieces.append(self._pieces.pop(0))
        return gone

    def clear(self):
        """Forget all of them."""
        self._begin = self.size = self.count = 0
