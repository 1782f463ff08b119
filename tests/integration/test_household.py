"""The household is told which link is broken: a real meter falls silent, real servers carry the word."""

import asyncio
import json
import re
import socket
import threading
from contextlib import contextmanager

import pytest

from gateway.federation.connection.session import Account, Session
from gateway.links.alert_words import FaultKind
from gateway.links.alerts import Alert
from gateway.notices.chat.messages import MOST_WAITING, HouseholdMessages
from gateway.notices.chat.words import WORDS
from gateway.words.phrase import written
from harness.accounts import FAR, HOME
from meter.process import SimulatedMeter
from servers import free_port, wait_until
from tests.gateway.federation.conftest import QUICK, account, eventually, running
from tests.integration.processes import ENVIRONMENT, PASSWORD, House
from tests.tools.servers.test_federation_rig import connected

LANG = "{http://www.w3.org/XML/1998/namespace}lang"
BODY = "{jabber:client}body"
DELAY = "{urn:xmpp:delay}delay"


def bodies(stanza):
    """Language -> text of a message, in its order."""
    return {body.get(LANG): body.text for body in stanza.xml.findall(BODY)}


class Telephone:
    """The household's own client, on a thread of its own, and what it has received."""

    def __init__(self, federation, jid):
        self.messages = []
        login = Account(jid, PASSWORD, federation.address(jid.partition("@")[2]), federation.ca, "phone")
        self._login, self._online = login, threading.Event()
        self._thread = threading.Thread(target=asyncio.run, args=[self._live()])

    async def _live(self):
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        session = Session(self._login, QUICK)
        session.listen(f"{{jabber:client}}message/{BODY}", self.messages.append)
        session.on_change(lambda up: up and self._online.set())
        await session.run(self._stop)

    def __enter__(self):
        self._thread.start()
        assert self._online.wait(20)
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(60)

    def await_messages(self, number, seconds):
        """The texts of the first messages, each in French and English in this order, sorted."""
        wait_until(lambda: len(self.messages) >= number, seconds, f"{number} messages", every=0.1)
        found = [bodies(stanza) for stanza in self.messages]
        assert {tuple(texts) for texts in found} == {("fr", "en")}
        return sorted((texts["fr"], texts["en"]) for texts in found)


@pytest.mark.slow
def test_a_mute_meter_and_a_lost_port_and_their_return_are_told_to_the_household(federation, tmp_path):
    """One message for each fault and one for its end, in French and English; status and log say the same."""
    roof = tmp_path / "ttyROOF"
    extra = f'[household]\naddress = "{FAR}"\n[[meter]]\nname = "roof"\nsource = "{roof}"\n'
    with (
        SimulatedMeter(tmp_path / "ttyTIC", seed=1, mode="standard") as meter,
        SimulatedMeter(roof, seed=2, mode="standard") as other,
    ):
        house = House(tmp_path / "house", federation, tmp_path / "ttyTIC", extra=extra)
        with house.gateway() as gateway, Telephone(federation, FAR) as phone:
            for link in ("xmpp", "decode house", "decode roof"):
                house.await_link(link, "ok")
            meter.command("silence 40")
            other.command("unplug")
            told = phone.await_messages(2, 45)
            assert alerts(house) == told
            assert re.search(
                "«\u00a0house\u00a0» n’a rien envoyé depuis 3[0-3] s. Aucun signal. Vérifiez que", told[0][0]
            )
            assert re.search("“house” has sent nothing for 3[0-3] s. No signal. Check that", told[0][1])
            assert "port du compteur «\u00a0roof\u00a0» est perdu" in told[1][0]
            assert "The port of the meter “roof” has been lost" in told[1][1]
            other.command("plug")
            # The line is tried again within 40 s, and must hold for 10.
            ends = [texts for texts in phone.await_messages(4, 70) if texts not in told]
            assert "“house” is sending data again" in ends[0][1]
            assert "The port of the meter “roof” is back" in ends[1][1]
            assert alerts(house) == []
            assert gateway.stop() == 0
    log = gateway.log.read_text()
    for sentence in (told[0][1], told[1][1], ends[0][1], ends[1][1]):
        assert sentence in log
    for word in (FAR, "Traceback"):
        assert word not in log


