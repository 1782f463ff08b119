"""What the page *backup* says, in French and in English."""

from __future__ import annotations

from gateway.web.data.words import COPY_WORDS
from gateway.web.settings.form import FORM_WORDS
from gateway.words.table import WordTable

_OWN = WordTable(
    {
        "backups": "Backup",
        "backup_intro": (
            "A memory card lasts for some years. With a backup everything is back on a new one: readings, consents,"
            " settings, passwords."
        ),
        "backup_now": "A backup to keep elsewhere",
        "backup_now_intro": (
            "One encrypted file that you download and keep on another machine. Nobody can read it without the"
            " passphrase that you choose here, and nobody can bring it back without it: write it down elsewhere."
        ),
        "backup_without": "Not in it: the passwords of boards and screens at the broker. They are let in again.",
        "passphrase": "A passphrase for this backup",
        "passphrase_hint": "At least {n} characters; it is kept nowhere here.",
        "passphrase_again": "Once more",
        "backup_begin": "Prepare the backup",
        "passphrase_short": "Choose one of at least {n} characters.",
        "passphrase_other": "The two are not the same.",
        "nightly": "Every night",
        "nightly_none": (
            "No nightly backup is set up. It takes a second place, such as a USB stick in the gateway, which whoever"
            " installed it prepares. Until then download one now and then."
        ),
        "nightly_place": "Kept in",
        "nightly_keep": "How many stay there",
        "nightly_state": "How it stands",
        "nightly_ok": "made",
        "nightly_waiting": "the first is still to come",
        "nightly_broken": "missing",
        "bring_back": "To bring one back",
        "bring_back_intro": (
            "A backup goes onto a new card, before the gateway starts there. Give whoever installs it the file and its"
            " passphrase. Nobody is sent anything then before you have said so again."
        ),
    }
)
BACKUP_WORDS = _OWN.with_those_of(FORM_WORDS).with_those_of(COPY_WORDS)
