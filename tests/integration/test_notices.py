"""A household is told once by each of its ways: real servers, refusals, dead ones, power cuts, restarts.

All in a network of its own, in which the services have their own names and the gateway may go where it always may.
"""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import pytest

from gateway.config.tables import load
from gateway.control.messages import Settle
from gateway.control.running import ask
from gateway.links.alert_words import FaultKind, Topic
from gateway.notices.events import RULES, Urgency, event_of, said
from harness import ROOT
from harness.house import links_of
from harness.process import PATH
from meter.process import SimulatedMeter
from servers import wait_until
from servers.certificates import Authority
from tests.alone import Alone
from tests.gateway.notices.services import (
    BOT,
    CANARIES,
    CHAT,
    FREE_KEY,
    FREE_USER,
    GOTIFY_TOKEN,
    MAIL_PASSWORD,
    MAIL_USER,
)
from tests.gateway.notices.test_intake import alert

TOPIC = "linky-canary-topic-3f2a"
NAMES = "10.77.0.1 smsapi.free-mobile.fr smtp.maison.test ntfy.lan hook.lan mute.lan\n10.77.0.2 api.telegram.org\n"
_PREPARE = """
ip addr add 10.77.0.1/24 dev lo
ip addr add 10.77.0.2/24 dev lo
mount --bind "$1" /etc/hosts
"""
WAYS = ("mail", "ntfy", "webhook", "free", "gotify", "telegram")


