"""Whether a recipient has what it was sent: a value deleted, altered, added is found and put right, over servers."""

import asyncio
import hashlib
import sqlite3
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from datetime import datetime
from xml.etree import ElementTree as ET

import pytest

from gateway.consent.text import notice_text
from gateway.errors import FederationError, GatewayError
from gateway.federation.connection.session import Session
from gateway.federation.provider import comparison
from gateway.federation.provider.announcer import Announcer
from gateway.federation.provider.comparison import MOST_QUESTIONS, Comparer
from gateway.federation.recipient.recipient import Keeper, Recipient
from gateway.federation.wire.stanza import OURS, Publisher
from gateway.federation.wire.total import (
    ANSWERS_TOTALS,
    MOST_HASHED,
    TOTAL,
    AskedStretch,
    SeriesTotal,
    build_answer,
    build_question,
    parse_answer,
    parse_question,
    total_of,
)
from gateway.federation.wire.total_lines import AskedTime
from gateway.store.points import Confirm, Granularity
from gateway.store.terms import Manner, Terms
from tests.gateway.federation.conftest import QUICK, SENSOR, Gate, account, announcer_parts, eventually, running

NAME = "gw@sen1.test/ab12@sen1.test/consumption/energy/active/index"
STRETCH = AskedStretch(NAME, "PT1M", 100, 200)
SETTLE_S = 300
KEPT = {Granularity.RAW: 10**9, Granularity.MINUTE: 10**9}


def test_the_hash_is_of_whole_numbers_and_texts_as_the_document_has_it():
    """However a language writes a number; what is neither does not count."""
    lines = b"100 v 450000\n160 v -1500\n220 v 123457\n280 t 3 \xc3\xa9P\n"
    records = [(100.0, 450), (160, -1.5), (220, 123.4565), (280, "éP"), (300, True), (310, b"x"), (320, None)]
    assert total_of(records) == SeriesTotal(4, hashlib.sha256(lines).hexdigest())
    assert total_of([]) == SeriesTotal(0, hashlib.sha256().hexdigest())
    assert total_of((n, n) for n in range(MOST_HASHED + 9)) == SeriesTotal(MOST_HASHED + 1, None)


def test_question_and_answer_come_back_as_they_were():
    """An answer without a hash as well, and one that says since when there is anything."""
    assert parse_question(build_question(STRETCH)) == STRETCH
    for since, said in ((150, 150), (100, 0)):
        assert parse_answer(build_answer(STRETCH, SeriesTotal(0, None, since)), STRETCH).since == said
    for total in (SeriesTotal(3, "ab" * 32), SeriesTotal(MOST_HASHED + 1, None)):
        assert parse_answer(build_answer(STRETCH, total), STRETCH) == total


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("name", "x"),
        ("name", ""),
        ("granularity", "PT5M"),
        ("first", "200"),
        ("first", "-1"),
        ("last", "1e9"),
        ("last", "9" * 13),
        ("last", "²00"),
        ("count", ""),
        ("count", "1" * 5000),
        ("hash", "AB" * 32),
        ("hash", "ab" * 31),
        ("since", "-1"),
    ],
)
def test_what_is_no_answer_is_refused(place, text):
    """Wrong lengths, numbers that are none, another question's answer."""
    answer = build_answer(STRETCH, SeriesTotal(3, "ab" * 32))
    answer.set(place, text)
    with pytest.raises(FederationError):
        parse_answer(answer, STRETCH)


