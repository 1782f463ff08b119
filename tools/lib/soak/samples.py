"""What is seen from outside once an hour of the house's time, kept in tables: memory, descriptors, outbox, files."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Self, TypeVar

from harness.points import opened

T = TypeVar("T", "ProgramSample", "QueueSample", "DatabaseSize")

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS sample (time INTEGER, program TEXT, pid INTEGER, rss INTEGER, pss INTEGER,"
    " descriptors INTEGER, threads INTEGER, cpu_s REAL, PRIMARY KEY (time, program)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS queue (time INTEGER, recipient TEXT, rows INTEGER,"
    " PRIMARY KEY (time, recipient)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS file (time INTEGER PRIMARY KEY, database INTEGER, used INTEGER, wal INTEGER,"
    " elapsed REAL) STRICT;"
)


@dataclass(frozen=True, slots=True)
class ProgramSample:
    """One program at one second of the house's clock; memory in bytes, the processor's real seconds since its start."""

    time: int
    program: str
    pid: int
    rss: int
    pss: int
    descriptors: int
    threads: int
    cpu_s: float = 0.0

    @classmethod
    def take(cls, time: int, program: str, pid: int) -> Self | None:
        """Of a running process; None when it has just ended."""
        proc = Path(f"/proc/{pid}")
        try:
            memory = _kilobytes(proc / "smaps_rollup")
            threads = _kilobytes(proc / "status")["Threads"]
            descriptors = sum(1 for _ in (proc / "fd").iterdir())
            # Behind the name, which may hold spaces: the 14th and 15th field of proc(5).
            ticks = sum(map(int, (proc / "stat").read_text().rpartition(")")[2].split()[11:13]))
        except (FileNotFoundError, ProcessLookupError, KeyError):
            return None
        cpu_s = ticks / os.sysconf("SC_CLK_TCK")
        return cls(time, program, pid, memory["Rss"] * 1024, memory["Pss"] * 1024, descriptors, threads, cpu_s)


@dataclass(frozen=True, slots=True)
class QueueSample:
    """What waits for one recipient."""

    time: int
    recipient: str
    rows: int


@dataclass(frozen=True, slots=True)
class DatabaseSize:
    """The gateway's database: the file, what of it is in use, its WAL, in bytes; real seconds since the beginning."""

    time: int
    database: int
    used: int
    wal: int
    elapsed: float


# What is kept where, and in which order it is given back.
_TABLES = {
    ProgramSample: ("sample", "program, time"),
    QueueSample: ("queue", "recipient, time"),
    DatabaseSize: ("file", "time"),
}


class Samples:
    """The tables of a run; an SQLite file, so that a run that was broken off can be looked at, too."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path)
        self._db.executescript(_SCHEMA)
        self.close = self._db.close

    def add(self, *rows: ProgramSample | QueueSample | DatabaseSize) -> None:
        """Keep what was seen."""
        for row in rows:
            places = ", ".join("?" * len(fields(row)))
            self._db.execute(f"INSERT OR REPLACE INTO {_TABLES[type(row)][0]} VALUES ({places})", astuple(row))
        self._db.commit()

    def all(self, kind: type[T]) -> list[T]:
        """Every look of a kind, oldest first, one program or recipient after the other."""
        table, order = _TABLES[kind]
        return [kind(*row) for row in self._db.execute(f"SELECT * FROM {table} ORDER BY {order}")]


def look(time: int, elapsed: float, database: Path) -> list[QueueSample | DatabaseSize]:
    """The gateway's file and its outbox, as another connection sees them."""
    with closing(opened(database)) as db:
        waiting = db.execute(
            "SELECT jid, count(seq) FROM recipient LEFT JOIN outbox ON outbox.recipient = recipient.id GROUP BY jid"
        ).fetchall()
        size, pages, free = (
            db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_size", "page_count", "freelist_count")
        )
    wal = database.with_name(database.name + "-wal")
    seen = DatabaseSize(time, pages * size, (pages - free) * size, wal.stat().st_size if wal.exists() else 0, elapsed)
    return [*(QueueSample(time, jid.partition("@")[0], rows) for jid, rows in waiting), seen]


def _kilobytes(path: Path) -> dict[str, int]:
    """The numbers of a file of /proc that says ``Name: number`` in each line."""
    pairs = (
        line.split(":", 1) for line in path.read_text(encoding="ascii", errors="replace").splitlines() if ":" in line
    )
    return {name: int(rest.split()[0]) for name, rest in pairs if rest.split() and rest.split()[0].isdecimal()}
