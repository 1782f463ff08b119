"""What ``watch`` shows and writes: the picture in two languages, the changes, real daemons, terminals and brokers."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from gateway.commands.watch import FeedHouse, changes
from gateway.errors import DaemonError
from gateway.live import topics
from gateway.live.curve import COLUMNS, PowerCurve, drawn
from gateway.live.picture import picture
from harness import ROOT
from meter.process import SimulatedMeter
from servers import wait_until
from tests.integration.processes import ENVIRONMENT, Process
from tests.mosquitto import HOST, Broker

DEADLINE_S = 60


@pytest.fixture
def house(snapshot):
    """A house at dinner, with a recipient that does not come."""
    now = topics.as_json(snapshot)
    del now["sequence"]
    values = {"consumption/voltage/raw/phase/1": 231, "consumption/current/raw/phase/1": 15}
    link = {
        "link": "recipient coop@e.org",
        "state": "broken",
        "age_s": 7300.0,
        "detail": "3 readings waiting",
        "figures": {},
        "title": "Recipient",
        "title_fr": "Destinataire",
        "detail_fr": "points en attente : 3",
    }
    return {
        "version": "1.0",
        "turn": 1,
        "meters": [{"now": now, "values": values, "line": {"whole": 1, "partial": 0, "bad_groups": 0}}],
        "links": [link, {"link": "store", "state": "ok", "age_s": None, "detail": "written", "figures": {}}],
        "alerts": [{"link": "recipient coop@e.org", "fr": "Des données attendent.", "en": "Data wait."}],
    }


FRENCH = """\
linky-gateway 1.0 · Ctrl-C pour finir

house   ~ 3 310 W ± 70   3 450 VA / 6 000 VA   58 %
  ███████████████████████░░░░░░░░░░░░░░░░░
  Coût         2,31\u202f€ aujourd’hui
  Tarif        heures pleines (HP BLANC), creuses dès 22 h
  Tempo        aujourd’hui blanc, demain rouge
  Mesures      231 V, 15 A
  Aujourd’hui  9,1 kWh soutirés, 2,3 kWh injectés, 6,1 kWh produits, 3,8 kWh autoconsommés
  Hier         14,8 kWh
  Trame        il y a 0 s, mode standard

Alertes
✗ Des données attendent.

