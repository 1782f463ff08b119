"""Labels for a fleet: A4 sheets of 3 × 7 (63.5 × 38.1 mm, as L7160), as SVG for each sheet and one PDF, to scale.

A label holds what its household needs at the first visit: the page's address, also as a QR code, and the code. What is
long goes on in another line: nothing is smaller than ``LEAST_POINTS``, and nothing is cut off.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from itertools import groupby
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
# From the label's top: where device and site begin and end, and the address.
_NAMES_MM, _ADDRESS_MM = (4.2, 20.7), (29.4, 36.5)
# With a line for the key below it, and where that stands.
_ADDRESS_ABOVE_KEY_MM, _KEY_MM = (29.3, 34.6), 36.7
_GAP_MM = 0.6

_POINT_MM = 25.4 / 72
# What is still read without effort at the distance of a hand.
LEAST_POINTS = 6.5
# One line is made this much smaller before a second one is begun.
_SHRUNK, _STEP_POINTS = 0.8, 0.25
# Of the size: from one line to the next, and from a line's top to its foot.
_LEADING, _ASCENT = 1.15, 0.85
# Words of a name, a place, an address: a hyphen or a dot stays before the break.
_WORDS_OF = re.compile(r"[^\s.-]*[.-]+|[^\s.-]+|\s+")

# How wide letters are, in ems: of Helvetica (and Arial, which is as wide) and DejaVu Sans, what a browser may have
# instead, the wider one. The rest is as wide as the widest.
_LETTERS = {
    "F1": {
        0.3: "ijlI'", 0.35: ",./:;| ’\\", 0.4: "ft()-[]", 0.45: "r!", 0.5: '"*_`–J', 0.55: "csz?", 0.6: "kvxyL",
        0.65: "0123456789abdeghnopquFTY${}«»€", 0.7: "ABEKPSVXZ", 0.75: "CNRU", 0.8: "DGHOQ&", 0.85: "w#+<=>^~",
        0.9: "M", 1.0: "mW%",
    },
    "F2": {
        0.35: "ijl", 0.45: "f-", 0.5: "rt", 0.6: "csz", 0.7: "x0123456789aekovy", 0.75: "bdghnpqu", 0.95: "w",
        1.05: "m",
    },
    "F3": {0.6: "ABCDEFGHJKLMNPQRSTUVWXYZ23456789-"},
}  # fmt: skip
_WIDTH = {font: {letter: ems for ems, those in table.items() for letter in those} for font, table in _LETTERS.items()}
_WIDEST = {"F1": 1.1, "F2": 1.2, "F3": 0.6}
_SVG_FONTS = {
    "F1": 'font-family="Helvetica, Arial, DejaVu Sans, sans-serif"',
    "F2": 'font-family="Helvetica, Arial, DejaVu Sans, sans-serif" font-weight="bold"',
    "F3": 'font-family="Courier, DejaVu Sans Mono, monospace" font-weight="bold"',
}
_PDF_FONTS = {"F1": "Helvetica", "F2": "Helvetica-Bold", "F3": "Courier-Bold"}
_WORDS = {
    "fr": ("Page de la maison", "Code de la première visite", "Mises à jour signées :"),
    "en": ("Page of the house", "Code for the first visit", "Updates signed by:"),
}


@dataclass(frozen=True, slots=True)
class PrintedLabel:
    """What stands on one."""

    device: str
    site: str
    address: str
    code: str
    language: str
    key: str = ""
    """The beginning of the fingerprint by which releases are believed; empty where no key is known."""


@dataclass(frozen=True, slots=True)
class _Text:
    """One line: left end of its foot and size, in mm."""

    x: float
    y: float
    size: float
    font: str
    text: str


@dataclass(frozen=True, slots=True)
class _Code:
    x: float
    y: float
    module: float
    rows: tuple[bytes, ...]

    def runs(self) -> Iterator[tuple[float, float, float]]:
        """Left, top and width of each dark run, in mm."""
        for at, row in enumerate(self.rows):
            column = 0
            for dark, run in groupby(row):
                width = len([*run])
                if dark:
                    yield self.x + column * self.module, self.y + at * self.module, width * self.module
                column += width


def svg_sheets(labels: Sequence[PrintedLabel]) -> list[str]:
    """One SVG for each sheet."""
    return [_svg([*_drawn(sheet)]) for sheet in _sheets(labels)]


def pdf(labels: Sequence[PrintedLabel]) -> bytes:
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


def _sheets(labels: Sequence[PrintedLabel]) -> Iterator[Sequence[PrintedLabel]]:
    for start in range(0, len(labels), COLUMNS * ROWS):
        yield labels[start : start + COLUMNS * ROWS]


def _drawn(sheet: Sequence[PrintedLabel]) -> Iterator[_Text | _Code]:
    for place, label in enumerate(sheet):
        row, column = divmod(place, COLUMNS)
        yield from _one(label, _LEFT_MM + column * _PITCH_MM[0], _TOP_MM + row * _PITCH_MM[1])


def _one(label: PrintedLabel, left: float, top: float) -> Iterator[_Text | _Code]:
    rows = _modules(label.address)
    yield _Code(left + _QR_LEFT_MM, top + _QR_TOP_MM, _QR_MM / len(rows), rows)
    page, first, key = _WORDS[label.language]
    x, room = left + _BESIDE_MM[0], _BESIDE_MM[1]
    names = [(11.0, "F2", label.device), (8.0, "F1", label.site)]
    yield from _stacked(x, top, room, _NAMES_MM, names)
    yield _Text(x, top + 22.4, LEAST_POINTS * _POINT_MM, "F1", first)
    yield _Text(x, top + 26.3, min(11.0 * _POINT_MM, room / _ems(label.code, "F3")), "F3", label.code)
    x, room = left + _BELOW_MM[0], _BELOW_MM[1]
    least = LEAST_POINTS * _POINT_MM
    yield _Text(x, top + 28.9, least, "F1", page)
    between = _ADDRESS_ABOVE_KEY_MM if label.key else _ADDRESS_MM
    yield from _stacked(x, top, room, between, [(9.0, "F1", label.address.removesuffix("/"))])
    if label.key:
        yield _Text(x, top + _KEY_MM, least, "F1", key)
        yield _Text(x + _ems(key, "F1") * least + _GAP_MM, top + _KEY_MM, least, "F3", label.key)


def _stacked(
    x: float, top: float, room: float, between: tuple[float, float], texts: Sequence[tuple[float, str, str]]
) -> Iterator[_Text]:
    """Texts (most points, font, words) below one another, all of them smaller until they fit between two heights."""
    smaller = 0.0
    while True:
        fitted = [(font, *_fitted(text, font, max(LEAST_POINTS, most - smaller), room)) for most, font, text in texts]
        height = sum(len(lines) * size * _LEADING + _GAP_MM for _, size, lines in fitted) - _GAP_MM
        if height <= between[1] - between[0] or smaller > max(most for most, _, _ in texts):
            break
        smaller += _STEP_POINTS
    y = top + between[0]
    for font, size, lines in fitted:
        for line in lines:
            yield _Text(x, y + _ASCENT * size, size, font, line)
            y += _LEADING * size
        y += _GAP_MM


def _fitted(text: str, font: str, points: float, room: float) -> tuple[float, list[str]]:
    """Size in mm and lines: one line if it need not be much smaller for it, else as few as hold it."""
    for count in range(1, len(text) + 1):
        least = max(LEAST_POINTS, points * _SHRUNK if count == 1 else 0.0)
        tried = points
        while tried >= least:
            lines = _broken(text, font, room / (tried * _POINT_MM))
            if len(lines) <= count:
                return tried * _POINT_MM, lines
            tried -= _STEP_POINTS
    return points * _POINT_MM, []


def _broken(text: str, font: str, ems: float) -> list[str]:
    """The text in lines of so many ems, between words where that can be."""
    lines = [""]
    for word in _WORDS_OF.findall(text):
        if _ems(lines[-1] + word.rstrip(), font) <= ems:
            lines[-1] += word
            continue
        if lines[-1].strip():
            lines.append("")
        for letter in word.lstrip():
            if _ems(lines[-1] + letter, font) > ems:
                lines.append("")
            lines[-1] += letter
    return [line.strip() for line in lines if line.strip()]


def _ems(text: str, font: str) -> float:
    widths, widest = _WIDTH[font], _WIDEST[font]
    # An accent makes no letter wider.
    return sum(widths.get(unicodedata.normalize("NFD", letter)[0], widest) for letter in text)


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
