"""Latency and throughput of packs from one domain to the other: until the receipt that means "committed".

The gateway's own session, delivery and store here, two real servers, the recipient as its own process. First one minute
of one meter at a time, each after the receipt of the one before: from its commit here. Then an outbox that holds hours,
in full packs: from the moment that a pack is handed to the connection.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, ParamSpec, TypeVar

from bench.days import BenchHousehold, grant
from bench.domains import house
from bench.parts import named
from gateway.federation.connection.session import Session
from gateway.federation.provider.delivery import Delivery
from gateway.federation.wire.stanza import RECEIPTS, Publisher, parse_interval
from gateway.store.prepare import prepare
from gateway.store.store import Store
from harness.accounts import FAR, HOME
from harness.points import rows

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path
    from xml.etree import ElementTree as ET

    from bench.domains import BenchHouse
    from bench.parts import At
    from gateway.federation.connection.session import Stanza
    from gateway.store.recorder import Batch
    from servers.process import Limits

P = ParamSpec("P")
T = TypeVar("T")

# Minutes in full packs, by the limits of the servers; after so many one by one.
_MINUTES: dict[Limits, int] = {"none": 1440, "default": 360}
_SINGLE = 40
_PATIENCE_S = 300.0


@dataclass(slots=True)
class Packs:
    """When packs were sent (or what is in them was committed) and confirmed, by stanza id: monotonic seconds."""

    begun: dict[str, float] = field(default_factory=dict)
    confirmed: dict[str, float] = field(default_factory=dict)
    again: int = 0

    @property
    def records(self) -> int:
        """How many were confirmed."""
        intervals = [interval for pack in self.confirmed if (interval := parse_interval(pack))]
        return sum(interval.last - interval.after for interval in intervals)

    def spread(self, name: str) -> dict[str, float]:
        """How many, and the milliseconds of one: the median and the 95th percentile."""
        took = [(at - self.begun[pack]) * 1000 for pack, at in self.confirmed.items()]
        last = statistics.quantiles(took, n=20, method="inclusive")[-1] if len(took) > 1 else took[0]
        return {f"{name}_packs": len(took), f"{name}_median_ms": statistics.median(took), f"{name}_p95_ms": last}


class _Observed(Session):
    """The gateway's session, which notes when packs leave and when their receipts come."""

    def observe(self) -> None:
        """Begin; whoever listened before takes a receipt in before it is noted here."""
        self.packs, self.arrived = Packs(), asyncio.Event()
        # Set while packs count from another moment than that of their sending.
        self.since: float | None = None
        self.listen(f"{{jabber:client}}message/{{{RECEIPTS}}}received", self._take)

    def send_message(
        self, to: str, stanza_id: str, *payload: ET.Element, kind: Literal["chat", "headline"] = "chat"
    ) -> bool:
        """Send as ever."""
        self.packs.again += stanza_id in self.packs.begun
        self.packs.begun.setdefault(stanza_id, time.monotonic() if self.since is None else self.since)
        return super().send_message(to, stanza_id, *payload, kind=kind)

    def _take(self, stanza: Stanza) -> None:
        received = stanza.xml.find(f"{{{RECEIPTS}}}received")
        if received is not None:
            self.packs.confirmed.setdefault(received.get("id", ""), time.monotonic())
            self.arrived.set()


def measure(at: At) -> dict[str, float]:
    """Without limits and at Debian's; some minutes alone to be quick."""
    return named(
        {
            "lifted": send(at.folder / "lifted", at.servers, "none", quick=at.quick),
            "default": send(at.folder / "default", at.servers, "default", quick=at.quick),
        }
    )


