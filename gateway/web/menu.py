"""The menu: the few pages that a household opens each day, and behind the last entry those of a few times a year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

HOME, MORE, SHARING = "/", "/more", "/sharing"
# What stands in the bar, in its order; all else is behind the last.
_DAILY = (HOME, "/history", "/cost", SHARING)
# The order of what is behind it; what is not named here comes last.
_SELDOM = ("/roof", "/places", "/links", "/settings", "/sharing/join", "/access", "/security", "/repair", "/help")


@dataclass(frozen=True, slots=True)
class Menu:
    """Path and word of each page: ``bar`` is on every page, ``more`` on one of its own."""

    bar: tuple[tuple[str, str], ...]
    more: tuple[tuple[str, str], ...]

    def above(self, path: str) -> str:
        """The entry of the bar under which a page is found."""
        if path == HOME:
            return HOME
        return next((there for there, _ in self.bar[1:] if f"{path}/".startswith(f"{there}/")), MORE)


def arranged(entries: Iterable[tuple[str, str]]) -> Menu:
    """The menu of these pages: a bar for every day, the rest behind it."""
    words = dict(entries)
    bar = [(path, words[path]) for path in _DAILY if path in words]
    seldom = sorted(words.keys() - {*_DAILY}, key=lambda path: (_place(path), path))
    return Menu((*bar, (MORE, "more")), tuple((path, words[path]) for path in seldom))


def _place(path: str) -> int:
    return _SELDOM.index(path) if path in _SELDOM else len(_SELDOM)
