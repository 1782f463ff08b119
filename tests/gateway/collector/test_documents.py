"""What a co-operative is told to ask its database is answered."""

import asyncio
import shlex
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from harness.accounts import HOME
from tests.gateway.collector.desk import desk_at, parcel
from tests.markdown import read

PARIS = ZoneInfo("Europe/Paris")


def test_the_questions_of_the_document_are_answered(store):
    """Those of ``cooperative/``, as they stand: kWh of a home in a month, who came by what, who is silent."""
    since = datetime(2026, 10, 1, tzinfo=PARIS)
    path = "consumption/energy/active/index/provider/1"
    values = [(int((since + timedelta(days=n)).timestamp()), 1000 * n) for n in range(40)]

    async def keep():
        async with desk_at(store, most="P90Y") as desk:
            assert all(await desk.keep(parcel(*values, path=path, retention="P90Y")))

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
        (block,) = (one.text for one in blocks if one.language == "sql")
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
