"""Where things stand on a page, whatever the size: a title, a great value, lines, a bar, the colour of a day.

``DisplaySheet`` knows pixels and words, and nothing of what is shown.
"""

from __future__ import annotations

import textwrap
from typing import NamedTuple

import segno

from gateway.display.canvas import BLACK, BLUE, DARK, GREY, RED, WHITE, Drawing, Ink, text_width
from gateway.display.words import WORDS, kilo, number
from gateway.words.numbers import euros, read_time

# Pixels of a code's side, up to -> modules of white around it, four by ISO/IEC 18004 §5.3.8.
_MARGINS = ((64, 1), (130, 2), (float("inf"), 4))

# From this height on a title leaves room enough for a code.
_TITLED = 200

# Of these colours is nothing but the ground of a Tempo day.
TEMPO = {"blue": BLUE, "white": WHITE, "red": RED}


class PictureStyle(NamedTuple):
    """What a picture is made for: pixels, colours or one bit, ``fr`` or ``en``; on ``paper`` what is lit is ink."""

    width: int
    height: int
    colour: bool
    language: str = "fr"
    paper: bool = False


class DisplaySheet:
    """Where things stand, whatever the size: a title, a great value, lines, and a bar at the foot.

    ``body`` is where what follows the title begins, ``foot`` where the room for it ends; ``is_low``: 64 pixels or less.
    """

    def __init__(self, look: PictureStyle, stamp: str = "") -> None:
        self.canvas = Drawing(look.width, look.height, colour=look.colour)
        self.words = WORDS[look.language]
        self._language, self._stamp = look.language, stamp
        self.is_low, self._paper = look.height <= 64, look.paper
        self.gap = 3 if self.is_low else max(6, look.height // 32)
        self.small = 11 if self.is_low else max(13, look.height // 11)
        self._head = 14 if self.is_low else look.height // 6
        self.body = self._head + self.gap
        self.foot = look.height
        self._below = self.body

    def number(self, value: int) -> str:
        """A number as people write it."""
        return number(value, self._language)

    def kilo(self, value: int | None) -> str:
        """A number in thousands."""
        return "?" if value is None else kilo(value, self._language)

    def clock(self, text: str) -> str:
        """A time of day, of ``22:30``."""
        return read_time(text).in_language(self._language)

    def euros(self, cents: int) -> str:
        """Euros as people write them."""
        return euros(cents, self._language)

    def title(self, words: str, ground: Ink, letters: Ink) -> None:
        """The first line, on a ground of its own; with one bit a pixel, black on white is what warns."""
        canvas = self.canvas
        if not canvas.colour:
            letters = WHITE if ground == DARK else BLACK
        canvas.fill((0, 0, canvas.width, self._head), ground)
        words = f"{words} · {self._stamp}" if self._stamp else words
        size = canvas.fit(words, canvas.width - 2 * self.gap, self._head * 7 // 9, bold=True)
        canvas.text((canvas.width // 2, self._head // 2), words, size, letters, "mm", bold=True)

    def value(self, text: str, unit: str, ink: Ink, lines: int = 1) -> None:
        """The great value, its unit at its foot; where so many lines below it are worth a smaller one."""
        canvas = self.canvas
        room = (self.foot - self.body) * ((40 if lines > 1 else 60) if self.is_low else 45) // 100
        beside = text_width(unit, self.small) + self.gap if unit else 0
        size = canvas.fit(text, canvas.width - beside - 2 * self.gap, room * 12 // 10, bold=True)
        left = (canvas.width - text_width(text, size, bold=True) - beside) // 2
        # Digits of DejaVu are 73 % of its size high.
        line = self.body + (room + size * 73 // 100) // 2
        canvas.text((left, line), text, size, ink, bold=True)
        if unit:
            canvas.text((left + text_width(text, size, bold=True) + self.gap, line), unit, self.small, GREY)
        self._below = self.body + room + self.gap // 2

    @property
    def most_lines(self) -> int:
        """How many fit below what is there."""
        return max(1, (self.foot - self._below + self.gap) // (self.small + self.gap))

    def lines(self, texts: list[str], ink: Ink = WHITE) -> None:
        """As many lines as fit below what is there, in the middle."""
        canvas, step = self.canvas, self.small + self.gap
        count = min(len(texts), self.most_lines)
        top = self._below + max(0, self.foot - self._below - count * step + self.gap) // 2
        for place, text in enumerate(texts[:count]):
            size = canvas.fit(text, canvas.width - 2 * self.gap, self.small)
            canvas.text((canvas.width // 2, top + place * step + self.small // 2), text, size, ink, "mm")

    def bar(self, part: float, ink: Ink, marks: tuple[float, ...] = ()) -> None:
        """A bar at the foot, full at 1; called before what stands above it."""
        canvas = self.canvas
        height = 8 if self.is_low else canvas.height // 12
        left, top = self.gap, canvas.height - height - (0 if self.is_low else self.gap)
        room = canvas.width - 2 * left
        width = max(0, min(room - 4, round((room - 4) * part)))
        canvas.frame((left, top, room, height), GREY)
        canvas.fill((left + 2, top + 2, width, height - 4), ink)
        for mark in marks:
            x = left + 2 + round((room - 4) * mark)
            canvas.fill((x, top, 1, height), BLACK if x < left + 2 + width else GREY)
        self.foot = top - self.gap // 2

    def code(self, text: str, side: int, left: int, top: int) -> None:
        """A QR code as large as whole pixels make it in a square, with the white margin that cameras look for."""
        canvas = self.canvas
        rows = [bytes(row) for row in segno.make(text, error="l", micro=False).matrix]
        # On a small panel modules that a camera sees are worth more than a part of the margin.
        margin = next(width for most, width in _MARGINS if side <= most)
        module = max(1, side // (len(rows) + 2 * margin))
        ground, letters = (DARK, WHITE) if self._paper else (WHITE, BLACK)
        canvas.fill((left, top, side, side), ground)
        inset = (side - module * len(rows)) // 2
        for y, row in enumerate(rows):
            for x, dark in enumerate(row):
                if dark:
                    canvas.fill((left + inset + x * module, top + inset + y * module, module, module), letters)

    def welcome(self, title: str, link: str, secret: str, addresses: list[str]) -> None:
        """The code of a link with what is to be typed: beside it on a wide panel, else below."""
        canvas, top = self.canvas, 0
        if canvas.height >= _TITLED:
            self.title(title, DARK, WHITE)
            top = self.body
        if canvas.width < canvas.height * 13 // 10:
            side = min(canvas.width, canvas.height - top - 2 * (self.small + self.gap) - self.gap)
            self.code(link, side, (canvas.width - side) // 2, top)
            self._below = top + side + self.gap
            self.lines([secret, addresses[0]])
            return
        side = canvas.height - top
        self.code(link, side, 0, top)
        rows = secret.split("-") if "-" in secret else textwrap.wrap(secret, 12)
        if not self.is_low:
            rows = [*([] if top else [title]), *rows, *addresses[:2]]
        room, step = canvas.width - side - 2 * self.gap, (canvas.height - top) // len(rows)
        for place, row in enumerate(rows):
            bold, at = "-" in secret and row in secret, (side + self.gap + room // 2, top + place * step + step // 2)
            size = canvas.fit(row, room, min(step * 8 // 10, self.small * (1 + bold)), bold=bold)
            canvas.text(at, row, size, WHITE, "mm", bold=bold)

    def day(self, word: str, colour: str, top: int, height: int) -> None:
        """The colour of a day, filled where there are colours, and its name."""
        canvas, name = self.canvas, self.words[colour if colour in TEMPO else "unknown"]
        letters = WHITE
        if canvas.colour and colour in TEMPO:
            canvas.fill((0, top, canvas.width, height), TEMPO[colour])
            letters = BLACK if colour == "white" else WHITE
        else:
            canvas.frame((0, top, canvas.width, height), WHITE)
        longest = max((self.words[one] for one in TEMPO), key=len)
        if height >= 60:
            size = canvas.fit(longest, canvas.width - 4 * self.gap, height // 2, bold=True)
            canvas.text((canvas.width // 2, top + self.gap + self.small // 2), word, self.small, letters, "mm")
            canvas.text((canvas.width // 2, top + height - size // 2 - self.gap), name, size, letters, "mm", bold=True)
            return
        middle, half = top + height // 2, canvas.width // 2 - 2 * self.gap
        canvas.text((2 * self.gap, middle), word, canvas.fit(word, half, self.small), letters, "lm")
        size = canvas.fit(longest, half, height * 2 // 3, bold=True)
        canvas.text((canvas.width - 2 * self.gap, middle), name, size, letters, "rm", bold=True)
