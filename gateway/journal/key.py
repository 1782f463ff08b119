"""The journal's Ed25519 key: a PEM file of its own beside the database, made at first use, and its public half.

The file is mode 0600 and no copy of it is in the database, so a copy of the database signs nothing. What we write is
PKCS #8 as RFC 8410 has it, always the same bytes around the key; any other form is read by the package
``cryptography``, which nobody else needs here.
"""

from __future__ import annotations

import base64
import binascii
import logging
import re
import secrets
from typing import TYPE_CHECKING

from gateway.errors import JournalError, StoreError
from gateway.files import owner_of_folder, write_whole
from gateway.journal import ed25519

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)

_HEX_KEY = re.compile(r"[0-9a-f]{64}")


# RFC 8410 §7: what stands before the 32 bytes.
_PKCS8 = bytes.fromhex("302e020100300506032b657004220420")
_BEGIN, _END = b"-----BEGIN PRIVATE KEY-----", b"-----END PRIVATE KEY-----"
_LINES = 4


class SigningKey:
    """A private key, its 32 bytes; ``public`` is its public half, 64 hexadecimal digits (RFC 8032 §5.1.5)."""

    def __init__(self, seed: bytes) -> None:
        self._seed = seed
        self.public = ed25519.public_of(seed).hex()

    def sign(self, message: bytes) -> bytes:
        """The signature, 64 bytes (RFC 8032 §5.1.6)."""
        return ed25519.sign(self._seed, message)


def is_signed(public: str, message: bytes, signature: bytes) -> bool:
    """Whether that key has signed the message."""
    try:
        return ed25519.is_signed(bytes.fromhex(public), message, signature)
    except ValueError:
        return False


def read_public(text: str) -> str:
    """A public key as 64 hexadecimal digits, from these or from a PEM file's contents. JournalError for neither."""
    word = text.strip().lower()
    if _HEX_KEY.fullmatch(word):
        return word
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 (only who is given PEM)
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415

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
    words = content.split(b"\n")
    if len(words) == _LINES and (words[0], *words[2:]) == (_BEGIN, _END, b""):
        try:
            der = base64.b64decode(words[1], validate=True)
        except binascii.Error:
            return None
        if len(der) == len(_PKCS8) + ed25519.SEED_BYTES and der.startswith(_PKCS8):
            return SigningKey(der[len(_PKCS8) :])
    return _parse_other(content)


def _parse_other(content: bytes) -> SigningKey | None:
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 (only who brought a key of another form)
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    try:
        key = load_pem_private_key(content, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return SigningKey(key.private_bytes_raw()) if isinstance(key, Ed25519PrivateKey) else None


def _make(path: Path) -> SigningKey:
    seed = secrets.token_bytes(ed25519.SEED_BYTES)
    pem = b"\n".join((_BEGIN, base64.b64encode(_PKCS8 + seed), _END, b""))
    try:
        # On the disk before the first entry is signed with it.
        write_whole(path, pem, owner=owner_of_folder(path))
    except OSError as error:
        raise StoreError(f"{path}: the journal's key cannot be written: {error.strerror}") from error
    return SigningKey(seed)
