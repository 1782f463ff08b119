"""The page at the gateway's own Wi-Fi: one page for whoever joins it, the way to it for all else; then the house's."""

import asyncio
import os
import threading
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from gateway.daemon import own_wifi
from gateway.daemon.own_wifi import PageWifi
from gateway.upkeep.access_point import program, state
from gateway.upkeep.access_point.program import AccessPoint, Ended
from gateway.upkeep.helper import table
from gateway.web.access.access import PageAccess
from gateway.web.http.guard import RequestGuard
from gateway.web.http.server import Server
from gateway.web.part import PageGroup
from gateway.web.site import Site
from gateway.web.wifi.arrival import ArrivalSite
from servers import wait_until
from tests.gateway.upkeep.access_point.radio_rig import BOX, KEY, RadioRig
from tests.gateway.web.conftest import Visitor
from tests.gateway.web.looks import look
from tests.gateway.web.stand_in import StandInHouse, stopped

HERE = "127.0.0.1"
# What phones and computers ask when they have joined a network.
CAPTIVE = (
    ("captive.apple.com", "/hotspot-detect.html"), ("connectivitycheck.gstatic.com", "/generate_204"),
    ("www.msftconnecttest.com", "/connecttest.txt"), ("detectportal.firefox.com", "/canonical.html"),
    ("nmcheck.gnome.org", "/check_network_status.txt"), ("bank.example", "/login"),
)  # fmt: skip


class Requests:
    """As the gateway's: what root does is done by the helper's own acts, on a scratch system."""

    def __init__(self, root):
        self._root = root

    async def answer(self, order):
        line = msgspec.json.encode({**order.arguments, "act": order.act})
        return await asyncio.to_thread(table.do, table.read(line), self._root, lambda _: None)


HISTORY = PageGroup(
    menu=(("/history", "history"),),
    pages={},
    forms={},
    words=lambda: {
        "fr": {"history": "Historique", "for_history": "Hier"},
        "en": {"history": "History", "for_history": "x"},
    },
)


@contextmanager
def served(folder, root):
    """The real server; whoever comes to its address has come to the gateway's own Wi-Fi while that is open."""
    ready, stop, found = threading.Event(), asyncio.Event(), []

    async def serve():
        site = Site(StandInHouse(), PageAccess(folder / "page.json"), "1", lambda: (HISTORY,))
        server = Server(site, RequestGuard(frozenset()))
        desk = PageWifi(Requests(root), 8080)

        def who(address):
            return ArrivalSite(HERE, desk, site) if address == HERE and state.read(root) else None

        server.elsewhere = who
        await server.start(HERE, 0)
        found.extend((asyncio.get_running_loop(), server._server.sockets[0].getsockname()[1], site))
        ready.set()
        await stop.wait()
        await stopped(server)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(30)
        yield found[1:]
    finally:
        found[0].call_soon_threadsafe(stop.set)
        thread.join(30)


@pytest.fixture
def rig(tmp_path, monkeypatch):
    """A machine in no network, whose access point opens at once and answers soon."""
    for name, seconds in (("GRACE_S", 0.0), ("_ANSWER_S", 0.3), ("_LOOK_S", 0.1), ("_ASK_S", 1.0)):
        monkeypatch.setattr(program, name, seconds)
    made = RadioRig(tmp_path / "root")
    monkeypatch.setattr(own_wifi, "ROOT", made.root)
    return made


@pytest.fixture
def opened(rig, tmp_path):
    """The access point's program, running; a visitor who calls the gateway by its number there; how it ended."""
    ended = []
    thread = threading.Thread(target=lambda: ended.append(AccessPoint(rig.root, "maison-7", 8080, lambda: False).run()))
    thread.start()
    try:
        wait_until(lambda: (told := state.read(rig.root)) and told.open, 60, "the access point")
        with served(tmp_path, rig.root) as (port, site):
            visitor = Visitor(port, host=HERE)
            visitor.site = site
            yield visitor, ended
    finally:
        rig.change(cable=True)
        thread.join(60)


def choose(visitor, **fields):
    return visitor.post("/wifi", fields, Accept_Language="fr", Origin=f"http://{HERE}")


@pytest.mark.parametrize(
    ("host", "path"), [*CAPTIVE, (HERE, "/"), (HERE, "/login"), (HERE, "/setup"), (HERE, "/events")]
)
def test_whatever_is_asked_leads_to_the_one_page(opened, host, path):
    """By one rule, for every maker's question and every other page of the gateway; nothing of it is kept."""
    visitor, _ = opened
    answer, _ = Visitor(visitor.port, host=host).get(path)
    assert (answer.status, answer.headers["Location"]) == (302, f"http://{HERE}/wifi")
    assert answer.headers["Cache-Control"] == "no-store"
    assert Visitor(visitor.port, host=host).post(path, {"password": "x"})[0].status == 302


def test_the_page_lists_what_is_within_reach(opened):
    """The best first; what a stranger calls a network is text, whatever it is."""
    visitor, _ = opened
    answer, text = visitor.get("/wifi", Accept_Language="fr")
    assert answer.status == 200
    assert text.index(BOX) < text.index("Freebox &lt;b&gt;été&lt;/b&gt;") < text.index("Café")
    assert "<b>" not in text
    assert "ouvert, sans clé" in text
    assert "n’a pas de clé" in text, "an open one says that it is"
    assert "form_token" not in text
    assert visitor.get("/wifi?lang=en")[1].count("Networks within reach") == 1