Liaisons
✗ Destinataire coop@e.org  en défaut        2 h  points en attente : 3
✓ store                    en ordre           –  written"""


def test_the_picture_says_it_all_in_french(house):
    """Power against the contract, tariff, Tempo, the day, alerts, links; numbers as they are written in France."""
    assert "\n".join(picture(house, "fr", 110, 40)) == FRENCH


def test_the_picture_is_also_in_english(house):
    """The same lines in other words."""
    lines = picture(house, "en", 110, 40)
    assert lines[2] == "house   ~ 3,310 W ± 70   3,450 VA / 6,000 VA   58 %"
    assert "  Today      9.1 kWh drawn, 2.3 kWh injected, 6.1 kWh produced, 3.8 kWh self-consumed" in lines
    assert "✗ Data wait." in lines


def test_what_is_not_known_of_a_day_is_said_in_a_word(house):
    """The first evening is at least so much; a production whose counter is silent is unknown, and no nought."""
    now = house["meters"][0]["now"]
    now |= {"partial": ["today", "yesterday"], "produced_doubt": "unread"}
    now |= dict.fromkeys(("produced_today_wh", "self_consumed_today_wh"))
    text = " ".join(" ".join(picture(house, "fr", 80, 40)).split())
    assert "au moins 9,1 kWh soutirés, 2,3 kWh injectés, production inconnue : son compteur ne répond pas" in text
    assert "au moins 14,8 kWh" in text
    assert "au moins 2,31" in text
    assert "at least 9.1 kWh drawn" in "\n".join(picture(house, "en", 80, 40))


def test_the_picture_keeps_to_its_terminal(house):
    """No line is wider, and no more lines than there is room for; the power is among the first."""
    lines = picture(house, "fr", 30, 5)
    assert len(lines) == 5
    assert max(map(len, lines)) <= 30
    assert "3 310 W" in lines[2]


def links_of(house, count):
    """Give it so many links in order besides."""
    titles = {
        "title": "Counter",
        "title_fr": "Compteur",
        "detail": "a pulse each minute",
        "detail_fr": "une par minute",
    }
    house["links"] += [
        {"link": f"counter n{n}", "state": "ok", "age_s": 12.0, "figures": {}} | titles for n in range(count)
    ]


@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize(("width", "height"), [(80, 23), (120, 39), (200, 60), (50, 60)])
def test_three_phases_with_sun_and_a_fault_fit_whole(house, lang, width, height):
    """Nothing of the house is cut: long lines go on in the next, curves take what is left of the height."""
    house["meters"][0]["values"] = {
        f"consumption/{name}/raw/phase/{phase}": value + phase
        for phase in (1, 2, 3)
        for name, value in (("power/apparent", 1000), ("voltage", 230), ("current", 4))
    }
    for member in ("detail", "detail_fr"):
        house["links"][0][member] = "three points have waited since this morning as nobody answers there"
    links_of(house, 5)
    powers = {"house": [*range(1000, 4000, 150), None, 3450]}
    lines = picture(house, lang, width, height, "", powers)
    assert len(lines) <= height
    assert max(map(len, lines)) <= width
    halves = [(*re.split(r" │(?: |$)", line), "")[:2] for line in lines]
    text = " ".join(" ".join(left for left, _ in halves).split())
    assert all(f"{phase}: 1" in text for phase in (1, 2, 3))
    assert {"fr": "3,8 kWh autoconsommés", "en": "3.8 kWh self-consumed"}[lang] in text
    assert {"fr": "2,31", "en": "€2.31"}[lang] in text
    assert {"fr": "jusqu’à 3 850 VA", "en": "up to 3,850 VA"}[lang] in text
    # Beside the meters or below them.
    beside = [right for _, right in halves] if width >= 116 else lines
    assert "nobody answers there" in " ".join(" ".join(beside).split())


def test_of_what_does_not_fit_it_is_said_how_much(house):
    """Links that are broken come first; those in order are what a low terminal has no room for."""
    links_of(house, 12)
    house["links"].reverse()
    lines = picture(house, "en", 80, 23)
    assert len(lines) == 23
    first = lines.index("Links") + 1
    assert lines[first].startswith("✗ Recipient")
    assert lines[-1] == f"… {len(picture(house, 'en', 80, 99)) - 22} more lines: make the window higher"


def test_the_curve_is_of_the_last_ten_minutes():
    """A column is the mean of fifteen seconds; what was not seen is a gap, what is older is gone."""
    curve = PowerCurve()
    for now, va in ((0, 9000), (15, 100), (20, 300), (45, 400)):
        curve.add(va, now)
    assert curve.powers() == [9000, 200, None, 400]
    assert drawn(curve.powers()[1:], 1) == ["▄ █"]
    assert drawn([8, 12, 16], 2) == [" ▄█", "███"]
    curve.add(500, 15 * COLUMNS)
    assert len(curve.powers()) == COLUMNS
    assert max(one for one in curve.powers() if one is not None) == 500


def test_of_nothing_that_was_drawn_there_is_no_curve(house):
    """Panels that give all day leave no empty room; a single column is no curve yet."""
    plain = picture(house, "fr", 80, 40)
    assert picture(house, "fr", 80, 40, "", {"house": [0] * 20}) == plain
    assert picture(house, "fr", 80, 40, "", {"house": [500]}) == plain
    assert len(picture(house, "fr", 80, 40, "", {"house": [500, 0]})) > len(plain)


def test_what_is_old_or_wrong_stands_beside_the_power(house):
    """A value of the past, more than subscribed, a breaker that is open; a gateway that has gone."""
    now = house["meters"][0]["now"]
    now |= {"overload": True, "breaker": "overpower"}
    assert picture(house, "fr", 110, 40)[2].endswith("58 %   DÉPASSEMENT   COUPÉ")
    lines = picture(house, "en", 110, 40, "no such file")
    assert lines[2] == "✗ the gateway does not answer any more: no such file"
    assert "old value" in lines[4]
    assert "Links" not in lines


def test_before_anything_is_heard_nothing_is_invented(house):
    """No bar, no tariff, no zero."""
    now = house["meters"][0]["now"]
    now |= dict.fromkeys(("drawn_va", "tariff", "age_s", "drawn_today_wh", "drawn_yesterday_wh"))
    house["meters"][0]["values"] = {}
    text = "\n".join(picture(house, "fr", 110, 40))
    assert "rien n’a encore été reçu" in text
    assert "░" not in text
    assert "Mesures" not in text


def test_three_phases_are_told_apart(house):
    """Each with its power, its voltage and its current."""
    house["meters"][0]["values"] = {
        f"consumption/{name}/raw/phase/{phase}": value + phase
        for phase in (1, 2, 3)
        for name, value in (("power/apparent", 1000), ("voltage", 230), ("current", 4))
    }
    text = "\n".join(picture(house, "en", 110, 40))
    assert "1: 1,001 VA, 231 V, 5 A   2: 1,002 VA, 232 V, 6 A   3: 1,003 VA, 233 V, 7 A" in text


def test_only_what_has_changed_is_written(house):
    """All of it at first; then a meter's new frame, a link's new state, the end of an alert."""
    assert [set(line) & {"meter", "link", "alert"} for line in changes(None, house)] == [
        {"meter", "alert"},
        {"link"},
        {"link"},
        {"alert"},
    ]
    older = json.loads(json.dumps(house))
    older["meters"][0]["now"]["age_s"] = 5.0
    assert list(changes(older, house)) == []
    older["meters"][0]["now"]["drawn_va"] = 1
    older["links"][1]["state"] = "broken"
    older["links"].append({"link": "xmpp", "state": "ok", "age_s": 1.0, "detail": "", "figures": {}})
    older["alerts"].append({"link": "xmpp", "fr": "x", "en": "x"})
    meter, *rest = changes(older, house)
    assert meter["drawn_va"] == 3450
    assert rest == [
        {"link": "store", "state": "ok", "detail": "written"},
        {"link": "xmpp", "state": None, "detail": ""},
        {"alert": "xmpp", "fr": None, "en": None},
    ]


def test_what_the_broker_says_is_the_same_house(snapshot):
    """Meters, links and alerts from their topics; nothing while the gateway is away, nothing of what is no object."""
    heard = FeedHouse()
    for message in (*topics.frames(snapshot), *topics.links({"port house": "ok", "store": "broken"})):
        heard.take(message.topic, message.payload)
    heard.take("linky/alert/store", topics.alert("store", {"fr": "Plein.", "en": "Full."}).payload)
    heard.take("linky/alert/port/house", b"{}")
    heard.take("linky/meter/barn/json", b'{"version": 9}')
    heard.take("linky/meter/cellar/json", b"\xff")
    with pytest.raises(DaemonError, match="not online"):
        heard.house()
    heard.take("linky/status", b"online")
    house = heard.house()
    assert [meter["now"]["meter"] for meter in house["meters"]] == ["house"]
    assert [(link["link"], link["state"]) for link in house["links"]] == [("port house", "ok"), ("store", "broken")]
    assert [alert["link"] for alert in house["alerts"]] == ["store"]
    heard.take("linky/link/store", b"")
    assert len(heard.house()["links"]) == 1
    assert picture(house, "fr", 80, 24)


def configured(folder, source, extra=""):
    path = folder / "gateway.toml"
    path.write_text(f'[[meter]]\nsource = "{source}"\nclock = "meter"\n[store]\ndirectory = "data"\n{extra}')
    return path


@contextmanager
def running(config):
    """A gateway's process that answers."""
    with Process(config.parent, "gateway", "run", "--config", config) as gateway:
        wait_until((config.parent / "data" / "control.sock").exists, DEADLINE_S, "the daemon's socket")
        yield gateway


