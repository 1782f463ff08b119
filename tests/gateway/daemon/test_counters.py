"""Pulse counters in the daemon: from a contact to the database, over stops, beside readings by hand."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from gateway.config.tables import load
from gateway.control.messages import EnterReading, ReadingForm, Status
from gateway.control.running import ask
from gateway.daemon.app import Gateway
from gateway.store.store import Archive
from servers import wait_until
from tests.gateway.pulses.conftest import board
from tests.prepared import prepare

__all__ = ["board"]

ROOT = Path(__file__).parents[3]
WATER = "water/volume/index"
WAIT_S = 30

CONFIG = """
[[meter]]
source = "/nowhere/tty"
[store]
directory = "data"
commit_interval_s = {commit}
[[counter]]
name = "tap"
quantity = "water"
gpio = 17
per_pulse = "0.5 l"
start = "100 l"
debounce_ms = 0
"""


def configure(folder, commit=300):
    path = folder / "gateway.toml"
    path.write_text(CONFIG.format(commit=commit))
    prepare(folder / "data")
    return path


def stored(config):
    """The exact total and the last index of the tap."""
    with closing(Archive(config.directory)) as archive:
        total = archive.db.execute("SELECT total FROM counter").fetchone()
        return total[0], list(archive.readings.stream(WATER, None))[-1].value


def live(config, scenario):
    """A daemon's life in this process, with ``scenario()`` in its middle; it ends as SIGTERM ends it."""

    async def life():
        stop = asyncio.Event()
        daemon = asyncio.create_task((await Gateway.opened(config, stop)).run())
        try:
            return await asyncio.to_thread(scenario)
        finally:
            stop.set()
            await daemon

    return asyncio.run(life())


def link(config):
    """The counter's row of the running daemon's status; None while it does not answer."""
    try:
        report = ask(config.control_socket, Status())
    except ConnectionError:
        return None
    return next(row for row in report["links"] if row["link"] == "counter tap")


def until_open(config):
    """Wait until the daemon listens to its pin."""
    return wait_until(lambda: (row := link(config)) and "pin is open" in row["detail"] and row, WAIT_S, "an open pin")


def press(pin, times):
    """So many pulses: a contact to GND closes and opens."""
    for _ in range(times):
        pin.drive_low()
        pin.drive_high()


def test_a_stop_loses_no_pulse_and_the_next_start_goes_on_to_the_half(tmp_path, board):
    """With a commit every five minutes: what came in the last second is stored, and the half litre too."""
    config = load(configure(tmp_path))

    def scenario():
        until_open(config)
        press(board.pin(17), 7)

    live(config, scenario)
    assert stored(config)[0] == "207/2"
    live(config, scenario)
    assert stored(config)[0] == "107"


def test_the_status_says_when_the_last_pulse_came(tmp_path, board):
    """Waiting until the first one, then its age; without a meter number or a reading."""
    config = load(configure(tmp_path))

    def scenario():
        first = until_open(config)
        press(board.pin(17), 3)
        return first, wait_until(lambda: (row := link(config))["state"] == "ok" and row, WAIT_S, "a pulse")

    first, last = live(config, scenario)
    assert first["state"] == "waiting"
    assert last["detail"] == "3 pulses since the start, 0 bounces ignored"
    assert 0 <= last["age_s"] < WAIT_S


def test_a_reading_by_hand_and_pulses_in_the_same_moment_are_both_there(tmp_path, board):
    """The face says 500 l while pulses keep coming: each pulse counts once, before the reading or after it."""
    config = load(configure(tmp_path))
    pin = board.pin(17)

    def scenario():
        until_open(config)
        press(pin, 10)
        reading = {"series": "water", "value": "500", "unit": "l", "at": None, "meter": None, "force": False}
        entered = ask(config.control_socket, EnterReading(order=ReadingForm(**reading)))
        press(pin, 20)
        return entered

    entered = live(config, scenario)
    assert (entered["meter"], entered["value"], entered["counts_on"]) == ("tap", 500, True)
    assert stored(config)[0] == "510"
    with closing(Archive(config.directory)) as archive:
        (event,) = archive.readings.events()
        assert event.kind == "index-set-by-hand"
        values = [p.value for p in archive.readings.stream(WATER, None)]
        assert values == sorted(values)


