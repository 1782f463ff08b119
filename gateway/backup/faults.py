"""Why a backup cannot be brought back: a sentence for whoever typed the command, and a word that a page can look up."""

from __future__ import annotations

import enum

from gateway.errors import ArchiveError


class BackupFault(enum.StrEnum):
    """What is wrong with a file, or with the machine onto which it is to come."""

    FOREIGN = "foreign"
    LOCKED = "locked"
    DAMAGED = "damaged"
    NEWER = "newer"
    ELSEWHERE = "elsewhere"
    ROOM = "room"
    OTHER = "other"


class BackupError(ArchiveError):
    """A file that is no backup, or one that cannot come back here; ``fault`` says why in a word."""

    def __init__(self, fault: BackupFault, sentence: str) -> None:
        super().__init__(sentence)
        self.fault = fault
