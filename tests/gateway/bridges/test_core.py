"""The queue and the forwarder: what waits, what is in doubt, what was withdrawn; and the configuration's sentences."""

import asyncio
import logging

import pytest

from gateway.bridges.config import BridgedHouseholdTable, load
from gateway.bridges.core import BridgedGateway, Forwarder
from gateway.bridges.shared import SharedSink
from gateway.errors import BridgeError, ConfigError
from gateway.federation.connection.session import Account, Session
from gateway.federation.recipient.recipient import Keeper
from gateway.federation.wire.notice import Notice
from gateway.federation.wire.stanza import QuoaliseMessage
from gateway.senml.pack import Record
from gateway.store.bridge_queue import BridgeQueue, enqueue
from gateway.store.terms import NoticeKind

SENSOR = "gw@x.test/ab12@x.test"
INDEX, POWER = f"{SENSOR}/consumption/energy/active/index", f"{SENSOR}/consumption/power/apparent/raw"
HOUSEHOLD = BridgedHouseholdTable(name="house", gateway="gw@x.test/proxy", identifier=SENSOR)
START = 1_781_604_000


@pytest.fixture
def keeper(tmp_path):
    """Whoever keeps what a gateway sends, in a file that lets all of it wait."""
    opened = Keeper(tmp_path / "queue.sqlite", enqueue)
    yield opened
    opened.close()


@pytest.fixture
def queue(keeper):
    """An empty queue."""
    return BridgeQueue(keeper.file)


def parcel(*records, rectifies=False):
    """As it comes from the gateway."""
    return QuoaliseMessage(tuple(records), None, "ab12", None, {}, {}, rectifies=rectifies)


def index(n, said=None):
    """The index of one minute."""
    return Record(INDEX, START + 60 * n, 1000 + n if said is None else said, "Wh")


class Other:
    """The other system at an edge that must fail on command: it may take values and not answer for them."""

    most = 10

    def __init__(self):
        self.has, self.asked, self.silent = [], 0, False

    async def missing(self, values):
        self.asked += 1
        return [value for value in values if value not in self.has]

    async def send(self, values):
        self.has += values
        if self.silent:
            raise BridgeError("no answer")


def forwarder(queue, sink):
    """As in the program."""
    return Forwarder(queue, [HOUSEHOLD], SharedSink(sink), 90)


def test_what_was_taken_without_an_answer_is_asked_for_and_not_sent_again(keeper, queue):
    """At the start and after an error the other system is asked, else not; every value is there once, in order."""
    keeper.add(parcel(*map(index, range(25))))
    other = Other()

    async def scenario():
        first = forwarder(queue, other)
        other.silent = True
        with pytest.raises(BridgeError):
            await first.forward()
        assert queue.backlog() == (25, START)
        other.silent = False
        # A new process, as after a kill between the answer and our commit.
        second = forwarder(queue, other)
        while await second.forward():
            pass
        assert other.asked == 2
        keeper.add(parcel(index(30)))
        assert await second.forward()
        assert other.asked == 2

    asyncio.run(scenario())
    assert [value.value for value in other.has] == [*range(1000, 1025), 1030]
    assert [value.time for value in other.has] == [*(START + 60 * n for n in range(25)), START + 1800]
    assert queue.backlog() == (0, None)


class Slow:
    """The other system at its edges: it answers when it is told to, and refuses whatever holds one gateway's values."""

    most = 30

    def __init__(self, sick=""):
        self.sick, self.sent, self.at_work, self.answer = sick, [], asyncio.Event(), asyncio.Event()

    async def missing(self, values):
        taken = [value for values in self.sent for value in values]
        return [value for value in values if value not in taken]

    async def send(self, values):
        self.at_work.set()
        await self.answer.wait()
        # Others come meanwhile.
        for _ in range(10):
            await asyncio.sleep(0)
        if any(value.household.name == self.sick for value in values):
            raise BridgeError(f"{len(values)} values are refused")
        self.sent.append(values)


def crowd(tmp_path, count):
    """Gateways with three values each, and what empties their queues into one sink."""
    for n in range(count):
        household = BridgedHouseholdTable(
            name=f"home {n}", gateway=f"gw{n}@x.test/proxy", identifier=f"gw{n}@x.test/ab12@x.test"
        )
        keeper = Keeper(tmp_path / f"{n}.sqlite", enqueue)
        queue = BridgeQueue(keeper.file)
        name = f"{household.identifier}/consumption/energy/active/index"
        keeper.add(parcel(*(Record(name, START + 60 * minute, minute, "Wh") for minute in range(3))))
        yield keeper, queue, household


