"""Where an XMPP address or a name may not be what it seems: letters of two alphabets, a name that nobody verified."""

from __future__ import annotations

from gateway.words.phrase import Phrase, joined

# One word of these is read with letters of both; whose alphabet has capitals may look like ours.
_TOGETHER = {"HIRAGANA": "CJK", "KATAKANA": "CJK", "HANGUL": "CJK", "BOPOMOFO": "CJK"}
_ALPHABETS = {
    "LATIN": Phrase("Latin"),
    "CYRILLIC": Phrase("Cyrillic"),
    "GREEK": Phrase("Greek"),
    "ARMENIAN": Phrase("Armenian"),
    "HEBREW": Phrase("Hebrew"),
    "ARABIC": Phrase("Arabic"),
    "CHEROKEE": Phrase("Cherokee"),
    "CJK": Phrase("Chinese"),
}
_OTHER = Phrase("another")
_UNVERIFIED = Phrase("{name} (name not verified)")
_MIXED = Phrase(
    "Beware: this address mixes alphabets ({names}). Letters of them look alike: it may not be the one that you"
    " think you read."
)


def look_alike(bare: str) -> Phrase | None:
    """What to say beside an address whose letters are of several alphabets; None when they are of one."""
    names = {_alphabet(c) for c in bare if c.isalpha()}
    if len(names) < 2:
        return None
    found = sorted((_ALPHABETS.get(name, _OTHER) for name in names), key=str)
    return _MIXED.filled(names=joined(", ", found))


def unverified(name: str) -> Phrase:
    """A name that somebody gives to itself, and that this is all there is to it."""
    return _UNVERIFIED.filled(name=name)


def _alphabet(letter: str) -> str:
    if letter.isascii():
        return "LATIN"
    import unicodedata  # noqa: PLC0415 (half a megabyte in memory for letters that hardly any address has)

    first = unicodedata.name(letter, "?").partition(" ")[0]
    return _TOGETHER.get(first, first)
