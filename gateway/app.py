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
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from gateway import __version__
from gateway.alert_words import Topic
from gateway.by_hand import enter
from gateway.choices import forget_choices
from gateway.clock import HostClock
from gateway.control import serve
from gateway.counters import Counters
from gateway.disk import Disk
from gateway.errors import GatewayError, ReadingError, StoreError
from gateway.live.topics import STATUS
from gateway.meter import MeterReader
from gateway.nightly import Nightly
from gateway.notices import Notices
from gateway.now import Now
from gateway.orders import act
from gateway.privacy.act import ERASE
from gateway.privacy.machine import erase as erase_files
from gateway.relays import Relays
from gateway.resources import Resources
from gateway.sharing import note_sharing
from gateway.sources.board import board_of
from gateway.sources.line import Line
from gateway.sources.source import parse_source
from gateway.sources.tee import Tee, TeedSource
from gateway.status import (
    Link,
    as_json,
    clock_link,
    decode_link,
    meter_link,
    port_link,
    recipient_links,
    tee_link,
)
from gateway.store.connection import WriterLock
from gateway.store.recorder import Happened
from gateway.store.store import Store
from gateway.systemd import Notifier, Watchdog, status_line
from gateway.tic.clock import Belief
from gateway.writing import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from pathlib import Path

    from gateway.alerts import Alert
    from gateway.broker import Broker
    from gateway.config import Config, Federation, Meter, Mqtt, Web
    from gateway.feed import Feed
    from gateway.home_assistant import HomeAssistant
    from gateway.live.state import HouseNow
    from gateway.meter import TellLive
    from gateway.page import Page
    from gateway.publish import Publication
    from gateway.sources.board import BoardLine
    from gateway.sources.line import Listening
    from gateway.sources.source import Source
    from gateway.store.points import Backlog
    from gateway.store.recorder import Recorder, UndatedFrame
    from gateway.tic.reading import Reading

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

# Retention is looked at this often.
_FORGET_EVERY_S = 3600.0

# The links are looked at every second; counting the outbox and waking systemd are dearer.
_LOOK_EVERY_S, _BACKLOG_EVERY_S, _STATUS_EVERY_S, _WEIGH_EVERY_S = 1.0, 60.0, 10.0, 10.0

# How long a task may not come round before the program is restarted. An SD card may take minutes to breathe again, a
# lost server is tried every six minutes and a half.
_LINE_PATIENCE_S, _STORE_PATIENCE_S, _SERVER_PATIENCE_S = 120.0, 300.0, 600.0

# Sooner than whoever watches gives the answer up.
_LONGEST_WATCH_S = 5.0


