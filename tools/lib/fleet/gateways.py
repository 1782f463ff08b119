"""``python -m fleet.gateways``: some hundred gateways in one process, each with all that a gateway's publication has.

Session, delivery, commands and store are the product's. Orders come as lines on the standard input (``connect``,
``push``, ``end``), what happens goes out as one JSON object a line (``FleetReport``); the specification comes
first.
"""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import struct
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from fleet.household import SERIES, FleetHousehold, user
from gateway.federation.connection.session import Account, Session, Timing
from gateway.federation.connection.strangers import SenderLimits
from gateway.federation.provider.commands import Commands
from gateway.federation.provider.delivery import Delivery
from gateway.federation.wire.fields import COMMAND_NAMES
from gateway.federation.wire.stanza import OURS, QUOALISE, RECEIPTS, Publisher

if TYPE_CHECKING:
    from collections.abc import Callable
    from xml.etree import ElementTree as ET

# Where the kernel's tcp_info (linux/tcp.h) has the bytes that the other end has acknowledged, and those received.
_TCP_INFO, _BYTES_AT = 256, 120
_SAY_EVERY_S = 0.5
# So many logins at a time and process: each takes some 20 ms of a core, and what waits longer than ``Timing.start``
# for its turn would have to begin again.
_LOGINS = 64


@dataclass(frozen=True, slots=True)
class Specification:
    """What one process is to be.

    ``begin`` is the POSIX second of the first simulated minute, ``period_s`` how long a minute takes here; ``of`` is
    the size of the whole fleet, over which the pushes are spread.
    """

    first: int
    count: int
    of: int
    domain: str
    addresses: list[str]
    ca: str
    password: str
    recipient: str
    folder: str
    begin: int
    minutes: int
    period_s: float


@dataclass(slots=True)
class FleetReport:
    """How the process stands: counts since its start; ``latencies_ms`` and the like only since the last report."""

    state: Literal["preparing", "ready", "up", "pushing", "done"]
    prepared: int = 0
    connected: int = 0
    sessions: int = 0
    pushed: int = 0
    sent: int = 0
    confirmed: int = 0
    waiting: int = 0
    behind_s: float = 0.0
    bytes_up: int = 0
    bytes_down: int = 0
    latencies_ms: list[float] | None = None
    login_ms: list[float] | None = None


class _Counted(Session):
    """The product's session; its messages are counted where they leave."""

    messages = 0

    def send_message(
        self, to: str, stanza_id: str, *payload: ET.Element, kind: Literal["chat", "headline"] = "chat"
    ) -> bool:
        """Count and send."""
        gone = super().send_message(to, stanza_id, *payload, kind=kind)
        self.messages += gone
        return gone


