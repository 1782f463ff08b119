"""The boards that relay meters, joined to the broker: topics to lines, and the lines' answers back.

``linky/board/<id>/frame`` and ``…/state`` come from a board, ``…/ack`` goes to it (micropython/README.md).
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from typing import TYPE_CHECKING

from gateway.errors import BrokerError
from gateway.links.link import OK

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.mqtt.boards.offer import UpdateState
    from gateway.mqtt.broker import Broker
    from gateway.sources.board import BoardLine

log = logging.getLogger(__name__)

ROOT = "linky/board"

_LOOK_EVERY_S = 1.0

# An answer that cannot be given is asked for again by its board.
_ANSWERS_KEPT = 256
# More than the broker has room for; whoever has a password there can name itself once.
_MOST_BOARDS = 100


class Relays:
    """All boards that relay.

    Args:
        hurry: called when a commit should not wait for the end of the minute.
        clock: POSIX seconds, None while the host does not know the time.
    """

    def __init__(self, hurry: Callable[[], None], clock: Callable[[], float | None]) -> None:
        self._hurry, self._clock = hurry, clock
        self._lines: dict[str, BoardLine] = {}
        self._answers: asyncio.Queue[tuple[str, dict[str, object]]] = asyncio.Queue(_ANSWERS_KEPT)
        # Told what a board says of itself, also one that relays nothing: id and payload.
        self.hearer: Callable[[str, bytes], None] | None = None
        self.alive_at = time.monotonic()

    @property
    def refused(self) -> int:
        """How many messages of boards were not taken, since this runs."""
        return sum(line.state.refused for line in self._lines.values())

    @property
    def boards(self) -> frozenset[str]:
        """Those that relay a meter of this house."""
        return frozenset(self._lines)

    def line(self, meter: str, board: str, mode: str, received: Mapping[str, int]) -> BoardLine:
        """The line of a meter that this board relays; ``received`` as the store has it."""
        from gateway.sources.board import BoardLine  # noqa: PLC0415 (at the start, where there is a board)

        def answer(payload: dict[str, object]) -> None:
            if not self._answers.full():
                self._answers.put_nowait((board, payload))

        self._lines[board] = BoardLine(meter, board, mode, received, answer, self._hurry)
        return self._lines[board]

    def committed(self, relayed: Mapping[tuple[str, str], int]) -> None:
        """These numbers (board, start) -> last are stored."""
        for (board, boot), seq in relayed.items():
            if board in self._lines:
                self._lines[board].committed(boot, seq)

    def join(self, broker: Broker) -> None:
        """Listen to the boards' topics, and ask for what is owed at each new connection."""
        broker.listen(f"{ROOT}/+/frame", self._hear, refuse_kept=self._refuse_kept)
        # A board's last word is kept on purpose, and so is that it is gone (micropython/README.md).
        broker.listen(f"{ROOT}/+/state", self._hear)
        broker.greet(self._greet)

    async def run(self, broker: Broker) -> None:
        """Give the answers, for ever."""
        while True:
            self.alive_at = time.monotonic()
            for line in self._lines.values():
                line.look(reachable=broker.link().state == OK)
            try:
                async with asyncio.timeout(_LOOK_EVERY_S):
                    board, payload = await self._answers.get()
            except TimeoutError:
                continue
            try:
                await broker.publish(f"{ROOT}/{board}/ack", self._said(payload), qos=1)
            except BrokerError as error:
                log.debug("board %s was not answered: %s", board, error)

    def _said(self, payload: dict[str, object]) -> bytes:
        """With the time, for boards that no time server can reach."""
        now = self._clock()
        return json.dumps(payload if now is None else payload | {"time": int(now)}).encode()

    async def _greet(self) -> None:
        # What was sent while nobody listened is nowhere but on the boards.
        for line in self._lines.values():
            line.ask_again()

    def disbelieved(self) -> set[tuple[str, str]]:
        """The starts (board, start) of which what the store says is not true; they are told once."""
        found = {(board, boot) for board, line in self._lines.items() for boot in line.disbelieved}
        for line in self._lines.values():
            line.disbelieved.clear()
        return found

    def _refuse_kept(self, topic: str) -> None:
        if line := self._lines.get(topic.split("/")[2]):
            line.refuse_kept()

    def _hear(self, topic: str, payload: bytes) -> None:
        _, _, board, what = topic.split("/")
        line = self._lines.get(board)
        if what == "state" and self.hearer:
            self.hearer(board, payload)
        if line is None:
            log.debug("board %s is in no [[meter]] of the configuration", board)
        elif what == "frame":
            line.hear(payload)
        else:
            line.hear_state(payload)


class BoardReports:
    """What boards say of themselves: when each was heard last, and which program it runs.

    Args:
        clock: POSIX seconds, None while the host does not know the time.
    """

    def __init__(self, clock: Callable[[], float | None]) -> None:
        self._clock = clock
        # Board -> when it was heard (POSIX seconds), None once it has gone, and while nobody knows the time; which have
        # gone; what each says of its program.
        self.heard: dict[str, float | None] = {}
        self.gone: set[str] = set()
        self.programs: dict[str, UpdateState] = {}
        # Told each time that one says something of its program: its id.
        self.hearers: list[Callable[[str], None]] = []
        self._broker: Broker | None = None

    def join(self, broker: Broker, relays: Relays) -> None:
        """Listen to them, beside the relays where there are some."""
        self._broker = broker
        broker.listen(f"{ROOT}/+/update/state", self._hear_program)
        if relays.boards:
            relays.hearer = self.hear
        else:
            broker.listen(f"{ROOT}/+/state", lambda topic, payload: self.hear(topic.split("/")[2], payload))

    def hear(self, board: str, payload: bytes) -> None:
        """Take in that a board is there, or, by its last will, that it has gone."""
        from gateway.sources.board_message import parse_state  # noqa: PLC0415 (where there is a board)

        try:
            gone = parse_state(payload).state == "lost"
        except ValueError as error:
            log.debug("board %s: no state: %s", board, error)
            return
        if board in self.heard or len(self.heard) < _MOST_BOARDS:
            self.heard[board] = None if gone else self._clock()
            (self.gone.add if gone else self.gone.discard)(board)

    def _hear_program(self, topic: str, payload: bytes) -> None:
        from gateway.mqtt.boards.offer import UpdateState, board_of  # noqa: PLC0415

        board = board_of(topic)
        state = UpdateState.parse(payload)
        if state and (board in self.programs or len(self.programs) < _MOST_BOARDS):
            self.programs[board] = state
            for told in self.hearers:
                told(board)

    async def lay(self, messages: Mapping[str, bytes]) -> None:
        """Lay messages out with the broker, topic -> payload; an empty one takes away what lies there. BrokerError."""
        assert self._broker is not None, "it was joined"  # noqa: S101
        for topic, payload in messages.items():
            await self._broker.publish(topic, payload, qos=1, retain=True)

    async def forget(self, board: str) -> None:
        """Know nothing of it any more, here and at the broker. BrokerError where that does not answer."""
        self.heard.pop(board, None)
        self.gone.discard(board)
        self.programs.pop(board, None)
        kept = ("state", "update/state", "update/offer")
        await self.lay({f"{ROOT}/{board}/{name}": b"" for name in kept})
