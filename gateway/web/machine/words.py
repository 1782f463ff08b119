"""What the pages *meters*, *keeping* and *restart* say, in French and in English."""

from __future__ import annotations

from gateway.web.settings.form import FORM_WORDS
from gateway.words.phrase import Phrase
from gateway.words.table import WordTable

_OWN = WordTable(
    {
        "meters_here": "Meters and ports",
        "meters_intro": "How the gateway reads each meter. Changing the port erases no readings.",
        "meter_named": "Meter “{name}”",
        "meter_ok": "This meter is being read.",
        "meter_waiting": "Nothing has come from this meter yet.",
        "meter_broken": "This meter is not being read.",
        "meter_port": Phrase("Port", "of a meter"),
        "port_now": "{port} (now)",
        "port_made_for_it": "{port} – made for this meter",
        "port_none": "No other port found. Plug the adapter in, then open this page again.",
        "meter_mode": "Meter mode",
        "mode_auto": "detect automatically",
        "mode_historic": Phrase("historic mode", "of the meter"),
        "mode_standard": Phrase("standard mode", "of the meter"),
        "meter_save": "Use this port",
        "meter_saved": "Saved: the meter is now read on this port.",
        "meter_later": "Saved: from the next restart on, this meter is read on {port}.",
        "meter_restart": "Restart the gateway",
        "wrong_port_here": "Choose a port from the list.",
        "keeping": "How long data are kept",
        "save": "Save",
        "keeping_intro": (
            "Days, half hours and quarter hours are kept until you erase them. Finer detail takes up space on the"
            " card and says more about your life."
        ),
        "keep_raw_hours": "Values every second",
        "keep_minute_days": "Minutes",
        "keep_outbox_days": "What is waiting for a recipient that does not respond",
        "keep_received_days": "What you receive from others",
        "keeping_shorter": "Anything older than you choose is deleted for good within the hour.",
        "keeping_why": "Your password is asked for again because anything older is lost for good.",
        "keeping_saved": "Saved: it takes effect now.",
        "wrong_span": "Choose from the list.",
        "restart": Phrase("Restart", "noun"),
        "restart_intro": (
            "Meanwhile the meter is not read; its indexes keep counting, and the totals are right afterwards."
        ),
        "restart_which": "Action",
        "restart_gateway": "Restart the gateway (a few seconds)",
        "restart_reboot": "Restart the whole device (a minute or two)",
        "restart_shut-down": "Shut the device down, to unplug it",
        "restart_do": "Confirm",
        "restart_why": "Your password is asked for again because nothing is read until the gateway has restarted.",
        "restart_missing": "Choose an action.",
        "restarting_gateway": "The gateway is restarting. Open this page again in a few seconds and sign in.",
        "restarting_reboot": "The device is restarting. Open this page again in two minutes and sign in.",
        "restarting_shut-down": (
            "The device is shutting down. Wait until its light stops blinking, then unplug it; when plugged in again,"
            " it starts by itself."
        ),
    }
)
MACHINE_WORDS = _OWN.with_those_of(FORM_WORDS)
