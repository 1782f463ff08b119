"""What a co-operative is told to ask its database is answered."""

import asyncio
import re
import shlex
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from harness.accounts import HOME
from tests.gateway.collector.columnar import Columns, publish
from tests.gateway.collector.desk import INDEX, desk_at, parcel
from tests.markdown import read

PARIS = ZoneInfo("Europe/Paris")


def test_the_questions_of_the_document_are_answered(store):
    """Those of ``cooperative/``, as they stand: kWh of a home in a month, who came by what, who is silent."""
    since = datetime(2026, 10, 1, tzinfo=PARIS)
    total = "consumption/energy/active/index"
    values = [(int((since + timedelta(days=n)).timestamp()), 1000 * n) for n in range(40)]

    async def keep():
        async with desk_at(store, most="P90Y") as desk:
            parts = (parcel(*values, path=path, retention="P90Y") for path in (total, f"{total}/provider/1"))
            assert all(await desk.keep(*parts))

    asyncio.run(keep())
    store.ask("UPDATE gateway SET heard_at = now() - interval '2 days'")
    store.ask(
        "INSERT INTO invitation (id, account, sheet, number, secret, digest, series, expires_at, claimed_by)"
        " VALUES ('one', 'coop@x', 'pilot', 1, '', '', '{}', now(), %s)",
        HOME,
    )
    store.ask("INSERT INTO gateway (account, jid) VALUES ('coop@x', 'never@x')")
    for name in ("README.md", "LISEZMOI.md"):
        blocks = read(f"gateway/collector/cooperative/{name}")[0]
        block, _ = (one.text for one in blocks if one.language == "sql")
        energy_of, who, silent = (store.ask(question) for question in block.split(";\n"))
        assert [kwh for _, kwh in energy_of] == [31]
        assert [row[:4] for row in who] == [("pilot", 1, "", HOME)]
        assert [jid for jid, _ in silent] == ["never@x", HOME]
        # The file for cron asks the same; to cron a per cent sign would be the end of the line.
        (line,) = (line for one in blocks for line in one.text.splitlines() if line.startswith("0 7 * * * postgres "))
        assert "%" not in line
        assert shlex.split(line)[-1] == block.strip().splitlines()[-1].removesuffix(";")


def test_a_household_that_leaves_leaves_no_row(store):
    """The document's own statements: its gateway with its notices, and its invitation."""
    for name in ("README.md", "LISEZMOI.md"):
        store.ask("INSERT INTO gateway (account, jid) VALUES ('coop@x', 'maison@example.org')")
        store.ask(
            "INSERT INTO invitation (id, account, sheet, number, secret, digest, series, expires_at, claimed_by)"
            " VALUES ('one', 'coop@x', 'pilot', 1, '', '', '{}', now(), 'maison@example.org')"
        )
        blocks = read(f"gateway/collector/cooperative/{name}")[0]
        deleting = [line for one in blocks for line in one.text.splitlines() if "DELETE FROM" in line]
        assert len(deleting) == 2
        for line in deleting:
            store.ask(shlex.split(line)[-1])
        assert store.ask("SELECT count(*) FROM gateway") == [(0,)]
        assert store.ask("SELECT count(*) FROM invitation") == [(0,)]


def test_when_each_consent_ends_is_the_day_of_its_last_invitation(store):
    """As the invitation says it (``invite.py``): so many months of 30.4 days behind the day on which it was made."""
    sheets = (("2026-03-01 12:00Z", True), ("2027-02-01 12:00Z", True), ("2028-01-01 12:00Z", False))
    for number, (made, joined) in enumerate(sheets):
        store.ask(
            "INSERT INTO invitation (id, account, sheet, number, secret, digest, series, made_at, expires_at,"
            " claimed_by, joined_at)"
            " VALUES (%s, 'coop@x', %s, 1, '', '', '{}', %s, now(), %s, CASE WHEN %s THEN now() END)",
            *(str(number), f"sheet {number}", made, HOME if joined else None, joined),
        )
    made = datetime(2027, 2, 1, 12, tzinfo=UTC)
    for name in ("README.md", "LISEZMOI.md"):
        _, block = (one.text for one in read(f"gateway/collector/cooperative/{name}")[0] if one.language == "sql")
        assert store.ask(block) == [(HOME, (made + timedelta(days=12 * 30.4)).date())]


