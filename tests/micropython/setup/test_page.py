"""The set-up page of a board without configuration: real HTTP to MicroPython, whose Wi-Fi alone is a stand-in."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import urllib.parse
from pathlib import Path

import pytest

from flash.chips import CHIPS
from flash.files import ROOT, build_set
from relay_faults.broker import NAME
from relay_faults.clock import Rtc
from servers import free_port, wait_until
from tests.micropython.relay.test_clock import certificate, house_with
from tests.mosquitto import HOST, Mosquitto

pytestmark = pytest.mark.skipif(not shutil.which("micropython"), reason="micropython is not installed")

KEY = bytes(range(32))
SCRIPT = Path(__file__).with_name("page_on_board.py")
HEAP = "110wk"  # what a plain ESP32 has free, about


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The set as a board holds it, compiled."""
    folder = tmp_path_factory.mktemp("set")
    for name, content in build_set(CHIPS["esp32"]).files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture(scope="module")
def label():
    """The module that derives what the label says, from the board's own source."""
    sys.path[:0] = [str(ROOT / "micropython" / folder) for folder in ("setup", "update")]
    import label

    del sys.path[:2]
    return label


class Page:
    """A phone in the Wi-Fi of a board that is not set up."""

    def __init__(self, root, files, broker_port, ca=None):
        self.root, self.port, self.dns_port = root, free_port(), free_port()
        config = {
            "broker": {"password": "of the board", "port": broker_port, "ca": "ca.pem" if ca else None},
            "relay": {"rx": 4},
            "display": {"panel": "sh1106"},
        }
        if ca:
            config["broker"]["name"] = NAME
            (root / "ca.pem").write_bytes(ca)
        (root / "identity.json").write_text(json.dumps({"id": "kitchen", "role": "relay", "config": config}))
        environment = os.environ | Rtc(root / "clock").environment
        command = ["micropython", "-X", f"heapsize={HEAP}", SCRIPT, f"{root}/", HOST, self.port, self.dns_port, files]
        self.log = root / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen([*map(str, command)], stdout=log, stderr=log, env=environment)
        wait_until(lambda: b"ready" in self.log.read_bytes(), 20, "the page is served")

    def ask(self, method, path, body=None, **headers):
        """One request: status, headers, text."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=60)
        try:
            connection.request(method, path, urllib.parse.urlencode(body) if body else None, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()

    def send(self, language="en", **fields):
        """Fill the form in and send it."""
        return self.ask(
            "POST", f"/save?lang={language}", fields, **{"Content-Type": "application/x-www-form-urlencoded"}
        )

    def outcome(self, *words):
        """The page, once it says one of these."""
        seen = []

        def is_there():
            status, headers, text = self.ask("GET", "/result?lang=en")
            if status == 302:
                text = self.ask("GET", urllib.parse.urlsplit(headers["Location"]).path + "?lang=en")[2]
            seen.append(text)
            return any(word in text for word in words)

        wait_until(is_there, 30, f"the page says {words}")
        return seen[-1]

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


@pytest.fixture
def broker(tmp_path):
    """The Pi's broker, which knows the board."""
    with Mosquitto(tmp_path / "broker", {"kitchen": "of the board"}) as running:
        yield running


@pytest.fixture
def page(tmp_path, files, broker):
    """The page of a board whose broker is there."""
    running = Page(tmp_path, files, broker.port)
    yield running
    running.close()


def fields(label, **changed):
    """What a person types who does everything right."""
    return {"wifi": "Maison", "password": "motdepasse", "host": HOST, "code": label.code(KEY), **changed}


