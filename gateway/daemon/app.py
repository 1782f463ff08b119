"""The daemon: keeps the parts of a house alive, and ends them in order.

Each part is a cell (``gateway.process.cells``): a meter's line, a counter, the one that commits, the broker, each task
of the federation, the page. One that fails is started again alone. What ends the process: a signal, a configuration
that is wrong, and a database into which nothing gets for too long; systemd then starts it again. SQLite is on one
thread.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from gateway.config import settings
from gateway.control.unix_socket import serve
from gateway.daemon import build as parts
from gateway.daemon.build import LINE_PATIENCE_S, UPDATES_PATIENCE_S, build, store_patience_s
from gateway.daemon.clock import HostClock
from gateway.daemon.doctors_rounds import DoctorsRounds
from gateway.daemon.monitor import HouseMonitor
from gateway.daemon.renewal import Renewal
from gateway.daemon.requests import HouseRequests
from gateway.errors import ConfigError, StoreError, cause_of
from gateway.process.systemd import Notifier, Watchdog
from gateway.store.connection import WriterLock
from gateway.store.copies import BROUGHT_BACK, CHANGE, remove_files_for_household, remove_staged

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.config.tables import Config
    from gateway.daemon.house import House
    from gateway.daemon.meter import MeterReader
    from gateway.pulses.counter import PulseCounter

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

# Retention is looked at this often.
_FORGET_EVERY_S = 3600.0


class StoreThread:
    """The one thread on which SQLite is."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")

    async def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run something of the store there."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: function(*args, **kwargs))

    def end(self) -> None:
        """Return when nothing runs there any more."""
        self._thread.shutdown()


