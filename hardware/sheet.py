"""A drawing of lines, boxes and words as SVG text, the same bytes from the same strokes; no library needed.

Colours are for a white sheet, which is drawn first: the pictures stay readable on dark pages.
"""

from __future__ import annotations

from xml.sax.saxutils import escape

FONT = "DejaVu Sans, Arial, sans-serif"


class Sheet:
    """Strokes in the order in which they are drawn; y grows downwards."""

    def __init__(self, width: float, height: float, title: str) -> None:
        self._width, self._height = width, height
        self._strokes = [f"<title>{escape(title)}</title>"]
        self.box(0, 0, width, height, fill="#ffffff")

    def line(self, *points: tuple[float, float], color: str = "#222222", width: float = 1.5, dash: str = "") -> None:
        """A line through these points."""
        path = " ".join(f"{_number(x)},{_number(y)}" for x, y in points)
        extra = f' stroke-dasharray="{dash}"' if dash else ""
        self._strokes.append(
            f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="{_number(width)}"'
            f' stroke-linejoin="round"{extra}/>'
        )

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        fill: str = "none",
        color: str = "none",
        radius: float = 0,
        opacity: float = 1,
    ) -> None:
        """A rectangle from its upper left corner."""
        faint = f' fill-opacity="{opacity:g}"' if opacity < 1 else ""
        self._strokes.append(
            f'<rect x="{_number(x)}" y="{_number(y)}" width="{_number(width)}" height="{_number(height)}"'
            f' rx="{_number(radius)}" fill="{fill}" stroke="{color}"{faint}/>'
        )

    def dot(self, x: float, y: float, radius: float, *, fill: str = "#222222", color: str = "none") -> None:
        """A disc."""
        self._strokes.append(
            f'<circle cx="{_number(x)}" cy="{_number(y)}" r="{_number(radius)}" fill="{fill}" stroke="{color}"/>'
        )

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float = 12,
        color: str = "#222222",
        anchor: str = "start",
        bold: bool = False,
    ) -> None:
        """Words on a base line; ``anchor`` is start, middle or end."""
        weight = ' font-weight="bold"' if bold else ""
        self._strokes.append(
            f'<text x="{_number(x)}" y="{_number(y)}" font-size="{_number(size)}" fill="{color}"'
            f' text-anchor="{anchor}"{weight}>{escape(words)}</text>'
        )

    def svg(self) -> str:
        """The whole picture."""
        width, height = _number(self._width), _number(self._height)
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
            f' font-family="{FONT}">'
        )
        return "\n".join([head, *self._strokes, "</svg>"]) + "\n"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
