"""What waits for its commit: bounded, confirmed only when it is kept, asked for again when there was no room."""

import asyncio
from xml.etree import ElementTree as ET

import psycopg
import pytest

from gateway.collector import queue
from gateway.collector.counts import IngestRefusal
from gateway.collector.items import CollectedGateway, HistoryPage
from gateway.collector.queue import IngestQueue
from gateway.errors import StoreError
from gateway.federation.connection.session import Stanza
from gateway.federation.recipient.intake import ReceivedGap
from gateway.federation.wire.stanza import RECEIPTS
from harness.accounts import HOME
from tests.gateway.collector.desk import SENSOR, parcel
from tests.gateway.federation.conftest import eventually
from tests.gateway.federation.messages import notice, pack

NAME = f"{SENSOR}/consumption/energy/active/index"


class Line:
    """Where a session's listeners are registered, and what it was asked to send."""

    def __init__(self):
        self.heard, self.sent = {}, []

    def listen(self, xpath, callback):
        self.heard[xpath.rpartition("}")[2]] = callback

    def send_message(self, to, stanza_id, payload):
        self.sent.append((to, payload.get("id")))
        return True

    def bring(self, number, content, kind="chat", sender=HOME):
        """One message comes in."""
        message = ET.Element("{jabber:client}message")
        message.extend([content, ET.Element(f"{{{RECEIPTS}}}request")])
        stanza = Stanza(number, kind, f"{sender}/proxy", sender, "", message, None)
        self.heard[content.tag.rpartition("}")[2]](stanza)


class Scene:
    """A queue over a keeper that does as it is told; every message is of one record, two of the queue's measure."""

    def __init__(self, most=100, batch=100):
        self.line, self.source = Line(), CollectedGateway(1, 39, HOME, "proxy", (SENSOR,))
        self.asked = 0
        self.sources = {HOME: self.source}
        self.kept, self.faults = [], []
        self.queue = IngestQueue(self.line, self.sources, self.keep, most, batch, self._ask)
        self.stop = asyncio.Event()

    def _ask(self, source):
        self.asked += source is self.source

    async def keep(self, items):
        await asyncio.sleep(0)
        if self.faults and (fault := self.faults.pop(0)):
            raise fault
        self.kept.append([getattr(item, "id", "page") for item in items])
        return items

    async def run_until(self, predicate):
        task = asyncio.create_task(self.queue.run(self.stop))
        await eventually(predicate)
        self.stop.set()
        await task

    def receipts(self):
        return [number for _, number in self.line.sent]


def run(work):
    return asyncio.run(work())


def test_a_receipt_follows_the_commit():
    """While PostgreSQL is away nothing is confirmed; then everything is, in its order, each once."""

    async def work():
        scene = Scene()
        scene.faults = [StoreError("away"), StoreError("away")]
        for number in "abc":
            scene.line.bring(number, pack(NAME))
        task = asyncio.create_task(scene.queue.run(scene.stop))
        await eventually(lambda: not scene.faults)
        assert scene.line.sent == []
        await eventually(lambda: scene.kept)
        scene.stop.set()
        await task
        return scene

    scene = run(work)
    assert scene.kept == [["a", "b", "c"]]
    assert scene.line.sent == [(f"{HOME}/proxy", number) for number in "abc"]
    assert (scene.queue.records, scene.source.waiting) == (0, 0)


def test_what_does_not_fit_is_asked_for_again_once_there_is_room():
    """Neither read nor confirmed; the gateway begins again where it stands."""

    async def work():
        scene = Scene(most=5)
        for number in "abc":
            scene.line.bring(number, pack(NAME))
        assert (scene.queue.records, scene.asked) == (4, 0)
        await scene.run_until(lambda: scene.asked)
        return scene

    scene = run(work)
    assert scene.receipts() == ["a", "b"]
    assert scene.asked == 1


def test_a_batch_is_bounded_and_a_large_message_goes_alone():
    """What is committed together is what was configured."""

    async def work():
        scene = Scene(batch=4)
        for number in "abc":
            scene.line.bring(number, pack(NAME))
        await scene.run_until(lambda: len(scene.receipts()) == 3)
        return scene

    assert run(work).kept == [["a", "b"], ["c"]]


def test_one_message_that_postgresql_cannot_hold_stops_nobody():
    """It is set aside with its reason and confirmed: it would be no better the next time."""

    async def work():
        scene = Scene()
        scene.faults = [psycopg.DataError("all"), None, psycopg.DataError("b"), None, None]
        for number in "abc":
            scene.line.bring(number, pack(NAME))
        await scene.run_until(scene.receipts)
        return scene

    scene = run(work)
    assert scene.kept == [["a"], ["b"], ["c"]]
    assert sorted(scene.receipts()) == ["a", "b", "c"]
    # What is set aside is no value that is there, and was wanted.
    refused, counts = scene.queue.counts.refused, scene.queue.counts
    assert (counts.records, counts.kept_records, refused[IngestRefusal.NOT_STORABLE]) == (3, 2, 1)
    assert refused[IngestRefusal.NOT_WANTED] == 0


