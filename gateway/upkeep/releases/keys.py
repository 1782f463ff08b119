"""The keys by which releases are believed: Ed25519, one PEM file each, all of them equals.

``release.pub`` came with the first installation (or was named to it); ``release-keys/`` holds those that releases have
brought since. A new key comes with a release that a former one has signed, and both are believed from then on; it goes
with a release that does not bring it any more. One good signature is enough, of whichever key: apt, which reads the
same folder, knows no other rule, and two holders are for the day on which one of them is lost.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import logging
import re
from typing import TYPE_CHECKING

from gateway.errors import ReleaseError
from gateway.journal import ed25519
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

log = logging.getLogger(__name__)

FIRST, FOLDER = "release.pub", "release-keys"
# RFC 8410 §4: what stands before the 32 bytes of a public key.
_SPKI = bytes.fromhex("302a300506032b6570032100")
_PEM = re.compile(r"-----BEGIN PUBLIC KEY-----\s+([A-Za-z0-9+/=\s]{1,200}?)\s+-----END PUBLIC KEY-----\s*")
_MOST_KEYS, _MOST_BYTES, _MOST_SIGNATURES = 16, 1_000, 32
_LINE = re.compile(r"([0-9a-f]{16}) ([A-Za-z0-9+/]{86}==)")

_NO_KEY = Phrase("no key is known by which a release could be believed: {place} holds none")


def key_id(public: bytes) -> str:
    """By what a signature names its key: the first 16 hexadecimal digits of the SHA-256 of its 32 bytes."""
    return hashlib.sha256(public).hexdigest()[:16]


def fingerprint(public: bytes) -> str:
    """What a person compares: the first 40 digits of the same (160 bits), in ten groups."""
    digits = hashlib.sha256(public).hexdigest()[:40].upper()
    return " ".join(digits[at : at + 4] for at in range(0, 40, 4))


def parse_public(pem: str) -> bytes | None:
    """The 32 bytes of an Ed25519 public key (RFC 8410, as ``openssl pkey -pubout`` has it); None where it is none."""
    found = _PEM.fullmatch(pem.strip() + "\n")
    if found is None:
        return None
    try:
        der = base64.b64decode("".join(found[1].split()), validate=True)
    except binascii.Error:
        return None
    whole = len(der) == len(_SPKI) + ed25519.PUBLIC_BYTES and der.startswith(_SPKI)
    return der[len(_SPKI) :] if whole else None


def render_public(public: bytes) -> str:
    """The PEM file of a public key."""
    words = base64.b64encode(_SPKI + public).decode()
    return f"-----BEGIN PUBLIC KEY-----\n{words}\n-----END PUBLIC KEY-----\n"


def trusted_keys(etc: Path) -> dict[str, bytes]:
    """The keys that a machine believes, id → 32 bytes; ReleaseError where there is none.

    A file that is no key is left out and said in the log: one that is damaged must not lock out the others.
    """
    found: dict[str, bytes] = {}
    for path in [etc / FIRST, *sorted((etc / FOLDER).glob("*.pub"))][:_MOST_KEYS]:
        try:
            with path.open("rb") as file:
                public = parse_public(file.read(_MOST_BYTES).decode("ascii", "replace"))
        except FileNotFoundError:
            continue
        except OSError as error:
            log.warning("%s cannot be read: %s", path, error.strerror)
            continue
        if public is None:
            log.warning("%s is no Ed25519 public key: it is left out", path)
            continue
        found[key_id(public)] = public
    if not found:
        raise ReleaseError(_NO_KEY.filled(place=etc))
    return found


def signed_by(text: bytes, signatures: bytes, keys: Mapping[str, bytes]) -> set[str]:
    """Whose of these keys' good signatures are among the lines ``KEYID BASE64``; strange lines count for nothing."""
    good = set()
    for line in signatures.decode("ascii", "replace").splitlines()[:_MOST_SIGNATURES]:
        found = _LINE.fullmatch(line.strip())
        public = keys.get(found[1]) if found else None
        if found and public and ed25519.is_signed(public, text, base64.b64decode(found[2])):
            good.add(found[1])
    return good


def signature_line(public: bytes, signature: bytes) -> str:
    """One line of a file of signatures."""
    return f"{key_id(public)} {base64.b64encode(signature).decode()}\n"