def test_what_many_gateways_hand_on_goes_together(tmp_path):
    """Twenty queues while the other system is at work: two more calls of it, no value lost and none twice."""
    homes = list(crowd(tmp_path, 20))

    async def scenario():
        slow = Slow()
        shared = SharedSink(slow)
        tasks = [asyncio.create_task(Forwarder(queue, [home], shared, 90).forward()) for _, queue, home in homes]
        await slow.at_work.wait()
        # Those behind it have had their turn of the loop, up to where they wait.
        for _ in range(10):
            await asyncio.sleep(0)
        slow.answer.set()
        assert all(await asyncio.gather(*tasks))
        return slow.sent

    sent = asyncio.run(scenario())
    assert [len(values) for values in sent] == [3, 30, 27]
    assert len({(value.record, value.time) for values in sent for value in values}) == 60
    assert all(queue.backlog() == (0, None) for _, queue, _ in homes)
    for keeper, _, _ in homes:
        keeper.close()


def test_what_one_gateway_s_values_spoil_holds_up_nobody_else(tmp_path):
    """They were refused together: each goes alone then, and the one that is refused again goes on being so, alone."""
    homes = list(crowd(tmp_path, 10))

    async def scenario():
        slow = Slow(sick="home 4")
        shared = SharedSink(slow)
        forwarders = [Forwarder(queue, [home], shared, 90) for _, queue, home in homes]
        slow.answer.set()
        rounds = []
        for _ in range(3):
            ended = await asyncio.gather(*(one.forward() for one in forwarders), return_exceptions=True)
            rounds.append([str(error) for error in ended if error is not None and not isinstance(error, bool)])
            homes[0][0].add(parcel(Record(f"{homes[0][2].identifier}/x", START + len(rounds), 1, "Wh")))
        return rounds

    first, second, third = asyncio.run(scenario())
    assert first == ["27 values are refused"] * 9
    assert second == third == ["3 values are refused"]
    assert [queue.backlog()[0] for _, queue, _ in homes] == [1, 0, 0, 0, 3, 0, 0, 0, 0, 0]
    for keeper, _, _ in homes:
        keeper.close()


def test_a_repetition_does_not_wait_and_a_correction_does_even_while_it_is_under_way(keeper, queue):
    """One value waits once; corrected after it was read for sending it waits on with its new value."""
    keeper.add(parcel(index(0), index(1)))
    keeper.add(parcel(index(1)))
    assert [one.value for one in queue.first(10)] == [1000, 1001]
    under_way = queue.first(1)
    keeper.add(parcel(index(0, 999), rectifies=True))
    queue.done(under_way[-1].seq)
    assert [one.value for one in queue.first(10)] == [1001, 999]


def test_what_a_household_withdraws_is_not_handed_on_any_more_and_is_told(keeper, queue):
    """It leaves the queue; the notice is there for the person who has to delete it elsewhere."""
    keeper.add(parcel(index(0), Record(POWER, START, 500, "VA")))
    branch = f"{SENSOR}/consumption/power"
    notice = Notice("n1", NoticeKind.DATA_ERASED, branch)
    keeper.obey(notice, "gw@x.test")
    assert [one.name for one in queue.first(10)] == [INDEX]
    assert [(told.kind, told.series) for told in queue.notices()] == [("data-erased", branch)]
    keeper.obey(Notice("n2", NoticeKind.CONSENT_WITHDRAWN), "gw@x.test")
    assert queue.first(10) == []
    assert queue.backlog() == (0, None)


