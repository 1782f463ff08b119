"""Tariff classes: the index of a supplier's class by the word that a household writes into ``[[tariff]]``.

A historic meter names its indexes (``…/provider/hchp``); a standard one numbers them, and says which number is which
text of the supplier's at the moment (NTARF, LTARF): from what it said the word is found, else the number remains.
Under Tempo alone the order of the numbers is known beforehand (54E; real meters): a red day need not have come.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PREFIX = "consumption/energy/active/index/provider/"
NUMBERS = tuple(str(number) for number in range(1, 11))
TEMPO = ("hcjb", "hpjb", "hcjw", "hpjw", "hcjr", "hpjr")
# By number: blue 1 and 2, white 3 and 4, red 5 and 6, the off-peak hours of each first.
TEMPO_ORDER = {1: "HC BLEU", 2: "HP BLEU", 3: "HC BLANC", 4: "HP BLANC", 5: "HC ROUGE", 6: "HP ROUGE"}
# In the order in which they are shown.
WORDS = ("base", "hc", "hp", *TEMPO, "hn", "pm", *NUMBERS)

_KINDS = (
    (re.compile(r"POINTE|^PM\b"), "pm"),
    (re.compile(r"CREUSE|\bHC"), "hc"),
    (re.compile(r"PLEINE|\bHP"), "hp"),
    (re.compile(r"NORMALE|\bHN"), "hn"),
    (re.compile(r"BASE|^TH"), "base"),
)
_COLOURS = (("BLEU", "jb"), ("BLAN", "jw"), ("ROUG", "jr"))
# After every word.
_LAST, _NEVER = "\U0010ffff", 2**62
_PERIOD = re.compile(r"(?:TH|HC|HP|HN|PM)\.\.|H[CP]J[BWR]")
_HISTORIC = re.compile(r"H[CP]J[BWR]")


def word_of(text: str) -> str | None:
    """The class that a meter (PTEC) or a supplier (LTARF) means by its text; None when it is no known one."""
    said = " ".join(text.upper().replace(".", " ").split())
    if _HISTORIC.fullmatch(said):
        return said.lower()
    kind = next((word for pattern, word in _KINDS if pattern.search(said)), None)
    colour = next((end for start, end in _COLOURS if start in said), "")
    return kind + colour if colour and kind in ("hc", "hp") else kind


def ordered(texts: Mapping[int, str], calendar: str) -> dict[int, str]:
    """The texts, and in a Tempo ``calendar`` (NGTF) those of numbers that were not called yet; not against one of them.

    What a number is called under the calendar before is not in ``texts``.
    """
    if not is_tempo(calendar) or any(_contradicts(number, text) for number, text in texts.items()):
        return dict(texts)
    return TEMPO_ORDER | dict(texts)


def is_tempo(calendar: str) -> bool:
    """Whether that is Tempo's calendar."""
    return "TEMPO" in calendar.upper()


def _contradicts(number: int, text: str) -> bool:
    word = word_of(text)
    return word is not None and word != word_of(TEMPO_ORDER.get(number, ""))


def is_period(text: str) -> bool:
    """Whether a text is a historic meter's (PTEC), beside which the number of an index is one of before."""
    return _PERIOD.fullmatch(text) is not None


class ClassNames:
    """The class of each numbered index over time: with a new contract the same index counts another class.

    Args:
        said: (POSIX second, number of the index, text): from when on a number was called so.
        changed: POSIX seconds of new contracts; what the numbers were called under the one before tells nothing then.
        calendars: (POSIX second, name of the supplier's calendar).
    """

    def __init__(
        self,
        said: Iterable[tuple[int, int, str]],
        changed: Iterable[int] = (),
        calendars: Iterable[tuple[int, str]] = (),
    ) -> None:
        # Leaf of the path -> from when on it counted which class.
        self._words: dict[str, list[tuple[int, str]]] = {}
        texts: dict[int, str] = {}
        # What was not said under the contract yet began with it.
        since: dict[int, int] = {}
        # A text may be known by the minute alone: in the one of the change it is the new contract's.
        anew = {time - time % 60: time for time in changed}
        told = {*said}
        told |= _by_order(told, calendars)
        for time, number, text in sorted({*told, *((minute, 0, "") for minute in anew)}):
            if not number:
                since = dict.fromkeys((*texts, *since), anew[time])
                texts.clear()
            elif texts.get(number) != text and not is_period(text):
                texts[number] = text
                self._name(since.pop(number, time), named(texts), texts)

    def _name(self, time: int, words: Mapping[str, str], texts: Iterable[int]) -> None:
        for leaf in map(str, texts):
            known, word = self._words.setdefault(leaf, []), words.get(leaf, leaf)
            if not known or known[-1][1] != word:
                known.append((max(time, known[-1][0]) if known else time, word))

    @property
    def names(self) -> list[tuple[str, str, list[tuple[int, str]]]]:
        """Of each index its first class and its later ones with their moments: all that ``at`` depends on."""
        return sorted((leaf, known[0][1], known[1:]) for leaf, known in self._words.items())

    def at(self, leaf: str, time: int) -> str:
        """The class of the index whose path ends so, at a moment; of an earlier one what was first said."""
        known = self._words.get(leaf)
        return known[max(bisect_right(known, (time, _LAST)) - 1, 0)][1] if known else leaf

    def changes(self, leaf: str) -> list[int]:
        """The moments at which that index began to count another class."""
        return [time for time, _ in self._words.get(leaf, [])[1:]]


def _by_order(said: set[tuple[int, int, str]], calendars: Iterable[tuple[int, str]]) -> set[tuple[int, int, str]]:
    """What the numbers mean by their order alone, as long as nothing else was said of one of them meanwhile."""
    found = set()
    for (begin, calendar), (end, _) in pairwise([*sorted(calendars), (_NEVER, "")]):
        texts = {number: text for time, number, text in said if begin <= time < end and not is_period(text)}
        more = ordered(texts, calendar).items() - texts.items()
        found |= {(begin, number, text) for number, text in more}
    return found


def named(texts: Mapping[int, str]) -> dict[str, str]:
    """Number of an index -> its class, from what the meter called it; two that would be one keep their numbers."""
    words = {str(number): word_of(text) for number, text in texts.items()}
    uses = Counter(words.values())
    return {number: word for number, word in words.items() if word is not None and uses[word] == 1}


def order(word: str) -> int:
    """Where a class stands among the others."""
    return WORDS.index(word) if word in WORDS else len(WORDS)
