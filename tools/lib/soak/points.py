"""Every point exactly once where it was owed: what the meters said, what was committed, what each recipient has.

The judge's own book has the points that the gateway keeps for two days only, noted hour by hour by a connection that
reads; the rest stands in the gateway's file at the end. None of it comes from the outbox.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from gateway.store.minutes import rows_of
from gateway.store.points import Granularity, finest_allowed, under
from gateway.store.raw import raw_rows_of
from harness.points import GATEWAYS, opened, rows, say
from meter.frames import STANDARD
from soak.house import RECIPIENTS, SoakRecipient, name_of
from soak.meters import HOUSE, SAID

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

INDEX = "consumption/energy/active/index"
# Of the house's time: what a port's buffer holds of short frames, and two seconds of this machine's at 500 times real.
LATE_S = 1000

# A second of the house's clock, and the value.
Row = tuple[int, object]


class Book:
    """What was seen to be committed of the series that are judged raw.

    Args:
        folder: the run's; the book is an SQLite file there.
    """

    def __init__(self, folder: Path) -> None:
        self._path, self._database = folder / "book.sqlite", folder / GATEWAYS
        self._newest: dict[int, int] = {}
        with closing(sqlite3.connect(self._path)) as db:
            db.execute(
                "CREATE TABLE IF NOT EXISTS raw (meter TEXT, path TEXT, time INTEGER, value ANY,"
                " PRIMARY KEY (meter, path, time)) STRICT, WITHOUT ROWID"
            )

    def note(self) -> None:
        """Note what is new."""
        with closing(sqlite3.connect(self._path)) as db, closing(opened(self._database)) as gateway:
            for series in _all_series(gateway):
                if series.path == INDEX or any(series.shared(one) for one in RECIPIENTS if not one.granularity):
                    since = self._newest.get(series.number, 0)
                    for row in raw_rows_of(gateway, series.number, since + 1):
                        db.execute("INSERT INTO raw VALUES (?, ?, ?, ?)", (series.meter, series.path, *row[:2]))
                        self._newest[series.number] = row[0]
            db.commit()

    def rows(self, meter: str, path: str) -> list[Row]:
        """What it has of a series, in order."""
        return rows(self._path, "SELECT time, value FROM raw WHERE meter = ? AND path = ? ORDER BY time", meter, path)


class _Series(NamedTuple):
    number: int
    meter: str
    path: str
    kind: str

    def shared(self, one: SoakRecipient) -> bool:
        return any(self.meter == meter and under(self.path, prefix) for meter, prefix in one.shared)


def judge(folder: Path, start_s: int) -> tuple[list[str], dict[str, int]]:
    """What is wrong with the points of a run, in sentences; how many each recipient was owed.

    Args:
        folder: the run's.
        start_s: when it began. What a meter told of the time before need not be anywhere.
    """
    wrong: list[str] = []
    book = Book(folder)
    counts = {one.name: _judge_recipient(folder, book, one, start_s, wrong) for one in RECIPIENTS}
    for kind in HOUSE:
        said = list(SAID.iter_unpack((folder / f"{kind.name}.said").read_bytes()))
        wrong += compare(kind.name, said, book.rows(kind.name, INDEX), dated=kind.mode == STANDARD)
    return wrong, counts


def _judge_recipient(folder: Path, book: Book, one: SoakRecipient, start_s: int, wrong: list[str]) -> int:
    missing: set[tuple[object, ...]] = set()
    stray: set[tuple[object, ...]] = set()
    known = owed_count = 0
    with closing(opened(folder / GATEWAYS)) as gateway, closing(opened(folder / f"{one.name}.sqlite")) as db:
        received_count, refused = db.execute(
            "SELECT (SELECT count(*) FROM record), (SELECT count(*) FROM refused)"
        ).fetchone()
        for series in _all_series(gateway):
            granularity = finest_allowed(series.kind, one.granularity)
            if granularity is None or not series.shared(one):
                continue
            owed = set(book.rows(series.meter, series.path) if not granularity else _kept(gateway, series, granularity))
            key = [name_of(series.meter, series.path), granularity.code]
            query = "SELECT CAST(time AS INTEGER), value FROM record WHERE name = ? AND granularity = ?"
            received = set(db.execute(query, key).fetchall())
            missing |= {(*key, *row) for row in owed - received if row[0] >= start_s}
            stray |= {(*key, *row) for row in received - owed}
            known, owed_count = known + len(received), owed_count + len(owed)
    say(wrong, f"committed, and not at {one.name}", missing)
    say(wrong, f"at {one.name}, and never committed", stray)
    with (folder / f"{one.name}.out").open("rb") as lines:
        told = sum(line.endswith(b"\n") for line in lines)
    for count, what in (
        (received_count - known, f"points of series that {one.name} may not have"),
        (refused, f"messages that {one.name} could not read"),
        (max(told - received_count, 0), f"points that {one.name} was told twice"),
    ):
        wrong += [f"{count} {what}"] if count else []
    return owed_count


def minutes_a_day(folder: Path) -> dict[str, float]:
    """Meter -> how many rows its minutes add to the database in a day: most of what a year takes."""
    query = (
        "SELECT name, count(*) * 86400.0 / (max(time) - min(time) + 60) FROM minute"
        " JOIN series ON series.id = series JOIN meter ON meter.id = meter GROUP BY name ORDER BY meter.id"
    )
    return dict(rows(folder / GATEWAYS, query))


def compare(name: str, said: Sequence[tuple[int, int]], seen: Sequence[Row], *, dated: bool) -> list[str]:
    """What is wrong with the index of a meter, in sentences.

    Without a date in its frames a meter's index gets the second at which it was read. Several frames that are read in
    the same second are one point then, so it is not asked that every value is there.

    Args:
        name: of the meter.
        said: (second, index) at each change, as it was said.
        seen: the same as it was stored.
        dated: whether its frames carry their date.
    """
    if not seen:
        return [f"nothing is stored of {name}"]
    wrong: list[str] = []
    (_compare_dated if dated else _compare_undated)(name, said, seen, wrong)
    return wrong


def _compare_dated(name: str, said: Sequence[tuple[int, int]], seen: Sequence[Row], wrong: list[str]) -> None:
    # In the first frames the reader finds its speed; the first that it believes need not be a change.
    begun, first = seen[0]
    if [index for at, index in said if at <= begun][-1:] != [first]:
        wrong.append(f"the first index of {name} is {first}, which it did not say then")
    expected = {point for point in said if point[0] > begun}
    say(wrong, f"said by {name}, and not committed", expected - set(seen))
    say(wrong, f"committed, and not said by {name}", set(seen[1:]) - expected)


def _compare_undated(name: str, said: Sequence[tuple[int, int]], seen: Sequence[Row], wrong: list[str]) -> None:
    when: dict[object, int] = {index: at for at, index in said}
    say(wrong, f"committed, and never said by {name}", {row for row in seen if row[1] not in when})
    late = {(at, index) for at, index in seen if index in when and not 0 <= at - when[index] <= LATE_S}
    say(wrong, f"of {name} with another time than when they were said", late)
    lately = {index for at, index in said if at > said[-1][0] - LATE_S}
    if len(lately) < len(said) and seen[-1][1] not in lately:
        wrong.append(f"the last index of {name} is {seen[-1][1]}, and it said {said[-1][1]}")


def _all_series(db: sqlite3.Connection) -> list[_Series]:
    query = "SELECT series.id, name, path, kind FROM series JOIN meter ON meter.id = series.meter"
    return [_Series(*row) for row in db.execute(query)]


def _kept(db: sqlite3.Connection, series: _Series, granularity: Granularity) -> Iterable[Row]:
    if granularity is not Granularity.MINUTE:
        query = "SELECT time, value FROM coarse WHERE series = ? AND step = ?"
        return db.execute(query, [series.number, granularity])
    # To a tenth, as it is promised (``gateway.store.points``).
    return (
        (at, round(total / samples, 1) if samples else last)
        for at, samples, total, _, _, last, closed in rows_of(db, series.number)
        if closed
    )
