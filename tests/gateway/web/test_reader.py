"""How the page reads what is stored: with the last minutes where they can be had, and never in wait for them."""

import asyncio

import pytest

from gateway.errors import StoreError
from gateway.store.store import Store
from gateway.web import reader
from tests.prepared import prepare


def test_what_was_postponed_is_committed_before_it_is_read(tmp_path):
    """Whoever looks at the page sees the last minutes."""
    prepare(tmp_path)
    store = Store(tmp_path)

    async def settle():
        store.meters.add("house", "ab12cd34ef")

    found = asyncio.run(reader.StoreReader(tmp_path, settle).read(lambda archive: archive.meters.all()))
    assert [meter.name for meter in found] == ["house"]
    store.close()


def test_a_card_that_takes_minutes_keeps_nobody_from_the_page(tmp_path, monkeypatch):
    """What was committed until then is shown, after a moment."""
    monkeypatch.setattr(reader, "_PATIENCE_S", 0.1)
    prepare(tmp_path)

    async def settle():
        await asyncio.Event().wait()

    assert asyncio.run(reader.StoreReader(tmp_path, settle).read(lambda archive: archive.meters.all())) == []


def test_a_database_that_is_not_there_is_a_sentence(tmp_path):
    """No traceback for whoever opens the page."""

    async def settle():
        pass

    with pytest.raises(StoreError, match="no such database"):
        asyncio.run(reader.StoreReader(tmp_path, settle).read(lambda archive: archive.meters.all()))
