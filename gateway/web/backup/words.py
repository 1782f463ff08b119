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
            " settings, and the passwords that the gateway uses itself."
        ),
        "backup_now": "A backup to keep elsewhere",
        "backup_now_intro": (
            "One encrypted file that you download and keep on another machine. Nobody can read it without the"
            " passphrase that you choose here, and nobody can bring it back without it: write it down elsewhere."
        ),
        "backup_without": (
            "Not in it: the passwords of boards and screens at the broker, which are let in again, and, as it is"
            " installed, the passphrase of the nightly backups, which is chosen anew."
        ),
        "backup_left_out": (
            "Some files of this gateway cannot be read by the page and are not in this backup; whoever installed the"
            " gateway can make one that has them."
        ),
        "passphrase": "A passphrase for this backup",
        "passphrase_hint": "At least {n} characters; it is kept nowhere here.",
        "passphrase_again": "Once more",
        "backup_why": "It is asked for once more, as this file has in it all that the gateway knows of you.",
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
        "nightly_made": "the latest one was made on {when}",
        "nightly_none_yet": "none yet",
        "nightly_missing": "missing: the latest one was made on {when}",
        "nightly_never": "missing: none was ever made",
        "nightly_unknown": "not known as long as the gateway does not know the time",
        "nightly_failed": "The last try came to nothing. The next one is made next night.",
        "nightly_see": (
            "See whether the USB stick is plugged in. If it is, tell whoever installed the gateway; until then download"
            " a backup here."
        ),
        "bring_back": "To bring one back",
        "bring_back_intro": (
            "A backup goes onto a new card, before the gateway starts there. Give whoever installs it the file and its"
            " passphrase. Nobody is sent anything then before you have said so again."
        ),
    }
)
BACKUP_WORDS = _OWN.with_those_of(FORM_WORDS).with_those_of(COPY_WORDS)
