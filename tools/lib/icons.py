"""Writes the page's icons for phones, which take no SVG, from the one drawing that there is: ``static/icon.svg``.

``tools/icons`` writes; with ``--check`` it only says which would change, and fails if there are any. Of an icon the
pixels count: another zlib packs them otherwise.
"""

from __future__ import annotations

import argparse
import re
import struct
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

STATIC: Final = Path(__file__).resolve().parents[2] / "gateway" / "web" / "static"
# Lines in each row of pixels; along a line what a pixel has of a shape is exact.
_LINES: Final = 8
_PNG: Final = b"\x89PNG\r\n\x1a\n"

Point = tuple[float, float]
Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class IconDrawing:
    """A square with round corners, and one shape of straight lines in it."""

    side: float
    round: float
    back: Colour
    front: Colour
    shape: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Icon:
    """``ground``: as drawn, over the whole square, or none; ``size``: of the shape, against that of the drawing.

    A phone cuts a ``whole`` one as it likes: what matters stays within a circle of four fifths (W3C, maskable icons).
    """

    pixels: int
    ground: str
    size: float = 1.0


ICONS: Final = {
    # Of it Android shows where it is opaque.
    "badge-96.png": Icon(96, "none", 1.2),
    "icon-180.png": Icon(180, "whole", 0.8),
    "icon-192.png": Icon(192, "drawn"),
    "icon-512.png": Icon(512, "drawn"),
    "icon-mask-512.png": Icon(512, "whole", 0.8),
}


def drawing(svg: str) -> IconDrawing:
    """What the SVG draws: of its many ways the few that this drawing takes."""
    (side,) = _found(r'viewBox="0 0 (\d+) \1"', svg)
    rounded, back = _found(r'rx="(\d+)" fill="#([0-9a-f]{6})"', svg)
    path, front = _found(r'<path d="([^"]+)" fill="#([0-9a-f]{3})"', svg)
    return IconDrawing(
        side=float(side),
        round=float(rounded),
        back=_colour(back),
        front=_colour("".join(2 * one for one in front)),
        shape=tuple(_points(path)),
    )


def _found(form: str, text: str) -> tuple[str, ...]:
    found = re.search(form, text)
    if found is None:
        raise ValueError(f"icon.svg: nothing like {form}")
    return found.groups()


def _colour(text: str) -> Colour:
    red, green, blue = bytes.fromhex(text)
    return red, green, blue


def _points(path: str) -> Iterator[Point]:
    """The corners (SVG 1.1 §8.3): M and l with any number of them, h."""
    x = y = 0.0
    for word, places in re.findall(r"([Mlhz])([^Mlhz]*)", path):
        numbers = [float(one) for one in re.findall(r"-?[\d.]+", places)]
        if word == "h":
            numbers = [numbers[0], 0.0]
        for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
            x, y = (dx, dy) if word == "M" else (x + dx, y + dy)
            yield x, y


def pixels(drawn: IconDrawing, icon: Icon) -> bytes:
    """Its rows, from the top, each of them RGBA behind a nought (PNG: no filter)."""
    scale = drawn.side / icon.pixels
    middle = drawn.side / 2

    def shape(y: float) -> list[tuple[float, float]]:
        spans = _crossed(drawn.shape, middle + (y - middle) / icon.size)
        return [((a - middle) * icon.size + middle, (b - middle) * icon.size + middle) for a, b in spans]

    def ground(y: float) -> list[tuple[float, float]]:
        return _grounds[icon.ground](drawn, y)

    rows = bytearray()
    for row in range(icon.pixels):
        front, back = (_row(spans, row, scale, icon.pixels) for spans in (shape, ground))
        rows.append(0)
        for above, below in zip(front, back, strict=True):
            rows += _mixed(drawn, above, max(above, below))
    return bytes(rows)


def _crossed(corners: tuple[Point, ...], y: float) -> list[tuple[float, float]]:
    """Where a line lies within them."""
    sides = zip(corners, (*corners[1:], corners[0]), strict=True)
    places = sorted(ax + (y - ay) * (bx - ax) / (by - ay) for (ax, ay), (bx, by) in sides if (ay <= y) != (by <= y))
    return list(zip(places[::2], places[1::2], strict=True))


def _drawn_ground(drawn: IconDrawing, y: float) -> list[tuple[float, float]]:
    high = max(0.0, drawn.round - min(y, drawn.side - y))
    cut = drawn.round - (drawn.round**2 - high**2) ** 0.5
    return [(cut, drawn.side - cut)]


_grounds: Final[dict[str, Callable[[IconDrawing, float], list[tuple[float, float]]]]] = {
    "drawn": _drawn_ground,
    "whole": lambda drawn, _: [(0.0, drawn.side)],
    "none": lambda _, __: [],
}


def _row(spans: Callable[[float], list[tuple[float, float]]], row: int, scale: float, width: int) -> list[float]:
    """How much of each pixel of a row is covered, 0 to 1."""
    covered = [0.0] * width
    for line in range(_LINES):
        for begin, end in spans((row + (line + 0.5) / _LINES) * scale):
            first, last = begin / scale, end / scale
            for place in range(int(first), min(width, int(last) + 1)):
                covered[place] += (min(last, place + 1) - max(first, place)) / _LINES
    return covered


def _mixed(drawn: IconDrawing, above: float, opaque: float) -> bytes:
    share = above / opaque if opaque else 0.0
    mixed = (round(back + (front - back) * share) for front, back in zip(drawn.front, drawn.back, strict=True))
    return bytes((*mixed, min(255, round(opaque * 255)))) if opaque else bytes(4)


def png(side: int, rows: bytes) -> bytes:
    """The file (PNG, third edition)."""
    head = struct.pack(">2I5B", side, side, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return _PNG + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )


def shown(file: bytes) -> tuple[bytes, bytes]:
    """Head and rows of a file that was written so; of any other one nothing."""
    if not file.startswith(_PNG) or file[37:41] != b"IDAT":
        return b"", b""
    (size,) = struct.unpack(">I", file[33:37])
    return file[16:29], zlib.decompress(file[41 : 41 + size])


def main() -> int:
    """Write them, or say which would change."""
    parser = argparse.ArgumentParser(prog="tools/icons", description="The page's icons for phones, from its drawing.")
    parser.add_argument("--check", action="store_true", help="write nothing: exit 1 if anything would change")
    check = parser.parse_args().check
    drawn, changed = drawing((STATIC / "icon.svg").read_text()), []
    for name, icon in ICONS.items():
        made, file = png(icon.pixels, pixels(drawn, icon)), STATIC / name
        if not file.is_file() or shown(file.read_bytes()) != shown(made):
            changed.append(name)
            if not check:
                file.write_bytes(made)
    for name in changed:
        sys.stdout.write(f"{name} {'would change: tools/icons' if check else 'written'}\n")
    return int(check and bool(changed))


if __name__ == "__main__":
    sys.exit(main())
