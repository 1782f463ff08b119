"""Days of readings as files: what is in them, when they are written again, and that what was erased is in none."""

import asyncio
import json
import random
import subprocess
import sys
import threading
from contextlib import contextmanager, redirect_stdout
from io import StringIO

import psycopg
import pytest

import gateway.collector
from gateway.collector import erasing
from gateway.collector.cli import main
from gateway.collector.database import Database
from harness import ROOT
from harness.accounts import HOME
from servers import wait_until
from tests.gateway.collector.columnar import DAY_S, Columns, Homes, day_of, moment, need_pyarrow, pack, publish
from tests.gateway.collector.desk import INDEX, POWER, TARIFF, notice
from tests.integration.processes import ENVIRONMENT

WAIT_S = 60
OTHER, THIRD = "autre@sen1.test", "tiers@sen1.test"
NOTHING = "0 files written, 0 deleted, 0 unchanged\n"


@pytest.fixture(autouse=True)
def pyarrow():
    need_pyarrow()


@pytest.fixture
def columns(store_at, tmp_path):
    """A store whose files nobody has written yet."""
    return Columns(store_at(), tmp_path / "files")


def keep(columns, *told, jids=(HOME, OTHER)):
    """Have (home, content) kept, each in a transaction of its own."""

    async def work():
        async with Homes(columns.store, *jids) as homes:
            for jid, content in told:
                await homes.keep(jid, content)

    asyncio.run(work())


def two_homes_three_days(columns):
    """Of each an index and a label, on three days and on this one."""
    keep(
        columns,
        *(
            (jid, pack(jid, path, *((moment(day, minute), value) for minute in (0, 7, 1439))))
            for jid in (HOME, OTHER)
            for day in (3, 2, 1, 0)
            for path, value in ((INDEX, 1000 + day), (TARIFF, f"HC {day}"))
        ),
    )


def status(columns):
    """What is said of the files; whether processes run is nothing to them."""
    out = StringIO()
    with redirect_stdout(out):
        main(["status", "--json", "--config", str(columns.store.config)])
    return json.loads(out.getvalue())["files"]


def changes(columns):
    """(days ago, whether there is a file afterwards, notice) of each file that is another now."""
    rows = columns.store.ask(
        "SELECT current_date - day, after IS NOT NULL, notice FROM file_change ORDER BY at, 1 DESC"
    )
    return [(days, left, told) for days, left, told in rows]


def test_each_day_that_is_over_is_a_file_and_stays_the_same(columns):
    """By its name a partition; every reading as the views have it; written once, and today not at all."""
    two_homes_three_days(columns)
    assert columns.night() == "3 files written, 0 deleted, 0 unchanged\n"
    assert columns.agrees() == 2 * 2 * 3 * 3
    names = sorted(path.relative_to(columns.folder).as_posix() for path in columns.folder.rglob("*.parquet"))
    assert names == [f"day={day_of(day)}/part-00.parquet" for day in (3, 2, 1)]
    before = {path: path.stat().st_ino for path in columns.folder.rglob("*.parquet")}
    assert columns.night() == NOTHING
    assert {path: path.stat().st_ino for path in columns.folder.rglob("*.parquet")} == before
    assert columns.night("--all") == "0 files written, 0 deleted, 3 unchanged\n"
    (told,) = status(columns)
    assert (told["until"], told["files"], told["to_write"]) == (str(day_of(1)), 3, 0)


def test_a_file_has_the_form_that_is_promised(columns):
    """Columns, types, codes; no household's address, no sensor's name, in anything that is in it."""
    import pyarrow.parquet as pq

    two_homes_three_days(columns)
    columns.night()
    for path in columns.folder.rglob("*.parquet"):
        file = pq.ParquetFile(path)
        assert [(field.name, str(field.type)) for field in file.schema_arrow] == [
            *((name, "string") for name in ("meter", "path", "granularity", "unit", "kind")),
            *(("time", "timestamp[us, tz=UTC]"), ("value", "double"), ("words", "string")),
        ]
        parts = {part.path_in_schema: part for part in map(file.metadata.row_group(0).column, range(8))}
        assert {part.compression for part in parts.values()} == {"ZSTD"}
        assert "DELTA_BINARY_PACKED" in parts["time"].encodings
        assert "BYTE_STREAM_SPLIT" in parts["value"].encodings
        said = repr(file.read().to_pylist()) + repr(file.metadata.metadata) + repr(path.read_bytes())
        for name in (*(jid.partition("@")[0] for jid in (HOME, OTHER)), "sen1.test", "ab12"):
            assert name not in said
        assert columns.store.one("SELECT count(*) FROM meter WHERE %s LIKE '%%' || pseudonym || '%%'", said) == 2


