"""What the page *your data* says, in French and in English."""

from __future__ import annotations

from gateway.web.settings.form import FORM_WORDS
from gateway.words.phrase import Phrase
from gateway.words.table import WordTable

COPY_WORDS = WordTable(
    {
        "copy_making": (
            "The file is being prepared. After years of readings this takes a few minutes; the meter is still being"
            " read."
        ),
        "copy_look": "Is it ready?",
        "copy_ready": "The file is ready: {size} MB. It stays here until {until}, for this browser only.",
        "copy_download": "Download",
        "copy_drop": "Delete it now",
        "copy_stop": "Stop preparing it",
        "copy_failed": "The file could not be prepared; nothing was changed.",
    }
)
_OWN = WordTable(
    {
        "your_data": "Your data",
        "data_intro": "They are on the gateway’s memory card, in your home. They belong to you.",
        "take_title": "Take my data with me",
        "take_intro": (
            "One file (ZIP) with everything the gateway knows about your house, readable by other programs: readings,"
            " consents, who received what, the journal. It contains no password."
        ),
        "take_begin": "Prepare the file",
        "erase_title": "Erase readings",
        "erase_intro": (
            "What was measured on these days is erased for good. Whoever received some of it is asked to erase it too."
        ),
        "erase_first": Phrase("First day", "of what is erased"),
        "erase_last": Phrase("Last day", "of what is erased"),
        "erase_meter": "Which meter",
        "all_meters": Phrase("All", "meters"),
        "erase_look": "See what would be erased",
        "wrong_day": "Enter a date, for example 25/11/2026.",
        "wrong_meter": "The gateway does not know this meter. Choose one, or all.",
        "wrong_days": "The last day is before the first.",
        "erase_span": "From {first} to {last}",
        "erase_day": "On {day}",
        "erase_of": "For this meter only: {meter}",
        "goes": "What is erased for good",
        "goes_readings": "Readings and totals: {n}",
        "goes_queued": "Messages waiting to be sent: {n}",
        "goes_events": "Events of the meter: {n}",
        "erase_nothing": "Nothing is stored for these days: there is nothing to erase.",
        "told_too": "Will be asked to erase what they received: {who}",
        "told_nobody": "Nobody has received any of it.",
        "stays": "What stays",
        "stays_proof": "Proof of what you decided, without any readings",
        "stays_copies": "What you took with you, and your backups: they are not here",
        "stays_aside": "Copies from before an update, or of a damaged database, that are still here: {n}",
        "no_way_back": "This cannot be undone.",
        "erase_yes": "Erase for good",
        "erase_done": "Erased. Readings and totals: {n}.",
        "erase_copies": (
            "Copies from before an update, or of a damaged database, still contain it: {n}. Those from an update"
            " disappear by themselves after thirty days; handing the gateway over removes them all."
        ),
        "erase_again": (
            "Traces of it may still be on the card: it is full, or a program was reading. Erase these days again in a"
            " while."
        ),
        "erase_once_more": "Erase again",
        "erase_undone": (
            "Not everything that goes with it could be done. Ask whoever installed the gateway to look at it."
        ),
        "hand_over_copies": (
            "Files with your household’s data could not be removed: {n}. Ask whoever installed the gateway to remove"
            " them."
        ),
        "hand_over_again": (
            "Traces of it may still be on the card: it is full, or a program was reading. In a while, choose a"
            " password with the code, then hand the gateway over again."
        ),
        "back_to_data": "Back to your data",
        "move_title": "I’m moving, or giving the gateway away",
        "move_intro": (
            "Everything about your household is erased, your consents are withdrawn, and whoever takes over starts"
            " from scratch."
        ),
        "move_open": "Hand the gateway over",
        "hand_over": "Hand the gateway over",
        "hand_over_first": "First take your data with you: afterwards nobody can give them back to you.",
        "hand_over_code": (
            "When it is done, this page shows a code. Write it down: whoever takes over uses it to choose a new"
            " password."
        ),
        "goes_consents": "Your consents, withdrawn first, and pending requests",
        "goes_chosen": "Your tariff, your goals and the addresses where you are alerted, as you set them here",
        "goes_access": "The password of this page, the links of displays, the known devices",
        "stays_meter": "How the meter is read",
        "stays_accounts": (
            "The sharing account and the one at the broker, so that whoever received your data can still be asked to"
            " erase them: change or remove them in the settings"
        ),
        "stays_file": "What the installer wrote down, and the Wi-Fi",
        "hand_over_yes": "Erase everything",
        "handed_over": "Everything about your household has been erased.",
        "next_code": "The code for whoever takes over:",
        "next_steps": (
            "Write it down now: it is shown only once. Whoever opens this page enters it and chooses a password."
        ),
        "next_open": "Go to the welcome page",
        "no_code_made": (
            "A code could not be made. The gateway’s display shows one after a three-second press on its button;"
            " otherwise whoever installed it can make one."
        ),
    }
)
DATA_WORDS = _OWN.with_those_of(FORM_WORDS).with_those_of(COPY_WORDS)
