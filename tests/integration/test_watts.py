"""Watts, the whole way: a simulated meter with a power factor, a real gateway, and what each who asks of it is told."""

import json
import subprocess
import sys

import pytest

from harness import ROOT
from harness.house import rows
from meter.process import SimulatedMeter
from servers import wait_until
from tests.integration.processes import ENVIRONMENT, House
from tests.integration.test_live_feed import JSON, house
from tests.mosquitto import Broker

WATTS, COS_PHI = 2400, 0.8
VALUE = "linky/meter/house/value/power/active/estimate"


def known(said):
    """Whether an object of the feed says the power of the load, and how sure it is."""
    power, within = said.get("power_w"), said.get("power_within_w")
    return power is not None and abs(power - WATTS) <= 0.03 * WATTS and within <= 0.05 * WATTS and said


def watched(config, seconds):
    """The first object of ``watch`` that knows it."""
    command = [sys.executable, "-m", "gateway", "watch", "--config", str(config)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT, cwd=ROOT) as running:
        try:
            for _ in range(20 * seconds):
                said = json.loads(running.stdout.readline())
                if known(said):
                    return said
        finally:
            running.terminate()
    return None


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["standard", "historic"])
def test_the_feed_the_store_and_watch_say_the_watts_of_the_load(tmp_path, mode):
    """2,400 W at cos phi 0.8 are 3,000 VA: what is told is the watts, in the object and as a value of its own."""
    load = f"{WATTS}:{COS_PHI}"
    with (
        Broker(tmp_path / "broker") as broker,
        SimulatedMeter(tmp_path / "ttyTIC", seed=1, mode=mode, load=load, ages=True),
        house(tmp_path / "house", broker, tmp_path / "ttyTIC"),
        broker.ear("kitchen") as ear,
    ):
        # Before the index has ticked nobody knows, and nothing is said.
        wait_until(lambda: ear.retained.get(JSON), 30, "a frame")
        told = wait_until(lambda: known(json.loads(ear.retained[JSON])), 60, "watts that are sure", every=0.5)
        assert told["drawn_va"] == WATTS / COS_PHI
        assert told["cos_phi"] == pytest.approx(told["power_w"] / told["drawn_va"], abs=0.01)
        # Of a later frame perhaps, which is as sure.
        assert abs(int(ear.retained[VALUE]) - WATTS) <= 0.05 * WATTS
        said = watched(tmp_path / "house/gateway.toml", 20)
        assert said
        assert said["power_w"] == pytest.approx(WATTS, rel=0.03)
        database = tmp_path / "house/data/linky-gateway.sqlite"
        ask = "SELECT unit, kind FROM series WHERE path = 'power/active/estimate'"
        assert wait_until(lambda: rows(database, ask), 30, "the series", every=0.5) == [("W", "gauge")]


@pytest.mark.slow
@pytest.mark.servers
def test_a_recipient_with_a_consent_gets_watts_uncertainty_and_power_factor(federation, tmp_path):
    """As SenML, in W and hundredths; what the meter calls active power is another series."""
    with SimulatedMeter(tmp_path / "ttyTIC", seed=1, mode="standard", load=f"{WATTS}:{COS_PHI}", ages=True):
        home = House(tmp_path / "house", federation, tmp_path / "ttyTIC")
        home.grant("power/active")
        with home.gateway(), home.recipient():

            def arrived():
                if not home.received.exists():
                    return None
                found = rows(home.received, "SELECT name, unit, value FROM record ORDER BY time")
                last = {name.partition("/power/")[2]: (unit, value) for name, unit, value in found}
                sure = last.get("active/estimate/half-width", ("", WATTS))[1] <= 0.05 * WATTS
                near = abs(last.get("active/estimate", ("", 0))[1] - WATTS) <= 0.03 * WATTS
                return sure and near and "active/estimate/cos-phi" in last and last

            last = wait_until(arrived, 90, "watts at the recipient", every=0.5)
    assert last.keys() == {"active/estimate", "active/estimate/half-width", "active/estimate/cos-phi"}
    assert last["active/estimate"][0] == "W"
    assert last["active/estimate/half-width"][0] == "W"
    assert last["active/estimate/cos-phi"] == ("/100", pytest.approx(100 * COS_PHI, abs=3))
