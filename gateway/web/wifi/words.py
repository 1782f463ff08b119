"""What the page at the gateway's own Wi-Fi says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.words.table import WordTable

if TYPE_CHECKING:
    from gateway.web.words import Words

_WORDS = WordTable(
    {
        "wifi": "The Wi-Fi of your home",
        "wifi_intro": "Your gateway has no network yet. Choose the Wi-Fi of your Internet box, then type its key.",
        "wifi_networks": "Networks within reach",
        "wifi_none": "No network was found from here. Type the name of your Wi-Fi.",
        "wifi_other": "Another name",
        "wifi_name": "Wi-Fi name",
        "wifi_key": "Wi-Fi key, as written on the Internet box",
        "wifi_no_key": "open, without a key",
        "wifi_not_this": "cannot be used: it does not accept a simple key (WPA2)",
        "wifi_signal": "signal {n}\u00a0%",
        "wifi_join": "Connect the gateway",
        "wifi_open_air": (
            "This setup network has no key: for these few minutes, somebody very near could read what you type. A"
            " cable between the Internet box and the gateway avoids that."
        ),
        "wifi_failed": "Could not connect to “{name}”:",
        "wifi_trying": "The gateway is trying to connect to “{name}”",
        "wifi_next_leaves": "In a few seconds the Wi-Fi “{own}” disappears: your phone leaves it by itself.",
        "wifi_next_back": "Put your phone back on “{name}”, wait one minute, then open:",
        "wifi_next_address": "the gateway’s page: its address is on the label, or ask whoever installed it",
        "wifi_next_failed": (
            "If it does not work, the Wi-Fi “{own}” comes back within three minutes: join it again, and this page"
            " says why."
        ),
    }
)


def words_of(lang: str) -> Words:
    """In that language."""
    words: Words = _WORDS[lang]
    return words
