"""The parts of a house made, each of what it needs, and joined: what ``gateway.daemon.app`` then keeps alive."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from gateway.control.messages import AskHelper, PageCode
from gateway.daemon.absent import NoFederation, NoWays
from gateway.daemon.counters import Counters
from gateway.daemon.house import House
from gateway.daemon.journalled import note_start, note_taken
from gateway.daemon.meter import MeterReader
from gateway.daemon.standing import HouseStanding, links_of_meters, links_with_shares
from gateway.daemon.updates import HouseUpdates
from gateway.daemon.writer import StoreWriter
from gateway.household.now import Now
from gateway.household.tariff import tariff_prices
from gateway.links.disk import DiskSpace
from gateway.links.line_doctor import LineDoctors
from gateway.links.nightly_backup import Nightly
from gateway.live.topics import STATUS
from gateway.mqtt.relays import BoardReports, Relays
from gateway.notices.deciding.household import HouseholdNotices
from gateway.sources.line import Line, Listening
from gateway.sources.paths import board_of
from gateway.sources.source import Source, parse_source
from gateway.sources.tee import Tee, TeedSource
from gateway.store.store import Store
from gateway.tic.clock import Belief
from gateway.tic.tariff_calendar import TariffCalendar
from gateway.upkeep import OWN_ADDRESS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping

    from gateway.config.tables import Config, MeterTable, MqttTable
    from gateway.config.web import WebTable
    from gateway.daemon.clock import HostClock
    from gateway.daemon.joint import Joint
    from gateway.daemon.monitor import HouseMonitor
    from gateway.daemon.publication import Publication
    from gateway.daemon.requests import HouseRequests
    from gateway.daemon.security_at_page import PageSecurity
    from gateway.notices.delivery.ways import HouseholdWays
    from gateway.tic.tariff_calendar import Prices
    from gateway.web.access.first_visit import PresenceSigns
    from gateway.web.page import HousePage
    from gateway.web.part import PageGroup
    from gateway.web.reader import StoreReader
    from gateway.web.sharing.stored import StoredSharing
    from gateway.web.site import Site
    from gateway.web.wifi.arrival import ArrivalSite

    Call = Callable[..., Awaitable[Any]]

# How long a part may not come round before it is started again. An SD card may take minutes to breathe again, a lost
# server is tried every six minutes and a half.
LINE_PATIENCE_S, STORE_PATIENCE_S, _SERVER_PATIENCE_S = 120.0, 300.0, 600.0
# A release is fetched over the slowest line.
UPDATES_PATIENCE_S = 7_200.0


async def build(config: Config, host: HostClock, call: Call, hurry: Callable[[], None]) -> House:
    """The house of a configuration, its store open. Raises ConfigError and StoreError; then nothing is left open.

    Args:
        config: the checked configuration; the database has been prepared and the lock is ours.
        host: whether the host knows the time.
        call: ``await call(function, *arguments)`` runs something of the store on its thread.
        hurry: called when a commit should not wait for the end of the minute.
    """
    tees = tees_of(config.meter)
    counters = Counters(config, call, host.time)
    store = await call(Store, config.directory)
    try:
        await call(note_start, store, config, host.boot)
        relays = Relays(hurry, host.time)
        owners: dict[str, MeterReader] = {}
        prices = tariff_prices(config)
        meters = {
            m.name: await _reader(m, config, tees, relays, host, owners, store, call, prices) for m in config.meter
        }
        await counters.resume(store.meters, store.readings)
        now = Now(config, store, call, host.time)
        notices = HouseholdNotices(config, now, store.notified, store, call, host.since_boot())
        await notices.resume()
        doctors = LineDoctors(meters, {meter.name: meter.source for meter in config.meter})
        standing = HouseStanding(store.outbox, call, meters, now, notices, doctors)
        disk = DiskSpace(config.directory)
        updates = HouseUpdates(config, host, store.journal, call, notices)
    except BaseException:
        await call(store.close)
        raise
    writer = StoreWriter(config, store, call)
    of_house = (config, host, call, store, meters, tees, counters, relays, writer, disk, now, notices)
    house = House(*of_house, NoWays(store.household, call, host.time), standing, doctors, NoFederation(), updates)
    try:
        house.ways = ways_of(house)
        house.federation = federation_of(house)
    except BaseException:
        await call(store.close)
        raise
    _join(house)
    return house


def _join(house: House) -> None:
    nightly = Nightly(house.config.directory, lambda: house.config.backup is not None)
    writer = house.writer
    house.standing.of += [
        partial(links_of_meters, house),
        house.counters.links,
        lambda now: [writer.link(now), house.disk.link(now), writer.degradation.link(now)],
        lambda now: nightly.links(now, house.host.time()),
        # Late: it may be another one then.
        lambda now: [*house.federation.links(now)],
        lambda now: [*house.ways.links(now)],
        house.updates.links,
    ]
    house.standing.shared = partial(links_with_shares, house)
    # The present is nobody's but the faces': what fails there costs no reading.
    for name, reader in house.meters.items():
        reader.listeners.append(house.cells.shielded("watch", partial(house.now.hear, name)))


def tees_of(meters: Iterable[MeterTable]) -> dict[str, Tee]:
    """Whoever is given their bytes, by the meter's name."""
    return {meter.name: Tee(meter.name, *meter.tee_at) for meter in meters if meter.tee_at is not None}


