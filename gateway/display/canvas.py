"""What pages draw on: rectangles and text in DejaVu Sans, on one bit a pixel or in colours.

``image`` is what every device and every PNG shows. Nothing is anti-aliased where there is one bit a pixel.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from gateway.errors import ConfigError

try:
    from PIL import Image, ImageDraw, ImageFont
except ImportError as missing:
    raise ConfigError("pages need Pillow, which is not installed: apt install python3-pil") from missing

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

# The inks of pages; with one bit a pixel all but BLACK and DARK are lit.
Ink = tuple[int, int, int]
BLACK, WHITE, GREY, DARK = (0, 0, 0), (255, 255, 255), (150, 150, 160), (45, 45, 55)
# What comes from the grid, what goes to it, what the sun gives: as on the page where it is dark. Amber warns, red asks
# to use less now; blue, and white as a ground, is a day of Tempo. What each means is held by tests/figures.
DRAWN, GIVEN, SUN = (127, 178, 255), (95, 211, 164), (250, 215, 70)
AMBER, RED, BLUE = (255, 140, 0), (225, 35, 35), (40, 105, 240)

_FACES = {False: "DejaVuSans.ttf", True: "DejaVuSans-Bold.ttf"}


class Drawing:
    """A black picture of ``width`` x ``height``."""

    def __init__(self, width: int, height: int, *, colour: bool) -> None:
        self.width, self.height, self.colour = width, height, colour
        self.image = Image.new("RGB" if colour else "1", (width, height))
        self._draw = ImageDraw.Draw(self.image)
        self._draw.fontmode = "L" if colour else "1"

    def fill(self, box: tuple[int, int, int, int], ink: Ink) -> None:
        """A full rectangle: left, top, width, height; nothing where it has no size."""
        left, top, width, height = box
        if width > 0 and height > 0:
            self._draw.rectangle((left, top, left + width - 1, top + height - 1), fill=self._ink(ink))

    def frame(self, box: tuple[int, int, int, int], ink: Ink) -> None:
        """The outline of a rectangle."""
        left, top, width, height = box
        self._draw.rectangle((left, top, left + width - 1, top + height - 1), outline=self._ink(ink))

    def text(
        self, at: tuple[int, int], text: str, size: int, ink: Ink, anchor: str = "ls", *, bold: bool = False
    ) -> None:
        """A line of text; ``anchor`` as Pillow has it: l m r and, for the height, s (the line it stands on) or m."""
        self._draw.text(at, text, font=_font(size, bold=bold), fill=self._ink(ink), anchor=anchor)

    def fit(self, text: str, width: int, size: int, *, bold: bool = False) -> int:
        """The greatest size up to ``size`` at which the text is no wider than that."""
        while size > 6 and text_width(text, size, bold=bold) > width:
            size -= 1
        return size

    def _ink(self, ink: Ink) -> Ink | int:
        return ink if self.colour else int(ink not in {BLACK, DARK})


def text_width(text: str, size: int, *, bold: bool = False) -> int:
    """How wide a line of text is."""
    return round(_font(size, bold=bold).getlength(text))


@lru_cache(maxsize=64)
def _font(size: int, *, bold: bool) -> FreeTypeFont:
    """DejaVu Sans: it has every accent, and hints that keep it readable without grey. ConfigError without it."""
    try:
        # Without Raqm, which some builds lack: the same picture everywhere.
        return ImageFont.truetype(_FACES[bold], size, layout_engine=ImageFont.Layout.BASIC)
    except OSError as error:
        raise ConfigError("the font DejaVu Sans is missing: apt install fonts-dejavu-core") from error
