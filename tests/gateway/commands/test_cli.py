"""The command line as a person meets it: sentences and exit codes, never a traceback."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from gateway.store.points import Granularity
from gateway.store.recorder import Recorder
from gateway.store.store import Store
from gateway.store.terms import Terms
from harness.house import links_of
from meter.process import SimulatedMeter
from servers import wait_until
from tests.gateway.store.conftest import POWER, START, frame
from tests.prepared import prepare

ROOT = Path(__file__).parents[3]
FRAMES = ROOT / "tests" / "frames"
ENVIRONMENT = dict(os.environ, PYTHONPATH=str(ROOT), PYTHONUNBUFFERED="1")


def gateway(*arguments, **options):
    """Run one command."""
    command = [sys.executable, "-m", "gateway", *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, env=ENVIRONMENT, cwd=ROOT, **options)


def configure(folder, source, extra=""):
    path = folder / "gateway.toml"
    # Simulated meters run faster than the host's clock.
    meter = f'[[meter]]\nsource = "{source}"\nclock = "meter"\n'
    path.write_text(f'{meter}[clock]\ntrusted = true\n[store]\ndirectory = "data"\ncommit_interval_s = 1\n{extra}')
    return path


@pytest.fixture
def daemon(tmp_path):
    """Start the daemon on a configuration; killed at the end if the test did not stop it."""
    started = []

    def start(config):
        command = [sys.executable, "-m", "gateway", "run", "--config", str(config)]
        started.append(subprocess.Popen(command, env=ENVIRONMENT, cwd=ROOT, stderr=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def whole_frames(config):
    """How many the daemon has read."""
    detail = links_of(config).get("meter house", {}).get("detail", "")
    return int(found[1]) if (found := re.search(r"(\d+) whole frames", detail)) else 0


def test_decode_prints_one_object_a_frame_then_the_summary():
    """The form of the contract: mode, whole, groups with label, data and horodate, bad; and the totals."""
    done = gateway("decode", FRAMES / "nasty" / "s1-hc-pcoup-bad-checksum-enedis.raw")
    frame, summary = map(json.loads, done.stdout.splitlines())
    assert set(frame) == {"mode", "whole", "groups", "bad"}
    assert (frame["mode"], frame["whole"], frame["bad"], len(frame["groups"])) == ("standard", False, 1, 37)
    date = next(group for group in frame["groups"] if group["label"] == "DATE")
    assert set(date) == {"label", "data", "horodate"}
    assert date["data"] == ""
    assert summary == {"summary": {"frames": 1, "whole": 0, "groups": 37, "bad": 1}}
    assert done.returncode == 0


def test_decode_reads_standard_input_and_several_files():
    """``-`` is standard input; the summary is over all files."""
    raw = FRAMES / "real" / "h1-base-linky-enedis.raw"
    done = gateway("decode", "-", raw, input=raw.read_bytes())
    assert json.loads(done.stdout.splitlines()[-1]) == {"summary": {"frames": 2, "whole": 2, "groups": 18, "bad": 0}}


def test_decode_believes_only_the_mode_that_it_is_told():
    """Frames of the other mode are bad groups, and said so."""
    done = gateway("decode", "--mode", "standard", FRAMES / "real" / "h1-base-linky-enedis.raw")
    assert json.loads(done.stdout.splitlines()[-1])["summary"] == {"frames": 1, "whole": 0, "groups": 0, "bad": 9}
    assert done.returncode == 65


def test_decode_sees_that_a_port_was_8n1():
    """A 7E1 line captured by an 8N1 port is brought back to 7 bits."""
    done = gateway("decode", FRAMES / "nasty" / "s1-derived-8n1-parity-in-bit7.raw")
    assert json.loads(done.stdout.splitlines()[-1]) == {"summary": {"frames": 1, "whole": 1, "groups": 38, "bad": 0}}


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("decode", "/nowhere.raw"), 69, "/nowhere.raw: cannot be read: No such file"),
        (("run", "--config", "/nowhere.toml"), 78, "/nowhere.toml: cannot be read"),
        (("status", "--config", "/nowhere.toml"), 78, "/nowhere.toml: cannot be read"),
        (("export", "--config", "/nowhere.toml"), 2, "--format"),
        (("frobnicate",), 2, "is no command"),
    ],
)
def test_a_wrong_use_is_one_sentence_and_an_exit_code(arguments, code, words):
    """What is wrong, on standard error, and nothing on standard output."""
    done = gateway(*arguments)
    error = done.stderr.decode()
    assert done.returncode == code
    assert words in error
    assert "Traceback" not in error
    assert done.stdout == b""


def test_a_reader_that_goes_away_is_no_error():
    """`linky-gateway decode … | head -1` ends cleanly."""
    many = [str(FRAMES / "real" / "h1-base-linky-jlesauce.raw")] * 20
    command = f"{sys.executable} -m gateway decode {' '.join(many)} | head -1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], check=False, capture_output=True, env=ENVIRONMENT)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_source_that_cannot_be_is_refused_before_anything_starts(tmp_path):
    """The daemon ends with the sentence about the configuration."""
    done = gateway("run", "--config", configure(tmp_path, "ttyUSB0"))
    assert done.returncode == 78
    assert b"write the path of a port" in done.stderr


def test_a_folder_that_another_gateway_writes_is_refused(tmp_path, daemon):
    """Two daemons on one database: the second says so and ends."""
    config = configure(tmp_path, "/nowhere/tty")
    daemon(config)
    wait_until(lambda: links_of(config), 20, "the daemon answers", every=0.2)
    done = gateway("run", "--config", config)
    assert done.returncode == 74
    assert done.stderr.count(b"another linky-gateway is writing there") == 1


def test_the_daemon_reads_stores_and_stops_within_five_seconds(tmp_path, daemon):
    """From a simulated meter to an export; SIGTERM commits what was read last."""
    with SimulatedMeter(tmp_path / "tty", seed=3, mode="historic") as meter:
        config = configure(tmp_path, meter.path)
        process = daemon(config)
        wait_until(lambda: whole_frames(config) >= 3, 30, "three frames", every=0.2)
        assert links_of(config)["port house"]["state"] == "ok"
        assert links_of(config)["store"]["state"] == "ok"
        said = gateway("status", "--config", config)
        assert said.returncode == 0
        assert "✓ Port house" in said.stdout.decode()
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert "Traceback" not in process.stderr.read()
        said = {frame["data"]["BASE"] for frame in meter.truth() if "BASE" in frame["data"]}
    done = gateway("export", "--format", "csv", "--series", "consumption/energy/active/index", "--config", config)
    rows = [line.split(",") for line in done.stdout.decode().splitlines()[1:]]
    assert {row[2] for row in rows} >= {
        "consumption/energy/active/index",
        "consumption/energy/active/index/provider/base",
    }
    assert {f"{int(row[4]):09}" for row in rows} <= said
    report = json.loads(gateway("status", "--json", "--config", config).stdout)
    assert report["running"] is False
    assert {row["link"] for row in report["links"]} == {"meter house", "store"}


def test_an_unplugged_port_is_said_and_found_again(tmp_path, daemon):
    """The link is broken with a reason while the adapter is away, and ok when it is back."""
    with SimulatedMeter(tmp_path / "tty", seed=3, mode="standard") as meter:
        config = configure(tmp_path, tmp_path / "tty")
        daemon(config)
        wait_until(lambda: links_of(config).get("meter house", {}).get("state") == "ok", 30, "a frame", every=0.2)
        meter.command("unplug")
        wait_until(lambda: "plugged in?" in links_of(config)["port house"]["detail"], 20, "the loss is seen", every=0.2)
        assert links_of(config)["port house"]["state"] == "broken"
        meter.command("plug")
        wait_until(lambda: links_of(config)["port house"]["state"] == "ok", 40, "the port is back", every=0.2)


def test_a_meter_switched_to_the_other_mode_is_found_again(tmp_path, daemon):
    """Historic at 1200 Bd to standard at 9600 Bd and back, with nobody touching the house."""
    with SimulatedMeter(tmp_path / "tty", seed=3, mode="historic") as meter:
        config = configure(tmp_path, meter.path)
        daemon(config)
        for mode in ("historic", "standard", "historic"):
            meter.command(f"mode {mode}")
            wait_until(
                lambda mode=mode: mode in links_of(config).get("meter house", {}).get("detail", ""), 60, mode, every=0.3
            )


def test_consents_are_given_listed_and_withdrawn_with_and_without_the_daemon(tmp_path, daemon):
    """The same commands do the same whether the daemon runs or not."""
    config = configure(tmp_path, "/nowhere/tty")
    grant = ("consent", "grant", "Coop@Sen2.test", "--series", "consumption/power", "--config", config)
    grant += ("--json", "--accept")
    first = json.loads(gateway(*grant, "--granularity", "PT1M").stdout)[0]
    assert (first["recipient"], first["series"], first["state"]) == ("coop@sen2.test", "consumption/power", "valid")
    daemon(config)
    wait_until(lambda: links_of(config), 20, "the daemon answers", every=0.2)
    second = json.loads(gateway(*grant, "--granularity", "P1D").stdout)[0]
    assert second["id"] == first["id"] + 1
    done = gateway("consent", "revoke", "coop@sen2.test", "--config", config)
    assert done.stdout == b"2 consents withdrawn; nothing more is sent\n"
    listed = json.loads(gateway("consent", "list", "--json", "--config", config).stdout)
    assert [row["state"] for row in listed] == ["withdrawn", "withdrawn"]
    refused = gateway(*grant[:3], "--series", "*", "--granularity", "raw", "--accept", "--config", config)
    assert (refused.returncode, b"a wildcard is refused" in refused.stderr) == (2, True)


def test_a_request_is_read_and_answered_with_and_without_the_daemon(tmp_path, daemon):
    """What was asked while one program held the database is answered through the other."""
    config = configure(tmp_path, "/nowhere/tty")
    prepare(tmp_path / "data")
    with closing(Store(tmp_path / "data")) as store:
        store.meters.add("house", "ab12")
        for purpose in ("a", "b"):
            terms = Terms(purpose=purpose)
            store.access.ask("coop@sen2.test", "ab12", "consumption", Granularity.DAY, terms, time.time())
    answer = ("--config", config, "--json", "--yes", "--accept")
    assert json.loads(gateway("consent", "answer", "1", *answer).stdout)[0]["purpose"] == "a"
    daemon(config)
    wait_until(lambda: links_of(config), 20, "the daemon answers", every=0.2)
    (waiting,) = json.loads(gateway("consent", "pending", "--json", "--config", config).stdout)
    assert (waiting["id"], waiting["meter"]) == (2, "house")
    done = gateway("consent", "answer", "2", *answer)
    assert (json.loads(done.stdout)[0]["purpose"], b"CNIL" in done.stderr) == ("b", True)
    refused = gateway("consent", "answer", "2", "--no", "--config", config)
    assert (refused.returncode, refused.stderr) == (2, b"linky-gateway: request 2: it is granted already\n")


def test_a_house_that_has_not_begun_has_no_status_yet(tmp_path):
    """Before the first start there is no database: one sentence, nothing is made."""
    done = gateway("status", "--config", configure(tmp_path, "/nowhere/tty"))
    assert (done.returncode, done.stdout) == (74, b"")
    assert b"no such database; start the gateway once" in done.stderr
    assert b"Traceback" not in done.stderr
    assert not (tmp_path / "data").exists()


def test_an_export_to_a_full_disk_is_one_sentence(tmp_path):
    """Not a traceback, and not a success."""
    config = configure(tmp_path, "/nowhere/tty")
    gateway("consent", "list", "--config", config)
    command = [sys.executable, "-m", "gateway", "export", "--format", "csv", "--config", config]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, check=False, stdout=full, stderr=subprocess.PIPE, env=ENVIRONMENT, cwd=ROOT)
    assert (done.returncode, done.stderr) == (74, b"linky-gateway: standard output: No space left on device\n")


def test_a_withdrawal_that_finds_nothing_says_so(tmp_path):
    """Nobody is told that nothing more is sent when nothing was withdrawn."""
    config = configure(tmp_path, "/nowhere/tty")
    done = gateway("consent", "revoke", "coop@sen2.test", "--config", config)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.endswith(b"coop@sen2.test has no such consent: nothing was withdrawn\n")


def test_everything_that_the_daemon_makes_is_its_users_own(tmp_path, daemon):
    """Under any umask nothing is open to others; what a killed daemon left is in nobody's way."""
    config = configure(tmp_path, "/nowhere/tty")
    (tmp_path / "data").mkdir()
    before = os.umask(0)
    try:
        process = daemon(config)
    finally:
        os.umask(before)
    wait_until(lambda: links_of(config), 20, "the daemon answers", every=0.2)
    made = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "data").iterdir()}
    assert {"linky-gateway.sqlite", "linky-gateway.sqlite-wal", "linky-gateway.lock", "control.sock"} <= set(made)
    assert set(made.values()) == {0o600}
    process.kill()
    process.wait(30)
    daemon(config)
    wait_until(lambda: links_of(config), 20, "the daemon answers again", every=0.2)


