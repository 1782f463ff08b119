"""The OpenMetrics text: valid to its own parser and to the older one, in base units, honest about what is old."""

import json
import subprocess
import sys

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
from prometheus_client.parser import text_string_to_metric_families as parse_text_format

from gateway.commands.metrics import replace
from gateway.live import topics
from gateway.live.metrics import openmetrics
from harness import ROOT
from meter.process import SimulatedMeter
from servers import wait_until
from tests.integration.processes import ENVIRONMENT, Process

NAME = {"meter": "house"}


@pytest.fixture
def house(snapshot):
    """A three-phase house at dinner, and people to whom it is connected."""
    now = topics.as_json(snapshot)
    del now["sequence"]
    values = {
        "consumption/power/apparent/raw": 3450,
        "production/power/apparent/raw": 0,
        "consumption/energy/active/index": 12_345_678,
        "production/energy/active/index": 999_999_999,
        "consumption/energy/active/index/provider/1": 5,
        "consumption/energy/active/index/provider/hchc": 7,
        "contract/tariff": "HP  BLANC",
    }
    for phase in (1, 2, 3):
        values[f"consumption/voltage/raw/phase/{phase}"] = 230 + phase
        values[f"consumption/power/apparent/raw/phase/{phase}"] = 1150
    figures = {"signal_minute": 99.5, "signal_hour": 90.0}
    links = [
        ("decode house", "ok", figures),
        ("clock house", "ok", {"drift_s": -1.8}),
        ("recipient a@e.org", "ok", {}),
        ("recipient b@e.org", "broken", {}),
        ("watcher a@e.org", "ok", {}),
    ]
    return {
        "version": '1.0"rc',
        "turn": 1,
        "meters": [{"now": now, "values": values, "line": {"whole": 10, "partial": 1, "bad_groups": 2}}],
        "links": [{"link": n, "state": s, "age_s": None, "detail": "", "figures": f} for n, s, f in links],
        "alerts": [{"link": "recipient b@e.org", "fr": "x", "en": "x"}],
    }


def samples(text):
    """(name, labels) -> value."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in parse(text)
        for sample in family.samples
    }


def of(found, name, **labels):
    return found[name, tuple(sorted((NAME | labels).items()))]


def test_the_text_is_valid_openmetrics_in_base_units(house):
    """Watt-hours become joules, per cent become ratios, and what was said by the meter is there."""
    found = samples(openmetrics(house))
    assert found["linky_gateway_up", ()] == 1
    assert found["linky_gateway_build_info", (("version", '1.0"rc'),)] == 1
    assert of(found, "linky_power_voltamperes", direction="drawn") == 3450
    assert of(found, "linky_phase_power_voltamperes", direction="drawn", phase="2") == 1150
    assert of(found, "linky_active_power_watts") == 3310
    assert of(found, "linky_active_power_uncertainty_watts") == 70
    assert of(found, "linky_power_factor_ratio") == 0.96
    assert of(found, "linky_voltage_volts", phase="3") == 233
    assert of(found, "linky_energy_joules_total", direction="drawn") == 12_345_678 * 3600
    assert of(found, "linky_energy_joules_total", direction="injected") == 999_999_999 * 3600
    assert of(found, "linky_tariff_energy_joules_total", index="hchc") == 7 * 3600
    assert of(found, "linky_signal_ratio", window="minute") == 0.995
    assert of(found, "linky_clock_drift_seconds") == -1.8
    assert of(found, "linky_frames_total", result="whole") == 10
    assert of(found, "linky_bad_groups_total") == 2
    assert of(found, "linky_last_frame_timestamp_seconds") == 1768505400
    assert of(found, "linky_tariff", tariff="peak") == 1
    assert of(found, "linky_tariff", tariff="base") == 0
    assert of(found, "linky_tempo", day="tomorrow", colour="red") == 1
    assert of(found, "linky_breaker_open") == 0


def test_the_older_text_format_is_served_as_well(house):
    """node_exporter's collector knows gauges and counters; every sample reads the same there."""
    text = openmetrics(house)
    assert {family.type for family in parse(text)} == {"gauge", "counter"}
    older = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in parse_text_format(text)
        for sample in family.samples
    }
    assert older == samples(text)


