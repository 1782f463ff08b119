"""A parcel's records as rows: the series that each belongs to, its time and its value."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.federation.wire.scope import literal, parsed
from gateway.senml.units import to_hours

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.federation.wire.stanza import QuoaliseMessage
    from gateway.senml.pack import Record

# Several times a meter's longest message, and the longest duration that anybody writes.
_MOST_TEXT, _MOST_GRANULARITY = 1_000, 32
# A meter's counter has nine digits; sums and differences of such numbers stay numbers, whoever invents them.
_MOST_VALUE = 1e15
# What PostgreSQL reads as an interval, small enough to be counted back from today.
_RETENTION = re.compile(
    r"P(?=[0-9T])([0-9]{1,3}Y)?([0-9]{1,4}M)?([0-9]{1,4}W)?([0-9]{1,5}D)?(T([0-9]{1,5}H)?([0-9]{1,6}M)?)?"
)


@dataclass(frozen=True, slots=True)
class SeriesKey:
    """What a series is known by; ``retention`` is what came with it this time, None for nothing that can be read.

    ``sent_unit`` is in what its values came; they are kept in ``unit``.
    """

    gateway: int
    sensor: str
    name: str
    sen1: str
    path: str
    granularity: str
    unit: str
    retention: str | None
    sent_unit: str


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """One reading: POSIX seconds, and a number or words."""

    series: SeriesKey
    time: float
    value: float | None
    words: str | None


def rows(gateway: int, parcel: QuoaliseMessage) -> Iterator[ReadingRow]:
    """The records of a parcel that can be kept; SenML knows values that no meter has."""
    retention = parcel.retention if parcel.retention and _RETENTION.fullmatch(parcel.retention) else None
    for record in parcel.records:
        named = parsed(record.name)
        if named is None or not _is_keepable(record):
            continue
        unit, value = record.unit or "", record.value
        words = None
        if isinstance(value, bytes):
            words = value.hex()
        elif isinstance(value, str):
            words = value
        elif isinstance(value, bool):
            value = int(value)
        elif value is not None:
            unit, value = to_hours(unit, value)
        sensor = named.prm or f"{named.sensor}@{named.sensor_server}"
        sen1 = literal(record.name, parcel.literal.get(record.name, ""))
        granularity = parcel.granularities.get(record.name, "raw")[:_MOST_GRANULARITY]
        key = SeriesKey(gateway, sensor, record.name, sen1, named.path, granularity, unit, retention, record.unit or "")
        number = None if isinstance(value, str | bytes | None) else float(value)
        yield ReadingRow(key, float(record.time), number, words)


def _is_keepable(record: Record) -> bool:
    texts = (text for text in (record.value, record.unit) if isinstance(text, str | bytes))
    # What is no number at all is not kept either.
    number = record.value if isinstance(record.value, int | float) else 0
    return record.value is not None and abs(number) <= _MOST_VALUE and all(len(text) <= _MOST_TEXT for text in texts)
