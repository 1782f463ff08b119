"""What leads to the page at the first visit: its addresses, the code, and a QR code where it can be drawn.

``linky-gateway page code`` prints it, and tools/setup ends with it by that command.
"""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING

from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Sequence

_PAGE = Phrase("The page of the house:")
_NO_ADDRESS = Phrase("port {port} of this machine, path /setup")
_CODE = Phrase("The code for the first visit:")
CODE_IS_GIVEN = Phrase("Its code was given already; for another one: sudo linky-gateway page code")
_USE = Phrase(
    "Point the camera of a phone in the house’s Wi-Fi at the square, or type the address; then the code. It serves"
    " once, and takes the place of any older one."
)
_USE_TYPED = Phrase(
    "Type the address into a browser of the house, then the code. It serves once, and takes the place of any older one."
)
_WIDEST = 80


def where(addresses: Sequence[str], port: int, lang: str, *, first: bool) -> str:
    """The page's addresses, a line each; ``first``: those at which its password is set."""
    links = _links(addresses, first=first) or [_NO_ADDRESS.filled(port=port).in_language(lang)]
    return "".join(f"{line}\n" for line in (_PAGE.in_language(lang), *(f"  {link}" for link in links)))


def what_to_do(addresses: Sequence[str], port: int, code: str, lang: str, columns: int) -> str:
    """All of it for a terminal of so many columns."""
    links = _links(addresses, first=True)
    # By its name the machine is found tomorrow as well, by its number every phone finds it.
    picture = _picture(links[-1], columns) if links else []
    use = (_USE if picture else _USE_TYPED).in_language(lang)
    lines = [*picture, where(addresses, port, lang, first=True).rstrip("\n"), _CODE.in_language(lang), f"  {code}", ""]
    return "\n".join([*lines, *textwrap.wrap(use, min(columns, _WIDEST))]) + "\n"


def _links(addresses: Sequence[str], *, first: bool) -> list[str]:
    return [f"{address}{'/setup' if first else '/'}" for address in addresses]


def columns_of_terminal() -> int | None:
    """How wide the terminal of standard output is; None where it is none, or cannot show the picture."""
    if not sys.stdout.isatty() or os.environ.get("TERM", "dumb") == "dumb" or sys.stdout.encoding.lower() != "utf-8":
        return None
    return shutil.get_terminal_size().columns


def _picture(link: str, columns: int) -> list[str]:
    from gateway.commands import page_qr  # noqa: PLC0415 (nothing of it for the other commands)

    return page_qr.half_blocks(link) if page_qr.width(link) <= columns else []
