"""A sentence for a person, not yet in a language: whoever prints it knows which one is spoken.

``Phrase("No answer from {place}")`` is its English; ``tools/words`` finds each in the source, and the catalogue has the
others. Phrases are filled, joined and made of phrases; ``str`` of one is English, for logs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.words.catalogue import ENGLISH, LANGUAGES, counted, translated
from gateway.words.language import answered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


class Phrase:
    """One sentence; equal to another that says the same in every language.

    Args:
        text: in English, with ``{places}`` to be ``filled``.
        context: tells it from another that has the same English, and is said otherwise in another language.
    """

    __slots__ = ("_context", "_text")

    def __init__(self, text: str, context: str | None = None) -> None:
        self._text, self._context = text, context

    def in_language(self, lang: str) -> str:
        """The sentence in a language, by its ``xml:lang``."""
        return translated(self._text, answered(lang), self._context)

    def in_every_language(self) -> dict[str, str]:
        """Language → the sentence in it."""
        return {lang: self.in_language(lang) for lang in LANGUAGES}

    def filled(self, **facts: object) -> Phrase:
        """The sentence with its ``{places}`` filled in, with a phrase in the language of each."""
        return made(lambda lang: self.in_language(lang).format(**_in(lang, facts)))

    def __add__(self, more: Phrase) -> Phrase:
        return made(lambda lang: self.in_language(lang) + more.in_language(lang))

    def __str__(self) -> str:
        return self.in_language(ENGLISH)

    def __repr__(self) -> str:
        return f"<Phrase {str(self)!r}>"

    def __bool__(self) -> bool:
        return bool(str(self))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Phrase) and all(self.in_language(one) == other.in_language(one) for one in LANGUAGES)

    def __hash__(self) -> int:
        return hash(str(self))


class _Made(Phrase):
    """One that is put together when its language is known."""

    __slots__ = ("_say",)

    def __init__(self, say: Callable[[str], str]) -> None:
        self._say = say

    def in_language(self, lang: str) -> str:
        return self._say(answered(lang))


def made(say: Callable[[str], str]) -> Phrase:
    """What ``say(language)`` says: a date, a number."""
    return _Made(say)


def same(text: str) -> Phrase:
    """What is written alike in all languages: a name, an address, another program's own words."""
    return made(lambda _: text)


NOTHING = same("")


def plural(one: str, several: str, count: int, **facts: object) -> Phrase:
    """That of two English sentences that goes with ``count``, their place ``{count}``; by the rule of each language."""
    facts = {"count": count} | facts
    return made(lambda lang: counted(one, several, count, lang).format(**_in(lang, facts)))


def joined(separator: str | Phrase, phrases: Iterable[Phrase]) -> Phrase:
    """Several, with a separator between them; what says nothing is left out."""
    between = separator if isinstance(separator, Phrase) else same(separator)
    several = [phrase for phrase in phrases if phrase]
    return made(lambda lang: between.in_language(lang).join(phrase.in_language(lang) for phrase in several))


def written(texts: Mapping[str, str]) -> Phrase:
    """What is in some languages already, language -> text: of another program, or of a file; else its English."""
    return made(lambda lang: texts.get(lang) or texts.get(ENGLISH) or next(iter(texts.values()), ""))


def as_members(name: str, phrase: Phrase) -> dict[str, str]:
    """A phrase in an object of JSON: ``{name: English, name_fr: French}``, a member for each language."""
    return {name: str(phrase)} | {f"{name}_{lang}": phrase.in_language(lang) for lang in LANGUAGES if lang != ENGLISH}


def of_members(name: str, members: Mapping[str, Any]) -> Phrase:
    """The phrase that ``as_members`` wrote; in a language that is not there it is the English."""
    return written({ENGLISH: members[name]} | {lang: members.get(f"{name}_{lang}", "") for lang in LANGUAGES[:-1]})


def _in(lang: str, facts: Mapping[str, object]) -> dict[str, object]:
    return {name: fact.in_language(lang) if isinstance(fact, Phrase) else fact for name, fact in facts.items()}
