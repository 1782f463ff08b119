"""The words of the terminal's picture, by language."""

from __future__ import annotations

from gateway.words.phrase import Phrase
from gateway.words.table import WordTable

WORDS = WordTable(
    {
        "end": "Ctrl-C to end",
        "lost": "the gateway does not answer any more",
        "alerts": "Alerts",
        "links": "Links",
        "cost": "Cost",
        "cost_today": "{} today",
        "off_peak_at": "off-peak from {}",
        "until": "until {}",
        "then_from": "then from {}",
        "curve": "{minutes} min, up to {power}",
        "more": Phrase("… {} more lines: make the window higher", "terminal"),
        "tariff": "Tariff",
        "tempo": "Tempo",
        "injection": "Injection",
        "phases": "Measured",
        "today": "Today",
        "tomorrow": "tomorrow",
        "yesterday": "Yesterday",
        "frame": "Frame",
        "nothing": "nothing has been heard yet",
        "never": Phrase("none", "never"),
        "ago": "{} ago",
        "percent": " %",
        "stale": "old value",
        "overload": "OVERLOAD",
        "open": "CUT OFF",
        "modes": {"standard": "standard mode", "historic": "historic mode"},
        "kinds": {
            "base": "base",
            "off-peak": "off-peak",
            "peak": "peak",
            "normal": "normal hours",
            "mobile-peak": "mobile peak",
        },
        "colours": {"blue": "blue", "white": "white", "red": "red", "unknown": "not known yet"},
        "energies": {
            "drawn_today_wh": "drawn",
            "injected_today_wh": "injected",
            "produced_today_wh": "produced",
            "self_consumed_today_wh": "self-consumed",
        },
        "at_least": "at least {}",
        "doubts": {
            "unread": "production unknown: its counter does not answer",
            "too-little": "production unknown: its counter counts less than what is sent to the grid",
        },
    }
)
