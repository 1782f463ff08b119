"""What pages say, in French and English: few words, those of a household."""

from __future__ import annotations

from gateway.words.numbers import grouped
from gateway.words.phrase import Phrase
from gateway.words.table import WordTable

WORDS = WordTable({
        "link": "No connection", "gateway": "No gateway", "meter": "Meter silent", "silence": "Nothing new",
        "waiting": "Waiting", "stopped": "Stopped",
        "version": "Other version", "overload": "OVERLOAD!", "breaker": "Breaker open",
        "power": "Power", "base": "Base", "off-peak": "Off-peak", "peak": "Peak", "normal": "Normal hours",
        "mobile-peak": "Mobile peak", "unknown": "?",
        "blue": "Blue", "white": "White", "red": "Red", "of": "of", "colon": ": ",
        "to the grid": "to the grid", "ago": "{} ago",
        "today": Phrase("Today", "today"), "yesterday": "yesterday", "day": "today", "tomorrow": "Tomorrow",
        "produced": "Production", "injected": "Injected", "used here": "used here",
        "at least": "at least", "unread": "its counter does not answer", "too-little": "counted less than injected",
        "tariff": "Tariff", "until": "{} until", "then from": "then from {}", "off-peak from": "off-peak from {}",
        "then off-peak": "then off-peak", "cost today": "{} today",
        "off-peak at": Phrase("Off-peak at {}", "short"), "off-peak until": Phrase("Off-peak until {}", "short"),
        "counter": "Solar counter", "links": "Links", "broken": "Not working:",
        "all well": "All is well", "alert": "An alert waits", "shutdown": "Shutdown", "keep down": "keep it down",
        "stopping": "goodbye", "let go": "let go: address of the page",
        "welcome": "Page of the house", "asking": "one moment…", "no answer": "no answer",
        "no page": "page not switched on", "own password": "with your password",
        "port": "Port", "house meter": "Meter", "decode": Phrase("Decoding", "decode"),
        "clock": "Clock", "store": Phrase("Storage", "store"),
        "disk": "Card is full", "backup": "Backup", "cell": "Program",
        "xmpp": "XMPP server", "recipient": "Recipient", "household": "Messages",
    })  # fmt: skip


def number(value: int, language: str, unit: str = "") -> str:
    """A number as people write it: 3 450 or 3,450."""
    text = f"{value:,}"
    # A narrow space; pages have no room for a wide one.
    return grouped(text, language) + (f" {unit}" if unit else "")


def kilo(value: int, language: str) -> str:
    """A number in thousands: 9,1 or 9.1; no tenths where there are none, or from a hundred on."""
    tenths = (value + 50) // 100
    if tenths >= 1000 or value % 1000 == 0:
        return str((value + 500) // 1000)
    return grouped(f"{tenths // 10}.{tenths % 10}", language)


def age(seconds: float) -> str:
    """How long it has been, in the unit that says it best."""
    whole = int(seconds)
    if whole < 120:
        return f"{whole} s"
    return f"{whole // 60} min" if whole < 7200 else f"{whole // 3600} h"
