"""From the meter to the gateway: the three ways with the isolation that each has, and a household's one alone."""

from __future__ import annotations

from sheet import Sheet

_METER, _OURS, _BOUGHT, _PI = "#dce7f5", "#dcedc8", "#ffe0b2", "#f8d7da"
_ROW, _TOP = 150, 30

# Title, its second line, its fill, where it begins; between two boxes stands what joins them.
Box = tuple[str, str, str, float]

_WAYS: tuple[tuple[tuple[Box, ...], tuple[str, ...]], ...] = (
    (
        (("adaptateur USB", "USB adapter", _BOUGHT, 320), ("Raspberry Pi", "linky-gateway", _PI, 700)),
        ("I1, I2", "USB"),
    ),
    (
        (("récepteur", "receiver", _OURS, 320), ("Raspberry Pi", "linky-gateway", _PI, 700)),
        ("I1, I2", "3V3, RXD, GND"),
    ),
    (
        (
            ("récepteur", "receiver", _OURS, 320),
            ("ESP32", "micropython/", _BOUGHT, 510),
            ("Raspberry Pi", "linky-gateway", _PI, 700),
        ),
        ("I1, I2", "", "Wi-Fi"),
    ),
)


def draw() -> str:
    """The picture as SVG."""
    sheet = Sheet(860, _TOP + _ROW * len(_WAYS), "From the meter to the gateway")
    for place, (boxes, joins) in enumerate(_WAYS):
        _way(sheet, place, boxes, joins)
    return sheet.svg()


def at_home() -> str:
    """The way without soldering as a household sees it, on to the Internet box; large, for a phone."""
    sheet = Sheet(430, 330, "From the Linky to the Internet box")
    _meter(sheet, 10, 20)
    for y in (46, 70):
        sheet.line((132, y), (280, y), color="#1a4d8f", width=3)
    sheet.text(206, 34, "2 fils · 2 wires", size=15, anchor="middle")
    _thing(sheet, (280, 20), ("adaptateur", "adapter"), _BOUGHT)
    sheet.line((350, 110), (350, 220), width=3)
    sheet.text(340, 170, "USB", size=15, anchor="end")
    _thing(sheet, (280, 220), ("Raspberry Pi",), _PI)
    sheet.line((150, 265), (280, 265), width=3)
    sheet.text(215, 252, "câble · cable", size=15, anchor="middle")
    _thing(sheet, (10, 220), ("box Internet", "Internet box"), _OURS)
    return sheet.svg()


def _thing(sheet: Sheet, corner: tuple[float, float], said: tuple[str, ...], fill: str) -> None:
    left, top = corner
    sheet.box(left, top, 140, 90, fill=fill, color="#555555", radius=8)
    for place, line in enumerate(said):
        y = top + 50 + 22 * (place - (len(said) - 1) / 2)
        sheet.text(left + 70, y, line, size=16, anchor="middle", bold=place == 0)


def _way(sheet: Sheet, place: int, boxes: tuple[Box, ...], joins: tuple[str, ...]) -> None:
    top = _TOP + place * _ROW
    middle = top + 50
    sheet.text(14, middle + 9, str(place + 1), size=26, bold=True, color="#777777")
    _meter(sheet, 50, top)
    end = 180.0
    for (title, below, fill, left), join in zip(boxes, joins, strict=True):
        radio = join == "Wi-Fi"
        if end == 180:
            for y in (top + 26, middle):
                sheet.line((172, y), (left, y), color="#1a4d8f", width=2.5)
        else:
            sheet.line((end, middle), (left, middle), width=2.5, dash="3 6" if radio else "")
        sheet.text((end + left) / 2, middle - 8, join, size=12, anchor="middle")
        sheet.box(left, top + 15, 140, 70, fill=fill, color="#555555", radius=8)
        sheet.text(left + 70, middle - 4, title, size=14, anchor="middle", bold=True)
        sheet.text(left + 70, middle + 15, below, size=12, anchor="middle")
        end = left + 140
    sheet.line((390, top + 5), (390, top + 12), color="#b00020", width=2)
    sheet.line((390, top + 88), (390, top + 100), color="#b00020", width=2)
    sheet.text(390, top + 114, "isolation", size=11, anchor="middle", color="#b00020")


def _meter(sheet: Sheet, left: float, top: float) -> None:
    """A meter with its three terminals; what lies behind its seal stays there."""
    sheet.box(left, top + 5, 130, 90, fill=_METER, color="#1a4d8f", radius=8)
    sheet.text(left + 14, top + 40, "Linky", size=15, bold=True)
    sheet.text(left + 14, top + 58, "TIC", size=12)
    for place, name in enumerate(("I1", "I2", "A")):
        y = top + 26 + place * 24
        sheet.box(left + 92, y - 10, 30, 20, fill="#ffffff", color="#1a4d8f", radius=3)
        sheet.text(left + 107, y + 4.5, name, size=12, anchor="middle", bold=True)
