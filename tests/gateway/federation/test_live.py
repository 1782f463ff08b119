"""Live values: to whom they go, how often, and what ends it; over a real store, with a line in the test's hand."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from gateway.errors import FederationError, StoreError
from gateway.federation.provider.commands import Commands
from gateway.federation.provider.live import MOST_OF_ONE, LiveValues, LiveWatch
from gateway.federation.wire.form import build_submit, parse_result
from gateway.federation.wire.stanza import Publisher, parse_quoalise
from gateway.senml.naming import NameForm
from gateway.store.points import Granularity
from gateway.store.terms import Terms
from tests.gateway.federation import test_commands as commands
from tests.gateway.federation.conftest import START, eventually
from tests.gateway.federation.test_delivery import COOP, OTHER, Line
from tests.gateway.store.conftest import INDEX, POWER

PHONE = f"{COOP}/phone"


class Phone(Line):
    """A line whose other end answers pings, or not any more."""

    def __init__(self):
        super().__init__()
        self.pinged, self.fault = [], None

    async def request(self, to, payload, timeout_s=30.0, kind="set"):
        self.pinged.append(to)
        if self.fault:
            raise self.fault


class Bench:
    """Live values over a house's store."""

    def __init__(self, house, ping_every_s=60.0):
        self.house, self.line, self.now, self.clock = house, Phone(), 1000.0, float(START)
        self.live = LiveValues(
            *(self.line, house.store.watching, house.store.transfers, self._call, Publisher("gw", "sen1.test")),
            clock=lambda: self.clock,
            monotonic=lambda: self.now,
            ping_every_s=ping_every_s,
        )

    @staticmethod
    async def _call(function, *arguments):
        await asyncio.sleep(0)
        return function(*arguments)

    def watch(self, origin=PHONE, prefix="consumption", interval=1, until=START + 3600):
        """Somebody begins to watch."""
        (meter,) = self.house.store.meters.all()
        return self.live.watch(
            LiveWatch(origin, origin.partition("/")[0], meter, prefix, NameForm.SEN1, interval, until)
        )

    async def second(self, power=500, seconds=1.0, **more):
        """A second passes and the meter speaks; what is sent because of it is taken by one's own server."""
        self.now += seconds
        self.clock += seconds
        before = len(self.line.sent)
        self.live.say("house", {POWER: power} | more, int(self.clock))
        for _ in range(60):
            await asyncio.sleep(0)
        return self.line.sent[before:]


@asynccontextmanager
async def at_work(house, **options):
    """A house that is known to the store, its line up, live values running."""
    house.minutes(1)
    bench, stop = Bench(house, **options), asyncio.Event()
    task = asyncio.create_task(bench.live.run(stop))
    bench.line.up()
    try:
        yield bench
    finally:
        stop.set()
        await task


def allow(house, recipient=COOP, granularity=Granularity.RAW, **more):
    """A consent to see it as it is read."""
    house.allow(recipient, "consumption", granularity, **more)


def shown(store):
    """(recipient, path, points) of the log of transfers."""
    rows = store.db.execute(
        "SELECT jid, path, points FROM transfer JOIN party ON party.id = party JOIN series ON series.id = series"
    )
    return sorted(rows)


def test_a_value_goes_to_the_device_that_asked_and_nowhere_else(house):
    """To its full address, as a headline that nobody may keep, marked as live, in the form of the question."""
    allow(house)

    async def scenario():
        async with at_work(house) as bench:
            assert bench.watch()
            ((to, _, (payload, *hints)),) = await bench.second(612)
            assert (to, bench.line.kind) == (PHONE, "headline")
            assert {hint.tag for hint in hints} == {
                "{urn:xmpp:hints}no-store",
                "{urn:xmpp:hints}no-permanent-store",
                "{urn:xmpp:hints}no-copy",
            }
            parcel = parse_quoalise(payload, START)
            assert (parcel.live, parcel.interval) == (True, None)
            ((record,),) = [parcel.records]
            assert record.name.startswith("gw@sen1.test/")
            assert (record.value, record.time) == (612, START + 1)

    asyncio.run(scenario())
    assert house.store.outbox.backlog() == []


def test_values_keep_the_interval_also_of_a_meter_whose_second_is_short(house):
    """Of 20 frames 0.97 s apart about every third for 3 s, and each for 1 s."""
    allow(house)

    async def scenario():
        async with at_work(house) as bench:
            bench.watch(interval=1)
            bench.watch(f"{COOP}/wall", interval=3)
            sent = []
            for _ in range(20):
                for message in await bench.second(seconds=0.97):
                    sent.append(message[0])
                    bench.line.acknowledge(COOP, message[1])
            assert sent.count(PHONE) in (19, 20)
            assert sent.count(f"{COOP}/wall") in (6, 7)

    asyncio.run(scenario())


