"""The signature of a set of files: HMAC-SHA256 (RFC 2104) with the board's own key, 32 random bytes made at flashing.

Why not Ed25519: MicroPython has no implementation that anybody keeps, and one of our own would be the riskiest code on
the board, 190 times as slow (README.md). With a key per board little is lost: a stolen one signs for its board only.
"""

import hashlib

_BLOCK = 64  # bytes of a SHA-256 block


def hmac_sha256(key, *parts):
    """The 32-byte code of the parts, one after the other."""
    if len(key) > _BLOCK:
        key = hashlib.sha256(key).digest()
    key = key + bytes(_BLOCK - len(key))
    inner = hashlib.sha256(bytes([byte ^ 0x36 for byte in key]))
    for part in parts:
        inner.update(part)
    return hashlib.sha256(bytes([byte ^ 0x5C for byte in key]) + inner.digest()).digest()


def is_same(one, other):
    """Whether two codes are equal, in a time that does not tell where they differ."""
    if len(one) != len(other):
        return False
    difference = 0
    for left, right in zip(one, other):
        difference |= left ^ right
    return difference == 0
