"""A language's words, each with what it hints at (its concepts), and how a word that is written badly is read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# Shorter words have too many neighbours; a stem is no shorter than its shortest entry.
_LEAST_SPELT, _LEAST_STEM = 5, 3
# A letter and two double ones.
_MOST_MORE = 3
_LETTERS = re.compile(r"(?<!\\)[a-z]{3,}")
_DOUBLE = re.compile(r"([a-z])\1")
_REPEATED = re.compile(r"([a-z])\1{2,}")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """One language.

    Args:
        words: a word -> its concepts; none where it says nothing of what is asked.
        stems: what a word may begin with -> its concepts, beside those of the whole word.
        hurried: as people write in a hurry -> the words.
        idioms: what several words say together -> the one word that stands for it.
        joined: a letter or two that elide, where the apostrophe is missing.
        orders: what asks for a deed.
        near: letter -> the longer words that begin with it.
        kept: words of the idioms, which are known there.
    """

    words: Mapping[str, frozenset[str]]
    stems: Mapping[str, frozenset[str]]
    hurried: Mapping[str, str]
    idioms: tuple[tuple[re.Pattern[str], str], ...]
    joined: re.Pattern[str]
    orders: re.Pattern[str]
    near: Mapping[str, tuple[str, ...]]
    kept: frozenset[str]

    def concepts(self, word: str) -> frozenset[str] | None:
        """What a word hints at; None for one that is not known."""
        found = self.words.get(word)
        if found == frozenset():
            return found
        stems = [self.stems[word[:end]] for end in range(_LEAST_STEM, len(word) + 1) if word[:end] in self.stems]
        return frozenset().union(found or (), *stems) if found or stems else None

    def spelt(self, word: str) -> str:
        """The words that were meant, where one is written in a hurry or with a letter wrong."""
        word = _REPEATED.sub(r"\1", word)
        if word in self.hurried:
            return self.hurried[word]
        if not word.isalpha() or word in self.kept or self.concepts(word) is not None:
            return word
        elided = self.joined.fullmatch(word)
        if elided and self.concepts(self.hurried.get(elided[2], elided[2])) is not None:
            return f"{elided[1]} {self.hurried.get(elided[2], elided[2])}"
        if len(word) < _LEAST_SPELT:
            return word
        near = [
            one for one in self.near.get(word[0], ()) if abs(len(one) - len(word)) <= _MOST_MORE and _is_near(word, one)
        ]
        meanings = {self.words[one] for one in near}
        # Two days that are near are two days.
        return near[0] if len(near) == 1 or (len(meanings) == 1 and all(meanings)) else word


def vocabulary(
    concepts: Mapping[str, str],
    plain: str,
    hurried: Mapping[str, str],
    idioms: Iterable[tuple[str, str]],
    joined: str,
    orders: str,
) -> Vocabulary:
    """Of words and stems (with a star) by concept, and of those that say nothing (``plain``)."""
    exact: dict[str, set[str]] = {}
    stems: dict[str, set[str]] = {}
    for concept, line in concepts.items():
        for word in line.split():
            (stems if word.endswith("*") else exact).setdefault(word.rstrip("*"), set()).add(concept)
    for word in plain.split():
        exact.setdefault(word, set())
    idioms = tuple(idioms)
    near: dict[str, list[str]] = {}
    for word in exact:
        if len(word) >= _LEAST_SPELT:
            near.setdefault(word[0], []).append(word)
    # Most words share their concepts with others: one set for all of them.
    one_of = {frozenset(found): frozenset(found) for found in (*exact.values(), *stems.values())}
    return Vocabulary(
        {word: one_of[frozenset(found)] for word, found in exact.items()},
        {stem: one_of[frozenset(found)] for stem, found in stems.items()},
        hurried,
        tuple((re.compile(rf"\b(?:{pattern})\b"), word) for pattern, word in idioms),
        re.compile(joined),
        re.compile(orders),
        {letter: tuple(words) for letter, words in near.items()},
        frozenset(word for pattern, _ in idioms for word in _LETTERS.findall(pattern)),
    )


def _is_near(word: str, meant: str) -> bool:
    """Whether one letter is too much, missing, another one, or two have changed places; double letters are none.

    An ending more or less is no mistake.
    """
    word, meant = _DOUBLE.sub(r"\1", word), _DOUBLE.sub(r"\1", meant)
    if word == meant:
        return True
    if abs(len(word) - len(meant)) > 1 or word.startswith(meant) or meant.startswith(word):
        return False
    start = next(place for place, (one, other) in enumerate(zip(word, meant, strict=False)) if one != other)
    here, there = word[start:], meant[start:]
    return (
        here[1:] == there
        or here == there[1:]
        or (here[1:] == there[1:] and len(here) > 1)
        or (here[:2] == there[:2][::-1] and here[2:] == there[2:])
    )
