"""A set of files for a board: one zip file, signed for each board by HMAC-SHA256 with that board's own key.

The board's side is micropython/update/install.py: a manifest is one line of JSON, a line feed, and its signature as 64
hexadecimal digits. What is not signed for this very board, or not newer than what it has taken, it refuses.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.errors import BoardError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LARGEST_FILE = 256 * 1024
"""Bytes; a board refuses a larger file."""
LARGEST_SET = 768 * 1024
"""Bytes; two sets and the reserve of readings share the 2 MB file system of a 4 MB board."""

_DESCRIPTION = "set.json"
# The names that a board accepts: no absolute path, no hidden file, no way out of the folder.
_NAME = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9_.-]*/)*[A-Za-z0-9_-][A-Za-z0-9_.-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class FileSet:
    """What one folder of a board holds: names to contents, and the version a person knows it by."""

    version: str
    files: Mapping[str, bytes]

    def __post_init__(self) -> None:
        for name, content in self.files.items():
            if not _NAME.fullmatch(name) or len(content) > LARGEST_FILE:
                raise BoardError(f"{name!r} cannot be a file of a board: a plain name, at most {LARGEST_FILE} bytes")
        if self.size > LARGEST_SET:
            raise BoardError(f"a set of {self.size} bytes does not fit a board twice: at most {LARGEST_SET}")

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(map(len, self.files.values()))

    def signed(self, board: str, key: bytes, serial: int) -> bytes:
        """The manifest that this board takes as its set number ``serial``."""
        text = self.manifest(board, serial)
        return text + hmac.new(key, text, hashlib.sha256).hexdigest().encode()

    def manifest(self, board: str, serial: int) -> bytes:
        """What the signature covers: a line of JSON and its line feed."""
        entries = [[name, len(content), digest(content)] for name, content in sorted(self.files.items())]
        content = {"board": board, "serial": serial, "version": self.version, "files": entries}
        return json.dumps(content, separators=(",", ":")).encode("ascii") + b"\n"

    def write(self, path: Path) -> None:
        """Write the zip file; the same set is the same bytes."""
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(zipfile.ZipInfo(_DESCRIPTION), json.dumps({"version": self.version}))
            for name, content in sorted(self.files.items()):
                archive.writestr(zipfile.ZipInfo(name), content)

    @classmethod
    def read(cls, path: Path) -> FileSet:
        """Read a zip file that ``write`` wrote."""
        try:
            with zipfile.ZipFile(path) as archive:
                if sum(info.file_size for info in archive.infolist()) > LARGEST_SET:
                    raise BoardError(f"{path} unpacks to more than a board can hold")
                files = {info.filename: archive.read(info) for info in archive.infolist()}
            version = json.loads(files.pop(_DESCRIPTION))["version"]
        except (OSError, zipfile.BadZipFile, KeyError, TypeError, ValueError) as error:
            if isinstance(error, BoardError):
                raise
            raise BoardError(f"{path} is no set of files for a board; tools/flash --build-set writes one") from error
        return cls(str(version), files)


def digest(content: bytes) -> str:
    """The name of a content: its SHA-256 as hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()
