"""What ``tools/bench`` measures of the federation and of growth, in small: figures, which no test judges."""

import os

import pytest

from bench import backlog, growth, homes, pages, steady, throughput
from bench.days import live
from bench.domains import house
from bench.parts import PARTS, At
from bench.report import verdict
from bench.steady import Load
from harness.accounts import FAR
from servers import missing_packages
from servers.postgres import missing_postgres

servers = pytest.mark.skipif(
    bool(missing_packages()) and not os.environ.get("CI"), reason="the servers are not installed"
)


def test_a_days_minutes_wait_for_whoever_was_away(tmp_path):
    """Every minute of each series that changes, and each text once."""
    assert live(tmp_path / "data", 1_781_604_000, 10, [FAR, "other@sen2.test"]) > 2 * 10 * 5


@servers
@pytest.mark.slow
def test_a_backlog_is_delivered_each_record_once(tmp_path):
    """By the daemon, to the recipient's file; what is counted is what was promised."""
    found = backlog.deliver(tmp_path, "pe", "none", 5)
    assert found["records"] > 5 * 5
    assert [found[fault] for fault in ("lost", "wrong", "double", "left")] == [0, 0, 0, 0]
    assert found["seconds"] > 0 < found["records_a_second"]


@servers
@pytest.mark.slow
def test_packs_are_timed_until_their_receipt(tmp_path):
    """Single ones and those of a full outbox, in the direction that has the other home server."""
    found = throughput.send(tmp_path, "ep", "none", quick=True)
    assert found["records"] > 5 * 5
    assert found["single_packs"] >= 3
    assert 0 < found["single_median_ms"] <= found["single_p95_ms"]
    assert 0 < found["full_median_ms"] <= found["full_p95_ms"]


@servers
@pytest.mark.slow
def test_a_history_is_asked_to_its_last_page(tmp_path):
    """Every half hour comes, in large pages and in those of a recipient."""
    found = pages.measure(At(tmp_path, "pe", 0, {}, quick=True))
    assert found["records"] == 12 * 48 + 2, "of the night with the hour that comes twice"
    assert (found["pages"], found["recipient_pages"]) == (1, 2)
    assert found["seconds"] > 0 < found["recipient_seconds"]


@servers
@pytest.mark.slow
def test_what_a_daemon_takes_at_its_work_is_measured(tmp_path):
    """With two meters and two recipients, each of whom has everything in the end."""
    with house(tmp_path) as home:
        found = steady.measure(home, Load(meters=2, recipients=2, minutes=1))
    assert found["cpu_s"] > 0
    assert found["memory_mb"] > 10
    assert 0 < found["pace"] < 2
    assert found["database_mb"] > 0


@pytest.mark.skipif(bool(missing_postgres()) and not os.environ.get("CI"), reason="PostgreSQL is not installed")
def test_an_analysts_questions_are_timed(tmp_path):
    """Each by the processor and by the clock, on a stock of which every value is there."""
    found = homes.measure(At(tmp_path, "pe", 0, {}, quick=True))
    (part,) = (part for part in PARTS if part.name == "homes")
    assert all(found[row.figure] > 0 for row in part.rows)
    assert all(0 < found[name] <= 1.2 * found[f"{name} wall"] for name in homes.QUESTIONS)
    assert found["rows"] == 2 * 20 * (10 * 48 + 1)


def test_what_grows_faster_than_linearly_is_said():
    """The exponent of the last step decides, not that of the first; what costs nothing grows with nothing."""
    costs = {
        1: {"cpu_s": 1.0, "look_ms": 0.0},
        10: {"cpu_s": 2.0, "look_ms": 0.0},
        100: {"cpu_s": 200.0, "look_ms": 0.0},
    }
    found = growth.exponents(costs)
    assert found == {"cpu_s": pytest.approx(2.0), "look_ms": 0.0}
    (row,) = (row for part in PARTS for row in part.rows if row.figure == "recipients.worst")
    assert verdict(row, growth.flat({"recipients": {"exponents": found}})).startswith("≤ 1.1, not met: ")
    assert verdict(row, growth.flat({"recipients": {"exponents": {"cpu_s": 1.05}}})) == "≤ 1.1"
    slow = {"recipients": {"10": {"pace": 0.9}, "100": {"pace": 0.3}, "exponents": found}}
    assert growth.too_slow(slow) == ["recipients, 100: at 30% of the pace"]


def test_growth_is_drawn_with_its_figures(tmp_path):
    """Both languages and every figure are in the picture; figures by name are the same ones again."""
    costs = {"cpu_s": 3.06, "look_ms": 1.5, "memory_mb": 62.0, "database_mb": 0.28}
    axis = {"1": costs, "4": costs, "16": {**costs, "cpu_s": 41.7}, "exponents": dict.fromkeys(costs, 0.5)}
    found = {"meters": axis, "history": axis}
    named = growth.flat(found)
    assert named["meters.16.cpu_s"] == 41.7
    assert named["history.worst"] == 0.5
    assert growth.nested(named) == found
    growth.write(tmp_path / "curves", found)
    picture = (tmp_path / "curves" / "meters.svg").read_text()
    assert all(words in picture for words in ("Nombre de compteurs", "Number of meters", ">3.1<", ">41.7<", ">16<"))
    assert (tmp_path / "curves" / "history.svg").exists()