def line_of(meter: MeterTable, config: Config, tees: Mapping[str, Tee]) -> Line:
    """The line of a meter that no board relays."""
    source: Source = parse_source(meter.source, config.path("."))
    return Line(meter.name, TeedSource(source, tees[meter.name]) if meter.name in tees else source, meter.mode)


async def _reader(
    meter: MeterTable,
    config: Config,
    tees: Mapping[str, Tee],
    relays: Relays,
    host: HostClock,
    owners: dict[str, MeterReader],
    store: Store,
    call: Call,
    prices: Prices,
) -> MeterReader:
    line: Listening
    if board := board_of(meter.source):
        line = relays.line(meter.name, board, meter.mode, await call(store.relayed.reached, board))
    else:
        line = line_of(meter, config, tees)
    known = await call(store.meters.add, meter.name, meter.sensor, meter.prm)
    values = await call(store.readings.last_values, meter.name)
    kept = await call(store.undated.count, meter.name, host.boot)
    notes = await call(store.tariff_notes.recent, meter.name, known.last_time)
    last = {path: value for path, (_, value) in values.items()}
    calendar = TariffCalendar(notes, last, known.last_time, known.address, prices)
    return MeterReader(known, values, line, host, Belief(meter.clock), kept, owners, calendar)


def ways_of(house: House) -> HouseholdWays | NoWays:
    """By which ways the household is told, as its configuration has them now; the same, changed, where it has some."""
    config, store = house.config, house.store
    if not config.notice:
        return NoWays(store.household, house.call, house.host.time, at_once=isinstance(house.ways, NoWays))
    # Here and not above: whoever is told at the page and by chat needs no way in memory.
    from gateway.notices.delivery import way  # noqa: PLC0415
    from gateway.notices.delivery.ways import HouseholdWays  # noqa: PLC0415

    known = way.ways_of(config)
    if isinstance(house.ways, HouseholdWays):
        # What waits on a way that stays is told there.
        house.ways.change(known)
        return house.ways
    parts = store.household, house.call, house.host.time, house.notices.is_calm
    return HouseholdWays(known, *parts, began=house.ways.began, contact=contact())


def contact() -> str:
    """To whom a push service may write of what gateways send: the project's owner, where one has said so."""
    from gateway.upkeep.owner import owner  # noqa: PLC0415

    return owner().security_contact or owner().url


def federation_of(house: House) -> Publication | NoFederation:
    """The house's end of the federation, as its configuration has it now."""
    config, store, call, standing, disk = house.config, house.store, house.call, house.standing, house.disk
    if config.federation is None:
        return NoFederation()
    # Here and not above: whoever keeps everything at home needs no XMPP in memory, a third of it all.
    from gateway.daemon.publication import Publication  # noqa: PLC0415
    from gateway.links.health import condition_of  # noqa: PLC0415
    from gateway.notices.chat.answers import Answers  # noqa: PLC0415

    answers = Answers(config, store, call, standing.now, time.time, house.addresses)
    return Publication(
        *(config, config.federation, store, call, answers.answer),
        health=lambda: house.updates.for_installer(
            condition_of(standing.own_links(time.monotonic()), disk.room_or_none())
        ),
        update=house.updates.asked,
        notices=house.notices,
        clock=house.host.time,
    )


