"""The installer's public SSH keys: a file of them → its lines, each one sound, or one sentence about what is wrong.

And the key of the releases, which is of another kind (``gateway/upkeep/releases/keys.py``).

The form is that of sshd(8), "AUTHORIZED_KEYS FILE FORMAT", without options; what is inside of the Base64 is RFC 4253
§6.6, RFC 5656 §3.1, RFC 8709 §4, and OpenSSH's PROTOCOL.u2f.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from gateway.upkeep.owner import owner
from gateway.upkeep.releases.keys import parse_public
from provision.errors import ProvisionError

if TYPE_CHECKING:
    from pathlib import Path

_MOST_BYTES, _MOST_KEYS = 16_384, 8
_SHORTEST_RSA_BITS = 2048
# Kind -> how many fields follow its name.
_FIELDS = {
    "ssh-ed25519": 1,
    "ssh-rsa": 2,
    "ecdsa-sha2-nistp256": 2,
    "ecdsa-sha2-nistp384": 2,
    "ecdsa-sha2-nistp521": 2,
    "sk-ssh-ed25519@openssh.com": 2,
    "sk-ecdsa-sha2-nistp256@openssh.com": 3,
}


def read(path: Path) -> list[str]:
    """The keys of a file, a line each. Raises ProvisionError."""
    try:
        with path.open("rb") as stream:
            data = stream.read(_MOST_BYTES + 1)
    except OSError as error:
        raise ProvisionError("unreadable", path=path, said=error.strerror) from error
    if b"PRIVATE KEY" in data:
        raise ProvisionError("private_key", path=path)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ProvisionError("no_key", path=path) from error
    found: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if not "".join(words).isprintable() or len(words) < 2 or not _is_sound(words[0], words[1]):
            raise ProvisionError("bad_key", path=path, line=number)
        found.append(" ".join(words))
    if not 0 < len(found) <= _MOST_KEYS or len(data) > _MOST_BYTES:
        raise ProvisionError("no_key", path=path)
    return found


def of_releases(path: Path | None) -> list[bytes]:
    """The public key of a PEM file, 32 bytes; else the owner's, of which any may have signed; none where blank."""
    if path is None:
        return [bytes.fromhex(one) for one in owner().release_keys]
    try:
        found = parse_public(path.read_text(encoding="ascii", errors="replace")[:_MOST_BYTES])
    except OSError as error:
        raise ProvisionError("unreadable", path=path, said=error.strerror) from error
    if found is None:
        raise ProvisionError("no_release_key", path=path)
    return [found]


def _is_sound(kind: str, text: str) -> bool:
    """Whether the Base64 holds a key of that kind, and nothing after it."""
    try:
        fields = _fields(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        return False
    if kind not in _FIELDS or fields[:1] != [kind.encode()] or len(fields) != 1 + _FIELDS[kind]:
        return False
    return kind != "ssh-rsa" or int.from_bytes(fields[2], "big").bit_length() >= _SHORTEST_RSA_BITS


def _fields(data: bytes) -> list[bytes]:
    """RFC 4251 §5: each a length of four bytes, then so many. ValueError where they do not come out even."""
    fields, at = [], 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        field = data[at + 4 : at + 4 + length]
        if len(data) < at + 4 or len(field) < length:
            raise ValueError
        fields.append(field)
        at += 4 + length
    return fields
