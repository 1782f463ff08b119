"""What pages draw on: rectangles, text with French accents, digits that are read across a kitchen.

Over MicroPython's own framebuf: one bit a pixel for OLED, four bits and a palette for colour panels (a whole 240 x 240
picture is 28 kB so, where 16 bits a pixel would be more than a board has). Drivers show what is drawn here.
"""

import framebuf

# The colours of pages, by their place in the palette of colour panels (RGB): each means one thing, as on the page
# of the house. Mono panels light all but black and dark.
PALETTE = (
    (0, 0, 0),
    (255, 255, 255),
    (150, 150, 160),
    (45, 45, 55),
    (95, 211, 164),
    (255, 140, 0),
    (235, 30, 30),
    (40, 110, 255),
    (127, 178, 255),
    (250, 215, 70),
)
BLACK, WHITE, GREY, DARK, GIVEN, AMBER, RED, BLUE, DRAWN, SUN = range(10)

GLYPH = 8

# Letter -> the letter of the built-in font, and its accent as (x, y) in the two rows that small letters leave free.
_ACUTE, _GRAVE, _HAT = ((4, 0), (3, 1)), ((2, 0), (3, 1)), ((3, 0), (2, 1), (4, 1))
_ACCENTED = {"é": ("e", _ACUTE), "è": ("e", _GRAVE), "ê": ("e", _HAT), "à": ("a", _GRAVE), "ô": ("o", _HAT)}
_ACCENTED["û"] = "u", _HAT
# The sign of the euro is a C with two strokes.
_ACCENTED["€"] = ("C", tuple([(x, y) for y in (2, 4) for x in range(5)]))

# Which of the seven segments (a to g, clockwise from the top, the middle last) a character has.
_SEGMENTS = {
    "0": "abcdef",
    "2": "abged",
    "3": "abgcd",
    "4": "fgbc",
    "5": "afgcd",
    "6": "afgedc",
    "7": "abc",
    "8": "abcdefg",
    "9": "abfgcd",
    "-": "g",
}


class Canvas:
    """A picture of ``width`` x ``height``; ``buffer`` is what a driver sends (MONO_VLSB, or GS4_HMSB in colour)."""

    def __init__(self, width, height, colour):
        self.width, self.height, self.colour = width, height, colour
        # Two pixels a byte, and every row begins with a byte of its own.
        self.buffer = bytearray((width + 1) // 2 * height if colour else width * height // 8)
        form = framebuf.GS4_HMSB if colour else framebuf.MONO_VLSB
        self.pixels = framebuf.FrameBuffer(self.buffer, width, height, form)
        self._glyph_buffer = bytearray(GLYPH)
        self._glyph = framebuf.FrameBuffer(self._glyph_buffer, GLYPH, GLYPH, framebuf.MONO_HLSB)

    def clear(self):
        """All black."""
        self.pixels.fill(0)

    def fill(self, x, y, width, height, colour=WHITE):
        """A full rectangle."""
        self.pixels.fill_rect(x, y, width, height, self._ink(colour))

    def frame(self, x, y, width, height, colour=WHITE):
        """The outline of a rectangle."""
        self.pixels.rect(x, y, width, height, self._ink(colour))

    def text(self, text, x, y, scale=1, colour=WHITE):
        """A line of text, its upper left corner at x, y."""
        ink = self._ink(colour)
        for letter in text:
            plain, accent = _ACCENTED.get(letter, (letter, ()))
            if scale == 1:
                self.pixels.text(plain, x, y, ink)
                for dx, dy in accent:
                    self.pixels.pixel(x + dx, y + dy, ink)
            else:
                self._enlarged(plain, accent, x, y, scale, ink)
            x += GLYPH * scale

    def centred(self, text, y, scale=1, colour=WHITE):
        """A line of text in the middle."""
        self.text(text, (self.width - len(text) * GLYPH * scale) // 2, y, scale, colour)

    def fit(self, text, width, most):
        """The greatest scale up to ``most`` at which the text is no wider than that; 1 when none is."""
        return max(1, min(most, width // (GLYPH * max(1, len(text)))))

    def digits(self, text, x, y, height, colour=WHITE):
        """Digits of seven segments (``-``, ``,`` and ``:`` too), their upper left corner at x, y."""
        ink = self._ink(colour)
        for character in text:
            self._segments(character, x, y, height, ink)
            x += _advance(character, height)

    def _segments(self, character, x, y, height, ink):
        thick, wide = _thick(height), _wide(height)
        fill = self.pixels.fill_rect
        if character == ",":
            fill(x, y + height - thick, thick, thick + thick // 2, ink)
            return
        if character == "1":
            fill(x, y, thick, height, ink)
            return
        if character == ":":
            fill(x, y + height // 4, thick, thick, ink)
            fill(x, y + height - height // 4 - thick, thick, thick, ink)
            return
        half = (height - thick) // 2
        for segment in _SEGMENTS.get(character, ""):
            if segment in "agd":
                top = y + {"a": 0, "g": half, "d": height - thick}[segment]
                fill(x + 1, top, wide - 2, thick, ink)
            else:
                left = x if segment in "fe" else x + wide - thick
                top = y if segment in "fb" else y + half
                fill(left, top + 1, thick, half + thick - 2, ink)

    def _enlarged(self, letter, accent, x, y, scale, ink):
        """One letter of the built-in font, each of its pixels a square; runs of a row are one rectangle."""
        self._glyph.fill(0)
        self._glyph.text(letter, 0, 0, 1)
        for dx, dy in accent:
            self._glyph.pixel(dx, dy, 1)
        for row in range(GLYPH):
            column, bits = 0, self._glyph_buffer[row]
            while bits:
                run = 0
                while bits & 0x80:
                    run += 1
                    bits = bits << 1 & 0xFF
                if run:
                    self.pixels.fill_rect(x + column * scale, y + row * scale, run * scale, scale, ink)
                bits = bits << 1 & 0xFF
                column += run + 1

    def _ink(self, colour):
        return colour if self.colour else 0 if colour in (BLACK, DARK) else 1


def digits_width(text, height):
    """How wide ``digits`` are."""
    return sum([_advance(character, height) for character in text]) - _gap(height)


def _advance(character, height):
    return (_thick(height) if character in ",:1" else _wide(height)) + _gap(height)


def _wide(height):
    return height * 9 // 16


def _thick(height):
    return max(2, height // 7)


def _gap(height):
    return max(2, height // 8)
