"""The meter's line: what the UART brings becomes verified groups; the speed is found, and found again.

Bytes are checked twice before anything is sent: the parity of each, which the UART's driver does not, and the checksum
of each group. What fails is counted by kind.
"""

import asyncio
import gc

from delta import MAX_GROUPS
from frame import ENDED_ETX, HISTORIC, STANDARD, Frame, Reader, TicError, encode_group
from parity import STRIPPED

from micropython import const

# Standard mode speaks at 9600 Bd, historic mode at 1200 (Enedis-NOI-CPT_54E §5.3.5). Seconds without a verified frame
# before the other is tried: a long historic frame takes 3 s, and a silent meter may have its own reasons.
_PATIENCE_MS = {9600: 6_000, 1200: 10_000}
_OTHER = {9600: 1200, 1200: 9600}

# The UART's own buffer holds 17 s; looking at it this often keeps the age of a frame exact.
_LOOK_MS = const(40)

# The loop is held up for longer than this by a handshake alone; what the meter said meanwhile is still to be read.
_HELD_UP_MS = const(1_000)

_MODES = {0x09: STANDARD, 0x20: HISTORIC}
_MIN_GROUP_BYTES = const(7)

_STX = const(0x02)
_ETX = const(0x03)
_EOT = const(0x04)

# The longest real frame has 1,442 (gateway/tic/frame.py); of a longer one the reader holds the parts.
_FRAME_BYTES = const(1_536)

# A single group may verify by chance in the noise of a wrong speed.
_MIN_GROUPS = const(2)


class _Lean(Reader):
    """A reader that takes a frame in which nothing is wrong from where it was received, as it is.

    Nothing is made of it but its bytes, in one piece, and a group that was in the frame before is not looked at again.
    """

    def __init__(self):
        super().__init__(cache=0)
        self._newest = b""  # the last whole frame, its groups as on the wire

    def take(self, data, size):
        """The frame that these bytes are, from STX to ETX; None when they are not, or what came before is not over."""
        if self._size or self._began or data[0] != _STX or data[size - 1] != _ETX:
            return None
        start = 1
        separator = data[data.find(b"\r", 0, size) - 2]
        while start < size - 1:
            end = data.find(b"\r", start, size) + 1
            group = bytes(memoryview(data)[start:end])
            if not self._is_right(group, separator):
                return None
            # No label is there twice.
            if data.find(group[: group.find(bytes((separator,))) + 1], 1, start) >= 0:
                return None
            start = end
        if start == 1:
            return None
        self._newest = bytes(memoryview(data)[1:start])
        self._last_mode = _MODES[separator]
        self._torn = False
        return Frame(self._last_mode, self._newest, True, 0, ENDED_ETX)

    def _is_right(self, group, separator):
        """Whether the group verifies."""
        if group[:1] != b"\n" or len(group) < _MIN_GROUP_BYTES or group[-3] != separator or separator not in _MODES:
            return False
        if self._newest.find(group) >= 0:
            return True
        try:
            self._verify(group[1:-1])
        except TicError:
            return False
        return True


class MeterLine:
    """Reads the meter for ever.

    Args:
        open_uart: a function from a speed in Bd to the port.
        now_ms: a function that gives the milliseconds since the start.
        on_frame: called with (mode, groups as on the wire, when the last byte came, bad groups, whether it was whole).
        on_bad: called when a frame had no good group at all.
        on_lost: called with how many frames there was no memory to read.

    Attributes:
        speed: in Bd. mode: of the last frame, "" before it. frames: how many were passed on. reader: has the faults.
    """

    def __init__(self, open_uart, now_ms, on_frame, on_bad, on_lost):
        self._open_uart, self._now_ms = open_uart, now_ms
        self._on_frame, self._on_bad, self._on_lost = on_frame, on_bad, on_lost
        self.reader = _Lean()
        self.mode, self.frames = "", 0
        self._buffer = bytearray(_FRAME_BYTES)
        self._view = memoryview(self._buffer)
        self._uart = None
        self._open(9600)

    def _open(self, speed):
        if self._uart is not None:
            self._uart.deinit()
        self.speed = speed
        self._uart = self._open_uart(speed)
        self.reader.close()
        self._held = 0
        self._vain_ms, self._looked_ms = 0, self._now_ms()

    async def run(self):
        """Read for ever."""
        while True:
            # Time listened since the last frame, not time gone by.
            now_ms = self._now_ms()
            self._vain_ms += min(now_ms - self._looked_ms, _HELD_UP_MS)
            self._looked_ms = now_ms
            room = _FRAME_BYTES - self._held
            count = self._uart.readinto(self._view[self._held :])
            if count:
                self._hold(count)
            # A full buffer means that there is more: let the others have their turn, go on, and judge after it.
            if count != room and self._vain_ms > _PATIENCE_MS[self.speed]:
                self._open(_OTHER[self.speed])
            await asyncio.sleep_ms(0 if count == room else _LOOK_MS)

    def _hold(self, count):
        """Take in so many bytes; a frame is looked at when it is there."""
        at, self._held = self._held, self._held + count
        while at < self._held:
            # In place: a list of all bytes would need memory in one piece.
            byte = self._buffer[at] = STRIPPED[self._buffer[at]]
            at += 1
            if cut := byte == _STX and at > 1:
                at -= 1  # what was before it
            elif byte not in (_ETX, _EOT) and at < _FRAME_BYTES:
                continue
            # What is still in the buffers came after these bytes.
            waiting = self._uart.any() + self._held - at
            self._take(at, self._now_ms() - waiting * 10_000 // self.speed)
            self._held -= at
            self._view[: self._held] = self._view[at : at + self._held]
            at = int(cut)

    def _take(self, size, at_ms):
        try:
            frame = self.reader.take(self._buffer, size)
            frames = [frame] if frame else self.reader.feed(bytes(self._view[:size]))
        except MemoryError:
            # As much as may be a frame, in many pieces, and no place to look at it in one.
            self.reader.drop()
            self._on_bad()
            if self._buffer[size - 1] == _ETX:
                self._lose()
            return
        while frames:
            try:
                self._pass_on(frames, at_ms)
            except MemoryError:
                self._on_lost(1)
            # While what a frame leaves behind is still in one piece; later it would be holes.
            gc.collect()

    def _lose(self):
        """Count a frame, where there are frames on the line: noise is no loss."""
        if self.frames and self._vain_ms <= _PATIENCE_MS[self.speed]:
            self._on_lost(1)

    def _pass_on(self, frames, at_ms):
        """Take the first of them, and leave nothing of it but its bytes before these go on."""
        mode, groups, whole, bad, _ = frames.pop(0)
        if not isinstance(groups, bytes):
            groups = b"".join([encode_group(mode, group) for group in groups])
        if not _MIN_GROUPS <= groups.count(b"\r") <= MAX_GROUPS:
            self._on_bad()
            return
        self._vain_ms = 0
        self.mode = mode
        self.frames += 1
        self._on_frame(mode, groups, at_ms, bad, whole)
