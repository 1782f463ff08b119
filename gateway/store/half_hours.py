"""Half hours of a series that are kept as one row of a few bytes, beside rows that are kept one by one.

``minutes`` and ``raw`` have two tables each: the gathered half hours by a key that names series and half hour, and the
plain rows. What is read of both is one stream in order of time.
"""

from __future__ import annotations

import logging
import struct
import zlib
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gateway.store.transactions import Database

log = logging.getLogger(__name__)

HALF_HOUR_S = 1800
FOR_EVER = 2**62
# The key: the series, and in so many bits the number of the half hour since 1970.
_BITS = 24
_LAST = (1 << _BITS) - 1


def place_of(series: int, time: int) -> int:
    """The key of a half hour of a series: that which holds the second, or the nearest that a key can name."""
    return series << _BITS | min(max(time // HALF_HOUR_S, 0), _LAST)


def half_hours_of(series: int, start: int = 0, end: int = FOR_EVER) -> tuple[int, int]:
    """The first and the last key of the half hours that meet ``[start, end)``."""
    return place_of(series, start), place_of(series, end - 1)


def begin_of(place: int) -> int:
    """The first second of the half hour of a key."""
    return (place & _LAST) * HALF_HOUR_S


def whole_rows(place: int, written: bytes, read: Callable[[int, bytes], Sequence[Any]]) -> Sequence[Any]:
    """The rows of a gathered half hour; none, and a word in the log, where its bytes are damaged."""
    try:
        return read(begin_of(place), written)
    except (zlib.error, struct.error, ValueError, KeyError, IndexError) as error:
        log.error("a half hour in the database is damaged, and is left out: %s", type(error).__name__)  # noqa: TRY400
        return ()


def merged(
    db: Database,
    query: str,
    span: tuple[int, int, int],
    read: Callable[[int, bytes], Sequence[Any]],
    *,
    newest_first: bool = False,
) -> Iterator[tuple[Any, ...]]:
    """What a query has of gathered half hours and of rows, in order of time, as it is asked for.

    Args:
        db: the database.
        query: key, second, bytes of a half hour, or none and a row's columns; by key and second, forwards or backwards.
            ?1 is the series, ?2 and ?3 are keys, ?4 and ?5 seconds.
        span: series, first second, and the one after the last.
        read: the rows of a half hour, of its first second and its bytes.
        newest_first: whether the query goes backwards.
    """
    series, start, end = span
    found = db.execute(query, [series, *half_hours_of(series, start, end), start, end])
    for place, parts in groupby(found, itemgetter(0)):
        rows: list[tuple[Any, ...]] = []
        for _, time, written, *rest in parts:
            if written is None:
                rows.append((time, *rest))
            else:
                rows += whole_rows(place, written, read)
        rows.sort(key=itemgetter(0), reverse=newest_first)
        whole = rows and start <= min(rows[0][0], rows[-1][0]) and max(rows[0][0], rows[-1][0]) < end
        yield from rows if whole else (row for row in rows if start <= row[0] < end)