class Pair:
    """A gateway and its recipient between two servers, whose times are the house's."""

    def __init__(self, servers, house, folder, user):
        home, far = servers.domains
        self.house, self.file = house, folder / "recipient.sqlite"
        self.gate = Gate(house, account(servers, "totals", home), clock=lambda: house.time)
        self.login = account(servers, user, far, resource="archive")
        self.jid, self.identifier = self.login.jid, f"totals@{home}/{SENSOR}@{home}/consumption"
        self.publisher = Publisher("totals", home, "P1Y")
        self.session, self.keeper = Session(self.login, QUICK, features=(ANSWERS_TOTALS,)), Keeper

    @asynccontextmanager
    async def joined(self):
        """Both run; all that was promised is confirmed."""
        keeper = self.keeper(self.file)
        gateway = str(self.gate.session.jid)
        recipient = Recipient(self.session, gateway, [self.identifier], keeper, lambda _: True, self._refused)
        wake = asyncio.Event()
        parts = *announcer_parts(self.house.store), self.gate.call, self.publisher, notice_text, wake
        self.wake, announcer, stop = wake, Announcer(self.gate.session, *parts), asyncio.Event()
        with closing(keeper):
            async with self.gate, running(self.session):
                work = (recipient.receive, recipient.subscribe, announcer.run)
                tasks = [asyncio.create_task(one(stop)) for one in work]
                await eventually(lambda: self.house.store.subscriptions.of(self.jid), what="subscribed")
                self.house.minutes(100, tariff="HP")
                await self.settled()
                # What was committed just now may be under way yet.
                self.house.time += 60 + SETTLE_S
                yield
                stop.set()
                self.wake.set()
                async with asyncio.timeout(20):
                    await asyncio.gather(*tasks)

    def _refused(self, error):
        raise AssertionError(error)

    def promised(self):
        """Minutes that were let out and sent, to one that need not have kept them."""
        store = self.house.store
        store.subscriptions.add(self.jid, "house", "consumption", "sen1", Confirm.RECEIPT, self.house.time)
        self.house.minutes(50)
        store.outbox.drop(self.jid, 0, store.outbox.backlog()[0].last_seq)

    async def settled(self):
        """Nothing waits, and every notice is confirmed."""
        self.house.wake.set()
        self.wake.set()
        store = self.house.store
        await eventually(lambda: not self.house.waiting(self.jid), what="confirmed")
        await eventually(lambda: all(n.confirmed_at for n in store.notices.all()), what="notices")

    def comparer(self):
        address = self.gate._delivery.presences.address
        parts = self.house.store, self.gate.call, self.publisher, address, KEPT, SETTLE_S, lambda: self.house.time
        return Comparer(self.gate.session, *parts)

    async def compare(self):
        """As the household has it done."""
        return await self.comparer().compare(self.jid)

    async def lines(self, first, last):
        """What it prints of a time: the words of each line."""
        return [line.split() for line in await self.comparer().totals(self.jid, AskedTime(first, last))]

    async def compare_when_there(self):
        """With a device that is there, whatever program it runs."""
        await eventually(self.session.connected.is_set)
        self.gate._delivery.presences.heard(f"{self.jid}/archive", confirms=True)
        return await self.compare()

    def rows(self):
        """What the recipient's file has."""
        with closing(sqlite3.connect(self.file)) as db:
            return db.execute("SELECT name, granularity, time, value FROM record ORDER BY 1, 2, 3").fetchall()

    def tamper(self, statement):
        """Somebody else writes into it."""
        with closing(sqlite3.connect(self.file)) as db, db:
            assert db.execute(statement).rowcount == 1


@pytest.fixture
def pair(federation, house, tmp_path):
    """Minutes of power and index, and the texts of the contract, allowed and subscribed to."""
    made = Pair(federation, house, tmp_path, "has-archive")
    house.allow(made.jid)
    return made


@pytest.fixture
def liar(federation, house, tmp_path):
    """One whose stanzas are not all as the schema has them: the tap knows its name."""
    made = Pair(federation, house, tmp_path, "liar01")
    house.allow(made.jid)
    return made


INDEX = "(SELECT name FROM record WHERE name LIKE '%index' LIMIT 1)"
ONE = f"name = {INDEX} AND time = (SELECT max(time) - 1800 FROM record WHERE name = {INDEX})"
DAMAGES = {
    "deleted": (f"DELETE FROM record WHERE {ONE}", (1, 0, 0)),
    "altered": (f"UPDATE record SET value = value + 1 WHERE {ONE}", (0, 1, 0)),
    "added": (
        f"INSERT INTO record SELECT name, granularity, time + 7, value, unit, meter, sen1 FROM record WHERE {ONE}",
        (0, 0, 1),
    ),
}