def alerts(house):
    """The texts of what the status says to be at fault now, sorted."""
    rows = json.loads(house.command("status", "--json").stdout)["alerts"]
    return sorted((row["fr"], row["en"]) for row in rows)


RED, LOUD = "est un jour rouge de Tempo", "La puissance souscrite est dépassée"


def test_the_household_is_told_once_over_a_restart_and_asks_and_a_neighbour_gets_no_word(federation, tmp_path):
    """A red day and an overload, in a bare slixmpp client; then questions in two languages, and both still hold."""
    neighbour = "voisin@sen2.test"
    federation.register(*neighbour.split("@"), PASSWORD)

    async def next_text(client):
        async with asyncio.timeout(60):
            return (await client.inbox.get())[2]

    async def scenario(house, meter):
        async with connected(federation, FAR, PASSWORD) as family, connected(federation, neighbour, PASSWORD) as other:
            with house.gateway("DEBUG") as gateway:
                for link in ("xmpp", "decode house"):
                    await asyncio.to_thread(house.await_link, link, "ok", 60)
                meter.command("tariff tomorrow red")
                assert RED in await next_text(family)
                meter.command("overload on")
                assert LOUD in await next_text(family)
                assert gateway.stop() == 0
            with house.gateway("DEBUG") as gateway:
                await asyncio.to_thread(house.await_link, "decode house", "ok", 60)
                await asyncio.to_thread(wait_until, lambda: len(alerts(house)) == 2, 60, "both alerts", every=0.3)
                await asyncio.to_thread(house.await_link, "xmpp", "ok", 60)
                for text in ("conso", "aide", "help", "bonjour"):
                    other.send_message(mto=HOME, mbody=text, mtype="chat")
                answers = []
                for text in ("Puissance ?", "help", "conso ?", "état", "l’adresse de la page ?"):
                    family.send_message(mto=HOME, mbody=text, mtype="chat")
                    answers.append(await next_text(family))
                # Whatever was on its way to the neighbour has come by then, on the same way.
                other.send_message(mto=neighbour, mbody="a word to myself", mtype="chat")
                assert await next_text(other) == "a word to myself"
                return answers, gateway.log.read_text()

    extra = f'[household]\naddress = ["moi@sen1.test", "{FAR}"]\n'
    extra += f'[web]\nlisten = "127.0.0.1:{free_port()}"\nnames = ["maison.test"]\n'
    options = {"mode": "standard", "tariff": "tempo", "start": "2026-01-15T20:30"}
    with SimulatedMeter(tmp_path / "ttyTIC", seed=1, **options) as meter:
        house = House(tmp_path / "house", federation, tmp_path / "ttyTIC", extra=extra)
        (power, help_, usage, state, page), log = asyncio.run(scenario(house, meter))
    assert re.match(r"[\d\u202f]+ VA en ce moment, \d+\u202f% des \d+ kVA souscrits\.", power)
    assert help_ == WORDS["en"]["help"]
    # This meter lives in January: what it counted is not of the month that is now.
    assert usage.endswith("\u00a0: je n’ai pas de mesure.")
    # It listens to this machine alone, so a proxy is before it.
    assert page.splitlines()[1:] == ["https://maison.test"]
    for text in (RED, LOUD, "Compteur «\u00a0house\u00a0»\u00a0: dernières données il y a"):
        assert text in state
    for text in ("2026-01-16 is a red day of Tempo", "The subscribed power has been exceeded"):
        assert log.count(text) == 1
    assert "Puissance" not in log


