"""The 40-byte frame of the live feed, both ways, for displays without memory for JSON; README.md says each byte.

No I/O and no clock. One file for CPython >= 3.11 and MicroPython 1.25 (boards get a copy), so it imports
``collections`` and ``struct`` only. What is not known is None, on the wire the number that the field cannot have.
"""

from collections import namedtuple
from struct import calcsize, pack, unpack

VERSION = 1

# Version, flags, sequence, time, age, tariff, its index, colours, broken links, subscribed power, six of 32 bits.
_FORMAT = ">BBHIHBBBBH6I"
SIZE = calcsize(_FORMAT)

STALE, OVERLOAD, INJECTING, BREAKER_OPEN, STANDARD_MODE, ALERT = 1, 2, 4, 8, 16, 32
# A part of that day's energy is not known.
TODAY_PARTIAL, YESTERDAY_PARTIAL = 64, 128

TARIFFS = ("unknown", "base", "off-peak", "peak", "normal", "mobile-peak")
COLOURS = ("unknown", "blue", "white", "red")

# Bit n of the broken links; what has no bit of its own is "other".
LINKS = ("port", "meter", "decode", "clock", "store", "xmpp", "recipient", "other")

_NO_AGE, _NO_NUMBER = 0xFFFF, 0xFFFFFFFF


class CompactError(ValueError):
    """Bytes that are no frame of this version."""


class Compact(
    namedtuple(
        "Compact",
        (
            "flags",
            "sequence",
            "time",
            "age_s",
            "tariff",
            "tariff_index",
            "today",
            "tomorrow",
            "broken",
            "subscribed_va",
            "drawn_va",
            "injected_va",
            "drawn_today_wh",
            "drawn_yesterday_wh",
            "injected_today_wh",
            "produced_today_wh",
        ),
    )
):
    """One frame.

    ``tariff``, ``today`` and ``tomorrow`` are places in TARIFFS and COLOURS, ``broken`` bits of LINKS; ``time`` POSIX
    seconds of the meter's frame, ``age_s`` how old that was when this was sent.
    """

    __slots__ = ()
    flags: int
    sequence: int
    time: int | None
    age_s: int | None
    tariff: int
    tariff_index: int | None
    today: int
    tomorrow: int
    broken: int
    subscribed_va: int | None
    drawn_va: int | None
    injected_va: int | None
    drawn_today_wh: int | None
    drawn_yesterday_wh: int | None
    injected_today_wh: int | None
    produced_today_wh: int | None


def encode(frame: Compact) -> bytes:
    """The 40 bytes; a number beyond its field is sent as the greatest that fits."""
    return pack(
        _FORMAT,
        VERSION,
        frame.flags,
        frame.sequence & 0xFFFF,
        frame.time or 0,
        _NO_AGE if frame.age_s is None else min(frame.age_s, _NO_AGE - 1),
        frame.tariff,
        frame.tariff_index or 0,
        frame.today | frame.tomorrow << 4,
        frame.broken,
        min((frame.subscribed_va or 0) // 100, 0xFFFF),
        *[_NO_NUMBER if number is None else min(number, _NO_NUMBER - 1) for number in frame[10:]],
    )


def decode(data: bytes) -> Compact:
    """What the bytes say. Raises CompactError for another length or version."""
    if len(data) != SIZE or data[0] != VERSION:
        raise CompactError("not a frame of 40 bytes and version 1: the gateway and this display do not fit together")
    _, flags, sequence, time, age, tariff, index, colours, broken, subscribed, *numbers = unpack(_FORMAT, data)
    return Compact(
        flags,
        sequence,
        time or None,
        None if age == _NO_AGE else age,
        tariff if tariff < len(TARIFFS) else 0,
        index or None,
        colours & 3,
        colours >> 4 & 3,
        broken,
        subscribed * 100 or None,
        *[None if number == _NO_NUMBER else number for number in numbers],
    )
