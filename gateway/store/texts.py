"""The very words that the household read before it consented, by their SHA-256."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.store.terms import ShownText
from gateway.store.transactions import Transactions, translated


@dataclass(eq=False)
class Texts:
    """The texts that consents name (``shown_text``)."""

    _db: Transactions

    @translated
    def keep(self, text: ShownText) -> None:
        """Keep the words of a text that a consent is about to name; committed at once."""
        self._db.execute("INSERT OR IGNORE INTO shown_text VALUES (?, ?, ?)", [text.hash, text.lang, text.words])

    @translated
    def all(self) -> list[ShownText]:
        """Every text that a consent was given on."""
        return [ShownText(*row) for row in self._db.execute("SELECT hash, lang, words FROM shown_text ORDER BY hash")]