class FleetGateway:
    """One gateway: its store, its session, and which of its minutes are not confirmed since when."""

    def __init__(self, spec: Specification, number: int, pool: ThreadPoolExecutor) -> None:
        self.number, self._spec, self._pool = number, spec, pool
        self.house = FleetHousehold(Path(spec.folder) / user(number), number, spec.begin, spec.recipient)
        self.pushed = self.confirmed = 0
        self.latencies: list[float] = []
        self._begun: dict[int, float] = {}
        self.session: _Counted | None = None

    def join(self) -> Session:
        """Make the session and what listens to it, in the running loop."""
        spec = self._spec
        account = Account(f"{user(self.number)}@{spec.domain}", spec.password, spec.addresses, Path(spec.ca))
        recipients = {spec.recipient}
        self.session = session = _Counted(
            account, Timing(), (QUOALISE, OURS, RECEIPTS), COMMAND_NAMES, SenderLimits(recipients.__contains__)
        )
        publisher = Publisher(session.jid.user, session.jid.domain, "P1Y")
        self.wake = asyncio.Event()
        store = self.house.store
        parts = store.outbox, store.subscriptions, store.absences, store.pseudonyms, store.journal
        delivery = Delivery(session, *parts, self.call, publisher, self.wake)
        self._rooms = (session, delivery, Commands(session, store, self.call, publisher, delivery.resume))
        return session

    async def call(self, function: Callable[..., Any], *arguments: object) -> Any:  # noqa: ANN401 (whatever it gives)
        """Everything of the store on the process's one store thread."""
        result = await asyncio.get_running_loop().run_in_executor(self._pool, partial(function, *arguments))
        match function.__name__, arguments:
            case "confirm", (_, int(after), int(last), *_):
                self._note_confirmed(after, last)
            # Whoever takes over says how far the collector had come that was killed between its commit and its receipt.
            case "resume", (_, int(last), *_):
                self._note_confirmed(0, last)
        return result

    async def run(self, stop: asyncio.Event) -> None:
        """Be a gateway until ``stop``."""
        async with asyncio.TaskGroup() as group:
            for room in self._rooms:
                group.create_task(room.run(stop))

    async def push(self) -> None:
        """Let a minute pass: commit it and wake the delivery."""
        # Before the commit: a delivery that is awake may have it confirmed before we are told that it is committed.
        self._begun[self.pushed] = time.monotonic()
        self.pushed += 1
        await asyncio.get_running_loop().run_in_executor(self._pool, self.house.live_a_minute)
        self.wake.set()

    def wire_bytes(self) -> tuple[int, int]:
        """What this session's socket has sent and received, TLS included; (0, 0) without one."""
        client = self.session._client if self.session else None  # noqa: SLF001 (nobody else needs it)
        connection = client.transport.get_extra_info("socket") if client and client.transport else None
        if connection is None:
            return 0, 0
        up, down = struct.unpack_from(
            "QQ", connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO), _BYTES_AT
        )
        return up, down

    def _note_confirmed(self, after: int, last: int) -> None:
        # Two rows a minute, numbered from 1. A minute counts with its last row, and once.
        now = time.monotonic()
        for minute in range(after // len(SERIES), last // len(SERIES)):
            if minute in self._begun:
                self.latencies.append(now - self._begun.pop(minute))
                self.confirmed += 1


class Process:
    """All gateways of this process."""

    def __init__(self, spec: Specification) -> None:
        self._spec = spec
        self._pool = ThreadPoolExecutor(1, "store")
        self._gateways: list[FleetGateway] = []
        self._state: Literal["preparing", "ready", "up", "pushing", "done"] = "preparing"
        self._logins: list[float] = []
        self._behind = 0.0

    async def run(self, orders: asyncio.StreamReader) -> None:
        """Obey until ``end`` or the end of the orders."""
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        for number in range(self._spec.first, self._spec.first + self._spec.count):
            made = await loop.run_in_executor(self._pool, FleetGateway, self._spec, number, self._pool)
            self._gateways.append(made)
            if len(self._gateways) % 50 == 0:
                self._say()
        self._state = "ready"
        self._say()
        async with asyncio.TaskGroup() as group:
            work = [group.create_task(self._keep_saying())]
            while order := (await orders.readline()).decode().strip():
                if order == "connect":
                    work.append(group.create_task(self._connect(stop, group)))
                elif order == "push":
                    work.append(group.create_task(self._push()))
                else:
                    break
            stop.set()
            for task in work:
                task.cancel()
        self._say()
        for gateway in self._gateways:
            gateway.house.close()

    async def _connect(self, stop: asyncio.Event, group: asyncio.TaskGroup) -> None:
        turn = asyncio.Semaphore(_LOGINS)

        async def one(gateway: FleetGateway) -> None:
            async with turn:
                session = gateway.join()
                begun = time.monotonic()
                group.create_task(gateway.run(stop))
                await session.connected.wait()
                self._logins.append(time.monotonic() - begun)

        await asyncio.gather(*(one(gateway) for gateway in self._gateways))
        self._state = "up"

    async def _push(self) -> None:
        """Each gateway in its place of the period, every period again."""
        self._state, begun = "pushing", time.monotonic()
        for minute in range(self._spec.minutes):
            for gateway in self._gateways:
                due = begun + (minute + gateway.number / self._spec.of) * self._spec.period_s
                wait = due - time.monotonic()
                self._behind = max(self._behind, -wait)
                if wait > 0:
                    await asyncio.sleep(wait)
                await gateway.push()
        self._state = "done"

    async def _keep_saying(self) -> None:
        while True:
            self._say()
            await asyncio.sleep(_SAY_EVERY_S)

    def _say(self) -> None:
        report = FleetReport(self._state, prepared=len(self._gateways), login_ms=_taken(self._logins))
        latencies: list[float] = []
        for gateway in self._gateways:
            report.pushed += gateway.pushed
            report.confirmed += gateway.confirmed
            latencies += gateway.latencies
            gateway.latencies = []
            session = gateway.session
            if session is not None:
                report.connected += session.connected.is_set()
                report.sessions += session.state.sessions
                report.sent += session.messages
                up, down = gateway.wire_bytes()
                report.bytes_up += up
                report.bytes_down += down
        report.latencies_ms, report.behind_s = [round(value * 1000, 1) for value in latencies], self._behind
        report.waiting = report.pushed - report.confirmed
        print(json.dumps(asdict(report)), flush=True)


def _taken(values: list[float]) -> list[float]:
    taken = [round(value * 1000, 1) for value in values]
    values.clear()
    return taken


async def _main() -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    spec = Specification(**json.loads(await reader.readline()))
    await Process(spec).run(reader)


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    asyncio.run(_main())