def test_a_page_that_postgresql_cannot_hold_is_counted_once():
    """It is not kept, its gap stays; it is not counted as one that nobody wants as well."""

    async def work():
        scene = Scene()
        scene.faults = [psycopg.DataError("all"), psycopg.DataError("the page")]
        loop = asyncio.get_running_loop()
        page = HistoryPage(
            scene.source, ReceivedGap(1, SENSOR, 0, 1, False), parcel((1, 2)), True, loop.create_future()
        )
        waiting = asyncio.create_task(scene.queue.page(page))
        await scene.run_until(waiting.done)
        return scene.queue.counts, waiting.result()

    counts, kept = run(work)
    assert (kept, counts.records, counts.kept_records) == (False, 1, 0)
    assert (counts.refused[IngestRefusal.NOT_STORABLE], counts.refused[IngestRefusal.NOT_WANTED]) == (1, 0)


@pytest.mark.parametrize(
    ("content", "kind", "sender", "waiting"),
    [
        (pack(NAME), "chat", HOME, 1),
        (pack(NAME), "error", HOME, 0),
        (pack(NAME), "chat", "other@sen1.test", 0),
        (pack(NAME, label="nonsense_"), "chat", HOME, 1),
        (notice("data-erased"), "chat", HOME, 1),
        # An order that is not understood is not done, and not confirmed.
        (notice("dance"), "chat", HOME, 0),
    ],
)
def test_what_is_let_in(content, kind, sender, waiting):
    """Messages of the gateways that this process has; what cannot be read is counted, orders excepted."""

    async def work():
        scene = Scene()
        scene.line.bring("a", content, kind, sender)
        return scene

    assert run(work).source.waiting == waiting


def test_a_gateway_that_is_given_up_takes_what_waits_with_it():
    """It is not confirmed here: the next one is sent it. Whoever waits for a page is told at once."""

    async def work():
        scene = Scene()
        scene.line.bring("a", pack(NAME))
        loop = asyncio.get_running_loop()
        page = HistoryPage(scene.source, ReceivedGap(1, SENSOR, 0, 1, False), parcel(), True, loop.create_future())
        waiting = asyncio.create_task(scene.queue.page(page))
        await asyncio.sleep(0)
        scene.queue.forget([scene.source])
        again = HistoryPage(scene.source, ReceivedGap(1, SENSOR, 0, 1, False), parcel(), True, loop.create_future())
        return scene, await waiting, await scene.queue.page(again)

    scene, kept, later = run(work)
    assert (kept, later) == (False, False)
    assert (scene.queue.records, scene.source.waiting, scene.receipts()) == (0, 0, [])


def test_after_a_notice_the_gateway_is_asked_again():
    """To fetch what is rectified or allowed now."""

    async def work():
        scene = Scene()
        scene.line.bring("a", notice("data-rectified"))
        assert scene.source.notices == 1
        await scene.run_until(lambda: scene.asked)
        return scene

    assert run(work).receipts() == ["a"]


def test_what_comes_within_a_moment_is_committed_together():
    """A hundred commits of one would cost as much as a hundred of a hundred."""

    async def work():
        scene = Scene()
        task = asyncio.create_task(scene.queue.run(scene.stop))
        for number in "abc":
            scene.line.bring(number, pack(NAME))
            # Time enough to have committed it alone.
            for _ in range(20):
                await asyncio.sleep(0)
        await eventually(lambda: scene.kept)
        scene.stop.set()
        await task
        return scene.kept

    assert run(work) == [["a", "b", "c"]]


def test_a_notice_and_a_page_wait_for_nobody(monkeypatch):
    """Nor does what stands before them."""
    monkeypatch.setattr(queue, "_GATHER_S", 3600)

    async def work():
        scene = Scene()
        task = asyncio.create_task(scene.queue.run(scene.stop))
        scene.line.bring("a", pack(NAME))
        scene.line.bring("n", notice("consent-limited"))
        await eventually(lambda: scene.kept == [["a", "n"]])
        gap = ReceivedGap(1, SENSOR, 0, 1, replaces=False)
        page = HistoryPage(scene.source, gap, parcel((1, 1)), True, asyncio.get_running_loop().create_future())
        await scene.queue.page(page)
        scene.stop.set()
        await task
        return scene.kept

    assert run(work) == [["a", "n"], ["page"]]


def test_who_was_left_is_asked_also_where_something_always_waits():
    """Under a steady load the queue is never empty."""

    async def work():
        scene = Scene(most=12)
        for number in "abcdefg":
            scene.line.bring(number, pack(NAME))
        keep = scene.queue._keep

        async def busy(items):
            kept = await keep(items)
            if len(scene.kept) < 20:
                scene.line.bring(f"more {len(scene.kept)}", pack(NAME))
            return kept

        scene.queue._keep = busy
        task = asyncio.create_task(scene.queue.run(scene.stop))
        await eventually(lambda: scene.asked)
        rounds = len(scene.kept)
        scene.stop.set()
        await task
        return rounds

    assert run(work) < 5