def join_broker(house: House, account: MqttTable, lookout: HouseMonitor, requests: HouseRequests, joint: Joint) -> None:
    """The broker of the house, what it is told, and the boards that relay by it."""
    # Here and not above: without a broker in the house its library need not be there, nor take memory.
    from gateway.daemon.board_updates import programs_of  # noqa: PLC0415
    from gateway.mqtt.broker import Broker  # noqa: PLC0415
    from gateway.mqtt.feed import Feed  # noqa: PLC0415
    from gateway.mqtt.home_assistant import HomeAssistant  # noqa: PLC0415

    broker = Broker(house.config, account, STATUS)
    with joint.putting(house.now.listeners):
        feed = Feed(broker, house.now)
    household, relays = house.config.household, house.relays
    with joint.putting(house.now.listeners):
        devices = HomeAssistant(broker, house.now, account, household.language if household else "fr")
    house.boards = BoardReports(house.host.time)
    house.boards.join(broker, relays)
    joint.keep("boards", programs_of(house, house.boards), store_patience_s(house.config))
    joint.put(house.standing.of, lambda _: [broker.link()])
    joint.put(lookout.lookers, house.cells.shielded("feed", feed.look))
    joint.put(requests.speakers, devices.speak)
    joint.keep("broker", broker, LINE_PATIENCE_S)
    joint.keep("feed", feed, store_patience_s(house.config))
    joint.keep("home assistant", devices, LINE_PATIENCE_S)
    if relays.boards:
        relays.join(broker)
        work = partial(relays.run, broker)
        joint.add("relays", work, lambda: relays.alive_at, LINE_PATIENCE_S)


def open_page(house: House, web: WebTable, requests: HouseRequests, joint: Joint) -> None:
    """The page of the house."""
    # Here and not above: a house without a page needs none of it in memory.
    from gateway.upkeep.authority.maker import HelpedMaker  # noqa: PLC0415
    from gateway.web.page import HousePage, addresses, found_name  # noqa: PLC0415

    def certify(names: tuple[str, ...]) -> Awaitable[object]:
        return requests.answer(AskHelper(act="make-certificate", arguments={"names": names}, by="gateway"))

    page = HousePage(
        house.config,
        web,
        house.now,
        house.standing.report,
        house.standing.now,
        lambda: _parts_of_page(house, requests, page),
        HelpedMaker(tuple(house.config.settings.written.get("web", {}).get("names", ())), found_name, certify),
        house.host.time,
        _security_txt,
        house.settle,
    )
    if page.entrance:
        page.entrance.invited = requests.invited
        page.entrance.signs, page.entrance.note = partial(_signs_of, house, web), partial(note_taken, house)
    page.answer_elsewhere(partial(_own_wifi, requests, web.address[1]))
    joint.put(house.standing.of, page.links)
    joint.put(requests.pages, page)
    joint.put(house.pages, lambda: addresses(web))
    joint.keep("page", page, store_patience_s(house.config))
    if page.encrypted:
        joint.keep("page encrypted", page.encrypted, store_patience_s(house.config))


def _signs_of(house: House, web: WebTable) -> PresenceSigns:
    from gateway.daemon.presence import signs_of  # noqa: PLC0415 (with the first who has no password)

    return signs_of(house, web)


def _own_wifi(requests: HouseRequests, port: int, address: str, site: Site) -> ArrivalSite | None:
    """Who answers at the gateway's own Wi-Fi, while it is open; None at each other address."""
    if address != OWN_ADDRESS:
        return None
    from gateway.daemon.own_wifi import arrival_at  # noqa: PLC0415 (few houses ever have it)

    return arrival_at(address, requests, port, site)


def _security_txt() -> str:
    from gateway.upkeep.owner import owner  # noqa: PLC0415 (read when somebody asks)

    return owner().security_txt(datetime.now(UTC))


def _parts_of_page(house: House, requests: HouseRequests, page: HousePage) -> tuple[PageGroup, ...]:
    # Here and not above: a house in which nobody looks at the page needs none of it in memory.
    from gateway.web.cost import routes as cost  # noqa: PLC0415
    from gateway.web.help.routes import help_pages  # noqa: PLC0415
    from gateway.web.history import routes as history  # noqa: PLC0415
    from gateway.web.history.stored import HouseholdPast  # noqa: PLC0415
    from gateway.web.https.routes import https  # noqa: PLC0415
    from gateway.web.places.routes import page_of_places  # noqa: PLC0415
    from gateway.web.reader import StoreReader  # noqa: PLC0415
    from gateway.web.repair.routes import repair  # noqa: PLC0415
    from gateway.web.repair.stored import StoredPoints  # noqa: PLC0415
    from gateway.web.roof.routes import page_of_roofs  # noqa: PLC0415
    from gateway.web.security.routes import security  # noqa: PLC0415
    from gateway.web.sharing.routes import sharing  # noqa: PLC0415
    from gateway.web.sharing.stored import StoredSharing  # noqa: PLC0415

    config, reader = house.config, StoreReader(house.config.directory, house.settle)
    past = HouseholdPast(config, reader)
    shared = StoredSharing(config, requests.answer, reader, house.now.count_requests)
    return (
        *(history.part(past), cost.part(past)),
        *(page_of_places(config, reader), page_of_roofs(config, reader)),
        sharing(shared),
        repair(StoredPoints(reader, requests.answer)),
        *_settings_of_page(house, requests, reader),
        security(partial(_security_of, house, page, shared, reader)),
        https(page.encrypted, redirects=config.web is not None and config.web.http == "redirect"),
        help_pages(),
    )


