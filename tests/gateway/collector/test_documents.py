"""What a co-operative is told to ask its database is answered."""

import asyncio
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
    for name in ("README.md", "LISEZMOI.md"):
        (block,) = (one.text for one in read(f"gateway/collector/cooperative/{name}")[0] if one.language == "sql")
        energy_of, who, silent = (store.ask(question) for question in block.split(";\n"))
        assert [kwh for _, kwh in energy_of] == [31]
        assert [row[:4] for row in who] == [("pilot", 1, "", HOME)]
        assert [jid for jid, _ in silent] == [HOME]
