"""What the page *backup* says, in French and in English."""

from __future__ import annotations

from gateway.web.data.words import COPY_WORDS
from gateway.web.settings.form import FORM_WORDS
from gateway.words.table import WordTable

_OWN = WordTable(
    {
        "backups": "Backup",
        "backup_intro": (
            "A memory card lasts a few years. With a backup, everything comes back on a new one: readings, consents,"
            " settings, and the passwords the gateway itself uses."
        ),
        "backup_now": "A backup to keep elsewhere",
        "backup_now_intro": (
            "One encrypted file to download and keep on another device. Without the passphrase you choose here,"
            " nobody can read or restore it: write it down elsewhere."
        ),
        "backup_without": (
            "It does not contain the passwords given to the boards and displays of the house, which have to be added"
            " again, nor the passphrase of the nightly backups, which this page can set but not read: it has to be"
            " chosen again."
        ),
        "backup_left_out": (
            "Some of this gateway’s files cannot be read by the page and are not in this backup; whoever installed"
            " the gateway can make one that includes them."
        ),
        "passphrase": "A passphrase for this backup",
        "passphrase_hint": "At least {n} characters; it is not stored anywhere here.",
        "passphrase_again": "Repeat the passphrase",
        "backup_why": (
            "Your password is asked for again because this file contains everything the gateway knows about you."
        ),
        "backup_begin": "Prepare the backup",
        "passphrase_short": "Choose one of at least {n} characters.",
        "passphrase_other": "The two do not match.",
        "nightly": "Every night",
        "nightly_none": (
            "No backup is made at night. It needs a second place, such as a USB stick plugged into the gateway,"
            " prepared by whoever installed it. Until then, download one from time to time."
        ),
        "nightly_place": "Stored in",
        "nightly_keep": "Number kept",
        "nightly_state": "Current status",
        "nightly_made": "the latest one is from {when}",
        "nightly_none_yet": "none yet",
        "nightly_missing": "overdue: the last one is from {when}",
        "nightly_never": "overdue: none has ever been made",
        "nightly_unknown": "unknown until the gateway knows the time",
        "nightly_failed": "The last attempt failed. The next one is tonight, or right now with the button below.",
        "nightly_see": (
            "Check that the USB stick is plugged in. If it is, tell whoever installed the gateway; in the meantime,"
            " download a backup here."
        ),
        "nightly_now": "Back up now",
        "nightly_making": "The backup is in progress. After years of readings it takes a few minutes.",
        "nightly_look": "Is the backup ready?",
        "nightly_without": "First choose a passphrase for the nightly backups, just below.",
        "nightly_phrase": "Passphrase of the nightly backups",
        "nightly_phrase_intro": (
            "Each nightly backup is encrypted with it, and existing ones keep theirs: write down each passphrase with"
            " the day it starts being used, somewhere outside this house."
        ),
        "nightly_phrase_new": "A new passphrase for the nightly backups",
        "nightly_phrase_hint": (
            "At least {n} characters. The gateway keeps it out of reach of this page, which never shows it."
        ),
        "nightly_phrase_why": (
            "Your password is asked for again because only somebody who knows the passphrase can read those backups."
        ),
        "nightly_phrase_set": "Save this passphrase",
        "nightly_phrase_done": "Saved: it is used from the next nightly backup on.",
        "nightly_phrase_named": (
            "Whoever installed the gateway has put their passphrase in a file, and changes it there."
        ),
        "bring_back": "Restore a backup",
        "bring_back_intro": (
            "On this gateway or on a new card: choose a backup file. It is checked first, and its date is shown"
            " before anything is replaced."
        ),
        "back_file": "Backup file",
        "back_file_missing": "Choose a backup file.",
        "back_phrase": "The passphrase of this backup",
        "back_phrase_missing": "Enter the passphrase chosen for this backup.",
        "back_why": "Your password is asked for again because a backup replaces everything that is here.",
        "back_check": "Upload and check",
        "back_coming": "The backup is being checked. After years of readings this takes a few minutes.",
        "back_look": "Is it checked?",
        "back_stop": "Cancel the restore",
        "back_sure": "Backup of {when}",
        "back_whole": "It is complete and its passphrase is correct.",
        "back_what": "What is restored",
        "back_size": "{size} MB in total",
        "part_readings": "Readings and their cost, consents, the journal",
        "part_settings": "All settings, tariffs, meters and their ports",
        "part_access": "The password of this page: you will sign in with the one from that day",
        "part_passwords": "The passwords the gateway itself uses",
        "part_boards": "The boards and displays of the house",
        "back_replaced": "What happens to what is here now",
        "back_aside": (
            "Everything is replaced. The current readings are set aside on the card for thirty days, the other files"
            " until somebody removes them; whoever installed the gateway can recover them."
        ),
        "back_then": (
            "The gateway stops for a minute or more and restarts by itself. After that, nothing is sent to anybody"
            " until you have agreed again on the “Sharing” page."
        ),
        "back_old": "Do not use the old card any more: two gateways cannot share one account.",
        "back_do": "Restore this backup",
        "back_title": "Restore in progress",
        "back_begun": (
            "The gateway is restoring the backup and restarts by itself. This takes a minute or more; leave it"
            " plugged in."
        ),
        "back_is_here": "The gateway is back. Sign in to see the result.",
        "back_open": "Is it back?",
        "back_update": "Update the gateway",
        "back_to_backups": "Back to backups",
        "back_sign_in": "Then sign in with the password this page had on the day of the backup.",
        "back_done": "On {ended}, the backup of {made} was restored.",
        "back_done_next": (
            "What was here before has been set aside. Nothing is sent to your recipients until you press “Resume” for"
            " each of them on the “Sharing” page."
        ),
        "back_done_phrase": "On a new card, choose the passphrase of the nightly backups again, below.",
        "back_done_sharing": "See who receives what",
        "back_not_done": "On {ended}, no backup was restored and nothing was changed.",
        "fault_foreign": "This is not a backup of a Linky gateway, or only part of one. Choose another file.",
        "fault_locked": "This is not the passphrase of this backup.",
        "fault_damaged": "This backup is damaged. Use another one.",
        "fault_newer": "This backup was made by a newer version. Update this gateway first, then try again.",
        "fault_elsewhere": (
            "This backup comes from a gateway that is set up differently: whoever installed this one can restore it."
        ),
        "fault_room": "The memory card has no room for it, or cannot be written.",
        "fault_other": (
            "The backup could not be read to the end. Try again; if this continues, ask whoever installed the gateway."
        ),
    }
)
BACKUP_WORDS = _OWN.with_those_of(FORM_WORDS).with_those_of(COPY_WORDS)
