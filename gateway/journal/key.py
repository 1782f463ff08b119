"""The journal's Ed25519 key: a PEM file of its own beside the database, made at first use, and its public half.

The file is mode 0600 and no copy of it is in the database, so a copy of the database signs nothing. Importing this
module costs 12 MB: only who signs or verifies does.
"""

from __future__ import annotations

import logging
import os
import re
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from gateway.errors import JournalError, StoreError

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)

_HEX_KEY = re.compile(r"[0-9a-f]{64}")


class SigningKey:
    """A private key; ``public`` is its public half, 64 hexadecimal digits (RFC 8032 §5.1.5)."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = private.public_key().public_bytes_raw().hex()

    def sign(self, message: bytes) -> bytes:
        """The signature, 64 bytes (RFC 8032 §5.1.6)."""
        return self._private.sign(message)


def is_signed(public: str, message: bytes, signature: bytes) -> bool:
    """Whether that key has signed the message."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def read_public(text: str) -> str:
    """A public key as 64 hexadecimal digits, from these or from a PEM file's contents. JournalError for neither."""
    word = text.strip().lower()
    if _HEX_KEY.fullmatch(word):
        return word
    try:
        key = load_pem_public_key(text.encode())
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise JournalError("is no Ed25519 public key: 64 hexadecimal digits, as `journal key` prints, or PEM")
    return key.public_bytes_raw().hex()


def read_key(path: Path) -> SigningKey | None:
    """The private key of the file; None when there is none. StoreError when it cannot be read or is no key."""
    content = _content(path)
    key = None if content is None else _parse(content)
    if content is not None and key is None:
        raise StoreError(f"{path}: is no Ed25519 private key; put the saved one back, or remove it for a new one")
    return key


def read_or_make_key(path: Path) -> SigningKey:
    """The file's key, made when there is none; StoreError when it can be neither read nor written.

    A file that is no key any more is set aside: the household's word, a withdrawal above all, must be taken down
    even then, and the journal says itself that it goes on with another key.
    """
    content = _content(path)
    key = None if content is None else _parse(content)
    if key is None and content is not None:
        log.error("the journal's key is damaged: kept as %s.damaged, a new one is made", path.name)
        path.replace(path.with_name(path.name + ".damaged"))
    return key or _make(path)


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"{path}: the journal's key cannot be read: {error.strerror}; check its owner") from error


def _parse(content: bytes) -> SigningKey | None:
    try:
        key = load_pem_private_key(content, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return SigningKey(key) if isinstance(key, Ed25519PrivateKey) else None


def _make(path: Path) -> SigningKey:
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    new = path.with_name(path.name + ".new")
    try:
        new.unlink(missing_ok=True)
        _write(new, pem)
        new.replace(path)
        # The name too must outlive a power cut before the first entry is signed with it.
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise StoreError(f"{path}: the journal's key cannot be written: {error.strerror}") from error
    return SigningKey(private)


def _write(path: Path, content: bytes) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as file:
        if os.geteuid() == 0:
            # What root makes in the service's folder belongs to the service.
            owner = path.parent.stat()
            os.fchown(fd, owner.st_uid, owner.st_gid)
        file.write(content)
        file.flush()
        os.fsync(fd)
