"""A daemon at its ordinary work, at thirty times its pace: what that takes of processor, memory and disk.

Captured meters are replayed so fast that a minute is two seconds, which is also a commit; each recipient has a session
of its own in the other domain, here, and confirms what it committed. Nothing is judged by a clock: of the processor it
is the time that the daemon had, whatever else this machine does.
"""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.days import SENSOR, capture, grant
from gateway.federation.connection.session import Session
from gateway.federation.connection.waiting import wait_any
from gateway.federation.recipient.recipient import Keeper, Recipient
from gateway.store.prepare import prepare
from gateway.store.store import Store
from harness.accounts import HOME
from harness.house import links_of
from harness.points import rows
from servers import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.domains import BenchHouse, BenchProgram
    from gateway.errors import FederationError

MINUTES, SPEED = 6, 30
_PATIENCE_S = 180.0
# The system counts a program's time in hundredths of a second.
_LOOKS = 40
# So many may log in at once.
_DOORS = 8


@dataclass(frozen=True, slots=True)
class Load:
    """What the daemon has to do: meters, recipients of everything, minutes to live."""

    meters: int = 1
    recipients: int = 1
    minutes: int = MINUTES

    @property
    def names(self) -> list[str]:
        """The meters' names; the first is that of a house with one."""
        return ["house", *(f"flat-{number}" for number in range(2, self.meters + 1))]

    @property
    def jids(self) -> list[str]:
        """The recipients' addresses, in the other domain."""
        return [f"coop{number}@sen2.test" for number in range(1, self.recipients + 1)]


def measure(home: BenchHouse, load: Load) -> dict[str, float]:
    """What it takes: ``cpu_s`` of the processor for an hour of the meters, ``look_ms`` of it for one status.

    ``memory_mb`` is the most at once, ``database_mb`` the file's size at the end. ``pace`` is that of the replay over
    that at which all was delivered: far below one, the machine was too slow, several minutes went out as one message,
    and the costs are too low. What the database of the house holds already stays; without one it is made.
    """
    end = int(time.time()) // 60 * 60
    begin = end - load.minutes * 60
    meters = "".join(_meter(home, name) for name in load.names)
    # Each commit is a minute's, and goes out as in a house: at once.
    home.configure(load.jids, meters=meters, more="batch_s = 0\n", commit_s=60 // SPEED)
    _allow(home, load, begin)
    for number, name in enumerate(load.names):
        (home.folder / f"{name}.tic").write_bytes(capture(begin, load.minutes * 60 + 2, f"{42 + number:06}"))
    with _crowd(home, load), home.gateway() as gateway:
        # The meters are read from the moment on that it can be asked.
        wait_until((home.data / "control.sock").exists, _PATIENCE_S, "a running gateway", every=0.002)
        started, begun = gateway.processor_s, time.monotonic()
        wait_until(lambda: _is_done(home, load, end - 60), _PATIENCE_S, "all minutes delivered", every=0.2)
        worked, took = gateway.processor_s - started, time.monotonic() - begun
        look_ms = _look(home, gateway)
        memory = gateway.memory_mb
    return {
        "cpu_s": worked * 60 / load.minutes,
        "look_ms": look_ms,
        "memory_mb": memory,
        "database_mb": home.database.stat().st_size / 1e6,
        "pace": load.minutes * 60 / SPEED / took,
    }


def _meter(home: BenchHouse, name: str) -> str:
    source = f"replay:{home.folder / name}.tic?speed={SPEED}"
    return f'[[meter]]\nname = "{name}"\nsource = "{source}"\nsensor = "{_sensor(name)}"\nclock = "meter"\n'


def _sensor(name: str) -> str:
    return SENSOR if name == "house" else f"{SENSOR}{name.rpartition('-')[2]}"


def _allow(home: BenchHouse, load: Load, now: int) -> None:
    prepare(home.data)
    with closing(Store(home.data)) as store:
        for name in load.names:
            store.meters.add(name, _sensor(name))
            grant(store, name, load.jids, now)


def _is_done(home: BenchHouse, load: Load, last: int) -> bool:
    """Whether each meter's last minute is closed, and nothing waits."""
    closed = rows(
        home.database,
        f"SELECT count(DISTINCT meter) FROM minute JOIN series ON series.id = series WHERE time = {last} AND closed",
    )
    return closed[0][0] == load.meters and not rows(home.database, "SELECT 1 FROM outbox LIMIT 1")


def _look(home: BenchHouse, gateway: BenchProgram) -> float:
    """Milliseconds of the daemon's processor for one answer to ``status``."""
    before = gateway.processor_s
    for _ in range(_LOOKS):
        links_of(home.config)
    return (gateway.processor_s - before) * 1000 / _LOOKS


@contextmanager
def _crowd(home: BenchHouse, load: Load) -> Iterator[None]:
    """The recipients, connected, in a thread of their own until the end of the block."""
    there, stop = threading.Event(), asyncio.Event()
    with closing(asyncio.new_event_loop()) as loop, ThreadPoolExecutor(1, "crowd") as thread:
        running = thread.submit(loop.run_until_complete, _gather(home, load, there, stop))
        try:
            wait_until(lambda: there.is_set() or running.done(), _PATIENCE_S, "all recipients connected")
            yield
        finally:
            loop.call_soon_threadsafe(stop.set)
            running.result()


async def _gather(home: BenchHouse, load: Load, there: threading.Event, stop: asyncio.Event) -> None:
    """The reference recipient's code, once for each address, all subscribed already; ``there`` is set when all are."""
    asked = [f"{HOME}/{_sensor(name)}@sen1.test" for name in load.names]
    async with asyncio.TaskGroup() as group:
        sessions: list[Session] = []
        for jid in load.jids:
            session = Session(home.account(jid))
            keeper = Keeper(home.folder / f"{jid.partition('@')[0]}.sqlite")
            receiver = Recipient(session, f"{HOME}/proxy", asked, keeper, lambda _: True, _refused)
            group.create_task(session.run(stop))
            group.create_task(_receive(receiver, keeper, stop))
            sessions.append(session)
            # So many log in at once, and not all.
            if len(sessions) > _DOORS:
                await wait_any(None, sessions[-_DOORS].connected, stop)
        for session in sessions:
            await wait_any(None, session.connected, stop)
        there.set()


async def _receive(receiver: Recipient, keeper: Keeper, stop: asyncio.Event) -> None:
    with closing(keeper):
        await receiver.receive(stop)


def _refused(error: FederationError) -> None:
    raise error
