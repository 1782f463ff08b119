"""The gateway's end of the federation: what it tells the household of whoever asks for access."""

import asyncio
from dataclasses import replace

from gateway import publish
from gateway.config import load
from gateway.publish import Publication
from gateway.store.points import Granularity
from gateway.store.prepare import prepare
from gateway.store.store import Store
from gateway.store.terms import AccessRequest, Terms

REQUEST = AccessRequest(1, 0, "a@b.test", "ab12", "consumption", Granularity.DAY, Terms(), None, "fr")
CONFIG = """
[[meter]]
source = "/dev/null"
[store]
directory = "data"
[federation]
jid = "gw@sen1.test"
password_file = "password"
[household]
address = "famille@sen2.test"
"""


def test_a_flood_of_strangers_does_not_drown_what_the_household_is_told(tmp_path, monkeypatch):
    """Of five requests a day, the fifth saying that there may be more; on the next day again."""
    (tmp_path / "gateway.toml").write_text(CONFIG)
    (tmp_path / "password").write_text("secret\n")
    (tmp_path / "data").mkdir()
    prepare(tmp_path / "data")
    now = [1_800_000_000.0]
    monkeypatch.setattr(publish.time, "time", lambda: now[0])

    async def scenario():
        config, store = load(tmp_path / "gateway.toml"), Store(tmp_path / "data")
        try:
            publication = Publication(config, config.federation, store, None)
            waiting = publication._household._waiting
            for number in range(40):
                publication._tell_asked(replace(REQUEST, id=number))
            told = [message.texts for message in waiting]
            assert len(told) == 5
            assert ["n° 4" in texts["fr"] for texts in told] == [False] * 4 + [True]
            assert ["no more of them today" in texts["en"] for texts in told] == [False] * 4 + [True]
            now[0] += 86400
            publication._tell_asked(REQUEST)
            assert len(publication._household._waiting) == 6
        finally:
            store.close()

    asyncio.run(scenario())
