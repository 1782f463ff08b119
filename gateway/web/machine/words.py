"""What the pages *meters*, *keeping* and *restart* say, in French and in English."""

from __future__ import annotations

from gateway.web.settings.form import FORM_WORDS
from gateway.words.phrase import Phrase
from gateway.words.table import WordTable

_OWN = WordTable(
    {
        "meters_here": "Meters and ports",
        "meters_intro": "Where the gateway hears each meter. What was measured stays when the port changes.",
        "meter_named": "Meter “{name}”",
        "meter_ok": "This meter is heard.",
        "meter_waiting": "Nothing has come from this meter yet.",
        "meter_broken": "This meter is not heard.",
        "meter_port": Phrase("Port", "of a meter"),
        "port_now": "{port} (now)",
        "port_made_for_it": "{port} – made for this meter",
        "port_none": "No other port is there. Plug the adapter in, then open this page again.",
        "meter_mode": "How the meter speaks",
        "mode_auto": "find out by itself",
        "mode_historic": Phrase("historic mode", "of the meter"),
        "mode_standard": Phrase("standard mode", "of the meter"),
        "meter_save": "Read it there",
        "meter_saved": "Saved: the gateway listens there now.",
        "meter_later": "Saved: from the next restart on this meter is read at {port}.",
        "meter_restart": "Restart the gateway",
        "wrong_port_here": "Choose a port of the list.",
        "keeping": "How long it is kept",
        "save": "Save",
        "keeping_intro": (
            "Days, half hours and quarter hours stay until you erase them. What is finer takes room on the card and"
            " tells more of your life."
        ),
        "keep_raw_hours": "Values of each second",
        "keep_minute_days": "Minutes",
        "keep_outbox_days": "What waits for a recipient that does not answer",
        "keep_received_days": "What you receive from others",
        "keep_hours": "{n} hours",
        "keep_days": "{n} days",
        "keep_years": "{n} years",
        "keep_year": "1 year",
        "keeping_shorter": "What is older than you choose goes for good, within the hour.",
        "keeping_why": "It is asked for once more, as what is older than that cannot be brought back.",
        "keeping_saved": "Saved: it counts from now on.",
        "wrong_span": "Choose one of the list.",
        "restart": Phrase("Restart", "noun"),
        "restart_intro": (
            "Meanwhile the meter is not read; its indexes go on, and the totals are right again afterwards."
        ),
        "restart_which": "What is to be done",
        "restart_gateway": "Start the gateway anew (some seconds)",
        "restart_reboot": "Start the whole machine anew (a minute or two)",
        "restart_shut-down": "Switch the machine off, to pull its plug",
        "restart_do": "Do it",
        "restart_why": "It is asked for once more, as nothing is read until the gateway runs again.",
        "restart_missing": "Choose what is to be done.",
        "restarting_gateway": "The gateway starts anew. Open this page again in some seconds, and sign in.",
        "restarting_reboot": "The machine starts anew. Open this page again in two minutes, and sign in.",
        "restarting_shut-down": (
            "The machine switches itself off. Wait until its lamp blinks no more, then pull the plug; when it is"
            " plugged in again it starts by itself."
        ),
    }
)
MACHINE_WORDS = _OWN.with_those_of(FORM_WORDS)
