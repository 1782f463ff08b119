"""Published totals on the federation: a school's gateway receives them as it receives a neighbour's, others nothing."""

import asyncio
import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from gateway.collector.config import load
from gateway.collector.publication import UNITS, SegmentPublication
from gateway.errors import FederationError
from gateway.federation.connection.disco import ITEMS
from gateway.federation.connection.session import Session
from gateway.federation.wire.form import ResultPage, build_submit, parse_page, parse_result
from gateway.federation.wire.stanza import QUOALISE, parse_quoalise
from harness.accounts import FAR
from meter.process import SimulatedMeter
from servers import wait_until
from tests.gateway.collector.test_collecting import far_account
from tests.gateway.collector.test_segments import INDEX, NOW, PRODUCED, add_homes, divide, fill_all, reckoned
from tests.gateway.collector.test_views import at
from tests.gateway.federation.conftest import QUICK, account, eventually
from tests.integration.processes import PASSWORD, House, Process

WAIT_S = 60
HOUR = timedelta(hours=1)
PLACE, DOMAIN = f"{FAR}/totals", "sen2.test"
NORTH = f"{FAR}/north@{DOMAIN}"


@pytest.fixture
def town(store_at, federation):
    """A collector whose 24 homes are published up to yesterday, to the school and to whoever is of `ville.test`."""
    store = store_at(far_account(federation))
    federation.register("coop", DOMAIN, PASSWORD)
    store.config.write_text(store.config.read_text() + '[publish]\nto = ["ecole@sen1.test", "ville.test"]\n')
    first = NOW - timedelta(days=2)
    fill_all(store, add_homes(store, 24), first=first)
    fill_all(store, add_homes(store, 24, PRODUCED), used=40, first=first)
    divide(store, "".join(f"h{n}@x {'north' if n % 2 else 'south'}\n" for n in range(1, 25)))
    reckoned(store, timedelta(days=1))
    return store


def published(store, segment="north"):
    """(path, time, value) as they are to arrive."""
    rows = store.ask("SELECT path, extract(epoch FROM start)::bigint, energy, homes FROM published_half_hour"
                     " WHERE segment = %s", segment)  # fmt: skip
    kinds = {INDEX: "consumption", PRODUCED: "production"}
    energy = [(f"{kinds[path]}/energy/active/total", at, value) for path, at, value, _ in rows]
    return sorted(energy + [(f"{kinds[path]}/homes", at, float(homes)) for path, at, _, homes in rows])


class School(House):
    """A gateway that receives the totals of a segment."""

    def __init__(self, folder, federation):
        folder.mkdir()
        self.meter = SimulatedMeter(folder / "ttyTIC", speed=1, seed=1, mode="standard")
        received = f'[[received]]\nname = "commune"\nprovider = "{PLACE}"\nidentifier = "{NORTH}"\nhistory = 30\n'
        super().__init__(folder, federation, folder / "ttyTIC", extra=received)
        federation.register("ecole", "sen1.test", PASSWORD)
        self.config.write_text(self.config.read_text().replace('"maison@sen1.test"', '"ecole@sen1.test"'))

    def received(self):
        """(path, time, value) of what came."""
        rows = self.query("SELECT path, time, value FROM received_point JOIN received_series"
                          " ON received_series.id = received_point.series WHERE granularity = 'PT30M'")  # fmt: skip
        return sorted((path, time, float(value)) for path, time, value in rows)


def test_a_school_s_gateway_receives_the_totals_of_its_commune(federation, town, tmp_path):
    """With its ordinary [[received]]: what is published, then what is published later; nothing of another segment."""
    school = School(tmp_path / "school", federation)
    with school.meter, town.collector("one") as collector:
        with school.gateway() as gateway:
            school.await_link("provider commune", "ok", WAIT_S)
            wait_until(lambda: school.received() == published(town), WAIT_S, "all that is published", every=0.3)
            assert gateway.stop() == 0
        before = len(published(town))
        reckoned(town, HOUR)
        assert len(published(town)) > before
        with school.gateway() as gateway:
            wait_until(lambda: school.received() == published(town), WAIT_S, "what was published since", every=0.3)
            listed = [json.loads(line) for line in school.command("received", "list", "--json").stdout.splitlines()]
            assert gateway.stop() == 0
        assert collector.stop(60) == 0
    assert {row["unit"] for row in listed} == {"Wh", "count"}
    for process in (gateway, collector):
        assert "Traceback" not in process.log.read_text()


