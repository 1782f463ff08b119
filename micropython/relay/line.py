"""The meter's line: what the UART brings becomes verified groups; the speed is found, and found again.

Bytes are checked twice before anything is sent: the parity of each, which the UART's driver does not, and the checksum
of each group. What fails is counted by kind.
"""

import asyncio
import gc

from delta import MAX_GROUPS
from frame import Reader, encode_group, strip_parity

# Standard mode speaks at 9600 Bd, historic mode at 1200 (Enedis-NOI-CPT_54E §5.3.5). Seconds without a verified frame
# before the other is tried: a long historic frame takes 3 s, and a silent meter may have its own reasons.
_PATIENCE_MS = {9600: 6_000, 1200: 10_000}
_OTHER = {9600: 1200, 1200: 9600}

# The UART's own buffer holds 17 s; looking at it this often keeps the age of a frame exact.
_LOOK_MS = 40
_CHUNK_BYTES = 512

# The loop is held up for longer than this by a handshake alone; what the meter said meanwhile is still to be read.
_HELD_UP_MS = 1_000

# What a byte of the UART is without its parity. In place: a list of all bytes would need memory in one piece.
_STRIPPED = strip_parity(bytes(range(256)))

_ETX_BYTE = 0x03

# A single group may verify by chance in the noise of a wrong speed.
_MIN_GROUPS = 2


class Line:
    """Reads the meter for ever.

    Args:
        open_uart: a function from a speed in Bd to the port.
        now_ms: a function that gives the milliseconds since the start.
        on_frame: called with (mode, groups as on the wire, when its last byte came, bad groups, whether it was whole).
        on_bad: called when a frame had no good group at all.
        on_lost: called with how many frames there was no memory to read.

    Attributes:
        speed: in Bd. mode: of the last frame, "" before it. frames: how many were passed on. reader: has the faults.
    """

    def __init__(self, open_uart, now_ms, on_frame, on_bad, on_lost):
        self._open_uart, self._now_ms = open_uart, now_ms
        self._on_frame, self._on_bad, self._on_lost = on_frame, on_bad, on_lost
        self.reader = Reader(cache=0)
        self.mode, self.frames = "", 0
        self._buffer = memoryview(bytearray(_CHUNK_BYTES))
        self._uart = None
        self._open(9600)

    def _open(self, speed):
        if self._uart is not None:
            self._uart.deinit()
        self.speed = speed
        self._uart = self._open_uart(speed)
        self.reader.close()
        self._vain_ms, self._looked_ms = 0, self._now_ms()

    async def run(self):
        """Read for ever."""
        while True:
            # Time listened since the last frame, not time gone by.
            now_ms = self._now_ms()
            self._vain_ms += min(now_ms - self._looked_ms, _HELD_UP_MS)
            self._looked_ms = now_ms
            count = self._uart.readinto(self._buffer)
            if count:
                self._take(self._buffer[:count])
            # A full chunk means that there is more: let the others have their turn, go on, and judge after it.
            if count != _CHUNK_BYTES and self._vain_ms > _PATIENCE_MS[self.speed]:
                self._open(_OTHER[self.speed])
            await asyncio.sleep_ms(0 if count == _CHUNK_BYTES else _LOOK_MS)

    def _take(self, data):
        # What is still in the buffer came after these bytes.
        at_ms = self._now_ms() - self._uart.any() * 10_000 // self.speed
        for place, byte in enumerate(data):
            data[place] = _STRIPPED[byte]
        try:
            frames = self.reader.feed(bytes(data))
        except MemoryError:
            # As much as may be a frame, in many pieces, and no place to look at it in one.
            self.reader.drop()
            self._on_bad()
            self._lose(data)
            return
        for frame in frames:
            try:
                self._pass_on(frame, at_ms)
            except MemoryError:
                self._on_lost(1)
            # While what a frame leaves behind is still in one piece; later it would be holes.
            gc.collect()

    def _lose(self, data):
        """Count the frames that ended in these bytes, where there are frames on the line: noise is no loss."""
        if not self.frames or self._vain_ms > _PATIENCE_MS[self.speed]:
            return
        ended = 0
        for byte in data:
            if byte == _ETX_BYTE:
                ended += 1
        self._on_lost(ended)

    def _pass_on(self, frame, at_ms):
        groups = [encode_group(frame.mode, group) for group in frame.groups]
        if not _MIN_GROUPS <= len(groups) <= MAX_GROUPS:
            self._on_bad()
            return
        self._vain_ms = 0
        self.mode = frame.mode
        self.frames += 1
        self._on_frame(frame.mode, groups, at_ms, frame.bad, frame.whole)