def totals(columns):
    """Every row of the files of totals, by their day."""
    import pyarrow.parquet as pq

    files = sorted((columns.folder / "_totals").glob("day=*/part-00.parquet"))
    return {
        file.parent.name: [
            (row["segment"], row["path"], int(row["start"].timestamp()), row["energy"], row["homes"])
            for row in pq.ParquetFile(file).read().to_pylist()
        ]
        for file in files
    }


def test_the_published_totals_of_a_day_are_a_file_beside_it(columns):
    """As they were published, once all of the day is; whoever reads the days sees none of them."""
    two_homes_three_days(columns)
    rows = [
        (name, INDEX, moment(day, minute), 100.5 * day + minute, 10 + day)
        for name in ("all", "rennes")
        for day in (3, 2)
        for minute in (0, 30)
    ]
    publish(columns, *rows, until=moment(2, 60))
    assert columns.night() == "4 files written, 0 deleted, 0 unchanged\n"
    of_day = {f"day={day_of(day)}": [row for row in rows if moment(day) <= row[2] < moment(day - 1)] for day in (3, 2)}
    assert totals(columns) == {f"day={day_of(3)}": of_day[f"day={day_of(3)}"]}
    assert len(columns.rows()) == 2 * 2 * 3 * 3
    assert need_pyarrow().dataset(columns.folder, partitioning="hive").count_rows() == 2 * 2 * 3 * 3
    assert columns.night() == NOTHING
    publish(columns, until=moment(1))
    assert columns.night() == "1 files written, 0 deleted, 0 unchanged\n"
    assert totals(columns) == of_day
    assert columns.night("--all") == "0 files written, 0 deleted, 5 unchanged\n"


def test_no_erasure_changes_a_file_of_totals(columns):
    """What was published was, and holds nobody; a file that is lost or cut is written anew, and goes at the end."""
    two_homes_three_days(columns)
    publish(columns, ("all", INDEX, moment(3), 1200.0, 12), until=moment(2))
    columns.night()
    file = columns.folder / "_totals" / f"day={day_of(3)}" / "part-00.parquet"
    before = file.read_bytes()
    keep(columns, *((jid, notice("consent-withdrawn", number="w1")) for jid in (HOME, OTHER)))
    assert columns.night() == "0 files written, 3 deleted, 0 unchanged\n"
    assert file.read_bytes() == before
    file.write_bytes(before[:-1])
    assert columns.night() == "1 files written, 0 deleted, 0 unchanged\n"
    assert file.read_bytes() == before
    file.unlink()
    assert columns.night() == "1 files written, 0 deleted, 0 unchanged\n"
    assert file.read_bytes() == before
    assert columns.store.ask("SELECT count(*) FROM file_change WHERE part = -1") == [(0,)]
    assert columns.night("--end") == "1 files deleted; nothing is written any more\n"
    assert list(columns.folder.iterdir()) == []


def test_a_value_that_comes_late_rewrites_its_day_alone(columns):
    """And one that is rectified; what comes twice changes nothing."""
    two_homes_three_days(columns)
    columns.night()
    before = columns.days()
    keep(columns, (HOME, pack(HOME, INDEX, (moment(2, 30), 7))), (OTHER, pack(OTHER, INDEX, (moment(0, 3), 7))))
    assert columns.night() == "1 files written, 0 deleted, 0 unchanged\n"
    late = columns.days()
    assert {day for day in before if late[day] != before[day]} == {day_of(2)}
    keep(columns, (HOME, pack(HOME, INDEX, (moment(1), 9), rectifies=True)), (HOME, pack(HOME, INDEX, (moment(3), 1))))
    assert columns.night() == "1 files written, 0 deleted, 0 unchanged\n"
    assert {day for day in late if columns.days()[day] != late[day]} == {day_of(1)}
    columns.agrees()
    assert changes(columns) == [(2, True, None), (1, True, None)]