@pytest.mark.servers
@pytest.mark.parametrize("how", DAMAGES)
def test_one_value_that_is_another_is_found_and_put_right(pair, how):
    """Deleted, altered, added: said as what it is, found among thousands in few questions, and gone afterwards."""
    statement, counts = DAMAGES[how]

    async def life():
        async with pair.joined():
            before = pair.rows()
            first = await pair.compare()
            assert (first.standing, first.points, first.missing) == ("same", len(before), 0)
            assert first.questions == first.series
            pair.tamper(statement)
            assert pair.rows() != before
            found = await pair.compare()
            assert (found.standing, (found.missing, found.altered, found.surplus)) == ("differs", counts)
            assert found.questions < 60
            await pair.settled()
            if how == "added":
                # It may be the only copy: it is told, and left where it is.
                assert len(pair.rows()) == len(before) + 1
                assert pair.house.store.notices.all() == []
                return
            assert pair.rows() == before
            assert (await pair.compare()).standing == "same"
            assert all(one.balanced for one in pair.house.store.accounts.all())

    asyncio.run(life())


@pytest.mark.servers
def test_what_waits_is_not_missed(pair):
    """What was not confirmed yet is no difference."""

    async def life():
        async with pair.joined():
            store = pair.house.store
            (series, *_) = store.meters.series("house")
            last = next(reversed(list(store.readings.read(series, Granularity.MINUTE, 0, 2**40))))
            # Once is enough.
            for _ in range(2):
                store.queue.send_again(pair.jid, [last])
            assert pair.house.waiting(pair.jid) == 1
            pair.tamper(f"DELETE FROM record WHERE name LIKE '%/{series.path}' AND time = {last.time}")
            found = await pair.compare()
            assert (found.standing, found.missing) == ("same", 0)

    asyncio.run(life())


@pytest.mark.servers
def test_each_series_is_printed_as_its_recipient_has_it(pair):
    """Of a time: count and hash of its file; no longer than what is settled, and than the first value that waits."""

    def theirs(name, granularity, first, last):
        with closing(sqlite3.connect(pair.file)) as db:
            query = "SELECT time, value FROM record WHERE name = ? AND granularity = ? AND time >= ? AND time < ?"
            return total_of(db.execute(f"{query} ORDER BY time", [name, granularity, first, last]))

    async def life():
        async with pair.joined():
            begun = min(row[2] for row in pair.rows())
            first, last = int(begun) + 600, int(begun) + 3600
            lines = await pair.lines(first, last)
            assert len(lines) >= 2
            assert sum(int(line[5]) for line in lines) >= 100
            for gateway, name, granularity, since, until, count, own in lines:
                ends = [int(datetime.fromisoformat(end).timestamp()) for end in (since, until)]
                assert (gateway, ends) == (str(pair.gate.session.jid).partition("/")[0], [first, last])
                assert SeriesTotal(int(count), own) == theirs(name, granularity, first, last)
            (unsettled, *_) = await pair.lines(first, int(pair.house.time) + 86_400)
            assert datetime.fromisoformat(unsettled[4]).timestamp() == int(pair.house.time - SETTLE_S)
            assert await pair.lines(0, 1000) == []
            store = pair.house.store
            series = next(one for one in store.meters.series("house") if one.path.endswith("index"))
            point = next(store.readings.read(series, Granularity.MINUTE, last - 1200, last))
            store.queue.send_again(pair.jid, [point])
            ends = {line[1].rpartition("/")[2]: line[4] for line in await pair.lines(first, last)}
            assert datetime.fromisoformat(ends["index"]).timestamp() == point.time
            assert len(set(ends.values())) == 2

    asyncio.run(life())


