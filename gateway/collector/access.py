"""Households are asked for their consent: each subscription that none has been asked for, once (``request_access``).

The words are those of ``[access]`` in the configuration. What a household answers it tells ``linky-collect run``, which
subscribes then; how the questions stand is asked here with ``my_access``, since a "no" is not asked again unless the
operator says so. Source: ``gateway.federation.provider.asking``, the side that answers.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections import Counter, deque
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from gateway.collector.database import Database
from gateway.errors import ConfigError, FederationError
from gateway.federation.connection.one_off import alone
from gateway.federation.wire.form import COMMANDS, build_submit
from gateway.federation.wire.stanza import OURS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from psycopg import AsyncConnection

    from gateway.collector.config import AccessTable, CollectorConfig
    from gateway.federation.connection.session import Session

# A server that is asked by hundreds at once holds some of them back.
_AT_ONCE = 32

# What an answer may say: a stranger wrote it, and it goes into the database.
_NUMBER, _STATES = re.compile("[0-9]{1,15}"), ("pending", "granted", "refused", "expired")

_OPEN = """
SELECT gateway.id, jid, resource, identifier, history_from, request, request_state, standing
FROM gateway JOIN subscription ON subscription.gateway = gateway.id
WHERE account = %(account)s AND wanted AND since IS NULL AND (%(jid)s::text IS NULL OR jid = %(jid)s)
ORDER BY jid, identifier
"""
_STANDS = "UPDATE subscription SET request_state = %s WHERE gateway = %s AND identifier = %s"
_ASKED = (
    "UPDATE subscription SET request = %s, request_state = %s, requested_at = now()"
    " WHERE gateway = %s AND identifier = %s"
)


@dataclass(frozen=True, slots=True)
class Unheard:
    """A subscription that no consent covers: its gateway, what is wanted of it, and the request that was made."""

    gateway: int
    jid: str
    resource: str
    identifier: str
    history_from: datetime | None
    request: int | None
    state: str | None
    standing: str

    @property
    def stands(self) -> str:
        """``pending``, ``granted``, ``refused``, ``expired``, ``ended`` (withdrawn); empty where nobody has asked."""
        return "ended" if self.standing == "ended" and self.state != "pending" else self.state or ""

    def may_be_asked(self, *, again: bool) -> bool:
        """Never while a question waits or was answered with yes; after a no, or a withdrawal, only ``again``."""
        return not self.stands or (again and self.stands in ("refused", "expired", "ended"))


@dataclass(slots=True)
class Result:
    """What came of it: how many subscriptions stand how, and of which nothing came, with the reason."""

    asked: int = 0
    stand: Counter[str] = field(default_factory=Counter)
    failed: list[tuple[str, str, str]] = field(default_factory=list)


def fields(words: AccessTable, identifier: str, history_from: datetime | None, now: datetime) -> dict[str, str]:
    """The form of ``request_access``, filled in; the access ends ``words.months`` months of 30.4 days from ``now``."""
    until = now + timedelta(days=words.months * 30.4)
    form = {
        "identifier": identifier,
        "granularity": words.granularity,
        "push": "1",
        "history": "0" if history_from is None else "1",
        "until": until.date().isoformat(),
        "purpose": words.purpose,
        "controller": words.controller,
        "contact": words.contact,
        "privacy": words.privacy,
        "role": words.role,
        "retention": words.retention,
    }
    if history_from is not None:
        form["history_from"] = history_from.astimezone(UTC).isoformat()
    code = {"code_url": words.code_url, "code_version": words.code_version, "code_hash": words.code_hash}
    return form | {var: word for var, word in code.items() if word}


async def ask(config: CollectorConfig, jid: str | None, *, again: bool, progress: Callable[[int, int], None]) -> Result:
    """Ask the gateways of the account, or the one with that bare JID.

    Raises ConfigError where ``[access]`` is missing, FederationError when the account's own server cannot be reached,
    StoreError when the database is away. What was asked until then stands in the database.
    """
    if config.access is None:
        raise ConfigError("[access]: is missing; write there what a household is told when it is asked")
    database = Database(config.database_conninfo())
    try:
        account = config.session_account(f"ask-{secrets.token_hex(4)}")
        wanted = await database.run(lambda db: _open(db, account.jid, jid))
        if not wanted:
            return Result()
        async with alone(account) as session:
            inquiry = _Inquiry(session, database, config.access, again=again)
            await inquiry.run([list(rows) for _, rows in groupby(wanted, lambda one: one.gateway)], progress)
            if not session.connected.is_set():
                raise FederationError("the connection to your own server was lost; ask again")
        return inquiry.result
    finally:
        await database.close()


class _Inquiry:
    """One round: gateways one after the other, several at once; each answer is kept before the next question."""

    def __init__(self, session: Session, database: Database, words: AccessTable, *, again: bool) -> None:
        self._session, self._database, self._words, self._again = session, database, words, again
        self.result = Result()

    async def run(self, gateways: Sequence[list[Unheard]], progress: Callable[[int, int], None]) -> None:
        waiting, done = deque(gateways), 0
        progress(0, len(gateways))

        async def in_turn() -> None:
            nonlocal done
            while waiting:
                await self._one(waiting.popleft())
                done += 1
                progress(done, len(gateways))

        async with asyncio.TaskGroup() as group:
            for _ in range(min(_AT_ONCE, len(gateways))):
                group.create_task(in_turn())

    async def _one(self, rows: Sequence[Unheard]) -> None:
        """A gateway's subscriptions."""
        known = await self._standing(rows)
        for row in known:
            if not row.may_be_asked(again=self._again):
                self.result.stand[row.stands] += 1
                continue
            form = fields(self._words, row.identifier, row.history_from, datetime.now(UTC))
            try:
                answer = await self._session.request(f"{row.jid}/{row.resource}", build_submit("request_access", form))
                number, state = numbered(answer)
            except FederationError as error:
                self.result.failed.append((row.jid, row.identifier, str(error)))
                continue
            await self._write(_ASKED, number, state, row.gateway, row.identifier)
            self.result.asked += 1

    async def _standing(self, rows: Sequence[Unheard]) -> list[Unheard]:
        """The same with how their requests stand now, where one was waiting and its gateway can be asked."""
        if not any(row.state == "pending" for row in rows):
            return list(rows)
        command = ET.Element(f"{{{COMMANDS}}}command", {"node": "my_access", "action": "execute"})
        try:
            answer = await self._session.request(f"{rows[0].jid}/{rows[0].resource}", command)
        except FederationError:
            # Then the questions still wait, as far as is known.
            return list(rows)
        told = {one.get("id"): one.get("state") for one in answer.iter(f"{{{OURS}}}request")}
        found = []
        for row in rows:
            # One that is not told any more is over: the gateway forgets what came to nothing.
            state = told.get(str(row.request), "expired") if row.state == "pending" else row.state
            if state != row.state and state in _STATES:
                await self._write(_STANDS, state, row.gateway, row.identifier)
                found.append(replace(row, state=state))
            else:
                found.append(row)
        return found

    async def _write(self, text: str, *values: object) -> None:
        async def work(db: AsyncConnection) -> None:
            await db.execute(text, values)

        await self._database.run(work)


async def _open(db: AsyncConnection, account: str, jid: str | None) -> list[Unheard]:
    if jid is not None:
        known = await db.execute("SELECT 1 FROM gateway WHERE account = %s AND jid = %s", [account, jid])
        if await known.fetchone() is None:
            raise ConfigError(f"{jid} is not among the gateways of {account}: see linky-collect gateways list")
    return [Unheard(*row) for row in await (await db.execute(_OPEN, {"account": account, "jid": jid})).fetchall()]


def numbered(answer: ET.Element) -> tuple[int, str]:
    """Number and state of the request that was made (``<request/>``). FederationError for an answer without them."""
    made = answer.find(f"{{{OURS}}}request")
    number, state = ("", "") if made is None else (made.get("id", ""), made.get("state", ""))
    if not _NUMBER.fullmatch(number) or state not in _STATES:
        raise FederationError("it answered with something that is no request for access; is it a linky-gateway?")
    return int(number), state
