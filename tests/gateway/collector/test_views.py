"""What others read: right figures, pseudonyms only; and the dashboard that is shipped, question by question."""

import asyncio
import json
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest

from harness import ROOT
from harness.accounts import HOME
from tests.gateway.collector.conftest import Store
from tests.gateway.collector.desk import INDEX, POWER, desk_at, notice, parcel

GRAFANA = ROOT / "gateway" / "collector" / "grafana"
PARIS = ZoneInfo("Europe/Paris")
# The whole hour before the last: nothing of the tests is to come.
HOUR = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)


def keep(store, *contents):
    """Have some packs kept."""

    async def work():
        async with desk_at(store) as desk:
            assert all(await desk.keep(*contents))

    asyncio.run(work())


def at(moment):
    return int(moment.timestamp())


def energy(store, step, zone, since, until):
    """(start, energy, whole) of the index."""
    rows = store.ask("SELECT start, energy, whole FROM energy(%s, %s, %s, %s) ORDER BY start", step, zone, since, until)
    return [(start.astimezone(UTC), value, whole) for start, value, whole in rows]


def test_an_hour_s_energy_is_the_difference_of_two_indexes(store):
    """From the first index of the hour to that of the next; across a gap in one row; at the end to its own last."""
    h = [HOUR - timedelta(hours=n) for n in range(6, -1, -1)]
    minute = timedelta(minutes=1)
    values = [
        *[(h[0], 100), (h[0] + 30 * minute, 150), (h[1], 210), (h[1] + 59 * minute, 250)],
        # Nothing in the hour of h[2].
        *[(h[3] + minute, 400), (h[4], 500), (h[4] + minute, 10), (h[5], 20)],
    ]
    keep(store, parcel(*((at(moment), value) for moment, value in values)))
    assert energy(store, "1 hour", "UTC", h[0], h[6]) == [
        (h[0], 110.0, True), (h[1], 190.0, False), (h[3], 100.0, True), (h[4], None, True), (h[5], 0.0, False),
    ]  # fmt: skip
    assert store.ask("SELECT hour, finish FROM energy_hourly WHERE NOT whole ORDER BY hour") == [
        (h[1], h[3]), (h[5], h[5]),
    ]  # fmt: skip
    assert store.one("SELECT sum(energy)::int FROM energy_hourly") == 400


def test_a_quarter_hour_s_energy_is_the_difference_of_its_marks(store):
    """By the step in which collective self-consumption is settled: exact, and whole where the next mark is there."""
    marks = {HOUR + timedelta(minutes=15 * n): index for n, index in enumerate((100, 350, 350, 1250, 1300))}
    keep(store, parcel(*((at(moment), index) for moment, index in marks.items()), granularity="PT15M"))
    assert energy(store, "15 minutes", "UTC", HOUR, HOUR + timedelta(minutes=75)) == [
        (moment, value, whole)
        for moment, value, whole in zip(
            marks, (250.0, 0.0, 900.0, 50.0, 0.0), (True, True, True, True, False), strict=True
        )
    ]


def test_a_day_s_energy_is_one_of_france(store):
    """The days on which clocks change have 23 and 25 hours."""
    since = datetime(2026, 3, 27, tzinfo=PARIS)
    values = [(since.astimezone(UTC) + timedelta(hours=n), 1000 * n) for n in range(4 * 24)]
    keep(store, parcel(*((at(moment), value) for moment, value in values), granularity="PT1H"))
    days = energy(store, "1 day", "Europe/Paris", since, since + timedelta(days=4))
    assert [value for _, value, _ in days] == [24_000, 24_000, 23_000, 24_000]
    assert [start.astimezone(PARIS).hour for start, _, _ in days] == [0, 0, 0, 0]
    store.ask("UPDATE subscription SET since = %s", since)
    found = store.ask(
        "SELECT received, expected FROM completeness(%s, %s) ORDER BY day", since, since + timedelta(days=3)
    )
    assert found == [(24, 24), (24, 24), (23, 23)]


def test_the_last_value_is_the_last_one(store):
    """Of each series, in whatever order it came; words too."""
    keep(
        store, parcel((at(HOUR) + 60, 2)), parcel((at(HOUR), 1)), parcel((at(HOUR), "HP"), path="contract/tariff/name")
    )
    rows = store.ask("SELECT path, extract(epoch FROM time)::bigint, value, words FROM last_value ORDER BY path")
    assert rows == [(INDEX, at(HOUR) + 60, 2.0, None), ("contract/tariff/name", at(HOUR), None, "HP")]


@pytest.fixture(scope="module")
def shown(postgres, template, tmp_path_factory):
    """A store with data of a household."""
    store = Store(postgres.create("shown", template), tmp_path_factory.mktemp("shown"))
    values = [(at(HOUR) + n * 60, 1000 + n) for n in range(90)]
    words = parcel((at(HOUR), "HP"), path="contract/tariff/name")
    with_a_hole = [*values[:20], *values[40:]]
    power = parcel(*with_a_hole, path=POWER, unit="VA", granularity="PT1M")
    keep(store, parcel(*values, granularity="PT1M"), power, words)
    store.ask("UPDATE subscription SET since = %s", HOUR)
    # Another home agreed, and nothing has come.
    store.ask("INSERT INTO gateway (account, jid) SELECT account, 'silent@sen1.test' FROM gateway")
    store.ask("INSERT INTO subscription (gateway, identifier, since) SELECT max(gateway.id), 'x', %s FROM gateway",
              HOUR - timedelta(days=3))  # fmt: skip
    return store