def test_an_export_is_of_a_branch_and_of_a_time_by_the_households_clock(tmp_path):
    """``--series`` takes what lies below it, ``--from`` and ``--to`` without an offset are Paris time."""
    config = configure(tmp_path, "/nowhere/tty")
    prepare(tmp_path / "data")
    with closing(Store(tmp_path / "data")) as store:
        store.meters.add("house")
        recorder = Recorder("house", {})
        for second in range(0, 7200, 1800):
            recorder.add(frame(START + second, power=second, tariff=str(second)))
        store.batches.write([recorder.take()], START)
    window = ("--series", "/consumption/", "--from", "2026-06-16T12:30", "--to", "2026-06-16T11:30:00Z")
    done = gateway("export", "--format", "csv", "--granularity", "raw", *window, "--config", config)
    assert [line.split(",")[:3] for line in done.stdout.decode().splitlines()[1:]] == [
        ["2026-06-16T10:30:00Z", "house", POWER],
        ["2026-06-16T11:00:00Z", "house", POWER],
    ]
    assert gateway("status", "--config", config).returncode == 1


def test_decode_explains_labels_and_codes_in_two_languages():
    """With --explain each frame also says what its labels and its status register mean."""
    done = gateway("decode", "--json", "--explain", FRAMES / "real" / "s1-hc-linky-enedis.raw")
    frame = json.loads(done.stdout.splitlines()[0])
    assert len(frame["groups"]) == 38
    text = json.dumps(frame["explain"], ensure_ascii=False)
    assert "Registre de statuts" in text
    assert "Status register" in text
    assert "explain" not in json.loads(
        gateway("decode", FRAMES / "real" / "s1-hc-linky-enedis.raw").stdout.splitlines()[0]
    )


