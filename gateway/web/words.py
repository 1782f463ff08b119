"""What the page says, in French and in English; numbers and dates are written by the browser in the same language."""

from __future__ import annotations

from gateway.words.catalogue import DEFAULT, LANGUAGES
from gateway.words.phrase import Phrase
from gateway.words.table import WordTable

Words = dict[str, str]


WORDS = WordTable(
    {
        "house": "My house",
        "skip": "Skip to content",
        "on_paper": Phrase("House “{house}” · {when}", "on paper"),
        "menu": "Pages",
        "now": "Now",
        "home": Phrase("Home", "the first page"),
        "more": Phrase("More", "menu"),
        "links": Phrase("Status", "of the house"),
        "waiting_one": ", 1 request waiting",
        "waiting_many": ", {n} requests waiting",
        "for_links": "Meter, memory card, connections: what works and what does not",
        "for_settings": "Prices, goals, alerts, how long data are kept",
        "for_access": "Password, displays, programs",
        "security": Phrase("Security", "menu"),
        "for_security": "Backup, updates, who has access, refused attempts",
        "join": "Join a co-operative",
        "for_sharing_join": "With its invitation: a code to scan or a link",
        "help": Phrase("Help", "menu"),
        "for_help": "Connecting, reading, sharing; troubleshooting; glossary",
        "for_repair": "Correct or remove an impossible value",
        "access": Phrase("Displays and access", "menu"),
        "sign_out": "Sign out",
        "this_browser": "This device",
        "signed_in_here": "You are signed in on this device. Whoever uses it after you sees the page too.",
        "power": "Consumption right now",
        "from_grid": "Drawn from the grid",
        "injected": "Sent to the grid: {power}\u00a0VA",
        "giving": "Sent to the grid",
        "tariff": "Tariff",
        "tempo_today": "Tempo today",
        "tempo_tomorrow": "Tempo tomorrow",
        "phase": "Phase",
        "power_short": "Power",
        "voltage": "Voltage",
        "current": "Current",
        "today": "Today",
        "yesterday": "Yesterday, whole day",
        "drawn_today": "Consumption",
        "injected_today": "Sent to the grid today",
        "produced_today": "Produced today",
        "self_consumed_today": "Used at home today",
        "consumed_today": "Consumption today",
        "consumed_unknown": Phrase("unknown", "a consumption"),
        "at_least": "at least {energy}",
        "unknown": "unknown",
        "doubt_unread": "Production unknown: its meter is not responding. “Status” says why.",
        "doubt_too-little": (
            "Production unknown: its meter counts less than what is sent to the grid. Check that it counts all"
            " panels, and what each of its pulses is worth."
        ),
        "never_heard": "The meter has not sent anything yet.",
        "stale": Phrase("The meter has sent nothing for {age}. Last values:", "stale"),
        "lost": "The gateway is not responding. Last values:",
        "overload": "More than the subscribed power",
        "breaker": "The meter has cut the power",
        "seconds": "{n} s",
        "minutes": "{n} min",
        "hours": "{n} h",
        "days": "{n} d",
        "cost_today": Phrase("Cost today", "wall"),
        "off_peak": Phrase("Off-peak hours", "wall"),
        "at_clock": Phrase("at {clock}", "wall"),
        "until_clock": Phrase("until {clock}", "wall"),
        "tariff_base": "Base",
        "tariff_off-peak": "Off-peak",
        "tariff_peak": "Peak",
        "tariff_normal": "Normal hours",
        "tariff_mobile-peak": "Mobile peak",
        "tariff_unknown": "unknown",
        "colour_blue": "Blue",
        "colour_white": "White",
        "colour_red": "Red",
        "colour_unknown": "not known yet",
        "signal": "Signal quality",
        "signal_minute": "last minute",
        "signal_hour": "last hour",
        "signal_day": "24 hours",
        "no_signal": "No signal received right now.",
        "doctor": "Diagnosis",
        "likely": "Likely cause",
        "remedy": "What to do",
        "remedy_here": "Open this setting",
        "every_link": "All connections",
        "link": Phrase("Connection", "link"),
        "state": "Status",
        "since": "For",
        "detail": "Detail",
        "all_well": "Everything works.",
        "sign_in": "Sign in",
        "password": "Password",
        "own_password": "Your password",
        "forgotten": (
            "Forgotten your password? Ask whoever installed the gateway for a new code: with it you can choose"
            " another password."
        ),
        "use_code": "I have a code",
        "set_up": "Choose a password",
        "set_up_intro": (
            "The password protects your meter’s data. The code was shown at the end of the installation; it may also"
            " be on the gateway’s label or screen."
        ),
        "with_code": "With the code of the gateway",
        "without_code": "Without a code",
        "presence_intro": (
            "Show that you are at home: go to the meter with this phone, press the button, then unplug the adapter"
            " and plug it back in, as many times as the page says."
        ),
        "presence_button_intro": (
            "Show that you are at home: go to the gateway with this phone, press here, then press its own button,"
            " within three minutes."
        ),
        "presence_begin": "I’m here",
        "presence_at_meter": "Now, within three minutes",
        "presence_pull": "Unplug the adapter from the gateway, or its plug from the meter.",
        "presence_count": "Count slowly to ten.",
        "presence_put_back": "Plug it back in as before.",
        "presence_times": "Do this {n} times: that number shows that it is really you.",
        "presence_done": "Done: {n}.",
        "presence_or_button": "Or press the button of the gateway.",
        "presence_is_no_signal": "The gateway receives nothing from the meter: plug the adapter in first.",
        "presence_is_pull": "The gateway receives the meter. Unplug now.",
        "presence_is_put_back": "Seen: the signal has stopped. Plug it back in now; this can take up to 20 seconds.",
        "presence_is_seen": "Seen: you are at home. Choose your password within ten minutes.",
        "presence_is_late": (
            "Three minutes have passed and the adapter was not unplugged as many times as asked. You can try again."
        ),
        "presence_left": "{n} seconds left",
        "presence_busy": (
            "Another phone or computer has just asked for this. Wait {n} seconds. If it is not yours, do not touch"
            " the adapter, and use the code."
        ),
        "presence_unsteady": (
            "The meter’s signal has stopped three times within an hour without anybody getting in: wait an hour, or"
            " use the code."
        ),
        "for_installer": "For whoever installed it",
        "code_command": "“sudo linky-gateway page code”, typed on the gateway, shows a code.",
        "code": "Code of the gateway",
        "new_password": "New password, at least 12 characters",
        "again": "Repeat the password",
        "set": "Save",
        "wrong_password": "Wrong password.",
        "wrong_code": "Wrong code, or already used.",
        "no_code": "There is no code yet: ask whoever installed the gateway for one.",
        "too_short": "The password must have 12 to 256 characters.",
        "not_same": "The two passwords are not the same.",
        "too_often": "Too many attempts: wait {n} seconds.",
        "change_password": "Change the password",
        "old_password": "Current password",
        "changed": "Your password has been changed. All other browsers have to sign in again.",
        "displays": "Displays",
        "displays_intro": (
            "A display (television, tablet) shows the page “display” without a password, by a link of its own. It can"
            " change nothing, and you can remove it at any time."
        ),
        "no_displays": "No displays have been added yet.",
        "display_name": "Name of the display",
        "for_what": Phrase("For", "for what"),
        "display": "a display of the house",
        "guest": "a display in a public place: nothing personal (no contract, no name, no fault)",
        "guest_short": "public place",
        "scraper": "a program that gathers figures (Prometheus): these and nothing else",
        "scraper_short": "/metrics",
        "make_link": "Make the link",
        "remove": "Remove",
        "remove_named": "Remove {name}",
        "link_made": (
            "Open this link on the display “{name}”; it is shown only once. For a digital photo frame that can only"
            " show images, use /display.png instead of /display:"
        ),
        "token_made": "Address and bearer token for “{name}”; the token is shown only once:",
        "like": "Today so far equals {n} {what}",
        "bad_name": (
            "Give the display a name of 1 to 40 characters that no other one has; there are 20 displays at most."
        ),
        "preview": "See the display here",
        "https": "Encrypted page",
        "https_intro": (
            "There, nobody on the Wi-Fi can see what you see and type, and the page can become an app on your home"
            " screen:"
        ),
        "https_first": (
            "If nobody on the Wi-Fi should be able to see what you see and type, do this on the encrypted page:"
        ),
        "forged": "This form is no longer valid: open the page again and start over.",
        "not_kept": "Nothing was changed: the memory card cannot be written. See “Status”.",
        "not_found": "This page does not exist.",
    }
)

# What a screen in a public place says by itself.
PUBLIC_WORDS = (
    *("house", "power", "from_grid", "drawn_today", "giving", "injected", "at_least", "never_heard", "stale", "lost"),
    *("seconds", "minutes", "hours", "days", "like"),
)
# One at home says more: of the contract, and of the sun.
WALL_WORDS = (
    *PUBLIC_WORDS,
    *("unknown", "doubt_unread", "doubt_too-little", "tariff_base", "tariff_off-peak"),
    *("tariff_peak", "tariff_normal", "tariff_mobile-peak", "tariff_unknown"),
    *("colour_blue", "colour_white", "colour_red", "colour_unknown"),
)

OWN_NAME = Phrase("English", "the language's own name")


def preferred(header: str) -> str:
    """The best liked of ours (RFC 9110 §12.5.4); French where nothing is said, as the meters are."""
    liked = {DEFAULT: 0.0} | dict.fromkeys(LANGUAGES, 0.0)
    for part in header.lower().split(","):
        tag, _, quality = part.strip().partition(";q=")
        language = tag.strip().partition("-")[0]
        if language in liked:
            liked[language] = max(liked[language], _quality(quality))
    return max(liked, key=lambda language: liked[language])


def _quality(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0