def run(*words, env=None):
    command = [sys.executable, "-m", "gateway", *map(str, words)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "GPIOZERO_PIN_FACTORY": "mock"} | (env or {})
    return subprocess.run(command, check=False, capture_output=True, text=True, env=environment, cwd=ROOT)


def test_a_missing_library_is_one_sentence(tmp_path):
    """``run`` says what to install; ``status`` needs no library."""
    config = configure(tmp_path)
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "gpiozero.py").write_text("raise ImportError('none')")
    done = run("run", "--config", config, env={"PYTHONPATH": f"{tmp_path / 'bare'}{os.pathsep}{ROOT}"})
    assert done.returncode == 78
    assert "apt install python3-gpiozero python3-lgpio" in done.stderr
    assert "Traceback" not in done.stderr
    assert "counter" not in run("status", "--config", config).stderr


def test_readings_are_entered_and_listed_with_and_without_the_daemon(tmp_path, board):
    """The same two commands; the running daemon does it itself and its counter goes on from there."""
    config = configure(tmp_path, commit=1)
    done = run("reading", "add", "gas", "1234,5", "--unit", "m3", "--at", "2026-01-31T18:00", "--config", config)
    assert (done.returncode, done.stdout) == (
        0,
        "gas: gas/volume/index is 1234500 l at 2026-01-31 18:00:00\n",
    )
    command = [sys.executable, "-m", "gateway", "run", "--config", str(config)]
    environment = dict(os.environ, PYTHONPATH=str(ROOT), GPIOZERO_PIN_FACTORY="mock")
    with subprocess.Popen(command, env=environment, cwd=ROOT, stderr=subprocess.PIPE, text=True) as daemon:
        try:
            wait_until(lambda: "pin is open" in run("status", "--config", config).stdout, WAIT_S, "a daemon")
            done = run("reading", "add", "water", "0.25 m3", "--config", config)
            assert "tap: water/volume/index is 250 l" in done.stdout
            assert "the pulses count on from there" in done.stdout
            refused = run("reading", "add", "gas", "1000", "--unit", "m3", "--config", config)
            assert refused.returncode == 65
            assert "1000000 l is below the 1234500 l" in refused.stderr
        finally:
            daemon.send_signal(signal.SIGTERM)
            _, words = daemon.communicate(timeout=WAIT_S)
    assert daemon.returncode == 0
    assert "Traceback" not in words
    assert not re.search(r"\b250\b", words)
    listed = run("reading", "list", "--json", "--config", config).stdout.splitlines()
    assert [(row["meter"], row["value"]) for row in map(json.loads, listed)] == [("gas", 1_234_500), ("tap", 250)]
    assert run("reading", "list", "--meter", "gas", "--config", config).stdout.count("\n") == 1
    assert run("reading", "list", "--meter", "house", "--config", config).stdout == "no reading was entered by hand\n"
    assert stored(load(config)) == ("250", 250)
    assert "Pulse meter tap" in run("status", "--config", config).stdout
    table = run("export", "--format", "csv", "--series", "gas", "--config", config).stdout
    assert table.splitlines()[1] == "2026-01-31T17:00:00Z,gas,gas/volume/index,raw,1234500,l,manual"


@pytest.mark.parametrize(
    "words", [("reading",), ("reading", "add", "gas"), ("reading", "add", "gas", "1", "--at", "soon")]
)
def test_a_wrong_use_is_shown_its_right_one(words):
    """Exit code 2, and where the right one stands, with examples."""
    done = run(*words)
    assert done.returncode == 2
    assert f"\n  linky-gateway {' '.join(words[:2])} --help " in done.stderr
