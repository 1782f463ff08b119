"""What one gateway answers, in the database that all processes share: its numbers, its gaps, its pages of history."""

from __future__ import annotations

import asyncio
import json
import re
import time
from typing import TYPE_CHECKING, TypeVar

from gateway.collector.chain import IngestChain
from gateway.collector.items import CollectedGateway, HistoryPage
from gateway.collector.obey import add_gap
from gateway.errors import FederationError, SenMLError, StoreError
from gateway.federation.recipient.intake import ReceivedGap
from gateway.federation.recipient.supply import Standing
from gateway.federation.wire.scope import names, within
from gateway.senml.naming import parse_identifier

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    from psycopg import AsyncConnection

    from gateway.collector.database import Database
    from gateway.collector.queue import IngestQueue
    from gateway.federation.wire.stanza import QuoaliseMessage

_T = TypeVar("_T")

# What a gateway that was last heard then had not sent yet may be of a little before; of a period, which is told once it
# is over and under the time of its beginning, of two periods before.
_MARGIN_S, _MARGIN_STEPS = 3600, 2
_STEP = re.compile(r"P(?:(\d{1,3})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?)?")
_STEP_S = (366 * 86_400, 31 * 86_400, 7 * 86_400, 86_400, 3600, 60)
# As long as that of any of our gateways: where nothing has come yet, and of a step that is not understood.
_LONGEST_STEP_S = 86_400
# Of a subscription that is younger than this, series of a longer step may not have come yet.
_YOUNG_S = _MARGIN_STEPS * _LONGEST_STEP_S

_CHAIN = (
    "SELECT epoch, reached, spans, extract(epoch FROM heard_at)::bigint FROM gateway WHERE id = %s FOR NO KEY UPDATE"
)
# Whether a gap is refused: of one whose asking came to nothing else it is as it was.
_ANSWERED = """
UPDATE gap SET refused_at = CASE WHEN id = ANY(%(refused)s) THEN now() END
WHERE gateway = %(gateway)s AND (id = ANY(%(refused)s) OR id = ANY(%(given)s) AND refused_at IS NOT NULL)
"""
_STEPS = "SELECT DISTINCT name, sen1, granularity FROM series JOIN meter ON meter.id = series.meter WHERE gateway = %s"
_BEGUN = """
UPDATE subscription SET since = now() FROM subscription before
WHERE subscription.gateway = %(gateway)s AND subscription.identifier = %(identifier)s AND subscription.since IS NULL
  AND before.gateway = subscription.gateway AND before.identifier = subscription.identifier
RETURNING extract(epoch FROM subscription.history_from)::bigint
"""


def margin_s(granularities: Iterable[str]) -> int:
    """How many seconds before it was last heard what a gateway has not sent yet may lie, of series that are so fine."""
    steps = [_step_s(granularity) for granularity in granularities] or [_LONGEST_STEP_S]
    return max(_MARGIN_S, _MARGIN_STEPS * max(steps))


def _step_s(granularity: str) -> int:
    """The seconds of a granularity; of a value of the moment 0."""
    if granularity == "raw":
        return 0
    match = _STEP.fullmatch(granularity)
    counts = [int(count or 0) for count in match.groups()] if match else []
    # A gateway says of itself how fine it is: what it says reaches back by so much at most.
    return min(sum(count * each for count, each in zip(counts, _STEP_S, strict=False)) or _LONGEST_STEP_S, _STEP_S[0])