@pytest.mark.servers
def test_nothing_leaves_that_no_consent_in_force_has_let_out(pair):
    """What was promised under a consent that was withdrawn since is not sent again under the next one."""

    async def life():
        async with pair.joined():
            assert (await pair.compare()).points > 0
            (old,) = pair.house.store.consents.allowed(pair.jid, pair.house.time)
            pair.house.store.consents.revoke(pair.jid, None, pair.house.time)
            assert not pair.house.store.consents.allowed(pair.jid, pair.house.time)
            given = pair.house.time
            terms = pair.jid, "house", "consumption", Granularity.MINUTE, given + 10**8, given
            assert pair.house.store.consents.grant(*terms).id != old.id
            with closing(sqlite3.connect(pair.file)) as db, db:
                db.execute("DELETE FROM record")
            pair.house.time += 3600
            found = await pair.compare()
            assert (found.points, found.missing) == (0, 0)

    asyncio.run(life())


@pytest.mark.servers
def test_of_who_knows_the_house_by_a_pseudonym_nothing_is_compared(pair):
    """A name of today is not that of before: old values would go out under it."""
    pair.house.allow(pair.jid, manner=Manner(pseudonym=True))

    async def life():
        async with pair.gate, running(pair.session):
            found = await pair.compare_when_there()
            assert (found.standing, found.series) == ("veiled", 0)
            with pytest.raises(GatewayError, match="pseudonym"):
                await pair.lines(0, 10**9)

    asyncio.run(life())


@pytest.mark.servers
def test_what_may_be_kept_no_longer_is_not_asked_for(pair):
    """A recipient that has deleted what its consent lets it keep so long is not sent it once more."""
    pair.house.allow(pair.jid, terms=Terms(retention="P10D"))

    async def life():
        async with pair.joined():
            assert (await pair.compare()).points > 0
            pair.tamper(DAMAGES["deleted"][0])
            pair.house.time += 9 * 86_400
            found = await pair.compare()
            assert (found.standing, found.missing, found.points) == ("same", 0, 0)

    asyncio.run(life())


@pytest.mark.servers
def test_what_is_kept_no_longer_is_not_missed(pair):
    """By a limit of its own, which the recipient states: what is older is not sent again, what is newer is compared."""
    since = pair.house.time + 50 * 60

    class Shortly(Keeper):
        def total(self, asked):
            return replace(super().total(replace(asked, first=max(asked.first, since))), since=since)

    pair.keeper = Shortly

    async def life():
        async with pair.joined():
            whole = len(pair.rows())
            with closing(sqlite3.connect(pair.file)) as db, db:
                forgotten = db.execute("DELETE FROM record WHERE time < ?", [since]).rowcount
            found = await pair.compare()
            assert (found.standing, found.missing, found.points) == ("same", 0, whole - forgotten)
            assert 0 < forgotten < whole
            pair.tamper(DAMAGES["deleted"][0])
            found = await pair.compare()
            assert (found.standing, found.missing) == ("differs", 1)

    asyncio.run(life())


@pytest.mark.servers
@pytest.mark.parametrize(
    "lie", ["endless", "huge", "another", "forgotten", "refused", pytest.param("silent", marks=pytest.mark.slow)]
)
def test_a_recipient_that_lies_costs_so_many_questions(liar, lie):
    """Whatever it answers: the comparison ends, and says that nothing can be made of it."""
    liar.session = Session(liar.login, QUICK, features=(ANSWERS_TOTALS,))

    def answer(question):
        if lie == "silent":
            return
        asked = parse_question(question.xml.find(TOTAL))
        said = build_answer(asked, SeriesTotal(10**9, "00" * 32))
        if lie == "forgotten":
            said.set("since", str(asked.last))
        if lie == "another":
            said.set("first", "1")
        if lie == "huge":
            # A start tag that a server reads in two pieces (4 KiB) may lie in its parser until much more has come:
            # expat since 2.6 tries again when what waits has doubled. What comes behind it waits as well.
            said.set("hash", "0" * 3_000)
        if lie == "refused":
            said = ET.Element("{jabber:client}error", {"type": "cancel"})
            ET.SubElement(said, "{urn:ietf:params:xml:ns:xmpp-stanzas}forbidden")
        liar.session.answer(question, said, error=lie == "refused")

    async def life():
        async with liar.gate, running(liar.session):
            liar.session.listen(f"{{jabber:client}}iq/{TOTAL}", answer)
            liar.promised()
            found = await liar.compare_when_there()
            assert found.standing == "broken"
            assert 0 < found.questions <= MOST_QUESTIONS + 2 * found.series
            assert liar.house.waiting(liar.jid) == 0

    asyncio.run(life())


