"""How the last restoration of a backup ended: a small file beside the database, for the page and the journal.

Who brings a backup back writes it, the gateway reads it when it runs again. It is of this card: no backup has it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gateway.files import owner_of_folder, write_whole
from gateway.store.copies import BROUGHT_BACK

if TYPE_CHECKING:
    from pathlib import Path

# More of a sentence, and of a list of names, than anybody reads.
_MOST_CHARACTERS, _MOST_NAMES = 300, 50


class BroughtBack(msgspec.Struct, frozen=True, kw_only=True):
    """When it ended (POSIX seconds), and what came back or why nothing did.

    ``made`` is when the backup was made, ``version`` by which gateway, ``files`` how many came back, ``aside`` under
    which names is kept what was there. ``fault`` is a word of ``gateway.backup.faults``, empty where all is well;
    ``noted`` whether the journal has it.
    """

    ended: int
    made: int = 0
    version: str = ""
    files: int = 0
    aside: tuple[str, ...] = ()
    fault: str = ""
    why: str = ""
    noted: bool = False

    def as_noted(self) -> BroughtBack:
        """The same, once the journal has it."""
        return msgspec.structs.replace(self, noted=True)


def write_ending(folder: Path, ending: BroughtBack) -> None:
    """Keep it; the service's own also where root brought the backup back. OSError."""
    file = folder / BROUGHT_BACK
    bounded = msgspec.structs.replace(ending, aside=ending.aside[:_MOST_NAMES], why=ending.why[:_MOST_CHARACTERS])
    write_whole(file, msgspec.json.encode(bounded), owner=owner_of_folder(file))


def last_ending(folder: Path) -> BroughtBack | None:
    """What is known of it; None where nothing is."""
    try:
        return msgspec.json.decode((folder / BROUGHT_BACK).read_bytes(), type=BroughtBack)
    except (OSError, msgspec.MsgspecError):
        return None
