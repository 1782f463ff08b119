"""What a frame on the wall asks for that can only fetch a picture: size, inks, page. Values in, values out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# From the smallest that the pages are drawn for to a television's.
LEAST, MOST = (128, 64), (1920, 1080)

INKS = ("colour", "grey", "mono")
PAGES = ("now", "today", "solar", "hours", "tempo", "links")
# What may be seen in a public place.
PUBLIC_PAGES = ("now", "today")


class BadPictureError(ValueError):
    """What was asked for is no picture that can be made."""


@dataclass(frozen=True, slots=True)
class PictureRequest:
    """A picture: pixels, one of INKS, one of PAGES, the language, the meter's name if one is named."""

    width: int
    height: int
    ink: str
    page: str
    lang: str
    meter: str | None


def read_asked(args: Mapping[str, str], lang: str, *, guest: bool) -> PictureRequest:
    """The picture that a query asks for. Raises BadPictureError with a sentence."""
    pages = PUBLIC_PAGES if guest else PAGES
    return PictureRequest(
        _number(args.get("w", "800"), "w", LEAST[0], MOST[0]),
        _number(args.get("h", "480"), "h", LEAST[1], MOST[1]),
        _one_of(args.get("ink", INKS[0]), "ink", INKS),
        _one_of(args.get("page", pages[0]), "page", pages),
        lang,
        None if guest else args.get("meter"),
    )


def _number(text: str, name: str, least: int, most: int) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 6 and least <= int(text) <= most):
        raise BadPictureError(f"{name}: write a number of pixels from {least} to {most}")
    return int(text)


def _one_of(text: str, name: str, known: tuple[str, ...]) -> str:
    if text not in known:
        raise BadPictureError(f"{name}: write one of {', '.join(known)}")
    return text
