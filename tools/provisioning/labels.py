"""Labels for a fleet: A4 sheets of 3 × 7 (63.5 × 38.1 mm, as L7160), as SVG for each sheet and one PDF, to scale.

A label holds what its household needs at the first visit: the page's address, also as a QR code, and the code.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import segno

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

COLUMNS, ROWS = 3, 7
PAGE_MM = (210.0, 297.0)
_LEFT_MM, _TOP_MM = 7.2, 15.1
_PITCH_MM = (66.0, 38.1)
_QR_LEFT_MM, _QR_TOP_MM, _QR_MM = 4.0, 4.5, 22.0
# Left edge and room of what stands beside the code, and of what stands below it.
_BESIDE_MM, _BELOW_MM = (28.5, 32.5), (4.0, 57.0)

_POINT_MM = 25.4 / 72
# Of a letter, in ems: exact for the code's font, generous for the other's, so that nothing is cut off.
_LETTER = {"F1": 0.60, "F2": 0.64, "F3": 0.60}
_SVG_FONTS = {
    "F1": 'font-family="Helvetica, Arial, DejaVu Sans, sans-serif"',
    "F2": 'font-family="Helvetica, Arial, DejaVu Sans, sans-serif" font-weight="bold"',
    "F3": 'font-family="Courier, DejaVu Sans Mono, monospace" font-weight="bold"',
}
_PDF_FONTS = {"F1": "Helvetica", "F2": "Helvetica-Bold", "F3": "Courier-Bold"}
_WORDS = {
    "fr": ("Page de la maison", "Code de la première visite"),
    "en": ("Page of the house", "Code for the first visit"),
}


@dataclass(frozen=True, slots=True)
class Label:
    """What stands on one."""

    device: str
    site: str
    address: str
    code: str
    language: str


@dataclass(frozen=True, slots=True)
class _Text:
    x: float
    y: float
    points: float
    font: str
    text: str
    room: float

    @property
    def size(self) -> float:
        """In mm: smaller where the text is too long for its line (not every renderer knows textLength)."""
        return min(self.points * _POINT_MM, self.room / (len(self.text) * _LETTER[self.font]))


@dataclass(frozen=True, slots=True)
class _Code:
    x: float
    y: float
    module: float
    rows: tuple[bytes, ...]

    def runs(self) -> Iterator[tuple[float, float, float]]:
        """Left, top and width of each dark run, in mm."""
        for at, row in enumerate(self.rows):
            start = None
            for column, dark in enumerate((*row, 0)):
                if dark and start is None:
                    start = column
                elif not dark and start is not None:
                    yield self.x + start * self.module, self.y + at * self.module, (column - start) * self.module
                    start = None


def svg_sheets(labels: Sequence[Label]) -> list[str]:
    """One SVG for each sheet."""
    return [_svg([*_drawn(sheet)]) for sheet in _sheets(labels)]


def pdf(labels: Sequence[Label]) -> bytes:
    """All sheets in one PDF (1.4, its own fonts: every reader and printer has them)."""
    pages = [_pdf_page([*_drawn(sheet)]) for sheet in _sheets(labels)]
    fonts = "".join(
        f"/{name} << /Type /Font /Subtype /Type1 /BaseFont /{font} /Encoding /WinAnsiEncoding >> "
        for name, font in _PDF_FONTS.items()
    )
    kids = " ".join(f"{3 + 2 * at} 0 R" for at in range(len(pages)))
    box = " ".join(f"{side / _POINT_MM:.2f}" for side in PAGE_MM)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /ViewerPreferences << /PrintScaling /None >> >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} /MediaBox [0 0 {box}] "
        f"/Resources << /Font << {fonts}>> >> >>".encode(),
    ]
    for at, page in enumerate(pages):
        objects.append(f"<< /Type /Page /Parent 2 0 R /Contents {4 + 2 * at} 0 R >>".encode())
        objects.append(b"<< /Length %d >>\nstream\n%b\nendstream" % (len(page), page))
    return _pdf_file(objects)


def _sheets(labels: Sequence[Label]) -> Iterator[Sequence[Label]]:
    for start in range(0, len(labels), COLUMNS * ROWS):
        yield labels[start : start + COLUMNS * ROWS]


def _drawn(sheet: Sequence[Label]) -> Iterator[_Text | _Code]:
    for place, label in enumerate(sheet):
        row, column = divmod(place, COLUMNS)
        yield from _one(label, _LEFT_MM + column * _PITCH_MM[0], _TOP_MM + row * _PITCH_MM[1])


def _one(label: Label, left: float, top: float) -> Iterator[_Text | _Code]:
    rows = _modules(label.address)
    yield _Code(left + _QR_LEFT_MM, top + _QR_TOP_MM, _QR_MM / len(rows), rows)
    page, first = _WORDS[label.language]
    for (x, room), y, points, font, text in (
        (_BESIDE_MM, 8.5, 11.0, "F2", label.device),
        (_BESIDE_MM, 13.0, 8.0, "F1", label.site),
        (_BESIDE_MM, 20.5, 6.5, "F1", first),
        (_BESIDE_MM, 25.5, 11.0, "F3", label.code),
        (_BELOW_MM, 30.5, 6.5, "F1", page),
        (_BELOW_MM, 34.0, 9.0, "F1", label.address.removesuffix("/")),
    ):
        if text:
            yield _Text(left + x, top + y, points, font, text, room)


@cache
def _modules(address: str) -> tuple[bytes, ...]:
    """The QR code, once for the SVG and the PDF."""
    return tuple(bytes(row) for row in segno.make(address, error="m", micro=False).matrix)


def _svg(drawn: Iterable[_Text | _Code]) -> str:
    parts = []
    for one in drawn:
        if isinstance(one, _Code):
            path = "".join(f"M{x:.3f} {y:.3f}h{width:.3f}v{one.module:.3f}h-{width:.3f}z" for x, y, width in one.runs())
            parts.append(f'<path d="{path}" shape-rendering="crispEdges"/>')
            continue
        place = f'x="{one.x:.2f}" y="{one.y:.2f}" font-size="{one.size:.3f}"'
        parts.append(f"<text {place} {_SVG_FONTS[one.font]}>{escape(one.text)}</text>")
    width, height = PAGE_MM
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}mm" height="{height}mm" viewBox="0 0 {width} {height}">'
    )
    return "\n".join([head, f'<rect width="{width}" height="{height}" fill="#fff"/>', *parts, "</svg>\n"])


def _pdf_page(drawn: Iterable[_Text | _Code]) -> bytes:
    # In mm from the top left: the y axis is turned, so each text turns its own back.
    scale = 1 / _POINT_MM
    parts = [b"%.5f 0 0 %.5f 0 %.5f cm" % (scale, -scale, PAGE_MM[1] * scale)]
    for one in drawn:
        if isinstance(one, _Code):
            parts += [b"%.3f %.3f %.3f %.3f re" % (x, y, width, one.module) for x, y, width in one.runs()]
            parts.append(b"f")
            continue
        # WinAnsi is what Python calls cp1252; what it has not is written by its likeness where there is one.
        text = unicodedata.normalize("NFKC", one.text).encode("cp1252", "replace")
        for sign in (b"\\", b"(", b")"):
            text = text.replace(sign, b"\\" + sign)
        place = b"1 0 0 -1 %.2f %.2f Tm" % (one.x, one.y)
        parts.append(b"BT /%b %.3f Tf %b (%b) Tj ET" % (one.font.encode(), one.size, place, text))
    return b"\n".join(parts)


def _pdf_file(objects: Sequence[bytes]) -> bytes:
    data, places = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"), []
    for number, content in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    count = len(objects) + 1
    start = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n%b" % (count, table)
    data += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (count, start)
    return bytes(data)
