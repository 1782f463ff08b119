"""Whether an XMPP address, as a person writes it, can be one (RFC 7622): the sentence says what to write instead.

What no server would ever write so is refused: such an address would be stored and never be met.
"""

from __future__ import annotations

import re

from gateway.words.phrase import Phrase

# RFC 7622 §3.3.1, and a space: what stands in no localpart; a domain has no port and no brackets here.
_SHAPE = re.compile(r"[^@/\s\"&':<>]+@[^@/\s\"&':<>]+")
_LONGEST_LABEL = 63
# RFC 5890 §2.3.1: of ASCII a host's name has letters, digits and hyphens, and of these none at an end.
_ODD = re.compile(r"[!-,/:-@\[-^`{-~]|(?:^|\.)-|-(?:\.|$)")

_EXAMPLE = Phrase("write an address such as coop@example.org")
_INVISIBLE = Phrase("one character of it cannot be seen; type it anew")
_LAST_DOT = Phrase("a domain does not end with a dot; leave it out")
_EMPTY = Phrase("a word is missing before a dot of the domain")
_LONG = Phrase("a word of the domain has more than {longest_label} letters").filled(longest_label=_LONGEST_LABEL)
_NO_HOST = Phrase("a domain has only letters, digits, dots, and hyphens inside a word")
_PLAIN = Phrase("write it in ordinary letters: {plain}")


def fault(bare: str) -> Phrase | None:
    """Why a bare address can never be met, and what to write; None when it can."""
    if not _SHAPE.fullmatch(bare):
        return _EXAMPLE
    if not bare.isprintable():
        return _INVISIBLE
    written, plain = _normalized(bare)
    return _PLAIN.filled(plain=plain) if plain != written else _fault_of_domain(bare.partition("@")[2])


def _normalized(bare: str) -> tuple[str, str]:
    """The address as it is written, and as every server folds it, ß and ς too."""
    if bare.isascii():
        return bare, bare.casefold()
    import unicodedata  # noqa: PLC0415 (half a megabyte in memory for letters that hardly any address has)

    written = unicodedata.normalize("NFC", bare)
    return written, unicodedata.normalize("NFKC", written.casefold())


def _fault_of_domain(domain: str) -> Phrase | None:
    labels = domain.split(".")
    if domain.endswith("."):
        return _LAST_DOT
    if not all(labels):
        return _EMPTY
    if _ODD.search(domain):
        return _NO_HOST
    return _LONG if max(map(len, labels)) > _LONGEST_LABEL else None
