"""E-paper with an SSD1680 (2.13 inch, 250 x 122, as Waveshare's 2.13 V4): slow, and it keeps its picture without power.

``RefreshPace`` says when a new picture may be shown, ``Ssd1680`` shows it. Commands are those of the controller's data
sheet (Solomon Systech SSD1680, chapter 7). Our own, as the maker's library waits for ever on a panel that is unplugged.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageChops

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.display.pins import Output

# The panel's maker asks for three minutes between two pictures and one full refresh a day, against ghosts and wear.
LEAST_S, FULL_S = 180.0, 86_400.0
# So often its time of day is shown anew, changed or not: whoever looks knows that it lives.
MOST_S = 3600.0

WIDTH, HEIGHT = 250, 122

# A full refresh takes 2 to 4 s, more in the cold; the lines of the controller are whole bytes.
_BUSY_S, _LOOK_S = 15.0, 0.01
_ROW_BYTES = (HEIGHT + 7) // 8

_FULL, _PARTIAL = 0xF7, 0xFF


class RefreshPace:
    """When there may be a new picture."""

    def __init__(self) -> None:
        self._last: tuple[float, bytes] | None = None

    def due(self, content: bytes, now: float) -> bool:
        """Whether this content is to be shown now; then it counts as shown."""
        if self._last is not None:
            since, before = now - self._last[0], self._last[1]
            if since < LEAST_S or (content == before and since < MOST_S):
                return False
        self._last = now, content
        return True

    def failed(self) -> None:
        """It was not shown after all: it is due as soon as the panel may be written again."""
        if self._last is not None:
            self._last = self._last[0], b""


class Ssd1680:
    """The controller.

    Args:
        spi: an open spidev device.
        dc: low for commands, high for data.
        reset: low resets it, and wakes it from its sleep.
        is_busy: whether the busy line is high.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        spi: Any,  # noqa: ANN401 (spidev has no types)
        dc: Output,
        reset: Output,
        is_busy: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._spi, self._dc, self._reset, self._is_busy, self._clock = spi, dc, reset, is_busy, clock
        self._shown: bytes | None = None
        self._full_at = 0.0

    def display(self, image: Image.Image) -> None:
        """Show a picture of 250 x 122 and sleep; OSError when the panel does not answer.

        Black on white: what pages draw in light is ink here. Only what changes moves, but for one full refresh a day.
        """
        picture = ImageChops.invert(image.convert("L")).convert("1").rotate(90, expand=True).tobytes()
        full = self._shown is None or self._clock() - self._full_at >= FULL_S
        self._wake(border=0x05 if full else 0x80)
        # The controller compares the two memories; it may have lost the old picture in its sleep.
        self._send(0x26, (picture if full or self._shown is None else self._shown))
        self._start()
        self._send(0x24, picture)
        self._send(0x22, bytes([_FULL if full else _PARTIAL]))
        self._send(0x20)
        self._wait()
        self._send(0x10, b"\x01")
        self._shown = picture
        if full:
            self._full_at = self._clock()

    def cleanup(self) -> None:
        """Give the bus back; the picture stays."""
        self._spi.close()

    def _wake(self, border: int) -> None:
        for level in (True, False, True):
            self._reset.set(closed=level)
            time.sleep(_LOOK_S)
        self._wait()
        self._send(0x12)
        self._wait()
        self._send(0x01, bytes([(WIDTH - 1) & 0xFF, (WIDTH - 1) >> 8, 0]))
        # Rows from the left, one below the other.
        self._send(0x11, b"\x03")
        self._send(0x44, bytes([0, _ROW_BYTES - 1]))
        self._send(0x45, bytes([0, 0, (WIDTH - 1) & 0xFF, (WIDTH - 1) >> 8]))
        self._send(0x3C, bytes([border]))
        # The panel is wired to the sources from the eighth on; the temperature is the controller's own.
        self._send(0x21, b"\x00\x80")
        self._send(0x18, b"\x80")
        self._start()

    def _start(self) -> None:
        """The next byte of a picture goes to the upper left corner."""
        self._send(0x4E, b"\x00")
        self._send(0x4F, b"\x00\x00")

    def _send(self, command: int, data: bytes = b"") -> None:
        self._dc.set(closed=False)
        self._spi.writebytes2([command])
        if data:
            self._dc.set(closed=True)
            self._spi.writebytes2(data)

    def _wait(self) -> None:
        deadline = time.monotonic() + _BUSY_S
        while self._is_busy():
            if time.monotonic() > deadline:
                raise OSError("it stays busy")
            time.sleep(_LOOK_S)
