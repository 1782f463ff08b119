"""The raw values of one half hour of one gauge as few bytes, and back: some hundreds of them, two bytes each.

The form, little-endian: how many, the first and the last second of the half hour at which one is (16 bits each),
then chunks, of what was written at once: how many, their quality (8 bits) or ``MIXED``, how many bytes follow, and
these deflated: columns as ``minute_bytes`` has them, the differences of seconds, of values, and mixed qualities.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from gateway.store.half_hours import HALF_HOUR_S
from gateway.store.minute_bytes import (
    deflated,
    inflated,
    read_column,
    read_differences,
    write_column,
    write_differences,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

# POSIX second, value, quality.
RawNumbers = tuple[int, int, int]

MIXED = 255
_HEAD = struct.Struct("<HHH")
_CHUNK = struct.Struct("<HBH")
# What has to be read to know how many there are, and between which seconds.
RAW_HEAD_BYTES = _HEAD.size


def write_raw(rows: Sequence[RawNumbers]) -> bytes | None:
    """The rows of one half hour, in order; None where one of them is no whole number of 64 bits."""
    chunk = _chunk(rows)
    return chunk and _HEAD.pack(len(rows), rows[0][0] % HALF_HOUR_S, rows[-1][0] % HALF_HOUR_S) + chunk


def append_raw(written: bytes, rows: Sequence[RawNumbers]) -> bytes | None:
    """The same with rows behind them; None as well where they are not all behind."""
    count, first, last = raw_in(written)
    chunk = _chunk(rows) if rows[0][0] % HALF_HOUR_S > last else None
    head = _HEAD.pack(count + len(rows), first, rows[-1][0] % HALF_HOUR_S)
    return chunk and head + written[RAW_HEAD_BYTES:] + chunk


def read_raw(begin: int, written: bytes) -> list[RawNumbers]:
    """The rows of the half hour that begins at that POSIX second; ValueError and others where they are damaged."""
    found: list[RawNumbers] = []
    place = RAW_HEAD_BYTES
    while place < len(written):
        count, quality, length = _CHUNK.unpack_from(written, place)
        place += _CHUNK.size
        content = inflated(written[place : place + length])
        place += length
        offsets, at = read_differences(content, count, 0)
        values, at = read_differences(content, count, at)
        qualities = read_column(content, count, at)[0] if quality == MIXED else (quality,) * count
        found += zip((begin + offset for offset in offsets), values, qualities, strict=True)
    if len(found) != raw_in(written)[0]:
        raise ValueError("a part is missing")
    return found


def raw_in(head: bytes) -> tuple[int, int, int]:
    """How many there are, and the first and the last second of the half hour, of the first ``RAW_HEAD_BYTES`` bytes."""
    return _HEAD.unpack_from(head)


def _chunk(rows: Sequence[RawNumbers]) -> bytes | None:
    times, values, qualities = zip(*rows, strict=True)
    alike = min(qualities) == max(qualities)
    try:
        columns = [write_differences([time % HALF_HOUR_S for time in times]), write_differences(values)]
    except (struct.error, TypeError):
        return None
    content = deflated(columns if alike else [*columns, write_column(qualities)])
    return _CHUNK.pack(len(rows), qualities[0] if alike else MIXED, len(content)) + content
