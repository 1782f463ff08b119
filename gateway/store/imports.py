"""History from before the installation: points that others' files had, by batch, beside what the meter said itself.

A batch is one file: its SHA-256, its form, who brought it in and when, the file itself while it is kept. Its points are
rows of their own, never the meter's: no roll-up, no sum of the ledger, no queue and no recipient's question reads them.
To undo an import is to delete its batch.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from gateway.errors import GatewayError, StoreError
from gateway.store.points import under
from gateway.store.recorder import iso
from gateway.store.transactions import Transactions, translated
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gateway.journal.entry import Kind
    from gateway.store.erasure import Range
    from gateway.store.journal import Journal
    from gateway.store.meters import Meters

# Of its longest row a file's part is this much: what one record of the log can hold, and one read needs.
FILE_PART = 48_000

# The bits of a point's flags that the store itself looks at; the others are the importer's (``PointFlag``).
READ, ESTIMATED = 1, 2

# The points of each are counted in one look at all of them: there is no index by batch.
_BATCHES = (
    "SELECT b.id, meter.name, b.sha256, b.name, b.form, b.rank, b.rules, b.choices, b.given_by, b.at,"
    " coalesce(points, 0), first, last, EXISTS (SELECT 1 FROM imported_file WHERE batch = b.id)"
    " FROM imported_batch AS b JOIN meter ON meter.id = b.meter LEFT JOIN"
    " (SELECT batch, count(*) AS points, min(start) AS first, max(start + step) AS last FROM imported GROUP BY batch)"
    " ON batch = b.id"
)
_ROWS = (
    "SELECT start, step, value, flags, batch, rank FROM imported JOIN imported_batch AS b ON b.id = batch"
    # The second bound is what the key can be looked for by.
    " WHERE series = ?1 AND start < ?3 AND start >= ?2 - 40000000 AND (start >= ?2 OR start + step > ?2)"
    " ORDER BY start, step"
)

_TWICE = Phrase("this file was imported already, as import {number}: nothing is added")
_NO_BATCH = Phrase("there is no import {number}: see `linky-gateway history list`")


# What the values of a series are counted in, by the last levels of its path.
_UNITS = {"power/active/raw": "W", "power/apparent/max": "VA"}


def unit_of(path: str) -> str:
    """The unit of an imported series; of all but powers it is Wh."""
    return _UNITS.get(path.partition("/")[2], "Wh")


class ImportedRow(NamedTuple):
    """A point as it is kept: start (POSIX second), seconds (0: of a moment), value, flags, batch and its rank."""

    start: int
    step: int
    value: int
    flags: int
    batch: int
    rank: int

    @property
    def preference(self) -> tuple[int, int, int]:
        """What is read goes before what is raw, that before what is estimated; then the better source, the later."""
        nature = 0 if self.flags & ESTIMATED else 2 if self.flags & READ else 1
        return nature, self.rank, self.batch


IMPORTED_HEADER = ("time", "meter", "series", "granularity", "value", "unit", "quality", "import")


def imported_rows(points: Iterable[tuple[str, str, ImportedRow]]) -> Iterator[tuple[str | int, ...]]:
    """Points as rows of a table with ``IMPORTED_HEADER``: the columns of an export, and of which import each is."""
    for meter, path, row in points:
        length = f"PT{row.step // 60}M" if row.step else "raw"
        named = iso(row.start), meter, path, "P1D" if path.endswith("/daily") else length
        yield *named, row.value, unit_of(path), "imported", row.batch


@dataclass(frozen=True, slots=True)
class NewBatch:
    """What is brought in: by which rules (``rules``) a file of this form was read, and how good a source it is."""

    meter: str
    sha256: bytes
    name: str
    form: str
    rank: int
    rules: int
    choices: str


@dataclass(frozen=True, slots=True)
class ImportedBatch:
    """A batch that is there: ``first`` and ``last`` POSIX seconds of its points, None where it has none left."""

    id: int
    meter: str
    sha256: bytes
    name: str
    form: str
    rank: int
    rules: int
    choices: str
    by: str
    at: int
    points: int
    first: int | None
    last: int | None
    file_kept: bool


@dataclass(slots=True)
class _Count:
    """How many points go by, from when to when: those of a batch are counted as they come, and never looked for."""

    points: int = 0
    first: int | None = None
    last: int | None = None

    def of(self, points: Iterable[tuple[str, int, int, int, int]]) -> Iterator[tuple[str, int, int, int, int]]:
        for one in points:
            _, start, step, *_ = one
            self.points += 1
            self.first = start if self.first is None else min(self.first, start)
            self.last = max(self.last or 0, start + step)
            yield one


@dataclass(eq=False)
class Imports:
    """The batches and their points (``imported_batch``, ``imported_file``, ``imported_series``, ``imported``)."""

    _db: Transactions
    _meters: Meters
    _journal: Journal

    @translated
    def batches(self) -> list[ImportedBatch]:
        """Every batch, the oldest first."""
        rows = self._db.execute(_BATCHES + " ORDER BY b.id").fetchall()
        return [ImportedBatch(*row) for row in rows]

    @translated
    def series(self, meter: str) -> dict[str, int]:
        """Path -> number of each series of which a meter has imported points."""
        rows = self._db.execute(
            "SELECT path, s.id FROM imported_series AS s JOIN meter ON meter.id = s.meter WHERE name = ? ORDER BY path",
            [meter],
        )
        return dict(rows.fetchall())

    def points(self, meter: str, path: str, start: int, end: int) -> Iterator[ImportedRow]:
        """The best point of each moment and step that meets ``[start, end)``, in order."""
        number = self.series(meter).get(path)
        rows = map(ImportedRow._make, self._read(number, start, end)) if number is not None else iter(())
        for _, same in groupby(rows, key=attrgetter("start", "step")):
            yield max(same, key=attrgetter("preference"))

    def stream(self, prefix: str, start: int, end: int) -> Iterator[tuple[str, str, ImportedRow]]:
        """Meter, path and the best points of every series at or below a path that meet ``[start, end)``."""
        for meter in self._meters.all():
            for path in self.series(meter.name):
                if under(path, prefix):
                    for row in self.points(meter.name, path, start, end):
                        yield meter.name, path, row

    @translated
    def _read(self, number: int, start: int, end: int) -> list[tuple[int, ...]]:
        return self._db.execute(_ROWS, [number, start, end]).fetchall()

    @translated
    def ends(self, meter: str) -> tuple[int, int] | None:
        """The first and last second of which anything is imported of a meter."""
        first, last = self._db.execute(
            "SELECT min(start), max(start + step) FROM imported WHERE series IN"
            " (SELECT s.id FROM imported_series AS s JOIN meter ON meter.id = s.meter WHERE name = ?)",
            [meter],
        ).fetchone()
        return None if first is None else (first, last)

    @translated
    def add(
        self,
        batch: NewBatch,
        points: Iterable[tuple[str, int, int, int, int]],
        file: Iterable[bytes],
        now: float,
        by: str,
    ) -> ImportedBatch:
        """Keep a batch with its points (path, start, step, value, flags) and the parts of its file, or nothing of it.

        StoreError where this file is there already: a file twice adds nothing.
        """
        known = self._db.execute(
            "SELECT b.id FROM imported_batch AS b JOIN meter ON meter.id = b.meter WHERE sha256 = ? AND meter.name = ?",
            [batch.sha256, batch.meter],
        ).fetchone()
        if known:
            raise StoreError(_TWICE.filled(number=known[0]))
        try:
            return self._added(batch, points, file, now, by)
        except GatewayError:
            # What is brought in is read as it is written, and may turn out not to be whole.
            self._db.rollback()
            raise

    def _added(
        self,
        batch: NewBatch,
        points: Iterable[tuple[str, int, int, int, int]],
        file: Iterable[bytes],
        now: float,
        by: str,
    ) -> ImportedBatch:
        with self._db.transaction():
            facts = [self._meters.number(batch.meter), batch.sha256, batch.name, batch.form, batch.rank, batch.rules]
            (number,) = self._db.execute(
                "INSERT INTO imported_batch (meter, sha256, name, form, rank, rules, choices, given_by, at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
                [*facts, batch.choices, by, int(now)],
            ).fetchone()
            count = _Count()
            rows = self._rows(batch, number, count.of(points))
            self._db.executemany("INSERT INTO imported VALUES (?, ?, ?, ?, ?, ?)", rows)
            self._db.executemany(
                "INSERT INTO imported_file VALUES (?, ?, ?)",
                ((number, place, part) for place, part in enumerate(file)),
            )
            made = ImportedBatch(
                *(number, batch.meter, batch.sha256, batch.name, batch.form, batch.rank, batch.rules, batch.choices),
                *(by, int(now), count.points, count.first, count.last, True),
            )
            self._enter("history-imported", made, by, now)
        return made

    @translated
    def undo(self, number: int, now: float, by: str) -> ImportedBatch:
        """Delete a batch, its points and its file; what it was. StoreError where there is none."""
        undone = self._one(number)
        with self._db.transaction():
            for table in ("imported", "imported_file"):
                self._db.execute(f"DELETE FROM {table} WHERE batch = ?", [number])  # noqa: S608 (a constant)
            self._db.execute("DELETE FROM imported_batch WHERE id = ?", [number])
            self._enter("history-undone", undone, by, now)
        return undone

    @translated
    def forget_file(self, number: int, now: float, by: str) -> ImportedBatch:
        """Delete the file of a batch and keep its points; what it was. StoreError where there is none."""
        batch = self._one(number)
        with self._db.transaction():
            self._db.execute("DELETE FROM imported_file WHERE batch = ?", [number])
            self._enter("history-file-deleted", batch, by, now)
        return batch

    @translated
    def file_of(self, number: int) -> bytes | None:
        """The file of a batch as it came; None where it is not kept. StoreError where there is no such batch."""
        batch = self._one(number).id
        parts = self._db.execute("SELECT bytes FROM imported_file WHERE batch = ? ORDER BY part", [batch]).fetchall()
        return zlib.decompress(b"".join(part for (part,) in parts)) if parts else None

    def count_in(self, span: Range) -> int:
        """How many points an erasure of the span takes."""
        where = f"SELECT count(*) FROM imported WHERE {self._of(span)}"  # noqa: S608 (whole numbers and constants)
        (count,) = self._db.execute(where).fetchone()
        return int(count)

    def has_series(self, span: Range) -> bool:
        """Whether any series of imported points lies in the span."""
        return bool(self._concerned(span))

    def erase_in(self, span: Range) -> None:
        """Delete the points that meet the span, in the open transaction, and every file in which they stand."""
        where = self._of(span)
        batches = self._db.execute(f"SELECT DISTINCT batch FROM imported WHERE {where}").fetchall()  # noqa: S608
        self._db.executemany("DELETE FROM imported_file WHERE batch = ?", batches)
        # A file's name may tell of which delivery point it is.
        self._db.executemany("UPDATE imported_batch SET name = '' WHERE id = ?", batches)
        self._db.execute(f"DELETE FROM imported WHERE {where}")  # noqa: S608 (whole numbers and constants)
        self._db.execute("DELETE FROM imported_batch WHERE id NOT IN (SELECT batch FROM imported)")

    def _rows(
        self, batch: NewBatch, number: int, points: Iterable[tuple[str, int, int, int, int]]
    ) -> Iterator[tuple[int, int, int, int, int, int]]:
        known = self.series(batch.meter)
        for path, start, step, value, flags in points:
            if path not in known:
                (known[path],) = self._db.execute(
                    "INSERT INTO imported_series (meter, path) VALUES (?, ?) RETURNING id",
                    [self._meters.number(batch.meter), path],
                ).fetchone()
            yield known[path], start, step, number, value, flags

    def _one(self, number: int) -> ImportedBatch:
        found = next((one for one in self.batches() if one.id == number), None)
        if found is None:
            raise StoreError(_NO_BATCH.filled(number=number))
        return found

    def _enter(self, kind: Kind, batch: ImportedBatch, by: str, now: float) -> None:
        facts: dict[str, int | str] = {"meter": batch.meter, "import": batch.id, "points": batch.points}
        facts |= {"form": batch.form, "sha256": batch.sha256.hex()}
        if batch.first is not None and batch.last is not None:
            facts |= {"first": batch.first, "last": batch.last}
        self._journal.append(kind, facts, {"by": by} if by else {}, now)

    def _concerned(self, span: Range) -> list[int]:
        return [
            number
            for meter in self._meters.all()
            if span.meter in (None, meter.name)
            for path, number in self.series(meter.name).items()
            if under(path, span.prefix)
        ]

    def _of(self, span: Range) -> str:
        numbers = ", ".join(map(str, self._concerned(span))) or "NULL"
        begun = f"(start >= {span.first} OR start + step > {span.first})"
        return f"series IN ({numbers}) AND start < {span.last} AND {begun}"
