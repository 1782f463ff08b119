"""The daemon: builds the others, joins them, and ends them in order.

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

from gateway import __version__
from gateway.chat.notices import Notices
from gateway.control.unix_socket import serve
from gateway.daemon.clock import HostClock
from gateway.daemon.house import House
from gateway.daemon.journalled import note_sharing
from gateway.daemon.meter import MeterReader
from gateway.daemon.monitor import Lookout
from gateway.daemon.requests import Desk
from gateway.errors import StoreError
from gateway.household.now import Now
from gateway.live.topics import STATUS
from gateway.mqtt.relays import Relays
from gateway.process.cells import cause_of
from gateway.process.systemd import Notifier, Watchdog
from gateway.sources.line import Line
from gateway.sources.paths import board_of
from gateway.sources.source import parse_source
from gateway.sources.tee import Tee, TeedSource
from gateway.store.connection import WriterLock
from gateway.store.store import Store
from gateway.tic.clock import Belief

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from pathlib import Path

    from gateway.config.tables import Config, Federation, Meter, Mqtt, Web
    from gateway.daemon.meter import TellLive
    from gateway.daemon.publication import Publication
    from gateway.process.cells import Part
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

# How long a part may not come round before it is started again. An SD card may take minutes to breathe again, a lost
# server is tried every six minutes and a half.
_LINE_PATIENCE_S, _STORE_PATIENCE_S, _SERVER_PATIENCE_S = 120.0, 300.0, 600.0


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
        self._came_round = self._committed = time.monotonic()
        # Here, so that what fails there is tried again in an hour and not at each start of what commits.
        self._forgot = 0.0
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
            await self.house.counters.resume(self.house.store.meters, self.house.store.readings)
            self.house.now = Now(self._config, self.house.store, self.call, self.house.time)
            for name, reader in self.house.meters.items():
                reader.tell_live = partial(self.house.now.hear, name)
            self.house.notices = Notices(
                self._config, self.house.now, self.house.store.told, self.house.store, self.call
            )
            await self.house.notices.resume()
            if self._config.federation:
                self.house.publication = self._join_federation(self._config.federation)
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
            await self._keep_the_last()
            await self.call(self.house.store.close)
            self._thread.shutdown()
            self._notifier.close()

    async def _keep_the_last(self) -> None:
        why = None
        try:
            await self._commit()
            if self.house.notices:
                await self.house.notices.keep(time.monotonic(), self.house.untold)
        except Exception as error:
            why = str(cause_of(error))
            log.debug("the last commit failed", exc_info=error)
        if self.house.writer.waiting or why:
            log.error("the last readings are lost: %s", why or self.house.writer.error)

    async def _work(self, stop: asyncio.Event) -> None:
        cells = self.house.cells
        self._make_cells_of_meters()
        self._make_cells_of_listeners(stop)
        async with asyncio.TaskGroup() as group:
            watching = [
                group.create_task(self._watchdog.run(), name="watchdog"),
                group.create_task(self._probe_store(), name="probe"),
                group.create_task(self._say_that_it_stops(stop), name="stop"),
            ]
            self._watchdog.watch("the supervisor", lambda: cells.came_round, _LINE_PATIENCE_S)
            self._notifier.ready()
            await cells.run(stop)
            for task in watching:
                task.cancel()

    def _make_cells_of_meters(self) -> None:
        house, cells = self.house, self.house.cells
        for name, meter in house.meters.items():
            # A replayed file that has ended is no stuck task.
            turned = partial(lambda state: time.monotonic() if state.ended else state.came_round, meter.line.state)
            work = partial(meter.read, self._urgent, self)
            cells.add(f"meter {name}", work, came_round=turned, patience_s=_LINE_PATIENCE_S)
        for name, tee in house.tees.items():
            cells.add(f"tee {name}", tee.run)
        for name, counter in house.counters.known.items():
            turned = partial(getattr, counter.state, "came_round")
            cells.add(f"counter {name}", counter.read, came_round=turned, patience_s=_LINE_PATIENCE_S)
        patience = self._store_patience_s
        cells.add(
            *("commit", self._keep_committing),
            came_round=lambda: self._came_round,
            patience_s=patience,
            gives_up=self._why_to_give_up,
        )
        cells.add("watch", self.lookout.run, came_round=lambda: self.lookout.came_round, patience_s=patience)
        # The present is nobody's but the faces': what fails there costs no reading.
        for meter in house.meters.values():
            if meter.tell_live:
                meter.tell_live = cells.shielded("watch", meter.tell_live)

    def _make_cells_of_listeners(self, stop: asyncio.Event) -> None:
        house, cells = self.house, self.house.cells

        def add(name: str, part: Part, patience_s: float) -> None:
            turned = partial(getattr, part, "came_round")
            cells.add(name, partial(part.run, stop), says_goodbye=True, came_round=turned, patience_s=patience_s)

        if house.broker and house.feed and house.devices:
            add("broker", house.broker, _LINE_PATIENCE_S)
            add("feed", house.feed, self._store_patience_s)
            add("home assistant", house.devices, _LINE_PATIENCE_S)
            self.lookout.lookers.append(cells.shielded("feed", house.feed.look))
            if house.relays:
                turned = partial(getattr, house.relays, "came_round")
                work = partial(house.relays.run, house.broker)
                cells.add("relays", work, came_round=turned, patience_s=_LINE_PATIENCE_S)
        if house.page:
            add("page", house.page, self._store_patience_s)
        if house.publication:
            for name, part in house.publication.parts().items():
                add(f"federation {name}", part, _SERVER_PATIENCE_S)
            self.lookout.listeners.append(cells.shielded("federation session", house.publication.tell))
            for name, meter in house.meters.items():
                told = cells.shielded("federation live", partial(house.publication.hear, name))
                meter.tell_live = _both(meter.tell_live, told)

    @property
    def _store_patience_s(self) -> float:
        return _STORE_PATIENCE_S + self._config.store.commit_interval_s

    def _why_to_give_up(self) -> StoreError | None:
        """Why the process has to end, when what commits has failed for too long: what it cannot write goes with it."""
        silent = time.monotonic() - self._committed
        if silent <= self._store_patience_s:
            return None
        return StoreError(f"nothing could be committed for {silent:.0f} s; the gateway starts again without it")

    async def _say_that_it_stops(self, stop: asyncio.Event) -> None:
        await stop.wait()
        log.info("stopping")
        self._notifier.stopping()

    def _join_federation(self, account: Federation) -> Publication:
        # Here and not above: whoever keeps everything at home needs no XMPP in memory, a third of it all.
        from gateway.chat.answers import Answers  # noqa: PLC0415
        from gateway.daemon.publication import Publication  # noqa: PLC0415
        from gateway.links.health import condition_of  # noqa: PLC0415

        answers = Answers(self._config, self.house.store, self.call, self._desk.now, time.time)
        return Publication(
            *(self._config, account, self.house.store, self.call, answers.answer),
            health=lambda: condition_of(self.house.own_links(time.monotonic()), self.house.disk.room_or_none()),
        )

    def _join_broker(self, account: Mqtt, now: Now) -> None:
        # Here and not above: without a broker in the house its library need not be there, nor take memory.
        from gateway.mqtt.broker import Broker  # noqa: PLC0415
        from gateway.mqtt.feed import Feed  # noqa: PLC0415
        from gateway.mqtt.home_assistant import HomeAssistant  # noqa: PLC0415

        self.house.broker = Broker(self._config, account, STATUS)
        self.house.feed = Feed(self.house.broker, now)
        household = self._config.household
        self.house.devices = HomeAssistant(self.house.broker, now, account, household.language if household else "fr")
        if self.house.relays:
            self.house.relays.join(self.house.broker)

    def _open_page(self, web: Web, now: Now) -> None:
        # Here and not above: a house without a page needs none of it in memory.
        from gateway.web.displays.desk import displays_part  # noqa: PLC0415
        from gateway.web.history.desk import parts as past  # noqa: PLC0415
        from gateway.web.page import Page  # noqa: PLC0415
        from gateway.web.repair.desk import repair_part  # noqa: PLC0415
        from gateway.web.series.desk import series_part  # noqa: PLC0415
        from gateway.web.settings.desk import settings_part  # noqa: PLC0415
        from gateway.web.sharing.desk import sharing_part  # noqa: PLC0415

        parts = (
            *past(self._config),
            sharing_part(self._config, self._desk.answer),
            repair_part(self._config, self._desk.answer),
            settings_part(self._config, self.call, self._desk.chosen, self.commit),
            series_part(self._config),
            displays_part(self._config, self.call),
        )
        self.house.page = Page(self._config, web, now, self._desk.report, self._desk.now, parts)

    async def commit(self) -> None:
        """Store everything that was gathered; StoreError if it could not be, and waits in memory."""
        await self._commit()
        # Without an error what waits has come since, and somebody else is about to write it.
        if self.house.writer.error:
            raise StoreError(self.house.writer.error)

    async def undated(self, meter: str, boot: str, limit: int) -> list[UndatedFrame]:
        """The oldest stored frames of a meter without a date."""
        return await self.call(self.house.store.undated.oldest, meter, boot, limit)

    def _note_start(self) -> None:
        try:
            self.house.store.journal.append("restarted", {"version": __version__})
            note_sharing(self._config, self.house.store.journal, time.time())
            if lost := self.house.store.undated.give_up(self.house.host.boot):
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
        return self.house.relays.line(
            meter.name, board, meter.mode, await self.call(self.house.store.relayed.reached, board)
        )

    async def _know(self, meter: Meter, line: Listening) -> None:
        known = await self.call(self.house.store.meters.add, meter.name, meter.sensor, meter.prm)
        values = await self.call(self.house.store.readings.last_values, meter.name)
        kept = await self.call(self.house.store.undated.count, meter.name, self.house.host.boot)
        belief = Belief(meter.clock)
        self.house.meters[meter.name] = MeterReader(
            known, values, line, self.house.host, belief, kept, self.house.owners
        )

    async def _keep_committing(self) -> None:
        while True:
            self._came_round = time.monotonic()
            try:
                async with asyncio.timeout(self._config.store.commit_interval_s):
                    await self._urgent.wait()
            except TimeoutError:
                pass
            self._urgent.clear()
            await self._commit()
            if time.monotonic() - self._forgot > _FORGET_EVERY_S:
                self._forgot = time.monotonic()
                await self.house.writer.forget()
                await self.house.writer.roll_up()

    async def _commit(self) -> None:
        gathered = [batch for meter in self.house.meters.values() if (batch := meter.recorder.take())]
        disbelieved = self.house.relays.disbelieved() if self.house.relays else ()
        relayed = await self.house.writer.write([*gathered, *self.house.counters.take()], disbelieved)
        if self.house.relays:
            self.house.relays.committed(relayed)
        self._committed = time.monotonic()
        if self.house.publication:
            self.house.publication.wake.set()

    async def _probe_store(self) -> None:
        await self._watchdog.probe("the database's thread", lambda: self.call(int), _STORE_PATIENCE_S)


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
    loop.set_exception_handler(_write_down)
    lock = WriterLock(config.directory)
    try:
        await Gateway(config).run(stop)
    except ExceptionGroup as errors:
        # One sentence for a person: the first of them is why the others ended.
        raise _first(errors) from errors
    finally:
        lock.release()


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
