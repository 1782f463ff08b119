"""A push message as it leaves: sealed for one browser (RFC 8291, RFC 8188), and signed by who sends it (RFC 8292).

The service between reads neither text nor length. ``cryptography`` is imported by who seals the first one: a house
whose people are told otherwise has no use for it.
"""

from __future__ import annotations

import base64
import hmac
import json
import os
import struct

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_CURVE = ec.SECP256R1()
_POINT_BYTES, _NUMBER_BYTES, _SALT_BYTES = 65, 32, 16
# RFC 8291 §4: one record, of which a service takes 4096 bytes with its head; RFC 8188 §2: a byte ends the text.
_RECORD, _HEAD, _TAG = 4096, _SALT_BYTES + 4 + 1 + _POINT_BYTES, 16
MOST_BYTES = _RECORD - _HEAD - _TAG - 1
# All messages are of a few lengths.
_BLOCK = 512
# RFC 8292 §2: a day at most; of a clock that is behind it shall not be over already.
_SIGNED_FOR_S = 12 * 3600


def encoded(raw: bytes) -> str:
    """Base64 for addresses, without filling (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """Its bytes; ValueError where it is none."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def new_key() -> tuple[str, str]:
    """A key by which one browser knows its sender: the private number, the public point."""
    made = ec.generate_private_key(_CURVE)
    return encoded(made.private_numbers().private_value.to_bytes(_NUMBER_BYTES, "big")), encoded(_point(made))


def sealed(text: bytes, browser: str, secret: str, *, block: int = _BLOCK) -> bytes:
    """The body of the request; ValueError for a key that is none, or what is too long.

    Args:
        text: what is said, at most ``MOST_BYTES``.
        browser: its public point (``p256dh``).
        secret: what it shares with its senders (``auth``).
        block: the text is filled up to a multiple of that.
    """
    return sealed_with(text, browser, secret, ec.generate_private_key(_CURVE), os.urandom(_SALT_BYTES), block)


def sealed_with(
    text: bytes, browser: str, secret: str, own: ec.EllipticCurvePrivateKey, salt: bytes, block: int
) -> bytes:
    """The same with a key and a salt, which are used for this message alone."""
    if len(text) > MOST_BYTES:
        raise ValueError("too long for a push service")
    there = decoded(browser)
    shared = own.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, there))
    # RFC 8291 §3.4.
    known = _derived(decoded(secret), shared, b"WebPush: info\0" + there + _point(own), 32)
    key = _derived(salt, known, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(salt, known, b"Content-Encoding: nonce\0", 12)
    filled = min(-(-(len(text) + 1) // block) * block, MOST_BYTES + 1)
    plain = (text + b"\x02").ljust(filled, b"\0")
    head = salt + struct.pack(">IB", _RECORD, _POINT_BYTES) + _point(own)
    return head + AESGCM(key).encrypt(nonce, plain, None)


def signed(service: str, private: str, contact: str, now: int) -> str:
    """The header ``Authorization``: for that service alone (its origin), and not for long; ValueError for no key."""
    key = ec.derive_private_key(int.from_bytes(decoded(private), "big"), _CURVE)
    says = {"aud": service, "exp": now + _SIGNED_FOR_S} | ({"sub": contact} if contact else {})
    parts = [json.dumps(part, separators=(",", ":")).encode() for part in ({"typ": "JWT", "alg": "ES256"}, says)]
    token = ".".join(map(encoded, parts))
    # RFC 7518 §3.4: both numbers side by side.
    r, s = decode_dss_signature(key.sign(token.encode(), ec.ECDSA(SHA256())))
    by = encoded(r.to_bytes(_NUMBER_BYTES, "big") + s.to_bytes(_NUMBER_BYTES, "big"))
    return f"vapid t={token}.{by}, k={encoded(_point(key))}"


def _point(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _derived(salt: bytes, known: bytes, info: bytes, size: int) -> bytes:
    """HKDF-SHA-256 (RFC 5869) of one block."""
    return hmac.digest(hmac.digest(salt, known, "sha256"), info + b"\x01", "sha256")[:size]
