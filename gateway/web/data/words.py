"""What the page *your data* says, in French and in English."""

from __future__ import annotations

from gateway.web.settings.form import FORM_WORDS
from gateway.words.phrase import Phrase
from gateway.words.table import WordTable

COPY_WORDS = WordTable(
    {
        "copy_making": (
            "The file is being prepared. After years of readings it takes some minutes; the meter is read meanwhile."
        ),
        "copy_look": "Is it ready?",
        "copy_ready": "The file is ready: {size}\u00a0MB. It stays here until {until}, for this browser alone.",
        "copy_download": "Download",
        "copy_drop": "Remove it now",
        "copy_stop": "Stop preparing it",
        "copy_failed": "The file could not be made; nothing was changed.",
    }
)
_OWN = WordTable(
    {
        "your_data": "Your data",
        "data_intro": "All of it is on the card of the gateway, in your house. It is yours.",
        "take_title": "Take my data along",
        "take_intro": (
            "One file (ZIP) with all that the gateway knows of your house, which other programs can read: readings,"
            " consents, who received what, the journal. No password is in it."
        ),
        "take_begin": "Prepare the file",
        "erase_title": "Erase readings",
        "erase_intro": (
            "What was measured on these days goes for good. Whoever received some of it is asked to erase it too."
        ),
        "erase_first": Phrase("First day", "of what is erased"),
        "erase_last": Phrase("Last day", "of what is erased"),
        "erase_meter": "Which meter",
        "all_meters": Phrase("All", "meters"),
        "erase_look": "See what would go",
        "wrong_day": "Write a day, such as 25/11/2026.",
        "wrong_meter": "The gateway does not know this meter. Choose one, or all.",
        "wrong_days": "The last day comes before the first.",
        "erase_span": "From {first} to {last}",
        "erase_day": "On {day}",
        "erase_of": "Only of this meter: {meter}",
        "goes": "What goes for good",
        "goes_readings": "Readings and totals: {n}",
        "goes_queued": "Messages that wait to be sent: {n}",
        "goes_events": "Events of the meter: {n}",
        "erase_nothing": "Nothing is stored of these days: there is nothing to erase.",
        "told_too": "Asked to erase what they received: {who}",
        "told_nobody": "Nobody has received any of it.",
        "stays": "What stays",
        "stays_proof": "The proof of what you decided, without any reading",
        "stays_copies": "What you took along, and your backups: they are not here",
        "stays_aside": "Copies from before an update, or of a damaged database, which are here still: {n}",
        "no_way_back": "There is no way back.",
        "erase_yes": "Erase for good",
        "erase_done": "It is erased. Readings and totals: {n}.",
        "erase_copies": (
            "Copies from before an update, or of a damaged database, have it still: {n}. Those of an update go by"
            " themselves after thirty days; handing the gateway over removes them all."
        ),
        "erase_again": (
            "Traces of it may still be on the card: it is full, or a program was reading. Erase these days once more,"
            " in a while."
        ),
        "erase_once_more": "Erase once more",
        "erase_undone": "Not all that goes with it could be done. Whoever installed the gateway should look at it.",
        "hand_over_copies": (
            "Files with data of your household could not be removed: {n}. Whoever installed the gateway must remove"
            " them."
        ),
        "hand_over_again": (
            "Traces of it may still be on the card: it is full, or a program was reading. In a while, set a password"
            " with the code, and hand the gateway over once more."
        ),
        "back_to_data": "Back to your data",
        "move_title": "I move, or give the gateway away",
        "move_intro": (
            "Everything of your household is erased, your consents are withdrawn, and whoever takes over begins anew."
        ),
        "move_open": "Hand the gateway over",
        "hand_over": "Hand the gateway over",
        "hand_over_first": "First take your data along: afterwards nobody can give them back to you.",
        "hand_over_code": (
            "When it is done, this page shows a code. Note it down: with it whoever takes over sets a new password."
        ),
        "goes_consents": "Your consents, which are withdrawn first, and the requests that wait",
        "goes_chosen": "Your tariff, your objectives, the addresses by which you are told, as you set them here",
        "goes_access": "The password of this page, the links of screens, the devices that know it",
        "stays_meter": "How the meter is read",
        "stays_accounts": (
            "The sharing account and the one at the broker, so that whoever received your data can still be asked to"
            " erase them: change them, or take them away, in the settings"
        ),
        "stays_file": "What whoever installed the gateway wrote down, and the Wi-Fi",
        "hand_over_yes": "Erase everything",
        "handed_over": "Everything of your household is erased.",
        "next_code": "The code for whoever takes over:",
        "next_steps": "Note it down now: it is shown once. Whoever opens this page types it, and chooses a password.",
        "next_open": "Open the first visit",
        "no_code_made": (
            "A code could not be made. The screen of the gateway shows one after a press of three seconds on its"
            " button; else whoever installed it can make one."
        ),
    }
)
DATA_WORDS = _OWN.with_those_of(FORM_WORDS).with_those_of(COPY_WORDS)
