"""What the page *displays* says, in French and in English."""

from __future__ import annotations

from gateway.web.settings.form import FORM_WORDS
from gateway.words.phrase import Phrase
from gateway.words.table import WordTable

DISPLAYS_WORDS = WordTable(
    {
        "mqtt_displays": "Displays and Home Assistant",
        "mqtt_displays_intro": (
            "Who may read live meter values on the MQTT broker of the house. Each has its own password and cannot"
            " change anything."
        ),
        "no_mqtt_displays": "Nobody yet.",
        "let_in": "Add",
        "let_out": "Remove access",
        "let_out_title": "Remove its access?",
        "let_out_means": "It stops receiving anything immediately. To come back, it needs a new password.",
        "let_out_of": "Remove access for {name}",
        "display_name": "Name, in lower case, for example kitchen",
        "is_home_assistant": "It is Home Assistant",
        "wrong_display_name": "Enter a name of 1 to 32 lower-case letters, digits and hyphens.",
        "back_to_displays": "Back to the displays",
        "display_once": (
            "This is what {name} needs. Write it down: the password is not stored anywhere, and this page will not"
            " come back."
        ),
        "display_works": "The broker already accepts it.",
        "display_waits": (
            "The broker does not accept it yet; this can take up to a minute. If it continues, restart the whole"
            " device under Settings."
        ),
        "display_proposed": Phrase("kitchen", "the name that is proposed for a display"),
        "display_host": "Host",
        "display_port": "Port (TLS)",
        "display_user": "User",
        "display_password": "Password",
        "display_authority": "The certificate that proves this is the right broker",
        "display_file": "The file display.json",
        "display_python": "A display in Python, ready to run",
        "display_micropython": "A display in MicroPython, ready to run",
    }
).with_those_of(FORM_WORDS)