def test_nobody_and_no_meter_number_is_in_a_label(house):
    """Recipients are counted; the states of both are there all the same."""
    text = openmetrics(house)
    assert "e.org" not in text
    found = samples(text)
    assert found["linky_link_state", (("link", "recipient 1"), ("state", "ok"))] == 1
    assert found["linky_link_state", (("link", "recipient 2"), ("state", "broken"))] == 1
    assert found["linky_alerts", ()] == 1


def test_what_is_old_is_not_told_as_if_it_were_now(house):
    """Of a silent meter there is no power and no tariff; its index and the time of its last frame stay."""
    house["meters"][0]["now"]["stale"] = True
    found = samples(openmetrics(house))
    names = {name for name, _ in found}
    assert not names & {"linky_power_voltamperes", "linky_voltage_volts", "linky_tariff", "linky_overload"}
    assert of(found, "linky_stale") == 1
    assert of(found, "linky_energy_joules_total", direction="drawn") == 12_345_678 * 3600
    assert of(found, "linky_last_frame_timestamp_seconds") == 1768505400


def test_an_overload_of_which_the_meter_says_nothing_is_no_sample(house):
    """A 0 would say that there is none."""
    house["meters"][0]["now"]["overload"] = None
    assert "linky_overload" not in {name for name, _ in samples(openmetrics(house))}


def test_a_house_of_which_nothing_is_known_yet_is_valid(house):
    """Before the first frame there are no values, and no error."""
    now = house["meters"][0]["now"]
    house["meters"][0]["now"] = dict.fromkeys(now) | {"meter": "house", "stale": True, "broken": [], "alert": False}
    house["meters"][0]["values"] = {}
    assert of(samples(openmetrics(house)), "linky_stale") == 1


def metrics(config, *more):
    command = [sys.executable, "-m", "gateway", "metrics", "--config", str(config), *map(str, more)]
    return subprocess.run(command, check=False, capture_output=True, text=True, env=ENVIRONMENT, cwd=ROOT, timeout=30)


def test_a_running_gateway_tells_its_metrics_and_one_that_is_away_is_down(tmp_path):
    """To standard output, and into a file that any collector may read; exit 69 with ``up`` 0 without a gateway."""
    file = tmp_path / "linky.prom"
    with SimulatedMeter(tmp_path / "ttyTIC", seed=1, mode="historic") as meter:
        config = tmp_path / "gateway.toml"
        config.write_text(f'[[meter]]\nsource = "{meter.path}"\nclock = "meter"\n[store]\ndirectory = "data"\n')
        with Process(tmp_path, "gateway", "run", "--config", config):
            wait_until((tmp_path / "data" / "control.sock").exists, 20, "the daemon's socket")
            wait_until(lambda: "linky_power" in metrics(config).stdout, 20, "a frame", every=0.3)
            done = metrics(config, "--write", file)
            assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
            said = {int(frame["data"]["PAPP"]) for frame in meter.truth()}
        assert of(samples(file.read_text()), "linky_power_voltamperes", direction="drawn") in said
        assert file.stat().st_mode & 0o777 == 0o644
    done = metrics(config, "--write", file)
    assert done.returncode == 69
    assert done.stderr.startswith("linky-gateway: no running gateway can be asked at ")
    assert samples(file.read_text()) == {("linky_gateway_up", ()): 0}
    assert samples(metrics(config).stdout) == {("linky_gateway_up", ()): 0}
    assert [path.name for path in tmp_path.glob("*linky.prom*")] == ["linky.prom"]


def test_a_file_that_cannot_be_written_is_one_sentence_and_stays_as_it_was(tmp_path):
    """A folder that is not there; a full disk leaves the former file whole and nothing beside it."""
    config = tmp_path / "gateway.toml"
    config.write_text('[[meter]]\nsource = "/nowhere"\n[store]\ndirectory = "data"\n')
    done = metrics(config, "--write", tmp_path / "missing" / "linky.prom")
    assert (done.returncode, done.stderr) == (
        74,
        f"linky-gateway: {tmp_path}/missing/linky.prom: No such file or directory\n",
    )
    (tmp_path / "folder.prom").mkdir()
    before = sorted(tmp_path.iterdir())
    with pytest.raises(IsADirectoryError, match=r"folder\.prom"):
        replace(tmp_path / "folder.prom", json.dumps({}))
    assert sorted(tmp_path.iterdir()) == before