def test_what_was_erased_is_in_no_file_after_the_next_night(columns):
    """A day of one home, then all of it; each file's SHA-256 before and after is kept, with the notice it was for."""
    two_homes_three_days(columns)
    columns.night()
    before, sensor = columns.days(), f"{HOME}/ab12@sen1.test"
    keep(columns, (HOME, notice("data-erased", sensor, "e1", first=moment(2), last=moment(2) + DAY_S - 1)))
    assert columns.night() == "1 files written, 0 deleted, 0 unchanged\n"
    assert columns.agrees() == 2 * 2 * 3 * 3 - 6
    (hers,) = columns.store.ask(
        "SELECT pseudonym FROM meter JOIN gateway ON gateway.id = gateway WHERE jid = %s", HOME
    )[0]
    keep(columns, (HOME, notice("consent-withdrawn", number="w1")))
    assert columns.night() == "2 files written, 0 deleted, 0 unchanged\n"
    assert columns.agrees() == 2 * 3 * 3
    assert hers not in {row[0] for row in columns.rows()}
    assert hers.encode() not in b"".join(path.read_bytes() for path in columns.folder.rglob("*.parquet"))
    proof = columns.store.ask("SELECT before, after, notice FROM file_change WHERE day = %s", day_of(3))
    assert proof == [(before[day_of(3)], columns.days()[day_of(3)], "w1")]
    assert changes(columns) == [(2, True, "e1"), (3, True, "w1"), (1, True, "w1")]
    columns.store.command("gateways", "remove", OTHER, "--erase")
    assert columns.night() == "0 files written, 3 deleted, 0 unchanged\n"
    assert list(columns.folder.iterdir()) == []
    assert changes(columns)[3:] == [(day, False, "gateways remove --erase") for day in (3, 2, 1)]


def test_what_is_erased_a_portion_at_a_time_is_hidden_from_the_next_night_on(columns, monkeypatch):
    """A series of which some is still to be deleted is in no file; what is left of it is, once that is done."""
    monkeypatch.setattr(erasing, "_PORTION", 2)
    two_homes_three_days(columns)
    columns.night()

    async def told():
        async with Homes(columns.store, HOME, OTHER) as homes:
            erased = notice("data-erased", f"{HOME}/ab12@sen1.test", "e1", first=moment(2), last=moment(2) + DAY_S - 1)
            assert await homes.desk.keep(erased, source=homes.source(HOME)) == [False]

    asyncio.run(told())
    assert columns.night() == "3 files written, 0 deleted, 0 unchanged\n"
    assert columns.agrees() == 2 * 3 * 3

    async def rest():
        database = Database(columns.store.conninfo)
        try:
            assert await erasing.finish(database) == 4
        finally:
            await database.close()

    asyncio.run(rest())
    assert columns.night() == "2 files written, 0 deleted, 1 unchanged\n"
    assert columns.agrees() == 2 * 2 * 3 * 3 - 6
    # What came back by itself was not asked for by anybody.
    assert {told for *_, told in changes(columns)} == {"e1", None}


def test_a_limitation_hides_and_what_is_resumed_comes_back(columns):
    """Nothing of the home is in the files from the next night on; then the very same files are there again."""
    two_homes_three_days(columns)
    columns.night()
    before = columns.days()
    keep(columns, (HOME, notice("consent-limited", number="l1")))
    assert columns.night() == "3 files written, 0 deleted, 0 unchanged\n"
    assert columns.agrees() == 2 * 3 * 3
    keep(columns, (HOME, notice("consent-resumed", number="l2")))
    assert columns.night() == "3 files written, 0 deleted, 0 unchanged\n"
    assert columns.days() == before
    assert [told for *_, told in changes(columns)] == ["l1"] * 3 + ["l2"] * 3


