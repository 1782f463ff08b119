"""How much there is of a gateway's series: the gateway's own hash for each kind of value, bounded, never silent."""

import asyncio
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import psycopg
import pytest

from gateway.collector.months import Month, make
from gateway.collector.totals import count
from gateway.errors import FederationError
from gateway.federation.connection.disco import INFO
from gateway.federation.connection.session import Session
from gateway.federation.wire.total import (
    ANSWERS_TOTALS,
    MOST_HASHED,
    AskedStretch,
    SeriesTotal,
    build_question,
    parse_answer,
    total_of,
)
from harness.accounts import FAR, HOME
from tests.gateway.collector.conftest import with_database
from tests.gateway.collector.desk import INDEX, POWER, SENSOR, TARIFF, parcel
from tests.gateway.collector.test_batch import run
from tests.gateway.collector.test_collecting import far_account
from tests.gateway.federation.conftest import QUICK, account, eventually, running
from tests.integration.processes import PASSWORD

NOW = int(time.time()) // 60 * 60 - 3600
DAY = 86_400


def stretch(path=INDEX, granularity="raw", first=0, last=NOW + 10 * DAY):
    return AskedStretch(f"{SENSOR}/{path}", granularity, first, last)


async def counted(desk, asked, **more):
    """What is counted of it."""
    return await desk.database.run(lambda db: count(db, desk.source.id, asked, **more))


def as_sent(*values):
    """What a gateway counts that has sent these."""
    return total_of(sorted(values))


def test_each_kind_of_value_has_the_gateway_s_hash(laid_out):
    """Whole numbers, halves, negative ones, texts; what came twice, was rectified, came from the history; of each
    granularity by itself; in the layouts of both extensions.
    """
    numbers = (NOW, 10_000_001), (NOW + 60, 230.5), (NOW + 61, -1.0005), (NOW + 62, 0), (NOW + 120, 123.4565)
    texts = (NOW, "HP"), (NOW + 60, "éP\n€"), (NOW + 90, "")

    async def work(desk):
        await desk.keep(parcel(*numbers), parcel(*texts, path=TARIFF), parcel((NOW, 7), granularity="PT1M"))
        await desk.keep(parcel((NOW, 5)), parcel((NOW + 60, 231.5), rectifies=True))
        await desk.fill(parcel((NOW + 180, 9), (NOW + 120, 8)))
        now = dict(numbers) | {NOW + 60: 231.5, NOW + 180: 9}
        assert await counted(desk, stretch()) == as_sent(*now.items())
        assert await counted(desk, stretch(first=NOW + 60, last=NOW + 120)) == as_sent(*sorted(now.items())[1:4])
        assert await counted(desk, stretch(TARIFF)) == as_sent(*texts)
        assert await counted(desk, stretch(granularity="PT1M")) == as_sent((NOW, 7))
        for nothing in (stretch(granularity="P1D"), stretch(POWER), stretch(first=NOW + DAY)):
            assert await counted(desk, nothing) == total_of([])

    run(laid_out, work)


def test_joules_are_counted_as_they_came(store):
    """They are kept in watt-hours; the gateway that changes its units counts all in those of now."""
    hours = [(NOW + at, 12_345_678 + at) for at in range(50)]

    async def work(desk):
        await desk.keep(parcel(*hours[:30]))
        assert await counted(desk, stretch()) == as_sent(*hours[:30])
        joules = [(at, value * 3600) for at, value in hours]
        await desk.keep(parcel(*joules[30:], unit="J"))
        assert await counted(desk, stretch()) == as_sent(*joules)
        # And back: what the program remembers of the series is not all there is to it.
        await desk.keep(parcel(hours[0]))
        assert await counted(desk, stretch()) == as_sent(*hours)

    run(store, work)


def test_a_series_whose_unit_changed_is_one(store):
    """What was sent again in the new unit is what counts."""

    async def work(desk):
        litres, cubic = [(NOW, 1500), (NOW + 60, 1600)], [(NOW, 1.5), (NOW + 60, 1.6), (NOW + 120, 1.7)]
        await desk.keep(parcel(*litres, unit="l"), parcel(*cubic[1:], unit="m3"))
        assert await counted(desk, stretch()) == as_sent(litres[0], *cubic[1:])
        await desk.keep(parcel(cubic[0], unit="m3", rectifies=True))
        assert await counted(desk, stretch()) == as_sent(*cubic)

    run(store, work)


def test_a_name_of_another_form_is_the_same_series(store):
    """As `maison:…` as well as `maison@…`: a subscription that is made anew may change it."""

    async def work(desk):
        await desk.keep(parcel((NOW, 1)))
        other = SENSOR.replace("@", ":")
        assert await counted(desk, AskedStretch(f"{other}/{INDEX}", "raw", 0, 2 * NOW)) == as_sent((NOW, 1))

    run(store, work)