@pytest.mark.servers
def test_each_day_begins_with_another_series(liar):
    """Where each day ends at its first question, every series is asked for within a fortnight all the same."""
    liar.session, asked = Session(liar.login, QUICK, features=(ANSWERS_TOTALS,)), []

    def answer(question):
        asked.append(parse_question(question.xml.find(TOTAL)).name)
        said = ET.Element("{jabber:client}error", {"type": "cancel"})
        ET.SubElement(said, "{urn:ietf:params:xml:ns:xmpp-stanzas}forbidden")
        liar.session.answer(question, said, error=True)

    async def life():
        async with liar.gate, running(liar.session):
            liar.session.listen(f"{{jabber:client}}iq/{TOTAL}", answer)
            liar.promised()
            for day in range(14):
                liar.house.time += 86_400
                found = await liar.compare_when_there()
                assert (found.standing, found.series, len(asked)) == ("broken", 1, day + 1)
            assert len(set(asked)) == len(liar.house.store.meters.series("house")) > 1

    asyncio.run(life())


@pytest.mark.servers
def test_too_many_differences_end_the_comparison(pair, monkeypatch):
    """So many questions after a difference, and no more."""
    monkeypatch.setattr(comparison, "MOST_QUESTIONS", 20)

    async def life():
        async with pair.joined():
            with closing(sqlite3.connect(pair.file)) as db, db:
                db.execute("DELETE FROM record")
            found = await pair.compare()
            assert (found.standing, found.halvings, found.missing > 0) == ("broken", 22, True)

    asyncio.run(life())


@pytest.mark.servers
def test_who_is_away_or_knows_no_such_question_is_left_in_peace(pair):
    """Nothing but its features is asked of it."""
    pair.session = Session(pair.login, QUICK)

    async def life():
        assert (await pair.compare()).standing == "away"
        async with pair.gate, running(pair.session):
            found = await pair.compare_when_there()
            assert (found.standing, found.questions) == ("unanswered", 0)

    asyncio.run(life())


@pytest.mark.servers
def test_a_value_beyond_all_thousandths_is_refused(pair):
    """A gateway may have sent it: the answer is a refusal, not silence."""

    async def life():
        async with pair.joined():
            pair.tamper(f"UPDATE record SET value = 1e306 WHERE {ONE}")
            found = await pair.compare()
            assert (found.standing, found.questions > 0) == ("broken", True)

    asyncio.run(life())


@pytest.mark.servers
def test_the_examples_of_totals_are_answered_as_printed(federation, tmp_path):
    """With the reference recipient between two servers, and the two values of the document in its file."""
    from tests.integration.test_wire import PUT
    from tests.integration.wire_document import Conversation, Post
    from tests.integration.wire_document import account as of_document

    gateway, stranger = "maison@home.example/proxy", "stranger@coop.example/desk"
    posts = {address: Post(of_document(federation, address)) for address in (gateway, stranger)}
    login = of_document(federation, "coop@coop.example/archive")
    home = PUT["home.example"]

    async def life():
        session = Session(login, QUICK, features=(ANSWERS_TOTALS,))
        keeper = Keeper(tmp_path / "recipient.sqlite")
        name = f"maison:{home}/ab12:{home}/consumption/power/apparent/raw"
        with closing(keeper):
            with keeper.file.transaction():
                for at, value in ((1_795_998_145, 450), (1_795_998_175, 460)):
                    keeper.file.db.execute(
                        "INSERT INTO record VALUES (?, 'raw', ?, ?, 'VA', 'ab12', ?)", [name, at, value, name]
                    )
            Recipient(session, f"maison@{home}/proxy", [name], keeper, lambda _: True, lambda _: None)
            async with running(session):
                await eventually(session.connected.is_set)
                await Conversation(("recipient",), posts, None, PUT).hold()

    assert f"{OURS}#total" == ANSWERS_TOTALS
    asyncio.run(life())
