"""The boards of the house as its page shows them, lets them in and out, and brings their programs up to date.

Mosquitto's files are root's: what is wanted is written beside them (``mqtt.boards.admitted``), and root enters it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from gateway.errors import BoardError, BrokerError, ConfigError, GatewayError, StoreError
from gateway.links.link import BROKEN, OK, LinkKind
from gateway.sources.paths import board_of
from gateway.store.terms import Channel
from gateway.web.boards.routes import boards
from gateway.web.displays.routes import displays
from gateway.web.displays.stored import StoredDisplays
from gateway.web.security.values import BoardNow
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.daemon.house import House
    from gateway.mqtt.boards.registry import Board, Card, Registry
    from gateway.mqtt.relays import BoardReports
    from gateway.web.boards.values import HouseBoard, HouseBoards
    from gateway.web.part import PageGroup

log = logging.getLogger(__name__)

_NO_SUCH = Phrase("This board is not known here any more.")
_TAKEN = Phrase(
    "{name} is already the name of a display or of Home Assistant: whoever prepared the board has to give it"
    " another one."
)
_NO_BROKER = Phrase("The boards cannot be reached right now: the broker of the house is not responding.")
_CLOSED = Phrase("Boards cannot reach this gateway yet: whoever installed it has to allow them in, once.")
_ANOTHER = Phrase("There is already a board {name}, and this file is another one’s. Remove the first one first.")
_KEY_STAYS = Phrase("The board no longer has access, but its key could not be deleted. Remove it again.")
_NOTHING_NEWER = Phrase("There is no newer program for this board.")


def who_listens(house: House) -> Iterator[PageGroup]:
    """The pages of who is let in at the broker: boards; displays and Home Assistant."""
    yield boards(PageBoards(house))
    yield displays(StoredDisplays(house.config, house.call, house.store.journal))


class PageBoards:
    """Of one house."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def known(self) -> HouseBoards:
        """Which there are, and how each is. GatewayError where nobody can tell which there are."""
        from gateway.web.boards.values import DamagedBoard, HouseBoards  # noqa: PLC0415 (with the first who looks)

        house, watch = self._house, self._house.updates.watch
        known, damaged = await asyncio.to_thread(registered, house.config.directory)
        newest = watch.running if watch.set_for_boards else ""
        why = "" if newest else "old" if watch.newer else "unlooked" if watch.wanted else "nowhere"
        is_open = await asyncio.to_thread(self._is_open)
        boards = tuple(self._board(one, newest) for one in known)
        unread = tuple(DamagedBoard(name, self._meters_of(name)) for name in damaged)
        return HouseBoards(boards, is_open, watch.running, why, unread)

    async def add(self, card: bytes) -> HouseBoard | None:
        """Let the board of this card in; None where this is none. GatewayError, and nothing is changed."""
        from gateway.mqtt.boards.passwords import is_line  # noqa: PLC0415 (few houses ever have one)
        from gateway.mqtt.boards.registry import Card  # noqa: PLC0415

        try:
            read = Card.decode(card, "card")
        except BoardError as error:
            log.warning("%s", error)
            return None
        if not is_line(read.password_line):
            return None
        if not await asyncio.to_thread(self._is_open):
            raise GatewayError(_CLOSED)
        await self._house.call(self._let_in, read)
        return self._board(read.board, "")

    async def forget(self, name: str) -> None:
        """Let it in no more; its key is gone. GatewayError."""
        await self._require(name)
        await self._house.call(self._let_out, name)
        if programs := self._house.programs:
            try:
                await programs.forget(name)
            except GatewayError as error:
                log.warning("%s; what a forgotten board has said stays with the broker", error)

    async def update(self, name: str) -> None:
        """Lay the newest program out for it. GatewayError."""
        await self._require(name)
        house = self._house
        board = next((one for one in (await self.known()).boards if one.now.name == name), None)
        if board is None or not board.newer:
            raise GatewayError(_NOTHING_NEWER)
        files = await house.updates.watch.bring_set_for_boards()
        if house.programs is None:
            raise GatewayError(_NO_BROKER)
        try:
            await house.programs.offer(name, files)
        except BrokerError as error:
            log.warning("the program of a board was not laid out: %s", error)
            raise GatewayError(_NO_BROKER) from error

    async def _require(self, name: str) -> None:
        from gateway.mqtt.boards.registry import Registry  # noqa: PLC0415 (few houses have any)

        # Also one whose file is damaged, which is forgotten all the same.
        if name not in await asyncio.to_thread(Registry(self._house.config.directory).names):
            raise BoardError(_NO_SUCH)

    # --- How each is -------------------------------------------------------------------------------------------------

    def _board(self, board: Board, newest: str) -> HouseBoard:
        from gateway.web.boards.values import HouseBoard  # noqa: PLC0415

        house, now = self._house, board_now(self._house.boards, board)
        meters = self._meters_of(board.id)
        reads = None
        if meters:
            states = {
                link.name: link.state
                for link in house.standing.own_links(time.monotonic())
                if link.kind is LinkKind.METER and link.name in meters
            }
            known = set(states.values())
            reads = True if known == {OK} else False if BROKEN in known else None
        if now.standing == "pending" and not (house.programs and house.programs.lies(board.id)):
            # It could not be laid out, or that was before the start: it may be asked for again.
            now = replace(now, standing="current")
        board_of_house = HouseBoard(now, meters, reads)
        may = newest and now.standing in ("current", "cable", "refused") and board_of_house.version != newest
        return replace(board_of_house, newer=newest) if may else board_of_house

    def _meters_of(self, name: str) -> tuple[str, ...]:
        """The meters that are read by the board of that name."""
        return tuple(meter.name for meter in self._house.config.meter if board_of(meter.source) == name)

    def _is_open(self) -> bool:
        """Whether the broker of this machine is heard in the house."""
        from gateway.mqtt.credentials import BROKER, credentials  # noqa: PLC0415

        try:
            credentials(self._house.config, BROKER, "board")
        except ConfigError:
            return False
        return True

    # --- On the store's thread ---------------------------------------------------------------------------------------

    def _let_in(self, card: Card) -> None:
        """All of it or nothing: its key, what root is to enter, the journal."""
        from gateway.mqtt.boards.admitted import AdmittedBoards  # noqa: PLC0415
        from gateway.mqtt.boards.displays import Displays  # noqa: PLC0415
        from gateway.mqtt.boards.registry import Registry  # noqa: PLC0415

        directory, name = self._house.config.directory, card.board.id
        registry, admitted = Registry(directory), AdmittedBoards(directory)
        if name in {display.name for display in Displays(directory).all()}:
            raise BoardError(_TAKEN.filled(name=name))
        wanted, former = admitted.all(), _kept(registry, name)
        if former and former.key != card.board.key:
            raise BoardError(_ANOTHER.filled(name=name))
        registry.keep(card.board)
        try:
            admitted.add(card)
            self._note("broker-access-given", name)
        except GatewayError:
            # Nobody comes in untold, and whom root has let in meanwhile goes again.
            undo = [
                partial(admitted.write, wanted) if former else partial(admitted.remove, name),
                partial(registry.keep, former) if former else partial(registry.forget, name),
            ]
            for one in undo:
                try:
                    one()
                except GatewayError as error:
                    log.warning("%s; that stays of a board that was not let in", error)
            raise

    def _let_out(self, name: str) -> None:
        from gateway.mqtt.boards.admitted import AdmittedBoards  # noqa: PLC0415
        from gateway.mqtt.boards.registry import Registry  # noqa: PLC0415

        directory = self._house.config.directory
        AdmittedBoards(directory).remove(name)
        try:
            self._note("broker-access-ended", name)
        except StoreError as error:
            log.warning("%s; that a board is let in no more stands in no entry", error)
        try:
            Registry(directory).forget(name)
        except BoardError as error:
            log.warning("%s", error)
            raise BoardError(_KEY_STAYS) from error

    def _note(self, kind: Any, name: str) -> None:  # noqa: ANN401 (a kind of an entry)
        facts = {"what": "board", "channel": Channel.WEB.value}
        self._house.store.journal.append(kind, facts, {"name": name})


