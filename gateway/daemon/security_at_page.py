"""How safe one house is, as its page shows it: gathered from the parts that know it, reckoned nowhere anew."""

from __future__ import annotations

import asyncio
import time
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from gateway.consent.orders import HealthConsents, ListConsents, RefusedDomains
from gateway.daemon import exposure
from gateway.daemon.accounts_at_page import state_of
from gateway.daemon.boards_at_page import board_now, readable
from gateway.daemon.nightly_at_page import nightly
from gateway.links.link import BROKEN, WAITING, LinkKind
from gateway.store.connection import FILE_NAME
from gateway.store.pseudonyms import KEY_NAME
from gateway.web.dates import read
from gateway.web.security.values import (
    AccessFacts,
    BrowserNow,
    Installed,
    JournalFacts,
    MachineFacts,
    RefusedFacts,
    SecurityFacts,
    TlsFacts,
    UpdateFacts,
)
from gateway.words.catalogue import ENGLISH

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gateway.config.tables import Config
    from gateway.daemon.house import House
    from gateway.mqtt.boards.registry import Board
    from gateway.store.store import Archive
    from gateway.web.access.sessions import BrowserSession
    from gateway.web.page import HousePage
    from gateway.web.reader import StoreReader
    from gateway.web.security.values import BoardNow
    from gateway.web.sharing.stored import StoredSharing

_DAY_S, _REFUSED_DAYS = 86_400, 30
_STANDING = ("valid", "limited")
# The broker's, for boards and displays (systemd/mosquitto/linky.conf); 1883, in clear, is for this machine alone.
_BROKER_PORTS = (8883,)
_MOST_LINES = 12


class PageSecurity:
    """Of one house.

    Args:
        house: whose gateway runs.
        page: its page, with who is signed in.
        shared: what is shared, and the journal's last check.
        reader: of the database.
    """

    def __init__(self, house: House, page: HousePage, shared: StoredSharing, reader: StoreReader) -> None:
        self._house, self._page, self._shared, self._read = house, page, shared, reader.read

    async def facts(self, own: BrowserSession | None, *, encrypted: bool) -> SecurityFacts:
        """All of it. Raises GatewayError where the store cannot be read."""
        house, now = self._house, time.time()
        denied = await self._read(lambda archive: _denied(archive, now - _REFUSED_DAYS * _DAY_S))
        domains = await self._shared.ask(RefusedDomains())
        journal = await self._shared.journal()
        update, boards, machine = await asyncio.to_thread(self._on_disk)
        return SecurityFacts(
            now=now,
            since=started(house),
            nightly=nightly(house),
            update=update,
            tls=self._tls(encrypted=encrypted),
            refused=self._refused(denied, len(domains)),
            boards=boards,
            access=await self._access(own, now),
            machine=machine,
            journal=JournalFacts(
                journal.entries, journal.at, None if journal.at is None or journal.failed else not journal.fault
            ),
        )

    async def installed(self, lang: str) -> Installed:
        """What is known of the installation, in that language. Raises GatewayError."""
        house = self._house
        begun, versions, acts = await self._read(_lived)
        return Installed(
            begun=begun,
            versions=versions,
            meters=tuple((meter.name, meter.source.removeprefix("/dev/")) for meter in house.config.meter),
            acts=acts,
            duties=await asyncio.to_thread(_duties, lang),
            installer=self._shared.installer or "",
        )

    def sign_out(self, number: str, own: BrowserSession | None) -> bool:
        """Sign out the browser of that number, or, for an empty one, all but its own; whether there was any."""
        entrance = self._page.entrance
        if entrance is None:
            return False
        return bool(entrance.sessions.close_some(lambda one: one.number == number if number else one is not own))

    # --- what lies on the disk ---------------------------------------------------------------------------------------

    def _on_disk(self) -> tuple[UpdateFacts, tuple[BoardNow, ...], MachineFacts]:
        boards = readable(self._house.config.directory)
        return self._update(), tuple(board_now(self._house.boards, one) for one in boards), self._machine(boards)

    def _update(self) -> UpdateFacts:
        updates = self._house.updates
        watch, known = updates.watch, updates.standing("en")
        return UpdateFacts(
            running=known["running"],
            newer=known["newer"] or "",
            security=known["security"],
            under_way=known["wish"] is not None,
            checked=known["checked"],
            wanted=watch.wanted,
            failed=watch.fault is not None,
            support_end=known["support_end"] or "",
            keys=len(updates.trusted()),
            kind=watch.kind.value,
            fixes=exposure.fixes(),
        )

    def _machine(self, boards: Sequence[Board]) -> MachineFacts:
        from gateway.upkeep.owner import owner  # noqa: PLC0415 (read when somebody asks)

        config, directory = self._house.config, self._house.config.directory
        secrets = [*_secrets(config), *(directory / "boards" / f"{one.id}.json" for one in boards)]
        states = [link.state for link in self._house.standing.own_links(time.monotonic())]
        return MachineFacts(
            ports=exposure.listening(),
            own=(*self._own_ports(), *(_BROKER_PORTS if config.mqtt and _is_here(config.mqtt.host) else ())),
            enclosed=exposure.enclosed(),
            root=exposure.is_root(),
            exposed=exposure.exposed(secrets),
            foreign=sum(ip_network(one).is_global for one in config.web.networks) if config.web else 0,
            broker=self._broker(),
            broken=states.count(BROKEN),
            waiting=states.count(WAITING),
            told=bool(config.notice or config.household),
            contact=bool(owner().security_contact),
        )

    def _own_ports(self) -> list[int]:
        web = self._house.config.web
        ways = (web.address, web.encrypted_address) if web else ()
        tees = [meter.tee_at for meter in self._house.config.meter]
        return [way[1] for way in (*ways, *tees) if way]

    def _broker(self) -> str:
        mqtt = self._house.config.mqtt
        if mqtt is None:
            return "none"
        return "here" if _is_here(mqtt.host) else "encrypted" if mqtt.tls else "clear"

    # --- what the running parts know ---------------------------------------------------------------------------------

    def _tls(self, *, encrypted: bool) -> TlsFacts:
        from gateway.web.https.certificate import grouped  # noqa: PLC0415 (a page in clear alone needs none of it)

        way, web = self._page.encrypted, self._house.config.web
        if way is None or web is None:
            return TlsFacts(here=encrypted)
        shown, authority = way.certificate.shown, way.certificate.authority
        return TlsFacts(
            served=way.is_served,
            alone=way.is_served and web.http == "redirect",
            broken=any(link.state == BROKEN for link in way.links(time.monotonic())),
            until=shown.until.timestamp() if shown else None,
            fingerprint=grouped(shown.sha256) if shown else "",
            authority=authority.sha256 if authority else "",
            here=encrypted,
        )

    def _refused(self, denied: tuple[int, int | None], domains: int) -> RefusedFacts:
        house, entrance = self._house, self._page.entrance
        tries = entrance.refused if entrance else None
        return RefusedFacts(
            sign_ins=tries.count if tries else 0,
            strangers=tries.strangers if tries else 0,
            last=tries.last if tries else None,
            away=self._page.turned_away,
            senders=house.federation.turned_away if house.config.federation else None,
            denied=denied[0],
            denied_last=denied[1],
            boards=house.relays.refused if house.config.mqtt else None,
            waiting=house.now.requests,
            domains=domains,
        )

    async def _access(self, own: BrowserSession | None, now: float) -> AccessFacts:
        house, entrance = self._house, self._page.entrance
        consents, health = await self._shared.ask(ListConsents()), await self._shared.ask(HealthConsents())
        may = [row for row in health if row["state"] == "valid"]
        asks = self._shared.installer or ""
        account = state_of(house, LinkKind.XMPP)["state"] if house.config.federation else ""
        return AccessFacts(
            password=bool(entrance and entrance.ready),
            password_at=entrance.access.password_at if entrance else None,
            browsers=_browsers(entrance.sessions.all(time.monotonic()), own, now) if entrance else (),
            links=tuple((link.name, link.role.value) for link in entrance.access.links) if entrance else (),
            account=house.config.federation.jid if house.config.federation else "",
            account_state=account,
            pinned=bool(house.config.federation and house.config.federation.pin_only),
            recipients=tuple(dict.fromkeys(row["recipient"] for row in consents if row["state"] in _STANDING)),
            installers=tuple((row["recipient"], read(row["until"]).timestamp()) for row in may),
            asks="" if any(row["recipient"] == asks for row in health) else asks,
            broker=await house.call(_listeners, house.config.directory),
        )


