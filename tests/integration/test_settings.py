"""Settings change while a real gateway runs: the part that is concerned is made anew, and no other notices.

Two meters, an XMPP server, the broker of the house, and somebody who looks at the page all the while.
"""

import http.client
import json
import re
import threading
import time

import pytest

from gateway.config.tables import load
from gateway.control.messages import AskNow
from gateway.control.running import ask
from harness.accounts import FAR
from meter.process import SimulatedMeter
from servers import free_port, wait_until
from tests.gateway.web.conftest import PASSWORD as OF_PAGE
from tests.gateway.web.conftest import Visitor
from tests.integration.processes import PASSWORD, House
from tests.mosquitto import HOST, Broker

STATUS = "linky/status"
WATCHED = ("xmpp", "mqtt", "page", "port house", "port garage")


class Looking(threading.Thread):
    """Somebody's browser, with the page's stream open: what it was told, and whether that ended."""

    def __init__(self, visitor):
        super().__init__(daemon=True)
        self._visitor, self.told, self.ended = visitor, 0, False

    def run(self):
        link = http.client.HTTPConnection("127.0.0.1", self._visitor.port, timeout=60)
        cookies = "; ".join(f"{name}={value}" for name, value in self._visitor.cookies.items())
        link.request("GET", "/events", headers={"Host": self._visitor.host, "Cookie": cookies})
        answer = link.getresponse()
        assert answer.status == 200
        while answer.readline():
            self.told += 1
        self.ended = True
        link.close()


class Watched:
    """A house whose links are looked at."""

    def __init__(self, folder, federation, broker, meters):
        self.port = free_port()
        extra = (
            f'[[meter]]\nname = "garage"\nsource = "{meters[1]}"\nclock = "meter"\n'
            f'[mqtt]\nhost = "{HOST}"\nport = {broker.port}\nuser = "gateway"\npassword_file = "mqtt"\n'
            f'[web]\nlisten = "127.0.0.1:{self.port}"\n'
        )
        self.house = House(folder, federation, meters[0], extra=extra)
        (folder / "mqtt").write_text(broker.users["gateway"] + "\n")
        self.before = self.house.config.read_text()

    def since(self):
        """Since when each link is as it is (POSIX seconds)."""
        links, now = self.house.links(), time.time()
        return {name: now - links[name]["age_s"] for name in WATCHED}

    def all_well(self):
        """Whether each of them is."""
        return self.house.has(*WATCHED, "decode house", "decode garage")

    def set(self, key, value, *more):
        """What is said when a setting is changed, and which links began anew with that."""
        wait_until(self.all_well, 60, "all links to be well", every=0.3)
        # What begins anew is told by its age from what does not.
        wait_until(lambda: time.time() - max(self.since().values()) > 4, 30, "links that have stood", every=0.3)
        before = self.since()
        done = self.house.command("settings", "set", key, value, "--lang", "en", *more)
        assert done.returncode == 0, done.stderr
        if "page" in done.stdout:
            # It has its answer first.
            wait_until(lambda: self._log().count("the page is served") > self.pages, 30, "another page")
        wait_until(self.all_well, 60, "all links to be well again", every=0.3)
        self.pages = self._log().count("the page is served")
        after = self.since()
        return done.stdout, {name for name in WATCHED if abs(after[name] - before[name]) > 2}

    def heard(self, meter):
        """How many frames of the first meter were read whole, and how many it has sent."""
        meters = ask(load(self.house.config).control_socket, AskNow())["meters"]
        line = next(one for one in meters if one["now"]["meter"] == "house")
        assert (line["line"]["partial"] <= 1, line["line"]["bad_groups"]) == (True, 0)
        return line["line"]["whole"], sum(record["event"] == "sent" for record in meter.records())

    def _log(self):
        return (self.house.folder / "gateway.log").read_text()

    pages = 1


@pytest.mark.slow
def test_what_a_setting_does_not_concern_does_not_notice(federation, tmp_path):
    """Lines, page, session and broker keep what they have, but the one; no frame of the other meter is missing."""
    ports = [tmp_path / f"tty{name}" for name in ("HOUSE", "GARAGE", "OTHER")]
    with (
        Broker(tmp_path / "broker") as broker,
        SimulatedMeter(ports[0], seed=1, mode="standard") as meter,
        SimulatedMeter(ports[1], seed=2, mode="standard"),
        SimulatedMeter(ports[2], seed=2, mode="standard"),
        broker.ear() as ear,
    ):
        watched = Watched(tmp_path / "house", federation, broker, ports)
        house = watched.house
        with house.gateway() as gateway:
            wait_until(watched.all_well, 60, "all links to be well", every=0.3)
            visitor = Visitor(watched.port)
            code = house.command("page", "code").stdout
            code = re.search(r"[A-Z0-9]{4}-[A-Z0-9]{4}-[A-Z0-9]{4}", code)[0]
            answer, text = visitor.post("/setup", {"code": code, "password": OF_PAGE, "again": OF_PAGE})
            assert answer.status == 303, text
            looking = Looking(visitor)
            looking.start()
            wait_until(lambda: looking.told, 30, "the page's stream")

            def statuses():
                return [payload for topic, payload in ear.messages if topic == STATUS]

            begun = watched.heard(meter)
            said, anew = watched.set("meter.garage.source", ports[2])
            assert (anew, "made anew for it: the line of the meter garage" in said) == ({"port garage"}, True)
            said, anew = watched.set("federation.batch_s", "1")
            assert (anew, "the server of the account" in said) == ({"xmpp"}, True)
            said, anew = watched.set("objective.kwh_per_month", "300")
            assert (anew, said) == (set(), "objective.kwh_per_month: it counts from now on\n")
            assert statuses() == [b"online"]
            said, anew = watched.set("mqtt.discovery", "false")
            assert (anew, "the connection to the broker" in said) == ({"mqtt"}, True)
            wait_until(lambda: statuses()[-1] == b"online", 30, "it is told to be here again")
            assert not looking.ended
            told = looking.told
            wait_until(lambda: looking.told > told + 2, 30, "the stream to go on")
            said, anew = watched.set("web.names", "linky.example.org")
            assert (anew, "the page" in said) == ({"page"}, True)
            wait_until(lambda: looking.ended, 30, "the stream's end")

            before = watched.since()
            for key, value in (("mqtt.user", "null"), ("mqtt.port", "0"), ("federation.password_file", "other")):
                refused = house.command("settings", "set", key, value)
                assert (refused.returncode, refused.stderr.count("\n")) == (78, 1)
            assert {name for name, at in watched.since().items() if abs(at - before[name]) > 2} == set()
            said = house.command("settings", "set", "meter.shed", '{"source": "/nowhere/tty"}', "--lang", "en").stdout
            assert said.startswith("meter.shed: it is kept, and counts when the gateway starts again")
            rows = json.loads(house.command("settings", "list", "--json").stdout)["settings"]
            changed = {row["key"] for row in rows if row["origin"] == "settings"}
            assert {"meter.garage.source", "meter.shed.source", "federation.batch_s", "web.names"} <= changed
            (whole, sent), (whole_then, sent_then) = watched.heard(meter), begun
            assert abs((whole - whole_then) - (sent - sent_then)) <= 1
            assert sent - sent_then > 5
            assert gateway.stop() == 0
    assert house.config.read_text() == watched.before
    assert load(house.config).federation.batch_s == 1
    log = gateway.log.read_text()
    for word in ("Traceback", FAR, PASSWORD, OF_PAGE):
        assert word not in log
