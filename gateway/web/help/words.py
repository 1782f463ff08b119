"""What the pages of help say besides the guide itself."""

from __future__ import annotations

from gateway.words.table import WordTable

HELP_WORDS = WordTable(
    {
        "all_help": "All pages of help",
    }
)
