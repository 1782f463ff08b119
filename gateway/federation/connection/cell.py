"""An address, or a name, in a table's cell: a spreadsheet must take what a stranger chose for text, not for a formula.

What begins like a formula gets an apostrophe before it, which a spreadsheet does not show (OWASP, CSV Injection).
"""

from __future__ import annotations

# What a spreadsheet begins to reckon at; the last two are passed over in its import.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_cell(text: str) -> str:
    """What is written into the cell."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def of_cell(text: str) -> str:
    """What was meant, of a cell that ``as_cell`` or a spreadsheet wrote."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text
