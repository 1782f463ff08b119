"""The account, against real servers: its password, whatever is killed; its making; its key; whom it blocks."""

import asyncio
import json
import subprocess
import sys
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from gateway.account.act import do
from gateway.account.password_file import PasswordFile
from gateway.control.messages import AccountOrder, read
from gateway.errors import FederationError, GatewayError
from gateway.federation.connection.attempt import Attempt
from gateway.federation.connection.enrolment import look_at_key, register
from gateway.federation.connection.pins import ssl_context
from gateway.federation.connection.session import Account, Session
from gateway.store.connection import WriterLock
from harness import ROOT
from harness.accounts import HOME
from tests.gateway.federation.conftest import QUICK, account, eventually, running
from tests.integration.processes import ENVIRONMENT, PASSWORD, House

pytestmark = pytest.mark.servers
OTHER_PIN = "sha256/" + "A" * 43 + "="


@pytest.fixture(params=["federation", "federation_ep"])
def servers(request):
    """Prosody and ejabberd, each in turn on the gateway's side."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def house(servers, tmp_path):
    """A gateway's folder; its account has the first password again."""
    (tmp_path / "data").mkdir()
    return House(tmp_path, servers, "replay:nothing.raw")


def opens(servers, password, jid=HOME):
    """Whether a password opens an account."""

    async def scenario():
        domain = jid.partition("@")[2]
        async with running(Session(Account(jid, password, servers.address(domain), servers.ca, "probe"), QUICK)) as one:
            await eventually(lambda: one.connected.is_set() or one.state.attempts)
            return one.connected.is_set()

    return asyncio.run(scenario())


def test_the_command_changes_the_password_at_the_server_and_in_its_file(house, servers):
    """A random one when no daemon runs; one's own through the daemon, which goes on; neither is printed."""
    done = house.command("account", "password")
    assert done.returncode == 0, done.stderr
    random = (house.folder / "password").read_text().strip()
    assert random != PASSWORD
    assert opens(servers, random)
    assert not opens(servers, PASSWORD)
    (house.folder / "mine").write_text("a password of my own\n")
    (house.folder / "nothing.raw").write_bytes(b"")
    with house.gateway("DEBUG") as gateway:
        house.await_link("xmpp", "ok")
        changed = house.command("account", "password", "--new-password-file", house.folder / "mine")
        assert (changed.returncode, changed.stderr) == (0, "")
        house.await_link("xmpp", "ok")
        assert gateway.stop() == 0
    assert (house.folder / "password").read_text() == "a password of my own\n"
    assert opens(servers, "a password of my own")
    said = done.stdout + done.stderr + changed.stdout + gateway.log.read_text()
    assert not [secret for secret in (random, "of my own", PASSWORD) if secret in said]
    assert not [path.name for path in house.folder.iterdir() if path.name.startswith("password.")]


# The command as it is, with a death before its n-th step that touches the disk or the server.
DYING = """
import os, signal, sys
left = int(sys.argv[1])
def step():
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
def dying(function):
    def call(*arguments):
        step()
        return function(*arguments)
    return call
os.fsync, os.replace = dying(os.fsync), dying(os.replace)
from gateway.federation.connection.session import Session
whole = Session.request
async def request(*arguments):
    step()
    answer = await whole(*arguments)
    step()
    return answer
Session.request = request
from gateway.commands.main import main
sys.exit(main(sys.argv[2:]))
"""


def test_whenever_the_change_is_killed_one_of_the_two_files_opens_the_account(federation, tmp_path):
    """Kill -9 before each step: the next session finds its password, and the file holds what the server has."""
    (tmp_path / "data").mkdir()
    house = House(tmp_path, federation, "replay:nothing.raw")
    file, killed, found = house.folder / "password", 0, []
    while True:
        command = [sys.executable, "-c", DYING, str(killed + 1), "account", "password", "--config", str(house.config)]
        done = subprocess.run(command, check=False, capture_output=True, text=True, env=ENVIRONMENT, cwd=ROOT)
        if done.returncode == 0:
            break
        assert done.returncode == -9, done.stderr
        killed += 1
        assert killed < 20
        found.append(file.with_name("password.new").exists())
        before = file.read_text()

        async def recover():
            address = federation.address(HOME.partition("@")[2])
            one = Session(Account(HOME, "", address, federation.ca), QUICK, passwords=PasswordFile(file))
            async with running(one):
                await eventually(one.connected.is_set, 10, f"connected after kill {killed}")  # noqa: B023

        asyncio.run(recover())
        now = file.read_text()
        assert opens(federation, now.strip())
        # Killed between the server's yes and the last step, the new one has taken its place by itself.
        assert (now != before) == (killed >= 5 and found[-1]), killed
    # Written, renamed, on the disk; asked, answered; renamed, on the disk.
    assert killed == 7
    assert found == [False, False, True, True, True, True, False]
    assert opens(federation, file.read_text().strip())
    assert not file.with_name("password.new").exists()


