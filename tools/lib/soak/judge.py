"""Whether anything grows: samples in, sentences out. Pure; the bounds stand here with their reasons.

The first half of a run fills caches and the two days of raw values; the second half is judged. Slopes are Theil and
Sen's (the median of the slopes of all pairs): a burst at a midnight or after an absence does not tilt them.
"""

from __future__ import annotations

from itertools import combinations
from statistics import median
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from soak.samples import DatabaseSize, ProgramSample, QueueSample

Timed = TypeVar("Timed", "ProgramSample", "DatabaseSize")

_DAY_S = 86_400
_YEAR_DAYS = 365

# From the 50 MB of the budget to the 100 MB at which the gateway gives up values of its own accord, in two years: who
# grows slower is restarted by an update long before. Below a megabyte in all it is the allocator's grain.
GROWTH_A_DAY, GRAIN = 64 * 1024, 1 << 20
RESIDENT_MOST = 100_000_000
# SQLite keeps 2 MB of pages. Who receives little needs days to fill that: until it is certainly full it may come to it.
CACHE, CACHE_DAYS = 2_100_000, 7.0

# A descriptor more at one hour than at another is a look of ours at the page, or a command; each hour has the same.
DESCRIPTORS_APART = 2

# Checkpointed at a thousand pages, 4 MB. Whoever reads for long makes it grow, and ``gateway.store.connection`` cuts it
# back at 8 MB; twice that nobody needed.
WAL_MOST = 16_000_000

