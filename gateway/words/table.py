"""A table of words: what is said of each of several things, written in English, read in any language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gateway.words.catalogue import LANGUAGES, translated
from gateway.words.language import answered
from gateway.words.phrase import Phrase


class WordTable(Mapping[str, Any]):
    """Language → what was written in English, a text or a dictionary or tuple of texts, in that language.

    A text that English says like another one is a ``Phrase`` with its context.
    """

    def __init__(self, english: Any) -> None:  # noqa: ANN401 (any shape)
        self._english = english
        self._read: dict[str, Any] = {}

    def __getitem__(self, lang: str) -> Any:  # noqa: ANN401 (the shape that it was made of)
        lang = answered(lang)
        if lang not in self._read:
            self._read[lang] = _in(self._english, lang)
        return self._read[lang]

    def with_those_of(self, other: WordTable, keys: Iterable[str] | None = None) -> WordTable:
        """A table of dictionaries: these words, and of another table those of the keys, or all, that are not here."""
        theirs = other._english if keys is None else {key: other._english[key] for key in keys}
        return WordTable(theirs | self._english)

    def __contains__(self, lang: object) -> bool:
        return lang in LANGUAGES

    def __iter__(self) -> Iterator[str]:
        return iter(LANGUAGES)

    def __len__(self) -> int:
        return len(LANGUAGES)


def _in(value: Any, lang: str) -> Any:  # noqa: ANN401 (any shape)
    if isinstance(value, str):
        return translated(value, lang)
    if isinstance(value, Phrase):
        return value.in_language(lang)
    if isinstance(value, tuple):
        return tuple(_in(one, lang) for one in value)
    return {key: _in(one, lang) for key, one in value.items()}
