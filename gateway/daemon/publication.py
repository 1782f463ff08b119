"""The gateway's end of the federation, joined: one session, and on it the commands and the delivery."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any

from gateway.account.act import account_of, do
from gateway.account.hand_over import HandOver
from gateway.account.password_file import password_file
from gateway.consent.orders import Compare, Totals
from gateway.consent.text import RequestRemark, asked_text, notice_text
from gateway.control.messages import AccountOrder
from gateway.errors import GatewayError, StoreError
from gateway.federation.connection.session import Session
from gateway.federation.connection.strangers import SenderLimits
from gateway.federation.connection.waiting import MadeLater, wait_any
from gateway.federation.provider.announcer import Announcer
from gateway.federation.provider.commands import Commands
from gateway.federation.provider.delivery import Delivery
from gateway.federation.provider.live import LiveValues
from gateway.federation.wire.fields import COMMAND_NAMES
from gateway.federation.wire.stanza import OURS, QUOALISE, RECEIPTS, Publisher
from gateway.links.link import BROKEN, OK, WAITING, Link, LinkKind, watcher_link
from gateway.notices.chat.conversation import Chat
from gateway.notices.chat.messages import HouseholdMessages
from gateway.store.domains import domain_of
from gateway.store.terms import LANGS, AccessRequest
from gateway.tic.reading import Kind, Reading
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence
    from datetime import datetime

    from gateway.config.tables import Config, FederationTable
    from gateway.config.tables import HouseholdTable as Told
    from gateway.consent.orders import Order, Row
    from gateway.daemon.comparisons import HouseComparisons
    from gateway.federation.provider.health import Condition
    from gateway.federation.provider.update import UpdateStanding
    from gateway.federation.recipient.inbox import Inbox
    from gateway.federation.recipient.supply import SupplyRequest
    from gateway.links.alerts import Alert
    from gateway.notices.chat.questions import HouseholdQuestion
    from gateway.notices.deciding.household import HouseholdNotices
    from gateway.process.cells import Part
    from gateway.store.store import Store

log = logging.getLogger(__name__)

_KNOWN_EVERY_S = 60.0
# For so long the readings of a minute wait to be on the card with what is noted of their messages.
_TURN_S = 1.0
# Of how many requests for access a household is told by message in a day, and of one domain; all wait in the store.
_ASKED_A_DAY, _ASKED_OF_DOMAIN, _DAY_S = 5, 2, 86400


class _Wake:
    """Wakes everybody who may have something to send."""

    def __init__(self) -> None:
        self.delivery, self.announcer = asyncio.Event(), asyncio.Event()

    def set(self) -> None:
        """There may be something."""
        self.delivery.set()
        self.announcer.set()


_CONNECTED, _CONNECTING = Phrase("connected"), Phrase("connecting")
_NOT_CONNECTED = Phrase("the gateway has no connection to its server now ({why}); nothing was changed")
_TRIED = Phrase("{error}; attempt {count}")


class _Round:
    """Something that is done again and again until ``stop``."""

    def __init__(self, work: Callable[[], Awaitable[None]], every_s: float) -> None:
        self._work, self._every_s = work, every_s
        self.alive_at = time.monotonic()

    async def run(self, stop: asyncio.Event) -> None:
        """Until ``stop``."""
        while not stop.is_set():
            self.alive_at = time.monotonic()
            await self._work()
            await wait_any(self._every_s, stop)


class Publication:
    """Publishes what the store holds to whom the household has allowed.

    Args:
        config: the whole configuration; its federation table is ``account``.
        account: where and as whom to connect.
        store: asked through ``call``, on the store's thread.
        call: ``await call(function, *arguments)``.
        answer: what the household is answered; without it nobody is.
        health: how the gateway is, for whom the household lets ask.
        update: asks the household for an installer whom it lets ask.
        notices: what the household is told of its recipients.
        clock: POSIX seconds; None while nobody knows the time.
    """

    def __init__(
        self,
        config: Config,
        account: FederationTable,
        store: Store,
        call: Callable[..., Awaitable[Any]],
        answer: Callable[[HouseholdQuestion, str], Awaitable[str]] | None = None,
        health: Callable[[], Condition] | None = None,
        update: Callable[[str, str, bool], Awaitable[UpdateStanding]] | None = None,
        notices: HouseholdNotices | None = None,
        clock: Callable[[], float | None] = time.time,
    ) -> None:
        # Set by whoever wrote something: there may be something to send.
        self.wake = _Wake()
        self._store, self._call, self._made_here = store, call, _made_here(config)
        self._passwords, self._changing = password_file(config), asyncio.Lock()
        self._known: frozenset[str] = frozenset()
        self._asked: list[tuple[float, str]] = []
        self._providers = {one.sender for one in _wanted(config)}
        self._doorkeeper = SenderLimits(lambda bare: bare in self._known)
        session = self._session = self._connection(config)
        user, domain = session.jid.user, session.jid.domain
        publisher = self._publisher = Publisher(user, domain, account.max_retention, primary=account.units == "primary")
        self._delivery = self._deliver(publisher, account)
        self._beside, presences = (config.store, self.wake.set, notices, clock), self._delivery.presences
        self._comparisons = MadeLater(presences.there, self._make_comparisons)
        self._announcer = self._announce(publisher)
        self._live = LiveValues(session, store.watching, store.transfers, call, publisher)
        self._commands = self._answer_commands(publisher, account, health, update)
        self._inbox = self._take_in(config)
        self._hand_over = HandOver(config.directory, config.page_file, self._take_over)
        addresses, language = _addresses(config.household)
        self._household = HouseholdMessages(session, addresses, language)
        self._chat = Chat(session, self._household.addresses, language, answer) if answer else None

    def _connection(self, config: Config) -> Session:
        return Session(
            account_of(config, self._passwords.candidates()[0]),
            features=(QUOALISE, OURS, RECEIPTS),
            commands=COMMAND_NAMES,
            doorkeeper=self._doorkeeper,
            passwords=self._passwords,
        )

    def _make_comparisons(self) -> HouseComparisons:
        from gateway.daemon.comparisons import HouseComparisons  # noqa: PLC0415 (few houses have recipients)

        parts = self._session, self._store, self._call, self._publisher, self._delivery.presences
        return HouseComparisons(*parts, *self._beside)

    def _take_in(self, config: Config) -> Inbox | None:
        """What takes in what others send; None where nobody does, and nothing of anybody is here."""
        if not config.received and not self._store.of_others.any():
            return None
        from gateway.federation.recipient.inbox import Inbox  # noqa: PLC0415 (few houses receive anything)

        store, wanted = self._store, _wanted(config)
        # Also of providers that are in the configuration no more, and whose data are still here.
        known = wanted or store.providers.all()
        return Inbox(self._session, store.providers, store.received, self._call, wanted) if known else None

    def _deliver(self, publisher: Publisher, account: FederationTable) -> Delivery:
        return Delivery(
            self._session,
            self._store.outbox,
            self._store.subscriptions,
            self._store.absences,
            self._store.pseudonyms,
            self._store.journal,
            self._call,
            publisher,
            self.wake.delivery,
            max_stanza_bytes=account.max_stanza_bytes,
            batch_s=account.batch_s,
        )

    def _announce(self, publisher: Publisher) -> Announcer:
        return Announcer(
            self._session,
            self._store.notices,
            self._store.absences,
            self._store.meters,
            self._store.subscriptions,
            self._store.outbox.epoch,
            self._call,
            publisher,
            notice_text,
            self.wake.announcer,
        )

    def _answer_commands(
        self,
        publisher: Publisher,
        account: FederationTable,
        health: Callable[[], Condition] | None,
        update: Callable[[str, str, bool], Awaitable[UpdateStanding]] | None,
    ) -> Commands:
        return Commands(
            self._session,
            self._store,
            self._call,
            publisher,
            self._returned,
            live=self._live,
            asked=self._tell_asked,
            open_catalogue=account.strangers == "catalogue",
            health=health,
            update=update,
            made_here=self._made_here,
        )

    async def _take_over(self) -> None:
        await self.order(AccountOrder(action="password"))

    def parts(self) -> dict[str, Part]:
        """What is to run until the gateway stops, each by itself; each ends within 3 s of that."""
        parts: dict[str, Part] = {
            "session": self._session,
            "commands": self._commands,
            "delivery": self._delivery,
            "announcer": self._announcer,
            "live": self._live,
            "comparisons": self._comparisons,
            "known": _Round(self._know, _KNOWN_EVERY_S),
            "hand-over": self._hand_over,
        }
        if self._chat:
            parts["chat"] = self._chat
        if self._inbox:
            parts["inbox"] = self._inbox
        return parts

    def hear(self, meter: str, readings: Iterable[Reading], at: datetime | None, *, standard: bool) -> None:
        """Show what a meter says this second to who watches; what nobody can date is shown to nobody."""
        if at is not None:
            # Curves and maxima have times of their own, and are told when they are stored.
            values = {r.series: r.value for r in readings if r.kind not in (Kind.MEAN, Kind.MAXIMUM)}
            self._live.say(meter, values, int(at.timestamp()))

    def handlers(self) -> dict[type[Order[Any]], Callable[[Any], Awaitable[object]]]:
        """The orders that are done here."""
        return {AccountOrder: self.order, Compare: self._compare, Totals: self._totals}

    async def _compare(self, order: Compare) -> Row:
        return await self._comparisons.made.order(order)

    async def _totals(self, order: Totals) -> list[str]:
        return await self._comparisons.made.totals(order)

    async def leave(self) -> None:
        """Have what was written leave; return when it has had its turn, or when that takes too long."""
        self._delivery.turned.clear()
        self.wake.set()
        if self._session.connected.is_set():
            await wait_any(_TURN_S, self._delivery.turned)

    async def settle(self) -> None:
        """Return when all that was noted as handed over is in the socket: no more leaves on a consent that ended."""
        await self._session.departures.over()

    async def note_shown(self) -> None:
        """Have the log of transfers hold what was shown live until now."""
        await self._live.note_shown()

    def _returned(self, origin: str, after: int | None) -> None:
        self._delivery.resume(origin, after)
        # What came back to us while it was away is due now.
        self.wake.announcer.set()

    async def order(self, order: AccountOrder) -> list[str] | None:
        """Do something with the account for the command line; GatewayError with the reason when it cannot be done."""
        async with self._changing:
            self._require_connection()
            return await do(self._session, self._passwords, order)

    def _require_connection(self) -> None:
        if not self._session.connected.is_set():
            raise GatewayError(_NOT_CONNECTED.filled(why=self._session.state.error or _CONNECTING))

    async def _know(self) -> None:
        """Know whom the household has to do with, a minute late at most: a stranger's share is enough until then."""
        try:
            consents, answers = await self._call(lambda: (self._store.consents.all(), self._store.health.all()))
        except StoreError as error:
            log.debug("the consents could not be read: %s", error)
        else:
            now = time.time()
            allowed = {c.recipient for c in consents if c.valid(now)}
            self._known = frozenset(self._partners() | allowed | {a.installer for a in answers if a.valid(now)})

    def _partners(self) -> set[str]:
        """Whom the household itself wrote down: not strangers at the door."""
        return {*self._providers, *self._household.addresses}

    def address_household(self, told: Told | None) -> None:
        """Tell and answer the household there from now on; nobody where it is None. ConfigError for what is no JID."""
        addresses, language = _addresses(told)
        self._household.move(addresses, language)
        if self._chat:
            self._chat.move(self._household.addresses, language)

    def take_over(self, former: object) -> None:
        """Tell the household what it could not be told by the one before."""
        if isinstance(former, Publication):
            self._household.take_over(former._household)  # noqa: SLF001 (another of its own kind)

    def tell(self, alert: Alert) -> None:
        """Tell the household, if it wants to be told."""
        self._household.tell(alert)

    @property
    def waiting(self) -> frozenset[str]:
        """Of which links and news a message to the household has not left yet."""
        return self._household.waiting

    @property
    def turned_away(self) -> int:
        """How many messages were too much of their sender and were not taken in, since this runs."""
        return self._doorkeeper.turned_away

    def _tell_asked(self, request: AccessRequest) -> None:
        """Tell the household who asks it for access; a flood of strangers shall not drown its alerts."""
        now, domain = time.time(), domain_of(request.jid)
        self._asked = [(at, one) for at, one in self._asked if now - _DAY_S < at <= now]
        of_domain = sum(one == domain for _, one in self._asked)
        if not self._household.addresses or len(self._asked) >= _ASKED_A_DAY or of_domain >= _ASKED_OF_DOMAIN:
            return
        self._asked.append((now, domain))
        more = RequestRemark.LAST_OF_DOMAIN if of_domain + 1 == _ASKED_OF_DOMAIN else RequestRemark.NOTHING
        more = RequestRemark.LAST if len(self._asked) == _ASKED_A_DAY else more
        self._household.say({lang: asked_text(request, lang, more) for lang in LANGS})

    def links(self, _now: float) -> list[Link]:
        """The connection's, and those of whom it is with."""
        return [self.link(), *self.provider_links(), *self.watch_links()]

    def provider_links(self) -> list[Link]:
        """How each source of received series stands."""
        if not self._inbox:
            return []
        from gateway.links.supplies import provider_link  # noqa: PLC0415 (few houses receive anything)

        now = time.time()
        return [provider_link(supply, now) for supply in self._inbox.supplies()]

    def watch_links(self) -> list[Link]:
        """Who sees the meters live now."""
        return [
            watcher_link(watch.recipient, watch.prefix, watch.interval_s, watch.until) for watch in self._live.watches
        ]

    def link(self) -> Link:
        """The state of the connection."""
        state = self._session.state
        age = time.time() - state.since
        if state.connected:
            return Link(LinkKind.XMPP, "", OK, age, _CONNECTED)
        if state.error:
            return Link(LinkKind.XMPP, "", BROKEN, age, _TRIED.filled(error=state.error, count=state.attempts))
        return Link(LinkKind.XMPP, "", WAITING, age, _CONNECTING)


def _wanted(config: Config) -> list[SupplyRequest]:
    if not config.received:
        return []
    from gateway.household.share import wanted_of  # noqa: PLC0415 (few houses receive anything)

    return [wanted_of(one) for one in config.received]


def _made_here(config: Config) -> frozenset[str]:
    """The counters of what the house makes itself."""
    if not config.counter:
        return frozenset()
    from gateway.household.series import made_here  # noqa: PLC0415 (few houses count anything besides their meter)

    return frozenset(made_here(config))


def _addresses(told: Told | None) -> tuple[Sequence[str], str]:
    """Whom to tell, and in which language first."""
    return (told.addresses, told.language) if told else ((), "fr")
