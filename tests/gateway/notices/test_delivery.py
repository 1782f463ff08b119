"""Notices leave by their ways once: over dead servers, refusals, restarts, a clock that nobody has set."""

import asyncio
import random
import threading
from collections import deque
from contextlib import contextmanager, suppress

import pytest

from gateway.config.tables import load
from gateway.errors import GatewayError, StoreError
from gateway.links.alert_words import FaultKind
from gateway.links.link import BROKEN, OK, WAITING
from gateway.notices.delivery import sender, turn, ways
from gateway.notices.delivery.way import ways_of
from gateway.notices.delivery.ways import HouseholdWays
from gateway.store.store import Store
from servers import free_port
from tests.gateway.notices.services import Services
from tests.gateway.notices.test_intake import alert
from tests.gateway.notices.test_quiet import posix
from tests.gateway.notices.test_ways import Here
from tests.prepared import prepare

NOON = posix("2026-11-25T12:00")


class House:
    """A store and the ways of a configuration; its clock goes as fast as it is told to."""

    def __init__(self, folder, *tables):
        self.folder, self.ahead, self.known = folder, 0.0, True
        prepare(folder / "data")
        self.configure(*tables)
        self.store = Store(folder / "data")
        self.calm, self.failing = set(), False

    def configure(self, *tables):
        text = '[[meter]]\nsource = "/nowhere/tty"\n' + "".join(f"[[notice]]\n{table}\n" for table in tables)
        (self.folder / "gateway.toml").write_text(text)

    def clock(self):
        return NOON + self.ahead if self.known else None

    async def call(self, function, *arguments):
        if self.failing:
            raise StoreError("the card is full")
        return function(*arguments)

    @contextmanager
    def restarted(self):
        """A start of the gateway: its ways."""
        yield HouseholdWays(
            ways_of(load(self.folder / "gateway.toml")),
            self.store.household,
            self.call,
            self.clock,
            self.calm.__contains__,
            Here(),
            random.Random(3),
        )

    @property
    def rows(self):
        """(way, event, state) of all, the oldest first."""
        return [(row.way, row.event, row.state.value) for row in reversed(self.store.household.recent(100))]


@pytest.fixture
def services():
    """A webhook, Gotify."""
    with Services() as found:
        yield found


@pytest.fixture
def house(tmp_path, services):
    """One way to a webhook."""
    made = House(tmp_path, hook("home", services.port))
    yield made
    made.store.close()


def hook(name, port, more=""):
    """A way to a webhook on that port."""
    return f'name = "{name}"\nurl = "json://here.local:{port}/"\nquiet = ""\nlanguage = "en"\n{more}'


@pytest.fixture(autouse=True)
def _fast(monkeypatch):
    """What is gathered for seconds and paced by the minute is not, but where a test says so."""
    monkeypatch.setattr(turn, "GATHER_S", 0)
    monkeypatch.setattr(turn, "PACE_S", 0)
    monkeypatch.setattr(ways, "CLOCK_PATIENCE_S", 10**9)


