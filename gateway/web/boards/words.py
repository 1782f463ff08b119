"""What the page *boards* says, in French and in English."""

from __future__ import annotations

from gateway.web.settings.form import FORM_WORDS
from gateway.words.phrase import Phrase
from gateway.words.table import WordTable

_OWN = WordTable(
    {
        "boards": Phrase("ESP32 boards", "title"),
        "boards_intro": (
            "Small boards that read a meter by the house’s Wi-Fi, or show on a screen what it says. Each speaks to this"
            " gateway alone, and takes no other program than one made for it here."
        ),
        "boards_none": "No board so far.",
        "reads_meter": "It reads the meter “{meter}”.",
        "reads_nothing": "It is made to read a meter, and none is read by it yet.",
        "choose_meter": "Choose it for a meter",
        "is_display": "It is a display.",
        "board_chip": "Chip: {chip}",
        "board_heard": "Heard on {when}",
        "board_is_heard": "It is heard.",
        "board_is_gone": "It is not heard any more. Has it power, and is it within reach of the Wi-Fi?",
        "board_unheard": "It was not heard since the gateway was started. Is it plugged in?",
        "light_slow": "Its light should flash every three seconds: the meter is read.",
        "light_fast": (
            "Its light should flash every second: it does not hear the meter. Look at its two wires, at I1 and I2 of"
            " the meter."
        ),
        "light_any": "What its light says",
        "light_is_slow": "A flash every three seconds: it reads the meter, and keeps what it cannot send.",
        "light_is_fast": "A flash every second: it does not hear the meter. Look at its two wires, at I1 and I2.",
        "light_is_dark": "Dark: it has no power.",
        "board_current": "Program {version}: up to date.",
        "board_runs": "Program {version}.",
        "board_old": "Program {version}; the gateway’s is {running}.",
        "board_silent": "It has not said yet which program it runs.",
        "board_pending": (
            "Program {version}. A new one is ready for it: it fetches it by itself, as soon as it is heard."
        ),
        "board_trial": (
            "The new program is on trial: {version}. If it does not reach the gateway within five minutes, the former"
            " one comes back by itself."
        ),
        "board_refused": "It did not keep the new program, and runs {version} as before.",
        "board_changed": "The board has said something new.",
        "board_look": "See how it stands",
        "board_update": "Bring its program to {version}",
        "board_update_means": (
            "It fetches it by the Wi-Fi within some minutes, and starts anew. If the new program does not work, the"
            " former one comes back by itself. No reading is lost."
        ),
        "board_update_why": "It is asked for once more, as another program is put on the board.",
        "board_update_old": "For its newest program the gateway comes first:",
        "board_update_unlooked": "Whether there is a newer program for boards is not known yet. Look for it there:",
        "board_update_here": "Version and updates",
        "board_update_nowhere": (
            "New programs for boards come with new versions of the gateway, and this one knows no place for them:"
            " whoever installed it can bring one."
        ),
        "board_offered": "The new program is ready for the board; it fetches it by itself.",
        "board_forgotten": "The board is let in no more.",
        "forget_board": "Forget it",
        "forget_board_of": "Forget it: {name}",
        "forget_title": "Forget this board?",
        "forget_means": (
            "It is let in no more, at once, and its key is dropped. To come back it has to be prepared anew at a"
            " computer, by a cable."
        ),
        "forget_meter": (
            "The meter “{meter}” is read by it: nothing comes from that meter any more until something else reads it."
        ),
        "forget_yes": "Forget this board",
        "add_board": "One more board",
        "add_prepared": (
            "Whoever installed the gateway prepares the board: once, at a computer, by its USB cable. That cannot be"
            " done at this page. It comes to you with a label and with its card, a small file that has its name"
            " (such as garage.json)."
        ),
        "add_card": "Let it in here, with that file.",
        "add_wifi": (
            "Plug it in. If it does not know your Wi-Fi it opens one of its own: scan the code on its label with your"
            " phone, and its page asks for what is missing."
        ),
        "add_closed": "Boards cannot reach this gateway yet: whoever installed it opens the way for them, once.",
        "card_file": "The card of the board",
        "card_file_hint": "Keep it to yourself: who has this file can put any program on that board.",
        "card_missing": "Choose the card of the board.",
        "card_none": "This is not the card of a board.",
        "add_board_do": "Let this board in",
        "added_title": "The board is let in",
        "added_now": "“{name}” can come in from now on; that takes up to a minute.",
        "added_seen": (
            "It stands among the boards, and is said to be heard as soon as it is. If it is not after some minutes, its"
            " name is taken: whoever prepared it gives it another one."
        ),
        "added_meter": "So that a meter is read by it, choose it there:",
        "added_erase": "The file is not needed any more: delete it, also where it came from.",
        "back_to_boards": "Back to the boards",
    }
)
BOARDS_WORDS = _OWN.with_those_of(FORM_WORDS)