def test_a_line_that_takes_nothing_gets_nothing_more(house):
    """Two values are under way at most; later ones are left out, and the next goes when there is room."""
    allow(house)

    async def scenario():
        async with at_work(house) as bench:
            bench.watch()
            sent = [await bench.second() for _ in range(10)]
            assert [len(messages) for messages in sent] == [1, 1, *[0] * 8]
            bench.line.acknowledge(COOP, sent[0][0][1])
            assert len(await bench.second()) == 1
            assert len(await bench.second()) == 0
            bench.line.down()
            bench.line.up()
            assert len(await bench.second()) == 1

    asyncio.run(scenario())


@pytest.mark.parametrize("change", ["revoke", "limit"])
def test_a_withdrawal_ends_it_before_the_next_value(house, change):
    """A new consent does not begin it again by itself."""
    allow(house)

    async def scenario():
        async with at_work(house) as bench:
            bench.watch()
            assert await bench.second()
            house.store.consents.revoke(COOP, "", START) if change == "revoke" else house.store.consents.limit(
                COOP, START
            )
            assert await bench.second() == []
            assert bench.live.watches == []
            house.store.consents.lift_limit(COOP, START) if change == "limit" else allow(house)
            assert await bench.second() == []

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "consent", [{"granularity": Granularity.MINUTE}, {"terms": Terms(push=False)}, {"until": START + 1}]
)
def test_only_a_consent_to_push_what_is_read_shows_it(house, consent):
    """Neither by the minute, nor as history only, nor when it is over."""
    allow(house, **consent)

    async def scenario():
        async with at_work(house) as bench:
            bench.watch()
            assert await bench.second() == []

    asyncio.run(scenario())


def test_it_ends_at_the_time_stated(house):
    """Not one value later."""
    allow(house)

    async def scenario():
        async with at_work(house) as bench:
            bench.watch(until=START + 3)
            sent = [len(await bench.second()) for _ in range(4)]
            assert sent == [1, 1, 0, 0]
            assert bench.live.watches == []

    asyncio.run(scenario())


def test_it_ends_when_the_watcher_goes_offline(house):
    """It says so, and another device of the same account goes on."""
    allow(house)

    async def scenario():
        async with at_work(house) as bench:
            bench.watch()
            bench.watch(f"{COOP}/wall")
            bench.line.absent(PHONE)
            assert [to for to, *_ in await bench.second()] == [f"{COOP}/wall"]

    asyncio.run(scenario())


def test_who_leaves_while_the_consents_are_asked_gets_nothing_more(house):
    """And the others their value."""
    allow(house)

    async def scenario():
        async with at_work(house) as bench:
            bench.watch()
            bench.watch(f"{COOP}/wall")
            asked = bench.live._call

            async def call(function, *arguments):
                bench.line.absent(PHONE)
                return await asked(function, *arguments)

            bench.live._call = call
            assert [to for to, *_ in await bench.second()] == [f"{COOP}/wall"]

    asyncio.run(scenario())


def test_a_store_that_cannot_be_read_shows_nothing_and_ends_nothing(house):
    """The next value goes when it can be read again, and what was shown is noted then."""
    allow(house)

    async def scenario():
        async with at_work(house) as bench:
            bench.watch()
            for message in [*await bench.second(), *await bench.second()]:
                bench.line.acknowledge(COOP, message[1])
            asked = bench.live._call

            async def broken(*_):
                raise StoreError("the disk is full")

            bench.live._call = broken
            assert await bench.second(seconds=61) == []
            bench.live._call = asked
            assert len(await bench.second(seconds=61)) == 1

    asyncio.run(scenario())
    assert shown(house.store) == [(COOP, POWER, 3)]


@pytest.mark.parametrize(
    ("condition", "left"), [("service-unavailable", 0), ("remote-server-timeout", 0), ("feature-not-implemented", 1)]
)
def test_a_watcher_that_answers_no_ping_is_gone(house, condition, left):
    """One that only does not know pings is there."""
    allow(house)

    async def scenario():
        async with at_work(house, ping_every_s=0.02) as bench:
            bench.watch()
            await eventually(lambda: len(bench.line.pinged) > 1)
            assert len(bench.live.watches) == 1
            bench.line.fault = FederationError("?", condition)
            pinged = len(bench.line.pinged)
            await eventually(lambda: len(bench.line.pinged) > pinged + left)
            assert len(bench.live.watches) == left

    asyncio.run(scenario())


