"""What can go wrong on the way to a board, each said in French and in English: where, what, and what to do."""

from __future__ import annotations

# Key -> (French, English). Both take the same names.
SENTENCES = {
    "compile": (
        "{path} ne se compile pas : {said}",
        "{path} does not compile: {said}",
    ),
}


class FlashError(Exception):
    """Something a person has to know; ``say(language)`` is the sentence."""

    def __init__(self, key: str, **values: object) -> None:
        self.key, self.values = key, values
        super().__init__(self.say("en"))

    def say(self, language: str) -> str:
        """The sentence in French ("fr") or English."""
        return SENTENCES[self.key][0 if language == "fr" else 1].format(**self.values)
