"""Totals of segments: exact after everything that happens to readings, published once, read by who may read views."""

import asyncio
import json
import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from gateway.collector import segment_totals
from gateway.collector.database import Database
from gateway.collector.retention import retain
from gateway.collector.segment_totals import Reckoned, SegmentWork, reckon
from harness.accounts import FAR
from tests.gateway.collector.conftest import Store
from tests.gateway.collector.desk import INDEX, desk_at, notice, parcel
from tests.gateway.collector.test_views import at, questions_of

STEP, DAY = timedelta(minutes=30), timedelta(days=1)
NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
FIRST = NOW - timedelta(days=4)
PRODUCED = "production/energy/active/index"


def add_homes(store, count, path=INDEX, granularity="PT30M", sensor="s@x"):
    """Homes h1@x, h2@x, … with a meter and a series each; the numbers of the series."""
    added = []
    for n in range(1, count + 1):
        home = store.one(
            "INSERT INTO gateway (account, jid) VALUES (%s, %s)"
            " ON CONFLICT (account, jid) DO UPDATE SET jid = excluded.jid RETURNING id",
            FAR, f"h{n}@x",
        )  # fmt: skip
        meter = store.one(
            "INSERT INTO meter (gateway, sensor) VALUES (%s, %s)"
            " ON CONFLICT (gateway, sensor) DO UPDATE SET sensor = excluded.sensor RETURNING id",
            home, sensor,
        )  # fmt: skip
        added.append(add_series(store, meter, path, granularity))
    return added


def add_series(store, meter, path, granularity):
    return store.one(
        "INSERT INTO series (meter, name, sen1, path, granularity, unit, keep)"
        " VALUES (%s, %s, %s, %s, %s, 'Wh', 'P1Y') RETURNING id",
        meter, f"s@x/{path}", f"s@x/{path}", path, granularity,
    )  # fmt: skip


def fill(store, *rows):
    """Readings (series, time, value), as they come."""
    store.make_months(*{moment.timestamp() for _, moment, _ in rows})
    with psycopg.connect(store.conninfo, options="-c search_path=linky") as db, db.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO reading (series, time, value) VALUES (%s, %s, %s)"
            " ON CONFLICT (series, time) DO UPDATE SET value = excluded.value",
            rows,
        )


def fill_all(store, series, half_hours=96, first=FIRST, used=100):
    """An index that rises by ``used`` Wh each half hour, for each of some series; it has a value at the end too."""
    marks = [(first + n * STEP, used * n) for n in range(half_hours + 1)]
    fill(store, *((one, moment, value) for one in series for moment, value in marks))


def divide(store, text):
    """Say which homes are in which segments."""
    file = store.folder / "segments.txt"
    file.write_text(text)
    return store.command("segments", "set", file)


def reckoned(store, settled=None):
    """Do what a process does each minute."""

    async def work():
        database = Database(store.conninfo)
        try:
            return await reckon(database, settled)
        finally:
            await database.close()

    return asyncio.run(work())


def kept(store):
    rows = store.ask("SELECT name, path, start, energy, homes FROM segment_total JOIN segment ON segment = id")
    return {(name, path, start): (energy, homes) for name, path, start, energy, homes in rows}


def by_hand(store):
    """The same from every reading there is: the index at both ends of each half hour, in each meter.

    A meter that has no value within a day is not there. An index by the minute is that of the minute's end.
    """
    members = defaultdict(set)
    for name, home in store.ask("SELECT name, gateway FROM segment_home JOIN segment ON segment = id"):
        members[home].add(name)
    values, moments = defaultdict(list), defaultdict(lambda: defaultdict(list))
    rows = store.ask(
        "SELECT m.gateway, m.id, s.path, s.granularity, r.time, r.value FROM reading r JOIN series s ON s.id = r.series"
        " JOIN meter m ON m.id = s.meter JOIN gateway g ON g.id = m.gateway WHERE NOT g.limited"
    )
    for home, meter, path, granularity, time, value in rows:
        if path.endswith("/energy/active/index"):
            read = time.astimezone(UTC) + timedelta(minutes=granularity == "PT1M")
            values[home, meter, path].append((read, value, granularity in ("PT1M", "raw")))
            moments[home, path][meter].append(time)
    first = {(*of, start): value for of, read in values.items() for start, value in at_borders(read).items()}
    homes = {}
    for home, path, start in {(home, path, start) for home, _, path, start in first}:
        used = []
        for meter, times in moments[home, path].items():
            value, after = (first.get((home, meter, path, begin)) for begin in (start, start + STEP))
            if value is not None and after is not None and after >= value:
                used.append(after - value)
            elif any(start - DAY < time <= start + DAY for time in times):
                used.append(None)
        if used and None not in used:
            homes[home, path, start] = sum(used)
    totals = defaultdict(lambda: (0.0, 0))
    for (home, path, start), energy in homes.items():
        for name in {*members[home], "all"}:
            sum_of, count = totals[name, path, start]
            totals[name, path, start] = sum_of + energy, count + 1
    return dict(totals)


