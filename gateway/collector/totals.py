"""How much of a gateway's series there is (WIRE.md §24): counted row by row, told to that gateway and to a person.

Never more is read than is hashed, a little of it at a time: what comes in has its turn in between. One question is
counted at a time, each gateway's in its turn; one that waits too long, or while the database is away, is refused.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import psycopg

from gateway.errors import ConfigError, FederationError, Once, SenMLError, StoreError
from gateway.federation.connection.waiting import ROUND_S, wait_any
from gateway.federation.provider.turns import Turns
from gateway.federation.recipient.totals import TotalQuestions
from gateway.federation.wire.scope import literal
from gateway.federation.wire.total import MOST_HASHED, AskedStretch, RunningTotal, SeriesTotal
from gateway.federation.wire.total_lines import total_line
from gateway.senml.units import to_primary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from psycopg import AsyncConnection

    from gateway.collector.database import Database
    from gateway.collector.items import CollectedGateway
    from gateway.federation.connection.session import Session, Stanza
    from gateway.federation.wire.total_lines import AskedTime

log = logging.getLogger(__name__)

# A gateway asks one after the other, and waits for each half a minute.
_EACH, _TOGETHER, _PATIENCE_S = 4, 1_000, 20.0
# One statement reads so many rows; so long it may take.
_AT_ONCE, _STATEMENT_S, _MOST_REST_S = 500, 15, 0.05
# The retention job of another process may be about to delete what is past it: its clock is the database's too.
_MARGIN_S = 3600

# Where the unit changed there are several; what came in the newest is what the gateway has now.
_SERIES = """
SELECT series.id, series.unit, series.sent_unit, ceil(extract(epoch FROM now() - keep))::bigint
FROM series JOIN meter ON meter.id = series.meter
WHERE gateway = %(gateway)s AND granularity = %(granularity)s AND (series.name = %(name)s OR sen1 = %(sen1)s)
ORDER BY series.id DESC LIMIT 20
"""
_GATEWAY = "SELECT 1 FROM gateway WHERE account = %(account)s AND jid = %(jid)s"
_NAMES = """
SELECT DISTINCT ON (gateway.id, sen1, granularity) gateway.id, jid, name, granularity
FROM series JOIN meter ON meter.id = series.meter JOIN gateway ON gateway.id = meter.gateway
WHERE account = %(account)s AND (%(jid)s::text IS NULL OR jid = %(jid)s)
ORDER BY gateway.id, sen1, granularity, series.id DESC
"""
_ROWS = """
SELECT series, extract(epoch FROM time)::double precision, value, words FROM reading
WHERE series = %(series)s AND time >= to_timestamp(%(first)s) AND time < to_timestamp(%(last)s)
ORDER BY time LIMIT %(most)s
"""
_ROWS_OF_SEVERAL = """
SELECT DISTINCT ON (time) series, extract(epoch FROM time)::double precision, value, words
FROM unnest(%(series)s::integer[]) AS one CROSS JOIN LATERAL (
  SELECT series, time, value, words FROM reading
  WHERE series = one AND time >= to_timestamp(%(first)s) AND time < to_timestamp(%(last)s) ORDER BY time LIMIT %(most)s
) r
ORDER BY time, series DESC LIMIT %(most)s
"""


async def count(
    db: AsyncConnection, gateway: int, asked: AskedStretch, ended: Callable[[], bool] | None = None
) -> SeriesTotal:
    """How much there is of a stretch of a gateway's, inside a transaction.

    ``since`` is from when on it is whole: a retention that is shorter than the consent's has deleted the rest.
    FederationError for a value that has no line, StoreError once it has ``ended``. Without that nobody else waits.
    """
    named = {"gateway": gateway, "granularity": asked.granularity, "name": asked.name, "sen1": literal(asked.name, "")}
    found = await (await db.execute(_SERIES, named)).fetchall()
    running = RunningTotal()
    if not found:
        return running.total()
    since = max(past + _MARGIN_S for *_, past in found)
    units = {number: (unit, sent or unit) for number, unit, sent, _ in found}
    stretch = {"first": max(asked.first, since), "last": asked.last, "most": MOST_HASHED + 1}
    one, *others = units
    async with db.cursor("total") as cursor:
        series: int | list[int] = [one, *others] if others else one
        await cursor.execute(_ROWS_OF_SEVERAL if others else _ROWS, stretch | {"series": series})
        begun = time.monotonic()
        while rows := await cursor.fetchmany(_AT_ONCE):
            running.add(_as_sent(rows, units))
            if ended is None:
                continue
            if ended():
                raise StoreError("it took too long")
            # As long a rest as the work was: half of the time is for what comes in.
            await asyncio.sleep(min(time.monotonic() - begun, _MOST_REST_S))
            begun = time.monotonic()
    return running.total(since)


def _as_sent(
    rows: Sequence[tuple[int, float, float | None, str | None]], units: Mapping[int, tuple[str, str]]
) -> Iterator[tuple[float, object]]:
    """Times and values, in the unit in which they came."""
    for series, at, value, words in rows:
        unit, sent = units[series]
        if value is None or unit == sent:
            yield at, words if value is None else value
            continue
        try:
            yield at, to_primary(unit, value)[1]
        except SenMLError as error:
            raise FederationError(str(error), "bad-request") from error


async def listed(db: AsyncConnection, account: str, window: AskedTime, jid: str | None = None) -> list[str]:
    """What there is of a time, of all gateways of an account or of one: lines as that gateway prints them.

    A transaction for each: one for all would keep months from being dropped. ConfigError for a gateway that is not
    among them.
    """
    wanted = {"account": account, "jid": jid}
    if jid and not await (await db.execute(_GATEWAY, wanted)).fetchone():
        raise ConfigError(f"{jid} is not among the gateways of {account}: see linky-collect gateways list")
    lines = []
    for number, gateway, name, granularity in await (await db.execute(_NAMES, wanted)).fetchall():
        asked = AskedStretch(name, granularity, window.first, window.last)
        try:
            async with db.transaction():
                total = await count(db, number, asked)
        except FederationError as error:
            lines.append(f"{gateway} {name} {granularity} {error}")
            continue
        if total.count:
            lines.append(total_line(gateway, replace(asked, first=max(asked.first, total.since)), total))
    return sorted(lines)


@dataclass(slots=True, eq=False)
class _Waiting:
    """A question that waits for its answer, of which there is one."""

    question: Stanza
    stretch: AskedStretch
    patience: asyncio.TimerHandle | None = None
    answered: bool = False

    def ends(self) -> bool:
        """It is answered now; False when it was already."""
        if self.patience is not None:
            self.patience.cancel()
        was, self.answered = self.answered, True
        return not was


class CollectedTotals:
    """Answers the gateways of one process.

    Args:
        session: where the questions come in; listening begins at once.
        database: with a connection of its own.
        sources: bare JID -> the gateway, of those that this process has.
    """

    def __init__(self, session: Session, database: Database, sources: Mapping[str, CollectedGateway]) -> None:
        self._database, self._sources = database, sources
        self._waiting: Turns[_Waiting] = Turns(_EACH, _TOGETHER)
        self._arrived = asyncio.Event()
        self._say = Once(log)
        self.alive_at = time.monotonic()
        self._questions = TotalQuestions(session, sources, self._take)

    async def run(self, stop: asyncio.Event) -> None:
        """Answer until ``stop``."""
        while not stop.is_set():
            self.alive_at = time.monotonic()
            self._arrived.clear()
            while len(self._waiting) and not stop.is_set():
                await self._answer(self._waiting.take(), stop)
                self.alive_at = time.monotonic()
            if not self._arrived.is_set():
                await wait_any(ROUND_S, self._arrived, stop)

    def _take(self, question: Stanza, stretch: AskedStretch) -> None:
        one = _Waiting(question, stretch)
        # Also while the database says nothing at all.
        one.patience = asyncio.get_running_loop().call_later(_PATIENCE_S, self._refuse, one)
        if (out := self._waiting.put(question.sender, one)) is not None:
            self._refuse(out)
        self._arrived.set()

    def _refuse(self, one: _Waiting) -> None:
        if one.ends():
            self._questions.unreadable(one.question)

    async def _answer(self, one: _Waiting, stop: asyncio.Event) -> None:
        source = self._sources.get(one.question.sender)
        if one.answered or source is None:
            self._refuse(one)
            return

        async def work(db: AsyncConnection) -> SeriesTotal:
            await db.execute(f"SET LOCAL statement_timeout = '{_STATEMENT_S}s'")
            return await count(db, source.id, one.stretch, lambda: one.answered or stop.is_set())

        try:
            total = await self._database.run(work)
        except FederationError as error:
            if one.ends():
                self._questions.nonsense(one.question, error)
        except (StoreError, psycopg.Error) as error:
            # What psycopg says of data may hold a value.
            why = error if isinstance(error, StoreError) else type(error).__name__
            self._say("away", "a gateway's question for a total could not be answered: %s", why)
            self._refuse(one)
        else:
            self._say.clear()
            if one.ends():
                self._questions.answer(one.question, one.stretch, total)
