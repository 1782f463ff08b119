"""What a gateway keeps of invitations: what waits for an answer, what is carried out, by which keys it was invited.

One small file beside the database, written before each step: a run that was cut off goes on from there. It holds the
link with its secret, so the gateway alone reads it; an erasure of everything takes it along.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import msgspec

from gateway.errors import StoreError, reason
from gateway.files import owner_of_folder, write_whole
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.config.tables import Config

log = logging.getLogger(__name__)

_MOST_BYTES, _MOST_JOINED = 262_144, 200
_NOT_KEPT = Phrase("{path}: cannot be written: {why}")


class JoiningNote(msgspec.Struct, frozen=True, kw_only=True):
    """A yes that is being carried out.

    ``at`` is its POSIX second, ``user`` the name drawn for an account (empty where the house has one), ``made`` whether
    the server has made it, ``why`` what stands in the way: language -> sentence.
    """

    link: str
    lang: str
    hash: str
    retention: str
    at: int
    by: str = ""
    channel: str = "command"
    meter: str | None = None
    user: str = ""
    made: bool = False
    why: dict[str, str] = {}


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """A yes that waited and came to nothing, until the household has seen why (language -> sentence)."""

    controller: str
    why: dict[str, str]


class Joined(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation that was taken: by whom it was signed, and when (POSIX seconds)."""

    id: str
    controller: str
    addresses: tuple[str, ...]
    key: str
    at: int


class BroughtInvitation(msgspec.Struct, frozen=True, kw_only=True):
    """One that whoever prepared the card has put onto it; the household says yes or no, at its page.

    ``controller`` is whose it is. ``installer`` (bare JID, or empty), who would like to know whether the gateway is
    well, is named in the account that is made by it.
    """

    link: str
    controller: str
    installer: str = ""

    def __repr__(self) -> str:
        """Without its secret."""
        return "<a brought invitation>"


class Joinings(msgspec.Struct, frozen=True, kw_only=True):
    """The file."""

    version: int = 1
    brought: BroughtInvitation | None = None
    waiting: JoiningNote | None = None
    refused: Refusal | None = None
    joined: tuple[Joined, ...] = ()

    def last_of(self, domain: str) -> Joined | None:
        """The last one of a domain."""
        known = [one for one in self.joined if one.addresses[0].partition("@")[2] == domain]
        return known[-1] if known else None


def read(config: Config) -> Joinings:
    """What is kept; nothing where the file is not there, or is none any more."""
    return read_file(config.joining_file)


def read_file(file: Path) -> Joinings:
    """The same of a file, of a system that does not run yet."""
    try:
        with file.open("rb") as stream:
            return msgspec.json.decode(stream.read(_MOST_BYTES), type=Joinings)
    except FileNotFoundError:
        return Joinings()
    except (OSError, msgspec.MsgspecError, ValueError, RecursionError) as error:
        log.warning("%s: what is kept of invitations cannot be read (%s)", file.name, error)
        return Joinings()


def write(config: Config, kept: Joinings) -> None:
    """Keep it; StoreError, and nothing is changed."""
    write_file(config.joining_file, kept)


def write_file(file: Path, kept: Joinings) -> None:
    """The same to a file, of a system that does not run yet."""
    kept = msgspec.structs.replace(kept, joined=kept.joined[-_MOST_JOINED:])
    try:
        write_whole(file, msgspec.json.encode(kept), owner=owner_of_folder(file))
    except OSError as error:
        raise StoreError(_NOT_KEPT.filled(path=file, why=reason(error))) from error