def test_a_switch_of_the_meter_is_an_event_that_one_can_see(tmp_path, daemon):
    """Mode and contract changed under way: in `events` with before and after, and the index series goes on."""
    with SimulatedMeter(tmp_path / "tty", seed=3, mode="historic", tariff="hc", speed=5) as meter:
        config = configure(tmp_path, meter.path)
        process = daemon(config)
        wait_until(lambda: whole_frames(config) >= 4, 40, "historic frames", every=0.2)
        meter.command("mode standard")
        wait_until(lambda: "standard" in links_of(config)["meter house"]["detail"], 60, "standard mode", every=0.2)
        wait_until(lambda: whole_frames(config) >= 12, 40, "standard frames", every=0.2)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    events = [json.loads(line) for line in gateway("events", "--json", "--config", config).stdout.splitlines()]
    (switch,) = [event for event in events if event["kind"] == "mode-switched"]
    assert switch["detail"] == {"before": "historic", "after": "standard"}
    assert b"mode of the meter changed" in gateway("events", "--config", config).stdout
    done = gateway("export", "--format", "csv", "--series", "consumption/energy/active/index", "--config", config)
    rows = [line.split(",") for line in done.stdout.decode().splitlines()[1:]]
    total = [(row[0], int(row[4])) for row in rows if row[2] == "consumption/energy/active/index"]
    assert total == sorted(total)
    assert total[0][0] < switch["time"] <= total[-1][0]


def test_the_doctor_names_a_port_that_is_not_there():
    """One sentence with the cause and what to do, in the language asked for; exit code 69."""
    done = gateway("doctor", "--port", "/nowhere/tty", "--lang", "fr", "--seconds", "1")
    assert done.returncode == 69
    assert "n’existe pas" in done.stdout.decode()


def test_the_doctor_finds_a_sound_meter_well(tmp_path):
    """Nothing wrong: exit code 0, the mode and the speed found."""
    with SimulatedMeter(tmp_path / "tty", seed=3, mode="standard", speed=10, patient=True) as meter:
        done = gateway("doctor", "--port", meter.path, "--lang", "en", "--seconds", "3", "--json")
    assert done.returncode == 0
    (report,) = json.loads(done.stdout)
    assert report["score"] == 100.0
