"""Captured bytes without the numbers that name a household, as long as before and as decodable as before. Pure.

The meter's address and the delivery point become zeros with the checksum recomputed. A line that does not verify may
hold a damaged copy of them, or a copy under a damaged label: there every digit becomes a zero.
"""

from __future__ import annotations

import re

from gateway.tic.frame import HISTORIC, STANDARD, Group, TicError, decode_group, encode_group
from gateway.tic.labels import check

# The addresses of Linky, of the meters before it, of the PME-PMI; the delivery point.
IDENTITIES = frozenset(("ADSC", "ADCO", "ADS", "PRM"))

_LINE = re.compile(rb"[^\x02\x03\x04\r\n]+")
_DIGITS = bytes.maketrans(b"123456789", b"000000000")


def masked(raw: bytes, *, eight_bits: bool) -> bytes:
    """The bytes without identities. ``eight_bits``: parity stands in bit 7, and is made right where a byte changed."""
    seven = bytes(byte & 0x7F for byte in raw)
    clean = _LINE.sub(lambda found: _masked_line(found.group()), seven)
    pairs = zip(raw, seven, clean, strict=True)
    return bytes(old if now == was else _with_parity(now) if eight_bits else now for old, was, now in pairs)


def _masked_line(line: bytes) -> bytes:
    try:
        group = decode_group(line)
    except TicError:
        return line.translate(_DIGITS)
    mode = STANDARD if line[-2:-1] == b"\t" else HISTORIC
    if group.label in IDENTITIES:
        return encode_group(mode, Group(group.label, "0" * len(group.data), group.horodate))[1:-1]
    # What verifies by chance (two lines run together) is not what it says.
    return line if check(mode, group) is None else line.translate(_DIGITS)


def _with_parity(byte: int) -> int:
    return byte | byte.bit_count() % 2 << 7