class Watch:
    """The command, its output line by line."""

    def __init__(self, config, *more, out=subprocess.PIPE):
        # Tests that run in the background have SIGINT ignored, and hand that down.
        python = ["env", "--default-signal=INT", sys.executable]
        command = [*python, "-m", "gateway", "watch", "--config", str(config), *more]
        self.process = subprocess.Popen(
            command,
            bufsize=0,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.PIPE,
            env=ENVIRONMENT | {"LANG": "fr_FR.UTF-8"},
            cwd=ROOT,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def line(self):
        """The next one; nothing is read ahead, so that waiting sees all that has come."""
        assert select.select([self.process.stdout], [], [], DEADLINE_S)[0], "no line"
        return json.loads(self.process.stdout.readline())

    def interrupt(self):
        """Ctrl-C: the exit code and what stands on standard error."""
        self.process.send_signal(signal.SIGINT)
        return self.end()

    def end(self):
        """The exit code and what stands on standard error, when it has ended."""
        _, said = self.process.communicate(timeout=DEADLINE_S)
        return self.process.returncode, said.decode()


def until_meter(watch, after=""):
    """The next line of a meter that is not old, and newer than that time."""
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        line = watch.line()
        if "meter" in line and not line["stale"] and line["time"] > after:
            return line
    raise AssertionError(after)


@pytest.mark.slow
def test_a_running_gateway_is_watched_by_a_pipe(tmp_path):
    """A line for each frame; a gateway that goes and comes is told; Ctrl-C ends it well."""
    with SimulatedMeter(tmp_path / "ttyTIC", seed=1, mode="standard", tariff="tempo") as meter:
        config = configured(tmp_path, meter.path)
        with running(config) as gateway, Watch(config) as watch:
            first = until_meter(watch)
            until_meter(watch, after=first["time"])
            assert first["drawn_va"] in {int(frame["data"]["SINSTS"]) for frame in meter.truth()}
            gateway.stop()
            while "running" not in (line := watch.line()):
                pass
            assert line["running"] is False
            gateway.start()
            while "running" not in (line := watch.line()):
                pass
            assert line == {"running": True}
            assert watch.interrupt() == (0, "")


@pytest.mark.slow
def test_a_terminal_has_the_picture(tmp_path):
    """In the language of the environment, drawn over itself; Ctrl-C ends it well."""
    with SimulatedMeter(tmp_path / "ttyTIC", seed=1, mode="standard", tariff="tempo") as meter:
        config = configured(tmp_path, meter.path)
        master, slave = pty.openpty()
        with running(config), Watch(config, out=slave) as watch:
            os.close(slave)
            text = ""
            while not re.search(r"mode standard.*\x1b\[\d+A.*mode standard", text, re.DOTALL):
                assert select.select([master], [], [], DEADLINE_S)[0], text
                text += os.read(master, 4096).decode(errors="replace")
            assert "Ctrl-C pour finir" in text
            assert watch.interrupt() == (0, "")
        os.close(master)


def test_without_a_gateway_there_is_nothing_to_watch(tmp_path):
    """One sentence, and the exit code of what is not available."""
    with Watch(configured(tmp_path, "/nowhere")) as watch:
        code, said = watch.end()
    assert code == 69
    assert said.startswith("linky-gateway: aucune passerelle en marche ne répond à ")
    assert said.endswith("fichier ou dossier introuvable ; est-elle en marche, et avez-vous mis sudo ?\n")


@pytest.mark.slow
def test_the_broker_is_watched_as_a_display_does(tmp_path):
    """``--mqtt`` shows what displays are told, and says when the gateway is not there to tell it."""
    with Broker(tmp_path / "broker") as broker, SimulatedMeter(tmp_path / "ttyTIC", seed=1, mode="historic") as meter:
        (tmp_path / "password").write_text(broker.users["gateway"])
        login = f'host = "{HOST}"\nport = {broker.port}\nuser = "gateway"\npassword_file = "password"\n'
        config = configured(tmp_path, meter.path, f"[mqtt]\n{login}")
        with Watch(config, "--mqtt") as alone:
            code, said = alone.end()
        assert (code, "la passerelle n’est pas connectée" in said) == (69, True)
        with running(config), broker.ear() as ear:
            wait_until(lambda: ear.retained.get("linky/status") == b"online", DEADLINE_S, "the gateway at the broker")
            with Watch(config, "--mqtt") as watch:
                assert until_meter(watch)["mode"] == "historic"
                assert watch.interrupt() == (0, "")
