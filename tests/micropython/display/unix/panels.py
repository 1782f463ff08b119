"""Panels as their chips are: what a driver sends over I2C or SPI becomes the picture that a person would see.

``save`` writes it as a portable pixmap, in one step. A command that the chip does not have is an error.
"""

import os

import ffi
import uctypes

_calloc = ffi.open("libc.so.6").func("P", "calloc", "LL")

_SSD1306_ARGUMENTS = {0x20: 1, 0x21: 2, 0x22: 2, 0x81: 1, 0x8D: 1, 0xA8: 1, 0xD3: 1, 0xD5: 1, 0xD9: 1, 0xDA: 1, 0xDB: 1}
_SH1106_ARGUMENTS = {0x81: 1, 0xA8: 1, 0xAD: 1, 0xD3: 1, 0xD5: 1, 0xD9: 1, 0xDA: 1, 0xDB: 1}


def save(path, width, height, row):
    """Write a picture; ``row(y)`` gives bytes of red, green, blue: all rows at once would not fit a board's heap."""
    with open(path + ".new", "wb") as file:
        file.write(b"P6 %d %d 255\n" % (width, height))
        for y in range(height):
            file.write(row(y))
    os.rename(path + ".new", path)


class _I2c:
    """An OLED at address 0x3C."""

    def __init__(self):
        self.on = self.unplugged = False
        self.contrast = None
        self.memory = bytearray(self.columns * 8)

    def writeto(self, address, data):
        self._check(address)
        if data[0] == 0x40:
            self._write(data[1:])
            return
        assert data[0] == 0x00, "neither commands nor data"
        codes = list(data[1:])
        while codes:
            code = codes.pop(0)
            arguments = [codes.pop(0) for _ in range(self.arguments.get(code, 0))]
            if code in (0xAE, 0xAF):
                self.on = code == 0xAF
            elif code == 0x81:
                self.contrast = arguments[0]
            else:
                self._command(code, arguments)

    def writevto(self, address, parts):
        self.writeto(address, b"".join([bytes(part) for part in parts]))

    def _check(self, address):
        if self.unplugged or address != 0x3C:
            raise OSError(19)

    def save(self, path):
        first, lit, dark = self.first_column, b"\xc0\xe8\xff", b"\x00\x00\x00"

        def row(y):
            bits = [self.memory[y // 8 * self.columns + first + x] >> y % 8 & 1 for x in range(128)]
            return b"".join([lit if bit and self.on else dark for bit in bits])

        save(path, 128, 64, row)


class Ssd1306(_I2c):
    """128 columns, horizontal addressing once it is asked for."""

    columns, first_column, arguments = 128, 0, _SSD1306_ARGUMENTS

    def __init__(self):
        super().__init__()
        self._window, self._at, self._horizontal = [0, 127, 0, 7], [0, 0], False

    def _command(self, code, arguments):
        if code == 0x20:
            self._horizontal = arguments == [0]
        elif code == 0x21:
            self._window[:2], self._at[0] = arguments, arguments[0]
        elif code == 0x22:
            self._window[2:], self._at[1] = arguments, arguments[0]
        else:
            known = code in self.arguments or code in (0xA0, 0xA1, 0xA4, 0xA6, 0xC0, 0xC8) or 0x40 <= code < 0x80
            assert known, "no command of the SSD1306: %x" % code

    def _write(self, data):
        assert self._horizontal, "page addressing"
        left, right, top, bottom = self._window
        x, page = self._at
        for byte in data:
            self.memory[page * 128 + x] = byte
            x += 1
            if x > right:
                x, page = left, page + 1 if page < bottom else top
        self._at = [x, page]


class Sh1106(_I2c):
    """132 columns of which 128 are seen; a page at a time."""

    columns, first_column, arguments = 132, 2, _SH1106_ARGUMENTS

    def __init__(self):
        super().__init__()
        self._page = self._x = 0

    def _command(self, code, arguments):
        if 0xB0 <= code < 0xB8:
            self._page = code & 7
        elif code < 0x10:
            self._x = self._x & 0xF0 | code
        elif code < 0x20:
            self._x = self._x & 0x0F | (code & 0x0F) << 4
        else:
            known = code in self.arguments or code in (0xA0, 0xA1, 0xA4, 0xA6, 0xC0, 0xC8) or 0x40 <= code < 0x80
            assert known, "no command of the SH1106: %x" % code

    def _write(self, data):
        for byte in data:
            self.memory[self._page * 132 + self._x] = byte
            self._x += 1


class St7789:
    """240 x 320 of 16 bits; the window, as it is looked at, begins at an offset.

    Its memory is the chip's own, and so nothing of a board's heap.
    """

    def __init__(self, width, height, x_offset=0, y_offset=0):
        self._size, self._offset = (width, height), (x_offset, y_offset)
        self._data = self.awake = self.on = self._short = False
        self._code, self._arguments = 0, b""
        self._window = [0, 0, 0, 0]
        self.pixels = uctypes.bytearray_at(_calloc(width * height, 2), width * height * 2)
        self.bytes = 0

    def dc(self, level):
        self._data = level

    def cs(self, level):
        pass

    def write(self, data):
        self.bytes += len(data)
        if not self._data:
            assert len(data) == 1
            self._code = data[0]
            self.awake = self.awake or self._code == 0x11
            self.on = self.on or self._code == 0x29
            assert self._code in (0x01, 0x11, 0x13, 0x21, 0x29, 0x2A, 0x2B, 0x2C, 0x36, 0x3A)
        elif self._code in (0x2A, 0x2B):
            place = 0 if self._code == 0x2A else 2
            self._window[place], self._window[place + 1] = data[0] << 8 | data[1], data[2] << 8 | data[3]
        elif self._code == 0x3A:
            assert data == b"\x55", "not 16 bits a pixel"
        elif self._code == 0x2C:
            self._store(data)

    def _store(self, data):
        left, right, top, bottom = self._window
        width = right - left + 1
        assert len(data) == width * (bottom - top + 1) * 2, "not as much as the window holds"
        for line in range(bottom - top + 1):
            start = ((top + line - self._offset[1]) * self._size[0] + left - self._offset[0]) * 2
            self.pixels[start : start + width * 2] = data[line * width * 2 : (line + 1) * width * 2]

    def save(self, path):
        assert self.awake
        assert self.on
        width, height = self._size
        line = bytearray(width * 3)

        def row(y):
            for x in range(width):
                place = (y * width + x) * 2
                wide = self.pixels[place] << 8 | self.pixels[place + 1]
                line[x * 3] = (wide >> 11) * 255 // 31
                line[x * 3 + 1] = (wide >> 5 & 63) * 255 // 63
                line[x * 3 + 2] = (wide & 31) * 255 // 31
            return line

        save(path, width, height, row)
