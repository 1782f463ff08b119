"""The live feed of a real gateway at a real broker: fast, complete, honest about its age, back after every loss."""

import json
import os
import re
import signal
import time
from datetime import datetime
from statistics import median

import pytest

from gateway.live import compact
from harness.house import links_of
from meter.process import SimulatedMeter
from servers import wait_until
from tests.integration.processes import Process
from tests.mosquitto import HOST, Broker

JSON, COMPACT, STATUS = "linky/meter/house/json", "linky/meter/house/compact", "linky/status"
POWER = "linky/meter/house/value/consumption/power/apparent/raw"


def house(folder, broker, source):
    """A gateway's process that reads a meter and publishes; nothing leaves the house."""
    folder.mkdir(exist_ok=True)
    (folder / "password").write_text(broker.users["gateway"] + "\n")
    (folder / "gateway.toml").write_text(
        f'[[meter]]\nsource = "{source}"\nclock = "meter"\n[store]\ndirectory = "data"\ncommit_interval_s = 1\n'
        f'[mqtt]\nhost = "{HOST}"\nport = {broker.port}\nuser = "gateway"\npassword_file = "password"\n'
    )
    return Process(folder, "gateway", "run", "--config", folder / "gateway.toml", "--log-level", "INFO")


def heard(ear, **expected):
    """Whether the latest object has these values."""
    said = json.loads(ear.retained.get(JSON, b"{}"))
    return said if said and all(said[key] == value for key, value in expected.items()) else None


def delays_s(ear, meter):
    """Seconds from the last byte of each frame on the wire to the arrival of its first object."""
    first = {}
    for payload, came in list(ear.came.items()):
        said = json.loads(payload) if payload.startswith(b'{"version"') else {}
        if said.get("time"):
            first.setdefault(int(datetime.fromisoformat(said["time"]).timestamp()), came)

    def by_second():
        """None while the meter has not written down yet that it ended a frame that came."""
        ended = {record["frame"]: record["host"] for record in meter.records() if record["event"] == "sent"}
        known = {int(frame["time"]): ended[frame["frame"]] for frame in meter.truth() if frame["frame"] in ended}
        return known if known.keys() >= first.keys() else None

    sent = wait_until(by_second, 20, "each frame that came was sent")
    return sorted(came - sent[second] for second, came in first.items())


@pytest.fixture
def broker(tmp_path):
    """The broker of a house."""
    with Broker(tmp_path / "broker") as running:
        yield running


@pytest.fixture
def kitchen(broker):
    """What a display may hear."""
    with broker.ear("kitchen") as ear:
        yield ear


def test_every_frame_is_told_within_a_second_in_both_forms(broker, tmp_path):
    """Power as the meter said it, under its own topic, in the object and in the 40 bytes; alerts and links beside."""
    with (
        SimulatedMeter(tmp_path / "ttyTIC", seed=1, mode="standard", tariff="tempo", solar=3000) as meter,
        house(tmp_path / "house", broker, tmp_path / "ttyTIC"),
        broker.ear() as ear,
    ):
        wait_until(lambda: heard(ear, stale=False), 30, "a fresh frame")
        begun = len(ear.messages)
        wait_until(lambda: sum(topic == JSON for topic, _ in ear.messages[begun:]) >= 5, 20, "five frames")
        told = [json.loads(payload) for topic, payload in list(ear.messages[begun:]) if topic == JSON]
        short = [compact.decode(payload) for topic, payload in list(ear.messages[begun:]) if topic == COMPACT]
        said = {int(frame["data"]["SINSTS"]) for frame in meter.truth()}
        assert {one["drawn_va"] for one in told} <= said
        # Listening began between the two forms of one frame, perhaps.
        first = max(told[0]["sequence"], short[0].sequence)
        objects = [one["sequence"] for one in told if one["sequence"] >= first]
        shorts = [one.sequence for one in short if one.sequence >= first]
        count = min(len(objects), len(shorts))
        assert count >= 4
        assert objects[:count] == shorts[:count] == list(range(first, first + count))
        # The one that a busy machine held up says nothing of the gateway: half of them, not each.
        assert median(one["age_s"] for one in told) < 1
        delays = delays_s(ear, meter)
        assert len(delays) >= 5
        assert median(delays) < 1
        print(f"last byte of a frame to its display: median {median(delays):.3f} s, most {delays[-1]:.3f} s")
        assert int(ear.retained[POWER]) in said
        last = told[-1]
        assert (last["mode"], last["breaker"], last["alert"]) == ("standard", "closed", False)
        assert last["tariff_kind"] in {"peak", "off-peak"}
        assert last["tempo_today"] in {"blue", "white", "red"}
        assert ear.retained["linky/link/port/house"] == b"ok"
        assert ear.retained["linky/alert/meter/house"] == b"{}"
        assert ear.retained[STATUS] == b"online"
        # A month of a household's life must not be readable from what is public here.
        everything = b" ".join(topic.encode() + payload for topic, payload in list(ear.messages))
        (frame,) = meter.truth()[-1:]
        assert frame["data"]["ADSC"].encode() not in everything
        assert frame["data"]["PRM"].encode() not in everything


