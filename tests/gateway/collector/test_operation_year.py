"""A year of an operation of a thousand members, from readings in PostgreSQL to each member's check."""

import os
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from gateway.operation.checked import check
from gateway.operation.own import read_member
from gateway.operation.steps import PARIS, days_of, steps_of
from tests.gateway.collector.desk import INDEX
from tests.gateway.collector.roofs import member, operation, producer
from tests.gateway.collector.test_segments import PRODUCED, add_homes

# What home n draws in the step that begins at t, and its index: the same in SQL, where a month is made, and below.
_FILL = """
INSERT INTO reading (series, time, value)
SELECT series, to_timestamp(t), 10000 + coalesce(sum(wh) OVER (
  PARTITION BY series ORDER BY t ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
), 0)
FROM (
  SELECT series, t, CASE WHEN %(roof)s THEN (t / 900 * 104729 + n) %% (500 * %(members)s)
    ELSE (n * 7919 + t / 900 * 104729 + n * (t / 900) %% 997) %% 900 END AS wh
  FROM unnest(%(series)s::integer[]) WITH ORDINALITY AS home(series, n),
    generate_series(%(first)s::bigint, %(last)s::bigint, 900) AS t
) AS one
"""


def drawn(home, begins):
    return {t: (home * 7919 + t // 900 * 104729 + home * (t // 900) % 997) % 900 for t in begins}


def months_before(count):
    """The first days of the months that are over, the oldest first."""
    found, day = [], datetime.now(PARIS).date().replace(day=1)
    for _ in range(count):
        day = (day - timedelta(days=1)).replace(day=1)
        found.append(day)
    return found[::-1]


def fill_month(store, month, homes, roofs):
    """The readings of one month and of no other."""
    days = days_of(month)
    first, last = steps_of(days[0], "PT15M").start, steps_of(days[-1], "PT15M").stop
    store.ask("TRUNCATE reading")
    store.make_months(*(moment.timestamp() for moment in {datetime.fromtimestamp(at, UTC) for at in (first, last)}))
    with psycopg.connect(store.conninfo, options="-c search_path=linky") as db:
        for series, roof in ((homes, False), (roofs, True)):
            asked = {"series": series, "first": first, "last": last, "roof": roof, "members": len(homes)}
            db.execute(_FILL, asked)
    store.ask("ANALYZE reading")
    return range(first, last, 900)


def signed_month(store, file, month):
    """The command as its operator types it; the seconds of the processor that it took."""
    began = resource.getrusage(resource.RUSAGE_CHILDREN)
    words = ["operation", "sums", file, "--month", f"{month:%Y-%m}", "--to", store.folder / "sums"]
    done = subprocess.run(
        [sys.executable, "-m", "gateway.collector.cli", *map(str, words), "--config", str(store.config)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f"{len(days_of(month))} days signed anew" in done.stdout
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime - began.ru_utime - began.ru_stime


def a_year(store, members, months):
    """Sign some months of so many members, each of whom checks them all; what it took."""
    homes = add_homes(store, members, INDEX, "PT15M")
    roofs = add_homes(store, 2, PRODUCED, "PT15M")
    rows = [member(f"m{n}", f"h{n}@x") for n in range(1, members + 1)]
    rows += [producer(f"p{n}", f"h{n}@x") for n in (1, 2)]
    file = operation(store, *rows)
    took = {"sums_s": 0.0, "checks_s": 0.0, "steps": 0, "bytes": 0}
    for month in months_before(months):
        begins = fill_month(store, month, homes, roofs)
        took["sums_s"] += signed_month(store, file, month)
        began = time.process_time()
        for n in range(1, members + 1):
            content = (store.folder / "sums" / f"toit-{month:%Y-%m}-m{n}.jsonl").read_bytes()
            result = check(read_member(content.splitlines()), drawn(n, begins))
            assert (result.is_right, result.steps, result.unknown) == (True, len(begins), 0)
            assert result.theirs == result.ours > 0
            took["steps"] += result.steps
            took["bytes"] += len(content)
        took["checks_s"] += time.process_time() - began
    return took


@pytest.mark.campaign
def test_a_year_of_a_thousand_members_is_signed_and_checked(store, capsys):
    """Twelve months by the command, from readings; each member's year is right by its own meter, step by step."""
    took = a_year(store, 1_000, 12)
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    chain = (store.folder / "sums" / "toit.sums.jsonl").stat().st_size
    with capsys.disabled():
        print(
            f"\n{took['steps']:,} shares right; processor: {took['sums_s']:.0f} s to sign, {most} MB at most,"
            f" {took['checks_s'] / 1_000:.1f} s for a member to check its year of {took['bytes'] / 1e9:.2f} MB;"
            f" the chain has {chain // 1_000} kB"
        )
    assert took["steps"] == 1_000 * sum(
        len(steps_of(day, "PT15M")) for one in months_before(12) for day in days_of(one)
    )


def test_a_month_of_six_members_is_signed_and_checked(store):
    """The same of few, in the process of its own that an operator runs."""
    took = a_year(store, 6, 1)
    assert took["steps"] == 6 * sum(len(steps_of(day, "PT15M")) for day in days_of(months_before(1)[0]))