def at_borders(values):
    """The index at the beginning of each half hour in which there is any.

    It is the first one there; where any is said when it changes, the last one of the half hour before.
    """
    first, last, said_in = {}, {}, set()
    for time, value, said in sorted(values):
        start = time.replace(minute=time.minute // 30 * 30, second=0, microsecond=0)
        first.setdefault(start, (time, value))
        last[start] = value
        if said:
            said_in.add(start)
    last = {start: last[start] for start in said_in}
    return {
        start: last.get(start - STEP, value) if time > start else value for start, (time, value) in first.items()
    }  # fmt: skip


def test_what_is_kept_is_what_the_indexes_say_whatever_happens(store, monkeypatch):
    """Late, filled, erased, several granularities and meters, limited, past its time, other segments; in any order."""
    monkeypatch.setattr(segment_totals, "_PORTION", 200)
    chance = random.Random(25)
    series = [*add_homes(store, 6), *add_homes(store, 3, PRODUCED)]
    meter = store.one("SELECT meter FROM series WHERE id = %s", series[0])
    series.append(add_series(store, meter, INDEX, "PT1M"))
    series.append(add_series(store, meter, f"{INDEX}/provider/1", "PT30M"))
    series += add_homes(store, 2, sensor="t@x")
    moments = [FIRST + n * STEP for n in range(100)]
    fill(store, *((one, moment, 100 * n) for one in series[:4] for n, moment in enumerate(moments[:20])))
    divide(store, "h1@x north\nh2@x north east\nh3@x east\n")

    def some():
        return chance.choice(series), chance.choice(moments)

    def late():
        odd = timedelta(minutes=chance.choice([0, 0, 0, 7, 29]))
        fill(store, *((one, moment + odd, chance.randrange(5000)) for one, moment in (some() for _ in range(20))))

    def complete():
        one, moment = some()
        fill(store, *((one, moment + n * STEP, 1000 + 50 * n) for n in range(12)))

    def erase():
        one, moment = some()
        store.ask("DELETE FROM reading WHERE series = %s AND time BETWEEN %s AND %s", one, moment, moment + 6 * STEP)

    def limit():
        limited = chance.random() < 0.4
        store.ask("UPDATE gateway SET limited = %s WHERE jid = %s", limited, f"h{chance.randint(1, 6)}@x")

    def move():
        names = ["north", "east", "south"]
        lines = (f"h{n}@x {' '.join(chance.sample(names, chance.randint(1, 2)))}" for n in range(1, 7))
        divide(store, "\n".join(line for line in lines if chance.random() < 0.8))

    found = 0
    for _ in range(25):
        for what in chance.choices([late, complete, erase, limit, move], weights=[4, 3, 2, 1, 1], k=3):
            what()
        done = reckoned(store)
        assert done.half_hours >= 0
        assert kept(store) == by_hand(store)
        found += len(kept(store))
    assert found > 1000
    # Nothing has changed: nothing is reckoned.
    assert reckoned(store) == Reckoned(0, 0)
    store.ask("DELETE FROM gateway WHERE jid = 'h1@x'")
    reckoned(store)
    assert kept(store) == by_hand(store)
    assert kept(store)


def test_a_mark_before_a_border_that_has_none_is_of_the_half_hour_behind_it_too(store):
    """Where the home's index is said when it changes, it is the newest one that is known there."""
    (mark,) = add_homes(store, 1, granularity="PT15M")
    raw = add_series(store, store.one("SELECT meter FROM series"), INDEX, "raw")
    border = FIRST + 3 * STEP
    fill(store, *((mark, FIRST + n * STEP, 100 * n) for n in (0, 1, 2, 4, 5)))
    fill(store, (raw, border - 0.9 * STEP, 210), (raw, border + 0.1 * STEP, 310))
    divide(store, "")
    reckoned(store)
    before = kept(store)["all", INDEX, border]
    fill(store, (mark, border - STEP / 2, 260))
    reckoned(store)
    assert kept(store) == by_hand(store)
    assert before == (190, 1)
    assert kept(store)["all", INDEX, border] == (140, 1)


def test_only_what_changed_is_reckoned(store):
    """A value that is late costs its half hour and the one before it, not the month."""
    series = add_homes(store, 3)
    fill_all(store, series)
    divide(store, "h1@x north\n")
    assert reckoned(store).half_hours >= 96
    fill(store, (series[0], FIRST + 40 * STEP, 40 * 100 + 7))
    assert reckoned(store) == Reckoned(2, 0)
    assert kept(store) == by_hand(store)
    assert kept(store)["all", INDEX, FIRST + 40 * STEP] == (293, 3)
    # Where nobody has segments nothing is noted at all.
    store.ask("DELETE FROM segment_release")
    fill(store, (series[0], FIRST + 40 * STEP, 40 * 100))
    assert store.ask("SELECT * FROM half_hour_changed") == []


def test_a_home_of_two_meters_is_whole_where_both_are(store):
    """One meter's energy is not the home's; a meter that came later, or went, is no part of it then."""
    first = add_homes(store, 1)
    second = add_homes(store, 1, sensor="t@x")
    fill_all(store, first, half_hours=150)
    begin = FIRST + 60 * STEP
    divide(store, "")
    reckoned(store)

    def is_right(*expected):
        reckoned(store)
        assert kept(store) == by_hand(store)
        for number, count in expected:
            assert len([1 for (name, _, _), (energy, _) in kept(store).items() if energy == number]) == count

    is_right((100, 150))
    fill_all(store, second, half_hours=20, first=begin, used=7)
    # From a day before to a day after its 21 values nothing is whole but what is in both.
    is_right((107, 20), (100, 150 - (48 + 20 + 48)))
    store.ask("DELETE FROM reading WHERE series = %s AND time = %s", second[0], begin + 10 * STEP)
    is_right((107, 18))
    store.ask("DELETE FROM reading WHERE series = %s AND time > %s", second[0], begin + 5 * STEP)
    is_right((107, 5))
    store.ask("DELETE FROM series WHERE id = %s", second[0])
    is_right((100, 150))


def test_a_withdrawal_a_limitation_and_the_retention_are_obeyed(store):
    """By the notices of a household and the program's own deleting: what is kept has it no more."""
    fill_all(store, add_homes(store, 2))
    values = [(at(FIRST + n * STEP), 300 * n) for n in range(97)]
    counted = []

    async def work():
        database = Database(store.conninfo)
        async with desk_at(store) as desk:
            await desk.keep(parcel(*values, granularity="PT30M"))
            await desk.database.run(lambda db: db.execute("INSERT INTO segment_release VALUES (true, %s)", [FIRST]))
            await desk.database.run(
                lambda db: db.execute("INSERT INTO half_hour_changed VALUES (%s, %s)", [FIRST, NOW])
            )

            async def count():
                await reckon(database, None)
                counted.append(max((homes for _, homes in kept(store).values()), default=0))
                assert kept(store) == by_hand(store)

            await count()
            for number, kind in enumerate(("consent-limited", "consent-resumed", "data-erased")):
                assert await desk.keep(notice(kind, number=str(number)))
                await count()
            await desk.keep(parcel(*values, granularity="PT30M"))
            await count()
            await desk.keep(notice("consent-withdrawn", number="w"))
            await count()
            store.ask("UPDATE series SET keep = '1 day'")
            await retain(database, "P3Y")
            await count()
        await database.close()

    asyncio.run(work())
    assert counted == [3, 2, 3, 2, 3, 2, 0]


def test_what_is_published_is_published_once_when_it_has_settled(store):
    """What comes afterwards, or goes, changes what is kept, and nothing that somebody may have read before."""
    series = add_homes(store, 12)
    fill_all(store, series)
    divide(store, "".join(f"h{n}@x north\n" for n in range(1, 11)))
    settled = datetime.now(UTC) - FIRST - timedelta(hours=9, minutes=45)
    assert reckoned(store, settled).published
    rows = store.ask("SELECT segment, path, start, energy, homes FROM segment_half_hour ORDER BY segment, start")
    # `north` is ten of twelve: the other two would be the difference.
    assert {row[0] for row in rows} == {"all"}
    assert [row[2] for row in rows] == [FIRST + n * STEP for n in range(19)]
    assert {row[3:] for row in rows} == {(1200, 12)}
    fill(store, *((one, FIRST + STEP, 150) for one in series))
    store.ask("DELETE FROM reading WHERE series = %s", series[0])
    reckoned(store, settled)
    assert (
        store.ask("SELECT segment, path, start, energy, homes FROM segment_half_hour ORDER BY segment, start") == rows
    )
    assert kept(store) == by_hand(store)
    # Other segments are of what is not published yet.
    divide(store, "".join(f"h{n}@x {'north' if n > 1 else 'south'}\n" for n in range(1, 13)))
    reckoned(store, timedelta(0))
    found = store.ask("SELECT segment, min(start), max(start), count(*) FROM segment_half_hour GROUP BY 1 ORDER BY 1")
    assert found == [
        ("all", FIRST, FIRST + 95 * STEP, 96), ("north", FIRST + 19 * STEP, FIRST + 95 * STEP, 77),
    ]  # fmt: skip
    days = store.ask("SELECT sum(energy), sum(half_hours), min(homes) FROM segment_daily WHERE segment = 'north'")
    assert days == [(77 * 1100, 77, 11)]


def test_under_ten_homes_nothing_is_published(store):
    """Nine homes are nobody's business; the list says so."""
    fill_all(store, add_homes(store, 9))
    said = divide(store, "".join(f"h{n}@x north\n" for n in range(1, 10)))
    assert said == "1 segments of 9 homes; 9 homes changed\n"
    assert "half hours reckoned, 0 totals published\n" in store.command("segments", "publish", "--now")
    assert store.ask("SELECT * FROM segment_half_hour") == []
    lines = store.command("segments", "list").splitlines()
    assert [line.split(", 9 counted")[0] for line in lines] == [
        "all: 9 homes: under 10, never published", "north: 9 homes: under 10, never published",
    ]  # fmt: skip
    assert [row["counted"] for row in json.loads(store.command("segments", "list", "--json"))] == [9, 9]


def test_homes_that_used_nothing_hide_nobody(store):
    """Of thirty homes nine inject, and then ten; at night nobody does."""
    series = add_homes(store, 30, PRODUCED)
    half_hours = [(FIRST + n * STEP, n) for n in range(4)]
    fill(store, *((one, moment, 0) for one in series[10:] for moment, _ in half_hours))
    fill(store, *((one, moment, 100 * min(n, 2)) for one in series[:9] for moment, n in half_hours))
    fill(store, *((series[9], moment, 100 * max(n - 1, 0) if n < 3 else 100) for moment, n in half_hours))
    divide(store, "")
    reckoned(store, timedelta(0))
    rows = store.ask("SELECT start, energy, homes FROM segment_half_hour ORDER BY start")
    assert rows == [(FIRST + STEP, 1000, 30), (FIRST + 2 * STEP, 0, 30)]


def test_a_process_publishes_after_an_hour_in_which_all_was_well(store):
    """After a pause the gateways first send what they kept: it must not be left out for ever."""
    fill_all(store, add_homes(store, 10))
    divide(store, "")
    now = [0.0]

    async def work():
        connected, stop = asyncio.Event(), asyncio.Event()
        process = SegmentWork(store.conninfo, connected, timedelta(hours=1), lambda: now[0])
        found = []
        for later, there in ((0, True), (3599, True), (10, False), (3599, True), (1, True)):
            now[0] += later
            (connected.set if there else connected.clear)()
            await process.turn(stop)
            found.append(store.one("SELECT count(*) > 0 FROM segment_half_hour"))
            assert abs(process.done_at - datetime.now(UTC).timestamp()) < 60
        stop.set()
        await process.run(stop)
        return found

    assert asyncio.run(work()) == [False, False, False, False, True]


def test_the_command_publishes_nothing_that_a_process_would_not(store):
    """What gateways kept during a pause would be left out for ever; who knows that there is nothing says so."""
    fill_all(store, add_homes(store, 10))
    divide(store, "")
    now, many, sentence = [0.0], "SELECT count(*) FROM segment_half_hour", "nothing is published until"

    async def work():
        connected = asyncio.Event()
        connected.set()
        process = SegmentWork(store.conninfo, connected, timedelta(days=9), lambda: now[0])
        for _ in range(2):
            await process.turn(asyncio.Event())
            now[0] += 3600
        await process._database.close()

    assert sentence in store.command("segments", "publish")
    asyncio.run(work())
    store.ask("UPDATE segment_release SET quiet_at = quiet_at - interval '6 minutes'")
    assert sentence in store.command("segments", "publish")
    assert store.one(many) == 0
    asyncio.run(work())
    said = store.command("segments", "publish")
    assert sentence not in said
    published = store.one(many)
    assert said == f"0 half hours reckoned, {published} totals published\n"
    assert published == 96
    # A process of which the hour is not over yet says nothing.
    store.ask("UPDATE segment_release SET quiet_at = NULL, until = %s", FIRST)
    store.ask("TRUNCATE published_half_hour")
    assert sentence in store.command("segments", "publish")
    assert sentence not in store.command("segments", "publish", "--now")
    assert store.one(many) == published


def test_two_accounts_in_one_database_have_no_segments(store):
    """`all` would be the homes of both: neither is divided, and what was divided before is published no further."""
    fill_all(store, add_homes(store, 10))
    divide(store, "h1@x north\n")
    store.ask("INSERT INTO gateway (account, jid) VALUES ('autre@x', 'h1@x')")
    file = store.folder / "segments.txt"
    file.write_text("h2@x north\n")
    assert "has gateways of autre@x too" in store.command("segments", "set", file, code=78)
    assert store.ask("SELECT jid FROM segment_home JOIN gateway g ON g.id = gateway") == [("h1@x",)]
    assert "of several accounts" in store.command("segments", "publish", "--now", code=74)
    assert store.ask("SELECT * FROM segment_half_hour") == []
    store.ask("DELETE FROM gateway WHERE account = 'autre@x'")
    store.command("segments", "publish", "--now")
    assert store.ask("SELECT * FROM segment_half_hour") != []


def test_a_value_that_no_meter_has_leaves_its_home_out_and_no_other(store):
    """The difference of two can be more than a number holds; everybody else is reckoned, and published."""
    series = add_homes(store, 13)
    fill_all(store, series, half_hours=6)
    largest = 1.7e308
    fill(store, *((series[0], FIRST + n * STEP, -largest if n % 2 else largest) for n in range(7)))
    fill(store, (series[1], FIRST, float("-inf")), (series[2], FIRST + STEP, float("nan")))
    divide(store, "".join(f"h{n}@x north\n" for n in range(1, 14)))
    assert reckoned(store, timedelta(0)).published == 12
    counted = {key: homes for key, (_, homes) in kept(store).items() if key[0] == "north"}
    assert [counted["north", INDEX, FIRST + n * STEP] for n in range(6)] == [10, 11, 12, 12, 12, 12]
    assert all(energy == 100 * homes for energy, homes in kept(store).values())
    assert store.one("SELECT count(*) FROM energy_hourly") > 0


def test_what_postgresql_refuses_ends_no_process(store, caplog):
    """It is said once, and tried again each minute."""
    fill_all(store, add_homes(store, 2), half_hours=4)
    divide(store, "")
    store.ask("ALTER TABLE segment_total ADD CONSTRAINT broken CHECK (homes < 0) NOT VALID")

    async def work(times):
        process = SegmentWork(store.conninfo, asyncio.Event(), timedelta(hours=1))
        for _ in range(times):
            await process.turn(asyncio.Event())
        await process._database.close()
        return process.done_at

    try:
        assert asyncio.run(work(3)) == 0
        assert kept(store) == {}
    finally:
        store.ask("ALTER TABLE segment_total DROP CONSTRAINT broken")
    said = [record.getMessage() for record in caplog.records if "refuses" in record.getMessage()]
    assert said == ["PostgreSQL refuses the totals of segments (CheckViolation); trying again"]
    assert asyncio.run(work(1)) > 0
    assert kept(store) == by_hand(store) != {}


def test_one_process_at_a_time_reckons(store):
    """The others go on with their work."""
    divide(store, "")

    async def work():
        one, two = Database(store.conninfo), Database(store.conninfo)

        async def held(db):
            await db.execute("SELECT pg_advisory_xact_lock(%s)", [segment_totals.LOCK])
            return await reckon(two, timedelta(0))

        try:
            return await one.run(held)
        finally:
            await one.close()
            await two.close()

    assert asyncio.run(work()) is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("h1@x north\nh1 north\n", "line 2: 'h1' is not an XMPP address"),
        ("h1@x North\n", "line 1: 'North' is no name of a segment"),
        ("h1@x all\n", "line 1: 'all' is no name of a segment"),
        ("h1@x\n", "line 1: a gateway, a space, its segments"),
        ("stranger@x north\n", "stranger@x is not among the gateways of"),
        ("".join(f"h1@x n{n} \n" for n in range(21)), "line 21: a gateway, a space, its segments: 20 at most"),
    ],
)
def test_a_file_that_cannot_be_is_one_sentence_and_changes_nothing(store, text, sentence):
    """It says in which line, and what to do."""
    add_homes(store, 2)
    divide(store, "h1@x north # the first\n\nh2@x/proxy south\n")
    file = store.folder / "wrong.txt"
    file.write_text(text)
    assert sentence in store.command("segments", "set", file, code=78)
    found = store.ask(
        "SELECT jid, name FROM segment_home JOIN segment s ON s.id = segment JOIN gateway g ON g.id = gateway"
    )
    assert sorted(found) == [("h1@x", "north"), ("h2@x", "south")]


