"""What a running collector tells Prometheus, and whether it does its work: counters of its own, counts of the tables.

The tables are asked on a connection of their own, once in some seconds at most, however often somebody looks. While
PostgreSQL is away what it knows is left out rather than told as if it were of now. No label is a household: no address,
no pseudonym.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from gateway import __version__
from gateway.collector.database import Database
from gateway.collector.status import FILLABLE, GAPS, GIVING
from gateway.errors import StoreError
from gateway.federation.recipient.supply import Standing
from gateway.process.exposition import exposed
from gateway.process.watched import watched

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sized

    from psycopg import AsyncConnection

    from gateway.collector.config import CollectorConfig
    from gateway.collector.queue import IngestQueue
    from gateway.collector.segment_totals import SegmentWork
    from gateway.federation.connection.session import Session
    from gateway.federation.connection.strangers import SenderLimits
    from gateway.process.exposition import Sample

_FRESH_S, _PATIENCE_S = 10.0, 5.0
# A commit that has tried for so long: the database does not answer.
_STUCK_S = 60.0

_PREFIX = "linky_collect"
# Name -> (type, help), in the order in which they are told.
_FAMILIES = {
    "build_info": ("gauge", "The version that runs; the value is always 1."),
    "connected": ("gauge", "Whether there is a session with the XMPP server."),
    "sessions_total": ("counter", "Sessions that began: each after the first is a connection that was lost."),
    "messages_received_total": ("counter", "Messages and pages of history that were taken in, by kind."),
    "records_received_total": ("counter", "Values in what was taken in."),
    "records_kept_total": ("counter", "Values in what was committed, those that were there already among them."),
    "messages_refused_total": ("counter", "Messages of which nothing was kept, by cause."),
    "strangers_turned_away_total": ("counter", "Stanzas of strangers that were too much."),
    "receipts_total": ("counter", "Messages that were confirmed, after their commit."),
    "commit_seconds": ("histogram", "How long commits took."),
    "commit_failures_total": ("counter", "Commits that failed, and were tried again."),
    "queue_records": ("gauge", "Records that wait for their commit."),
    "queue_limit_records": ("gauge", "Records that may wait; what comes above is not confirmed, and asked for again."),
    "queue_oldest_seconds": ("gauge", "For how long the oldest of them has waited."),
    "newest_value_timestamp_seconds": ("gauge", "The newest time of a value that was sent as it came."),
    "gateways_owned": ("gauge", "Gateways that this process has."),
    "gateways_given_up_total": ("counter", "Gateways that this process had, and has no more."),
    "retention_timestamp_seconds": ("gauge", "When this process enforced the retention last; 0 for never."),
    "database_up": ("gauge", "Whether PostgreSQL answers."),
    "gateways": ("gauge", "Gateways of the account with a subscription, of all processes."),
    "gateways_giving": ("gauge", "Those of which a subscription is in force."),
    "gateways_silent": ("gauge", "Those of these that nothing was heard of for longer than said."),
    "subscriptions": ("gauge", "Subscriptions that are wanted, by how they stand."),
    "gaps_open": ("gauge", "Times that are still to be asked of gateways' histories."),
    "gaps_refused": (
        "gauge",
        "Those of them that the gateway refused when it was asked last: a consent without history.",
    ),
    "gaps_oldest_seconds": (
        "gauge",
        "For how long the oldest other one has been open, of a gateway heard of this hour.",
    ),
    "erasures_open": ("gauge", "Erasures of which something is hidden, and not deleted yet."),
    "erasures_oldest_seconds": ("gauge", "For how long the oldest of them has been."),
    "segments_timestamp_seconds": (
        "gauge",
        "When this process had brought the totals of segments up to date last; 0 for never.",
    ),
    "segments_seconds": ("gauge", "How long that took it."),
    "segments_waiting": ("gauge", "Changes of readings that are not in these totals yet, 100,000 at most."),
    "published_until_timestamp_seconds": ("gauge", "Up to when totals of segments are published; 0 for never."),
    "files_timestamp_seconds": ("gauge", "When the days over were written as files last; 0 where there are none."),
    "files_to_write": ("gauge", "Files of days that are to be written, again or yet."),
}
FAMILIES = {f"{_PREFIX}_{name}": words for name, words in _FAMILIES.items()}

# Label -> for how long nothing was heard.
SILENCES = {"2h": "2 hours", "2d": "2 days", "14d": "14 days"}
_GIVING = """
SELECT count(*) AS gateways, count(since) AS giving, {silent}
FROM (
  SELECT heard_at, min(since) FILTER (WHERE {giving}) AS since
  FROM gateway JOIN subscription ON subscription.gateway = gateway.id WHERE account = %(account)s GROUP BY gateway.id
) home
""".format(  # noqa: S608 (of the table above)
    giving=GIVING,
    silent=", ".join(
        f"count(*) FILTER (WHERE since IS NOT NULL AND greatest(heard_at, since) < now() - interval '{span}')"
        f' AS "{label}"'
        for label, span in SILENCES.items()
    ),
)
_STANDINGS = """
SELECT standing, count(*) FROM subscription JOIN gateway ON gateway.id = subscription.gateway
WHERE wanted AND account = %(account)s GROUP BY standing
"""
_GAPS = f"""
SELECT count(*), count(refused_at),
  coalesce(extract(epoch FROM now() - min(noted_at) FILTER (WHERE {FILLABLE})), 0)::float