def test_what_is_past_its_retention_is_in_no_file(columns):
    """Row by row, and as whole months: the night ends both first."""
    keep(
        columns,
        (HOME, pack(HOME, INDEX, (moment(400), 1), (moment(2), 2), retention="P3Y")),
        (HOME, pack(HOME, POWER, (moment(400), 1), retention="P2Y")),
        (OTHER, pack(OTHER, INDEX, (moment(2), 1), retention="P30D")),
    )
    columns.night()
    assert set(columns.days()) == {day_of(400), day_of(2)}
    columns.store.ask("UPDATE series SET keep = '1 year' WHERE path = %s", POWER)
    assert columns.night() == "1 files written, 0 deleted, 0 unchanged\n"
    columns.agrees()
    columns.store.ask("UPDATE series SET keep = '1 year'")
    months = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'linky.reading'::regclass"
    was = columns.store.one(months)
    assert columns.night() == "0 files written, 1 deleted, 0 unchanged\n"
    assert columns.store.one(months) < was
    assert columns.agrees() == 2


def test_a_household_whose_row_is_deleted_is_in_no_file(columns):
    """As a co-operative's page says it, without an erasure before: what is left without a meter is nobody's."""
    two_homes_three_days(columns)
    columns.night()
    columns.store.ask("DELETE FROM gateway WHERE jid = %s", HOME)
    assert columns.night() == "3 files written, 0 deleted, 0 unchanged\n"
    assert columns.agrees() == 2 * 3 * 3


def test_a_thousand_homes_share_a_file_and_the_next_have_another(columns):
    """By the number of the gateway, which stays: an erasure rewrites the part of its home alone."""
    columns.store.ask("SELECT setval(pg_get_serial_sequence('gateway', 'id'), 999)")
    two_homes_three_days(columns)
    columns.store.ask("SELECT setval(pg_get_serial_sequence('gateway', 'id'), 1999)")
    keep(columns, (THIRD, pack(THIRD, INDEX, (moment(2), 1))), jids=(THIRD,))
    columns.night()
    assert sorted(path.name for path in (columns.folder / f"day={day_of(2)}").iterdir()) == [
        "part-01.parquet", "part-02.parquet",
    ]  # fmt: skip
    keep(columns, (THIRD, notice("consent-withdrawn")), jids=(HOME, OTHER, THIRD))
    assert columns.night() == "0 files written, 1 deleted, 0 unchanged\n"
    columns.agrees()


@contextmanager
def transaction(columns, *settings):
    """A connection in a transaction, as a process's; committed at the end of the block."""
    with psycopg.connect(columns.store.conninfo, options=" ".join(("-c search_path=linky", *settings))) as db:
        yield db


def test_what_is_committed_while_the_night_is_at_work_is_of_the_next(columns):
    """A night sees what is committed; the mark of what is not stays until somebody has seen it."""
    two_homes_three_days(columns)
    columns.night()
    with transaction(columns) as db:
        db.execute("UPDATE reading SET value = 5 WHERE time = to_timestamp(%s) AND words IS NULL", [moment(2, 7)])
        assert columns.night() == NOTHING
    assert columns.night() == "1 files written, 0 deleted, 0 unchanged\n"
    columns.agrees()


def test_the_night_waits_for_who_was_writing_before_midnight(columns):
    """Whoever writes today holds it and marks nothing; the day is over, and the night waits for its commit."""
    two_homes_three_days(columns)
    columns.night()
    columns.store.ask("UPDATE file_night SET marked_until = %s", day_of(2))
    said = []
    with transaction(columns) as db:
        # As it was before midnight: held, and no mark.
        db.execute("SET LOCAL session_replication_role = replica")
        db.execute("SELECT pg_advisory_xact_lock_shared(1279872592, %s::date - date '2000-01-01')", [day_of(1)])
        db.execute("UPDATE reading SET value = 5 WHERE time = to_timestamp(%s) AND words IS NULL", [moment(1, 7)])
        night = threading.Thread(target=lambda: said.append(columns.night()))
        night.start()
        waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        wait_until(lambda: columns.store.one(waits) == 1, WAIT_S, "the night waits")
    night.join(WAIT_S)
    assert said == ["1 files written, 0 deleted, 0 unchanged\n"]
    columns.agrees()


