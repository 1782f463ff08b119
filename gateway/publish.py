"""The gateway's end of the federation, joined: one session, and on it the commands and the delivery."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from gateway.config import read_password
from gateway.federation.commands import Commands
from gateway.federation.delivery import Delivery
from gateway.federation.fields import COMMAND_NAMES
from gateway.federation.inbox import Inbox
from gateway.federation.session import Account, Session
from gateway.federation.stanza import OURS, QUOALISE, RECEIPTS, Publisher
from gateway.household import Household
from gateway.share import wanted_of
from gateway.status import BROKEN, OK, WAITING, Link, provider_link

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gateway.alerts import Alert
    from gateway.config import Config, Federation
    from gateway.store.store import Store


class Publication:
    """Publishes what the store holds to whom the household has allowed.

    Args:
        config: the whole configuration; its federation table is ``account``.
        account: where and as whom to connect.
        store: asked through ``call``, on the store's thread.
        call: ``await call(function, *arguments)``.
    """

    def __init__(self, config: Config, account: Federation, store: Store, call: Callable[..., Awaitable[Any]]) -> None:
        # Set by whoever wrote something: there may be something to send.
        self.wake = asyncio.Event()
        ca_file = config.path(account.ca_file) if account.ca_file else None
        login = Account(account.jid, read_password(config), account.address, ca_file, account.resource)
        self._session = Session(login, features=(QUOALISE, OURS, RECEIPTS), commands=COMMAND_NAMES)
        application, server = self._session.jid.user, self._session.jid.domain
        publisher = Publisher(application, server, account.max_retention, primary=account.units == "primary")
        self._delivery = Delivery(
            self._session, store, call, publisher, self.wake, max_stanza_bytes=account.max_stanza_bytes
        )
        self._commands = Commands(self._session, store, call, publisher, self._delivery.resume)
        wanted = [wanted_of(one) for one in config.received]
        # Also of providers that are in the configuration no more, and whose data are still here.
        self._inbox = Inbox(self._session, store, call, wanted) if wanted or store.received_providers() else None
        told = config.household
        self._household = Household(self._session, told.address, told.language) if told else None

    async def run(self, stop: asyncio.Event) -> None:
        """Stay connected, answer and send until ``stop``; returns within 3 s of it."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._session.run(stop), name="session")
            group.create_task(self._commands.run(stop), name="commands")
            group.create_task(self._delivery.run(stop), name="delivery")
            if self._inbox:
                group.create_task(self._inbox.run(stop), name="inbox")

    def tell(self, alert: Alert) -> None:
        """Tell the household, if it wants to be told."""
        if self._household:
            self._household.tell(alert)

    def rounds(self) -> dict[str, Callable[[], float]]:
        """Task -> when it last came round (monotonic seconds): each does so within a minute or a backoff."""
        inbox = self._inbox
        return {
            "session": lambda: self._session.came_round,
            "commands": lambda: self._commands.came_round,
            "delivery": lambda: self._delivery.came_round,
        } | ({"inbox": lambda: inbox.came_round} if inbox else {})

    def provider_links(self) -> list[Link]:
        """How each source of received series stands."""
        now = time.time()
        return [provider_link(supply, now) for supply in self._inbox.supplies()] if self._inbox else []

    def link(self) -> Link:
        """The state of the connection."""
        state = self._session.state
        age = time.time() - state.since
        if state.connected:
            return Link("xmpp", OK, age, "connected")
        if state.error:
            return Link("xmpp", BROKEN, age, f"{state.error}; attempt {state.attempts}")
        return Link("xmpp", WAITING, age, "connecting")
