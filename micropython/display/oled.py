"""Drivers of the two common OLED panels on I2C, 128 x 64: SSD1306 (0.96 inch) and SH1106 (1.3 inch).

After their data sheets (Solomon Systech SSD1306 §9, Sino Wealth SH1106 §7). ``show`` sends a ``Canvas``; a panel that
was unplugged is an OSError, and ``start`` sets it up anew. ``brightness`` is in per cent: these panels wear with it.
"""

WIDTH, HEIGHT = 128, 64

_COMMANDS, _DATA = b"\x00", b"\x40"

# Of both: off, clock, 64 rows, no offset, from row 0, turned as it is soldered (segments and rows from the far end),
# alternating COM pins, precharge and VCOMH for the charge pump, RAM shown, not inverted.
_COMMON = b"\xae\xd5\x80\xa8\x3f\xd3\x00\x40\xa1\xc8\xda\x12\xd9\xf1\xdb\x30\xa4\xa6"


class _Oled:
    colour = False
    width, height = WIDTH, HEIGHT

    def __init__(self, i2c, address=0x3C, brightness=40):
        self._i2c, self._address = i2c, address
        self._contrast = brightness * 255 // 100

    def start(self):
        """Set the panel up."""
        self._command(_COMMON + self._pump + bytes((0x81, self._contrast, 0xAF)))

    def _command(self, codes):
        self._i2c.writeto(self._address, _COMMANDS + codes)

    def _data(self, data):
        self._i2c.writevto(self._address, (_DATA, data))


class Ssd1306(_Oled):
    """Takes the whole picture at once: horizontal addressing."""

    # Charge pump on; horizontal addressing.
    _pump = b"\x8d\x14\x20\x00"

    def show(self, canvas):
        """Send the picture."""
        self._command(b"\x21\x00\x7f\x22\x00\x07")
        self._data(canvas.buffer)


class Sh1106(_Oled):
    """Takes a page of eight rows at a time; its memory is 132 wide, the panel in the middle of it."""

    # Its DC-DC converter on.
    _pump = b"\xad\x8b"

    def show(self, canvas):
        """Send the picture."""
        rows = memoryview(canvas.buffer)
        for page in range(HEIGHT // 8):
            self._command(bytes((0xB0 | page, 0x02, 0x10)))
            self._data(rows[page * WIDTH : (page + 1) * WIDTH])