class Street:
    """The network with all services, and a house in it."""

    def __init__(self, folder, authority):
        self.folder, self.services = folder, folder / "services"
        self.services.mkdir()
        (folder / "hosts").write_text(f"127.0.0.1 localhost\n{NAMES}")
        self.certificates = [
            str(authority.issue(name, folder).certificate).removesuffix(".crt")
            for name in ("smsapi.free-mobile.fr", "api.telegram.org", "smtp.maison.test")
        ]
        path = os.pathsep.join((PATH, os.environ.get("PYTHONPATH", "")))
        self.environment = {**os.environ, "PYTHONPATH": path, "LANG": "en_GB.UTF-8"}
        self.environment["SSL_CERT_FILE"] = str(authority.certificate)
        self.alone = Alone(_PREPARE, folder / "hosts")
        self.running = {}
        self.configure()

    def configure(self, extra="", *, more=""):
        """One way of each kind, all of them told of everything, day and night."""
        login = f"{MAIL_USER.replace('@', '%40')}:{MAIL_PASSWORD.replace('/', '%2F')}"
        addresses = {
            "mail": f"mailtos://{login}@smtp.maison.test?from={MAIL_USER}",
            "ntfy": f"ntfy://ntfy.lan/{TOPIC}",
            "webhook": "json://hook.lan:8081/",
            "free": f"freemobile://{FREE_USER}@{FREE_KEY}",
            "gotify": f"gotify://hook.lan:8081/{GOTIFY_TOKEN}",
            "telegram": f"tgram://{BOT}/{CHAT}",
        }
        events = json.dumps([event for event in RULES if event != "notices"])
        tables = ""
        for name, address in addresses.items():
            (self.folder / f"{name}.url").write_text(f"{address}\n")
            tables += f'[[notice]]\nname = "{name}"\nurl_file = "{name}.url"\nquiet = ""\nlanguage = "en"\n'
            tables += f"events = {events}\n"
        self.config = self.folder / "gateway.toml"
        source = self.folder / "ttyTIC"
        self.config.write_text(
            f'[[meter]]\nsource = "{source}"\n[clock]\ntrusted = true\n[store]\ndirectory = "data"\n'
            f"commit_interval_s = 1\n{extra}{tables}{more}"
        )

    def start(self, name, *command, **more):
        """A program in this network."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                self.alone.words(*command), stdout=log, stderr=log, env=self.environment, **more
            )
        return self.running[name]

    def python(self, name, *words, **more):
        """One of ours."""
        return self.start(name, sys.executable, "-m", *words, **more)

    def open_services(self):
        """All of them listen, those that do not yet."""
        (self.services / "ready").unlink(missing_ok=True)
        self.python("services", "tests.gateway.notices.services", self.services, *self.certificates)
        words = ["--config", "/dev/null", "--listen-http", "10.77.0.1:80", "--base-url", "http://ntfy.lan"]
        words += ["--cache-file", self.folder / "ntfy.db", "--visitor-request-limit-burst", "1000"]
        if "ntfy" not in self.running or self.running["ntfy"].poll() is not None:
            self.start("ntfy", shutil.which("ntfy"), "serve", *words)
        wait_until((self.services / "ready").exists, 30, "the services listen")
        wait_until(lambda: self.subscribed() is not None, 30, "ntfy listens")

    def kill(self, *names):
        """As a power cut does."""
        for name in names:
            self.running[name].kill()
            self.running[name].wait()

    def subscribed(self):
        """What somebody hears from ntfy who asks for all of the topic; None where it does not answer."""
        url = f"http://ntfy.lan/{TOPIC}/json?poll=1"
        code = f"import urllib.request as u; print(u.urlopen('{url}', timeout=9).read().decode())"
        words = self.alone.words(sys.executable, "-c", code)
        done = subprocess.run(words, check=False, capture_output=True, text=True, env=self.environment, timeout=20)
        return None if done.returncode else [json.loads(line)["message"] for line in done.stdout.splitlines() if line]

    def ntfy(self):
        """The same as it keeps it for its subscribers."""
        with closing(sqlite3.connect(f"file:{self.folder}/ntfy.db?mode=ro", uri=True)) as db:
            return [text for (text,) in db.execute("SELECT message FROM messages ORDER BY id")]

    def told(self):
        """Service -> the texts that it took, in order."""
        found = {name: [] for name in WAYS}
        file = self.services / "told"
        for line in file.read_text().splitlines() if file.exists() else []:
            name, text, _ = json.loads(line)
            found[name].append(re.sub(r"^Linky.*\n", "", text).strip())
        return found

    def type(self, *words):
        """``linky-gateway notice …``, as it is typed here."""
        command = [sys.executable, "-m", "gateway", "notice", *words, "--config", str(self.config)]
        return subprocess.run(
            command, check=False, capture_output=True, text=True, env=self.environment, cwd=ROOT, timeout=90
        )

    def rows(self, condition):
        """(way, matter, state, message) of the queue."""
        return self.query(f"SELECT way, matter, state, message FROM household_notice WHERE {condition} ORDER BY id")

    def query(self, sql):
        """What the database answers; nothing before it is made."""
        try:
            with closing(sqlite3.connect(f"file:{self.folder}/data/linky-gateway.sqlite?mode=ro", uri=True)) as db:
                return db.execute(sql).fetchall()
        except sqlite3.OperationalError:
            return []

    def answer(self, **answers):
        """What the services answer from now on, whatever they are told."""
        wanted, taken = json.dumps(answers), self.services / "taken"
        (self.services / "new").write_text(wanted)
        (self.services / "new").rename(self.services / "answers")
        wait_until(lambda: taken.exists() and taken.read_text() == wanted, 30, "the services know it")

    def __enter__(self):
        self.alone.__enter__()
        return self

    def __exit__(self, *_):
        for process in self.running.values():
            process.kill()
            process.wait()
        self.alone.__exit__()


@pytest.fixture
def street(tmp_path):
    """With its services open."""
    if not shutil.which("ntfy"):
        (pytest.fail if os.environ.get("CI") else pytest.skip)("Debian package that is not installed: ntfy")
    with Street(tmp_path, Authority(tmp_path / "authority").create()) as made:
        made.open_services()
        yield made


class Driver:
    """The ways at work; killed at the end as at any other time."""

    def __init__(self, street):
        self.street = street
        self.process = street.python("driver", "tests.integration.notices_driver", street.config, stdin=subprocess.PIPE)

    def say(self, **line):
        self.process.stdin.write(json.dumps(line).encode() + b"\n")
        self.process.stdin.flush()

    def kill(self):
        self.street.kill("driver")
        self.process.stdin.close()


def plain(kind, *, figures):
    """What is said of it, in English: by a stranger's server without a figure."""
    if isinstance(kind, Topic) and (figures or event_of(alert(kind)) in ("red-day", "version")):
        return f"NEWS-{kind.name}."
    return str(said(alert(kind, "m"), figures=figures))


