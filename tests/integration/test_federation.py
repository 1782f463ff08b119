"""Two real servers, a gateway on one, recipients on the other: what arrives, what never leaves, what survives."""

import asyncio
import itertools
import json
import logging
import sqlite3
import sys
import time
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from gateway.errors import FederationError
from gateway.federation.connection.session import Session
from gateway.federation.recipient.recipient import Keeper, Recipient
from gateway.federation.wire.form import ResultPage, build_submit, parse_page, parse_result
from gateway.federation.wire.stanza import QUOALISE, parse_quoalise
from gateway.store.points import Granularity
from servers import Proxy
from tests.gateway.federation.conftest import PRM, QUICK, SENSOR, START, Gate, House, account, eventually, running

pytestmark = pytest.mark.servers

COMMANDS = "{http://jabber.org/protocol/commands}"
numbers = itertools.count(1)


@pytest.fixture(params=["federation", "federation_ep"])
def servers(request):
    """Prosody and ejabberd, each in turn on the gateway's side."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def house(tmp_path):
    """A house whose store is empty."""
    opened = House(tmp_path)
    yield opened
    opened.store.close()


class Peer:
    """A recipient of the federation and what it has received."""

    def __init__(self, session, gateway, identifier, keeper, retry_s=0.3):
        self.session, self.keeper = session, keeper
        self.records, self.refusals, self.stanzas = [], [], []
        session.listen(f"{{jabber:client}}message/{{{QUOALISE}}}quoalise", self.stanzas.append)
        self.recipient = Recipient(
            session, gateway, [identifier], keeper, self._take, self.refusals.append, retry_s=retry_s
        )

    def _take(self, record):
        self.records.append(record)
        return True

    def minutes(self):
        """The times of the minutes received of the index, counted from the house's start."""
        return [int(r.time - START) // 60 for r in self.records if r.name.endswith("index")]


@asynccontextmanager
async def subscribed(session, gateway, identifier, path=None, retry_s=0.3):
    """A recipient that subscribes, keeps and confirms until the end of the block."""
    keeper = Keeper(path)
    peer = Peer(session, gateway, identifier, keeper, retry_s)
    stop = asyncio.Event()
    tasks = [asyncio.create_task(work(stop)) for work in (peer.recipient.receive, peer.recipient.subscribe)]
    try:
        async with running(session):
            yield peer
    finally:
        stop.set()
        async with asyncio.timeout(5):
            await asyncio.gather(*tasks)
        keeper.close()


class Scene:
    """One gateway account on the first domain, one recipient account on the second."""

    def __init__(self, servers):
        number = next(numbers)
        self.servers = servers
        self.home, self.away = servers.domains
        self.gateway_account = account(servers, f"gw{number}", self.home)
        self.coop_account = account(servers, f"coop{number}", self.away, resource="recipient")
        self.gateway = f"{self.gateway_account.jid}/proxy"
        self.coop = self.coop_account.jid
        self.sen1 = f"{self.gateway_account.jid}/{SENSOR}@{self.home}"
        self.urn = f"urn:dev:prm:{PRM}"

    def gate(self, house, **changes):
        """The gateway's member."""
        return Gate(house, replace(self.gateway_account, **changes))

    def session(self, timing=QUICK, **changes):
        """The recipient's session."""
        return Session(replace(self.coop_account, **changes), timing)


@pytest.fixture
def scene(servers):
    """Accounts of its own for each test."""
    return Scene(servers)


async def ask(session, gateway, node, page=None, **fields):
    """One command with its form filled in; the answer."""
    return await session.request(gateway, build_submit(node, fields, page))


def test_without_consent_nothing_is_given_and_nothing_is_told(scene, house):
    """Subscribe and history are refused alike, whether the series exists or not."""
    house.minutes(2)
    period = {"start_time": "2020-01-01T00:00:00Z", "end_time": "2030-01-01T00:00:00Z"}

    async def scenario():
        async with scene.gate(house), running(scene.session()) as session:
            await session.connected.wait()
            said = set()
            for identifier in (scene.sen1, scene.urn, "urn:dev:prm:11111111111111", f"{scene.sen1}/no/such/series"):
                for node, more in (("subscribe", {}), ("get_history", period)):
                    with pytest.raises(FederationError) as refusal:
                        await ask(session, scene.gateway, node, identifier=identifier, **more)
                    said.add((refusal.value.condition, str(refusal.value)))
            assert len(said) == 1
            assert said.pop()[0] == "not-authorized"

    asyncio.run(scenario())
    assert house.store.subscriptions.all() == []


def test_minutes_arrive_in_the_other_domain_and_receipts_empty_the_outbox(scene, house, tmp_path):
    """Every minute arrives once, in order, under the literal name; the outbox is empty once they are committed."""
    house.allow(scene.coop)

    async def scenario():
        async with (
            scene.gate(house),
            subscribed(scene.session(), scene.gateway, f"{scene.sen1}/consumption", tmp_path / "r.sqlite") as peer,
        ):
            await eventually(lambda: house.store.subscriptions.of(scene.coop))
            house.minutes(3)
            house.minutes(4)
            await eventually(lambda: len(peer.minutes()) == 6 and not house.waiting(scene.coop))
            assert peer.minutes() == list(range(6))
            assert {r.name for r in peer.records} == {
                f"{scene.sen1}/consumption/energy/active/index",
                f"{scene.sen1}/consumption/power/apparent/raw",
            }
            assert {r.granularity for r in peer.records} == {"PT1M"}
            assert all(refusal.condition == "service-unavailable" for refusal in peer.refusals)  # not yet connected
            return peer

    asyncio.run(scenario())


def test_a_recipient_is_answered_in_the_form_of_name_in_which_it_asked(scene, house):
    """urn names for who asked by PRM, strict SenML names for who asked by colons; the literal name is always told."""
    house.allow(scene.coop)
    house.minutes(3)
    strict = scene.sen1.replace("@", ":")
    path = "consumption/energy/active/index"

    async def scenario():
        async with scene.gate(house), running(scene.session()) as session:
            await session.connected.wait()
            await eventually(lambda: house.wake)
            for identifier, name in (
                (scene.urn, f"{scene.urn}_{path}"),
                (f"{strict}/{path}", f"{strict}/{path}"),
                (scene.sen1, f"{scene.sen1}/{path}"),
            ):
                answer = await history(session, scene.gateway, identifier)
                parcel = parse_quoalise(answer.find(f"{{{QUOALISE}}}quoalise"), 0)
                assert name in {r.name for r in parcel.records}
                assert parcel.literal[name] == f"{scene.sen1}/{path}"
                assert parcel.retention == "P1Y"

    asyncio.run(scenario())


async def history(session, gateway, identifier, page=None, **fields):
    """Ask for everything."""
    period = {"start_time": "2020-01-01T00:00:00+01:00", "end_time": "2030-01-01T00:00:00Z"} | fields
    return await ask(session, gateway, "get_history", page, identifier=identifier, **period)


def test_history_comes_by_pages_and_too_much_at_once_is_refused_with_the_reason(scene, house):
    """A page says where it stands and how many there are; all pages together hold each record once."""
    house.allow(scene.coop)
    house.minutes(1100)

    async def scenario():
        async with scene.gate(house), running(scene.session()) as session:
            await session.connected.wait()
            with pytest.raises(FederationError, match="2000") as refusal:
                await history(session, scene.gateway, scene.sen1)
            assert refusal.value.condition == "bad-request"
            found, after, totals = [], None, []
            while True:
                answer = await history(session, scene.gateway, scene.sen1, ResultPage(900, after))
                found += parse_quoalise(answer.find(f"{{{QUOALISE}}}quoalise"), 0).records
                after, total = parse_page(answer)
                totals.append(total)
                if after is None:
                    break
            # Two series by minute, and the half hours do not count: the last minute is still open.
            assert totals == [len(found), None, None, None]
            assert len({(r.name, r.time) for r in found}) == len(found) >= 2198

    asyncio.run(scenario())


@pytest.mark.parametrize("consent", [Granularity.HALF_HOUR, Granularity.QUARTER])
def test_finer_than_the_consent_is_refused(scene, house, consent):
    """A consent by quarter or half hour gives those and what is coarser, nothing finer, and says so to who holds it."""
    house.allow(scene.coop, granularity=consent)
    house.minutes(65)
    finer = [g for g in Granularity if g < consent]

    async def scenario():
        async with scene.gate(house), running(scene.session()) as session:
            await session.connected.wait()
            answer = await history(session, scene.gateway, scene.sen1)
            parcel = parse_quoalise(answer.find(f"{{{QUOALISE}}}quoalise"), 0)
            # Powers have no quarters: they go by half hours under either.
            assert set(parcel.granularities.values()) == {consent.code, "PT30M"}
            assert {r.time % 3600 for r in parcel.records} == set(range(0, 3600, consent))
            answer = await history(session, scene.gateway, scene.sen1, granularity="PT30M")
            parcel = parse_quoalise(answer.find(f"{{{QUOALISE}}}quoalise"), 0)
            assert {r.time % 3600 for r in parcel.records} == {0, 1800}
            for asked in finer:
                with pytest.raises(FederationError, match=consent.code) as refusal:
                    await history(session, scene.gateway, scene.sen1, granularity=asked.code)
                assert refusal.value.condition == "not-authorized"

    asyncio.run(scenario())


def test_quarter_hours_are_pushed_as_such_to_who_may_have_them(scene, house):
    """Three quarters of an hour over two servers: index and curve at :15, :30 and :45, powers by half hours."""
    house.allow(scene.coop, granularity=Granularity.QUARTER)

    async def scenario():
        async with scene.gate(house), subscribed(scene.session(), scene.gateway, scene.sen1) as peer:
            await eventually(lambda: house.store.subscriptions.of(scene.coop))
            house.minutes(47)
            await eventually(lambda: len(peer.records) == 7)
            assert {r.granularity for r in peer.records if "apparent" not in r.name} == {"PT15M"}
            quarters = {r.name.removeprefix(f"{scene.sen1}/consumption/"): [] for r in peer.records}
            for record in peer.records:
                quarters[record.name.removeprefix(f"{scene.sen1}/consumption/")].append(record.time - START)
            assert quarters == {
                "energy/active/index": [900, 1800, 2700],
                "power/active/raw": [0, 900, 1800],
                "power/apparent/raw": [0],
            }

    asyncio.run(scenario())


def test_after_a_revocation_nothing_is_sent_queued_rows_included(scene, house):
    """What waited for a recipient that was away is gone with the consent."""
    house.allow(scene.coop)

    async def scenario():
        async with scene.gate(house) as gate:
            async with subscribed(scene.session(), scene.gateway, scene.sen1) as peer:
                await eventually(lambda: house.store.subscriptions.of(scene.coop))
                house.minutes(3)
                await eventually(lambda: len(peer.minutes()) == 2)
            # Revoked in the instant in which rows were queued and not yet sent.
            await gate.call(house.minutes, 3)
            await gate.call(house.store.consents.revoke, scene.coop, "", house.time)
            house.wake.set()
            async with subscribed(scene.session(), scene.gateway, scene.sen1) as peer:
                await eventually(lambda: any(r.condition == "not-authorized" for r in peer.refusals))
                assert all(minute < 5 for minute in peer.minutes())
                before = len(peer.stanzas)
                await gate.call(house.minutes, 3)
                await gate.call(lambda: None)
                with pytest.raises(FederationError):
                    await ask(peer.session, scene.gateway, "subscribe", identifier=scene.sen1)
                assert len(peer.stanzas) == before

    asyncio.run(scenario())


def test_a_deleted_account_bounces_and_comes_back_to_everything_once(scene, house, tmp_path):
    """What bounced is sent again when the account exists again; each record is kept once."""
    house.allow(scene.coop)
    path = tmp_path / "r.sqlite"

    async def scenario():
        async with scene.gate(house):
            async with subscribed(scene.session(), scene.gateway, scene.sen1, path) as peer:
                await eventually(lambda: house.store.subscriptions.of(scene.coop))
                house.minutes(3)
                await eventually(lambda: len(peer.minutes()) == 2 and not house.waiting(scene.coop))
            user = scene.coop.split("@")[0]
            await asyncio.to_thread(scene.servers.servers[scene.away].unregister, user)
            house.minutes(5)
            await eventually(lambda: house.waiting(scene.coop) >= 10)
            await asyncio.to_thread(scene.servers.register, user, scene.away, "secret")
            async with subscribed(scene.session(), scene.gateway, scene.sen1, path) as peer:
                await eventually(lambda: not house.waiting(scene.coop), 20)
                assert sorted(peer.minutes()) == [2, 3, 4, 5, 6]

    asyncio.run(scenario())


def test_unsubscribed_means_no_more_promises(scene, house):
    """After unsubscribe new readings are not queued; unsubscribing twice is no error."""
    house.allow(scene.coop)

    async def scenario():
        async with scene.gate(house), running(scene.session()) as session:
            await session.connected.wait()
            await ask(session, scene.gateway, "subscribe", identifier=scene.sen1)
            for _ in range(2):
                answer = await ask(session, scene.gateway, "unsubscribe", identifier=scene.sen1)
                assert parse_result(answer)["result"] == "Success"
            house.minutes(3)
            assert house.waiting(scene.coop) == 0

    asyncio.run(scenario())


def test_nonsense_is_answered_with_an_error_and_the_gateway_goes_on(scene, house):
    """Malformed forms, unknown commands and naive times get a clear error; a good request is answered after them."""
    house.allow(scene.coop)
    house.minutes(3)
    nonsense = [
        ('<command xmlns="http://jabber.org/protocol/commands"/>', "item-not-found"),
        ('<command xmlns="http://jabber.org/protocol/commands" node="get_history" action="fly"/>', "bad-request"),
        (
            '<command xmlns="http://jabber.org/protocol/commands" node="subscribe">'
            '<x xmlns="jabber:x:data" type="submit"/></command>',
            "bad-request",
        ),
        (
            '<command xmlns="http://jabber.org/protocol/commands" node="subscribe">'
            '<x xmlns="jabber:x:data" type="submit">'
            '<field var="identifier"><value>urn:dev:prm:1</value></field></x></command>',
            "bad-request",
        ),
    ]

    async def scenario():
        async with scene.gate(house), running(scene.session()) as session:
            await session.connected.wait()
            for text, condition in nonsense:
                with pytest.raises(FederationError) as refusal:
                    await session.request(scene.gateway, ET.fromstring(text))
                assert refusal.value.condition == condition
            with pytest.raises(FederationError, match="start_time"):
                await history(session, scene.gateway, scene.sen1, start_time="2026-03-01T00:00:00")
            with pytest.raises(FederationError, match="end_time"):
                await history(session, scene.gateway, scene.sen1, end_time="demain")
            assert (await history(session, scene.gateway, scene.sen1)).get("status") == "completed"

    asyncio.run(scenario())


def test_a_person_gets_a_form_in_her_language_and_may_cancel(scene, house):
    """A command without a form is answered with one: French by default, English when asked for."""

    async def scenario():
        async with scene.gate(house), running(scene.session()) as session:
            await session.connected.wait()
            command = ET.Element(f"{COMMANDS}command", {"node": "get_history", "action": "execute"})
            answer = await session.request(scene.gateway, command)
            assert answer.get("status") == "executing"
            assert answer.find(f"{COMMANDS}actions/{COMMANDS}complete") is not None
            form = answer.find("{jabber:x:data}x")
            assert form.get("type") == "form"
            assert form.findtext("{jabber:x:data}title") == "Lire l'historique"
            cancel = {"node": "get_history", "action": "cancel", "sessionid": answer.get("sessionid")}
            answer = await session.request(scene.gateway, ET.Element(f"{COMMANDS}command", cancel))
            assert answer.get("status") == "canceled"

    asyncio.run(scenario())


def test_a_wrong_password_is_a_sentence_and_is_tried_again(scene):
    """The state says that the password was refused; a session whose password is right again connects."""

    async def scenario():
        async with running(scene.session(password="wrong")) as session:
            await eventually(lambda: session.state.attempts >= 2)
            assert "refused the password" in str(session.state.error)
            await asyncio.to_thread(scene.servers.register, scene.coop.split("@")[0], scene.away, "wrong")
            await eventually(session.connected.is_set, what="connected")
            assert session.state.error is None

    asyncio.run(scenario())


def test_a_certificate_of_an_unknown_authority_is_refused(scene):
    """R10: a certificate that no known authority signed is not trusted, and no password is tried."""

    async def scenario():
        async with running(scene.session(ca_file=None)) as session:
            await eventually(lambda: session.state.error)
            assert "certificate is not trusted" in str(session.state.error)

    asyncio.run(scenario())


@pytest.mark.parametrize("cut_after", [400, 1500, 2700])
def test_a_reset_during_starttls_does_not_hang_the_session(scene, cut_after):
    """Whatever the byte at which the connection is reset, the next attempt comes and connects."""

    async def scenario():
        async with Proxy(scene.servers.address(scene.away)) as proxy:
            proxy.cut_after = cut_after
            async with running(scene.session(replace(QUICK, start=3), address=proxy.address)) as session:
                await eventually(lambda: session.state.attempts)
                proxy.cut_after = None
                await eventually(session.connected.is_set, what="connected")

    asyncio.run(scenario())


def test_a_server_that_falls_silent_is_noticed_and_left(scene):
    """No answer to a ping ends the session; when packets flow again there is a new one."""

    async def scenario():
        async with Proxy(scene.servers.address(scene.away)) as proxy:
            timing = replace(QUICK, ping_every=0.3, ping_timeout=0.5, start=2)
            async with running(scene.session(timing, address=proxy.address)) as session:
                await session.connected.wait()
                proxy.freeze()
                await eventually(lambda: not session.connected.is_set())
                assert str(session.state.error) == "the server stopped answering"
                proxy.thaw()
                await eventually(lambda: session.connected.is_set() and session.state.sessions == 2)

    asyncio.run(scenario())


def test_stopping_takes_less_than_three_seconds_and_leaves_no_task(scene):
    """Also with a server that does not answer any more."""

    async def scenario():
        async with Proxy(scene.servers.address(scene.away)) as proxy:
            stop = asyncio.Event()
            session = scene.session(address=proxy.address)
            task = asyncio.create_task(session.run(stop))
            await session.connected.wait()
            proxy.freeze()
            begun = time.monotonic()
            stop.set()
            await task
            assert time.monotonic() - begun < 3
            others = asyncio.all_tasks() - {asyncio.current_task()}
            assert not [t for t in others if "slixmpp" in repr(t.get_coro())]

    asyncio.run(scenario())


def test_the_password_and_the_login_exchange_are_in_no_log(scene, house, caplog):
    """At DEBUG for everything, slixmpp included, neither password nor SASL nor a pack is written."""
    caplog.set_level(logging.DEBUG)
    for name in ("slixmpp", "slixmpp.xmlstream.xmlstream"):
        caplog.set_level(logging.DEBUG, logger=name)
    house.allow(scene.coop)
    canary = "canary-Zq7"
    scene.servers.register(scene.coop.split("@")[0], scene.away, canary)

    async def scenario():
        async with (
            scene.gate(house),
            subscribed(scene.session(password=canary), scene.gateway, scene.sen1) as peer,
        ):
            await eventually(lambda: house.store.subscriptions.of(scene.coop))
            house.minutes(3)
            await eventually(peer.minutes)

    asyncio.run(scenario())
    text = "\n".join(record.getMessage() for record in caplog.records)
    for secret in (canary, "SCRAM", "<auth", "<response", "<challenge", "biws", "sensml"):
        assert secret not in text


async def consume(scene, tmp_path, *arguments):
    """The command line's recipient as a process of its own."""
    password = tmp_path / "password"
    password.write_text("secret\n")
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", "consume", "--jid", scene.coop, "--password-file", str(password)),
        *("--gateway", scene.gateway, "--address", scene.servers.address(scene.away)),
        *("--ca-file", str(scene.servers.ca), "--identifier", scene.sen1),
        *("--log-level", "WARNING", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


def test_consume_prints_what_it_keeps_and_ends_after_its_count(scene, house, tmp_path):
    """One JSON line a record, history too; the same records are in its file; the outbox is empty."""
    house.allow(scene.coop)
    house.minutes(4)
    file = tmp_path / "kept.sqlite"

    async def scenario():
        async with scene.gate(house):
            # One node of the server is down; which is tried first is chance.
            process = await consume(
                *(scene, tmp_path, "--store", str(file), "--history-from", "2026-06-01", "--count", "10"),
                *("--address", "127.0.0.1:1", "--log-level", "ERROR"),
            )
            async with asyncio.timeout(20):
                # The history of three minutes first: what comes after it is pushed, and has to be confirmed.
                history = [await process.stdout.readline() for _ in range(6)]
                house.minutes(2)
                out, err = await process.communicate()
            await eventually(lambda: not house.waiting(scene.coop))
            return process.returncode, [json.loads(line) for line in [*history, *out.splitlines()]], err.decode()

    code, lines, err = asyncio.run(scenario())
    assert (code, err) == (0, "")
    assert len({(line["name"], line["time"]) for line in lines}) == len(lines) == 10
    assert {
        "name": f"{scene.sen1}/consumption/energy/active/index",
        "time": "2026-06-16T10:00:00Z",
        "value": 10_006,
        "unit": "Wh",
        "granularity": "PT1M",
        "meter": SENSOR,
    } in lines
    with closing(sqlite3.connect(file)) as db:
        assert db.execute("SELECT count(*) FROM record").fetchone() == (10,)


def test_consume_without_consent_says_so_and_ends_with_77(scene, house, tmp_path):
    """One sentence, no traceback."""

    async def scenario():
        async with scene.gate(house):
            process = await consume(scene, tmp_path, "--count", "1")
            async with asyncio.timeout(20):
                out, err = await process.communicate()
            return process.returncode, out, err.decode()

    code, out, err = asyncio.run(scenario())
    assert (code, out) == (77, b"")
    assert err.startswith("linky-gateway: the gateway refuses: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize("end", ["pipe", "signal"])
def test_consume_ends_cleanly_when_nobody_reads_it_or_it_is_told_to(scene, house, tmp_path, end):
    """``| head`` and SIGTERM: exit code 0, nothing on standard error; what was not printed is not confirmed."""
    house.allow(scene.coop)

    async def scenario():
        async with scene.gate(house):
            process = await consume(scene, tmp_path)
            await eventually(lambda: house.store.subscriptions.of(scene.coop))
            house.minutes(2)
            await eventually(lambda: not house.waiting(scene.coop))
            if end == "signal":
                process.terminate()
            else:
                process.stdout._transport.close()
                house.minutes(2)
            async with asyncio.timeout(5):
                err = await process.stderr.read()
                return await process.wait(), err, house.waiting(scene.coop)

    code, err, waiting = asyncio.run(scenario())
    assert (code, err) == (0, b"")
    assert waiting == (4 if end == "pipe" else 0)


@pytest.mark.slow
@pytest.mark.parametrize("pair", [("prosody", "ejabberd"), ("ejabberd", "prosody")])
def test_both_servers_killed_in_turn_lose_nothing(start_federation, house, tmp_path, pair):
    """kill -9 of one server and of the other, readings coming all the time: every minute is kept, each once."""
    scene = Scene(start_federation(*pair))
    house.allow(scene.coop)

    async def scenario():
        async with (
            scene.gate(house) as gate,
            subscribed(scene.session(), scene.gateway, scene.sen1, tmp_path / "r.sqlite") as peer,
        ):
            await eventually(lambda: house.store.subscriptions.of(scene.coop))
            for domain in (scene.home, scene.away):
                house.minutes(3)
                scene.servers.servers[domain].kill()
                house.minutes(3)
                await asyncio.to_thread(scene.servers.restart, domain)
                house.minutes(3)
                await eventually(lambda: not house.waiting(scene.coop), 90, f"{domain} back")
            assert sorted(peer.minutes()) == list(range(17))
            assert gate.session.state.sessions == 2

    asyncio.run(scenario())