@contextmanager
def notify_socket(path, monkeypatch):
    """A socket as systemd's, in the environment of what is started."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bound:
        bound.bind(str(path))
        bound.setblocking(False)
        for name, value in (("NOTIFY_SOCKET", str(path)), ("WATCHDOG_USEC", "1000000")):
            monkeypatch.setitem(ENVIRONMENT, name, value)
        yield bound


def test_systemd_hears_the_daemons_life_while_its_port_is_lost(federation, tmp_path, monkeypatch):
    """Ready, the line of status, signs of life all the time, the end: a lost port is no reason for a restart."""
    heard = []

    def hear():
        try:
            while True:
                heard.append(bound.recv(4096).decode())
        except BlockingIOError:
            return heard

    house = House(tmp_path / "house", federation, tmp_path / "nothing")
    with notify_socket(tmp_path / "notify", monkeypatch) as bound, house.gateway() as gateway:
        wait_until(lambda: any(text.startswith("STATUS=port lost") for text in hear()), 60, "the status", every=0.1)
        begun = len(heard)
        wait_until(lambda: hear()[begun:].count("WATCHDOG=1") >= 3, 60, "three signs of life", every=0.1)
        assert heard.count("READY=1") == 1
        assert gateway.stop() == 0
        assert hear()[-1] == "STOPPING=1"


def alert(name="house", recovered=False, text="Rien", kind=FaultKind.MUTE):
    return Alert(kind, name, 0.0, recovered, 1, written({"fr": f"{text}.", "en": f"{text} (en)."}), text)


@pytest.fixture(params=["federation", "federation_ep"])
def servers(request):
    """Prosody and ejabberd, each in turn on the gateway's side."""
    return request.getfixturevalue(request.param)


def test_what_was_told_while_the_federation_was_away_comes_when_it_is_back(servers, tmp_path):
    """Late and stamped, in the household's order of languages; a fault that has ended meanwhile only as ended."""
    home, away = servers.domains
    session = Session(account(servers, "gwh", home), QUICK)
    phone = Session(account(servers, "family", away, resource="phone"), QUICK)
    clock = [1_781_604_000.0]
    came = []

    async def scenario():
        phone.listen(f"{{jabber:client}}message/{BODY}", came.append)
        household = HouseholdMessages(session, [f"Family@{away}"], "en", lambda: clock[0])
        household.tell(alert(text="Ended"))
        household.tell(alert("roof", text="Lasting", kind=FaultKind.PORT))
        household.tell(alert(recovered=True, text="Ended well"))
        clock[0] += 3600
        async with running(phone):
            await phone.connected.wait()
            async with running(session):
                await eventually(lambda: len(came) == 2)
                household.tell(alert(text="Now"))
                await eventually(lambda: len(came) == 3)
                await eventually(lambda: not household._waiting)

    asyncio.run(scenario())
    assert [next(iter(bodies(stanza).items())) for stanza in came] == [
        ("en", "Lasting (en)."),
        ("en", "Ended well (en)."),
        ("en", "Now (en)."),
    ]
    stamps = [stanza.xml.find(DELAY) for stanza in came]
    assert [None if stamp is None else stamp.get("stamp") for stamp in stamps] == [
        "2026-06-16T10:00:00Z",
        "2026-06-16T10:00:00Z",
        None,
    ]


def test_only_the_newest_wait():
    """A year without a federation does not fill the memory."""
    session = Session(Account("gw@sen1.test", "x"))
    household = HouseholdMessages(session, ["family@sen2.test"])
    for number in range(3 * MOST_WAITING):
        household.tell(alert(f"{number}"))
    assert [message.link for message in household._waiting] == [
        f"meter {number}" for number in range(2 * MOST_WAITING, 3 * MOST_WAITING)
    ]


def test_an_address_that_does_not_exist_is_said_once(federation, caplog):
    """A warning that names the key and not the address."""
    home, away = federation.domains
    session = Session(account(federation, "gwh", home), QUICK)

    async def scenario():
        household = HouseholdMessages(session, [f"nobody@{away}"])
        async with running(session):
            await session.connected.wait()
            household.tell(alert())
            household.tell(alert(kind=FaultKind.PORT))
            await eventually(lambda: "refuses alerts" in caplog.text)

    asyncio.run(scenario())
    assert caplog.text.count("[household] address") == 1
    assert "nobody" not in caplog.text