def test_who_writes_today_holds_today(columns):
    """And marks nothing, so that a commit costs nothing more; of a day that is over it marks that day."""
    two_homes_three_days(columns)
    columns.night()
    with transaction(columns) as db:
        db.execute("UPDATE reading SET value = 5 WHERE time >= to_timestamp(%s)", [moment(0)])
        held = "SELECT classid::bigint, objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ShareLock'"
        assert db.execute(held).fetchall() == [(1279872592, (day_of(0) - day_of(0).replace(2000, 1, 1)).days)]
    assert columns.store.ask("SELECT count(*) FROM day_mark") == [(0,)]
    with transaction(columns) as db:
        db.execute("UPDATE reading SET value = 6 WHERE words IS NULL")
    assert columns.store.ask("SELECT count(*) FROM day_mark") == [(3,)]


def test_nothing_is_marked_before_the_first_night_nor_after_the_last(columns):
    """Who wants no files pays nothing for them; who ends them has none, and what was known of them."""
    triggers = "SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal AND tgname LIKE 'files%'"
    two_homes_three_days(columns)
    assert columns.store.ask(f"SELECT ({triggers}), (SELECT count(*) FROM day_mark)") == [(0, 0)]
    assert status(columns) == []
    columns.night()
    assert columns.store.one(triggers) == 6
    assert columns.night("--end") == "3 files deleted; nothing is written any more\n"
    assert list(columns.folder.iterdir()) == []
    two_homes_three_days(columns)
    assert columns.store.ask(f"SELECT ({triggers}), (SELECT count(*) FROM day_mark)") == [(0, 0)]
    assert changes(columns) == [(day, False, None) for day in (3, 2, 1)]
    columns.night()
    columns.agrees()


def test_a_file_that_is_lost_cut_or_of_a_later_database_is_written_anew(columns):
    """The folder is looked at each night: what a restored database does not know is not left as it is."""
    two_homes_three_days(columns)
    columns.night()
    before = columns.days()
    lost, cut, unknown = (columns.folder / f"day={day_of(day)}" / "part-00.parquet" for day in (3, 2, 1))
    lost.unlink()
    cut.write_bytes(cut.read_bytes()[:-1])
    columns.store.ask("DELETE FROM day_file WHERE day = %s", day_of(1))
    stray = columns.folder / f"day={day_of(9)}" / "part-00.parquet"
    stray.parent.mkdir()
    stray.write_bytes(unknown.read_bytes())
    assert columns.night() == "3 files written, 1 deleted, 0 unchanged\n"
    assert columns.days() == before


def test_files_of_others_are_left_alone(columns):
    """One sentence, and nothing is written."""
    two_homes_three_days(columns)
    theirs = columns.folder / "day=2026-01-01" / "part-00.parquet"
    theirs.parent.mkdir()
    theirs.write_bytes(b"PAR1")
    said = columns.store.command("parquet", code=78)
    assert "day=2026-01-01/part-00.parquet was not written by this collector" in said
    assert [path for path in columns.folder.rglob("*") if path.is_file()] == [theirs]