class Gateway:
    """A running gateway: ``opened``, then ``run`` once.

    Args:
        house: what it keeps alive.
        thread: the store's.
        urgent: set where something is to be committed at once.
        stop: set when it is to end.
    """

    def __init__(self, house: House, thread: StoreThread, urgent: asyncio.Event, stop: asyncio.Event) -> None:
        self.house, self._thread, self._urgent, self._stop = house, thread, urgent, stop
        self._came_round = time.monotonic()
        # Here, so that what fails there is tried again in an hour and not at each start of what commits.
        self._forgot = 0.0
        self._notifier = Notifier()
        self._watchdog = Watchdog(self._notifier)
        self._patience_s = store_patience_s(house.config)
        self.lookout = HouseMonitor(house, self._notifier, urgent)
        self._requests = HouseRequests(house)
        for name, meter in house.meters.items():
            self._keep_meter(name, meter)
        for name, tee in house.tees.items():
            house.cells.add(f"tee {name}", tee.run)
        for name, counter in house.counters.known.items():
            self._keep_counter(name, counter)
        self._keep_store()
        rounds = DoctorsRounds(house.doctors)
        house.cells.add("doctor", rounds.run, alive_at=lambda: rounds.alive_at, patience_s=LINE_PATIENCE_S)
        self._renewal = Renewal(house, self.lookout, self._requests, self._keep_meter)
        self._requests.join(self._renewal)
        self._keep_updates()
        if house.config.joining_file.exists():
            # A yes may wait there.
            self._requests.joining()
        house.standing.of.append(house.cells.links)

    @classmethod
    async def opened(cls, config: Config, stop: asyncio.Event, host: HostClock | None = None) -> Gateway:
        """The gateway of a checked configuration; the database has been prepared and the lock is ours.

        Raises ConfigError and StoreError; then nothing is left open.
        """
        thread, urgent = StoreThread(), asyncio.Event()
        try:
            clock = host or HostClock(trusted=config.clock.trusted)
            house = await build(config, clock, thread.call, urgent.set)
            try:
                return cls(house, thread, urgent, stop)
            except BaseException:
                await thread.call(house.store.close)
                raise
        except BaseException:
            thread.end()
            raise

    async def run(self) -> None:
        """Work until ``stop`` is set; everything read by then is committed."""
        socket = self.house.config.control_socket
        server = None
        try:
            await self._sweep()
            server = await serve(socket, self._requests.answer)
            await self._work()
        finally:
            if server:
                await server.end()
            await self._keep_the_last()
            await self._requests.end_copies()
            await self.close()

    async def _sweep(self) -> None:
        """A power cut may have left what was typed for a table that was not kept any more, or a file for somebody."""
        config = self.house.config
        remove_files_for_household(config.directory)
        if not config.path(CHANGE).exists():
            remove_staged(config.directory)
        if (config.directory / BROUGHT_BACK).exists():
            from gateway.daemon.brought_back import note_ending  # noqa: PLC0415 (few cards were restored)

            await note_ending(self.house)
        try:
            await self._renewal.sweep()
        except StoreError as error:
            log.warning("%s; it is tried again with the next change", error)

    async def close(self) -> None:
        """Close the store."""
        await self._thread.call(self.house.store.close)
        self._thread.end()
        self._notifier.close()

    async def _keep_the_last(self) -> None:
        why = None
        try:
            await self.house.write()
            await self.house.notices.keep(time.monotonic(), self.house.untold)
        except Exception as error:
            why = str(cause_of(error))
            log.debug("the last commit failed", exc_info=error)
        if self.house.writer.waiting or why:
            log.error("the last readings are lost: %s", why or self.house.writer.error)

    async def _work(self) -> None:
        cells = self.house.cells
        async with asyncio.TaskGroup() as group:
            watching = [
                group.create_task(self._watchdog.run(), name="watchdog"),
                group.create_task(self._probe_store(), name="probe"),
                group.create_task(self._say_that_it_stops(), name="stop"),
            ]
            self._watchdog.watch("the supervisor", lambda: cells.alive_at, LINE_PATIENCE_S)
            self._notifier.ready()
            await cells.run(self._stop)
            for task in watching:
                task.cancel()

    def _keep_meter(self, name: str, meter: MeterReader) -> None:
        def alive_at() -> float:
            # A replayed file that has ended is no stuck task.
            return time.monotonic() if meter.line.state.ended else meter.line.state.alive_at

        work = partial(meter.read, self._urgent, self.house)
        self.house.cells.add(f"meter {name}", work, alive_at=alive_at, patience_s=LINE_PATIENCE_S)

    def _keep_counter(self, name: str, counter: PulseCounter) -> None:
        def alive_at() -> float:
            return counter.state.alive_at

        self.house.cells.add(f"counter {name}", counter.read, alive_at=alive_at, patience_s=LINE_PATIENCE_S)

    def _keep_updates(self) -> None:
        updates = self.house.updates
        self.house.cells.add(
            "updates",
            partial(updates.run, self._stop),
            says_goodbye=True,
            alive_at=lambda: updates.alive_at,
            patience_s=UPDATES_PATIENCE_S,
        )

    def _keep_store(self) -> None:
        cells, patience = self.house.cells, self._patience_s
        cells.add(
            "commit",
            self._keep_committing,
            alive_at=lambda: self._came_round,
            patience_s=patience,
            gives_up=self._why_to_give_up,
        )
        cells.add("watch", self.lookout.run, alive_at=lambda: self.lookout.alive_at, patience_s=patience)

    def _why_to_give_up(self) -> StoreError | None:
        """Why the process has to end, when what commits has failed for too long: what it cannot write goes with it."""
        silent = time.monotonic() - self.house.writer.turned
        if silent <= self._patience_s:
            return None
        return StoreError(f"nothing could be committed for {silent:.0f} s; the gateway starts again without it")

    async def _say_that_it_stops(self) -> None:
        await self._stop.wait()
        log.info("stopping")
        self._renewal.end()
        self._notifier.stopping()

    async def _keep_committing(self) -> None:
        while True:
            self._came_round = time.monotonic()
            try:
                async with asyncio.timeout(self.house.config.store.commit_interval_s):
                    await self._urgent.wait()
            except TimeoutError:
                pass
            self._urgent.clear()
            await self.house.write()
            if time.monotonic() - self._forgot > _FORGET_EVERY_S:
                self._forgot = time.monotonic()
                await self.house.writer.forget()
                await self.house.writer.roll_up()

    async def _probe_store(self) -> None:
        await self._watchdog.probe("the database's thread", lambda: self._thread.call(int), parts.STORE_PATIENCE_S)


async def run(config: Config) -> None:
    """The daemon's life: until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.set_exception_handler(_write_down)
    lock = WriterLock(config.directory)
    try:
        gateway = await _opened(config, stop)
        await gateway.run()
    except ExceptionGroup as errors:
        # One sentence for a person: the first of them is why the others ended.
        raise _first(errors) from errors
    finally:
        lock.release()


async def _opened(config: Config, stop: asyncio.Event) -> Gateway:
    """The gateway; without a table that the household changed where it cannot be made with it. ConfigError.

    A password that is not there yet, a port that is none: the meter does not need it, and is read all the same.
    """
    try:
        return await Gateway.opened(config, stop)
    except ConfigError as error:
        changed = list(config.settings.in_force)
        for names in [[name] for name in changed] + ([changed] if len(changed) > 1 else []):
            try:
                gateway = await Gateway.opened(settings.refusing(config, names, error.phrase), stop)
            except ConfigError:
                continue
            log.error("%s; what was changed in %s does not count", error, ", ".join(names))  # noqa: TRY400
            return gateway
        raise


def _write_down(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What went wrong where nobody waits for it (a library's callback): a sentence, and at DEBUG where."""
    error = context.get("exception")
    why = str(cause_of(error)) if isinstance(error, BaseException) else "no more is known"
    log.error("asyncio: %s: %s", context.get("message", "an error"), why)
    log.debug("asyncio: where it was", exc_info=error)


def _first(error: Exception) -> Exception:
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error
