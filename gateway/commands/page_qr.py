"""A QR code for a terminal: half blocks in black on white, whatever the terminal's own colours are.

Many phones do not see one whose colours are exchanged, so both are said. Two modules stand in one character, which is
about twice as high as wide; around it is the white margin of four modules that ISO/IEC 18004 wants.
"""

from __future__ import annotations

import segno

_MARGIN = 4
# Of the colours that no theme changes (xterm's cube of 256, which the Linux console takes as well): black and white.
_LETTER, _GROUND = ("\033[38;5;231m", "\033[38;5;16m"), ("\033[48;5;231m", "\033[48;5;16m")
_PLAIN = "\033[0m"


def half_blocks(text: str) -> list[str]:
    """The code's lines, each as wide as ``width`` says."""
    rows = [
        [module & 1 for module in row] for row in segno.make(text, error="l", micro=False).matrix_iter(border=_MARGIN)
    ]
    if len(rows) % 2:
        rows.append([0] * len(rows[0]))
    return [_line(above, below) for above, below in zip(rows[::2], rows[1::2], strict=True)]


def width(text: str) -> int:
    """How many columns it takes."""
    return int(segno.make(text, error="l", micro=False).symbol_size(border=_MARGIN)[0])


def _line(above: list[int], below: list[int]) -> str:
    drawn, colours = "", None
    for top, bottom in zip(above, below, strict=True):
        if colours != (top, bottom):
            drawn, colours = f"{drawn}{_LETTER[top]}{_GROUND[bottom]}", (top, bottom)
        # A letter of its ground's colour is what some terminals change, to make it legible.
        drawn += " " if top == bottom else "▀"
    return drawn + _PLAIN
