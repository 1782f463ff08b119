"""A backup that the page takes in: what has no room is not begun, what is left alone goes, what was refused stays."""

import asyncio
import os
from types import SimpleNamespace

import pytest

from gateway.config.tables import load
from gateway.daemon import restore_at_page
from gateway.daemon.restore_at_page import PageRestore
from gateway.errors import GatewayError
from gateway.store.copies import BROUGHT_ALONG
from gateway.upkeep.helper import table
from gateway.web.backup.values import parts_of
from gateway.web.http.guard import BadRequestError
from tests.gateway.backup.test_change import PASSPHRASE, made, saved
from tests.gateway.notices.test_delivery import until

WHO = object()


@pytest.fixture
def house(tmp_path, monkeypatch):
    """The configuration of a house, a backup of another one, and what is asked of the helper."""
    monkeypatch.setattr("gateway.backup.cipher._LOG_N", 4)
    file = saved(made(tmp_path / "former", "former"), tmp_path / "b.backup")
    places = made(tmp_path / "card", "present")
    meter = '[[meter]]\nsource = "/nowhere"\n'
    places.config.write_text(meter + places.config.read_text())
    asked = []

    async def ask(order):
        asked.append(order)
        return {}

    return SimpleNamespace(config=load(places.config), file=file, asked=asked, ask=ask)


async def coming(file, error=None):
    """The bytes of a file, or of a half of it."""
    content = file.read_bytes()
    yield content[: len(content) // 2]
    if error:
        raise error
    yield content[len(content) // 2 :]


async def taken(restore, house):
    """Take it in, and have it checked."""
    await restore.take(WHO, house.file.stat().st_size, coming(house.file), PASSPHRASE)
    await restore.wait(60)
    return restore.standing(WHO)


def test_what_has_no_room_is_not_taken_in(house, monkeypatch):
    """Twice its size, and what the gateway goes on writing: said before the first byte of it is read."""
    restore = PageRestore(house.config, house.ask)
    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(f_bavail=1000, f_frsize=4096))

    async def scenario():
        with pytest.raises(GatewayError, match="4 MB are free"):
            await taken(restore, house)

    asyncio.run(scenario())
    assert not (house.config.directory / BROUGHT_ALONG).exists()


def test_what_was_checked_is_asked_for_with_its_passphrase_once(house):
    """By an act of the helper's list; a second press, another session, one that went are refused."""
    restore = PageRestore(house.config, house.ask)

    async def scenario():
        found = await taken(restore, house)
        assert (found.state, found.parts) == ("ready", ("readings", "settings", "access", "passwords"))
        assert restore.standing(object()).state == "none"
        with pytest.raises(GatewayError):
            await restore.begin(object())
        await restore.begin(WHO)
        with pytest.raises(GatewayError):
            await restore.begin(WHO)
        with pytest.raises(GatewayError, match="already"):
            await taken(restore, house)
        # The gateway ends now; root has the file.
        await restore.end()

    asyncio.run(scenario())
    (order,) = house.asked
    assert (
        type(table.read(table.msgspec.json.encode({"act": order.act, **order.arguments}))).__name__ == "RestoreBackup"
    )
    assert (house.config.directory / BROUGHT_ALONG).read_bytes() == house.file.read_bytes()


def test_a_helper_that_refuses_leaves_it_to_be_tried_again(house):
    """In a household's words; what was checked is still there."""

    async def refuses(order):
        house.asked.append(order)
        raise GatewayError("/run/linky-gateway-helper/socket: no such file")

    restore = PageRestore(house.config, refuses)

    async def scenario():
        await taken(restore, house)
        for _ in range(2):
            with pytest.raises(GatewayError, match=r"nothing was changed\. Ask whoever installed"):
                await restore.begin(WHO)
        assert restore.standing(WHO).state == "ready"
        await restore.end()

    asyncio.run(scenario())
    assert not (house.config.directory / BROUGHT_ALONG).exists()


def test_what_is_left_alone_goes_with_its_passphrase(house, monkeypatch):
    """After a quarter of an hour in service; and half a file at once."""
    monkeypatch.setattr(restore_at_page, "KEPT_S", 0.0)
    restore = PageRestore(house.config, house.ask)
    place = house.config.directory / BROUGHT_ALONG

    async def scenario():
        await taken(restore, house)
        await until(lambda: not place.exists(), 60)
        assert restore.standing(WHO).state == "none"
        with pytest.raises(GatewayError, match="did not arrive complete"):
            await restore.take(WHO, 10, coming(house.file, BadRequestError(400, "cut off")), PASSPHRASE)
        assert restore.standing(WHO).state == "none"

    asyncio.run(scenario())
    assert not place.exists()


def test_what_is_not_wanted_any_more_while_it_comes_is_not_checked(house):
    """Whoever leaves it has the next one taken in, and of the former one nothing is left."""
    restore = PageRestore(house.config, house.ask)
    place = house.config.directory / BROUGHT_ALONG

    async def slowly(begun, more):
        begun.set()
        yield b"half of a file"
        await more.wait()
        yield b"the other half"

    async def scenario():
        begun, more = asyncio.Event(), asyncio.Event()
        taking = asyncio.create_task(restore.take(WHO, 28, slowly(begun, more), PASSPHRASE))
        await asyncio.wait_for(begun.wait(), 60)
        assert place.exists()
        await restore.discard(WHO)
        assert not place.exists()
        assert (await taken(restore, house)).state == "ready"
        more.set()
        with pytest.raises(GatewayError, match="no longer accepted"):
            await taking
        assert restore.standing(WHO).state == "ready"
        assert place.read_bytes() == house.file.read_bytes()
        await restore.end()

    asyncio.run(scenario())
    assert not place.exists()


def test_the_parts_of_a_backup_are_those_that_it_has():
    """By the names of its files."""
    assert parts_of(["etc/gateway.toml", "broker/linky.passwords"]) == ("settings", "boards")
