"""Numbers as each language writes them."""

from __future__ import annotations

from gateway.words.phrase import Phrase, made

_POINT, _COMMA = Phrase(".", "between units and tenths"), Phrase(",", "between thousands")
PERCENT = Phrase("{number}%")


def decimal(value: float, places: int) -> Phrase:
    """A number with so many decimals, and nothing between thousands."""
    return pointed(f"{value:.{places}f}")


def pointed(text: str) -> Phrase:
    """A number that is written already, with a point: with the mark of the language in its place."""
    return made(lambda lang: text.replace(".", _POINT.in_language(lang)))


def grouped(text: str, lang: str) -> str:
    """A number written as English does, ``1,234.5``, with the marks of a language."""
    whole, point, tenths = text.partition(".")
    return whole.replace(",", _COMMA.in_language(lang)) + (_POINT.in_language(lang) if point else "") + tenths
