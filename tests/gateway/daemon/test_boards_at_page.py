"""Boards at the page: what could not be done leaves nothing behind that says it was, and can be done again."""

import asyncio
import time
from types import SimpleNamespace

import pytest

from gateway.daemon.board_updates import BoardUpdates
from gateway.daemon.boards_at_page import PageBoards, board_now
from gateway.errors import BoardError, BrokerError, GatewayError, StoreError
from gateway.mqtt.boards import passwords
from gateway.mqtt.boards.admitted import AdmittedBoards
from gateway.mqtt.boards.fileset import FileSet
from gateway.mqtt.boards.offer import UpdateState
from gateway.mqtt.boards.registry import Board, Card, Registry
from gateway.mqtt.relays import BoardReports

KEY = "0123456789abcdef" * 4
GARAGE = Board(id="garage", role="relay", chip="esp32", key=KEY)


class Journal:
    """A journal on a card that may be full."""

    full = False

    def __init__(self):
        self.kinds = []

    def append(self, kind, *_):
        if self.full:
            raise StoreError("the card is full")
        self.kinds.append(kind)


class Reports(BoardReports):
    """What boards say, and a broker that is there or not; ``hold`` keeps it from answering."""

    def __init__(self):
        super().__init__(time.time)
        self.there, self.lies, self.hold, self.taking_away = True, {}, asyncio.Event(), asyncio.Event()
        self.hold.set()

    async def lay(self, messages):
        for topic, payload in messages.items():
            if not self.there:
                raise BrokerError("the broker does not answer")
            self.lies[topic] = payload
            if not payload:
                self.taking_away.set()
            await self.hold.wait()


async def call(function, *arguments):
    """The store's thread."""
    return function(*arguments)


def house_of(tmp_path, monkeypatch):
    """The house of one board, as far as its page asks."""
    monkeypatch.setattr(PageBoards, "_is_open", lambda _: True)
    reports, journal = Reports(), Journal()
    watch = SimpleNamespace(running="2.0", set_for_boards="x", newer="", wanted=True)

    async def bring():
        return a_set(tmp_path)

    watch.bring_set_for_boards = bring
    programs = BoardUpdates(tmp_path, reports, call, journal)
    return SimpleNamespace(
        config=SimpleNamespace(directory=tmp_path, meter=()), boards=reports, programs=programs, call=call,
        store=SimpleNamespace(journal=journal), updates=SimpleNamespace(watch=watch),
    )  # fmt: skip


def a_set(folder):
    FileSet("2.0+aa", {"main.py": b"x" * 3000}).write(folder / "set.zip")
    return folder / "set.zip"


def runs(reports, serial, version="1.0+aa", taken=0):
    reports.programs["garage"] = UpdateState(version, serial, taken, trial=False, refused=0, last="")


def test_an_update_that_could_not_be_laid_out_is_offered_again(tmp_path, monkeypatch):
    """The board's number was kept, and nothing lies there: the page says no "it is ready"; the next one does it."""

    async def life():
        house = house_of(tmp_path, monkeypatch)
        Registry(tmp_path).keep(GARAGE)
        runs(house.boards, 7)
        page = PageBoards(house)
        house.boards.there = False
        with pytest.raises(GatewayError, match="is not responding"):
            await page.update("garage")
        (board,) = (await page.known()).boards
        assert (board.newer, board.under_way) == ("2.0", False)
        house.boards.there = True
        await page.update("garage")
        (board,) = (await page.known()).boards
        assert (board.newer, board.under_way) == ("", True)

    asyncio.run(asyncio.wait_for(life(), 60))


def test_what_is_no_fault_of_the_brokers_is_not_said_to_be(tmp_path, monkeypatch):
    """A file that is no set says so itself."""

    async def life():
        house = house_of(tmp_path, monkeypatch)
        Registry(tmp_path).keep(GARAGE)
        runs(house.boards, 0)

        async def bring():
            (tmp_path / "set.zip").write_bytes(b"nonsense")
            return tmp_path / "set.zip"

        house.updates.watch.bring_set_for_boards = bring
        with pytest.raises(BoardError, match=r"set\.zip"):
            await PageBoards(house).update("garage")

    asyncio.run(asyncio.wait_for(life(), 60))