def test_a_new_password_that_was_refused_is_not_tried_with_every_connection(federation, tmp_path, monkeypatch):
    """What a power cut left costs one refusal: from then on the one that was taken comes first."""
    (tmp_path / "data").mkdir()
    file = House(tmp_path, federation, "replay:nothing.raw").folder / "password"
    file.with_name("password.new").write_text("for the server it moved to\n")
    address = federation.address(HOME.partition("@")[2])
    one = Session(Account(HOME, "", address, federation.ca), QUICK, passwords=PasswordFile(file))
    tried = []

    def attempt(jid, password, *more):
        tried.append(password)
        return Attempt(jid, password, *more)

    monkeypatch.setattr("gateway.federation.connection.session.Attempt", attempt)

    async def scenario():
        async with running(one):
            for _ in range(3):
                await eventually(one.connected.is_set, 20, "connected")
                one._client.abort()
                await eventually(lambda: not one.connected.is_set(), 20, "the connection is lost")
            await eventually(one.connected.is_set, 20, "connected")

    asyncio.run(scenario())
    assert tried == ["for the server it moved to", *[PASSWORD] * 4]


class Answering:
    """A session whose server answers a change as it is told: the one edge that must misbehave."""

    def __init__(self, error=None):
        self.connected, self.asked = asyncio.Event(), []
        self.connected.set()
        self.jid = Session(Account("gw@sen1.test", "x")).jid
        self.error = error

    async def request(self, _to, query, _timeout_s):
        self.asked.append(query[1].text)
        if self.error:
            raise self.error


def test_a_change_that_nobody_confirmed_is_ended_first_with_its_own_password(tmp_path):
    """There are never more than two passwords to try, whatever was asked for in between."""
    (tmp_path / "p").write_text("the old password\n")
    file = PasswordFile(tmp_path / "p")

    async def scenario():
        silent = Answering(FederationError("no answer came in time", "remote-server-timeout"))
        with pytest.raises(FederationError, match="both are kept and tried"):
            await do(silent, file, AccountOrder(action="password", new="my first new one"))
        assert file.candidates() == ["my first new one", "the old password"]
        answering = Answering()
        await do(answering, file, AccountOrder(action="password", new="my second new one"))
        assert answering.asked == ["my first new one", "my second new one"]
        assert file.candidates() == ["my second new one"]

    asyncio.run(scenario())


def test_a_new_password_that_the_server_refuses_leaves_the_old_one(tmp_path):
    """And its own sentence is shown."""
    (tmp_path / "p").write_text("the old password\n")
    file = PasswordFile(tmp_path / "p")

    async def scenario():
        weak = Answering(FederationError("the password is too weak", "not-acceptable"))
        with pytest.raises(FederationError, match="refuses the new password: the password is too weak"):
            await do(weak, file, AccountOrder(action="password", new=None))

    asyncio.run(scenario())
    assert [path.name for path in tmp_path.iterdir()] == ["p"]


@pytest.mark.parametrize("request_", [{"action": "fly"}, {"action": "block", "who": 3}, {}])
def test_an_order_that_is_none_is_refused(request_):
    """The socket takes what it knows."""
    with pytest.raises(GatewayError, match="not an order"):
        read(json.dumps({"do": "account"} | request_).encode())


def test_a_wrong_password_file_and_a_running_daemon_are_sentences(house):
    """Nothing is changed and nothing is tried behind the daemon's back."""
    (house.folder / "password").write_text("not the password\n")
    done = house.command("account", "blocked")
    assert (done.returncode, done.stdout) == (69, "")
    assert done.stderr.startswith("linky-gateway: the server refused the password")
    assert done.stderr.count("\n") == 1
    lock = WriterLock(house.folder / "data")
    try:
        assert "another linky-gateway" in house.command("account", "password").stderr
    finally:
        lock.release()


@pytest.mark.parametrize("kind", ["prosody", "ejabberd"])
def test_an_account_is_made_where_the_server_lets_anybody_make_one(start_federation, tmp_path, kind):
    """With a random password in the configured file; a second time is refused; what was cut off is found again."""
    servers = start_federation(kind, "prosody", registration="open")
    house = House(tmp_path, servers, "replay:nothing.raw")
    file = house.folder / "password"
    file.unlink()
    taken = house.command("account", "register")
    assert "exists already" in taken.stderr
    assert not list(tmp_path.glob("password*"))
    user, domain = HOME.split("@")
    servers.servers[domain].unregister(user)
    done = house.command("account", "register")
    assert (done.returncode, done.stderr) == (0, "")
    password = file.read_text().strip()
    assert len(password) == 32
    assert password not in done.stdout
    assert opens(servers, password)
    assert "there is a password already" in house.command("account", "register").stderr
    # As if the run had been killed after the server's answer.
    file.rename(file.with_name("password.new"))
    assert house.command("account", "register").returncode == 0
    assert file.read_text().strip() == password


def test_a_server_that_makes_no_accounts_says_so_or_shows_its_page(start_federation, tmp_path):
    """One sentence, with the address of the page; no password is left behind."""
    servers = start_federation("prosody", "ejabberd", registration="web")
    for domain, sentence in zip(
        servers.domains, ("does not make accounts over XMPP", "accounts.sen.test/new"), strict=True
    ):
        new = Account(f"new@{domain}", "a long password", servers.address(domain), servers.ca)
        with pytest.raises(FederationError, match=sentence):
            asyncio.run(register(new))


