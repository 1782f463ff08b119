"""A compiled catalogue as it lies in its file, against ``gettext``, which reads the same one whole."""

from gettext import GNUTranslations
from pathlib import Path

import pytest

from gateway.words.catalogue import ENGLISH, LANGUAGES, catalogue
from gateway.words.compiled import CompiledCatalogue

FOLDER = Path(__file__).parents[3] / "gateway/words"
OTHERS = [lang for lang in LANGUAGES if lang != ENGLISH]


def opened(lang):
    """The file of a language."""
    return (FOLDER / lang / "LC_MESSAGES/gateway.mo").open("rb")


@pytest.mark.parametrize("lang", OTHERS)
def test_every_text_is_translated_as_gettext_has_it(lang):
    """Also those that a context tells apart; a text that nobody knows is itself."""
    with opened(lang) as file:
        whole = GNUTranslations(file)
    ours, count = catalogue(lang), 0
    for text, translation in whole._catalog.items():
        if not text or isinstance(text, tuple):
            continue
        context, of, rest = text.partition("\x04")
        assert (ours.pgettext(context, rest) if of else ours.gettext(text)) == translation
        count += 1
    assert count > 2000
    assert (ours.gettext("nobody says that"), ours.pgettext("title", "nor that")) == ("nobody says that", "nor that")


@pytest.mark.parametrize("lang", OTHERS)
def test_the_form_that_goes_with_a_count_is_that_of_gettext(lang):
    """By the rule that stands in the file; of what is not in it by that of English."""
    with opened(lang) as file:
        data = file.read()
        file.seek(0)
        whole = GNUTranslations(file)
    (pairs, ours) = (set(), CompiledCatalogue(data))
    singles = {text for text, form in (key for key in whole._catalog if isinstance(key, tuple)) if form == 0}
    for single in singles:
        begin = data.index(b"\0" + single.encode() + b"\0") + 1
        one, several, *_ = data[begin : begin + 4000].decode(errors="ignore").split("\0")
        pairs.add((one, several))
    assert {one for one, _ in pairs} == singles
    for one, several in [*pairs, ("{count} nobody", "{count} nobodies")]:
        for count in (0, 1, 2, 5, 100):
            assert ours.ngettext(one, several, count) == whole.ngettext(one, several, count), (one, count)


def test_another_file_is_none():
    """It is said so, not guessed at."""
    with pytest.raises(ValueError, match="no compiled catalogue"):
        CompiledCatalogue(b"#!/bin/sh\n" * 10)