def test_the_whole_way(page, label, broker):
    """The right form: the board joins, reaches the broker, and has its configuration."""
    status, headers, _ = page.send(**fields(label))
    assert (status, headers["Location"]) == (302, f"http://{HOST}:{page.port}/result?lang=en")
    assert "Done." in page.outcome("Done")
    assert page.process.wait(60) == 0, page.log.read_text()
    assert json.loads((page.root / "config.json").read_text()) == {
        "id": "kitchen",
        "wifi": {"ssid": "Maison", "password": "motdepasse"},
        "broker": {"host": HOST, "port": broker.port, "password": "of the board", "ca": None},
        "relay": {"rx": 4},
        "display": {"panel": "sh1106"},
    }


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"password": "autrechose"}, "The password is refused"),
        ({"wifi": "Ailleurs"}, "not visible here"),
        ({"wifi": "", "other": "Cachée"}, "could not join “Cachée”"),
    ],
)
def test_a_wifi_that_does_not_let_it_in_is_said_and_nothing_stored(page, label, changed, sentence):
    """The page says in words what is wrong with the Wi-Fi; the form has what was typed, without secrets."""
    page.send(**fields(label, **changed))
    text = page.outcome("could not join")
    assert sentence in text
    assert f'value="{HOST}"' in text
    assert "motdepasse" not in text
    assert label.code(KEY) not in text
    assert not [path.name for path in page.root.iterdir() if path.name.startswith("config")]


def test_a_pi_that_does_not_answer_is_said_and_can_be_kept(page, label, broker):
    """The Wi-Fi is right but the broker is off: the person decides."""
    broker.kill()
    page.send(**fields(label))
    assert "Check the address" in page.outcome("does not answer")
    assert not (page.root / "config.json").exists()
    assert "Done" in page.ask("POST", "/keep?lang=en")[2]
    assert (page.root / "config.json").exists()


def test_a_pi_that_does_not_know_the_board_is_said(tmp_path, files, label):
    """Another cause, another sentence: the board has to be registered."""
    with Mosquitto(tmp_path / "broker", {"kitchen": "another"}) as broker:
        page = Page(tmp_path, files, broker.port)
        try:
            page.send(**fields(label))
            assert "does not know this board" in page.outcome("does not answer")
        finally:
            page.close()


@pytest.mark.parametrize(
    ("begins", "own", "sentence"),
    [
        ("20160101000000Z", True, "certificate is not valid at the board’s date"),
        ("20260101000000Z", False, "does not show the certificate that is expected"),
    ],
    ids=["of another time", "of another authority"],
)
def test_a_certificate_that_is_not_believed_is_said(tmp_path, files, label, begins, own, sentence):
    """The board is known well: it is the clock, or not the Pi that it was made for."""
    (tmp_path / "board").mkdir()
    with house_with(tmp_path, begins) as (broker, _ear):
        broker.add("kitchen")
        ca = broker.ca.read_bytes() if own else certificate(tmp_path / "other", begins, "20500101000000Z").read_bytes()
        page = Page(tmp_path / "board", files, broker.tls_port, ca)
        try:
            page.send(**fields(label))
            text = page.outcome("certificate")
            assert sentence in text, text[-900:]
        finally:
            page.close()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"wifi": "", "other": ""}, "Choose a network"),
        ({"wifi": "x" * 33}, "Choose a network"),
        ({"password": "short"}, "8 to 63 characters"),
        ({"host": ""}, "Write the Raspberry Pi’s address"),
        ({"host": "http://pi/"}, "Write the Raspberry Pi’s address"),
        ({"host": 'a"onmouseover=x'}, "Write the Raspberry Pi’s address"),
    ],
)
def test_a_form_that_cannot_be_right_is_said_at_once(page, label, changed, sentence):
    """What cannot work is not tried."""
    assert sentence in page.send(**fields(label, **changed))[2]


def test_without_the_code_of_the_label_nothing_is_done(page, label):
    """A wrong code is refused; after five the page is closed for a while, to the right code too."""
    for _ in range(4):
        assert "not the code" in page.send(**fields(label, code="00000000"))[2]
    assert "wait 30 s" in page.send(**fields(label, code="00000000"))[2]
    assert "Too many wrong codes" in page.send(**fields(label))[2]
    assert not (page.root / "config.json").exists()


def test_the_code_may_be_typed_as_it_is_printed(page, label):
    """Blanks within the code are no fault."""
    code = label.code(KEY)
    assert page.send(**fields(label, code=f" {code[:4]} {code[4:]} "))[0] == 302


