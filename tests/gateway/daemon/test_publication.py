"""The gateway's end of the federation: what it tells the household, and where, as that is chosen at the page."""

import asyncio
from dataclasses import replace

from gateway.config.settings import change
from gateway.config.tables import load
from gateway.daemon import publication as publish
from gateway.daemon.publication import Publication
from gateway.store.points import Granularity
from gateway.store.store import Store
from gateway.store.terms import AccessRequest, Terms
from tests.prepared import prepare

REQUEST = AccessRequest(1, 0, "a@b.test", "ab12", "consumption", Granularity.DAY, Terms(), None, "fr")
CONFIG = """
[[meter]]
source = "/nowhere/tty"
[store]
directory = "data"
[federation]
jid = "gw@sen1.test"
password_file = "password"
[household]
address = "famille@sen2.test"
"""


def test_a_flood_of_strangers_does_not_drown_what_the_household_is_told(tmp_path, monkeypatch):
    """Of five requests a day, the fifth saying that there may be more, and of two of one domain; the next day again."""
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
                publication._tell_asked(replace(REQUEST, id=number, jid=f"u{number}@s{number}.evil.test"))
            told = [message.texts for message in waiting]
            assert ["consent refuse evil.test" in texts["fr"] for texts in told] == [False, True]
            for number in range(40, 60):
                publication._tell_asked(replace(REQUEST, id=number, jid=f"u@honest{number}.test"))
            told = [message.texts for message in waiting]
            assert len(told) == 5
            assert ["n° 42" in texts["fr"] for texts in told] == [False] * 4 + [True]
            assert ["Other requests may be waiting" in texts["en"] for texts in told] == [False] * 4 + [True]
            now[0] += 86400
            publication._tell_asked(REQUEST)
            assert len(publication._household._waiting) == 6
        finally:
            store.close()

    asyncio.run(scenario())


def test_who_is_told_is_another_at_once_when_that_is_chosen(tmp_path):
    """What waits goes to the new address in the new order; taken back, nothing waits and nobody is told."""
    (tmp_path / "gateway.toml").write_text(CONFIG.partition("[household]")[0])
    (tmp_path / "password").write_text("secret\n")
    (tmp_path / "data").mkdir()
    prepare(tmp_path / "data")

    async def scenario():
        config, store = load(tmp_path / "gateway.toml"), Store(tmp_path / "data")
        try:
            publication = Publication(config, config.federation, store, None)
            publication._tell_asked(REQUEST)
            assert publication._household._waiting == []
            sent = []
            publication._session.send_message = lambda to, _, *bodies: sent.append((to, bodies[0].text)) or True
            for address, language, words in (("a@sen2.test", "fr", "demande"), ("b@sen2.test", "en", "asks")):
                change(config, "household", {"address": address, "language": language})
                publication.address_household(config.household)
                publication._tell_asked(REQUEST)
                assert sent[-1][0] == address
                assert words in sent[-1][1]
                assert address in publication._partners()
            change(config, "household", None)
            publication.address_household(config.household)
            publication._tell_asked(REQUEST)
            assert len(sent) == 2
            assert publication._partners() == set()
        finally:
            store.close()

    asyncio.run(scenario())