def _kept(registry: Registry, name: str) -> Board | None:
    """The board of that name; None where there is none, or nobody can read its file any more."""
    try:
        return registry.get(name)
    except BoardError:
        return None


def readable(directory: Path) -> list[Board]:
    """Those whose files can be read, for a page that is about something else; why others cannot is in the log."""
    try:
        return registered(directory)[0]
    except BoardError as error:
        log.warning("%s", error)
        return []


def registered(directory: Path) -> tuple[list[Board], list[str]]:
    """The boards whose files can be read, and the names of the others; why they cannot is in the log.

    BoardError where nobody can tell which there are.
    """
    from gateway.mqtt.boards.registry import Registry  # noqa: PLC0415 (few houses have any)

    registry, found, damaged = Registry(directory), [], []
    for name in registry.names():
        try:
            found.append(registry.get(name))
        except BoardError as error:
            log.warning("%s", error)
            damaged.append(name)
    return found, damaged


def board_now(reports: BoardReports | None, board: Board) -> BoardNow:
    """A board; ``reports`` is None where nobody can hear any."""
    heard = reports.heard.get(board.id) if reports else None
    there = None if reports is None or board.id not in reports.heard else board.id not in reports.gone
    program = reports.programs.get(board.id) if reports else None
    if program is None:
        standing = "silent"
    elif program.trial:
        standing = "trial"
    elif board.serial and program.refused == board.serial:
        standing = "refused"
    elif board.serial > program.running and board.serial <= program.taken:
        # It was started, did not reach the broker, and the former one came back.
        standing = "refused"
    elif not program.running:
        standing = "pending" if board.serial else "cable"
    else:
        standing = "current" if program.running >= board.serial else "pending"
    version = "".join(filter(str.isprintable, program.version))[:40] if program else ""
    return BoardNow(board.id, board.role, board.chip, there, heard, version, standing)
