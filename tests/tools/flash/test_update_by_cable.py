"""tools/flash --update, and the question whether a board gets home: mpremote against MicroPython with a LittleFS."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import shutil
import subprocess
import tty
from pathlib import Path

import pytest
from littlefs import LittleFS

from flash import repl
from flash.actions import _check
from flash.chips import CHIPS
from flash.dialogue import Dialogue
from flash.errors import FlashError
from flash.files import build_set, launcher
from flash.firmware import file_system
from flash.identity import GatewayAddress
from gateway.mqtt.boards.fileset import FileSet
from relay_faults.broker import NAME
from relay_faults.clock import Rtc
from tests.micropython.relay.test_clock import certificate, house_with
from tests.mosquitto import HOST, Mosquitto
from tests.tools.flash.boards import flash

pytestmark = pytest.mark.skipif(not shutil.which("micropython"), reason="micropython is not installed")

CHIP = CHIPS["esp32"]
SIZE = 0x80000
SCRIPT = Path(__file__).with_name("repl_on_board.py")


def image(path, files=None, **beside):
    """The file system of a board that runs a set, and what is beside it."""
    files = files or FileSet("0.0.1+old", {"start.py": b"old", "lib/gone.py": b"gone"})
    held = {**launcher(CHIP), **{f"a/{name}": content for name, content in files.files.items()}}
    held["a/manifest.json"] = files.manifest("garage", 7)
    held["identity.json"] = b'{"id": "garage", "role": "relay", "key": "00"}'
    path.write_bytes(file_system({**held, **beside}, SIZE))
    return path


@contextlib.contextmanager
def prompt_of(path, *arguments, **environment):
    """The port of a board at its prompt."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    command = ["micropython", "-X", "heapsize=160wk", SCRIPT, path, *arguments]
    process = subprocess.Popen([*map(str, command)], stdin=master, stdout=master, env=os.environ | environment)
    try:
        yield os.ttyname(slave), process
    finally:
        os.close(slave)
        os.close(master)
        process.kill()
        process.wait()


