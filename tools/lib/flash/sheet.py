"""The label that goes onto a board: as text, as an SVG of 62 × 29 mm for a label printer, its QR code as a PNG.

The QR code joins the board's own Wi-Fi when a phone's camera sees it; the page then opens by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import segno

from flash.errors import FlashError
from flash.identity import label_module

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.mqtt.boards.registry import Board

_SVG = """<svg xmlns="http://www.w3.org/2000/svg" width="62mm" height="29mm" viewBox="0 0 620 290">
<rect width="620" height="290" fill="#fff"/>
<path transform="translate(18 25) scale({scale})" d="{modules}" fill="#000" shape-rendering="crispEdges"/>
<g font-family="DejaVu Sans, Arial, sans-serif" fill="#000">
<text x="282" y="58" font-size="34" font-weight="bold"{board_fit}>{board}</text>
<text x="282" y="86" font-size="19">{role} · {chip}</text>
<text x="282" y="132" font-size="19"{network_fit}>Wi-Fi : {network}</text>
<text x="282" y="170" font-size="29" font-family="DejaVu Sans Mono, monospace">{passphrase}</text>
<text x="282" y="216" font-size="19">Code</text>
<text x="282" y="254" font-size="38" font-family="DejaVu Sans Mono, monospace" font-weight="bold">{code}</text>
</g></svg>
"""
_ROLES = {"relay": ("relais du compteur", "meter relay"), "display": ("afficheur", "display")}
_QR_WIDTH = 240
# Room for a line and the width of a letter in it, in the same units: what is too long is drawn narrower.
_ROOM, _BOARD_LETTER, _NETWORK_LETTER = 326, 22, 11


@dataclass(frozen=True, slots=True)
class Sheet:
    """One board's label."""

    board: Board
    chip: str
    language: str

    def text(self) -> str:
        """The label for a terminal or a text printer."""
        label, key = label_module(), self.board.secret
        head = f"{self.board.id} · {self._role} · {self.chip}"
        return (
            f"  {head}\n  {'─' * len(head)}\n"
            f"  Wi-Fi  {label.network(self.board.id)}\n"
            f"         {label.passphrase(key)}\n"
            f"  Code   {self._code}\n"
        )

    def qr(self) -> segno.QRCode:
        """The QR code that joins the board's Wi-Fi."""
        return segno.make(label_module().wifi_qr(self.board.id, self.board.secret), error="m", micro=False)

    def write(self, folder: Path) -> list[Path]:
        """Write the SVG and the PNG."""
        svg, png = folder / f"{self.board.id}-label.svg", folder / f"{self.board.id}-qr.png"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            svg.write_text(self._svg(), encoding="utf-8")
            # Whoever has the label can set the board up: it is for its owner's eyes.
            svg.chmod(0o600)
            self.qr().save(str(png), scale=8, border=4)
            png.chmod(0o600)
        except OSError as error:
            raise FlashError("cannot_write", path=folder, said=error.strerror) from error
        return [svg, png]

    @property
    def _role(self) -> str:
        return _ROLES[self.board.role][0 if self.language == "fr" else 1]

    @property
    def _code(self) -> str:
        code: str = label_module().code(self.board.secret)
        return f"{code[:4]} {code[4:]}"

    def _svg(self) -> str:
        label = label_module()
        rows = list(self.qr().matrix)
        network = label.network(self.board.id)
        return _SVG.format(
            modules="".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark),
            scale=_QR_WIDTH / len(rows),
            board=escape(self.board.id),
            board_fit=_fit(self.board.id, _BOARD_LETTER),
            role=escape(self._role),
            chip=escape(self.chip),
            network=escape(network),
            network_fit=_fit(f"Wi-Fi : {network}", _NETWORK_LETTER),
            passphrase=label.passphrase(self.board.secret),
            code=self._code,
        )


def _fit(text: str, letter_width: int) -> str:
    """The attributes that squeeze a text into its line, when it needs that."""
    return f' textLength="{_ROOM}" lengthAdjust="spacingAndGlyphs"' if len(text) * letter_width > _ROOM else ""