def started(house: House) -> float:
    """When the gateway was started (POSIX seconds), by the clock of now: at its start it may have been wrong."""
    return time.time() - (time.monotonic() - house.started)


def _browsers(sessions: Sequence[BrowserSession], own: BrowserSession | None, now: float) -> tuple[BrowserNow, ...]:
    ago = now - time.monotonic()
    return tuple(
        BrowserNow(one.number, one.browser, one.began + ago, one.used + ago, own=one is own) for one in sessions
    )


def _denied(archive: Archive, since: float) -> tuple[int, int | None]:
    """How many were refused data for want of a consent, and when the last one."""
    found = archive.journal.latest("request-denied", since=since)
    return len(found), found[0][0] if found else None


def _lived(archive: Archive) -> tuple[int | None, tuple[tuple[str, int], ...], tuple[tuple[int, str, bool], ...]]:
    """When the house began; each version with its first start, the latest first; what root was asked for."""
    found = archive.journal.latest("restarted", "root-acted", "root-refused")
    versions: dict[str, int] = {}
    for at, facts in found:
        if facts["kind"] == "restarted":
            versions[str(facts.get("version", ""))] = at
    acts = [(at, str(facts.get("what", "")), facts["kind"] == "root-acted") for at, facts in found]
    asked = [one for one in acts if one[1]]
    return archive.journal.begun(), tuple(versions.items())[:_MOST_LINES], tuple(asked[:_MOST_LINES])


def _listeners(directory: Path) -> tuple[tuple[str, bool], ...]:
    from gateway.mqtt.boards.displays import Displays  # noqa: PLC0415

    return tuple((one.name, one.home_assistant) for one in Displays(directory).all())


def _secrets(config: Config) -> list[Path]:
    """Where a secret of the house may be: beside the database, and wherever the configuration has one."""
    state = config.directory
    named = [table.password_file for table in (config.federation, config.mqtt) if table]
    named += [one.url_file for one in config.notice]
    named += [config.backup.passphrase_file] if config.backup else []
    own = ("journal.key", KEY_NAME, "xmpp-password", "xmpp-password.new")
    found = [
        state / FILE_NAME,
        config.page_file,
        *(state / name for name in own),
        *sorted((state / "secrets").glob("*")),
    ]
    return [*found, *(config.path(name) for name in named if name)]


def _duties(lang: str) -> dict[str, tuple[str, str]]:
    from gateway.upkeep.duties.duties import read_duties  # noqa: PLC0415

    return {one.id: (one.source, one.asked.get(lang, one.asked[ENGLISH])) for one in read_duties()}


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