class AskedGateway:
    """What is known of one gateway while it is asked (``gateway.federation.recipient.intake.ProviderInquiry``).

    Nothing here is of a process alone: what a gateway says of its numbers is true whoever asked it, and pages are
    committed by who holds its partition.

    Args:
        database: shared with the other accounts.
        queue: where pages of history wait for their commit.
        source: the gateway.
    """

    def __init__(self, database: Database, queue: IngestQueue, source: CollectedGateway) -> None:
        self._database, self._queue, self._source = database, queue, source

    @property
    def notices(self) -> int:
        """Notices that were admitted so far."""
        return self._source.notices

    @notices.setter
    def notices(self, number: int) -> None:
        self._source.notices = number

    async def reached(self) -> tuple[str, int] | None:
        """The gateway's epoch and the number up to which nothing is missing."""
        rows = await self._rows("SELECT epoch, reached FROM gateway WHERE id = %s", [self._source.id])
        return (rows[0][0], rows[0][1]) if rows and rows[0][0] else None

    async def begin(self, identifier: str, numbers: tuple[str, int, int] | None) -> None:
        """A subscription was accepted."""
        if self._source.gone:
            return
        now = int(time.time())
        self._source.numbered = numbers is not None

        async def work(db: AsyncConnection) -> None:
            row = await (await db.execute(_CHAIN, [self._source.id])).fetchone()
            if row is None:
                return
            epoch, reached, spans, heard = row
            chain, passed_over = IngestChain(epoch, reached, tuple((after, last) for after, last in spans)), True
            if numbers is not None:
                chain, passed_over = chain.begin(*numbers)
            moved = [chain.epoch, chain.reached, json.dumps(chain.spans), self._source.id]
            await db.execute("UPDATE gateway SET epoch = %s, reached = %s, spans = %s WHERE id = %s", moved)
            if passed_over and heard is not None:
                steps = await self._steps(db)
                for known, since in await self._accepted(db):
                    asked = parse_identifier(known)
                    margin = margin_s(step for named, step in steps if names(asked, *named))
                    if heard - since < _YOUNG_S:
                        margin = max(margin, _YOUNG_S)
                    await add_gap(db, self._source.id, known, heard - margin, now + 1)
            key = {"gateway": self._source.id, "identifier": identifier}
            begun = await (await db.execute(_BEGUN, key)).fetchone()
            if begun and begun[0] is not None and begun[0] <= now:
                await add_gap(db, self._source.id, identifier, begun[0], now + 1)

        await self._run(work)

    async def gaps(self) -> Sequence[ReceivedGap]:
        """What is to be asked of the history."""
        text = "SELECT id, identifier, first, last, replaces FROM gap WHERE gateway = %s ORDER BY id"
        return [ReceivedGap(*row) for row in await self._rows(text, [self._source.id])]

    async def fill(self, gap: ReceivedGap, parcel: QuoaliseMessage, *, last: bool) -> bool:
        """Commit a page of history."""
        if not all(within(parse_identifier(gap.identifier), record.name) for record in parcel.records):
            raise SenMLError("the history holds what was not asked for")
        kept: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        return await self._queue.page(HistoryPage(self._source, gap, parcel, last, kept))

    async def answered(self, filled: Mapping[int, Standing]) -> None:
        """How the asking for gaps went, by their numbers; StoreError while the database is away."""
        refused = [number for number, standing in filled.items() if standing is Standing.REFUSED]
        given = [number for number, standing in filled.items() if standing is Standing.SUBSCRIBED]
        key = {"gateway": self._source.id, "refused": refused, "given": given}

        async def work(db: AsyncConnection) -> None:
            await db.execute(_ANSWERED, key)

        if refused or given:
            await self._database.run(work)

    async def end(self, identifier: str) -> None:
        """A subscription is over; what it brought stays until its retention ends."""
        if self._source.gone:
            return

        async def work(db: AsyncConnection) -> None:
            key = [self._source.id, identifier]
            await db.execute("DELETE FROM gap WHERE gateway = %s AND identifier = %s", key)
            ended = "UPDATE subscription SET since = NULL, standing = 'ended' WHERE gateway = %s AND identifier = %s"
            await db.execute(ended, key)

        await self._run(work)

    async def _accepted(self, db: AsyncConnection) -> list[tuple[str, int]]:
        """What is subscribed to, and since when."""
        text = (
            "SELECT identifier, extract(epoch FROM since)::bigint FROM subscription"
            " WHERE gateway = %s AND since IS NOT NULL"
        )
        return await (await db.execute(text, [self._source.id])).fetchall()

    async def _steps(self, db: AsyncConnection) -> list[tuple[tuple[str, str], str]]:
        """Of each series that has come: its name, as it was sent and as the literal one, and its granularity."""
        rows = await (await db.execute(_STEPS, [self._source.id])).fetchall()
        return [((name, sen1), granularity) for name, sen1, granularity in rows]

    async def _rows(self, text: str, values: list[object]) -> list[tuple]:  # type: ignore[type-arg]
        async def work(db: AsyncConnection) -> list[tuple]:  # type: ignore[type-arg]
            return await (await db.execute(text, values)).fetchall()

        return await self._run(work)

    async def _run(self, work: Callable[[AsyncConnection], Awaitable[_T]]) -> _T:
        """A database that is away is the same to a subscription as a gateway that is."""
        try:
            return await self._database.run(work)
        except StoreError as error:
            raise FederationError(f"what comes cannot be kept: {error}") from error
