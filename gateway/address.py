"""An XMPP address as a person writes it (RFC 7622): why it can never be one, and what is to be seen in it.

What no server would ever write so is refused, and the sentence says what to write: such an address would be stored and
never be met. What is possible, and yet not what it seems, is marked.
"""

from __future__ import annotations

import re
import unicodedata

from gateway.language import Phrase

# RFC 7622 §3.3.1, and a space: what stands in no localpart; a domain has no port and no brackets here.
_SHAPE = re.compile(r"[^@/\s\"&':<>]+@[^@/\s\"&':<>]+")
_LONGEST_LABEL = 63
# RFC 5890 §2.3.1: of ASCII a host's name has letters, digits and hyphens, and of these none at an end.
_ODD = re.compile(r"[!-,/:-@\[-^`{-~]|(?:^|\.)-|-(?:\.|$)")

_EXAMPLE = Phrase("écrivez une adresse telle que coop@example.org", "write an address such as coop@example.org")
_INVISIBLE = Phrase("un caractère ne s’y voit pas ; retapez-la", "one character of it cannot be seen; type it anew")
_LAST_DOT = Phrase(
    "le domaine ne finit pas par un point ; enlevez-le", "a domain does not end with a dot; leave it out"
)
_EMPTY = Phrase("il manque un mot avant un point du domaine", "a word is missing before a dot of the domain")
_LONG = Phrase(
    f"un mot du domaine a plus de {_LONGEST_LABEL} lettres",
    f"a word of the domain has more than {_LONGEST_LABEL} letters",
)
_NO_HOST = Phrase(
    "un domaine n’a que des lettres, des chiffres, des points, et des traits d’union à l’intérieur d’un mot",
    "a domain has only letters, digits, dots, and hyphens inside a word",
)
_PLAIN = Phrase("écrivez-la en lettres ordinaires : {plain}", "write it in ordinary letters: {plain}")

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


def fault(bare: str) -> Phrase | None:
    """Why a bare address can never be met, and what to write; None when it can."""
    if not _SHAPE.fullmatch(bare):
        return _EXAMPLE
    if not bare.isprintable():
        return _INVISIBLE
    written = unicodedata.normalize("NFC", bare)
    # As every server folds it, ß and ς too.
    plain = unicodedata.normalize("NFKC", written.casefold())
    return _PLAIN.filled(plain=plain) if plain != written else _fault_of_domain(bare.partition("@")[2])


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


def _fault_of_domain(domain: str) -> Phrase | None:
    labels = domain.split(".")
    if domain.endswith("."):
        return _LAST_DOT
    if not all(labels):
        return _EMPTY
    if _ODD.search(domain):
        return _NO_HOST
    return _LONG if max(map(len, labels)) > _LONGEST_LABEL else None


def _alphabet(letter: str) -> str:
    first = unicodedata.name(letter, "?").partition(" ")[0]
    return _TOGETHER.get(first, first)