def test_a_pin_is_asked_for_besides_the_certificate_or_instead_of_it(servers):
    """The pinned key connects, another is refused before the login and shown; pin_only needs no authority."""
    home = servers.domains[0]
    known = account(servers, "pinned", home, "a canary password")
    pin, trusted = asyncio.run(look_at_key(known))
    assert trusted
    assert asyncio.run(look_at_key(replace(known, ca_file=None))) == (pin, False)

    async def connects(**changes):
        async with running(Session(replace(known, **changes), QUICK)) as session:
            await eventually(lambda: session.connected.is_set() or session.state.error)
            return session.state.error and str(session.state.error)

    assert asyncio.run(connects(pins=frozenset([OTHER_PIN, pin]))) is None
    assert asyncio.run(connects(pins=frozenset([pin]), pin_only=True, ca_file=None)) is None
    assert "certificate is not trusted" in asyncio.run(connects(pins=frozenset([pin]), ca_file=None))
    for only in (False, True):
        fault = asyncio.run(connects(pins=frozenset([OTHER_PIN]), pin_only=only))
        assert f"not the pinned one: it shows {pin}" in fault


def test_the_command_shows_the_key_and_whether_it_is_the_pinned_one(house, servers):
    """The pin on standard output, to be pasted; a warning beside it where it does not fit."""
    pin, _ = asyncio.run(look_at_key(Account(HOME, "", servers.address(servers.domains[0]), servers.ca)))
    done = house.command("account", "pin")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{pin}\n", "")
    text = house.config.read_text()
    house.config.write_text(text.replace("[federation]\n", f'[federation]\npin = "{OTHER_PIN}"\n'))
    done = house.command("account", "pin")
    assert done.stdout == f"{pin}\n"
    assert "NOT pinned" in done.stderr
    assert "not the pinned one" in house.command("account", "blocked").stderr


def test_pin_only_without_a_pin_is_refused():
    """It would believe every server."""
    with pytest.raises(GatewayError, match="every server"):
        ssl_context(Account("a@b.test", "x", pin_only=True))


def test_a_server_that_offers_only_plain_hears_no_password(start_federation):
    """Over TLS neither: a sentence says what it offers and what to ask for."""
    servers = start_federation("prosody", "ejabberd", login="plain")

    async def scenario(domain):
        async with running(Session(account(servers, "gw", domain), QUICK)) as session:
            await eventually(lambda: session.state.error)
            return session.state.error and str(session.state.error)

    for domain in servers.domains:
        fault = asyncio.run(scenario(domain))
        assert "no SCRAM login over TLS but" in fault
        assert "PLAIN" in fault


def test_who_is_blocked_reaches_the_gateway_no_more(servers):
    """An address or a whole domain; what it sends is refused by the server; unblocked, it is heard again."""
    home, away = servers.domains
    ours, peer = account(servers, "gwb", home), account(servers, "pest", away)

    async def scenario():
        async with running(Session(ours, QUICK)) as gateway, running(Session(peer, QUICK)) as pest:
            await eventually(lambda: gateway.connected.is_set() and pest.connected.is_set())

            async def is_refused():
                try:
                    await pest.request(f"{ours.jid}/proxy", ET.Element("{jabber:iq:version}query"), 10, "get")
                except FederationError as error:
                    return error.condition
                return None

            free = await is_refused()
            for who in (peer.jid, away):
                await do(gateway, None, AccountOrder(action="block", who=who.upper()))
                assert await do(gateway, None, AccountOrder(action="blocked")) == [who]
                assert await is_refused() == "service-unavailable"
                await do(gateway, None, AccountOrder(action="unblock", who=who))
                assert await do(gateway, None, AccountOrder(action="blocked")) == []
            assert await is_refused() == free != "service-unavailable"

    asyncio.run(scenario())


def test_whoever_asks_to_see_our_presence_gets_no_answer_and_no_place_in_the_roster(servers):
    """No subscription is approved, refused or kept; the gateway's own presence goes to nobody."""
    home, away = servers.domains
    ours, peer = account(servers, "gwp", home), account(servers, "curious", away)

    async def scenario():
        async with running(Session(ours, QUICK)) as gateway, running(Session(peer, QUICK)) as asker:
            await eventually(lambda: gateway.connected.is_set() and asker.connected.is_set())
            seen = []
            client = asker._client
            client.add_filter("in", lambda stanza: seen.append(stanza.xml.get("from", "").partition("/")[0]) or stanza)
            client.send_presence(pto=ours.jid, ptype="subscribe")
            # An answer to what was sent later: whatever the presence brought has come before it.
            with pytest.raises(FederationError):
                await asker.request(f"{ours.jid}/proxy", ET.Element("{urn:x}nothing"), 10)
            roster = await gateway.request(ours.jid, ET.Element("{jabber:iq:roster}query"), 10, "get")
            assert not list(roster)
            assert seen.count(ours.jid) == 1

    asyncio.run(scenario())
