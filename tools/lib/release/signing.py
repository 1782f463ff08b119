"""Who signs a folder: Ed25519 keys for what devices read, OpenPGP keys of gpg for what apt reads.

Both kinds of signature are the same bytes of the same key and the same words: RFC 8032 says so, and gpg is told the
time.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gateway.errors import StoreError
from gateway.journal import key as journal_key
from gateway.upkeep.releases.keys import signature_line
from release.errors import FolderError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_ED25519 = "22"  # RFC 9580 §9.1, as gpg lists it
_FIELD_OF_ALGORITHM, _FIELD_OF_FINGERPRINT = 3, 9


@dataclass(frozen=True, slots=True)
class Signers:
    """Who signs: files with a private key each, fingerprints of gpg's keys, and where gpg has them."""

    files: tuple[Path, ...]
    apt: tuple[str, ...]
    gpg_home: Path | None

    def public(self) -> list[bytes]:
        """The public halves of the files' keys, 32 bytes each."""
        return [bytes.fromhex(_key(path).public) for path in self.files]

    def sign(self, path: Path) -> None:
        """The signatures of a file, beside it: ``NAME.sig``, a line for each key."""
        text = path.read_bytes()
        lines = [signature_line(bytes.fromhex(key.public), key.sign(text)) for key in map(_key, self.files)]
        path.with_name(path.name + ".sig").write_text("".join(lines), encoding="ascii")

    def clearsign(self, text: bytes, when: datetime) -> bytes:
        """The text with the OpenPGP signatures around it (RFC 9580 §7)."""
        stamp = when.astimezone(UTC).strftime("%Y%m%dT%H%M%S!")
        users = [word for one in self.apt for word in ("--local-user", one)]
        return self._gpg("--faked-system-time", stamp, *users, "--digest-algo", "SHA512", "--clearsign", text=text)

    def exported(self, fingerprints: Sequence[str]) -> bytes:
        """The public keys in one armoured file. FolderError for one that gpg has not, or that is not Ed25519."""
        for one in fingerprints:
            listed = self._gpg("--with-colons", "--fixed-list-mode", "--list-keys").decode()
            # Its own paragraph, which begins with "pub".
            found = next((part for part in listed.split("pub:")[1:] if f":{one}:" in part), "")
            rows = [line.split(":") for line in f"pub:{found}".splitlines()]
            if one not in [row[_FIELD_OF_FINGERPRINT] for row in rows if row[0] == "fpr"]:
                raise FolderError(f"{one}: is no whole fingerprint of a key that gpg has")
            if any(row[_FIELD_OF_ALGORITHM] != _ED25519 for row in rows if row[0] == "pub"):
                raise FolderError(f"{one}: is no Ed25519 key; others sign the same words differently each time")
        return self._gpg("--export", "--export-options", "export-minimal", "--armor", *fingerprints)

    def _gpg(self, *words: str, text: bytes = b"") -> bytes:
        home = ["--homedir", str(self.gpg_home)] if self.gpg_home else []
        command = ["gpg", *home, "--batch", "--no-tty", "--quiet", *words]
        done = subprocess.run(command, input=text, capture_output=True, check=False, env=os.environ | {"LC_ALL": "C"})
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise FolderError(f"gpg: {said[-1] if said else f'exit code {done.returncode}'}")
        return done.stdout


def _key(path: Path) -> journal_key.SigningKey:
    try:
        found = journal_key.read_key(path)
    except StoreError as error:
        raise FolderError(f"{path}: is no Ed25519 private key in PEM (tools/release --new-key makes one)") from error
    if found is None:
        raise FolderError(f"{path}: no such file")
    return found
