"""Where an XMPP address or a name may not be what it seems: letters of two alphabets, a name that nobody verified."""

from __future__ import annotations

import unicodedata

from gateway.language import Phrase

# One word of these is read with letters of both; whose alphabet has capitals may look like ours.
_TOGETHER = {"HIRAGANA": "CJK", "KATAKANA": "CJK", "HANGUL": "CJK", "BOPOMOFO": "CJK"}
_ALPHABETS = {
    "LATIN": Phrase("latin", "Latin"),
    "CYRILLIC": Phrase("cyrillique", "Cyrillic"),
    "GREEK": Phrase("grec", "Greek"),
    "ARMENIAN": Phrase("arménien", "Armenian"),
    "HEBREW": Phrase("hébreu", "Hebrew"),
    "ARABIC": Phrase("arabe", "Arabic"),
    "CHEROKEE": Phrase("cherokee", "Cherokee"),
    "CJK": Phrase("chinois", "Chinese"),
}
_OTHER = Phrase("autre", "another")
_UNVERIFIED = Phrase("{name} (nom non vérifié)", "{name} (name not verified)")
_MIXED = Phrase(
    "Attention : cette adresse mêle des alphabets ({names}). Des lettres s’y ressemblent : elle n’est peut-être pas"
    " celle que vous croyez lire.",
    "Beware: this address mixes alphabets ({names}). Letters of them look alike: it may not be the one that you"
    " think you read.",
)


def look_alike(bare: str) -> Phrase | None:
    """What to say beside an address whose letters are of several alphabets; None when they are of one."""
    names = {_alphabet(c) for c in bare if c.isalpha()}
    if len(names) < 2:
        return None
    found = sorted((_ALPHABETS.get(name, _OTHER) for name in names), key=str)
    return _MIXED.filled(names=Phrase(", ".join(p.fr for p in found), ", ".join(p.en for p in found)))


def unverified(name: str) -> Phrase:
    """A name that somebody gives to itself, and that this is all there is to it."""
    return _UNVERIFIED.filled(name=name)


def _alphabet(letter: str) -> str:
    first = unicodedata.name(letter, "?").partition(" ")[0]
    return _TOGETHER.get(first, first)
