"""Years of a house as 0.1.0 stored them: its tables, its steps, a minute of eight series for each minute.

What differs from a house: the rows are written by SQL, with values that repeat (so they pack better), without events,
corrections or recipients. What 0.1.0 itself left behind is beside this (``0.1.0``).

Run as a program it makes them, has today's program bring them up to date, kills that at random moments and looks
whether it comes to the same: ``python -m tests.upgrade.years_before FOLDER --years 3 --cuts 20``.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import date
from pathlib import Path
from random import Random

import sqlite_utils

from bench.years import write_years
from gateway.balance.calendar import midnight
from gateway.store.connection import FILE_NAME, PAGE_BYTES
from gateway.store.migrations import migrations

END = date(2026, 11, 25)
_AFTER_0_1_0 = "superseded_notices"
_GAUGES = ("consumption/power/apparent/raw", "consumption/voltage/raw", "consumption/current/raw")
_MINUTES = """
WITH RECURSIVE moment(time) AS (SELECT ?2 UNION ALL SELECT time + 60 FROM moment WHERE time + 60 < ?3)
INSERT OR IGNORE INTO minute SELECT ?1, time, 30, 30 * (200 + (time / 60 * 7919) % 1500), 150, 2400,
 200 + (time / 60 * 7919) % 1500, 1 FROM moment
"""
_INDEXES = """
WITH RECURSIVE moment(time) AS (SELECT ?2 UNION ALL SELECT time + 60 FROM moment WHERE time + 60 < ?3)
INSERT OR IGNORE INTO minute SELECT ?1, moment.time, 0, 0, 0, 0, coarse.value + (moment.time % 1800) / 90, 1 FROM moment
 JOIN coarse ON series = ?1 AND step = 1800 AND coarse.time = moment.time - moment.time % 1800
"""


def make(folder: Path, years: int) -> Path:
    """The folder of a database as 0.1.0 left it."""
    today, then = folder / "today", folder / "then"
    for path in (today, then):
        path.mkdir()
    first = END.replace(year=END.year - years)
    write_years(today, first, END)
    with closing(sqlite3.connect(then / FILE_NAME, isolation_level=None)) as db:
        db.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = OFF")
        migrations.apply(sqlite_utils.Database(db), stop_before=_AFTER_0_1_0)
        db.execute("ATTACH ? AS today", [str(today / FILE_NAME)])
        db.execute("BEGIN")
        for table in ("meter", "series", "coarse", "minute"):
            db.execute(f"INSERT INTO {table} SELECT * FROM today.{table}")
        span = [midnight(first), midnight(END)]
        for path in _GAUGES:
            found = db.execute("SELECT id FROM series WHERE meter = 1 AND path = ?", [path]).fetchone()
            number = (
                found
                or db.execute(
                    "INSERT INTO series (meter, path, unit, kind) VALUES (1, ?, 'VA', 'gauge') RETURNING id", [path]
                ).fetchone()
            )
            db.execute(_MINUTES, [*number, *span])
        for (number,) in db.execute("SELECT id FROM series WHERE meter = 1 AND kind = 'index' LIMIT 5").fetchall():
            db.execute(_INDEXES, [number, *span])
        db.execute("UPDATE meter SET last_time = ?", [midnight(END)])
        db.execute("COMMIT")
    shutil.rmtree(today)
    return then


def begin(folder: Path) -> subprocess.Popen[bytes]:
    """Today's program brings the database up to date, in a process of its own."""
    return subprocess.Popen([sys.executable, "-m", "gateway.store.prepare", str(folder)], stderr=subprocess.DEVNULL)


def digest(folder: Path) -> dict[str, tuple[int, str]]:
    """Table -> how many rows, and a sum of all of them."""
    found = {}
    with closing(sqlite3.connect(folder / FILE_NAME)) as db:
        for table in ("span", "minutes", "minute", "coarse", "series"):
            sums, count = hashlib.sha256(), 0
            for row in db.execute(f"SELECT * FROM {table} ORDER BY 1, 2"):
                sums.update(repr(row).encode())
                count += 1
            found[table] = count, sums.hexdigest()
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    return found


def cut(then: Path, folder: Path, after_s: float) -> dict[str, tuple[int, str]]:
    """Kill the program after so many seconds, run it again; what it comes to."""
    shutil.copytree(then, folder)
    program = begin(folder)
    try:
        program.wait(after_s)
    except subprocess.TimeoutExpired:
        os.kill(program.pid, signal.SIGKILL)
        program.wait()
    assert begin(folder).wait() == 0
    found = digest(folder)
    shutil.rmtree(folder)
    return found


def run(folder: Path, years: int, cuts: int, seed: int = 1) -> tuple[float, int, int]:
    """Seconds that it took whole; bytes of the database before and after. AssertionError where a cut changed it."""
    then, whole, random = make(folder, years), folder / "whole", Random(seed)
    before = (then / FILE_NAME).stat().st_size
    shutil.copytree(then, whole)
    started = time.monotonic()
    assert begin(whole).wait() == 0
    took = time.monotonic() - started
    expected = digest(whole)
    assert expected["span"][0] > years * 365 * 48
    for number in range(cuts):
        assert cut(then, folder / f"cut-{number}", random.uniform(0, took)) == expected, f"cut {number}"
    return took, before, (whole / FILE_NAME).stat().st_size


def main() -> None:
    """Print how long it took and how large the database was and is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--years", type=int, default=3)
    parser.add_argument("--cuts", type=int, default=20)
    options = parser.parse_args()
    took, before, after = run(options.folder, options.years, options.cuts)
    sizes = f"{before / 1e6:.1f} MB before, {after / 1e6:.1f} MB after"
    print(f"{options.years} years: {took:.1f} s, {sizes}; cut {options.cuts} times it comes to the same")


if __name__ == "__main__":
    main()
