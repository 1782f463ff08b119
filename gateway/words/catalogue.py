"""The translations, as gettext has them: ``<language>/LC_MESSAGES/gateway.mo`` beside this file, read when needed.

English is what stands in the source. Any other language is a folder; ``tools/words`` keeps it in step with the source.
"""

from __future__ import annotations

from functools import cache, lru_cache
from gettext import NullTranslations
from pathlib import Path
from typing import TYPE_CHECKING, Literal

ENGLISH, FRENCH = "en", "fr"
# Of who names no language, or one that is not here: that of the meters.
DEFAULT = FRENCH

_FOLDER = Path(__file__).parent
_FILE = "LC_MESSAGES/gateway.mo"

LANGUAGES = (*sorted(file.parents[1].name for file in _FOLDER.glob(f"*/{_FILE}")), ENGLISH)
# Texts whose translation is remembered: those of the pages, again and again.
_REMEMBERED = 1024

if TYPE_CHECKING:
    from gateway.words.compiled import CompiledCatalogue

    Language = str
else:
    # One of ``LANGUAGES``, for whatever checks what was written.
    Language = Literal[LANGUAGES]


@lru_cache(_REMEMBERED)
def translated(text: str, lang: str, context: str | None = None) -> str:
    """An English text in ``lang``, one of ``LANGUAGES``; ``context`` tells two apart that English says alike."""
    if not text:
        return text
    return catalogue(lang).pgettext(context, text) if context else catalogue(lang).gettext(text)


def counted(one: str, several: str, count: int, lang: str) -> str:
    """That of the two English texts that goes with ``count``, in ``lang``, by the rule of that language."""
    return catalogue(lang).ngettext(one, several, count)


@cache
def catalogue(lang: str) -> CompiledCatalogue | NullTranslations:
    """The translations of ``lang``; of English there are none."""
    if lang == ENGLISH:
        return NullTranslations()
    # Here and not above: a gateway that nobody looks at speaks to its log, in English.
    from gateway.words.compiled import CompiledCatalogue  # noqa: PLC0415

    return CompiledCatalogue((_FOLDER / lang / _FILE).read_bytes())