def _security_of(house: House, page: HousePage, shared: StoredSharing, reader: StoreReader) -> PageSecurity:
    from gateway.daemon.security_at_page import PageSecurity  # noqa: PLC0415 (with the first who looks)

    return PageSecurity(house, page, shared, reader)


def _settings_of_page(house: House, requests: HouseRequests, reader: StoreReader) -> Iterator[PageGroup]:
    """What is set there, a topic each."""
    from gateway.daemon.accounts_at_page import PageAccount, PageBroker  # noqa: PLC0415
    from gateway.daemon.boards_at_page import who_listens  # noqa: PLC0415
    from gateway.daemon.machine_at_page import PageMachine  # noqa: PLC0415
    from gateway.daemon.ways_at_page import PageWays  # noqa: PLC0415
    from gateway.web.accounts.routes import accounts  # noqa: PLC0415
    from gateway.web.joining.routes import joining  # noqa: PLC0415
    from gateway.web.machine.routes import machine  # noqa: PLC0415
    from gateway.web.notices.routes import notices  # noqa: PLC0415
    from gateway.web.series.routes import series  # noqa: PLC0415
    from gateway.web.series.stored import stored_series  # noqa: PLC0415
    from gateway.web.settings.routes import settings  # noqa: PLC0415
    from gateway.web.settings.stored import StoredSettings  # noqa: PLC0415
    from gateway.web.tariff.routes import tariff  # noqa: PLC0415
    from gateway.web.tariff.stored import StoredTariffs  # noqa: PLC0415
    from gateway.web.updates.routes import updates  # noqa: PLC0415

    config = house.config
    yield settings(StoredSettings(config, requests.change, house.commit, reader))
    yield tariff(StoredTariffs(config, requests.put, reader))
    yield notices(PageWays(house, requests))
    yield accounts(PageBroker(house, requests), PageAccount(house, requests))
    yield joining(requests.joining_at_page)
    yield series(partial(stored_series, config, reader))
    yield from who_listens(house)
    yield updates(house.updates.for_the_page, house.updates.has_ended)
    yield machine(PageMachine(house, requests))
    yield from _files_of_page(house, requests)


def _files_of_page(house: House, requests: HouseRequests) -> Iterator[PageGroup]:
    """What is taken along, and brought back."""
    from gateway.daemon.copies_at_page import PageCopy  # noqa: PLC0415
    from gateway.daemon.nightly_at_page import PageNightly  # noqa: PLC0415
    from gateway.daemon.restore_at_page import PageRestore  # noqa: PLC0415
    from gateway.store.copies import BACKUP_TAKEN_ALONG, TAKEN_ALONG  # noqa: PLC0415
    from gateway.web.backup.routes import backup  # noqa: PLC0415
    from gateway.web.data.routes import data  # noqa: PLC0415
    from gateway.web.data.stored import StoredData  # noqa: PLC0415

    config = house.config
    # One that is being prepared outlasts a page that is made anew.
    copies = requests.copies
    archive = copies.setdefault(TAKEN_ALONG, PageCopy(config, TAKEN_ALONG, ("privacy", "export", "--to")))
    by_itself = "--passphrase-file", "/dev/stdin"
    saved = copies.setdefault(BACKUP_TAKEN_ALONG, PageCopy(config, BACKUP_TAKEN_ALONG, ("backup",), by_itself))
    requests.restore = requests.restore or PageRestore(config, requests.answer)
    yield backup(PageNightly(house, requests), saved, requests.restore)
    yield data(StoredData(config, requests.answer, lambda: requests.answer(PageCode())), archive)


def join_federation(house: House, lookout: HouseMonitor, joint: Joint) -> None:
    """What the federation is told; nothing where the house has no account."""
    for name, part in house.federation.parts().items():
        joint.keep(f"federation {name}", part, _SERVER_PATIENCE_S)
    for name, meter in house.meters.items():
        joint.put(meter.listeners, house.cells.shielded("federation live", partial(house.federation.hear, name)))


def join_ways(house: House, lookout: HouseMonitor, joint: Joint) -> None:
    """By which ways the household is told."""
    joint.keep("notices", house.ways, store_patience_s(house.config))
    joint.put(lookout.listeners, house.cells.shielded("notices", house.ways.tell))


def store_patience_s(config: Config) -> float:
    """How long what waits for the store may not come round."""
    return STORE_PATIENCE_S + config.store.commit_interval_s
