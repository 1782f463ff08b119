"""When gateways are asked: what is due first, a new session without a storm, little memory for who is silent."""

import asyncio
import tracemalloc
from dataclasses import replace

import pytest

from gateway.collector import rounds
from gateway.collector.partitions import Assignment
from gateway.collector.queue import IngestQueue
from gateway.collector.rounds import Rounds
from gateway.errors import FederationError
from gateway.federation.wire.form import Answer, Command, build_result
from harness.accounts import FAR
from tests.gateway.federation.conftest import eventually


class _Quiet:
    def in_language(self, _):
        return ""


NUMBERS = [(var, _Quiet(), text) for var, text in {"epoch": "0a0b0c0d", "first": "1", "last": "0"}.items()]
ACCEPTED = build_result(Command("subscribe", "execute", "s", {}, None), "en", _Quiet(), Answer(NUMBERS))


class Line:
    """In place of a session: everybody answers at once, or as ``answers`` has it."""

    def __init__(self):
        self.connected, self.answers = asyncio.Event(), {}
        self.connected.set()
        self.asked, self.greeted, self.left = [], [], []

    def on_change(self, callback):
        self.changed = callback

    def on_present(self, callback):
        self.appeared = callback

    def greet(self, to):
        self.greeted.append(to)

    def take_leave(self, of):
        self.left.append(of)

    async def request(self, to, command):
        self.asked.append((to, command.get("node")))
        await asyncio.sleep(0)
        if to in self.answers:
            raise FederationError("?", self.answers[to])
        return ACCEPTED


class Nowhere:
    """In place of the database and the queue: nothing is known, and nothing is kept."""

    def forget(self, sources):
        """Nothing waits of them."""
        for source in sources:
            source.gone = True

    async def run(self, work):
        return []


def assignment(number, *, stands, former=()):
    jid = f"gw{number:07d}@homes.test"
    return Assignment(
        number, number % 64, jid, "proxy", (f"{jid}/s{number:07d}@homes.test",), former, former, stands, stands
    )


class Scene:
    """Rounds of some gateways, running."""

    def __init__(self, *assignments):
        self.line, self.sources = Line(), {}
        self.rounds = Rounds(self.line, Nowhere(), Nowhere(), self.sources)
        self.rounds.assign(assignments)
        self.stop = asyncio.Event()

    async def __aenter__(self):
        self.running = asyncio.create_task(self.rounds.run(self.stop))
        return self

    async def __aexit__(self, *_):
        self.stop.set()
        await self.running

    def asked(self, node="subscribe"):
        return [to for to, asked in self.line.asked if asked == node]


@pytest.fixture
def slowly(monkeypatch):
    """One of those that stand in a minute."""
    monkeypatch.setattr(rounds, "_ANEW_EACH_S", 1 / 60)


def test_a_new_session_shows_itself_to_all_and_asks_those_first_that_never_agreed(slowly):
    """Who stands, and numbers what it sends, has its turn later; another new session soon after asks nobody twice."""

    async def scenario():
        stand = [assignment(n, stands=True) for n in range(200)]
        new = [assignment(n, stands=False) for n in range(200, 210)]
        async with Scene(*stand, *new) as scene:
            await eventually(lambda: set(scene.line.greeted) >= {f"{one.jid}/proxy" for one in stand})
            await eventually(lambda: len(scene.asked()) >= 11)
            first = {f"{stand[0].jid}/proxy"}
            assert set(scene.asked()) == first | {f"{one.jid}/proxy" for one in new}
            scene.line.greeted.clear()
            scene.line.changed(False)
            scene.line.changed(True)
            await eventually(lambda: len(set(scene.line.greeted)) == 210)
            assert scene.asked()[11:] == [f"{stand[1].jid}/proxy"]

    asyncio.run(scenario())


def test_who_shows_itself_or_tells_something_is_asked_at_once():
    """However far its turn is; right after our own presence its own is an answer."""

    async def scenario():
        stand = [assignment(n, stands=True) for n in range(3)]
        async with Scene(*stand) as scene:
            await eventually(lambda: len(scene.asked()) == 3)
            last = scene.sources[stand[2].jid]
            scene.line.appeared(last.provider)
            scene.line.appeared("stranger@elsewhere.test/x")
            last.greeted_at -= 10
            scene.line.appeared(f"{last.jid}/another")
            assert len(scene.asked()) == 3
            scene.line.greeted.clear()
            scene.line.appeared(last.provider)
            await eventually(lambda: scene.asked()[3:] == [last.provider])
            await eventually(lambda: last.provider in scene.line.greeted)
            scene.rounds.ask_again(last)
            await eventually(lambda: scene.asked()[3:] == [last.provider] * 2)

    asyncio.run(scenario())


def test_a_server_that_comes_back_with_all_its_gateways_does_not_have_all_asked_at_once(slowly):
    """Each shows itself: each is shown our presence, and asked in its turn."""

    async def scenario():
        async with Scene(*(assignment(n, stands=True) for n in range(100))) as scene:
            await eventually(lambda: len(scene.line.greeted) >= 100)
            scene.line.greeted.clear()
            for source in scene.sources.values():
                source.greeted_at -= 10
                scene.line.appeared(source.provider)
            await eventually(lambda: len(set(scene.line.greeted)) == 100)
            assert len(scene.asked()) == 1

    asyncio.run(scenario())


