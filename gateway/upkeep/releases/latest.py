"""``latest.json``: which release is the latest, who vouches for it and until when.

The list is signed as it is, byte for byte (``latest.json.sig``), and believed only whole: nothing of it is read before
a trusted key's signature is found good. What it says is then held against what was seen before, against what runs and,
where the clock is known, against its own end: an old list with its good signature brings no old faults back.
"""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from gateway.errors import ReleaseError
from gateway.upkeep.releases import versions
from gateway.upkeep.releases.keys import signed_by
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

NAME, SIGNATURES = "latest.json", "latest.json.sig"
MOST_BYTES, MOST_SIGNATURE_BYTES = 64 << 10, 4 << 10
_BLOCK = 1 << 20

_TOO_LARGE = Phrase("the list of the latest release is larger than {limit} kB: it is not read")
_CUT = Phrase("the list of the latest release ends in its middle: it was cut on its way, and is fetched again later")
_NOT_SIGNED = Phrase(
    "the list of the latest release is not signed by a key that this gateway trusts: it is somebody else's, or it was "
    "changed on its way"
)
_MALFORMED = Phrase("the list of the latest release is signed, but this version cannot read it: {said}")
_EXPIRED = Phrase("the list of the latest release was good until {day}: nobody vouches for it any more")
_REPLAYED = Phrase(
    "the list of the latest release is number {serial}, and number {last} was seen before: an old one is not taken"
)
_OLDER = Phrase("the list of the latest release offers {version}, which is older than {running} that runs here")
_NOT_LISTED = Phrase("{name} is not in the list of the release")
_ALTERED = Phrase("{name} is not the file that the signed list names: it was changed or cut on its way")

# A path below the folder: no way up, nothing hidden.
_PLACE = r"^[A-Za-z0-9][A-Za-z0-9._+~-]{0,99}(/[A-Za-z0-9][A-Za-z0-9._+~-]{0,99}){0,5}$"
_Version = Annotated[str, Meta(pattern=r"^[0-9][0-9A-Za-z.+!-]{0,49}$")]
_Note = Annotated[str, Meta(max_length=4_000)]
_Time = Annotated[datetime, Meta(tz=True)]


class ReleaseFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file of the folder: its bytes and their SHA-256."""

    size: Annotated[int, Meta(ge=0, le=1 << 36)]
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class Latest(msgspec.Struct, frozen=True, kw_only=True):
    """What the list says; members that a later version adds are passed over.

    ``serial`` grows with each list. ``min_version`` is the oldest version that may be updated to this one directly.
    ``support_end`` is the last day on which this release is mended. ``files``: path below the folder → file.
    ``withdrawn`` are ids of keys that are not believed any more, from this list on.
    """

    serial: Annotated[int, Meta(ge=1, le=1 << 53)]
    version: _Version
    issued: _Time
    expires: _Time
    min_version: _Version
    security: bool = False
    support_end: date | None = None
    notes: Annotated[dict[Annotated[str, Meta(max_length=10)], _Note], Meta(max_length=10)] = {}
    files: Annotated[dict[Annotated[str, Meta(pattern=_PLACE)], ReleaseFile], Meta(max_length=200)]
    withdrawn: Annotated[tuple[Annotated[str, Meta(pattern="^[0-9a-f]{16}$")], ...], Meta(max_length=16)] = ()

    def is_newer_than(self, running: str) -> bool:
        """Whether it is another, later version than the one that runs."""
        return versions.compared(running, self.version) == "newer"

    def follows(self, running: str) -> bool:
        """Whether that version may go to it directly; an older one needs a version between."""
        return versions.compared(self.min_version, running) in ("same", "newer")


def read_latest(
    text: bytes,
    signatures: bytes,
    keys: Mapping[str, bytes],
    *,
    now: datetime | None,
    last_serial: int,
    running: str,
    withdrawn: Collection[str] = (),
) -> Latest:
    """The list, believed; ReleaseError, with one sentence, where it is not.

    Args:
        text: the bytes of ``latest.json``.
        signatures: the bytes of ``latest.json.sig``, a line ``KEYID BASE64`` for each key.
        keys: the trusted keys, id → 32 bytes (``keys.trusted_keys``).
        now: the time, aware; None where the clock is not known to be right: then nothing is expired.
        last_serial: the highest number seen before; 0 for none.
        running: the version that runs.
        withdrawn: ids of keys that a list seen before has withdrawn.
    """
    if len(text) > MOST_BYTES or len(signatures) > MOST_SIGNATURE_BYTES:
        raise ReleaseError(_TOO_LARGE.filled(limit=MOST_BYTES >> 10))
    if not text.rstrip().endswith(b"}") or not signatures.endswith(b"\n"):
        raise ReleaseError(_CUT)
    signers = signed_by(text, signatures, keys) - set(withdrawn)
    if not signers:
        raise ReleaseError(_NOT_SIGNED)
    latest = _decoded(text)
    if not signers - set(latest.withdrawn):
        # A key cannot withdraw itself and be believed.
        raise ReleaseError(_NOT_SIGNED)
    if now is not None and now >= latest.expires:
        raise ReleaseError(_EXPIRED.filled(day=latest.expires.date().isoformat()))
    if latest.serial < last_serial:
        raise ReleaseError(_REPLAYED.filled(serial=latest.serial, last=last_serial))
    if versions.compared(running, latest.version) not in ("same", "newer"):
        raise ReleaseError(_OLDER.filled(version=latest.version, running=running))
    return latest


def _decoded(text: bytes) -> Latest:
    try:
        latest = msgspec.json.decode(text, type=Latest)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise ReleaseError(_MALFORMED.filled(said=error)) from error
    unknown = [one for one in (latest.version, latest.min_version) if versions.order(one) is None]
    if unknown or latest.expires <= latest.issued:
        raise ReleaseError(_MALFORMED.filled(said=", ".join(unknown) or "expires"))
    return latest


def require_file(latest: Latest, name: str, path: Path) -> None:
    """ReleaseError unless the file at ``path`` is, byte for byte, the one that the list calls ``name``."""
    listed = latest.files.get(name)
    if listed is None:
        raise ReleaseError(_NOT_LISTED.filled(name=name))
    digest = hashlib.sha256()
    with path.open("rb") as file:
        size = 0
        # One byte more than listed is enough to know.
        while size <= listed.size and (block := file.read(min(_BLOCK, listed.size + 1 - size))):
            digest.update(block)
            size += len(block)
    if size != listed.size or digest.hexdigest() != listed.sha256:
        raise ReleaseError(_ALTERED.filled(name=name))