def test_a_wrong_key_is_told_when_the_wifi_is_back_and_a_right_one_ends_it(opened, rig):
    """What happens next is said before the phone loses the page."""
    visitor, ended = opened
    answer, text = choose(visitor, network=BOX, key="not-the-key-1")
    assert answer.status == 200
    assert "« maison-7 » disparaît" in text.replace("\u00a0", " ").replace("\u202f", " ")
    wait_until(lambda: (told := state.read(rig.root)) and told.open and told.failed == BOX, 60, "it is back")
    _, text = visitor.get("/wifi", Accept_Language="fr")
    assert "Connexion impossible" in text
    assert "clé" in text
    assert "not-the-key" not in text
    assert choose(visitor, network=BOX, key=KEY)[0].status == 200
    wait_until(lambda: ended, 60, "it has ended")
    assert ended == [Ended.JOINED]
    assert visitor.get("/wifi")[0].status == 404, "the address is as any other again"


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"network": "", "name": "", "key": KEY},
        {"network": BOX, "key": "court"},
        {"network": BOX, "key": "clé avec un accent"},
        {"network": "x" * 5000, "key": KEY},
        {"network": "a\nb", "key": KEY},
        {"name": "a\x07", "key": KEY},
    ],
)
def test_what_cannot_be_is_said_at_once_and_nothing_is_tried(opened, rig, fields):
    """In the visitor's language, with the form as it was."""
    visitor, _ = opened
    fields = {name: value.encode("utf-8", "surrogatepass") for name, value in fields.items()}
    answer, text = choose(visitor, **fields)
    assert answer.status == 400
    assert 'class="bad" role="alert"' in text
    assert BOX in text
    told = state.read(rig.root)
    assert (told.open, told.failed, told.joining) == (True, None, None)


@pytest.mark.parametrize("is_open", [False, True])
def test_the_one_page_answers_whenever_the_program_is_there(tmp_path, monkeypatch, is_open):
    """What it says comes before the radio opens, and after it has closed: in between all the page is nobody's."""
    monkeypatch.setattr(own_wifi, "ROOT", tmp_path)
    assert own_wifi.arrival_at("10.42.0.1", Requests(tmp_path), 8080, None) is None
    (tmp_path / state.FOLDER).mkdir(parents=True)
    state.tell(tmp_path, state.AccessPointState(open=is_open, name="maison-7", secured=True))
    assert own_wifi.arrival_at("10.42.0.1", Requests(tmp_path), 8080, None) is not None
    assert PageWifi(Requests(tmp_path), 8080).now().name == "maison-7"


def test_the_journal_says_by_which_way_it_came():
    """Not by the owner: nobody has signed in there."""
    orders = []

    class Noted:
        async def answer(self, order):
            orders.append(order)

    asyncio.run(PageWifi(Noted(), 8080).choose(BOX, KEY, hidden=False))
    assert [(order.act, order.by) for order in orders] == [("choose-wifi", "access-point")]


def test_the_house_has_its_whole_menu_after_a_visit_there(opened, rig, tmp_path):
    """What was asked for before the parts of the page were there does not stay without their words."""
    visitor, ended = opened
    assert visitor.get("/wifi", Accept_Language="fr")[0].status == 200
    rig.change(cable=True)
    wait_until(lambda: ended, 60, "it has ended")
    code = visitor.site.entrance.access.make_code()
    fields = {"code": code, "password": "une phrase assez longue", "again": "une phrase assez longue"}
    assert visitor.post("/setup", fields)[0].status == 303
    answer, text = visitor.get("/more", Accept_Language="fr")
    assert answer.status == 200
    assert "Historique" in text


def test_a_form_of_another_page_chooses_nothing(opened, rig):
    """A page that a phone has open elsewhere cannot send the gateway into a network."""
    visitor, _ = opened
    answer, _ = visitor.post("/wifi", {"network": BOX, "key": KEY}, Origin="http://evil.example")
    assert answer.status == 302
    assert not (rig.root / state.FOLDER / "wanted").exists()


def test_a_phone_does_it_with_a_finger(opened, rig, browser):
    """At 390 by 844; nothing is cut off on the way."""
    visitor, ended = opened
    browser.open(f"http://{HERE}:{visitor.port}/wifi", width=390, height=844)
    look(browser)
    _keep(browser, "networks")
    browser.evaluate(f"document.querySelector('input[value=\"{BOX}\"]').click()")
    browser.evaluate("document.querySelector('input[name=key]').focus()")
    browser.type("not-the-key-1")
    browser.enter()
    browser.await_true("document.body.innerText.includes('disparaît')")
    look(browser)
    _keep(browser, "tried")
    wait_until(lambda: (told := state.read(rig.root)) and told.open and told.failed == BOX, 60, "it is back")
    browser.open(f"http://{HERE}:{visitor.port}/wifi", width=390, height=844)
    look(browser)
    _keep(browser, "failed")
    assert browser.evaluate(f"document.querySelector('input[value=\"{BOX}\"]').checked"), (
        "what was chosen is chosen still"
    )
    browser.evaluate("document.querySelector('input[name=key]').focus()")
    browser.type(KEY)
    browser.enter()
    wait_until(lambda: ended, 60, "it has ended")
    assert ended == [Ended.JOINED]


def _keep(browser, name):
    if folder := os.environ.get("SCREENSHOTS"):
        browser.screenshot(Path(folder) / f"wifi-{name}.png")