# At default retention a minute takes three bytes, a year of one series 1.5 MB; a single-phase meter has three gauges
# beside its indexes. A three-phase one has its voltages, currents and powers three times. Half hours and days take
# 3 to 12 MB, and a consumption that is less regular than a simulated one needs more.
DATABASE_A_YEAR = {1: 60_000_000, 3: 120_000_000}
# Raw values are kept for 48 hours, transfers by the hour for a week: until then the file grows by them, too.
SETTLED_DAYS = 7.0
# Of fewer points no slope is made.
_LEAST_SAMPLES = 6


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Theil–Sen: the median slope of all pairs of (x, y); 0 for fewer than two different x."""
    # 80,000 pairs are a median of a tenth of a second.
    thinned = points[:: len(points) // 400 + 1]
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in combinations(thinned, 2) if b[0] != a[0]]
    return median(slopes) if slopes else 0.0


def judge(
    samples: Sequence[ProgramSample],
    queues: Sequence[QueueSample],
    files: Sequence[DatabaseSize],
    owed: dict[str, float],
    phases: Sequence[int],
) -> tuple[dict[str, str], list[str]]:
    """Judge a run: figures for a table (name -> text), and what is wrong, in sentences.

    Args:
        samples: what was seen of the programs.
        queues: what was seen of the outbox; the last of each recipient is after everything was delivered.
        files: what was seen of the database.
        owed: recipient -> the most rows that may wait for it.
        phases: of each meter that shares the database, how many it has.
    """
    figures: dict[str, str] = {}
    wrong: list[str] = []
    for program in sorted({sample.program for sample in samples}):
        _judge_program(program, [s for s in samples if s.program == program], figures, wrong)
    _judge_queues(queues, owed, figures, wrong)
    _judge_files(files, sum(DATABASE_A_YEAR[count] for count in phases), figures, wrong)
    return figures, wrong


def _judge_program(program: str, samples: Sequence[ProgramSample], figures: dict[str, str], wrong: list[str]) -> None:
    took_s = sum(max(s.cpu_s for s in samples if s.pid == pid) for pid in {s.pid for s in samples})
    days = (samples[-1].time - samples[0].time) / _DAY_S
    figures[f"{program}: processor"] = f"{took_s / max(days, 1e-9):.0f} s of this machine's a day"
    # Who is ended and started again begins anew: each life is too short to say anything of its growth.
    if len({sample.pid for sample in samples}) > 1:
        most, lives = _mb(max(s.rss for s in samples)), len({s.pid for s in samples})
        figures[f"{program}: RSS"] = f"{most} at most, in {lives} lives"
        _judge_counts(program, _second_half(samples), figures, wrong)
        return
    late = _second_half(samples)
    if len(late) < _LEAST_SAMPLES:
        figures[f"{program}: memory"] = "too short a run to be judged"
        return
    days = (late[-1].time - late[0].time) / _DAY_S
    a_day = slope([(s.time / _DAY_S, s.rss) for s in late])
    figures[f"{program}: RSS"] = f"{_mb(max(s.rss for s in late))} at most, {a_day / 1024:+.1f} kB a day"
    # Told and not judged: it also grows when another program of this machine ends that had shared libraries with it.
    figures[f"{program}: PSS"] = f"{_mb(max(s.pss for s in late))} at most"
    cache = CACHE if late[0].time - samples[0].time < CACHE_DAYS * _DAY_S else 0
    if a_day * days > max(GROWTH_A_DAY * days, GRAIN) + cache:
        wrong.append(f"the RSS of {program} grows by {a_day / 1024:.0f} kB a day")
    _judge_counts(program, late, figures, wrong)
    if max(s.rss for s in late) > RESIDENT_MOST:
        wrong.append(f"{program} takes {_mb(max(s.rss for s in late))} of memory")


def _judge_counts(program: str, late: Sequence[ProgramSample], figures: dict[str, str], wrong: list[str]) -> None:
    for what, counts in (("descriptors", [s.descriptors for s in late]), ("threads", [s.threads for s in late])):
        figures[f"{program}: {what}"] = f"{min(counts)} to {max(counts)}"
        rise = slope([(s.time / _DAY_S, count) for s, count in zip(late, counts, strict=True)])
        days = (late[-1].time - late[0].time) / _DAY_S
        if max(counts) - min(counts) > DESCRIPTORS_APART or rise * days >= 1:
            wrong.append(f"the {what} of {program} are not constant: {min(counts)} to {max(counts)}")


def _judge_queues(
    queues: Sequence[QueueSample], owed: dict[str, float], figures: dict[str, str], wrong: list[str]
) -> None:
    for recipient in sorted({queue.recipient for queue in queues}):
        rows = [queue.rows for queue in queues if queue.recipient == recipient]
        most = owed[recipient]
        figures[f"outbox for {recipient}"] = f"{max(rows)} rows at most ({most:.0f} may wait), {rows[-1]} at the end"
        if max(rows) > most:
            wrong.append(f"{max(rows)} rows wait for {recipient}, {most:.0f} are what it may be behind")
        if rows[-1]:
            wrong.append(f"{rows[-1]} rows still wait for {recipient} at the end")


def _judge_files(files: Sequence[DatabaseSize], most: int, figures: dict[str, str], wrong: list[str]) -> None:
    wal = max(file.wal for file in files)
    figures["WAL"] = f"{_mb(wal)} at most"
    if wal > WAL_MOST:
        wrong.append(f"the WAL grew to {_mb(wal)}")
    figures["database"] = f"{_mb(files[-1].database)}, {_mb(files[-1].used)} of it in use"
    late = [file for file in _second_half(files) if file.time - files[0].time > SETTLED_DAYS * _DAY_S]
    if len(late) < _LEAST_SAMPLES or late[-1].time - late[0].time < _DAY_S:
        figures["database in a year"] = "too short a run to be foretold"
        return
    a_day = slope([(file.time / _DAY_S, file.used) for file in late])
    left = _YEAR_DAYS - (files[-1].time - files[0].time) / _DAY_S
    a_year = files[-1].used + a_day * left
    figures["database in a year"] = f"{_mb(a_year)} ({_mb(most)} are its budget), {a_day / 1e6:.2f} MB a day"
    if a_year > most:
        wrong.append(f"the database will have {_mb(a_year)} after a year, {_mb(most)} are its budget")


def _second_half(rows: Sequence[Timed]) -> list[Timed]:
    middle = (rows[0].time + rows[-1].time) / 2
    return [row for row in rows if row.time >= middle]


def _mb(count: float) -> str:
    return f"{count / 1e6:.1f} MB"


def bounds(points: dict[str, int], seconds: float, behind_h: dict[str, float]) -> dict[str, float]:
    """Recipient -> the most rows that may wait: twice what comes on average in the hours that it may be behind.

    Twice, since an evening brings more changes of an index than a night.
    """
    return {name: 2 * points[name] / seconds * 3600 * hours for name, hours in behind_h.items()}