KINDS = (*FaultKind, *Topic)
MORNING = [kind for kind in KINDS if RULES[event_of(alert(kind))].level is Urgency.DIGEST]
# From eight in the morning on: in the evening of that day, and at seven of the next.
STEP_S, EVENING_S, NEXT_S = 1000, 43_500, 83_100


def test_each_event_reaches_each_way_once_through_refusals_dead_servers_and_power_cuts(street):
    """SMTP with TLS and a password, Debian's ntfy, a webhook, and Free Mobile, Gotify and Telegram as they answer."""
    driver, ahead, count = Driver(street), 0, 1
    # First nobody listens, and the power goes while the notice waits.
    street.kill("services", "ntfy")
    driver.say(tell="DISK", ahead=ahead)
    wait_until(lambda: tried(street) == 6, 40, "each way has tried")
    driver.kill()
    street.open_services()
    driver, ahead = Driver(street), 100
    driver.say(ahead=ahead)
    wait_until(lambda: heard(street) == 6, 40, "told after the cut")
    # Then each, but for ntfy, says that it wants no more for now.
    street.answer(webhook=408, gotify=503, telegram=429, free=402, mail="451 greylisted")
    for kind in KINDS:
        if kind is FaultKind.DISK or kind in MORNING:
            continue
        ahead, count = ahead + STEP_S, count + 1
        driver.say(tell=kind.name, ahead=ahead)
        if kind is FaultKind.MUTE:
            wait_until(lambda: tried(street) == 11, 40, "each has been asked")
            street.answer()
            ahead += 700
            driver.say(ahead=ahead)
        wait_until(lambda count=count: heard(street) == 6 * count, 40, f"{kind} is told")
    driver.say(ahead=EVENING_S)
    wait_until(lambda: heard(street) == 6 * (count + 1), 40, "the red day is said again")
    for kind in MORNING:
        driver.say(tell=kind.name)
    wait_until(lambda: len(street.rows("state = 'waiting'")) == 6 * len(MORNING), 40, "the morning's are kept")
    driver.say(ahead=NEXT_S)
    wait_until(lambda: not street.rows("state = 'waiting'"), 60, "the morning's are told")
    driver.kill()
    # Another start tells nothing anew.
    driver = Driver(street)
    driver.say(ahead=NEXT_S)
    driver.say(tell="OFF_PEAK")
    driver.process.stdin.close()
    driver.process.wait(20)
    found = everything(street)
    assert street.subscribed() == found["ntfy"]
    for way, texts in found.items():
        done = street.rows(f"way = '{way}' AND state = 'done'")
        assert len(texts) == len({row[3] for row in done}), way
        assert len(done) == len({row[1] for row in done}) == len(KINDS) + 1, way
        figures = way in ("ntfy", "webhook", "gotify")
        lines = [line for text in texts for line in text.splitlines()]
        for kind in KINDS:
            if way != "free" or kind not in MORNING:
                assert any(line.startswith(plain(kind, figures=figures)[:60]) for line in lines), (way, kind)
    # A red day is said once more in the evening.
    assert sum("NEWS-TEMPO" in text for text in found["webhook"]) == 2
    logs = (street.folder / "driver.log").read_text(errors="replace")
    assert not any(canary in logs for canary in (*CANARIES, "canary"))


def tried(street):
    """On how many rows something was tried and failed."""
    return len(street.rows("tries > 0"))


def heard(street):
    """How many messages all ways together have brought."""
    return sum(len(texts) for texts in everything(street).values())


def everything(street):
    """What each way has brought."""
    return street.told() | {"ntfy": street.ntfy()}


# ---- the gateway itself --------------------------------------------------------------------------------------------


