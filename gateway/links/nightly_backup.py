"""When the nightly backup last came about: a file beside the database, and the link that the gateway makes of it.

``linky-gateway backup`` writes down how it ended; the gateway looks how long ago it last ended well. So whatever keeps
it from being made is seen: a full stick, one that is not there, a passphrase that is gone, a timer that is off.
"""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING

import msgspec

from gateway.files import owner_of_folder, write_whole
from gateway.links.link import BROKEN, OK, WAITING, Link, LinkKind
from gateway.words.catalogue import ENGLISH, LANGUAGES
from gateway.words.phrase import Phrase, same, written

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

log = logging.getLogger(__name__)

FILE_NAME = "nightly-backup.json"

# Two nights, and what the timer may be late by.
LATE_S = 50 * 3600.0

# A look at the file each second would tell nothing more.
_LOOK_EVERY_S = 30.0
_HOUR_S, _DAY_S = 3600.0, 86_400.0
# More of a sentence than a link has room for.
_MOST_CHARACTERS = 300

_NO_TIME = Phrase("nobody knows the time yet")
_LAST = Phrase("the last good one {age} ago")
_NONE_YET = Phrase("none yet, wanted for {age}")
_FAILED = Phrase("; the last try failed: {why}")
_NOT_TRIED = Phrase("; no try since: do linky-gateway-backup.timer and the passphrase exist?")


class BackupOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What is known, in POSIX seconds: since when one is wanted, when one was last good, why the last try failed."""

    since: float
    good: float | None = None
    failed: float | None = None
    # In English, as installations of before have it, and in every language.
    why: str = ""
    texts: dict[str, str] = {}


def ended_well(folder: Path, now: float) -> None:
    """A backup was made and read again; OSError when that cannot be written down."""
    _write(folder, BackupOutcome(since=now, good=now))


def failed(folder: Path, now: float, why: Phrase) -> None:
    """A try came to nothing; the sentence says why. OSError when that cannot be written down."""
    before = _read(folder)
    known = before or BackupOutcome(since=now)
    texts = {lang: why.in_language(lang)[:_MOST_CHARACTERS] for lang in LANGUAGES}
    _write(folder, msgspec.structs.replace(known, failed=now, why=texts[ENGLISH], texts=texts))


def outcome(folder: Path) -> BackupOutcome | None:
    """What is known of them in that folder, which is the database's; None where nothing is."""
    return _read(folder)


class Nightly:
    """The nightly backup of one installation.

    Args:
        folder: the database's, where the file is.
        wanted: whether the configuration wants one now. The file goes where it does not, so that one that is wanted
            again later is not late at once.
    """

    def __init__(self, folder: Path, wanted: Callable[[], bool]) -> None:
        self._folder, self._wanted = folder, wanted
        self._known: BackupOutcome | None = None
        self._looked = -math.inf

    def links(self, now: float, clock: float | None) -> list[Link]:
        """How it stands, if one is wanted.

        Args:
            now: monotonic seconds.
            clock: POSIX seconds, None while nobody knows the time.
        """
        if self._wanted():
            return [self._link(now, clock)]
        if self._looked < 0:
            self._looked = now
            _forget(self._folder)
        return []

    def _link(self, now: float, clock: float | None) -> Link:
        if clock is None:
            return Link(LinkKind.BACKUP, "", WAITING, None, _NO_TIME)
        if now - self._looked >= _LOOK_EVERY_S:
            self._looked = now
            self._known = _read(self._folder) or self._begin(clock)
        known = self._known or BackupOutcome(since=clock)
        age = max(0.0, clock - (known.good or known.since))
        words = (_LAST if known.good else _NONE_YET).filled(age=_age(age))
        if known.failed:
            words += _FAILED.filled(why=written({ENGLISH: known.why} | known.texts))
        if age <= LATE_S:
            return Link(LinkKind.BACKUP, "", OK, age, words)
        return Link(LinkKind.BACKUP, "", BROKEN, age, words if known.failed else words + _NOT_TRIED)

    def _begin(self, clock: float) -> BackupOutcome:
        """From now on one is wanted; over restarts, too."""
        begun = BackupOutcome(since=clock)
        try:
            _write(self._folder, begun)
        except OSError as error:
            log.debug("%s: %s", self._folder / FILE_NAME, error.strerror)
            return self._known or begun
        return begun


def _forget(folder: Path) -> None:
    try:
        (folder / FILE_NAME).unlink(missing_ok=True)
    except OSError as error:
        log.debug("%s: %s", folder / FILE_NAME, error.strerror)


def _read(folder: Path) -> BackupOutcome | None:
    try:
        return msgspec.json.decode((folder / FILE_NAME).read_bytes(), type=BackupOutcome)
    except (OSError, msgspec.MsgspecError):
        return None


def _write(folder: Path, outcome: BackupOutcome) -> None:
    """The gateway's own also where root makes a backup."""
    file = folder / FILE_NAME
    write_whole(file, msgspec.json.encode(outcome), owner=owner_of_folder(file))


def _age(seconds: float) -> Phrase:
    if seconds < 2 * _DAY_S:
        return same(f"{seconds / _HOUR_S:.0f} h")
    return Phrase("{days:.0f} d").filled(days=seconds / _DAY_S)