def test_who_asks_to_be_left_alone_is_for_a_minute():
    """Whatever happens meanwhile."""

    async def scenario():
        busy = assignment(1, stands=False)
        scene = Scene(busy)
        scene.line.answers[f"{busy.jid}/proxy"] = "resource-constraint"
        async with scene:
            await eventually(lambda: scene.rounds.changes)
            source = scene.sources[busy.jid]
            scene.rounds.ask_again(source)
            scene.line.changed(True)
            assert source.due >= source.earliest >= source.asked_at + 60
            assert scene.rounds.changes == {(1, busy.wanted[0]): ("busy", "?")}
        assert scene.asked() == [source.provider]

    asyncio.run(scenario())


def test_who_is_given_up_is_told_and_who_is_no_longer_wanted_asked_to_end():
    """A gateway that another process has sends to that one."""

    async def scenario():
        stays, goes = assignment(1, stands=True), assignment(2, stands=True)
        async with Scene(stays, goes) as scene:
            await eventually(lambda: len(scene.asked()) == 2)
            former = Assignment(1, 1, stays.jid, "proxy", (), stays.wanted, stays.wanted, True, True)
            scene.rounds.assign([former])
            await eventually(lambda: scene.asked("unsubscribe") == [f"{stays.jid}/proxy"])
            await eventually(lambda: scene.line.left == [f"{goes.jid}/proxy"])
            assert list(scene.sources) == [stays.jid]
            await eventually(lambda: scene.sources[stays.jid].ending == ())

    asyncio.run(scenario())


def test_one_whose_subscriptions_change_is_not_given_up():
    """The counter is of those that this process has no more."""

    async def scenario():
        line, sources = Line(), {}
        line.listen = line.send_message = lambda *_: None
        queue = IngestQueue(line, sources, None, 100, 100, lambda _: None)
        given = Rounds(line, Nowhere(), queue, sources)
        stays, goes = assignment(1, stands=True), assignment(2, stands=True)
        given.assign([stays, goes])
        before = sources[stays.jid]
        given.assign([replace(stays, wanted=(*stays.wanted, f"{stays.wanted[0]}/consumption")), goes])
        assert (before.gone, sources[stays.jid].gone, queue.counts.given_up) == (True, False, 0)
        given.assign([stays])
        assert (list(sources), queue.counts.given_up) == ([stays.jid], 1)

    asyncio.run(scenario())


def test_who_is_given_up_alone_is_told_though_nobody_is_asked():
    """Nothing else is due for an hour."""

    async def scenario():
        stays, goes = assignment(1, stands=True), assignment(2, stands=True)
        async with Scene(stays, goes) as scene:
            await eventually(lambda: len(scene.asked()) == 2 and not scene.rounds._asked)
            scene.rounds.assign([stays])
            await eventually(lambda: scene.line.left == [f"{goes.jid}/proxy"])

    asyncio.run(scenario())


def test_an_ask_that_outlives_its_gateway_shows_and_asks_nothing_more():
    """Another process has it by now: it would send to us again."""

    async def scenario():
        one = assignment(1, stands=False, former=("gw0000001@homes.test/old", "gw0000001@homes.test/older"))
        scene, hold = Scene(one), asyncio.Event()
        answer = scene.line.request

        async def late(to, command):
            result = await answer(to, command)
            await hold.wait()
            return result

        scene.line.request = late
        async with scene:
            await eventually(lambda: scene.asked("unsubscribe"))
            scene.rounds.assign([])
            hold.set()
            await eventually(lambda: not scene.rounds._asked)
        assert scene.line.asked == [(f"{one.jid}/proxy", "unsubscribe")]
        assert (scene.line.greeted, scene.line.left) == ([], [f"{one.jid}/proxy"])

    asyncio.run(scenario())


def test_presences_of_one_gateway_have_it_asked_once(slowly):
    """However many it shows; nobody else waits longer for that."""

    async def scenario():
        async with Scene(*(assignment(n, stands=True) for n in range(3))) as scene:
            await eventually(lambda: len(scene.line.greeted) >= 3)
            last = scene.sources[assignment(2, stands=True).jid]
            last.greeted_at -= 10
            planned, waits = len(scene.rounds._due), scene.rounds._next_anew
            for _ in range(100):
                scene.line.appeared(last.provider)
            assert len(scene.rounds._due) <= planned + 1
            assert scene.rounds._next_anew <= waits + 61

    asyncio.run(scenario())


def test_a_gateway_that_is_silent_takes_less_than_two_kilobytes():
    """Its row as it is assigned, its place among the others, its turn."""

    async def scenario():
        Scene(*(assignment(n, stands=True) for n in range(10)))
        tracemalloc.start()
        scene = Scene(*(assignment(n, stands=True) for n in range(5000)))
        each = tracemalloc.get_traced_memory()[0] / 5000
        tracemalloc.stop()
        assert len(scene.sources) == 5000
        return each

    assert asyncio.run(scenario()) < 2000


def test_the_account_of_the_tests_has_other_locks_than_another():
    """The keys are signed numbers of four bytes, and each account's own."""
    from gateway.collector.partitions import classes_of, lock_keys

    keys = [key for account in (FAR, f"x{FAR}") for key in lock_keys(account)]
    assert len(set(keys)) == 4
    assert all(-(2**31) <= key < 2**31 for key in keys)
    assert classes_of(FAR) == [key % 2**32 for key in lock_keys(FAR)]
