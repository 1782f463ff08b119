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
from functools import partial
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from gateway import __version__
from gateway.clock import HostClock
from gateway.control import serve
from gateway.desk import Desk
from gateway.errors import StoreError
from gateway.house import House
from gateway.live.topics import STATUS
from gateway.lookout import STORE_PATIENCE_S, Lookout
from gateway.meter import MeterReader
from gateway.notices import Notices
from gateway.now import Now
from gateway.relays import Relays
from gateway.sharing import note_sharing
from gateway.sources.board import board_of
from gateway.sources.line import Line
from gateway.sources.source import parse_source
from gateway.sources.tee import Tee, TeedSource
from gateway.store.connection import WriterLock
from gateway.store.store import Store
from gateway.systemd import Notifier, Watchdog
from gateway.tic.clock import Belief

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from pathlib import Path

    from gateway.config import Config, Federation, Meter, Mqtt, Web
    from gateway.meter import TellLive
    from gateway.publish import Publication
    from gateway.sources.board import BoardLine
    from gateway.sources.line import Listening
    from gateway.sources.source import Source
    from gateway.store.recorder import UndatedFrame
    from gateway.tic.reading import Reading

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

# Retention is looked at this often.
_FORGET_EVERY_S = 3600.0


class Gateway:
    """A running gateway.

    Args:
        config: the checked configuration; the database has been prepared and the lock is ours.
        host: whether the host knows the time.
    """

    def __init__(self, config: Config, host: HostClock | None = None) -> None:
        self._config = config
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._urgent = asyncio.Event()
        self._came_round = time.monotonic()
        self._notifier = Notifier()
        self._watchdog = Watchdog(self._notifier)
        self.house = House(config, host or HostClock(trusted=config.clock.trusted), self.call)
        self.lookout = Lookout(self.house, self._notifier, self._urgent)
        self._desk = Desk(self.house, self._commit)

    async def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run something of the store on its thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: function(*args, **kwargs))

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set; everything read by then is committed."""
        folder = self._config.path(".")
        sources = [(m, None if board_of(m.source) else self._source(m, folder)) for m in self._config.meter]
        self.house.store = await self.call(Store, self._config.directory)
        server = None
        try:
            await self.call(self._note_start)
            for meter, source in sources:
                line = Line(meter.name, source, meter.mode) if source else await self._board_line(meter)
                await self._know(meter, line)
            await self.house.counters.resume(self.house.store)
            self.house.now = Now(self._config, self.house.store, self.call, self.house.time)
            for name, reader in self.house.meters.items():
                reader.tell_live = partial(self.house.now.hear, name)
            self.house.notices = Notices(self._config, self.house.now, self.house.store, self.call)
            await self.house.notices.resume()
            if self._config.federation:
                self.house.publication = self._join_federation(self._config.federation)
                self.lookout.listeners.append(self.house.publication.tell)
            if self._config.mqtt:
                self._join_broker(self._config.mqtt, self.house.now)
            if self._config.web:
                self._open_page(self._config.web, self.house.now)
            server = await serve(self._config.control_socket, self._desk.answer)
            await self._work(stop)
        finally:
            if server:
                server.close()
                self._config.control_socket.unlink(missing_ok=True)
            await self._commit()
            if self.house.notices:
                await self.house.notices.keep(time.monotonic(), self.house.untold)
            if self.house.writer.waiting:
                log.error("the last readings are lost: %s", self.house.writer.error)
            await self.call(self.house.store.close)
            self._thread.shutdown()
            self._notifier.close()

    async def _work(self, stop: asyncio.Event) -> None:
        if self.house.publication:
            for name, meter in self.house.meters.items():
                meter.tell_live = _both(meter.tell_live, partial(self.house.publication.hear, name))
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(m.read(self._urgent, self), name=f"meter {n}") for n, m in self.house.meters.items()
            ]
            tasks += [group.create_task(tee.run(), name=f"tee {n}") for n, tee in self.house.tees.items()]
            tasks += [group.create_task(c.read(), name=f"counter {n}") for n, c in self.house.counters.known.items()]
            tasks.append(group.create_task(self._keep_committing(), name="commit"))
            tasks.append(group.create_task(self.lookout.run(), name="watch"))
            tasks.append(group.create_task(self._watchdog.run(), name="watchdog"))
            tasks.append(group.create_task(self._probe_store(), name="probe"))
            if self.house.publication:
                group.create_task(self.house.publication.run(stop), name="publication")
            if self.house.broker and self.house.feed and self.house.devices:
                group.create_task(self.house.broker.run(stop), name="broker")
                group.create_task(self.house.feed.run(stop), name="feed")
                group.create_task(self.house.devices.run(stop), name="home assistant")
                if self.house.relays:
                    tasks.append(group.create_task(self.house.relays.run(self.house.broker), name="relays"))
            if self.house.page:
                group.create_task(self.house.page.run(stop), name="page")
            self.lookout.put_under_watch(self._watchdog)
            patience = STORE_PATIENCE_S + self._config.store.commit_interval_s
            self._watchdog.watch("commit", lambda: self._came_round, patience)
            self._notifier.ready()
            await stop.wait()
            log.info("stopping")
            self._notifier.stopping()
            for task in tasks:
                task.cancel()

    def _join_federation(self, account: Federation) -> Publication:
        # Here and not above: whoever keeps everything at home needs no XMPP in memory, a third of it all.
        from gateway.answers import Answers  # noqa: PLC0415
        from gateway.health import condition_of  # noqa: PLC0415
        from gateway.publish import Publication  # noqa: PLC0415

        answers = Answers(self._config, self.house.store, self.call, partial(self._desk.present, {}), time.time)
        return Publication(
            *(self._config, account, self.house.store, self.call, answers.answer),
            health=lambda: condition_of(self.house.own_links(time.monotonic()), self.house.disk.room_or_none()),
        )

    def _join_broker(self, account: Mqtt, now: Now) -> None:
        # Here and not above: without a broker in the house its library need not be there, nor take memory.
        from gateway.broker import Broker  # noqa: PLC0415
        from gateway.feed import Feed  # noqa: PLC0415
        from gateway.home_assistant import HomeAssistant  # noqa: PLC0415

        self.house.broker = Broker(self._config, account, STATUS)
        self.house.feed = Feed(self.house.broker, now)
        household = self._config.household
        self.house.devices = HomeAssistant(self.house.broker, now, account, household.language if household else "fr")
        if self.house.relays:
            self.house.relays.join(self.house.broker)

    def _open_page(self, web: Web, now: Now) -> None:
        # Here and not above: a house without a page needs none of it in memory.
        from gateway.page import Page  # noqa: PLC0415
        from gateway.page_past import parts as past  # noqa: PLC0415
        from gateway.page_repair import repair_part  # noqa: PLC0415
        from gateway.page_settings import settings_part  # noqa: PLC0415
        from gateway.page_sharing import sharing_part  # noqa: PLC0415

        parts = (
            *past(self._config),
            sharing_part(self._config, self._desk.answer),
            repair_part(self._config, self._desk.answer),
            settings_part(self._config, self.call, self._desk.chosen, self.commit),
        )
        self.house.page = Page(self._config, web, now, self._desk.report, partial(self._desk.present, {}), parts)

    async def commit(self) -> None:
        """Store everything that was gathered; StoreError if it could not be, and waits in memory."""
        await self._commit()
        if self.house.writer.waiting:
            raise StoreError(self.house.writer.error or "the database cannot be written")

    async def undated(self, meter: str, boot: str, limit: int) -> list[UndatedFrame]:
        """The oldest stored frames of a meter without a date."""
        return await self.call(self.house.store.undated, meter, boot, limit)

    def _note_start(self) -> None:
        try:
            self.house.store.journal.append("restarted", {"version": __version__})
            note_sharing(self._config, self.house.store.journal, time.time())
            if lost := self.house.store.give_up_undated(self.house.host.boot):
                log.warning("%d frames of an earlier start are lost: nobody knew the time until it ended", lost)
        except StoreError as error:
            # A card that is full must not keep the meter from being read.
            log.warning("%s; the start stands in no entry", error)

    def _source(self, meter: Meter, folder: Path) -> Source:
        source = parse_source(meter.source, folder)
        if meter.tee_at is None:
            return source
        self.house.tees[meter.name] = Tee(meter.name, *meter.tee_at)
        return TeedSource(source, self.house.tees[meter.name])

    async def _board_line(self, meter: Meter) -> BoardLine:
        board = board_of(meter.source) or ""
        self.house.relays = self.house.relays or Relays(self._urgent.set, self.house.time)
        return self.house.relays.line(meter.name, board, meter.mode, await self.call(self.house.store.relayed, board))

    async def _know(self, meter: Meter, line: Listening) -> None:
        known = await self.call(self.house.store.add_meter, meter.name, meter.sensor, meter.prm)
        values = await self.call(self.house.store.last_values, meter.name)
        kept = await self.call(self.house.store.count_undated, meter.name, self.house.host.boot)
        belief = Belief(meter.clock)
        self.house.meters[meter.name] = MeterReader(
            known, values, line, self.house.host, belief, kept, self.house.owners
        )

    async def _keep_committing(self) -> None:
        forgotten = 0.0
        while True:
            self._came_round = time.monotonic()
            try:
                async with asyncio.timeout(self._config.store.commit_interval_s):
                    await self._urgent.wait()
            except TimeoutError:
                pass
            self._urgent.clear()
            await self._commit()
            if time.monotonic() - forgotten > _FORGET_EVERY_S:
                forgotten = time.monotonic()
                await self.house.writer.forget()
                await self.house.writer.roll_up()

    async def _commit(self) -> None:
        gathered = [batch for meter in self.house.meters.values() if (batch := meter.recorder.take())]
        relayed = await self.house.writer.write([*gathered, *self.house.counters.take()])
        if self.house.relays:
            self.house.relays.committed(relayed)
        if self.house.publication:
            self.house.publication.wake.set()

    async def _probe_store(self) -> None:
        await self._watchdog.probe("the database's thread", lambda: self.call(int), STORE_PATIENCE_S)


def _both(one: TellLive | None, other: TellLive) -> TellLive:
    """Tells the one and the other."""
    if one is None:
        return other

    def tell(readings: Iterable[Reading], at: datetime | None, *, standard: bool) -> None:
        one(readings, at, standard=standard)
        other(readings, at, standard=standard)

    return tell


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
