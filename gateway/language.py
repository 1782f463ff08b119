"""French and English: a sentence in both, and the one rule that says which of the two a command speaks.

The rule, for every command and every tool: what ``--lang`` says; else what the environment says, that is the first of
LC_ALL, LC_MESSAGES and LANG that is set and not empty (locale(7)): French where it names French, English where it names
any other language. Where it names none (nothing is set, ``C``, ``POSIX``, ``C.UTF-8``) the household's own,
``language`` of ``[household]`` in the configuration; and French where that says nothing either, as the meters are.
``gateway.commands.speech`` asks all three for a command; ``tools/lib/setup/words.sh`` has the same rule for the shell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

FRENCH, ENGLISH = "fr", "en"
LANGUAGES = (FRENCH, ENGLISH)

_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
# Locales of no language (POSIX, "Locale").
_NO_LANGUAGE = ("C", "POSIX")


@dataclass(frozen=True, slots=True)
class Phrase:
    """One sentence for a person, in the two languages of this program; ``str`` of it is for logs, which are English."""

    fr: str
    en: str

    def __str__(self) -> str:
        return self.en

    def __bool__(self) -> bool:
        return bool(self.en)

    def __add__(self, more: Phrase) -> Phrase:
        return Phrase(self.fr + more.fr, self.en + more.en)

    def in_language(self, lang: str) -> str:
        """The sentence in ``lang``: English when English is asked for, else French."""
        return self.en if is_english(lang) else self.fr

    def filled(self, **facts: object) -> Phrase:
        """The sentence with its ``{places}`` filled in, with a phrase in the language of each."""
        return Phrase(self.fr.format(**_in(FRENCH, facts)), self.en.format(**_in(ENGLISH, facts)))


NOTHING = Phrase("", "")


def same(text: str) -> Phrase:
    """What is written alike in both: a name, an address, another program's own words."""
    return Phrase(text, text)


def joined(separator: str, phrases: Iterable[Phrase]) -> Phrase:
    """Several, with the same between them in both languages; what says nothing is left out."""
    said = [phrase for phrase in phrases if phrase]
    return Phrase(separator.join(one.fr for one in said), separator.join(one.en for one in said))


def is_english(lang: str) -> bool:
    """Whether an ``xml:lang`` asks for English; anything else, or nothing, is answered in French."""
    return lang.lower().split("-")[0] == ENGLISH


def answered(lang: str) -> str:
    """The language in which an ``xml:lang`` is answered, as one is written."""
    return ENGLISH if is_english(lang) else FRENCH


def chosen(
    asked: str | None, environment: Mapping[str, str], household: Callable[[], str | None] = lambda: None
) -> str:
    """The language that is spoken, by the rule above; the household's is only looked up where nothing else decides."""
    return asked or of_environment(environment) or household() or FRENCH


def of_environment(environment: Mapping[str, str]) -> str | None:
    """The language that the environment names; None where it names none."""
    locale = next((value for name in _VARIABLES if (value := environment.get(name))), _NO_LANGUAGE[0])
    language = locale.partition(".")[0].partition("@")[0].partition("_")[0]
    if language in _NO_LANGUAGE:
        return None
    return FRENCH if language.lower() in {"fr", "french"} else ENGLISH


def _in(lang: str, facts: Mapping[str, object]) -> dict[str, object]:
    return {name: fact.in_language(lang) if isinstance(fact, Phrase) else fact for name, fact in facts.items()}