def test_a_month_is_read_from_what_is_kept(store):
    """By its key, without a look at any reading: the shape that makes it milliseconds."""
    store.ask(
        "INSERT INTO published_half_hour SELECT s, %s, %s + n * interval '30 minutes', 1, 10"
        " FROM unnest(ARRAY['all', 'north', 'east']) s CROSS JOIN generate_series(0, 5000) n", INDEX, FIRST,
    )  # fmt: skip
    store.ask("ANALYZE published_half_hour")
    plan = store.one(
        "EXPLAIN (FORMAT JSON) SELECT start, energy FROM segment_half_hour WHERE segment = 'all' AND path = %s"
        " AND start >= %s AND start < %s", INDEX, FIRST, FIRST + 4 * STEP,
    )  # fmt: skip
    text = json.dumps(plan)
    assert "published_half_hour" in text
    assert '"reading' not in text
    assert any(f'"Node Type": "{way}"' in text for way in ("Index Scan", "Bitmap Index Scan", "Index Only Scan"))
    assert "Seq Scan" not in text


@pytest.fixture(scope="module")
def town(postgres, template, tmp_path_factory):
    """A store with two segments of twelve homes, whose half hours up to now are published."""
    store = Store(postgres.create("town", template), tmp_path_factory.mktemp("town"))
    first = NOW - timedelta(days=2)
    fill_all(store, add_homes(store, 24), first=first)
    fill_all(store, add_homes(store, 24, PRODUCED), used=40, first=first)
    divide(store, "".join(f"h{n}@x {'north' if n % 2 else 'south'}\n" for n in range(1, 25)))
    reckoned(store, timedelta(0))
    return store


