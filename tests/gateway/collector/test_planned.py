"""What the figures cost: rows that PostgreSQL reads for each question, by its own count, on 100 homes of sixty days."""

import json
import re

import psycopg
import pytest

from bench.homes import INDEX, POWER, load
from harness import ROOT

HOMES, DAYS, DAY = 100, 60, 48
PERIODS = {
    "one day": ("now() - interval '1 day'", DAY),
    "all of it": (f"now() - interval '{DAYS} days'", DAYS * DAY),
}


@pytest.fixture(scope="module")
def stock(postgres):
    """A connection to a stock of homes that nothing else uses."""
    conninfo = postgres.create("planned")
    load(conninfo, HOMES, DAYS)
    with psycopg.connect(conninfo, options="-c search_path=linky", autocommit=True) as db:
        yield db


@pytest.fixture(scope="module")
def meter(stock):
    """One of them."""
    return stock.execute("SELECT pseudonym FROM meter ORDER BY id OFFSET 50 LIMIT 1").fetchone()[0]


def nodes(plan):
    """Every step of a plan."""
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


def planned(db, text):
    """How a question was answered: the steps that were taken."""
    (found,) = db.execute(f"EXPLAIN (ANALYZE, BUFFERS OFF, FORMAT JSON) {text}").fetchone()
    return [node for node in nodes(found[0]["Plan"]) if node["Actual Loops"]]


def read(steps):
    """Rows of readings that were looked at, those that a filter then left out among them."""
    return sum(
        node["Actual Loops"] * (node["Actual Rows"] + node.get("Rows Removed by Filter", 0))
        for node in steps if of_readings(node)
    )  # fmt: skip


def of_readings(node):
    return str(node.get("Relation Name", "")).startswith("reading_")


@pytest.mark.parametrize(("since", "rows"), PERIODS.values(), ids=PERIODS)
@pytest.mark.parametrize("form", ["= %s", "IN (%s, 'nobody')"])
def test_a_homes_curve_reads_its_own_rows(stock, meter, since, rows, form):
    """By the index, and from it alone; of months that are not asked for nothing is opened."""
    condition = form.replace("%s", f"'{meter}'")
    # Up to its last value: a half hour may have passed since the stock was made.
    moment = "timestamptz '{}'".format(*stock.execute("SELECT max(time) + interval '1 second' FROM reading").fetchone())
    steps = planned(
        stock,
        f"SELECT time, value FROM curve WHERE meter {condition} AND path = '{POWER}'"
        f" AND time >= {since.replace('now()', moment)} AND time < {moment}",
    )
    assert {node["Node Type"] for node in steps if of_readings(node)} == {"Index Only Scan"}
    assert rows <= read(steps) <= rows + 1
    assert sum(map(of_readings, steps)) <= (2 if rows == DAY else 4)


def test_a_day_that_is_named_opens_one_month(stock, meter):
    """The planner has left out the others before anything runs."""
    text = f"SELECT time, value FROM curve WHERE meter = '{meter}' AND path = '{INDEX}'"
    day = stock.execute("SELECT date_trunc('month', now())").fetchone()[0]
    steps = planned(stock, f"{text} AND time >= '{day}' AND time < timestamptz '{day}' + interval '1 day'")
    assert sum(map(of_readings, steps)) == 1


def inside(db, text):
    """The steps within a function, as PostgreSQL logs them (auto_explain)."""
    db.execute("LOAD 'auto_explain'")
    said = []
    db.add_notice_handler(hear := lambda notice: said.append(notice.message_primary))
    settings = "log_min_duration = 0; SET auto_explain.log_analyze = on; SET auto_explain.log_format = 'json'"
    nested = "log_nested_statements = on; SET client_min_messages = log; SET auto_explain.log_timing = off"
    db.execute(f"SET auto_explain.{settings}; SET auto_explain.{nested}")
    try:
        db.execute(text)
    finally:
        db.execute("SET auto_explain.log_min_duration = -1; SET client_min_messages = notice")
        db.remove_notice_handler(hear)
    plans = [json.loads(one[one.index("{") :]) for one in said]
    return [node for plan in plans for node in nodes(plan["Plan"]) if node["Actual Loops"]]


@pytest.mark.parametrize(("since", "rows"), PERIODS.values(), ids=PERIODS)
def test_a_homes_energy_by_the_day_reads_the_ends_of_its_days(stock, meter, since, rows):
    """Two values a day at most, however many there are in it."""
    steps = inside(stock, f"SELECT * FROM energy('1 day', 'Europe/Paris', {since}, now(), ARRAY['{meter}'])")
    assert not {node["Node Type"] for node in steps if of_readings(node)} & {"Seq Scan", "Bitmap Heap Scan"}
    assert rows / DAY <= read(steps) <= 2 * (rows / DAY + 3)


def of_counted(steps):
    """Rows of days that were looked at."""
    return sum(
        node["Actual Loops"] * node["Actual Rows"] for node in steps if node.get("Relation Name") == "counted"
    )  # fmt: skip


def test_a_view_of_energy_looks_up_the_meter_that_is_asked_for(stock, meter):
    """A WHERE around it is enough. Of the days that are over it reads what was counted, of today the ends."""
    steps = inside(stock, f"SELECT * FROM energy_daily WHERE meter = '{meter}'")
    assert 0 < read(steps) <= 2
    assert DAYS <= of_counted(steps) <= DAYS + 2


def test_energy_of_all_homes_by_the_day_reads_what_was_counted(stock):
    """A row a day, and not an index at the ends of each."""
    steps = inside(stock, "SELECT sum(energy) FROM energy_daily")
    assert 0 < read(steps) <= 2 * HOMES
    assert HOMES * DAYS <= of_counted(steps) <= HOMES * (DAYS + 2)


def test_completeness_of_all_homes_reads_what_was_counted(stock):
    """Of the readings those of the day that is running alone."""
    steps = inside(stock, "SELECT sum(received), sum(expected) FROM completeness(now() - interval '30 days', now())")
    assert {node["Node Type"] for node in steps if of_readings(node)} <= {"Index Only Scan"}
    assert read(steps) <= 2 * HOMES * DAY
    assert 2 * HOMES * 29 <= of_counted(steps) <= 2 * HOMES * 31


def test_who_is_silent_is_asked_of_the_index(stock):
    """The first and the last value of each series; no reading in between."""
    steps = planned(stock, "SELECT * FROM home WHERE silent")
    assert {node["Node Type"] for node in steps if of_readings(node)} == {"Index Only Scan"}
    assert read(steps) <= 2 * HOMES * 4


def test_the_dashboard_draws_no_more_points_than_it_has_room_for(stock, meter):
    """Whatever the period; and it opens with one home, not with all of them."""
    dashboard = json.loads((ROOT / "gateway" / "collector" / "grafana" / "dashboard.json").read_text())
    (variable,) = dashboard["templating"]["list"]
    assert not variable["includeAll"]
    assert variable["current"] == {}
    (text,) = [
        target["rawSql"] for panel in dashboard["panels"] for target in panel["targets"] if ".curve" in target["rawSql"]
    ]
    hour = 3_600_000
    macros = {"$__interval_ms": str(12 * hour), "$__timeFrom()": "now() - interval '60 days'", "$__timeTo()": "now()"}
    for macro, value in (macros | {"${meter:sqlstring}": f"'{meter}'"}).items():
        text = text.replace(macro, value)
    assert not re.search(r"\$", text)
    assert 2 * DAYS <= len(stock.execute(text).fetchall()) <= 2 * DAYS + 1