def test_what_is_kept_no_longer_is_said(store):
    """By a limit of the co-operative's own: the total is of what is whole, and says from when on."""

    async def work(desk):
        old, new = (NOW - 40 * DAY, 1), (NOW - DAY, 2)
        await desk.keep(parcel(old, new))
        found = await counted(desk, stretch())
        assert found == as_sent(new)
        assert abs(found.since - (time.time() - 30 * DAY)) < 2 * 3600
        # Also while it is still there.
        store.make_months(NOW - 31 * DAY)
        store.ask(
            "INSERT INTO reading SELECT series, time - interval '29 days' - interval '50 minutes', 3 FROM reading"
        )
        assert await counted(desk, stretch()) == as_sent(new)

    run(store, work, most="P30D")


def test_more_than_is_hashed_is_not_read(store):
    """100,001 are counted and no more are read; whoever else has work has a turn after each few hundred."""
    begin = NOW - 10 * DAY
    turns = 0

    async def beside():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def work(desk):
        await desk.keep(parcel((begin, 0)))
        store.make_months(begin + DAY, begin + 2 * DAY)
        store.ask(
            "INSERT INTO reading SELECT series, time + make_interval(secs => n), n"
            f" FROM reading, generate_series(1, {MOST_HASHED + 500}) AS n"
        )
        other = asyncio.create_task(beside())
        found = await counted(desk, stretch())
        other.cancel()
        assert found == SeriesTotal(MOST_HASHED + 1, None)
        assert turns > MOST_HASHED / 1000
        whole = await counted(desk, stretch(last=begin + MOST_HASHED))
        assert whole == total_of((begin + n, n) for n in range(MOST_HASHED))

    run(store, work)


def test_a_value_beyond_all_thousandths_is_refused(store):
    """It was kept before such were left out; nothing can be said of it."""

    async def work(desk):
        await desk.keep(parcel((NOW, 1)))
        store.ask("UPDATE reading SET value = 1e306")
        with pytest.raises(FederationError) as refused:
            await counted(desk, stretch())
        assert refused.value.condition == "bad-request"

    run(store, work)


def test_a_person_has_them_printed(store):
    """Of one gateway or of all, what there is of a time; of who is none a sentence; what has no hash says why."""
    begin, end = (f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}" for at in (NOW, NOW + 120))
    words = "--from", begin, "--to", end

    async def work(desk):
        await desk.keep(parcel((NOW, 5), (NOW + 60, 6), (NOW + 120, 7)), parcel((NOW + 60, 1), path=POWER))
        store.ask("UPDATE reading SET value = 1e306 FROM series WHERE series = series.id AND path = %s", POWER)
        await desk.keep(parcel((NOW + 60, "HP"), path=TARIFF), parcel((NOW + 120, 1), granularity="PT1M"))

    run(store, work)
    index, power, tariff = (f"{HOME} {SENSOR}/{path} raw" for path in (INDEX, POWER, TARIFF))
    lines = [
        f"{index} {begin} {end} 2 {total_of([(NOW, 5), (NOW + 60, 6)]).hash}",
        f"{power} there is a value that no thousandths can say",
        f"{tariff} {begin} {end} 1 {total_of([(NOW + 60, 'HP')]).hash}",
    ]
    assert store.command("totals", f"{HOME}/proxy", *words).splitlines() == lines
    store.ask("INSERT INTO gateway (account, jid) VALUES (%s, 'voisin@sen1.test'), ('autre@sen2.test', 'x@y')", FAR)
    store.ask("INSERT INTO meter (gateway, sensor) SELECT id, 'z' FROM gateway WHERE jid <> %s", HOME)
    store.ask(
        "INSERT INTO series (meter, name, sen1, path, granularity, unit, keep)"
        " SELECT id, 'z', 'z', 'z', 'raw', '', '1 year' FROM meter WHERE sensor = 'z'"
    )
    store.ask("INSERT INTO reading SELECT id, to_timestamp(%s), 1 FROM series WHERE name = 'z'", NOW)
    beside = f"voisin@sen1.test z raw {begin} {end} 1 {total_of([(NOW, 1)]).hash}"
    assert store.command("totals", *words).splitlines() == [*lines, beside]
    assert store.command("totals", "voisin@sen1.test", *words).splitlines() == [beside]
    assert "x@y is not among the gateways" in store.command("totals", "x@y", *words, code=78)
    assert "'x' is not a time" in store.command("totals", "--from", "x", code=78)
    assert store.command("totals", "--to", "2019-01-01", "--from", "2018-01-01") == ""


