"""Gateways that join: each message is looked up in the database and answered; strangers, so bounded in every way.

Several processes of an account may be told the same: whoever is second finds it done, and answers alike.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from typing import TYPE_CHECKING

from gateway.collector import invitations
from gateway.errors import SenMLError, StoreError
from gateway.federation.connection.waiting import ROUND_S, wait_any
from gateway.federation.wire.pairing import JOIN, build_answer, parse_request

if TYPE_CHECKING:
    from psycopg import AsyncConnection

    from gateway.collector.database import Database
    from gateway.federation.connection.session import Session, Stanza
    from gateway.federation.wire.pairing import JoinRequest

log = logging.getLogger(__name__)

# What does not fit is not answered, and comes again.
_MOST_WAITING = 1_000


class Welcome:
    """Of one process.

    Args:
        session: the connection; listening begins at once.
        database: asked for each of them.
        account: whose invitations they are.
    """

    def __init__(self, session: Session, database: Database, account: str) -> None:
        self._session, self._database, self._account = session, database, account
        self._arrived = asyncio.Event()
        self._waiting: deque[tuple[Stanza, JoinRequest]] = deque()
        self.alive_at = time.monotonic()
        session.listen(f"{{jabber:client}}message/{JOIN}", self._take)

    async def run(self, stop: asyncio.Event) -> None:
        """Answer until ``stop``."""
        while not stop.is_set():
            self.alive_at = time.monotonic()
            self._arrived.clear()
            while self._waiting and not stop.is_set():
                await self._answer(*self._waiting.popleft())
                self.alive_at = time.monotonic()
            await wait_any(ROUND_S, stop, self._arrived)

    async def _answer(self, stanza: Stanza, asked: JoinRequest) -> None:
        async def work(db: AsyncConnection) -> tuple[str, str]:
            return await invitations.take(db, self._account, stanza.sender, asked)

        try:
            state, why = await self._database.run(work)
        except StoreError as error:
            # It is asked again.
            log.warning("an invitation could not be looked up: %s", error)
            return
        log.info("an invitation: %s%s", state, f" ({why})" if why else "")
        self._session.send_message(stanza.origin, stanza.id, *build_answer(state, why))

    def _take(self, stanza: Stanza) -> None:
        found = stanza.xml.find(JOIN)
        if stanza.type == "error" or found is None or len(self._waiting) >= _MOST_WAITING:
            return
        try:
            asked = parse_request(found)
        except SenMLError:
            return
        self._waiting.append((stanza, asked))
        self._arrived.set()
