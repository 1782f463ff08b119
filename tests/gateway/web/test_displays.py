"""Who is let in at the broker stands in the journal, or is not let in; the password of the page is asked for again."""

import asyncio
from contextlib import closing

import pytest

from gateway.config.tables import load
from gateway.errors import BoardError, StoreError
from gateway.mqtt.boards.displays import Displays
from gateway.store.store import Store
from gateway.web.displays import stored
from gateway.web.displays.stored import StoredDisplays
from gateway.web.displays.words import DISPLAYS_WORDS
from tests.gateway.commands.test_display import House as BrokerHouse
from tests.gateway.web.conftest import PASSWORD
from tests.gateway.web.test_tariff import faults
from tests.prepared import prepare


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A house whose broker is open, its displays, and its store."""
    house = BrokerHouse(tmp_path)
    prepare(house.data)
    monkeypatch.setattr(stored, "BROKER", house.broker)
    # No broker runs: that it takes whom it let in is test_maker's.
    monkeypatch.setattr(stored, "_LET_IN_S", 0.0)
    with closing(Store(house.data)) as house.store:

        async def call(function, *arguments):
            return function(*arguments)

        house.displays = StoredDisplays(load(house.config), call, house.store.journal)
        yield house


def entries(house):
    """What the journal says of the broker."""
    found = [house.store.journal.facts_of(f"broker-access-{how}") for how in ("given", "ended")]
    return [(one["kind"], one["what"], one["name"]) for facts in found for one in facts]


def test_each_that_comes_and_goes_is_an_entry(house):
    """What it is stands in clear, its name as a text that can be erased."""
    asyncio.run(house.displays.add("hall", home_assistant=False))
    asyncio.run(house.displays.add("ha", home_assistant=True))
    asyncio.run(house.displays.remove("ha"))
    given, ended = "broker-access-given", "broker-access-ended"
    told = [(given, "display", "hall"), (given, "home-assistant", "ha"), (ended, "home-assistant", "ha")]
    assert entries(house) == told
    assert not any("hall" in entry.event for entry in house.store.journal.entries())
    with pytest.raises(BoardError):
        asyncio.run(house.displays.remove("nobody"))
    assert len(entries(house)) == 3


def test_nobody_comes_in_untold_and_everybody_can_be_let_out(house):
    """Into a journal that cannot be written nobody is let in; out all the same."""
    asyncio.run(house.displays.add("hall", home_assistant=False))
    house.store.db.execute("PRAGMA query_only = 1")
    with pytest.raises(StoreError):
        asyncio.run(house.displays.add("attic", home_assistant=False))
    assert [one.name for one in Displays(house.data).all()] == ["hall"]
    asyncio.run(house.displays.remove("hall"))
    assert Displays(house.data).all() == []


def test_at_the_page_the_password_comes_first(new_house):
    """A session alone lets nobody in or out, and hears nothing of whether there is a broker."""
    owner, said = new_house.owner(), DISPLAYS_WORDS["fr"]
    for typed in ({}, {"own_password": "guessed"}):
        answer, text = owner.send("/settings/displays/add", name="hall", home_assistant="yes", **typed)
        assert (answer.status, faults(text)) == (403, {"own_password": said["wrong_password_here"]})
        assert 'value="hall"' in text
        assert "checked" in text
    answer, text = owner.send("/settings/displays/add", name="hall", own_password=PASSWORD)
    assert answer.status == 409
    assert not (new_house.folder / "data/displays.json").exists()