def committed(street):
    """The POSIX second until which readings are on the card."""
    ask(load(street.config).control_socket, Settle())
    ((newest,),) = street.query("SELECT max(last_time) FROM meter")
    return newest or 0


def test_a_gateway_tells_over_a_power_cut_and_nothing_waits_for_a_way_that_is_mute(street):
    """Another subscribed power: by ntfy at once; by a way that was dead after kill -9; readings and page go on."""
    street.configure(
        '[web]\nlisten = "10.77.0.1:8080"\n',
        more='[[notice]]\nname = "mute"\nurl = "json://mute.lan:9999/"\nquiet = ""\n',
    )
    mute = "import socket, time; s = socket.create_server(('10.77.0.1', 9999)); time.sleep(600)"
    street.start("mute", sys.executable, "-c", mute)
    street.kill("services")
    words = ("gateway", "run", "--config", street.config, "--log-level", "DEBUG")
    port = street.folder / "ttyTIC"
    with SimulatedMeter(port, seed=1, mode="standard", tariff="base", power=6):
        street.python("gateway", *words)
        wait_until(lambda: links_of(street.config).get("meter house", {}).get("state") == "ok", 60, "it is heard")
        wait_until(lambda: committed(street) > 0, 30, "a reading is kept")
        wait_until(lambda: street.query("SELECT 1 FROM told WHERE what LIKE '%power 6000'"), 30, "its power is known")
        street.kill("gateway")
    with SimulatedMeter(port, seed=1, mode="standard", tariff="base", power=9):
        street.python("gateway", *words)
        wait_until(lambda: len(street.rows("matter LIKE '%power 9000%'")) == 7, 60, "it is queued")
        wait_until(lambda: len(street.ntfy()) == 1, 40, "ntfy is told")
        wait_until(lambda: links_of(street.config)["notice mute"]["state"] == "waiting", 40, "the mute one was tried")
        wait_until(lambda: len(street.rows("tries > 0 AND state = 'waiting'")) == 6, 40, "all others were tried")
        # The power goes; when it is back, so are the services.
        street.kill("gateway")
        street.open_services()
        street.python("gateway", *words)
        wait_until(lambda: links_of(street.config).get("notice mail", {}).get("state") == "ok", 60, "it runs")
        before, began = committed(street), time.monotonic()
        url = "http://10.77.0.1:8080/"
        code = f"import urllib.request as u; print(u.urlopen('{url}', timeout=9).status)"
        page = subprocess.run(
            street.alone.words(sys.executable, "-c", code), check=False, capture_output=True, text=True, timeout=20
        )
        assert page.stdout == "200\n", page.stderr
        wait_until(lambda: heard(street) == 6, 90, "each has told")
        wait_until(lambda: committed(street) > before + 3, 30, "readings go on")
        typed = {
            words: street.type(*words.split()) for words in ("test telegram", "list --last 5", "list --json --lang fr")
        }
        assert street.type("test").returncode != 0
        assert time.monotonic() - began < 120
    texts = everything(street)
    assert "A test from your Linky gateway" in texts["telegram"].pop()
    assert {way: len(found) for way, found in texts.items()} == dict.fromkeys(WAYS, 1)
    assert "9 kVA" in texts["webhook"][0]
    assert "9" not in texts["mail"][0]
    status = links_of(street.config)
    assert typed["test telegram"].stdout.endswith("…7766): told; look whether it came\n")
    assert "webhook  was told  The meter “house” shows a different subscribed power" in typed["list --last 5"].stdout
    assert json.loads(typed["list --json --lang fr"].stdout.splitlines()[0])["address"].startswith("mailtos://smtp.")
    assert "canary" not in "".join(one.stdout + one.stderr for one in typed.values())
    shown = json.dumps([status, (street.folder / "gateway.log").read_text(errors="replace")])
    assert not any(canary in shown for canary in (*CANARIES, "canary"))
    assert {name for name in status if name.startswith("notice ")} == {f"notice {way}" for way in (*WAYS, "mute")}