class Gateway:
    """A running gateway.

    Args:
        config: the checked configuration; the database has been prepared and the lock is ours.
        host: whether the host knows the time.
    """

    def __init__(self, config: Config, host: HostClock | None = None) -> None:
        self._config = config
        self._host = host or HostClock(trusted=config.clock.trusted)
        self._meters: dict[str, MeterReader] = {}
        self._owners: dict[str, MeterReader] = {}
        self._tees: dict[str, Tee] = {}
        self._urgent = asyncio.Event()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._writer = Writer(config, lambda: self._store, self.call)
        self._came_round = self._looked = time.monotonic()
        self._counters = Counters(config, self.call, self._time)
        self._publication: Publication | None = None
        self._now: Now | None = None
        self._broker: Broker | None = None
        self._feed: Feed | None = None
        self._page: Page | None = None
        self._devices: HomeAssistant | None = None
        self._relays: Relays | None = None
        self._notices: Notices | None = None
        self._disk = Disk(config.directory)
        self._resources = Resources(self._disk)
        self._nightly = Nightly(config.directory, wanted=config.backup is not None)
        # Whoever wants to know of every alert: the log, the household, a live feed.
        self._listeners: list[Callable[[Alert], None]] = [_write_down]
        self._notifier = Notifier()
        self._watchdog = Watchdog(self._notifier)

    async def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run something of the store on its thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: function(*args, **kwargs))

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set; everything read by then is committed."""
        folder = self._config.path(".")
        sources = [(m, None if board_of(m.source) else self._source(m, folder)) for m in self._config.meter]
        self._store = await self.call(Store, self._config.directory)
        server = None
        try:
            await self.call(self._note_start)
            for meter, source in sources:
                line = Line(meter.name, source, meter.mode) if source else await self._board_line(meter)
                await self._know(meter, line)
            await self._counters.resume(self._store)
            self._now = Now(self._config, self._store, self.call, self._time)
            for name, reader in self._meters.items():
                reader.tell_live = partial(self._now.hear, name)
            self._notices = Notices(self._config, self._now, self._store, self.call)
            await self._notices.resume()
            if self._config.federation:
                self._publication = self._join_federation(self._config.federation)
                self._listeners.append(self._publication.tell)
            if self._config.mqtt:
                self._join_broker(self._config.mqtt, self._now)
            if self._config.web:
                self._open_page(self._config.web, self._now)
            server = await serve(self._config.control_socket, self._answer)
            await self._work(stop)
        finally:
            if server:
                server.close()
                self._config.control_socket.unlink(missing_ok=True)
            await self._commit()
            if self._notices:
                await self._notices.keep(time.monotonic(), self._untold)
            if self._writer.waiting:
                log.error("the last readings are lost: %s", self._writer.error)
            await self.call(self._store.close)
            self._thread.shutdown()
            self._notifier.close()

    async def _work(self, stop: asyncio.Event) -> None:
        if self._publication:
            for name, meter in self._meters.items():
                meter.tell_live = _both(meter.tell_live, partial(self._publication.hear, name))
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(m.read(self._urgent, self), name=f"meter {n}") for n, m in self._meters.items()]
            tasks += [group.create_task(tee.run(), name=f"tee {n}") for n, tee in self._tees.items()]
            tasks += [group.create_task(c.read(), name=f"counter {n}") for n, c in self._counters.known.items()]
            tasks.append(group.create_task(self._keep_committing(), name="commit"))
            tasks.append(group.create_task(self._keep_watch(), name="watch"))
            tasks.append(group.create_task(self._watchdog.run(), name="watchdog"))
            tasks.append(group.create_task(self._probe_store(), name="probe"))
            if self._publication:
                group.create_task(self._publication.run(stop), name="publication")
            if self._broker and self._feed and self._devices:
                group.create_task(self._broker.run(stop), name="broker")
                group.create_task(self._feed.run(stop), name="feed")
                group.create_task(self._devices.run(stop), name="home assistant")
                if self._relays:
                    tasks.append(group.create_task(self._relays.run(self._broker), name="relays"))
            if self._page:
                group.create_task(self._page.run(stop), name="page")
            self._put_under_watch()
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

        answers = Answers(self._config, self._store, self.call, partial(self._present, {}), time.time)
        return Publication(
            *(self._config, account, self._store, self.call, answers.answer),
            health=lambda: condition_of(self._own_links(time.monotonic()), self._disk.room_or_none()),
        )

    def _join_broker(self, account: Mqtt, now: Now) -> None:
        # Here and not above: without a broker in the house its library need not be there, nor take memory.
        from gateway.broker import Broker  # noqa: PLC0415
        from gateway.feed import Feed  # noqa: PLC0415
        from gateway.home_assistant import HomeAssistant  # noqa: PLC0415

        self._broker = Broker(self._config, account, STATUS)
        self._feed = Feed(self._broker, now)
        household = self._config.household
        self._devices = HomeAssistant(self._broker, now, account, household.language if household else "fr")
        if self._relays:
            self._relays.join(self._broker)

    def _open_page(self, web: Web, now: Now) -> None:
        # Here and not above: a house without a page needs none of it in memory.
        from gateway.page import Page  # noqa: PLC0415
        from gateway.page_past import parts as past  # noqa: PLC0415
        from gateway.page_repair import repair_part  # noqa: PLC0415
        from gateway.page_settings import settings_part  # noqa: PLC0415
        from gateway.page_sharing import sharing_part  # noqa: PLC0415

        house = partial(self._present, {})
        parts = (
            *past(self._config),
            sharing_part(self._config, self._answer),
            repair_part(self._config, self._answer),
            settings_part(self._config, self.call, self._chosen, self.commit),
        )
        self._page = Page(self._config, web, now, self._report, house, parts)

    def _chosen(self) -> None:
        """Something was chosen at the page: who holds a copy of it gets the new one."""
        household = self._config.household
        if self._publication:
            self._publication.address_household(household)
        if self._devices:
            self._devices.speak(household.language if household else "fr")

    async def commit(self) -> None:
        """Store everything that was gathered; StoreError if it could not be, and waits in memory."""
        await self._commit()
        if self._writer.waiting:
            raise StoreError(self._writer.error or "the database cannot be written")

    async def undated(self, meter: str, boot: str, limit: int) -> list[UndatedFrame]:
        """The oldest stored frames of a meter without a date."""
        return await self.call(self._store.undated, meter, boot, limit)

    def _note_start(self) -> None:
        try:
            self._store.journal.append("restarted", {"version": __version__})
            note_sharing(self._config, self._store.journal, time.time())
            if lost := self._store.give_up_undated(self._host.boot):
                log.warning("%d frames of an earlier start are lost: nobody knew the time until it ended", lost)
        except StoreError as error:
            # A card that is full must not keep the meter from being read.
            log.warning("%s; the start stands in no entry", error)

    def _source(self, meter: Meter, folder: Path) -> Source:
        source = parse_source(meter.source, folder)
        if meter.tee_at is None:
            return source
        self._tees[meter.name] = Tee(meter.name, *meter.tee_at)
        return TeedSource(source, self._tees[meter.name])

    async def _board_line(self, meter: Meter) -> BoardLine:
        board = board_of(meter.source) or ""
        self._relays = self._relays or Relays(self._urgent.set, self._time)
        return self._relays.line(meter.name, board, meter.mode, await self.call(self._store.relayed, board))

    async def _know(self, meter: Meter, line: Listening) -> None:
        known = await self.call(self._store.add_meter, meter.name, meter.sensor, meter.prm)
        values = await self.call(self._store.last_values, meter.name)
        kept = await self.call(self._store.count_undated, meter.name, self._host.boot)
        belief = Belief(meter.clock)
        self._meters[meter.name] = MeterReader(known, values, line, self._host, belief, kept, self._owners)

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
                await self._writer.forget()
                await self._writer.roll_up()

    async def _commit(self) -> None:
        gathered = [batch for meter in self._meters.values() if (batch := meter.recorder.take())]
        relayed = await self._writer.write([*gathered, *self._counters.take()])
        if self._relays:
            self._relays.committed(relayed)
        if self._publication:
            self._publication.wake.set()

    async def _keep_watch(self) -> None:
        """Look at every link, tell what is to be told, and say in one line how it goes."""
        backlog: list[Backlog] = []
        counted = said = weighed = -_BACKLOG_EVERY_S
        while True:
            now = self._looked = time.monotonic()
            if self._publication and now - counted >= _BACKLOG_EVERY_S:
                counted, backlog = now, await self._backlog(backlog)
                await self._weigh(now, max((one.rows for one in backlog), default=0))
            elif now - weighed >= _WEIGH_EVERY_S:
                weighed = now
                await self._weigh(now, None)
            links = [*self._own_links(now), *recipient_links(backlog, time.time())]
            alerts = await self._notices.look(links, now, self._time(), self._untold) if self._notices else []
            if self._now:
                self._now.look(links, self._active)
                await self._now.know_the_day()
            if self._feed:
                self._feed.look(links, self._active)
            for alert in alerts:
                for tell in self._listeners:
                    tell(alert)
            if alerts or now - said >= _STATUS_EVERY_S:
                said = now
                self._notifier.status(status_line(links))
            slept = time.monotonic()
            await asyncio.sleep(_LOOK_EVERY_S)
            self._resources.late(time.monotonic() - slept - _LOOK_EVERY_S)

    async def _weigh(self, now: float, queue: int | None) -> None:
        """See what runs short; what is given up for it stands among what happened to each meter."""
        changes = await self._writer.weigh(self._resources.read(queue), now)
        for change in changes:
            detail = {"of": change.resource.name.lower(), "given_up": change.given_up.name.lower()}
            for recorder in self._recorders():
                recorder.tell(Happened(int(time.time()), "shortage", "", detail))
        if changes:
            self._urgent.set()

    async def _backlog(self, before: list[Backlog]) -> list[Backlog]:
        try:
            return await self.call(self._store.backlog)
        except StoreError as error:
            # A database that cannot be read cannot be written either, and that is told.
            log.debug("the outbox could not be counted: %s", error)
            return before

    async def _probe_store(self) -> None:
        await self._watchdog.probe("the database's thread", lambda: self.call(int), _STORE_PATIENCE_S)

    def _put_under_watch(self) -> None:
        for name, meter in self._meters.items():
            # A replayed file that has ended is no stuck task.
            turned = partial(lambda state: time.monotonic() if state.ended else state.came_round, meter.line.state)
            self._watchdog.watch(f"meter {name}", turned, _LINE_PATIENCE_S)
        for name, counter in self._counters.known.items():
            self._watchdog.watch(f"counter {name}", partial(getattr, counter.state, "came_round"), _LINE_PATIENCE_S)
        patience = _STORE_PATIENCE_S + self._config.store.commit_interval_s
        self._watchdog.watch("commit", lambda: self._came_round, patience)
        self._watchdog.watch("watch", lambda: self._looked, patience)
        for name, last in (self._publication.rounds() if self._publication else {}).items():
            self._watchdog.watch(name, last, _SERVER_PATIENCE_S)
        if self._broker and self._feed:
            self._watchdog.watch("broker", partial(getattr, self._broker, "came_round"), _LINE_PATIENCE_S)
            if self._relays:
                self._watchdog.watch("relays", partial(getattr, self._relays, "came_round"), _LINE_PATIENCE_S)
            self._watchdog.watch("feed", partial(getattr, self._feed, "came_round"), patience)
            self._watchdog.watch("home assistant", partial(getattr, self._devices, "came_round"), _LINE_PATIENCE_S)
        if self._page:
            self._watchdog.watch("page", partial(getattr, self._page, "came_round"), patience)

    async def _answer(self, request: dict[str, Any]) -> object:
        """The command line asks (``gateway.control``)."""
        if request.get("do") == "status":
            return await self._report()
        if request.get("do") == "now":
            return await self._present(request)
        if request.get("do") == "reading":
            return await self._enter(request)
        if request.get("do") == "account" and self._publication:
            return await self._publication.order(request)
        if self._page and request.get("do") in {"page-code", "page-welcome"}:
            return await (self._page.make_code if request["do"] == "page-code" else self._page.welcome)()
        if request.get("do") == ERASE:
            # What waits in memory is of the time that is erased, too.
            await self._commit()
        done = await self.call(act, self._store, request, time.time())
        if request.get("do") == ERASE:
            for recorder in self._recorders():
                recorder.begin_anew()
            if request.get("what") == "everything":
                await self._forget_page()
                forget_choices(self._config)
                self._chosen()
        if self._publication:
            # A suspension that ended, a notice: there may be something to send.
            self._publication.wake.set()
        return done

    async def _forget_page(self) -> None:
        """Who may see the page is the household's, too."""
        if self._page:
            await self._page.forget()
        await self.call(erase_files, [self._config.page_file], [])

    async def _present(self, request: dict[str, Any]) -> HouseNow:
        """The house now; since the ``turn`` of an earlier answer: as soon as it is another, or after ``wait_s``."""
        if self._now is None:
            raise GatewayError("the gateway is still starting")
        since, wait_s = request.get("since"), request.get("wait_s")
        if isinstance(since, int) and isinstance(wait_s, int | float):
            await self._now.changed(since, min(wait_s, _LONGEST_WATCH_S))
        lines = {name: meter.line.state for name, meter in self._meters.items()}
        return self._now.house(await self._links(), self._active, lines)

    def _recorders(self) -> list[Recorder]:
        counters = [counter.recorder for counter in self._counters.known.values()]
        return [*(meter.recorder for meter in self._meters.values()), *counters]

    async def _enter(self, request: dict[str, Any]) -> object:
        """A reading by hand: after everything that was counted before it, before everything that is counted after."""
        if self._time() is None and (request.get("order") or {}).get("at") is None:
            raise ReadingError("the gateway does not know the time yet: say when with --at, or set its clock")
        async with self._counters.held(self._store):
            await self._commit()
            if self._writer.waiting:
                raise StoreError(f"the reading was not stored: {self._writer.error}")
            entered = await self.call(enter, self._store, self._config, request, time.time())
        if self._publication:
            self._publication.wake.set()
        return entered

    def _time(self) -> float | None:
        """POSIX seconds; None while the host does not know the time."""
        return time.time() if self._host.knows() else None

    async def _report(self) -> dict[str, Any]:
        return as_json(await self._links(), running=True, alerts=self._active)

    @property
    def _untold(self) -> frozenset[str]:
        return self._publication.waiting if self._publication else frozenset()

    @property
    def _active(self) -> list[Alert]:
        return self._notices.active if self._notices else []

    async def _links(self) -> list[Link]:
        waiting = recipient_links(await self._backlog([]), time.time())
        return [*self._own_links(time.monotonic()), *waiting]

    def _own_links(self, now: float) -> list[Link]:
        links = []
        for name, meter in self._meters.items():
            state = meter.line.state
            links += [meter_link(name, state, now, meter.heard.name), port_link(name, state, now)]
            if name in self._tees:
                links.append(tee_link(name, self._tees[name], now))
            links.append(decode_link(name, state, meter.line.quality, now))
            links.append(clock_link(name, state, meter.clock, meter.kept, host_knows=meter.host.knows()))
        links += self._counters.links(now)
        links += [self._writer.link(now), self._disk.link(now), self._writer.degradation.link(now)]
        links += self._nightly.links(now, self._time())
        if self._publication:
            links += [self._publication.link(), *self._publication.provider_links(), *self._publication.watch_links()]
        if self._broker:
            links.append(self._broker.link())
        if self._page:
            links.append(self._page.link(now))
        return links


def _both(one: TellLive | None, other: TellLive) -> TellLive:
    """Tells the one and the other."""
    if one is None:
        return other

    def tell(readings: Iterable[Reading], at: datetime | None, *, standard: bool) -> None:
        one(readings, at, standard=standard)
        other(readings, at, standard=standard)

    return tell


def _write_down(alert: Alert) -> None:
    news = alert.recovered or isinstance(alert.kind, Topic)
    log.log(logging.INFO if news else logging.WARNING, "%s", alert.log_text)


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
