"""What the page *updates* says, in French and in English."""

from __future__ import annotations

from gateway.web.settings.form import FORM_WORDS
from gateway.words.table import WordTable

UPDATES_WORDS = WordTable(
    {
        "updates": "Version and updates",
        "updates_intro": (
            "A newer version is kept only if everything still works and no reading is missing; otherwise this one is"
            " restored automatically. Nothing is installed without your consent. It takes a few minutes; the meter is"
            " not read for a few seconds, and its indexes keep counting."
        ),
        "update_asked": "{asker} asks you to install {version}.",
        "update_notes": "What version {version} brings",
        "update_now": "Install now",
        "update_tonight": "Install tonight, between 3 and 4",
        "update_why": "Your password is asked for again because another program is about to be installed.",
        "update_no": "No, do not install",
        "update_check": "Check for a newer version now",
        "update_back": "Back to version {version}",
        "update_back_intro": (
            "The previous version is kept. If this one does not suit you, go back to it; no reading is lost."
        ),
        "update_begun": "Version {version} is being installed: this page will be back in a few minutes.",
        "update_over": "The update has finished. Sign in again to see which version is installed.",
        "update_look": "See the update’s progress",
        "update_waits": "Version {version} will be installed tonight.",
        "back_to_updates": "Back to the updates",
    }
).with_those_of(FORM_WORDS)
