"""What the page *boards* says, in French and in English."""

from __future__ import annotations

from gateway.web.settings.form import FORM_WORDS
from gateway.words.phrase import Phrase
from gateway.words.table import WordTable

_OWN = WordTable(
    {
        "boards": Phrase("ESP32 boards", "title"),
        "boards_intro": (
            "Small boards that read a meter over your home Wi-Fi, or show its values on a display. Each talks to this"
            " gateway only, and accepts no program but its own."
        ),
        "boards_none": "No boards yet.",
        "reads_meter": "It reads the meter “{meter}”.",
        "reads_nothing": "It is made to read a meter, and does not read one yet.",
        "choose_meter": "Choose it for a meter",
        "is_display": "It is a display.",
        "board_chip": "Chip: {chip}",
        "board_damaged": (
            "The file of the board “{name}” is damaged: the board goes on working, but its program can be updated only"
            " once you have removed it here and had it prepared again."
        ),
        "board_heard": "Last heard from on {when}",
        "board_is_heard": "It is responding.",
        "board_is_gone": "It is no longer responding. Is it plugged in, and within reach of the Wi-Fi?",
        "board_unheard": "It has not responded since the gateway started. Is it plugged in?",
        "light_slow": "Its light should flash every three seconds: the meter is read.",
        "light_fast": (
            "Its light should flash every second: it receives nothing from the meter. Check its two wires, at"
            " terminals I1 and I2 of the meter."
        ),
        "light_any": "What its light means",
        "light_is_slow": "A flash every three seconds: it reads the meter, and keeps what it cannot send.",
        "light_is_fast": "A flash every second: it receives nothing from the meter. Check its two wires, at I1 and I2.",
        "light_is_dark": "Dark: it has no power.",
        "board_current": "Program {version}: up to date.",
        "board_runs": "Program {version}.",
        "board_old": "Program {version}; the gateway is at version {running}.",
        "board_silent": "It has not yet said which program it runs.",
        "board_pending": ("Program {version}. A new one is ready: it downloads it by itself as soon as it responds."),
        "board_trial": (
            "The new program is on trial: {version}. If it does not reach the gateway within five minutes, the"
            " previous one is restored automatically."
        ),
        "board_refused": "It did not keep the new program and runs {version} as before.",
        "board_changed": "The board’s status has changed.",
        "board_look": "See the update’s progress",
        "board_update": "Update its program to {version}",
        "board_update_means": (
            "It downloads it over Wi-Fi within a few minutes, then restarts. If the new program does not work, the"
            " previous one is restored automatically. No reading is lost."
        ),
        "board_update_why": "Your password is asked for again because another program is about to be put on the board.",
        "board_update_old": "For their latest program, update the gateway first:",
        "board_update_unlooked": "It is not known yet whether there is a newer program for boards. Look for it here:",
        "board_update_here": "Version and updates",
        "board_update_nowhere": (
            "New programs for boards come with new versions of the gateway, and this one knows nowhere to find them:"
            " whoever installed it can bring one."
        ),
        "board_offered": "The new program is ready; the board downloads it by itself.",
        "board_forgotten": "The board no longer has access.",
        "forget_board": "Remove the board",
        "forget_board_of": "Remove the board: {name}",
        "forget_title": "Remove this board?",
        "forget_means": (
            "It loses access immediately, and its key is deleted. To come back, it has to be prepared again at a"
            " computer, by cable."
        ),
        "forget_meter": (
            "It reads the meter “{meter}”: nothing more will come from that meter until something else reads it."
        ),
        "forget_yes": "Remove this board",
        "add_board": "Add a board",
        "add_prepared": (
            "Whoever installed the gateway prepares the board: once, at a computer, through its USB cable. That"
            " cannot be done on this page. They hand it to you with a label and with the board’s file, a small file"
            " that bears its name (such as garage.json)."
        ),
        "add_card": "Add it here, with that file.",
        "add_wifi": (
            "Plug it in. If it does not know your Wi-Fi, it creates its own: scan the code on its label with your"
            " phone, and its page asks for what is missing."
        ),
        "add_closed": "Boards cannot reach this gateway yet: whoever installed it has to allow them in, once.",
        "card_file": "The board’s file",
        "card_file_hint": "Keep it to yourself: anybody with this file can put any program on that board.",
        "card_missing": "Choose the board’s file.",
        "card_none": "This is not a board’s file.",
        "add_board_do": "Add this board",
        "added_title": "The board has been added",
        "added_now": "“{name}” now has access; this can take up to a minute.",
        "added_seen": (
            "It is in the list of boards, which shows when it was last heard from as soon as it responds. If nothing"
            " appears after a few minutes, its name is taken: whoever prepared it has to give it another one."
        ),
        "added_meter": "To have it read a meter, choose it here:",
        "added_erase": "The file is no longer needed: delete it, also where it came from.",
        "back_to_boards": "Back to the boards",
    }
)
BOARDS_WORDS = _OWN.with_those_of(FORM_WORDS)
