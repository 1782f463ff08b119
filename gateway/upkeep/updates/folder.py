"""The folder of releases, as a gateway reads it: the signed list, and the files of it that it wants. Blocks.

Beside what is fetched lies what was seen before: neither a list nor a key that was withdrawn counts again.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gateway.errors import ReleaseError, reason
from gateway.files import make_folder, write_whole
from gateway.upkeep.releases.keys import trusted_keys
from gateway.upkeep.releases.latest import (
    MOST_BYTES,
    MOST_SIGNATURE_BYTES,
    NAME,
    SIGNATURES,
    Latest,
    read_latest,
    require_file,
)
from gateway.upkeep.releases.seen import FILE, read_seen, write_seen
from gateway.upkeep.updates.kind import InstallKind, files_for
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from pathlib import Path

_LIST_S, _FILE_S = 10.0, 1_800.0
# A file that is larger than any release of ours is not fetched, whatever the list says.
MOST_FILE_BYTES = 64 << 20

_NOT_KEPT = Phrase("what was fetched cannot be kept: {why}")


@dataclass(frozen=True, slots=True)
class ReleaseFolder:
    """One folder, for one installation.

    Args:
        url: where it is.
        place: where what is fetched lies.
        etc: where the keys are by which releases are believed.
        kind: how this installation came onto its machine.
        running: the version that runs.
    """

    url: str
    place: Path
    etc: Path
    kind: InstallKind
    running: str

    def look(self, etag: str, now: float | None) -> tuple[Latest, str]:
        """The list, and its entity tag; of the one with that tag what was fetched before. Raises ReleaseError."""
        # Here and not above: who looks once a day needs no HTTP in memory all day.
        from gateway.upkeep.updates.fetch import fetch  # noqa: PLC0415

        known = self.known(now) if etag else None
        found = fetch(self.url, NAME, MOST_BYTES, _LIST_S, etag if known else "")
        if found is None and known:
            return known, etag
        signed = fetch(self.url, SIGNATURES, MOST_SIGNATURE_BYTES, _LIST_S)
        assert found, "without a tag there is always an answer"  # noqa: S101
        assert signed, "likewise"  # noqa: S101
        latest = self._judged(found[0], signed[0], now)
        try:
            make_folder(self.place)
            write_whole(self.place / NAME, found[0])
            write_whole(self.place / SIGNATURES, signed[0])
            write_seen(self.place / FILE, read_seen(self.place / FILE).with_list(latest))
        except OSError as error:
            raise ReleaseError(_NOT_KEPT.filled(why=reason(error))) from error
        return latest, found[1]

    def known(self, now: float | None) -> Latest | None:
        """What was fetched before, if it is still believed."""
        try:
            return self._judged((self.place / NAME).read_bytes(), (self.place / SIGNATURES).read_bytes(), now)
        except (OSError, ReleaseError):
            return None

    def _judged(self, text: bytes, signatures: bytes, now: float | None) -> Latest:
        seen = read_seen(self.place / FILE)
        return read_latest(
            text,
            signatures,
            trusted_keys(self.etc),
            now=None if now is None else datetime.fromtimestamp(now, UTC),
            last_serial=seen.serial,
            running=self.running,
            withdrawn=seen.withdrawn,
        )

    def bring(self, latest: Latest) -> None:
        """Fetch the files of it that this installation takes, those that are not there yet. Raises ReleaseError."""
        wanted = files_for(self.kind, latest, self.running)
        names = {path.split("/")[-1] for path in wanted}
        try:
            for old in self.place.glob("linky-gateway*"):
                if old.name not in names:
                    old.unlink()
            for path in wanted:
                self._bring(latest, path)
        except OSError as error:
            raise ReleaseError(_NOT_KEPT.filled(why=reason(error))) from error

    def bring_one(self, latest: Latest, path: str) -> Path:
        """Fetch one file of it, unless it is there; where it lies. Raises ReleaseError."""
        to = self.place / path.rsplit("/", maxsplit=1)[-1]
        try:
            make_folder(self.place)
            self._bring(latest, path)
            # An older one of boards is of no use any more.
            for old in self.place.glob("esp32-set-*.zip") if to.name.startswith("esp32-set-") else ():
                if old != to:
                    old.unlink()
        except OSError as error:
            raise ReleaseError(_NOT_KEPT.filled(why=reason(error))) from error
        return to

    def _bring(self, latest: Latest, path: str) -> None:
        from gateway.upkeep.updates.fetch import download  # noqa: PLC0415

        to, size = self.place / path.rsplit("/", maxsplit=1)[-1], min(latest.files[path].size, MOST_FILE_BYTES)
        with suppress(ReleaseError, FileNotFoundError):
            require_file(latest, path, to)
            return
        part = to.with_name(f"{to.name}.part")
        try:
            with part.open("wb") as file:
                download(self.url, path, file, size, _FILE_S)
            require_file(latest, path, part)
            part.replace(to)
        finally:
            part.unlink(missing_ok=True)
