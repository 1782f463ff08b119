"""Numbers as each language writes them."""

from __future__ import annotations

from gateway.words.phrase import Phrase, made

_POINT = Phrase(".", "between units and tenths")


def decimal(value: float, places: int) -> Phrase:
    """A number with so many decimals, and nothing between thousands."""
    return pointed(f"{value:.{places}f}")


def pointed(text: str) -> Phrase:
    """A number that is written already, with a point: with the mark of the language in its place."""
    return made(lambda lang: text.replace(".", _POINT.in_language(lang)))