class Asking:
    """A gateway's account that does nothing but ask, and what a collector has of it."""

    def __init__(self, federation, store, user):
        home, _ = federation.domains
        login = account(federation, user, home)
        self.store, self.session = store, Session(login, QUICK)
        self.stretch = AskedStretch(f"{login.jid}/ab12@{home}/{INDEX}", "raw", NOW, NOW + DAY)
        self.values = [(NOW + n, n) for n in range(1000)]
        store.command("gateways", "add", f"{login.jid}/proxy", "--identifier", self.stretch.name)
        store.ask("INSERT INTO meter (gateway, sensor) SELECT id, 'ab12' FROM gateway")
        store.ask(
            "INSERT INTO series (meter, name, sen1, path, granularity, unit, keep)"
            f" SELECT id, '{self.stretch.name}', '{self.stretch.name}', '{INDEX}', 'raw', 'Wh', '1 year' FROM meter"
        )

    @asynccontextmanager
    async def asking(self):
        """The process runs, and has its gateway and its values."""
        with self.store.collector("one") as one:
            await eventually(lambda: one.running and self.store.shares(), what="a process")
            self.store.make_months(NOW)
            rows = f"SELECT id, to_timestamp({NOW} + n), n FROM series, generate_series(0, 999) AS n"
            self.store.ask(f"INSERT INTO reading {rows}")
            async with running(self.session):
                await eventually(self.session.connected.is_set)
                yield one
            assert await asyncio.to_thread(one.stop, 60) == 0
        assert "Traceback" not in one.log.read_text()

    async def ask(self, session=None):
        """The total, or the condition of the refusal."""
        try:
            answer = await (session or self.session).request(f"{FAR}/one", build_question(self.stretch), kind="get")
            return parse_answer(answer, self.stretch)
        except FederationError as error:
            return error.condition


@pytest.fixture
def asking(federation, store_at):
    """One that may ask."""
    federation.register(*FAR.split("@"), PASSWORD)
    return Asking(federation, store_at(far_account(federation)), "asks-totals")


def test_the_gateway_alone_is_answered(asking, federation):
    """Once the collector says that it can: whoever has no data there is told what it does not know."""

    async def life():
        async with asking.asking():
            info = await asking.session.request(f"{FAR}/one", ET.Element(f"{{{INFO}}}query"), kind="get")
            assert ANSWERS_TOTALS in {one.get("var") for one in info.iter(f"{{{INFO}}}feature")}
            assert await asking.ask() == total_of(asking.values)
            async with running(Session(account(federation, "strange", federation.domains[0]), QUICK)) as stranger:
                await eventually(stranger.connected.is_set)
                assert await asking.ask(stranger) == "service-unavailable"

    asyncio.run(life())


def test_who_asks_too_much_at_once_is_told(asking):
    """Each of hundreds is answered: with the total, or that it may ask later; and what comes is kept meanwhile."""

    async def life():
        async with asking.asking():
            answers = await asyncio.gather(*(asking.ask() for _ in range(300)))
            assert set(answers) == {total_of(asking.values), "resource-constraint"}
            assert await asking.ask() == total_of(asking.values)

    asyncio.run(life())


def test_while_the_database_is_away_it_is_said(asking, postgres):
    """No silence, and no end of the process: killed, and started again."""

    async def life():
        async with asking.asking():
            assert await asking.ask() == total_of(asking.values)
            postgres.kill()
            try:
                assert await asking.ask() == "resource-constraint"
            finally:
                postgres.start()
            assert await asking.ask() == total_of(asking.values)

    asyncio.run(life())


@pytest.mark.slow
def test_a_database_that_says_nothing_does_not_make_the_answer_late(asking):
    """A table that another holds: the gateway, which waits half a minute, is told before."""

    async def life():
        async with asking.asking():
            with psycopg.connect(asking.store.conninfo) as holding:
                holding.execute("LOCK TABLE linky.reading IN ACCESS EXCLUSIVE MODE")
                assert await asyncio.gather(*(asking.ask() for _ in range(3))) == 3 * ["resource-constraint"]
            assert await asking.ask() == total_of(asking.values)

    asyncio.run(life())


def test_the_examples_of_totals_are_answered_as_printed(federation, store_at):
    """Those of the wire document, with its two values in the table."""
    from tests.integration.test_wire import PUT
    from tests.integration.wire_document import Conversation, Post
    from tests.integration.wire_document import account as of_document

    gateway, stranger = "maison@home.example/proxy", "stranger@coop.example/desk"
    posts = {address: Post(of_document(federation, address)) for address in (gateway, stranger)}
    login, home = of_document(federation, "coop@coop.example/archive"), PUT["home.example"]
    store = store_at(far_account(federation))
    (store.folder / "collect-password").write_text(login.password)
    store.config.write_text(store.config.read_text().replace(FAR, login.jid))
    path, values = "consumption/power/apparent/raw", [(1_795_998_145, 450), (1_795_998_175, 460)]
    sen1 = f"maison@{home}/ab12@{home}/{path}"
    store.command("gateways", "add", f"maison@{home}/proxy", "--identifier", sen1)
    store.ask("INSERT INTO meter (gateway, sensor) SELECT id, 'ab12' FROM gateway")
    store.ask(
        "INSERT INTO series (meter, name, sen1, path, granularity, unit, keep)"
        " SELECT id, %s, %s, %s, 'raw', 'VA', '100 years' FROM meter",
        *(sen1.replace("@", ":"), sen1, path),
    )
    with_database(store.conninfo, lambda db: make(db, [Month.of(values[0][0])]))
    for at, value in values:
        store.ask("INSERT INTO reading SELECT id, to_timestamp(%s), %s FROM series", at, value)

    async def life():
        with store.collector("archive"):
            await eventually(store.shares, what="a process")
            await Conversation(("recipient",), posts, None, PUT).hold()

    asyncio.run(life())
