"""What an archive says of itself: its format, the schema of its tables, each file with its size and its SHA-256.

Values only. An archive may come from anywhere: whatever is not a manifest of this format is one ArchiveError.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from gateway.errors import ArchiveError

FORMAT = 1
NAME = "manifest.json"
PROGRAM = "linky-gateway"
# A household of ten years has some hundred texts; nobody's archive has more files than this.
MOST_FILES = 10_000
MOST_BYTES = 4_000_000

_PART = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
_FILE = re.compile(rf"{_PART}(?:/{_PART}){{0,3}}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ArchivedFile:
    """One file of an archive: its bytes and the SHA-256 of these in hexadecimal."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ArchiveManifest:
    """The whole of it; ``made`` is ISO 8601, ``schema`` the steps of the database's schema, in order."""

    made: str
    version: str
    schema: tuple[str, ...]
    files: dict[str, ArchivedFile] = field(default_factory=dict)


def write(manifest: ArchiveManifest) -> bytes:
    """The manifest as JSON, one file a line, the same for the same archive."""
    files = {name: {"bytes": f.size, "sha256": f.sha256} for name, f in sorted(manifest.files.items())}
    about = {"archive": PROGRAM, "format": FORMAT, "made": manifest.made, "version": manifest.version}
    return (json.dumps(about | {"schema": manifest.schema, "files": files}, indent=1) + "\n").encode()


def read(content: bytes) -> ArchiveManifest:
    """Read one; ArchiveError when it is none, or of a format that is newer than this program."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ArchiveError(f"{NAME} cannot be read: it is not JSON") from error
    if not isinstance(found, dict) or found.get("archive") != PROGRAM or type(found.get("format")) is not int:
        raise ArchiveError(f"{NAME} is not that of a {PROGRAM} archive")
    if found["format"] > FORMAT:
        raise ArchiveError(
            f"the archive is of format {found['format']:.0f}, this program reads {FORMAT}: update the gateway first"
        )
    words = (found.get("made"), found.get("version"))
    schema, files = found.get("schema"), found.get("files")
    if not all(isinstance(word, str) for word in words) or found["format"] != FORMAT:
        raise ArchiveError(f"{NAME} is not complete")
    if not isinstance(schema, list) or not all(isinstance(step, str) for step in schema):
        raise ArchiveError(f"{NAME} does not say which schema its tables have")
    if not isinstance(files, dict) or len(files) > MOST_FILES:
        raise ArchiveError(f"{NAME} does not say which files there are")
    return ArchiveManifest(str(words[0]), str(words[1]), tuple(schema), {n: _file(n, f) for n, f in files.items()})


def _file(name: str, found: object) -> ArchivedFile:
    # A name is part of a path on this machine: what could leave the archive's folder is none.
    if not _FILE.fullmatch(name) or name == NAME or not isinstance(found, dict):
        raise ArchiveError(f"{NAME} names a file {name[:80]!a} that no archive has")
    size, sha256 = found.get("bytes"), found.get("sha256")
    if type(size) is not int or size < 0 or not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
        raise ArchiveError(f"{NAME} does not describe the file {name}")
    return ArchivedFile(size, sha256)