@pytest.fixture(scope="module")
def reader(shown):
    """A connection of a role that may read the views."""
    shown.ask("CREATE ROLE grafana LOGIN")
    assert "grafana may read the views" in shown.command("init", "--reader", "grafana")
    with psycopg.connect(shown.conninfo.replace("user=postgres", "user=grafana"), autocommit=True) as db:
        yield db


def questions_of(file):
    """(title, SQL) of every panel of a dashboard, and of its lists."""
    dashboard = json.loads((GRAFANA / file).read_text())
    found = [(panel["title"], target["rawSql"]) for panel in dashboard["panels"] for target in panel["targets"]]
    return found + [(variable["label"], variable["query"]) for variable in dashboard["templating"]["list"]]


def questions():
    return questions_of("dashboard.json")


def asked(db, text):
    """What Grafana asks for a day and every meter."""
    meters = ", ".join(
        f"'{meter}'" for (meter,) in db.execute("SELECT DISTINCT meter FROM linky.last_value").fetchall()
    )
    macros = {
        "$__timeFrom()": f"'{HOUR - timedelta(hours=6):%Y-%m-%dT%H:%M:%SZ}'",
        "$__timeTo()": f"'{HOUR + timedelta(hours=2):%Y-%m-%dT%H:%M:%SZ}'",
        "${meter:sqlstring}": meters,
        "$__interval_ms": "600000",
    }
    for macro, value in macros.items():
        text = text.replace(macro, value)
    assert "$" not in text
    return db.execute(text)


@pytest.mark.parametrize(("title", "text"), questions(), ids=[title for title, _ in questions()])
def test_every_question_of_the_dashboard_is_answered_to_its_reader(reader, title, text):
    """By the role that reads views only, with data in it, and nothing in it names a household."""
    cursor = asked(reader, text)
    rows = cursor.fetchall()
    # Nobody is subscribed here: there is no server.
    assert rows, title
    if "time_series" in text or " AS metric" in text:
        assert {"time", "metric", "value"} == {column.name for column in cursor.description}
    said = repr(rows)
    for name in (HOME, HOME.partition("@")[0], "ab12", "sen1.test"):
        assert name not in said


def test_the_reader_reads_nothing_else(reader):
    """Neither tables nor names; and it writes nowhere."""
    for table in ("gateway", "meter", "series", "reading", "subscription", "notice", "invitation"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute(f"SELECT * FROM linky.{table}")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        reader.execute("CREATE TABLE linky.mine (x int)")


def test_what_is_limited_is_in_no_view_until_the_limit_ends(reader, shown):
    """Kept, and not used (GDPR Art. 18)."""
    keep(shown, notice("consent-limited", number="l"))
    assert shown.one("SELECT count(*) FROM reading") > 100
    for view in ("last_value", "curve", "energy_hourly", "energy_daily", "completeness_daily", "shown_series"):
        assert reader.execute(f"SELECT * FROM linky.{view}").fetchall() == []
    assert reader.execute("SELECT count(meters) FROM linky.home").fetchone() == (0,)
    period = "now() - interval '1 day', now()"
    for function in (f"energy('1 hour', 'UTC', {period})", f"completeness({period})"):
        assert reader.execute(f"SELECT * FROM linky.{function}").fetchall() == []
    keep(shown, notice("consent-resumed", number="r"))
    assert len(reader.execute("SELECT * FROM linky.last_value").fetchall()) == 3


@pytest.mark.parametrize("view", ["curve", "last_value", "shown_series", "home"])
def test_a_readers_own_function_is_told_nothing_that_is_hidden(reader, shown, view):
    """However cheap it says that it is: the database asks it after it has left out who is limited."""
    reader.execute(
        "CREATE OR REPLACE FUNCTION pg_temp.tell(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001"
        " AS $$ BEGIN RAISE NOTICE '%', $1; RETURN true; END $$"
    )
    said = []
    reader.add_notice_handler(hear := lambda notice: said.append(notice.message_primary))
    column = "meters" if view == "home" else "meter"
    question = f"SELECT * FROM linky.{view} WHERE pg_temp.tell({column})"
    try:
        reader.execute(question)
        assert (meter := shown.one("SELECT pseudonym FROM meter")) in said
        said.clear()
        keep(shown, notice("consent-limited", number=f"limited {view}"))
        reader.execute(question)
    finally:
        reader.remove_notice_handler(hear)
        keep(shown, notice("consent-resumed", number=f"resumed {view}"))
    assert meter not in said


@pytest.mark.parametrize("file", ["dashboard.json", "segments.json"])
def test_the_dashboard_belongs_to_the_data_source_that_is_provisioned(file):
    """By its uid and its type, in every panel; and no panel lies on another."""
    dashboard = json.loads((GRAFANA / file).read_text())
    source = (GRAFANA / "datasource.yaml").read_text()
    kind, uid = (re.search(rf"^ +{key}: (\S+)$", source, re.M)[1] for key in ("type", "uid"))
    places = set()
    for panel in dashboard["panels"]:
        assert panel["datasource"] == {"type": kind, "uid": uid}
        assert all(target["datasource"] == panel["datasource"] for target in panel["targets"])
        place = panel["gridPos"]
        squares = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not squares & places
        assert max(x for x, _ in squares) < 24
        places |= squares
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