def send(folder: Path, pair: str, limits: Limits, *, quick: bool) -> dict[str, float]:
    """Records and packs a second of a full outbox, and milliseconds until a receipt: median and 95th percentile.

    ``single_…`` is of one minute at a time from its commit on, ``full_…`` of full packs from their sending on;
    ``again`` packs were sent more than once.
    """
    with house(folder, pair, limits) as home:
        home.configure()
        with home.recipient() as recipient:
            recipient.await_connected()
            minutes, single = (5, 3) if quick else (_MINUTES[limits], _SINGLE)
            before, one_by_one, full = asyncio.run(_measure(home, minutes, single))
        kept = rows(home.received, "SELECT count(*) FROM record")[0][0]
    confirmed = before.records + one_by_one.records + full.records
    if kept != confirmed:
        raise SystemExit(f"benchmarks: of {confirmed} confirmed records {kept} are there")
    seconds = max(full.confirmed.values()) - min(full.begun.values())
    return {
        "records_a_second": full.records / seconds,
        "packs_a_second": len(full.confirmed) / seconds,
        "records": full.records,
        **full.spread("full"),
        **one_by_one.spread("single"),
        "again": one_by_one.again + full.again,
    }


async def _measure(home: BenchHouse, minutes: int, single: int) -> tuple[Packs, Packs, Packs]:
    """The first minutes, with all that never changes; the single ones, the full packs."""
    before, one_by_one, full = Packs(), Packs(), Packs()
    async with _sending(home, int(time.time()) // 60 * 60 - (minutes + single + 5) * 60) as sender:
        await sender.deliver(before, [2])
        for _ in range(single):
            await sender.deliver(one_by_one, [1], from_commit=True)
        await sender.deliver(full, [min(60, minutes - begun) for begun in range(0, minutes, 60)])
    return before, one_by_one, full


@asynccontextmanager
async def _sending(home: BenchHouse, begin: int) -> AsyncIterator[_Sender]:
    """A meter, its store and its delivery on a connected session; it sends until the end of the block."""
    prepare(home.data)
    thread, stop = ThreadPoolExecutor(max_workers=1), asyncio.Event()
    store = await asyncio.get_running_loop().run_in_executor(thread, Store, home.data)
    sender = _Sender(store, thread, _Observed(home.account(HOME)), begin)
    tasks = [asyncio.create_task(work) for work in (sender.session.run(stop), sender.delivery.run(stop))]
    try:
        async with asyncio.timeout(_PATIENCE_S):
            await sender.session.connected.wait()
        yield sender
    finally:
        stop.set()
        await asyncio.gather(*tasks)
        await sender.call(store.close)
        thread.shutdown()


class _Sender:
    """What a gateway consists of from the meter to the connection."""

    def __init__(self, store: Store, thread: ThreadPoolExecutor, session: _Observed, begin: int) -> None:
        self.session = session
        self._store, self._thread, self._wake = store, thread, asyncio.Event()
        # On the store's thread as everywhere; here nobody else uses it yet.
        self._household = thread.submit(BenchHousehold, store, begin).result()
        thread.submit(grant, store, "house", [FAR], begin).result()
        publisher = Publisher(*HOME.split("@"))
        parts = store.outbox, store.subscriptions, store.absences, store.pseudonyms, store.journal
        self.delivery = Delivery(session, *parts, self.call, publisher, self._wake)
        session.observe()

    async def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run something of the store on its thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: function(*args, **kwargs))

    async def deliver(self, packs: Packs, minutes: Sequence[int], *, from_commit: bool = False) -> None:
        """Live, commit and send so many minutes, and wait until all is confirmed.

        ``minutes`` are those of each batch, committed together; their ``packs`` count from there with ``from_commit``.
        """
        batches = [await self._household.hear(count) for count in minutes]
        # Before the commit: from there on the delivery may send at any time.
        self.session.packs, self.session.since = packs, time.monotonic() if from_commit else None
        promised = packs.records + await self.call(self._commit, batches)
        self._wake.set()
        async with asyncio.timeout(_PATIENCE_S):
            while packs.records < promised:
                self.session.arrived.clear()
                await self.session.arrived.wait()

    def _commit(self, batches: Sequence[Batch]) -> int:
        """Store what was heard; how many records wait now that did not before."""
        (before,) = self._store.outbox.backlog()
        self._store.batches.write(batches, time.time())
        (after,) = self._store.outbox.backlog()
        return after.last_seq - before.last_seq