def test_a_member_is_given_a_copy_of_its_readings(store):
    """What the papers say to type asks for its readings alone, each with its series, and the file has a head."""

    async def keep():
        async with desk_at(store, most="P90Y") as desk:
            assert all(await desk.keep(parcel((1_700_000_000, 1000), (1_700_086_400, 2000), retention="P90Y")))

    asyncio.run(keep())
    ((pseudonym,),) = store.ask("SELECT pseudonym FROM meter")
    for name in ("README.md", "LISEZMOI.md"):
        blocks = read(f"gateway/collector/privacy/{name}")[0]
        (typed,) = (one.text for one in blocks if one.language == "sh")
        *_, copied, _, file = shlex.split(typed)
        assert file == "readings.csv"
        found = re.fullmatch(r"COPY \((.*'d41d8cd98f00'.*)\) TO STDOUT WITH \(FORMAT csv, HEADER\)", copied)
        assert found, copied
        assert store.ask(found[1]) == []
        before, _, after = found[1].partition("d41d8cd98f00")
        assert [row[4] for row in store.ask(before + pseudonym + after)] == [1000, 2000]


def test_the_backup_of_each_night_is_a_program():
    """The same in both documents, and nothing in it that shellcheck warns of."""
    one, other = (
        [block.text for block in read(f"gateway/collector/cooperative/{name}")[0] if block.language == "bash"]
        for name in ("README.md", "LISEZMOI.md")
    )
    assert one == other
    (script,) = one
    assert script.startswith("#!/bin/bash\nset -euo pipefail\numask 077\n")
    subprocess.run(["bash", "-n"], input=script, check=True, text=True)
    if shutil.which("shellcheck"):
        subprocess.run(["shellcheck", "-"], input=script, check=True, text=True)


def test_what_the_document_asks_of_the_files_is_answered(store_at, tmp_path, monkeypatch):
    """Its questions as they stand, typed in the folder of the files: DuckDB twice, a spreadsheet's file, pandas."""
    pytest.importorskip("pyarrow")
    duckdb, pandas = (pytest.importorskip(name) for name in ("duckdb", "pandas"))
    store = store_at()
    first = int(datetime(2026, 10, 1, tzinfo=UTC).timestamp())
    values = [(first + 43_200 * n, 1000 * n) for n in range(8)]

    async def keep():
        async with desk_at(store, most="P90Y") as desk:
            total = "consumption/energy/active/index"
            parts = (parcel(*values, path=path, retention="P90Y") for path in (total, f"{total}/provider/1"))
            assert all(await desk.keep(*parts))

    asyncio.run(keep())
    columns = Columns(store, tmp_path / "files")
    store.config.write_text(store.config.read_text() + '[retention]\nmost = "P90Y"\n')
    publish(columns, *(("all", INDEX, first + 1800 * n, 500.0, 12 - n % 2) for n in range(48)), until=first + 86_400)
    columns.night()
    ((meter,),) = store.ask("SELECT pseudonym FROM meter")
    monkeypatch.chdir(columns.folder)
    for name in ("README.md", "LISEZMOI.md"):
        blocks = read(f"gateway/collector/{name}")[0]
        energy, spreadsheet, of_totals = (one.text for one in blocks if one.language == "sql")
        rows = duckdb.sql(energy).fetchall()
        assert [(str(day), wh) for of, day, wh in rows if of == meter] == [
            (f"2026-10-0{n}", 2000.0 if n < 4 else None) for n in range(1, 5)
        ]  # fmt: skip
        duckdb.sql(spreadsheet)
        head, *lines = Path("day.csv").read_text().splitlines()
        assert head == "meter,path,granularity,unit,kind,time,value,words,day"
        assert len(lines) == 4
        Path("day.csv").unlink()
        rows = duckdb.sql(of_totals).fetchall()
        assert [(segment, str(day), *more) for segment, day, *more in rows] == [("all", "2026-10-01", 24.0, 11)]
        found = {}
        for program in (one.text for one in blocks if one.language == "python"):
            exec(compile(program, name, "exec"), found)
        assert found["totals"]["energy"].sum() == 24_000
        assert isinstance(found["wide"], pandas.DataFrame)
        assert list(found["wide"][meter]) == [1000.0 * n for n in range(8)]