@pytest.mark.slow
def test_a_silent_meter_is_stale_after_ten_seconds_and_fresh_again(broker, kitchen, tmp_path):
    """No sooner and two seconds later at most; the retained frame says so to whoever comes then."""
    with (
        SimulatedMeter(tmp_path / "ttyTIC", seed=1, mode="standard") as meter,
        house(tmp_path / "house", broker, tmp_path / "ttyTIC"),
    ):
        wait_until(lambda: heard(kitchen, stale=False), 30, "a fresh frame")
        before = len(kitchen.messages)
        meter.command("silence 20")
        wait_until(lambda: heard(kitchen, stale=True), 60, "the stale flag")
        # By the feed's own clock: how late it is read here is nothing of its own.
        said = (json.loads(payload) for topic, payload in list(kitchen.messages)[before:] if topic == JSON)
        assert 10 <= next(one["age_s"] for one in said if one["stale"]) < 12
        with broker.ear("kitchen") as late:
            assert wait_until(lambda: heard(late), 60, "the retained frame")["stale"]
            assert compact.decode(late.retained[COMPACT]).flags & compact.STALE
        wait_until(lambda: heard(kitchen, stale=False), 20, "a fresh frame again")


@pytest.mark.slow
def test_everything_is_told_again_when_the_broker_comes_back(broker, tmp_path):
    """A broker that has lost its memory has the status, each value and each link again within seconds."""
    with (
        SimulatedMeter(tmp_path / "ttyTIC", seed=1, mode="standard"),
        house(tmp_path / "house", broker, tmp_path / "ttyTIC") as gateway,
    ):
        with broker.ear() as before:
            wait_until(lambda: before.retained.get(STATUS) == b"online" and heard(before, stale=False), 30, "the feed")
            # What is not known is empty, and no broker keeps that.
            topics = {topic for topic, said in before.retained.items() if said}
            broker.kill()
            wait_until(lambda: "the next attempt follows" in gateway.log.read_text(), 20, "the loss is logged")
            broker.start()
        with broker.ear() as after:
            wait_until(lambda: topics <= set(after.retained), 40, "every topic again")
            assert after.retained[STATUS] == b"online"
            assert gateway.stop() == 0
            wait_until(lambda: after.retained[STATUS] == b"offline", 20, "offline after an orderly stop")
        assert gateway.log.read_text().count("the next attempt follows") == 1


@pytest.mark.slow
def test_a_gateway_that_is_killed_is_offline_by_its_last_will(broker, kitchen, tmp_path):
    """Nobody has to time out: the broker says it."""
    with (
        SimulatedMeter(tmp_path / "ttyTIC", seed=1, mode="standard"),
        house(tmp_path / "house", broker, tmp_path / "ttyTIC") as gateway,
    ):
        wait_until(lambda: kitchen.retained.get(STATUS) == b"online", 30, "online")
        gateway.kill()
        wait_until(lambda: kitchen.retained[STATUS] == b"offline", 60, "offline")
    assert not [topic for topic in kitchen.retained if topic.startswith(("linky/link", "linky/alert"))]


@pytest.mark.slow
def test_a_broker_that_hangs_holds_up_neither_readings_nor_the_end(broker, tmp_path):
    """It is given up by its silence; SIGTERM ends the gateway within its five seconds all the same."""
    with (
        SimulatedMeter(tmp_path / "ttyTIC", seed=1, mode="standard"),
        house(tmp_path / "house", broker, tmp_path / "ttyTIC") as gateway,
        broker.ear() as ear,
    ):
        wait_until(lambda: ear.retained.get(STATUS) == b"online", 30, "online")
        os.kill(broker.pid, signal.SIGSTOP)
        try:
            begun = time.monotonic()
            assert gateway.stop(5) == 0
            assert time.monotonic() - begun < 5
        finally:
            os.kill(broker.pid, signal.SIGCONT)
        assert not [word for word in ("Traceback", "never retrieved", "ERROR") if word in gateway.log.read_text()]


def test_a_wrong_password_and_no_broker_are_sentences_of_the_status(broker, tmp_path):
    """The link says what is wrong; the meter is read all the same."""
    with SimulatedMeter(tmp_path / "ttyTIC", seed=1, mode="standard"):
        running = house(tmp_path / "house", broker, tmp_path / "ttyTIC")
        (tmp_path / "house" / "password").write_text("wrong\n")
        with running:
            link = wait_until(lambda: broken_link(tmp_path / "house"), 20, "a broken link", every=0.3)
            assert re.search(r"^the MQTT broker at 127\.0\.0\.1:\d+: .*[Nn]ot authori[sz]ed", link["detail"])
            assert running.stop() == 0
        assert "Traceback" not in running.log.read_text()


def broken_link(folder):
    link = links_of(folder / "gateway.toml").get("mqtt")
    return link if link and link["state"] == "broken" else None