def test_who_runs_the_bridge_is_told_to_delete_what_the_household_wants_deleted(keeper, queue, caplog):
    """A withdrawal that asks for no erasure is none of it; one that does is told at once, and once."""
    session = Session(Account("bridge@x.test", "x", "127.0.0.1:9"))
    gateway = BridgedGateway("gw@x.test/proxy", keeper, queue, [HOUSEHOLD], session, forwarder(queue, Other()))
    keeper.add(parcel(index(0)))
    with caplog.at_level(logging.ERROR):
        keeper.obey(Notice("n1", NoticeKind.CONSENT_WITHDRAWN, first=0, last=0), "gw@x.test")
        gateway.keeping.opened()
        assert caplog.messages == []
        assert queue.backlog() == (1, START), "what the household lets stay goes on its way"
        keeper.obey(Notice("n2", NoticeKind.CONSENT_WITHDRAWN), "gw@x.test")
        gateway.keeping.opened()
        gateway.keeping.opened()
    assert caplog.messages == [
        "house: the household told consent-withdrawn: delete in the other system what --status names"
    ]
    assert [told.spares for told in queue.notices()] == [True, False]


def test_only_what_was_handed_on_is_deleted_with_time(keeper, queue):
    """What still waits is kept, however old."""
    keeper.add(parcel(index(0), index(1), index(2)))
    queue.done(queue.first(2)[-1].seq)
    assert queue.forget(START + 3600) == 2
    assert [one.value for one in queue.first(10)] == [1002]
    queue.again(INDEX, "raw", START)
    assert [one.value for one in queue.first(10)] == [1002]


def test_joules_are_watt_hours_and_a_stranger_to_the_configuration_is_left_out(keeper, queue):
    """A gateway may write primary units; a record below no household's identifier goes nowhere."""
    keeper.add(parcel(Record(INDEX, START, 3_600_000, "J"), Record("o@x.test/z@x.test/a", START, 1, "W")))
    other = Other()
    asyncio.run(forwarder(queue, other).forward())
    assert [(value.value, value.unit, value.path) for value in other.has] == [
        (1000, "Wh", "consumption/energy/active/index")
    ]
    assert queue.backlog() == (0, None)


@pytest.mark.parametrize(
    "record",
    [
        Record(INDEX, 2**35, 5, "Wh"),
        Record(INDEX, 2**28, 5, "Wh"),
        Record(f"{SENSOR}/contract/tariff", START, "x" * 1001),
        Record(INDEX, START, 5, "W" * 17),
        Record(INDEX, START, None, "Wh"),
    ],
    ids=["to come", "before there were any", "a long text", "a long unit", "no value"],
)
def test_what_no_meter_says_is_left_out_and_stops_nothing(keeper, queue, record, caplog):
    """Said once; what comes after it is handed on."""
    keeper.add(parcel(record, record))
    keeper.add(parcel(index(7)))
    other = Other()
    asyncio.run(forwarder(queue, other).forward())
    assert [value.value for value in other.has] == [1007]
    assert caplog.text.count("is left out") == 1


def test_a_granularity_is_one(keeper, queue):
    """It becomes part of names elsewhere."""
    strange = QuoaliseMessage((index(1),), None, "ab12", None, {INDEX: "PT1M],x["}, {})
    keeper.add(strange)
    other = Other()
    asyncio.run(forwarder(queue, other).forward())
    assert (other.has, queue.backlog()) == ([], (0, None))


MINIMAL = """
[federation]
jid = "coop@x.test"
[[household]]
name = "house"
gateway = "gw@x.test/proxy"
identifier = "gw@x.test/ab12@x.test"
"""


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ("nix = 1", "line 8: [[household]] 1, nix: unknown key"),
        (
            '[zabbix]\nurl = "http://zabbix.example.org"',
            "example.org' will not do; write https://",
        ),
        ('[[household]]\nname = "house"\ngateway = "g@x.test/p"\nidentifier = "g@x.test/a@x.test"', "used by another"),
        (
            '[[household]]\nname = "b"\ngateway = "g@x.test/p"\nidentifier = "everything"',
            "[household]] 2, identifier",
        ),
        ('facts = { Piscine = "oui" }', "[[household]] 1, facts.Piscine: unknown key"),
        (
            '[[household]]\nname = "b"\ngateway = "GW@x.test/p"\nidentifier = "gw@x.test/b@x.test"',
            "write it in one way",
        ),
        ("[warp10]", "warp10: `url` is missing"),
    ],
)
def test_what_is_wrong_in_the_configuration_is_one_sentence(tmp_path, more, sentence):
    """File, place, what to write."""
    file = tmp_path / "bridge.toml"
    file.write_text(MINIMAL + more)
    with pytest.raises(ConfigError) as wrong:
        load(file)
    assert str(wrong.value).startswith(str(file))
    assert sentence in str(wrong.value)