async def until(true, seconds=10):
    """Wait for it."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 (what is waited for is in a database)
            await asyncio.sleep(0.005)


async def came_round(found):
    """Each way has had a whole turn from now on."""
    for one in found.senders.values():
        # A turn that is under way may have looked before.
        for _ in range(2):
            before = one.alive_at
            one.wake.set()
            await until(lambda one=one, before=before: one.alive_at > before)


def live(house, scenario):
    """A start of the gateway in which that happens."""

    async def run():
        with house.restarted() as found:
            stop = asyncio.Event()
            running = asyncio.create_task(found.run(stop))
            try:
                result = await scenario(found)
                # Once more around, so that what is noted of it is.
                await until(lambda: not found._heard)
                return result
            finally:
                stop.set()
                await running

    return asyncio.run(run())


def lasted(kind=FaultKind.DISK, **more):
    """A fault that holds for long, by its own clock."""
    return alert(kind, since=-10_000.0, **more)


async def settled(house, found):
    """Nothing waits any more that could leave."""
    house.ahead += 700
    found._wake_all()
    await until(lambda: all(state != "waiting" for _, _, state in house.rows))


def test_a_fault_and_its_end_are_told_once_each(house, services):
    """And once more looked at, nothing more."""

    async def scenario(found):
        for one in (lasted(), lasted()):
            found.tell(one)
        await until(lambda: len(house.rows) == 1)
        await settled(house, found)
        found.tell(lasted(ended=True))
        await until(lambda: len(house.rows) == 2)
        await settled(house, found)
        return found.links(0)

    (link,) = live(house, scenario)
    assert [said["events"] for _, said in services.told] == [["gateway"], ["gateway"]]
    assert "nearly full" in services.told[0][1]["message"]
    assert "room on the card again" in services.told[1][1]["message"]
    assert (str(link), link.state) == ("notice home", OK)


def test_through_a_dead_server_and_a_restart_each_is_told_once(house, services, tmp_path):
    """Tried again after half a minute, on the card meanwhile."""
    house.configure(hook("home", free_port()))

    async def dead(found):
        found.tell(lasted())
        await until(lambda: house.rows)
        house.ahead += 700
        found._wake_all()
        await until(lambda: found.links(0)[0].state == WAITING)
        return str(found.links(0)[0].detail)

    assert "cannot be reached now; 1 wait" in live(house, dead)
    (row,) = house.store.household.waiting("home")
    assert row.tries == 1
    assert 24 <= row.due - house.clock() <= 36

    async def alive(found):
        found.tell(alert(FaultKind.BACKUP, "", since=-10_000.0))
        await until(lambda: len(house.rows) == 2)
        await settled(house, found)

    house.configure(hook("home", services.port))
    house.ahead += 60
    live(house, alive)
    lines = [line for _, said in services.told for line in said["message"].splitlines()]
    assert len(lines) == len(set(lines)) == 2
    assert {state for _, _, state in house.rows} == {"done"}


def test_who_asks_for_time_is_given_it(house, services):
    """Retry-After counts more than our own pause."""
    services.answers["webhook"] = deque([(503, {"Retry-After": "500"}, b"")])

    async def scenario(found):
        found.tell(lasted())
        await until(lambda: house.rows)
        house.ahead += 700
        found._wake_all()
        await until(lambda: len(services.asked) == 1)
        await until(lambda: house.store.household.waiting("home")[0].tries == 1)

    live(house, scenario)
    (row,) = house.store.household.waiting("home")
    assert row.due - house.clock() == 500


def test_a_way_that_refuses_is_said_by_another_one_once_and_a_test_opens_it(house, services, tmp_path):
    """It stays so over a restart, nothing is deleted, and its link says why and what to do."""
    with Services() as other:
        other.answers["webhook"] = deque([(403, {}, b"")])
        house.configure(hook("bad", other.port), hook("home", services.port, 'for = "Anne"'))

        async def refuse(found):
            found.tell(lasted())
            await until(lambda: len(house.rows) == 2)
            await settled(house, found)
            await until(lambda: len(services.told) == 2)
            return found.links(NOON)

        bad, good = live(house, refuse)
        assert (bad.state, good.state) == (BROKEN, OK)
        assert "refuses (403)" in str(bad.detail)
        assert "linky-gateway notice test bad" in str(bad.detail)
        said = sorted(said["message"] for _, said in services.told)
        assert said[0].startswith("Alerts to “bad” do not get through")
        assert [event for way, event, _ in house.rows if way == "home"].count("notices") == 1

        async def again(found):
            await until(lambda: found.senders["bad"].refused)
            found.tell(alert(FaultKind.BACKUP, "", since=-10_000.0))
            await until(lambda: len(house.rows) == 5)
            await settled(house, found)
            assert len(other.asked) == 1
            other.answers.clear()
            (row,) = await found.test("bad")
            with pytest.raises(GatewayError, match="wait"):
                await found.test("bad")
            with pytest.raises(GatewayError, match="no \\[\\[notice\\]\\] 'nobody'"):
                await found.test("nobody")
            return row, found.links(0)[0].state

        row, state = live(house, again)
        assert (row["answer"], state) == ("done", OK)
        assert len(services.told) == 3
        assert "this is how you will be alerted" in other.told[-1][1]["message"]


def test_another_address_is_tried_at_once(house, services):
    """What the old one refused is no matter of the new one."""
    with Services() as other:
        other.answers["webhook"] = deque([(410, {}, b"")])
        house.configure(hook("home", other.port))

        async def refuse(found):
            found.tell(lasted())
            await until(lambda: house.rows)
            await settled(house, found)

        live(house, refuse)
    assert house.rows == [("home", "gateway", "refused")]
    house.configure(hook("home", services.port))

    async def fresh(found):
        found.tell(alert(FaultKind.BACKUP, "", since=-10_000.0))
        await until(lambda: len(house.rows) == 2)
        await settled(house, found)

    live(house, fresh)
    assert len(services.told) == 1


def test_a_fault_that_is_calm_is_not_told_until_it_shows_again(house, services):
    """Its end may come, and drop it."""
    house.calm.add("DISK house")

    async def scenario(found):
        found.tell(lasted())
        await until(lambda: house.rows)
        for _ in range(3):
            house.ahead += 700
            found._wake_all()
            await until(lambda: house.store.household.waiting("home")[0].due > house.clock())
        assert not services.told
        found.tell(lasted(ended=True))
        await until(lambda: house.rows == [("home", "gateway", "over")])

    live(house, scenario)
    assert not services.asked


def test_while_the_clock_is_not_set_nothing_leaves_and_then_it_does(house, services):
    """A certificate would look wrong, and an age be nonsense."""
    house.known = False

    async def scenario(found):
        found.tell(lasted())
        await until(lambda: house.rows)
        assert [row.at for row in house.store.household.waiting("home")] == [0]
        house.known = True
        found._wake.set()
        await until(lambda: house.store.household.waiting("home")[0].at)
        await settled(house, found)

    live(house, scenario)
    assert len(services.told) == 1


def test_a_card_that_takes_nothing_loses_no_notice_and_is_told_of(house, services):
    """What is about that card, or cannot wait, is told from memory, once; the rest waits there; both are kept later."""
    house.failing = True

    async def scenario(found):
        for one in (lasted(), alert(FaultKind.BACKUP, "", since=-10_000.0)):
            found.tell(one)
        await until(lambda: not any(heard.alert.kind is FaultKind.DISK for heard in found._heard))
        assert found.waiting == {"backup"}
        house.ahead += 700
        found._wake_all()
        await until(lambda: len(services.told) == 1)
        for _ in range(5):
            house.ahead += 100
            await came_round(found)
        assert len(services.told) == 1
        house.failing = False
        found._wake.set()
        await until(lambda: len(house.rows) == 2)
        await settled(house, found)
        found.tell(lasted(ended=True))
        await until(lambda: len(house.rows) == 3)
        await settled(house, found)

    live(house, scenario)
    first, second, third = (said["message"] for _, said in services.told)
    assert "nearly full" in first
    assert "backup" in second
    assert "room on the card again" in third
    assert {state for _, _, state in house.rows} == {"done"}


def test_what_has_left_and_cannot_be_noted_does_not_leave_again(house, services):
    """A card that is full by then: neither the same once more, nor more than a way takes."""
    real = house.store.household.end

    def full(numbers, state, now):
        if state.value == "done":
            raise StoreError("the card is full")
        return real(numbers, state, now)

    house.store.household.end = full

    async def scenario(found):
        found.tell(lasted())
        await until(lambda: house.rows)
        for _ in range(8):
            house.ahead += 700
            await came_round(found)
        assert len(services.told) == 1
        house.store.household.end = real
        await settled(house, found)

    live(house, scenario)
    assert house.rows == [("home", "gateway", "done")]
    assert len(services.told) == 1


def test_a_fault_that_ends_before_it_could_be_told_goes_with_its_end(house, services):
    """While its message was on its way it was not known whether it would arrive."""
    release = threading.Event()
    real = services.answer

    def slow(*said):
        release.wait(10)
        services.answer = real
        return 503, {}, b""

    services.answer = slow

    async def scenario(found):
        found.tell(lasted())
        await until(lambda: house.rows)
        house.ahead += 700
        found._wake_all()
        await until(lambda: found.senders["home"].leaving)
        found.tell(lasted(ended=True))
        await until(lambda: len(house.rows) == 2)
        release.set()
        await until(lambda: not found.senders["home"].leaving)
        await settled(house, found)

    live(house, scenario)
    assert not services.told
    assert {state for _, _, state in house.rows} == {"over"}


def test_one_ways_fault_of_ours_costs_no_other(house, services, monkeypatch):
    """It is said on its link, and tried again."""
    house.configure(hook("bad", services.port), hook("home", services.port))
    real = sender.WaySender._turn

    async def broken(self, now):
        if self.way.name == "bad":
            raise ZeroDivisionError
        return await real(self, now)

    monkeypatch.setattr(sender.WaySender, "_turn", broken)

    async def scenario(found):
        found.tell(lasted())
        await until(lambda: len(house.rows) == 2)
        house.ahead += 700
        found._wake_all()
        await until(lambda: ("home", "gateway", "done") in house.rows)
        return [link.state for link in found.links(0)]

    assert live(house, scenario) == [WAITING, OK]


def test_ways_are_made_anew_while_the_gateway_runs(house, services):
    """What waits on a way that stays is told there."""

    async def scenario(found):
        found.tell(lasted())
        await until(lambda: house.rows)
        house.configure(hook("home", services.port), hook("more", services.port))
        found.change(ways_of(load(house.folder / "gateway.toml")))
        found.tell(alert(FaultKind.BACKUP, "", since=-10_000.0))
        await until(lambda: len(house.rows) == 3)
        await settled(house, found)
        return [str(link) for link in found.links(0)]

    assert live(house, scenario) == ["notice home", "notice more"]
    assert {way for way, _, state in house.rows if state == "done"} == {"home", "more"}


def test_what_is_shown_of_a_way_has_no_secret(house, services, tmp_path):
    """Neither in the list nor in a link; a file that is not there is a sentence."""
    (tmp_path / "sms").write_text("freemobile://12345678@canaryKEY4567\n")
    house.configure(
        'name = "sms"\nurl_file = "sms"', 'name = "none"', 'name = "gone"\nurl_file = "nowhere"', hook("home", 1)
    )

    async def scenario(found):
        return await found.listed(20), found.links(0)

    listed, links = live(house, scenario)
    assert "canary" not in f"{listed}{links}"
    assert [row["way"] for row in listed["ways"]] == ["sms", "none", "gone", "home"]
    assert listed["ways"][0]["address"] == "freemobile://smsapi.free-mobile.fr/…4567"
    assert [link.state for link in links] == [OK, BROKEN, BROKEN, OK]
    assert "/etc/linky-gateway/secrets/notices/none" in str(links[1].detail)
    assert "cannot be read" in str(links[2].detail)


def test_the_credentials_of_systemd_are_the_addresses(house, monkeypatch, tmp_path, services):
    """A file of the folder of secrets is handed over as notices_NAME."""
    folder = tmp_path / "credentials"
    folder.mkdir()
    (folder / "notices_home").write_text(f"json://me:canary@here.local:{services.port}/\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    house.configure('name = "home"')

    async def scenario(found):
        return await found.test(None)

    (row,) = live(house, scenario)
    assert row["answer"] == "done"
    assert "canary" not in str(row)


def test_nobody_is_asked_where_there_are_no_ways(house):
    """A test says so."""
    house.configure()

    async def scenario(found):
        found.tell(lasted())
        with suppress(TimeoutError):
            await until(lambda: not found._heard, 2)
        with pytest.raises(GatewayError, match="no \\[\\[notice\\]\\]"):
            await found.test(None)
        return found.links(0)

    assert live(house, scenario) == []
