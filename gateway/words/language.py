"""The one rule that says which language is spoken.

The rule, for every command and every tool: what ``--lang`` says; else what the environment says, that is the first of
LC_ALL, LC_MESSAGES and LANG that is set and not empty (locale(7)): the language that it names, English where
there is no catalogue of that one. Where it names none (nothing is set, ``C``, ``POSIX``, ``C.UTF-8``) the household's
own, ``language`` of ``[household]`` in the configuration; and French where that says nothing either, as the meters are.
``gateway.commands.options`` asks all three for a command; ``tools/lib/setup/words.sh`` has the same rule for the shell.
"""

from __future__ import annotations

import locale
from typing import TYPE_CHECKING

from gateway.words.catalogue import DEFAULT, ENGLISH, LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
# Locales of no language (POSIX, "Locale").
_NO_LANGUAGE = ("C", "POSIX")


def answered(tag: str) -> str:
    """The language in which an ``xml:lang`` is answered: its own where there is a catalogue of it, else the default."""
    lang = tag.lower().split("-")[0]
    return lang if lang in LANGUAGES else DEFAULT


def chosen(
    asked: str | None, environment: Mapping[str, str], household: Callable[[], str | None] = lambda: None
) -> str:
    """The language that is spoken, by the rule above; the household's is only looked up where nothing else decides."""
    return asked or of_environment(environment) or household() or DEFAULT


def of_environment(environment: Mapping[str, str]) -> str | None:
    """The language that the environment names; None where it names none."""
    named = next((value for name in _VARIABLES if (value := environment.get(name))), _NO_LANGUAGE[0])
    if _language(named) in _NO_LANGUAGE:
        return None
    # "french" is a locale's name as well (locale.alias).
    language = _language(locale.normalize(named))
    return language if language in LANGUAGES else ENGLISH


def _language(name: str) -> str:
    return name.partition(".")[0].partition("@")[0].partition("_")[0]
