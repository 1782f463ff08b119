"""The spaces of French that no line may break at: a lone ":" or "»" would begin a line on a narrow screen.

As the Imprimerie nationale sets them: U+00A0 before ":" and inside « », U+202F before "; ? !".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

NO_BREAK, NARROW = "\u00a0", "\u202f"
# What page, chat and notices say. The lines of a terminal are as long as its window, and searched for with a keyboard.
HOUSEHOLD = ("gateway/web/", "gateway/household/", "gateway/links/", "gateway/notices/")
_SPACE = f"[ {NO_BREAK}{NARROW}]"
# What is typed stands between `…`; a sign that begins another one (://, ?+…) is none of the sentence.
_CODE = re.compile("(`[^`]*`)")
_ENDS = r"(?=[\s)\]».,…]|$)"
_RULES = (
    (re.compile(f"{_SPACE}+([;?!]){_ENDS}"), NARROW + r"\1"),
    (re.compile(f"{_SPACE}+:{_ENDS}"), NO_BREAK + ":"),
    (re.compile(f"«{_SPACE}*"), "«" + NO_BREAK),
    (re.compile(f"{_SPACE}*»"), NO_BREAK + "»"),
)


def spaced(text: str) -> str:
    """A French sentence with these spaces; what stands between `…` is as it was."""
    pieces = _CODE.split(text)
    for at in range(0, len(pieces), 2):
        for wrong, right in _RULES:
            pieces[at] = wrong.sub(right, pieces[at])
    return "".join(pieces)


def space_out(catalogue: Catalog) -> None:
    """Set so every translation that a household reads; French alone asks for it."""
    if str(catalogue.locale_identifier) != "fr":
        return
    for one in catalogue:
        if one.id and any(file.startswith(HOUSEHOLD) for file, _ in one.locations):
            one.string = tuple(map(spaced, one.string)) if isinstance(one.string, tuple) else spaced(one.string)