@pytest.fixture(scope="module")
def reader(town):
    """A connection of a role that may read the views."""
    town.ask("CREATE ROLE mairie LOGIN")
    town.command("init", "--reader", "mairie")
    with psycopg.connect(town.conninfo.replace("user=postgres", "user=mairie"), autocommit=True) as db:
        yield db


@pytest.mark.parametrize(("title", "text"), questions_of("segments.json"), ids=lambda text: text[:30])
def test_every_question_of_the_dashboard_is_answered_to_its_reader(reader, title, text):
    """By the role that reads views only, for the segments that are chosen."""
    macros = {
        "$__timeFrom()": f"'{NOW - timedelta(days=3):%Y-%m-%dT%H:%M:%SZ}'",
        "$__timeTo()": f"'{NOW:%Y-%m-%dT%H:%M:%SZ}'",
        "${segment:sqlstring}": "'all', 'north'",
    }
    for macro, value in macros.items():
        text = text.replace(macro, value)
    assert "$" not in text
    cursor = reader.execute(text)
    rows = cursor.fetchall()
    assert rows, title
    if " AS metric" in text:
        assert {"time", "metric", "value"} == {column.name for column in cursor.description}
        if "segment_half_hour" in text:
            assert {metric for _, metric, _ in rows} == {
                f"{segment} {kind}" for segment in ("all", "north") for kind in ("consumption", "production")
            }


def test_the_reader_reads_what_is_published_and_nothing_that_is_kept(reader):
    """Neither the totals of few homes, nor who is in which segment."""
    assert reader.execute("SELECT DISTINCT segment, energy, homes FROM linky.segment_half_hour"
                          " WHERE path = %s ORDER BY 1", [INDEX]).fetchall() == [
        ("all", 2400, 24), ("north", 1200, 12), ("south", 1200, 12),
    ]  # fmt: skip
    for table in ("segment", "segment_home", "segment_member", "segment_total", "published_half_hour"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute(f"SELECT * FROM linky.{table}")
    for function in ("home_half_hours(now(), now())", "mark_series('{1}')"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute(f"SELECT * FROM linky.{function}")
