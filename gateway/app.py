"""The daemon: builds the others, joins them, and ends them in order.

One ``TaskGroup``: a task for each meter's line, one that commits, one for the federation. Each recovers from the errors
of its own edge; anything else ends the group and the process, and systemd starts it again. SQLite is on one thread.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from gateway.control import serve
from gateway.errors import StoreError
from gateway.orders import act
from gateway.publish import Publication
from gateway.sources.line import Line
from gateway.sources.source import parse_source
from gateway.status import BROKEN, OK, Link, as_json, meter_link, port_link, recipient_links
from gateway.store.connection import WriterLock
from gateway.store.recorder import Recorder
from gateway.store.store import Store
from gateway.tic.frame import STANDARD
from gateway.tic.reading import Interpreter

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.config import Config, Meter
    from gateway.store.recorder import Batch

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

# Retention is looked at this often.
_FORGET_EVERY_S = 3600.0

# While the database cannot be written its minutes wait in memory; of older ones only the fine values are given up.
_WHOLE_BATCHES_KEPT = 10

# In one transaction: on a card that is still full a day of minutes is not tried again every minute.
_BATCHES_A_COMMIT = 20


class Gateway:
    """A running gateway.

    Args:
        config: the checked configuration; the database has been prepared and the lock is ours.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._lines: dict[str, Line] = {}
        self._recorders: dict[str, Recorder] = {}
        self._unwritten: list[Batch] = []
        self._urgent = asyncio.Event()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._store_error: str | None = None
        self._written = time.monotonic()
        self._publication: Publication | None = None

    async def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run something of the store on its thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: function(*args, **kwargs))

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set; everything read by then is committed."""
        sources = [(meter, parse_source(meter.source, self._config.path("."))) for meter in self._config.meter]
        self._store = await self.call(Store, self._config.directory)
        server = None
        try:
            for meter, source in sources:
                await self._know(meter)
                self._lines[meter.name] = Line(meter.name, source, meter.mode)
            if self._config.federation:
                self._publication = Publication(self._config, self._config.federation, self._store, self.call)
            server = await serve(self._config.control_socket, self._answer)
            await self._work(stop)
        finally:
            if server:
                server.close()
                self._config.control_socket.unlink(missing_ok=True)
            await self._commit()
            if self._unwritten:
                log.error("the last readings are lost: %s", self._store_error)
            await self.call(self._store.close)
            self._thread.shutdown()

    async def _work(self, stop: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._read(name), name=f"meter {name}") for name in self._lines]
            tasks.append(group.create_task(self._keep_committing(), name="commit"))
            if self._publication:
                group.create_task(self._publication.run(stop), name="publication")
            await stop.wait()
            log.info("stopping")
            for task in tasks:
                task.cancel()

    async def _know(self, meter: Meter) -> None:
        known = await self.call(self._store.add_meter, meter.name, meter.sensor, meter.prm)
        values = await self.call(self._store.last_values, meter.name)
        self._recorders[meter.name] = Recorder(meter.name, values, known.last_time)

    async def _read(self, name: str) -> None:
        interpreter, recorder = Interpreter(), self._recorders[name]
        async for frame, received in self._lines[name].frames():
            if frame.mode == STANDARD and not any(group.label == "DATE" for group in frame.groups):
                # Its second is not known, and the next frame says it all again.
                continue
            interpretation = interpreter.interpret(frame, received)
            if interpretation is None:
                continue
            for refused in interpretation.refused:
                log.debug("meter %s: refused %s", name, refused)
            if recorder.add(interpretation):
                self._urgent.set()
        self._urgent.set()

    async def _keep_committing(self) -> None:
        forgotten = 0.0
        while True:
            try:
                async with asyncio.timeout(self._config.store.commit_interval_s):
                    await self._urgent.wait()
            except TimeoutError:
                pass
            self._urgent.clear()
            await self._commit()
            if time.monotonic() - forgotten > _FORGET_EVERY_S:
                forgotten = time.monotonic()
                await self._forget()

    async def _commit(self) -> None:
        self._unwritten += [batch for recorder in self._recorders.values() if (batch := recorder.take())]
        await self.call(self._write_waiting)
        if self._publication:
            self._publication.wake.set()

    def _write_waiting(self) -> None:
        """Write what waits, on the store's thread.

        There it ends whatever becomes of the task that waits for it: a batch leaves the list with its own commit, so
        what was being written when the daemon was told to stop is not written twice.
        """
        for batch in self._unwritten[:-_WHOLE_BATCHES_KEPT]:
            batch.thin()
        try:
            while True:
                batches = self._unwritten[:_BATCHES_A_COMMIT]
                self._store.write(batches, time.time())
                del self._unwritten[: len(batches)]
                if not self._unwritten:
                    break
        except StoreError as error:
            log.log(logging.DEBUG if self._store_error else logging.ERROR, "%s; readings wait in memory", error)
            self._store_error = str(error)
            return
        if self._store_error:
            log.warning("the database can be written again")
        self._store_error, self._written = None, time.monotonic()

    async def _forget(self) -> None:
        keep = self._config.store
        try:
            await self.call(
                self._store.forget,
                int(time.time()),
                keep.raw_hours * 3600,
                keep.minute_days * 86400,
                keep.outbox_days * 86400,
            )
        except StoreError as error:
            log.warning("old readings could not be deleted: %s", error)

    async def _answer(self, request: dict[str, Any]) -> object:
        """The command line asks (``gateway.control``)."""
        if request.get("do") == "status":
            return as_json(await self._links(), running=True)
        return await self.call(act, self._store, request, time.time())

    async def _links(self) -> list[Link]:
        now = time.monotonic()
        links = []
        for name, line in self._lines.items():
            links += [meter_link(name, line.state, now), port_link(name, line.state, now)]
        links.append(self._store_link(now))
        if self._publication:
            links.append(self._publication.link())
        links += recipient_links(await self.call(self._store.backlog), time.time())
        return links

    def _store_link(self, now: float) -> Link:
        damaged = sorted(path.name for path in self._config.directory.glob("*.damaged-*Z"))
        age = now - self._written
        if self._store_error:
            return Link("store", BROKEN, age, self._store_error)
        return Link("store", OK, age, f"a damaged file was set aside: {damaged[-1]}" if damaged else "written")


async def run(config: Config) -> None:
    """The daemon's life: until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    lock = WriterLock(config.directory)
    try:
        await Gateway(config).run(stop)
    except ExceptionGroup as errors:
        # One sentence for a person: the first of them is why the others ended.
        raise _first(errors) from errors
    finally:
        lock.release()


def _first(error: Exception) -> Exception:
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error