def test_consume_reads_the_whole_of_a_year_by_pages(federation, town, tmp_path):
    """The reference recipient, from a history of more than a page; each half hour once."""
    town.ask("INSERT INTO published_half_hour SELECT 'all', %s, %s - n * interval '30 minutes', n, 24"
             " FROM generate_series(1, 2000) n", INDEX, NOW - timedelta(days=3))  # fmt: skip
    federation.register("ecole", "sen1.test", PASSWORD)
    (tmp_path / "password").write_text(PASSWORD + "\n")
    words = [
        *("consume", "--jid", "ecole@sen1.test", "--password-file", tmp_path / "password", "--gateway", PLACE),
        *("--address", federation.address("sen1.test"), "--ca-file", federation.ca, "--store", tmp_path / "all.sqlite"),
        *("--identifier", f"{FAR}/all@{DOMAIN}/consumption", "--history-from", "2020-01-01"),
    ]
    expected = [row for row in published(town, "all") if row[0].startswith("consumption/")]
    recipient = Process(tmp_path, "recipient", *words)

    def told():
        lines = recipient.log.read_text().splitlines()
        rows = [json.loads(line) for line in lines if line.startswith("{")]
        return sorted(
            ("/".join(row["name"].split("/")[2:]), at(datetime.fromisoformat(row["time"])), float(row["value"]))
            for row in rows
        )

    with town.collector("one") as collector, recipient:
        wait_until(lambda: len(told()) >= len(expected), WAIT_S, "all of them", every=0.3)
        assert recipient.stop() == 0
        assert collector.stop(60) == 0
    assert len(expected) > 4000
    assert told() == expected


async def answered(own):
    """Wait until somebody answers, whatever."""
    async with asyncio.timeout(WAIT_S):
        await own.connected.wait()
        while True:
            try:
                await own.request(PLACE, build_submit("unsubscribe", {"identifier": NORTH}))
            except FederationError as error:
                if error.condition == "not-authorized":
                    return
                await asyncio.sleep(0.05)
            else:
                return


@asynccontextmanager
async def running(work):
    """What runs until its stop, until the end of the block."""
    stop = asyncio.Event()
    task = asyncio.create_task(work.run(stop))
    try:
        yield work
    finally:
        stop.set()
        async with asyncio.timeout(WAIT_S):
            await task


@asynccontextmanager
async def publication(town, federation, name):
    """The publication in this process, and a session of somebody."""
    own = Session(account(federation, name, "sen1.test"), QUICK)
    async with running(SegmentPublication(load(town.config))), running(own):
        await answered(own)
        yield own


def history(identifier=NORTH, **more):
    since, until = (moment.isoformat() for moment in (NOW - timedelta(days=9), NOW + HOUR))
    return {"identifier": identifier, "start_time": since, "end_time": until} | more


async def refused(own, node, fields):
    with pytest.raises(FederationError) as caught:
        await own.request(PLACE, build_submit(node, fields))
    return caught.value.condition


async def items(own):
    query = build_submit("none", {}).makeelement(f"{{{ITEMS}}}query", {"node": "catalogue"})
    answer = await own.request(PLACE, query, kind="get")
    return {item.get("node") for item in answer.iter(f"{{{ITEMS}}}item")}


def test_a_stranger_is_told_nothing(federation, town):
    """Neither values nor names, whether there is such a segment or not."""

    async def scenario():
        async with publication(town, federation, "passant") as own:
            for identifier in (NORTH, f"{FAR}/nowhere@{DOMAIN}"):
                assert await refused(own, "get_history", history(identifier)) == "not-authorized"
                assert await refused(own, "subscribe", {"identifier": identifier}) == "not-authorized"
            assert await refused(own, "list_series", {}) == "item-not-found"
            assert await items(own) == set()

    asyncio.run(scenario())


