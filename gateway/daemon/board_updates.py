"""The programs of the boards, brought to them over the air: laid out with the broker, followed to their end.

What is laid out is signed for one board, with its own key; the board fetches it when it is awake, and this need not run
meanwhile. What is of no use any more is taken away, and how it ended is an entry of the journal; but a start forgets
what was laid out before it: that stays with the broker until the board is offered another one.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from gateway.errors import GatewayError
from gateway.store.terms import Channel

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from gateway.daemon.house import House
    from gateway.mqtt.relays import BoardReports
    from gateway.store.journal import Journal

log = logging.getLogger(__name__)

_LOOK_S = 5.0


@dataclass(frozen=True, slots=True)
class _Laid:
    """What lies there for a board: the number of the set, its version, the topics; whether all of it does."""

    serial: int
    version: str
    topics: tuple[str, ...]
    whole: bool = False


class BoardUpdates:
    """Of one house.

    Args:
        directory: the gateway's, with the boards' keys.
        reports: what boards say, and how something is laid out for them.
        call: ``await call(function, *arguments)``, on the store's thread.
        journal: where it stands what was agreed to.
    """

    def __init__(
        self, directory: Path, reports: BoardReports, call: Callable[..., Awaitable[Any]], journal: Journal
    ) -> None:
        self._directory, self._reports, self._call, self._journal = directory, reports, call, journal
        self._laid: dict[str, _Laid] = {}
        self._said, self._one_at_a_time = asyncio.Event(), asyncio.Lock()
        self.alive_at = time.monotonic()
        reports.hearers.append(lambda _: self._said.set())

    def take_over(self, former: BoardUpdates) -> None:
        """What an earlier one had laid out, before another connection took its place."""
        self._laid |= former._laid

    def lies(self, name: str) -> bool:
        """Whether a whole set lies there for that board; one that was laid out before the start is not known here."""
        return name in self._laid and self._laid[name].whole

    async def offer(self, name: str, files: Path) -> None:
        """Lay a set out for a board. BoardError, BrokerError, StoreError: nothing is laid out whole."""
        from gateway.mqtt.boards.fileset import FileSet  # noqa: PLC0415 (few boards are ever updated)
        from gateway.mqtt.boards.offer import messages  # noqa: PLC0415
        from gateway.mqtt.boards.registry import Registry  # noqa: PLC0415

        async with self._one_at_a_time:
            registry, found = Registry(self._directory), await asyncio.to_thread(FileSet.read, files)
            board = await self._call(registry.get, name)
            await self._note("board-update-agreed", name, version=found.version, channel=Channel.WEB.value)
            serial = await self._call(registry.next_serial, board)
            signed = found.signed(board.id, board.secret, serial)
            laid = dict(messages(board.id, found, signed, serial))
            # A half of it, and what an earlier one left, is taken away with the next.
            former = self._laid[name].topics if name in self._laid else ()
            self._laid[name] = _Laid(serial, found.version, tuple(dict.fromkeys((*former, *laid))))
            await self._reports.lay(laid)
            self._laid[name] = replace(self._laid[name], whole=True)

    async def forget(self, name: str) -> None:
        """Take away what lies there for a board, and what is known of it. BrokerError."""
        async with self._one_at_a_time:
            laid = self._laid.pop(name, None)
            if laid:
                await self._reports.lay(dict.fromkeys(laid.topics, b""))
            await self._reports.forget(name)

    async def run(self, stop: asyncio.Event) -> None:
        """Follow what was laid out, until ``stop``."""
        waits = asyncio.create_task(stop.wait(), name="boards end")
        try:
            while not stop.is_set():
                self.alive_at = time.monotonic()
                self._said.clear()
                for name in list(self._laid):
                    # While something is laid out or taken away it is no moment to look: soon again.
                    if not self._one_at_a_time.locked():
                        async with self._one_at_a_time:
                            await self._look(name)
                said = asyncio.create_task(self._said.wait(), name="a board says something")
                await asyncio.wait({waits, said}, timeout=_LOOK_S, return_when=asyncio.FIRST_COMPLETED)
                said.cancel()
        finally:
            waits.cancel()

    async def _look(self, name: str) -> None:
        from gateway.mqtt.boards.offer import outcome  # noqa: PLC0415

        laid, state = self._laid.get(name), self._reports.programs.get(name)
        done = outcome(state, laid.serial) if laid and state else None
        if laid is None or done is None:
            return
        try:
            await self._reports.lay(dict.fromkeys(laid.topics, b""))
            del self._laid[name]
            await self._note("board-update-ended", name, version=laid.version, result="kept" if done else "back")
        except GatewayError as error:
            log.warning("the update of a board has ended: %s", error)

    async def _note(self, kind: Any, name: str, **facts: str) -> None:  # noqa: ANN401 (a kind of an entry)
        await self._call(partial(self._journal.append, kind, facts, {"name": name}))


def programs_of(house: House, reports: BoardReports) -> BoardUpdates:
    """Those of a house from now on; what is on its way to a board outlives another connection to the broker."""
    made = BoardUpdates(house.config.directory, reports, house.call, house.store.journal)
    if house.programs:
        made.take_over(house.programs)
    house.programs = made
    return made
