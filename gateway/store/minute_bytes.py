"""The minutes of one half hour of one series as few bytes, and back: columns of differences, deflated.

A row of SQLite costs about 28 bytes a minute, most of it its key and what hardly changes; here it is two or three.

The form, all numbers little-endian: a byte ``SUMS`` or ``VALUES``; four bytes with a bit for each minute that there
is; then, deflated without a header, the columns. A column is the type of its numbers (``b``, ``h``, ``i`` or ``q`` as
``struct`` has them) and a number for each minute. ``VALUES``: the last value. ``SUMS``: samples, low, high - low,
high - last, total - samples * low. Of the first column, and of low, the first number is whole (8 bytes, before the
column), and the others are differences from the one before.
"""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache
from itertools import accumulate, repeat
from operator import add, mul, sub
from typing import TYPE_CHECKING

from gateway.store.half_hours import HALF_HOUR_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

# POSIX second, samples, total, low, high, last. Where a mean has no meaning (an index) all but the last are 0.
Numbers = tuple[int, int, int, int, int, int]

MINUTE_S = 60
VALUES, SUMS = 1, 2
_ALL = (1 << HALF_HOUR_S // MINUTE_S) - 1
# What has to be read to know which minutes there are.
HEAD_BYTES = 5

_HEAD = struct.Struct("<BI")
_WHOLE = struct.Struct("<q")
_WIDTHS = {"b": 1, "h": 2, "i": 4, "q": 8}
# A few hundred bytes need no window of 32 kB; both ends have to say the same.
_WINDOW, _MEMORY = -10, 4
# A value each second, with its second and its quality.
_MOST_BYTES = 1 << 16


def write_minutes(rows: Sequence[Numbers]) -> bytes | None:
    """The rows of one half hour, in order; None where one of theirs is no whole number of 64 bits."""
    times, samples, totals, lows, highs, lasts = zip(*rows, strict=True)
    begin = times[0] - times[0] % HALF_HOUR_S
    whole = len(times) == HALF_HOUR_S // MINUTE_S
    minutes = _ALL if whole else sum(1 << (time - begin) // MINUTE_S for time in times)
    try:
        if any(samples) or any(lows) or any(highs) or any(totals):
            rest = map(sub, totals, map(mul, samples, lows))
            spans = map(sub, highs, lows), map(sub, highs, lasts), rest
            form, columns = SUMS, [write_differences(samples), write_differences(lows), *map(write_column, spans)]
        else:
            form, columns = VALUES, [write_differences(lasts)]
    except (struct.error, TypeError):
        return None
    return _HEAD.pack(form, minutes) + deflated(columns)


def read_minutes(begin: int, written: bytes) -> list[Numbers]:
    """The rows of the half hour that begins at that POSIX second."""
    return list(zip(*_columns(begin, written), strict=False))


def read_closed(begin: int, written: bytes) -> list[tuple[int, int, int, int, int, int, int]]:
    """The same, and behind each row a 1: it is closed."""
    return list(zip(*_columns(begin, written), repeat(1), strict=False))


def _columns(begin: int, written: bytes) -> tuple[Iterable[int], ...]:
    form, minutes = _HEAD.unpack_from(written)
    offsets = offsets_of(minutes)
    count, content = len(offsets), inflated(written[HEAD_BYTES:])
    times = [begin + offset for offset in offsets]
    first, place = read_differences(content, count, 0)
    if form == VALUES:
        return times, *[repeat(0)] * 4, first
    lows, place = read_differences(content, count, place)
    spans, place = read_column(content, count, place)
    falls, place = read_column(content, count, place)
    rest, place = read_column(content, count, place)
    highs = list(map(add, lows, spans))
    totals = map(add, rest, map(mul, first, lows))
    return times, first, totals, lows, highs, map(sub, highs, falls)


def minutes_in(head: bytes) -> tuple[int, ...]:
    """The seconds of the half hour at which a minute begins that there is, of the first ``HEAD_BYTES`` bytes."""
    return offsets_of(_HEAD.unpack_from(head)[1])


@lru_cache(maxsize=1024)
def offsets_of(minutes: int) -> tuple[int, ...]:
    """The same of the bits."""
    return tuple(MINUTE_S * place for place in range(HALF_HOUR_S // MINUTE_S) if minutes >> place & 1)


def deflated(columns: Iterable[bytes]) -> bytes:
    """The columns as few bytes."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, _WINDOW, _MEMORY)
    return deflate.compress(b"".join(columns)) + deflate.flush()


def inflated(written: bytes) -> bytes:
    """The columns again, of at most as many bytes as a half hour of values can have."""
    return zlib.decompressobj(_WINDOW).decompress(written, _MOST_BYTES)


def write_differences(numbers: Sequence[int]) -> bytes:
    """The first number whole, then a column of how much each differs from the one before."""
    return _WHOLE.pack(numbers[0]) + write_column(map(sub, numbers[1:], numbers))


def write_column(numbers: Iterable[int]) -> bytes:
    """As narrow as its numbers allow: most are small, so the narrowest is tried first."""
    made = tuple(numbers)
    for width in "bhi":
        try:
            return width.encode() + struct.pack(f"<{len(made)}{width}", *made)
        except struct.error:
            continue
    return b"q" + struct.pack(f"<{len(made)}q", *made)


def read_differences(content: bytes, count: int, place: int) -> tuple[list[int], int]:
    """So many numbers as ``write_differences`` wrote them at that place, and the place behind them."""
    (first,) = _WHOLE.unpack_from(content, place)
    steps, place = read_column(content, count - 1, place + _WHOLE.size)
    return list(accumulate(steps, initial=first)), place


def read_column(content: bytes, count: int, place: int) -> tuple[tuple[int, ...], int]:
    """So many numbers as ``write_column`` wrote them at that place, and the place behind them."""
    width = chr(content[place])
    return _reader(count, width)(content, place + 1), place + 1 + count * _WIDTHS[width]


@lru_cache(maxsize=256)
def _reader(count: int, width: str) -> Callable[[bytes, int], tuple[int, ...]]:
    return struct.Struct(f"<{count}{width}").unpack_from