def test_what_is_asked_is_answered_and_what_cannot_be_is_said(federation, town):
    """Names, pages, a branch, a granularity that there is not, a name that there is not, live values."""

    async def scenario():
        async with publication(town, federation, "ecole") as own:
            # A segment that is too small to be published has no name for anybody.
            town.ask("INSERT INTO segment (name) VALUES ('few')")
            names = await items(own)
            assert names == {f"{FAR}/{s}@{DOMAIN}/{path}" for s in ("all", "north", "south") for path in UNITS}
            found, after = [], None
            while True:
                answer = await own.request(PLACE, build_submit("get_history", history(), ResultPage(7, after)))
                parcel = parse_quoalise(answer.find(f"{{{QUOALISE}}}quoalise"), 0)
                found += [("/".join(r.name.split("/")[2:]), r.time, float(r.value)) for r in parcel.records]
                assert set(parcel.granularities.values()) <= {"PT30M"}
                last, total = parse_page(answer)
                assert total in (None, len(published(town)))
                if last is None or len(parcel.records) < 7:
                    break
                after = last
            assert len(found) == len(set(found))
            assert sorted(found) == published(town)
            branch = build_submit("get_history", history(f"{NORTH}/production/homes", granularity="PT30M"))
            parcel = parse_quoalise((await own.request(PLACE, branch)).find(f"{{{QUOALISE}}}quoalise"), 0)
            assert {(record.value, record.unit) for record in parcel.records} == {(12, "count")}
            for node, fields, condition in (
                ("get_history", history(f"{FAR}/nowhere@{DOMAIN}"), "item-not-found"),
                ("get_history", history(f"{FAR}/few@{DOMAIN}"), "item-not-found"),
                ("subscribe", {"identifier": f"{FAR}/few@{DOMAIN}"}, "item-not-found"),
                ("get_history", history(f"autre@{DOMAIN}/north@{DOMAIN}"), "item-not-found"),
                ("get_history", history("urn:dev:prm:30001610071843"), "item-not-found"),
                ("get_history", history(granularity="P1D"), "bad-request"),
                ("get_history", history(end_time="2020-01-01T00:00:00Z"), "bad-request"),
                ("subscribe", {"identifier": NORTH, "mode": "live"}, "bad-request"),
                ("request_access", {}, "item-not-found"),
            ):
                assert await refused(own, node, fields) == condition, fields

    asyncio.run(scenario())


def test_who_subscribes_is_told_how_far_it_goes_or_to_come_later(federation, town):
    """While much is still to be published, nobody is told that it has all up to now."""

    async def scenario():
        async with publication(town, federation, "ecole") as own:
            answer = parse_result(await own.request(PLACE, build_submit("subscribe", {"identifier": NORTH})))
            until = town.one("SELECT extract(epoch FROM until)::bigint FROM segment_release") // 1800
            assert (int(answer["first"]), int(answer["last"])) == (until + 1, until)
            town.ask("UPDATE segment_release SET until = %s", datetime.now(UTC) - timedelta(hours=41))
            assert await refused(own, "subscribe", {"identifier": NORTH}) == "resource-constraint"
            town.ask("DELETE FROM segment_release")
            assert await refused(own, "subscribe", {"identifier": NORTH}) == "resource-constraint"

    asyncio.run(scenario())


def test_of_two_processes_one_gives_the_totals_and_the_other_takes_over(federation, town):
    """By a lock of the database: they do not throw each other out of the account."""
    holders = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND granted"

    async def scenario():
        own = Session(account(federation, "ecole", "sen1.test"), QUICK)
        one, two = (SegmentPublication(load(town.config)) for _ in range(2))
        async with running(own), running(two):
            async with running(one):
                for _ in range(5):
                    await answered(own)
                    assert town.one(holders) == 1
            # Whichever had it, the other one has it within moments.
            await answered(own)
            assert town.one(holders) == 1
        # PostgreSQL ends a session after its connection.
        await eventually(lambda: town.one(holders) == 0)

    asyncio.run(scenario())
