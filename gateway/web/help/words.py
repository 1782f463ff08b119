"""What the pages of help say besides the guide itself."""

from __future__ import annotations

from gateway.words.phrase import Phrase
from gateway.words.table import WordTable

HELP_WORDS = WordTable(
    {
        "help": Phrase("Help", "menu"),
        "for_help": "Connecting, reading, sharing; questions by symptom; the words",
        "all_help": "All pages of help",
    }
)