@pytest.mark.parametrize(
    "path",
    ["/generate_204", "/hotspot-detect.html", "/connecttest.txt", "/ncsi.txt", "/success.txt", "/canonical.html"],
)
def test_a_phones_probe_is_sent_to_the_page(page, path):
    """Android, iOS, Windows and Firefox look for the Internet with these, and show the page instead."""
    status, headers, _ = page.ask("GET", path)
    assert (status, headers["Location"]) == (302, f"http://{HOST}:{page.port}/")
    assert headers["Cache-Control"] == "no-store"


def test_any_other_name_is_sent_to_the_page(page):
    """A probe for the root of a site that is not ours is no visit of the page."""
    assert page.ask("GET", "/", Host="captive.apple.com")[0] == 302


def test_the_page_speaks_the_browsers_language(page):
    """French first, English to who asks for it, and a link to the other."""
    assert "Installer votre carte" in page.ask("GET", "/")[2]
    assert "Set up your Linky board" in page.ask("GET", "/", **{"Accept-Language": "en-GB,en;q=0.9,fr;q=0.5"})[2]
    assert "Installer votre carte" in page.ask("GET", "/", **{"Accept-Language": "de-DE,fr;q=0.5"})[2]
    assert "Set up your Linky board" in page.ask("GET", "/?lang=en", **{"Accept-Language": "fr"})[2]


def test_the_name_of_a_network_cannot_change_the_page(page):
    """A neighbour's network may be called anything."""
    text = page.ask("GET", "/")[2]
    assert "<b>&'" not in text
    assert "Voisins &lt;b&gt;&amp;&#39;&quot;" in text


def test_the_page_needs_nothing_from_elsewhere(page):
    """No script, no picture, no address of another host: there is no Internet in that Wi-Fi."""
    text = page.ask("GET", "/")[2]
    assert not re.search(r"<script|src=|url\(|https?://(?!\s)", text.replace("sans http://", ""))
    assert len(text) < 8192


def question(name, kind=1):
    """A DNS question (RFC 1035 §4.1)."""
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    return b"\x12\x34\x01\x00\x00\x01" + bytes(6) + labels + b"\x00" + kind.to_bytes(2, "big") + b"\x00\x01"


@pytest.fixture
def resolve(page):
    """Asks the board's DNS."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(5)
        sock.connect((HOST, page.dns_port))

        def ask(message):
            sock.send(message)
            return sock.recv(512)

        yield ask


def test_every_name_is_here(resolve):
    """Whatever a phone looks up is the board."""
    reply = resolve(question("connectivitycheck.gstatic.com"))
    assert reply[:4] == b"\x12\x34\x85\x80"
    assert reply[-4:] == bytes([192, 168, 4, 1])


def test_there_is_no_ipv6_here(resolve):
    """A question for an IPv6 address gets an answer without one, at once."""
    reply = resolve(question("www.apple.com", 28))
    assert reply[3] & 0x0F == 0
    assert reply[6:8] == b"\x00\x00"


@pytest.mark.parametrize(
    "rubbish", [b"", b"x", bytes(12), question("a.b")[:-3], b"\xff" * 40, question("a" * 60) + b"\xc0" * 300]
)
def test_rubbish_does_not_stop_the_dns(resolve, rubbish, page):
    """After any datagram the next question is answered."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(rubbish, (HOST, page.dns_port))
    assert resolve(question("example.org"))[-4:] == bytes([192, 168, 4, 1])


def test_the_label_is_of_its_key_alone(label):
    """Two keys, two labels; letters that are misread do not occur."""
    one, other = KEY, bytes(31) + b"\x01"
    assert label.code(one) != label.code(other)
    assert label.passphrase(one) != label.passphrase(other)
    assert re.fullmatch(r"\d{8}", label.code(one))
    assert re.fullmatch(r"(?:[0-9A-HJKMNP-TV-Z]{4}-){2}[0-9A-HJKMNP-TV-Z]{4}", label.passphrase(one))
    assert label.network("x" * 40).encode() == b"Linky-" + b"x" * 26