def test_watchers_are_bounded(house):
    """One account takes no more than its share; the same question again is the same one, to another end."""
    allow(house)

    async def scenario():
        async with at_work(house) as bench:
            assert all(bench.watch(f"{COOP}/{n}") for n in range(MOST_OF_ONE))
            assert not bench.watch(f"{COOP}/one-more")
            assert bench.watch(f"{COOP}/0", until=START + 9)
            assert bench.watch(f"{OTHER}/x")
            bench.live.unwatch(COOP, "house", "")
            assert [watch.recipient for watch in bench.live.watches] == [OTHER]

    asyncio.run(scenario())


def test_what_was_shown_stands_in_the_log_of_transfers(house):
    """The first of a series before it leaves, the others with a later commit, all at the end."""
    allow(house)
    house.minutes(2)

    async def scenario():
        async with at_work(house) as bench:
            bench.watch()
            for number in range(5):
                for message in await bench.second(**({INDEX: 10_000} if number == 4 else {})):
                    bench.line.acknowledge(COOP, message[1])
                assert (COOP, POWER, 1 if number < 4 else 2) in shown(house.store)
            assert (COOP, INDEX, 1) in shown(house.store)

    asyncio.run(scenario())
    assert shown(house.store) == [(COOP, INDEX, 1), (COOP, POWER, 5)]


class Window:
    """Remembers who was let watch."""

    def __init__(self, room=True):
        self.room, self.asked, self.ended = room, [], []

    def watch(self, watch):
        self.asked.append(watch)
        return self.room

    def unwatch(self, *who):
        self.ended.append(who)


async def ask(house, window, node="subscribe", **fields):
    """The answer to one command: its fields, or the condition of its refusal."""

    async def call(function, *arguments):
        return function(*arguments)

    line, stop = commands.Line(), asyncio.Event()
    publisher = Publisher("gw", "sen1.test")
    room = Commands(line, house.store, call, publisher, lambda *_: None, lambda: START + 10, live=window)
    task = asyncio.create_task(room.run(stop))
    line.ask(build_submit(node, {"identifier": commands.SEN1} | fields), "en")
    ((_, answer, error),) = await eventually(lambda: line.answers)
    stop.set()
    await task
    fields = {} if error else parse_result(answer)
    assert error or fields.pop("result") == "Success"
    return answer[0].tag.partition("}")[2] if error else fields


def test_a_live_subscription_is_a_lease_for_one_device(house):
    """An hour unless another end is asked for, a day and the consent's end at most; nothing is queued for it."""
    allow(house, until=START + 50_000)
    window = Window()
    asked = [
        asyncio.run(ask(house, window, mode="live", **more))
        for more in (
            {},
            {"minimum_interval": "5", "end_time": "2026-06-16T10:01:00Z"},
            {"end_time": "2036-01-01T00:00Z"},
        )
    ]
    assert asked[0] == {"minimum_interval": "1", "end_time": "2026-06-16T11:00:10Z"}
    assert asked[1] == {"minimum_interval": "5", "end_time": "2026-06-16T10:01:00Z"}
    assert [watch.until - START for watch in window.asked] == [3610, 60, 50_000]
    assert {(watch.origin, watch.recipient) for watch in window.asked} == {(f"{COOP}/x", COOP)}
    assert house.store.subscriptions.all() == []
    assert asyncio.run(ask(house, window, "unsubscribe")) == {}
    assert window.ended == [(COOP, "house", "")]


@pytest.mark.parametrize(
    ("fields", "condition"),
    [
        ({"mode": "dead"}, "bad-request"),
        ({"mode": "live", "minimum_interval": "0"}, "bad-request"),
        ({"mode": "live", "minimum_interval": "often"}, "bad-request"),
        ({"mode": "live", "minimum_interval": "3601"}, "bad-request"),
        ({"mode": "live", "end_time": "2020-01-01T00:00:00Z"}, "bad-request"),
        ({"mode": "live", "end_time": "tomorrow"}, "bad-request"),
        ({"mode": "live", "identifier": f"{commands.SEN1}/production"}, "not-authorized"),
    ],
)
def test_a_live_subscription_that_cannot_be_is_refused_with_a_reason(house, fields, condition):
    """The form's faults as such; what no consent opens like every other."""
    allow(house)
    window = Window()
    assert asyncio.run(ask(house, window, **fields)) == condition
    assert window.asked == []


@pytest.mark.parametrize("consent", [{"granularity": Granularity.MINUTE}, {"terms": Terms(push=False)}])
def test_a_coarser_consent_or_one_to_history_opens_no_live_view(house, consent):
    """Live is as the meter says it, and pushed."""
    allow(house, **consent)
    assert asyncio.run(ask(house, Window(), mode="live")) == "not-authorized"


def test_where_too_many_watch_the_next_is_asked_to_wait(house):
    """A gateway's seconds are few."""
    allow(house)
    assert asyncio.run(ask(house, Window(room=False), mode="live")) == "resource-constraint"