FROM {GAPS} WHERE account = %(account)s
"""  # noqa: S608 (of the conditions above)
_ERASURES = """
SELECT count(DISTINCT (gateway, notice)), coalesce(extract(epoch FROM now() - min(noted_at)), 0)::float
FROM erasure JOIN gateway ON gateway.id = erasure.gateway WHERE account = %(account)s
"""
_PUBLISHED = """
SELECT coalesce(extract(epoch FROM max(until)), 0)::float,
  (SELECT count(*) FROM (SELECT FROM half_hour_changed LIMIT 100000) AS waiting)
FROM segment_release
"""
_FILES = """
SELECT coalesce(extract(epoch FROM max(ran_at)), 0)::float, (SELECT count(DISTINCT (day, part)) FROM day_mark)
FROM file_night
"""


class Tables:
    """What the tables say, asked seldom.

    Args:
        conninfo: as libpq reads it.
        account: bare JID.
    """

    def __init__(self, conninfo: str, account: str) -> None:
        self._database, self._account = Database(conninfo), {"account": account}
        self._turn = asyncio.Lock()
        self._asked: asyncio.Task[list[Sample]] | None = None
        self._samples: list[Sample] = []
        self._at = -_FRESH_S
        # What PostgreSQL is missing for, in one sentence.
        self.away = ""

    async def samples(self) -> list[Sample]:
        """Those of now, or of some seconds ago; none while PostgreSQL is away."""
        async with self._turn:
            if time.monotonic() - self._at >= _FRESH_S:
                await self._ask()
                self._at = time.monotonic()
            return self._samples

    async def close(self) -> None:
        """Let the connection go."""
        if self._asked:
            self._asked.cancel()
            with suppress(asyncio.CancelledError, StoreError):
                await self._asked
        await self._database.close()

    async def _ask(self) -> None:
        # What PostgreSQL does not answer in time is waited for on and not asked again: a connection that is cut off in
        # the middle of a question may hang as well.
        self._asked = self._asked or asyncio.create_task(self._database.run(self._read), name="figures")
        done, _ = await asyncio.wait([self._asked], timeout=_PATIENCE_S)
        if not done:
            self._samples, self.away = [], f"PostgreSQL does not answer within {_PATIENCE_S:.0f} s"
            return
        asked, self._asked = self._asked, None
        try:
            self._samples, self.away = asked.result(), ""
        except StoreError as error:
            self._samples, self.away = [], str(error)

    async def _read(self, db: AsyncConnection) -> list[Sample]:
        async def row(text: str) -> tuple[Any, ...]:
            return await (await db.execute(text, self._account)).fetchone() or ()

        gateways, giving, *silent = await row(_GIVING)
        gaps, refused, oldest = await row(_GAPS)
        erasures, longest = await row(_ERASURES)
        published, waiting = await row(_PUBLISHED)
        written, to_write = await row(_FILES)
        standing = dict.fromkeys((one.value for one in Standing), 0)
        standing.update(await (await db.execute(_STANDINGS, self._account)).fetchall())
        return [
            ("gateways", {}, gateways),
            ("gateways_giving", {}, giving),
            *(
                ("gateways_silent", {"longer_than": label}, count)
                for label, count in zip(SILENCES, silent, strict=True)
            ),
            *(("subscriptions", {"standing": name}, count) for name, count in standing.items()),
            ("gaps_open", {}, gaps),
            ("gaps_refused", {}, refused),
            ("gaps_oldest_seconds", {}, oldest),
            ("erasures_open", {}, erasures),
            ("erasures_oldest_seconds", {}, longest),
            ("segments_waiting", {}, waiting),
            ("published_until_timestamp_seconds", {}, published),
            ("files_timestamp_seconds", {}, written),
            ("files_to_write", {}, to_write),
        ]


class CollectorWatch:
    """What a process tells of itself (``gateway.process.watched.WatchedProgram``).

    Args:
        session: the connection to the XMPP server.
        doorkeeper: of it.
        queue: what waits, with its counts.
        owned: the gateways of this process.
        segments: what it does for their totals.
        tables: what all processes share.
    """

    def __init__(
        self,
        session: Session,
        doorkeeper: SenderLimits,
        queue: IngestQueue,
        owned: Sized,
        segments: SegmentWork,
        tables: Tables,
    ) -> None:
        self._session, self._doorkeeper, self._queue, self._owned = session, doorkeeper, queue, owned
        self._segments, self._tables = segments, tables

    async def metrics(self) -> str:
        """The figures."""
        stored = await self._tables.samples()
        samples = [*self._of_process(), ("database_up", {}, not self._tables.away), *stored]
        return exposed(FAMILIES, ((f"{_PREFIX}_{name}", labels, value) for name, labels, value in samples))

    async def unready(self) -> str:
        """Why nothing is taken in, or kept, now."""
        if not self._session.connected.is_set():
            return f"there is no session with the XMPP server: {self._session.state.error or 'connecting'}"
        await self._tables.samples()
        if self._tables.away:
            return self._tables.away
        if self._queue.records >= self._queue.most:
            return f"the queue is full: {self._queue.records} records wait for their commit"
        if self._oldest() > _STUCK_S:
            return f"nothing is committed: the oldest of what waits came {self._oldest():.0f} s ago"
        return ""

    def _oldest(self) -> float:
        since = self._queue.waits_since
        return 0.0 if since is None else time.monotonic() - since

    def _of_process(self) -> Iterator[Sample]:
        queue, counts, state = self._queue, self._queue.counts, self._session.state
        yield "build_info", {"version": __version__}, 1
        yield "connected", {}, self._session.connected.is_set()
        yield "sessions_total", {}, state.sessions
        yield from (("messages_received_total", {"kind": kind}, count) for kind, count in counts.messages.items())
        yield "records_received_total", {}, counts.records
        yield "records_kept_total", {}, counts.kept_records
        yield from (
            ("messages_refused_total", {"cause": cause.value}, count) for cause, count in counts.refused.items()
        )
        yield "strangers_turned_away_total", {}, self._doorkeeper.turned_away
        yield "receipts_total", {}, counts.receipts
        yield from counts.commits.samples("commit_seconds")
        yield "commit_failures_total", {}, counts.failed
        yield "queue_records", {}, queue.records
        yield "queue_limit_records", {}, queue.most
        yield "queue_oldest_seconds", {}, self._oldest()
        if counts.newest:
            yield "newest_value_timestamp_seconds", {}, counts.newest
        yield "gateways_owned", {}, len(self._owned)
        yield "gateways_given_up_total", {}, counts.given_up
        yield "retention_timestamp_seconds", {}, counts.retained_at
        yield "segments_timestamp_seconds", {}, self._segments.done_at
        yield "segments_seconds", {}, self._segments.lasted_s


@asynccontextmanager
async def looked_at(
    config: CollectorConfig, account: str, *parts: *tuple[Session, SenderLimits, IngestQueue, Sized, SegmentWork]
) -> AsyncIterator[None]:
    """Answer whoever looks as long as it lasts, where the configuration names an address.

    Args:
        config: the whole file.
        account: bare JID.
        parts: session, doorkeeper, queue, gateways and segments, as ``CollectorWatch`` takes them.

    ConfigError where the address cannot be had.
    """
    tables = Tables(config.database_conninfo(), account)
    try:
        async with watched(config.metrics.at, CollectorWatch(*parts, tables)):
            yield
    finally:
        await tables.close()
