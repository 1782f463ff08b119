"""What the page *series* says, in French and in English."""

from __future__ import annotations

from gateway.words.phrase import Phrase
from gateway.words.table import WordTable

SERIES_WORDS = WordTable(
    {
        "series": "Your series",
        "series_intro": (
            "Each series has a name. Whoever asks for your readings (a co-operative, a town) needs the gateway’s"
            " address or these names: give them these. A name gives no access; you say yes or no on the “Sharing”"
            " page."
        ),
        "table_meter": "Meter {name}",
        "identifier": "To give to the recipient",
        "sensor": "Id in names",
        "no_identifier": "nothing can be sent: there is no sharing account yet; set one up under “Settings”",
        "no_series": "No series yet: the meter has sent nothing.",
        "path": "Series",
        "meaning": "What it is",
        "unit": "Unit",
        "granularities": Phrase("Levels of detail", "page"),
        "text_unit": "text",
        "raw": "as the meter sends it",
        "PT1M": "minute",
        "PT15M": "quarter hour",
        "PT30M": "half hour",
        "P1D": "day",
        "back_to_settings": "Back to settings",
    }
)
