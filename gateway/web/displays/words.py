"""What the page *displays* says, in French and in English."""

from __future__ import annotations

from gateway.web.settings.form import FORM_WORDS
from gateway.words.phrase import Phrase
from gateway.words.table import WordTable

DISPLAYS_WORDS = WordTable(
    {
        "mqtt_displays": "Displays and Home Assistant",
        "mqtt_displays_intro": (
            "Who may read, at the broker of the house, what the meters say now. Each has a password of its own, and can"
            " change nothing."
        ),
        "no_mqtt_displays": "Nobody so far.",
        "let_in": "Let in",
        "let_out": "Let in no more",
        "let_out_title": "Let it in no more?",
        "let_out_means": "It gets nothing any more, at once. To come back it needs a new password.",
        "let_out_of": "Let {name} in no more",
        "display_name": "Name, in small letters, such as kitchen",
        "is_home_assistant": "It is Home Assistant",
        "wrong_display_name": "Write a name of 1 to 32 small letters, digits and hyphens.",
        "back_to_displays": "Back to the displays",
        "display_once": (
            "This is what {name} needs. Note it down: the password is kept nowhere, and this page does not come back."
        ),
        "display_works": "The broker lets it in already.",
        "display_waits": (
            "The broker does not let it in yet; that takes up to a minute. If it lasts, restart the gateway’s machine"
            " under Settings."
        ),
        "display_proposed": Phrase("kitchen", "the name that is proposed for a display"),
        "display_host": "Host",
        "display_port": "Port (TLS)",
        "display_user": "User",
        "display_password": "Password",
        "display_authority": "The authority by which this broker is believed",
        "display_file": "The file display.json",
        "display_python": "A display in Python, ready to run",
        "display_micropython": "A display in MicroPython, ready to run",
    }
).with_those_of(FORM_WORDS)
