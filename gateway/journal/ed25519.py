"""Ed25519 (RFC 8032, pure) by the OpenSSL that Python has in memory already, for its hashes and its TLS.

The package ``cryptography`` brings an OpenSSL of its own, 10 MB that stay (``tools/bench --only memory``), for a few
entries a day: it is asked only where that of Python cannot be (one that is built in, or has no Ed25519).
"""

from __future__ import annotations

import ctypes
import hashlib
import logging
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cryptography.hazmat.primitives.asymmetric import ed25519

log = logging.getLogger(__name__)

SEED_BYTES = PUBLIC_BYTES = 32
_SIGNATURE_BYTES = 64

# NID_ED25519 of OpenSSL's obj_mac.h, which is for ever.
_ED25519 = 1087
_POINTER, _SIZE, _BYTES, _INT = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_int
_SIZE_POINTER = ctypes.POINTER(_SIZE)
# Function -> what it returns, what it takes (EVP_PKEY_new(3), EVP_DigestSignInit(3), EVP_DigestVerifyInit(3)).
_FUNCTIONS = {
    "EVP_PKEY_new_raw_private_key": (_POINTER, [_INT, _POINTER, _BYTES, _SIZE]),
    "EVP_PKEY_new_raw_public_key": (_POINTER, [_INT, _POINTER, _BYTES, _SIZE]),
    "EVP_PKEY_get_raw_public_key": (_INT, [_POINTER, _BYTES, _SIZE_POINTER]),
    "EVP_PKEY_free": (None, [_POINTER]),
    "EVP_MD_CTX_new": (_POINTER, []),
    "EVP_MD_CTX_free": (None, [_POINTER]),
    "EVP_DigestSignInit": (_INT, [_POINTER] * 5),
    "EVP_DigestSign": (_INT, [_POINTER, _BYTES, _SIZE_POINTER, _BYTES, _SIZE]),
    "EVP_DigestVerifyInit": (_INT, [_POINTER] * 5),
    "EVP_DigestVerify": (_INT, [_POINTER, _BYTES, _SIZE, _BYTES, _SIZE]),
    "ERR_clear_error": (None, []),
}
# RFC 8032 §7.1, test 2: seed, public key, message, signature.
_TEST = (
    "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    "72",
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
)


class _OpenSSL:
    """The functions of a library that has OpenSSL's; OSError, AttributeError, ValueError where it has not."""

    def __init__(self, path: str) -> None:
        library = ctypes.CDLL(path)
        for name, (returned, taken) in _FUNCTIONS.items():
            function = getattr(library, name)
            function.restype, function.argtypes = returned, taken
        self._library = library
        seed, public, message, signature = (bytes.fromhex(text) for text in _TEST)
        if (self.public_of(seed), self.sign(seed, message)) != (public, signature):
            raise ValueError("not what RFC 8032 says")
        if not self.is_signed(public, message, signature) or self.is_signed(public, message + b"\0", signature):
            raise ValueError("not what RFC 8032 says")

    def public_of(self, seed: bytes) -> bytes:
        found, size = ctypes.create_string_buffer(PUBLIC_BYTES), _SIZE(PUBLIC_BYTES)
        with self._key("private", seed) as key:
            self._require(self._library.EVP_PKEY_get_raw_public_key(key, found, ctypes.byref(size)))
        return found.raw

    def sign(self, seed: bytes, message: bytes) -> bytes:
        found, size = ctypes.create_string_buffer(_SIGNATURE_BYTES), _SIZE(_SIGNATURE_BYTES)
        with self._key("private", seed) as key, self._context() as context:
            self._require(self._library.EVP_DigestSignInit(context, None, None, None, key))
            signed = self._library.EVP_DigestSign(context, found, ctypes.byref(size), message, len(message))
            self._require(signed)
        return found.raw

    def is_signed(self, public: bytes, message: bytes, signature: bytes) -> bool:
        with self._key("public", public) as key, self._context() as context:
            self._require(self._library.EVP_DigestVerifyInit(context, None, None, None, key))
            said = self._library.EVP_DigestVerify(context, signature, len(signature), message, len(message))
            # What failed stands in a list of the thread, where Python's TLS would take it for its own.
            self._library.ERR_clear_error()
        return bool(said == 1)

    def _require(self, done: int) -> None:
        if done != 1:
            self._library.ERR_clear_error()
            raise ValueError("OpenSSL refuses Ed25519")

    @contextmanager
    def _key(self, half: str, raw: bytes) -> Iterator[int]:
        key = getattr(self._library, f"EVP_PKEY_new_raw_{half}_key")(_ED25519, None, raw, len(raw))
        self._require(int(bool(key)))
        try:
            yield key
        finally:
            self._library.EVP_PKEY_free(key)

    @contextmanager
    def _context(self) -> Iterator[int]:
        context = self._library.EVP_MD_CTX_new()
        self._require(int(bool(context)))
        try:
            yield context
        finally:
            self._library.EVP_MD_CTX_free(context)


class _Package:
    """The same by the package ``cryptography``."""

    def public_of(self, seed: bytes) -> bytes:
        return self._private(seed).public_key().public_bytes_raw()

    def sign(self, seed: bytes, message: bytes) -> bytes:
        return self._private(seed).sign(message)

    def is_signed(self, public: bytes, message: bytes, signature: bytes) -> bool:
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 (8 MB, few need them)
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415

        try:
            Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def _private(self, seed: bytes) -> ed25519.Ed25519PrivateKey:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415 (as above)

        return Ed25519PrivateKey.from_private_bytes(seed)


def public_of(seed: bytes) -> bytes:
    """The public key of a private one, which is its seed: 32 bytes each. ValueError where it is no seed."""
    return _signer().public_of(seed)


def sign(seed: bytes, message: bytes) -> bytes:
    """The signature, 64 bytes (RFC 8032 §5.1.6). ValueError where it is no seed."""
    return _signer().sign(seed, message)


def is_signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the key of these 32 bytes has signed the message. ValueError where they are no key."""
    return _signer().is_signed(public, message, signature)


@cache
def _signer() -> _OpenSSL | _Package:
    # The module of the hashes is linked with the OpenSSL of this Python: what that has is found through it.
    linked = getattr(hashlib, "_hashlib", None)
    try:
        return _OpenSSL(linked.__file__)  # type: ignore[union-attr]
    except (OSError, AttributeError, TypeError, ValueError) as error:
        log.debug("Python's OpenSSL cannot be asked for Ed25519: %s", error)
        return _Package()
