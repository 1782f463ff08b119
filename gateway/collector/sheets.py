"""Invitations to be printed: a page for each, with its QR code, in French or in English; a browser makes it a PDF.

One file that asks nothing of any server: its codes are drawings in it. On paper a module of the largest code (version
25, 117 modules) is 0.8 mm wide, which every phone's camera reads from a hand away.
"""

from __future__ import annotations

import io
from datetime import UTC, datetime
from html import escape
from importlib import resources
from string import Template
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import segno

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.federation.wire.invitation import Invitation

# ISO/IEC 18004: what is read with a seventh of it gone, and how large that may become.
_LEVEL, _LARGEST = "m", 25
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_MARK = "<!-- each -->"


def printed(asked: Invitation, links: Iterable[tuple[int, str, str]], fingerprint: str, lang: str, sheet: str) -> str:
    """The page of all invitations: number, id, link."""
    text = (resources.files("gateway.collector") / "printed" / f"sheet.{lang}.html").read_text(encoding="utf-8")
    head, each, foot = text.split(_MARK)
    words = {
        "controller": asked.controller,
        "purpose": asked.purpose,
        "contact": asked.contact,
        "privacy": asked.privacy,
        "fingerprint": fingerprint,
        "expires": _day(datetime.fromtimestamp(asked.expires - 1, UTC), lang),
        "sheet": sheet,
    }
    shown = {name: escape(word) for name, word in words.items()}
    one = Template(each)
    pages = [
        one.substitute(
            shown, number=number, id=escape(name), link=escape(link), host=escape(_host(link)), code=drawing(link)
        )
        for number, name, link in links
    ]
    return Template(head).substitute(shown) + "".join(pages) + foot


def _host(link: str) -> str:
    """The machine that the code leads to: a gateway with another name does not answer there."""
    return urlsplit(link).netloc


def _day(moment: datetime, lang: str) -> str:
    """As no reader takes the month for the day."""
    return f"{moment:%d/%m/%Y}" if lang == "fr" else f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def drawing(link: str) -> str:
    """The QR code of a link, as SVG without a size of its own."""
    code = segno.make(link, error=_LEVEL, micro=False, boost_error=False)
    # The link is bounded so that this cannot be.
    assert int(code.version) <= _LARGEST, "the code of a link is too large"  # noqa: S101
    out = io.BytesIO()
    code.save(out, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=4)
    return out.getvalue().decode().strip()