def held(path):
    """Every file of a board, read by the host's LittleFS."""
    file_systems = LittleFS(block_size=4096, block_count=SIZE // 4096, read_size=32, prog_size=32, mount=False)
    file_systems.context.buffer = bytearray(path.read_bytes())
    file_systems.mount()
    found = {}
    for place, _folders, names in file_systems.walk("/"):
        for name in names:
            with file_systems.open(f"{place}/{name}", "rb") as file:
                found[f"{place}/{name}".replace("//", "/")] = file.read()
    return found


def test_the_new_files_are_there_and_the_previous_ones_kept(tmp_path):
    """Written into the spare folder, read back by hash, switched to on trial; the board is restarted."""
    path = image(tmp_path / "flash.img")
    with prompt_of(path) as (port, process):
        done = flash("--port", port, "--update")
        assert done.returncode == 0, done.stderr
        process.wait(60)
    files, new = held(path), build_set(CHIP)
    assert {name.removeprefix("/b/"): content for name, content in files.items() if name.startswith("/b/")} == {
        **new.files,
        "manifest.json": files["/b/manifest.json"],
    }
    record = json.loads(files["/slots.json"])
    assert (record["active"], record["trial"]) == ("b", True)
    assert json.loads(files["/b/manifest.json"])["serial"] == record["serial"] > 7
    assert files["/a/start.py"] == b"old"
    assert f"{new.version} replaces 0.0.1+old" in done.stdout


def test_a_second_update_takes_the_other_folder_and_leaves_nothing_behind(tmp_path):
    """What the spare folder held of an older set is gone."""
    record = json.dumps({"active": "b", "trial": False, "starts": 0, "crashes": 0, "serial": 9, "last": ""}).encode()
    path = image(tmp_path / "flash.img", **{"slots.json": record, "b/manifest.json": b"{}", "b/start.py": b"running"})
    with prompt_of(path) as (port, _), repl.connected(port) as prompt:
        repl.update(prompt, FileSet("2", {"start.py": b"new", "lib/x.py": b"x"}), launcher(CHIP), lambda *_: None)
    files = held(path)
    assert {name for name in files if name.startswith("/a/")} == {"/a/start.py", "/a/lib/x.py", "/a/manifest.json"}
    assert files["/b/start.py"] == b"running"
    assert json.loads(files["/slots.json"])["active"] == "a"


def test_a_cable_that_comes_out_leaves_the_running_set(tmp_path):
    """The record is switched last: before that the board starts what it ran."""
    path = image(tmp_path / "flash.img")
    with prompt_of(path) as (port, process):

        def pull(done, _all):
            if done == 3:
                process.kill()
                process.wait()

        with pytest.raises(FlashError), repl.connected(port) as prompt:
            repl.update(prompt, build_set(CHIP), launcher(CHIP), pull)
    files = held(path)
    assert "/slots.json" not in files
    assert "/b/manifest.json" not in files
    assert files["/a/start.py"] == b"old"


def test_a_board_without_our_files_is_said(tmp_path):
    """Somebody else's MicroPython is left alone."""
    path = tmp_path / "flash.img"
    path.write_bytes(file_system({"main.py": b"print(1)"}, SIZE))
    with prompt_of(path) as (port, _):
        assert "has MicroPython but not our files" in flash("--port", port, "--update").stderr
    assert held(path) == {"/main.py": b"print(1)"}


def test_what_is_no_micropython_is_said():
    """A port where nobody answers the prompt."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    try:
        done = flash("--port", os.ttyname(slave), "--update", language="fr")
    finally:
        os.close(master)
        os.close(slave)
    assert "ne répond pas comme MicroPython" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def broker(tmp_path):
    """The Pi's broker, which knows the board."""
    with Mosquitto(tmp_path / "broker", {"garage": "right"}) as running:
        yield running


@pytest.mark.parametrize(
    ("wifi", "password", "port", "sentence"),
    [
        ([], "right", None, None),
        (["wrong password"], "right", None, "“Maison” refuses the password"),
        (["not found"], "right", None, "does not see “Maison” here"),
        (["not reached (8)"], "right", None, "could not join “Maison” (Wi-Fi Maison: not reached (8))"),
        ([], "wrong", None, "does not know the board yet: on the Raspberry Pi, sudo linky-gateway board add"),
        ([], "right", 9, f"but {HOST} does not answer"),
    ],
    ids=["home", "wrong password", "not found", "no answer", "unknown", "no broker"],
)
def test_whether_a_board_gets_home_is_said(tmp_path, broker, wifi, password, port, sentence):
    """Asked of the board itself; each cause has a sentence that says what to do."""
    told = {"host": HOST, "port": port or broker.port, "password": password, "ca": None, "name": None}
    config = {"id": "garage", "wifi": {"ssid": "Maison", "password": "motdepasse"}, "broker": told, "relay": {"rx": 4}}
    path = image(tmp_path / "flash.img", build_set(CHIP), **{"config.json": json.dumps(config).encode()})
    place = GatewayAddress(host=HOST, port=broker.port, ca=None, ssid="Maison")
    with prompt_of(path, *wifi) as (name, _), (tmp_path / "out").open("w+") as out:
        context = pytest.raises(FlashError) if sentence else contextlib.nullcontext()
        with context as error:
            _check(name, place, Dialogue("en", out), "garage.json")
        out.seek(0)
        assert (sentence in str(error.value)) if sentence else ("the board is connected" in out.read())


@pytest.mark.parametrize(
    ("begins", "own", "sentence"),
    [
        (
            "20160101000000Z",
            True,
            f"the certificate of {HOST} is not valid at the board’s date (the broker's certificate",
        ),
        ("20260101000000Z", False, f"{HOST} does not show the certificate that is expected (the broker's certificate"),
    ],
    ids=["of another time", "of another authority"],
)
def test_a_certificate_that_is_not_believed_is_said(tmp_path, begins, own, sentence):
    """It is neither a password nor a board that the broker does not know: the clock, or the certificate."""
    with house_with(tmp_path, begins) as (broker, _ear):
        told = {"host": HOST, "port": broker.tls_port, "password": broker.add("garage"), "ca": "ca.der", "name": NAME}
        config = {"id": "garage", "wifi": {"ssid": "Maison", "password": "motdepasse"}, "broker": told}
        ca = broker.ca.read_bytes() if own else certificate(tmp_path / "other", begins, "20500101000000Z").read_bytes()
        files = {"config.json": json.dumps(config).encode(), "ca.der": ca}
        path = image(tmp_path / "flash.img", build_set(CHIP), **files)
        place = GatewayAddress(host=HOST, port=broker.tls_port, ca=ca, ssid="Maison")
        clock = Rtc(tmp_path / "clock").environment
        with prompt_of(path, **clock) as (name, _), (tmp_path / "out").open("w+") as out:
            with pytest.raises(FlashError) as error:
                _check(name, place, Dialogue("en", out), "garage.json")
            assert sentence in str(error.value)
