"""Driver of the colour panels with ST7789 on SPI: 240 x 240, 240 x 135, 135 x 240 (Sitronix ST7789V §9.1).

``show`` turns the four bits a pixel of a ``Canvas`` into the 16 of the panel, a few rows at a time: all at once would
be 115 kB. What is drawn twice alike is not sent twice.
"""

import binascii
import time

import framebuf
from canvas import PALETTE

# Rows that are turned and sent at once: 7.5 kB.
_ROWS = 16

_SOFT_RESET, _WAKE, _NORMAL, _INVERT, _ON = 0x01, 0x11, 0x13, 0x21, 0x29
_COLUMNS, _LINES, _WRITE, _ORDER, _FORMAT = 0x2A, 0x2B, 0x2C, 0x36, 0x3A

# Quarter turns -> MADCTL: mirror rows, mirror columns, exchange both.
_TURNS = (0x00, 0x60, 0xC0, 0xA0)


class St7789:
    """The panel.

    Args:
        spi, dc, cs: the bus, and pins as functions of their level; ``cs`` None where it is wired to ground.
        width, height: as it is looked at.
        x_offset, y_offset: where in the chip's memory of 240 x 320 the panel begins, as it is looked at.
        turns: quarter turns clockwise.
    """

    colour = True

    def __init__(self, spi, dc, cs, width, height, x_offset=0, y_offset=0, turns=0):
        self._spi, self._dc, self._cs = spi, dc, cs
        self.width, self.height = width, height
        self._x, self._y, self._turns = x_offset, y_offset, turns
        self._shown = None
        self._band_buffer = bytearray(width * _ROWS * 2)
        self._palette = framebuf.FrameBuffer(bytearray(32), 16, 1, framebuf.RGB565)
        for place, (red, green, blue) in enumerate(PALETTE):
            wide = (red & 0xF8) << 8 | (green & 0xFC) << 3 | blue >> 3
            # The panel has the high byte first, framebuf the low one.
            self._palette.pixel(place, 0, wide >> 8 | (wide & 0xFF) << 8)

    def start(self):
        """Set the panel up."""
        self._shown = None
        self._send(_SOFT_RESET)
        time.sleep_ms(150)
        self._send(_WAKE)
        time.sleep_ms(120)
        self._send(_FORMAT, b"\x55")
        self._send(_ORDER, bytes((_TURNS[self._turns],)))
        for code in (_INVERT, _NORMAL, _ON):
            self._send(code)

    def show(self, canvas):
        """Send the rows that have changed since the last picture."""
        size = (self.width + 1) // 2 * _ROWS
        rows = memoryview(canvas.buffer)
        if self._shown is None:
            self._shown = [None] * ((self.height + _ROWS - 1) // _ROWS)
        for band in range(len(self._shown)):
            part = rows[band * size : (band + 1) * size]
            mark = binascii.crc32(part)
            if self._shown[band] != mark:
                self._show_band(canvas, band * _ROWS)
                self._shown[band] = mark

    def _show_band(self, canvas, top):
        count = min(_ROWS, self.height - top)
        band = framebuf.FrameBuffer(self._band_buffer, self.width, count, framebuf.RGB565)
        band.blit(canvas.pixels, 0, -top, -1, self._palette)
        self._window(_COLUMNS, self._x, self._x + self.width - 1)
        self._window(_LINES, self._y + top, self._y + top + count - 1)
        self._send(_WRITE, memoryview(self._band_buffer)[: self.width * count * 2])

    def _window(self, code, first, last):
        self._send(code, bytes((first >> 8, first & 0xFF, last >> 8, last & 0xFF)))

    def _send(self, code, data=b""):
        if self._cs:
            self._cs(0)
        self._dc(0)
        self._spi.write(bytes((code,)))
        if data:
            self._dc(1)
            self._spi.write(data)
        if self._cs:
            self._cs(1)
