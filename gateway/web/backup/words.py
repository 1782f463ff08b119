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
            "Not in it: the passwords of boards and screens at the broker, which are let in again, and the passphrase"
            " of the nightly backups, which this page may set and not read: it is chosen anew."
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
        "nightly_failed": "The last try came to nothing. The next one is made next night, or now by the button below.",
        "nightly_see": (
            "See whether the USB stick is plugged in. If it is, tell whoever installed the gateway; until then download"
            " a backup here."
        ),
        "nightly_now": "Back up now",
        "nightly_making": "The backup is being made. After years of readings it takes some minutes.",
        "nightly_look": "Is it made?",
        "nightly_without": "Choose a passphrase for the nightly backups first, just below.",
        "nightly_phrase": "Their passphrase",
        "nightly_phrase_intro": (
            "Each nightly backup is encrypted by it, and those that are there keep theirs: note each passphrase with"
            " the day from which it counts, elsewhere than in this house."
        ),
        "nightly_phrase_new": "A new passphrase for the nightly backups",
        "nightly_phrase_hint": (
            "At least {n} characters. The gateway keeps it out of reach of this page, which never shows it."
        ),
        "nightly_phrase_why": "It is asked for once more, as only who knows the passphrase can read those backups.",
        "nightly_phrase_set": "Set this passphrase",
        "nightly_phrase_done": "It is set: from the next backup on.",
        "nightly_phrase_named": (
            "Whoever installed the gateway has put their passphrase into a file, and changes it there."
        ),
        "bring_back": "To bring one back",
        "bring_back_intro": (
            "On this gateway or on a new card: choose the file of a backup. It is checked first, and you see of when it"
            " is before anything is replaced."
        ),
        "back_file": "The file of the backup",
        "back_file_missing": "Choose the file of a backup.",
        "back_phrase": "The passphrase of this backup",
        "back_phrase_missing": "Type the passphrase that was chosen for this backup.",
        "back_why": "It is asked for once more, as a backup replaces all that is here.",
        "back_check": "Send it and have it checked",
        "back_coming": "A backup is being checked. After years of readings it takes some minutes.",
        "back_look": "Is it checked?",
        "back_stop": "Leave it",
        "back_sure": "The backup of {when}",
        "back_whole": "It is whole, and its passphrase fits.",
        "back_what": "What comes back",
        "back_size": "{size}\u00a0MB in all",
        "part_readings": "Readings and what they cost, consents, the journal",
        "part_settings": "All settings, tariffs, meters and their ports",
        "part_access": "The password of this page: sign in then with the one of that day",
        "part_passwords": "The passwords that the gateway uses itself",
        "part_boards": "The boards and displays of the house",
        "back_replaced": "What happens to what is here now",
        "back_aside": (
            "It is replaced. The readings of now are kept aside on the card for thirty days, the other files until"
            " somebody removes them; whoever installed the gateway can take them back."
        ),
        "back_then": (
            "The gateway stops, which takes a minute or some, and starts again by itself. Nobody is sent anything then"
            " before you have said so again on the page “Sharing”."
        ),
        "back_old": "Do not use the old card any more: two gateways cannot have one account.",
        "back_do": "Bring this backup back",
        "back_title": "A backup is brought back",
        "back_begun": (
            "The gateway brings the backup back and starts again by itself. It takes a minute or some; leave it plugged"
            " in."
        ),
        "back_is_here": "The gateway is back. Sign in to see how it ended.",
        "back_open": "Is it back?",
        "back_update": "Update the gateway",
        "back_to_backups": "Back to backups",
        "back_sign_in": "Sign in then with the password that this page had when the backup was made.",
        "back_done": "On {ended} the backup of {made} was brought back.",
        "back_done_next": (
            "What was here before is kept aside. Recipients are sent nothing until you press “Resume” for each of them"
            " on the page “Sharing”."
        ),
        "back_done_phrase": "On a new card choose the passphrase of the nightly backups anew, below.",
        "back_done_sharing": "See who receives what",
        "back_not_done": "On {ended} no backup was brought back, and nothing was changed.",
        "fault_foreign": "This is no backup of a Linky gateway, or only a part of one. Choose another file.",
        "fault_locked": "This is not the passphrase of this backup.",
        "fault_damaged": "This backup is damaged. Take another one.",
        "fault_newer": "This backup was made by a newer version. Update this gateway first, then bring it back.",
        "fault_elsewhere": (
            "This backup comes from a gateway that is set up in another way: whoever installed this one can bring it"
            " back."
        ),
        "fault_room": "The card has no room for it, or cannot be written.",
        "fault_other": "The backup could not be read to its end. Try again; if it stays so, ask whoever installed it.",
    }
)
BACKUP_WORDS = _OWN.with_those_of(FORM_WORDS).with_those_of(COPY_WORDS)
