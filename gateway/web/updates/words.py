"""What the page *updates* says, in French and in English."""

from __future__ import annotations

from gateway.web.settings.form import FORM_WORDS
from gateway.words.table import WordTable

UPDATES_WORDS = WordTable(
    {
        "updates": "Version and updates",
        "updates_intro": (
            "A newer version is kept only if everything that works goes on working and no reading is missing; else this"
            " one comes back by itself. Nothing is installed without your word. It takes some minutes; for some seconds"
            " of them the meter is not read, and its indexes go on."
        ),
        "update_asked": "{asker} asks you to install {version}.",
        "update_notes": "What version {version} brings",
        "update_now": "Install now",
        "update_tonight": "Install tonight, between 3 and 4",
        "update_why": "It is asked for once more, as another program is installed.",
        "update_no": "No, do not install",
        "update_check": "Look for a newer version now",
        "update_back": "Back to version {version}",
        "update_back_intro": (
            "The former version is kept. If this one does you no good, go back to it; no reading is lost."
        ),
        "update_begun": "Version {version} is being installed: this page is back in some minutes.",
        "update_over": "The update has ended. Sign in again to see which version runs.",
        "update_look": "See how it stands",
        "update_waits": "Version {version} is installed tonight.",
        "back_to_updates": "Back to the updates",
    }
).with_those_of(FORM_WORDS)
