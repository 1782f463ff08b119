"""Even parity (Enedis-NOI-CPT_54E §5.3.5) of a 7E1 line that an 8N1 port read: bit 7 of each byte.

One file for CPython >= 3.11 and MicroPython 1.25 (boards get a copy), so it imports nothing.
"""


def _is_even(byte: int) -> bool:
    byte ^= byte >> 4
    byte ^= byte >> 2
    byte ^= byte >> 1
    return not byte & 1


_EVEN = bytes([_is_even(byte) for byte in range(256)])

# What an 8N1 port reads (parity in bit 7) to what a 7E1 port would have: NUL for a wrong parity.
STRIPPED = bytes([byte & 0x7F if _EVEN[byte] else 0 for byte in range(256)])

# Enough to tell even parity from chance; an ADCO-only frame, the shortest there is, has 23 bytes.
_MIN_8N1_BYTES = 16


def looks_8n1(data: bytes) -> bool:
    """Tell whether a 7E1 line was read by an 8N1 port: many bytes with bit 7 set, nearly all of even parity."""
    high = sum([byte > 0x7F for byte in data])
    even = sum([_EVEN[byte] for byte in data])
    return len(data) >= _MIN_8N1_BYTES and 8 * high >= len(data) and 8 * even >= 7 * len(data)


def strip_parity(data: bytes) -> bytes:
    """7-bit bytes of a line read by an 8N1 port; NUL for a wrong parity, as the kernel delivers it with INPCK."""
    return bytes([STRIPPED[byte] for byte in data])