def test_two_runs_at_once_do_no_harm(columns):
    """One does it, the other says so and ends well."""
    two_homes_three_days(columns)
    with transaction(columns) as db:
        db.execute("SELECT pg_advisory_lock(%s, 0)", [0x4C494E51])
        assert columns.night() == columns.night("--end") == "another process is just doing it\n"
    command = [sys.executable, "-m", "gateway.collector.cli", "parquet", "--config", str(columns.store.config)]
    both = [subprocess.Popen(command, env=ENVIRONMENT, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [one.communicate(timeout=WAIT_S)[0] and one.returncode for one in both] == [0, 0]
    assert columns.agrees() == 36


@pytest.mark.slow
def test_who_is_killed_leaves_no_half_file(columns):
    """Killed as soon as it has begun one, again and again: each file is whole, and the last run makes the rest."""
    import pyarrow.parquet as pq

    store = columns.store
    keep(columns, (HOME, pack(HOME, INDEX, (moment(30), 1))))
    store.make_months(*(moment(day) for day in range(31)))
    store.ask(
        "INSERT INTO reading SELECT 1, to_timestamp(%s + 30 * n), random(), NULL FROM generate_series(1, 84000) n"
        " ON CONFLICT DO NOTHING",
        moment(30),
    )
    command = [sys.executable, "-m", "gateway.collector.cli", "parquet", "--config", str(store.config)]
    begun, cut = columns.folder / ".linky-collect.begun", 0
    for number in range(5):
        with subprocess.Popen(command, env=ENVIRONMENT, cwd=ROOT, stdout=subprocess.DEVNULL) as one:
            there = len(list(columns.folder.iterdir()))
            wait_until(
                lambda one=one, there=there: one.poll() is not None
                or (begun.exists() and len(list(columns.folder.iterdir())) > there + 1),
                WAIT_S, "it has begun a file", every=0.001 * (number + 1),
            )  # fmt: skip
            one.kill()
            cut += one.wait() != 0
        for path in columns.folder.rglob("*.parquet"):
            assert pq.read_table(path).num_rows > 0
    assert cut >= 3
    columns.night()
    assert not begun.exists()
    columns.agrees()


def test_a_night_in_each_layout(laid_out, tmp_path):
    """Also of TimescaleDB's hypertable: what changes is marked."""
    columns = Columns(laid_out, tmp_path / "files")
    two_homes_three_days(columns)
    columns.night()
    keep(columns, (HOME, pack(HOME, INDEX, (moment(2, 30), 7))), (OTHER, notice("consent-withdrawn")))
    assert columns.night() == "3 files written, 0 deleted, 0 unchanged\n"
    columns.agrees()


@pytest.mark.parametrize("seed", range(4))
def test_files_and_sql_agree_whatever_happens(columns, seed):
    """Batches, notices, retentions and nights in an order that nobody chose; after each night row by row."""
    draw = random.Random(seed)
    jids = (HOME, OTHER, THIRD)
    nights = 0

    def content(jid, number):
        path = draw.choice((INDEX, POWER, TARIFF))
        if draw.random() < 0.7:
            times = (
                moment(draw.randrange(6), draw.randrange(1440)) + draw.random() for _ in range(draw.randrange(1, 9))
            )
            values = [(at, draw.choice(("HP", "HC")) if path == TARIFF else draw.randrange(9999)) for at in times]
            return pack(jid, path, *values, retention=draw.choice(("P1Y", "P3Y")), rectifies=draw.random() < 0.3)
        kind = draw.choice(("data-erased", "data-erased", "consent-withdrawn", "consent-limited", "consent-resumed"))
        first = moment(draw.randrange(6), draw.randrange(1440)) if kind == "data-erased" else None
        series = "" if kind != "data-erased" or draw.random() < 0.3 else f"{jid}/ab12@sen1.test/{path}"
        return notice(kind, series, f"n{number}", first, first and first + draw.randrange(2 * DAY_S))

    for number in range(25):
        told = [
            (jid, content(jid, f"{number}-{n}")) for n, jid in enumerate(draw.choices(jids, k=draw.randrange(1, 5)))
        ]
        keep(columns, *told, jids=jids)
        if draw.random() < 0.4:
            columns.night()
            columns.agrees()
            nights += 1
    columns.night()
    assert columns.agrees() > 0
    assert nights > 3
    assert columns.night() == NOTHING


def test_what_is_missing_is_a_sentence(columns, monkeypatch):
    """Where to write, the folder, the library: what to do, and nothing else happens."""
    bare = columns.store.config.read_text().partition("[parquet]")[0]
    for table, said in (
        ("", "[parquet]: where are the days written?"),
        ('[parquet]\nfolder = "/nowhere/at/all"\n', "/nowhere/at/all is no folder: make it"),
        ('[parquet]\nfolder = "files"\n', "[parquet] folder: 'files' will not do"),
        ('[parquet]\nfolder = "/a"\nbucket = "abc"\n', "Set folder, or bucket"),
        ('[parquet]\nbucket = "abc"\n', "Set endpoint and key_id"),
        ('[parquet]\nbucket = "abc"\nendpoint = "http://s3.example.org"\nkey_id = "k"\n', "encrypted alone"),
        ('[parquet]\nbucket = "abc"\nendpoint = "https://s3.example.org"\nkey_id = "k"\n', "parquet.secret_file"),
    ):
        columns.store.config.write_text(bare + table)
        code = 74 if "no folder" in said else 78
        assert said in columns.store.command("parquet", code=code)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    for name in ("parquet", "columns", "folder", "bucket"):
        monkeypatch.delitem(sys.modules, f"gateway.collector.{name}", raising=False)
        monkeypatch.delattr(gateway.collector, name, raising=False)
    assert "pyarrow is missing, and is not in Debian" in columns.store.command("parquet", code=78)