def test_a_board_that_is_forgotten_while_it_is_looked_at_ends_nothing(tmp_path, monkeypatch):
    """Who takes away what lies there and who looks for its end wait for each other; the next one's stays."""

    async def life():
        house = house_of(tmp_path, monkeypatch)
        Registry(tmp_path).keep(GARAGE)
        reports, programs, stop = house.boards, house.programs, asyncio.Event()
        await programs.offer("garage", a_set(tmp_path))
        serial = Registry(tmp_path).get("garage").serial
        runs(reports, serial, "2.0+aa", serial)
        reports.hold.clear()
        looks = asyncio.create_task(programs.run(stop))
        await reports.taking_away.wait()
        # It looks, and the broker takes its time: the board is forgotten, and let in and updated again.
        acts = [asyncio.create_task(programs.forget("garage")), asyncio.create_task(again(programs))]
        await asyncio.sleep(0)
        reports.hold.set()
        await asyncio.gather(*acts)
        stop.set()
        await looks
        assert programs.lies("garage")
        assert reports.lies["linky/board/garage/update/offer"]
        assert house.store.journal.kinds.count("board-update-ended") == 1

    async def again(programs):
        await programs.offer("garage", a_set(tmp_path))

    asyncio.run(asyncio.wait_for(life(), 60))


def test_a_damaged_file_hides_no_other_board(tmp_path, monkeypatch):
    """The rest is listed, the damaged one is named with its meter and can be removed; a stray file is no board."""
    house = house_of(tmp_path, monkeypatch)
    house.config.meter = (SimpleNamespace(name="Maison", source="board:hall"),)
    house.standing = SimpleNamespace(own_links=lambda _: [])
    registry = Registry(tmp_path)
    registry.keep(GARAGE)
    for name, text in (("hall", "{"), ("cellar", '{"id": "cellar"}'), ("._garage", ""), ("garage (1)", "{}")):
        (tmp_path / "boards" / f"{name}.json").write_text(text)
    page = PageBoards(house)

    async def scenario():
        known = await page.known()
        assert [board.now.name for board in known.boards] == ["garage"]
        assert [(board.name, bool(board.meters)) for board in known.damaged] == [("cellar", False), ("hall", True)]
        assert (known.sure("hall").meters, known.sure("garage").name, known.sure("attic")) == (
            ("Maison",), "garage", None,
        )  # fmt: skip
        await page.forget("hall")
        assert [board.name for board in (await page.known()).damaged] == ["cellar"]
        (tmp_path / "boards").rename(tmp_path / "gone")
        (tmp_path / "boards").write_text("no folder")
        with pytest.raises(BoardError, match="cannot be read"):
            await page.known()

    asyncio.run(scenario())


def test_a_board_that_cannot_be_told_of_does_not_come_in(tmp_path, monkeypatch):
    """A full card: its key goes, root takes it out again; another board's card does not replace one that is there."""

    async def life():
        house = house_of(tmp_path, monkeypatch)
        page = PageBoards(house)
        made = Card(board=GARAGE, password_line=passwords.made("garage")[1])
        house.store.journal.full = True
        with pytest.raises(StoreError):
            await page.add(made.encoded())
        wanted = AdmittedBoards(tmp_path).all()
        assert (wanted.boards, wanted.gone, Registry(tmp_path).names()) == ((), ("garage",), [])

        def no_room(*_):
            raise BoardError("boards.json cannot be written")

        with monkeypatch.context() as card:
            card.setattr(AdmittedBoards, "remove", no_room)
            with pytest.raises(StoreError):
                await page.add(made.encoded())
        assert Registry(tmp_path).names() == []
        house.store.journal.full = False
        assert await page.add(made.encoded())
        other = Board(id="garage", role="relay", chip="esp32", key="ab" * 32)
        with pytest.raises(BoardError, match="Remove the first one first"):
            await page.add(Card(board=other, password_line=passwords.made("garage")[1]).encoded())
        assert Registry(tmp_path).get("garage") == GARAGE
        with monkeypatch.context() as card:
            card.setattr(Registry, "forget", no_room)
            with pytest.raises(BoardError, match="no longer has access, but its key"):
                await page.forget("garage")
        assert AdmittedBoards(tmp_path).all().gone == ("garage",)
        assert house.store.journal.kinds == ["broker-access-given", "broker-access-ended"]

    asyncio.run(asyncio.wait_for(life(), 60))


def test_a_board_that_is_heard_is_there_while_nobody_knows_the_time():
    """It is there, and when it was heard is not known; its last will is what says that it has gone."""
    reports = BoardReports(lambda: None)
    reports.hear("garage", b'{"v": 1, "state": "online", "boot": "0a0b0c0d"}')
    assert (board_now(reports, GARAGE).there, board_now(reports, GARAGE).seen) == (True, None)
    reports.hear("garage", b'{"v": 1, "state": "lost", "boot": "0a0b0c0d"}')
    assert board_now(reports, GARAGE).there is False
