"""A maker's first display: the examples of the document, as they stand, on what ``tools/setup`` installs."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gateway.web.displays.words import DISPLAYS_WORDS
from harness import ROOT
from meter.process import SimulatedMeter
from relay_faults.clock import Rtc
from servers import wait_until
from tests.integration.machine import Machine
from tests.integration.processes import ENVIRONMENT, Process
from tests.markdown import read
from tests.tools.setup.conftest import System

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "linky-pi"
PASSWORDS = "etc/mosquitto/linky.passwords"

# That the French document has the same ones is tests/test_two_languages.py's.
BLOCKS = read("gateway/live/README.md")[0]
PYTHON, MICROPYTHON, INFLUXDB = (block.text for block in BLOCKS if block.language == "python")


class Display:
    """A folder with a program and what ``display add`` has printed for it."""

    def __init__(self, machine: Machine, folder: Path, program: str, given: str | None = None) -> None:
        folder.mkdir(exist_ok=True)
        (folder / "display.py").write_text(program)
        if given is not None:
            (folder / "display.json").write_text(given)
        self._machine, self._folder = machine, folder

    def says(self, words: str, python: str = sys.executable) -> str:
        """What it prints within ten seconds, the words among it; it is ended then. A board's clock begins in 2000."""
        path = f"{ROOT}/tools/lib/relay_faults/unix:{ROOT}/micropython/lib:{ROOT}/gateway/live:.frozen"
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", "MICROPYPATH": path, "BOARD_FOLDER": str(self._folder)}
        if python != sys.executable:
            environment |= Rtc(self._folder / "clock").environment
        log = self._folder / "said"
        with log.open("wb") as out:
            process = subprocess.Popen(
                self._machine.words(python, "display.py", folder=self._folder),
                env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            )  # fmt: skip
        try:
            wait_until(lambda: re.search(words, log.read_text()), 60, f"{words} in {log}")
        finally:
            process.kill()
            process.wait()
        assert "Traceback" not in log.read_text()
        return log.read_text()


@pytest.fixture(scope="module")
def micropython() -> str:
    """The program of a board on this machine."""
    return shutil.which("micropython") or (pytest.fail if os.environ.get("CI") else pytest.skip)(
        "Debian package that is not installed: micropython"
    )


def installed(folder: Path, port: object = "auto") -> System:
    """A gateway with the broker that a household gets by answering yes to live values, and no to boards."""
    system = System(folder)
    system.write("etc/hostname", f"{NAME}\n")
    answers = folder / "answers"
    answers.write_text(f"port = {port}\nmqtt = yes\nboards = no\n")
    system.setup("install", "--unattended", "--config", answers)
    return system


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """That gateway, opened to the house, running on its machine, reading its meter."""
    folder = tmp_path_factory.mktemp("house")
    with SimulatedMeter(folder / "ttyTIC", seed=1, mode="standard") as meter:
        # The name that the kernel gave it: one that lies outside /dev is no port to tools/setup.
        system = installed(folder, Path(meter.path).resolve())
        system.setup("broker")
        with Machine(system, folder, f"{NAME}.local") as machine:
            machine.start_broker()
            gateway = Process(folder, "gateway", "run", "--config", machine.config)
            secrets = system.folder / "etc/linky-gateway/secrets"
            gateway.environment = {**ENVIRONMENT, "CREDENTIALS_DIRECTORY": str(secrets)}
            gateway._command = machine.words(*gateway._command)
            with gateway:
                machine.running = gateway
                yield machine


def test_the_makers_examples_run_as_they_stand_before_and_after_an_upgrade(house, micropython, tmp_path):
    """Python and MicroPython print a number within ten seconds, and do after an upgrade, which keeps what is theirs."""
    given = house.gateway("display", "add", "kitchen", "--only", "json")
    house.reload_broker()
    displays = [
        (Display(house, tmp_path / "pc", PYTHON, given), r"(?m)^\d+ VA \S", sys.executable),
        (Display(house, tmp_path / "board", MICROPYTHON, given), r"(?m)^\d+ VA$", micropython),
    ]
    for display, words, python in displays:
        display.says(words, python)
    # A rule that the document tells to add, and one for a program of the household's own; the list of a former release.
    acl = house.system.folder / "etc/mosquitto/linky.acl"
    mine = "user kitchen\ntopic read linky/alert/#\nuser zigbee\ntopic readwrite zigbee2mqtt/#\n"
    acl.write_text(acl.read_text().replace("topic read homeassistant/status\n", "") + mine)
    house.system.setup("place", "--unattended")
    assert "topic read homeassistant/status\n" in acl.read_text()
    assert acl.read_text().endswith(mine)
    house.stop_broker()
    house.start_broker()
    for display, words, python in displays:
        display.says(words, python)


# What an InfluxDB 2 does with a request: each line that is well formed is kept, 204; else 400. It prints what it keeps.
INFLUX = r"""
import re
from http.server import BaseHTTPRequestHandler, HTTPServer

class Answer(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        good = re.fullmatch(r"linky,meter=house (\w+=-?\d+)(,\w+=-?\d+)* \d{10}", body)
        good = good and self.headers["Authorization"] == "Token secret"
        good = good and self.path == "/api/v2/write?org=ORG&bucket=BUCKET&precision=s"
        print("kept" if good else "refused", self.path, self.headers["Authorization"], body, flush=True)
        self.send_response(204 if good else 400)
        self.end_headers()

HTTPServer(("127.0.0.1", 8086), Answer).serve_forever()
"""


def test_the_example_for_influxdb_hands_on_each_value(house, tmp_path):
    """As it stands, with its two files: a dated line of its protocol a frame; no answer is said."""
    given = house.gateway("display", "add", "influx", "--only", "json")
    house.reload_broker()
    display = Display(house, tmp_path, INFLUXDB, given)
    (tmp_path / "influxdb.token").write_text("secret\n")
    display.says("InfluxDB: .*refused")
    log = tmp_path / "influx.log"
    with log.open("wb") as out:
        server = subprocess.Popen(house.words(sys.executable, "-c", INFLUX), stdout=out, stderr=subprocess.DEVNULL)
    try:
        program = subprocess.Popen(
            house.words(sys.executable, "display.py", folder=tmp_path),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            wait_until(lambda: log.read_text().count("kept") >= 2, 60, f"two values in {log}")
        finally:
            program.kill()
            program.wait()
    finally:
        server.kill()
        server.wait()
    assert "refused" not in log.read_text()
    assert re.search(r"drawn_va=\d+", log.read_text())


def test_a_screen_beside_the_gateway_hears_by_the_five_steps(house, tmp_path):
    """The configuration of the document, as it stands, and the password that was printed for its user's file."""
    password = house.gateway("display", "add", "screen", "--only", "password")
    house.reload_broker()
    (table,) = (block.text for block in read("gateway/display/README.md")[0] if block.language == "toml")
    config, picture = tmp_path / "display.toml", tmp_path / "page.png"
    config.write_text(table)
    (tmp_path / "mqtt-password").write_text(password)

    def drawn() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            house.words(sys.executable, "-m", "gateway.display", "png", "--config", config, "--out", picture),
            env={**ENVIRONMENT, "CREDENTIALS_DIRECTORY": str(tmp_path)},
            check=False, capture_output=True, text=True, cwd=ROOT, timeout=60,
        )  # fmt: skip

    done = drawn()
    assert (done.returncode, picture.exists()) == (0, True), done.stderr
    house.gateway("display", "remove", "screen")
    house.reload_broker()
    done = drawn()
    assert done.returncode != 0
    assert "Traceback" not in done.stderr


@pytest.mark.campaign  # that it is a program: tests/gateway/commands/test_display.py
@pytest.mark.parametrize("language", ["python", "micropython"])
def test_a_program_that_is_filled_in_needs_nothing_else(house, micropython, tmp_path, language):
    """What ``display add`` prints as a program is the document's example, with all that it needs in it."""
    program = house.gateway("display", "add", f"in-{language}", "--only", language)
    house.reload_broker()
    python = sys.executable if language == "python" else micropython
    Display(house, tmp_path, program).says(r"(?m)^\d+ VA", python)


def test_a_display_that_is_refused_says_why(house, micropython, tmp_path):
    """After ``display remove`` neither example is silent: the broker's reason, in a line, no traceback."""
    given = house.gateway("display", "add", "hall", "--only", "json")
    house.reload_broker()
    assert "hall" in house.gateway("display", "list").split()
    house.gateway("display", "remove", "hall")
    house.reload_broker()
    assert "hall" not in house.gateway("display", "list").split()
    Display(house, tmp_path / "pc", PYTHON, given).says(rf"{NAME}\.local refuses hall: Not authorized")
    Display(house, tmp_path / "board", MICROPYTHON, given).says(
        rf"{NAME}\.local, port 8883, user hall: not allowed", micropython
    )


def test_home_assistant_on_another_machine_finds_the_meter(house, tmp_path):
    """With ``--home-assistant`` it reads what it finds devices by, and may say that it has started."""
    given = json.loads(house.gateway("display", "add", "ha", "--home-assistant", "--only", "json"))
    house.reload_broker()
    authority = tmp_path / "authority.pem"
    authority.write_text(given["authority"])
    login = ["-h", given["host"], "-p", given["port"], "-u", given["user"], "-P", given["password"]]
    asked = ["-t", "homeassistant/device/#", "-C", "1", "-W", "20"]
    found = house.run("mosquitto_sub", *login, "--cafile", authority, *asked)
    assert "linky-house" in found.stdout, found.stderr
    said = ["-t", "homeassistant/status", "-m", "online", "-q", "1"]
    assert house.run("mosquitto_pub", *login, "--cafile", authority, *said).returncode == 0


def test_a_broker_for_this_machine_alone_says_how_it_is_opened(tmp_path):
    """Before ``linky-setup broker`` nobody is let in by halves: one sentence says what to type, nothing is written."""
    system = installed(tmp_path)
    before = system.read(PASSWORDS)
    with Machine(system, tmp_path, f"{NAME}.local") as machine:
        done = machine.run(sys.executable, "-m", "gateway", "display", "add", "kitchen", "--config", machine.config)
    assert done.returncode == 78
    assert "sudo linky-setup broker" in done.stderr
    assert system.read(PASSWORDS) == before


def test_the_password_is_printed_once_and_kept_nowhere(house):
    """In words: host, port, user, password, authority, both programs; on the disk is its hash alone."""
    said = house.gateway("display", "add", "attic")
    password = re.search(r"^password +(\S{20,})$", said, re.MULTILINE)[1]
    assert f"{NAME}.local" in said
    assert "8883" in said
    assert "BEGIN CERTIFICATE" in said
    assert said.count(password) == 4  # its line, display.json, and the two programs
    for path in house.system.folder.rglob("*"):
        assert path.is_symlink() or not path.is_file() or password.encode() not in path.read_bytes(), path


# A visitor of the page on the machine itself: sets the password, then lets a display in; or signs in, and lets it out.
VISITOR = """
import sys
from tests.gateway.web.conftest import PASSWORD, Visitor
visitor = Visitor(8080)
if sys.argv[1] == "out":
    visitor.post("/login", {"password": PASSWORD})
    answer, _ = visitor.send("/settings/displays/remove", name="wall", own_password=PASSWORD)
    assert answer.status == 303
    sys.exit()
answer, text = visitor.post("/setup", {"code": sys.argv[1], "password": PASSWORD, "again": PASSWORD})
assert answer.status == 303, text
answer, _ = visitor.send("/settings/displays/add", name="thief", own_password="guessed")
assert answer.status == 403
answer, text = visitor.send("/settings/displays/add", name="wall", own_password=PASSWORD)
print(text)
print(visitor.get("/settings/displays?lang=en")[1])
"""


def visiting(house, word):
    """That visitor."""
    return subprocess.Popen(
        house.words(sys.executable, "-c", VISITOR, word),
        env={**ENVIRONMENT, "PYTHONPATH": f"{ROOT}:{ROOT}/tools/lib"},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_the_page_lets_a_display_in_and_out_again(house, tmp_path):
    """What it shows once is what the example needs; that the broker takes it is tried before it is said.

    Without the password of the page nobody comes in; both are entries of the journal; who is let out is cut off.
    """
    wait_until(lambda: "the page is served" in house.running.log.read_text(), 60, "the page is served")
    visit = visiting(house, house.gateway("page", "code").strip())
    wanted = house.system.folder / "var/lib/linky-gateway/displays.json"
    wait_until(
        lambda: visit.poll() is not None or (wanted.exists() and "wall" in wanted.read_text()), 30, "the page wrote it"
    )
    # What linky-gateway-displays.path starts, and then mosquitto's reload.
    house.gateway("display", "apply")
    house.reload_broker()
    said, wrong = visit.communicate(timeout=60)
    assert visit.returncode == 0, wrong
    assert DISPLAYS_WORDS["fr"]["display_works"] in said, said
    texts = [html.unescape(text) for text in re.findall(r"<pre[^>]*>(.*?)</pre>", said, re.DOTALL)]
    (given,) = (text for text in texts if text.startswith("{"))
    assert said.rpartition("<main")[2].count("wall") >= 1
    assert json.loads(given)["password"] not in said.rpartition("<main")[2]
    assert "thief" not in wanted.read_text()
    Display(house, tmp_path, PYTHON, given).says(r"(?m)^\d+ VA \S")
    given = json.loads(given)
    (authority := tmp_path / "authority.pem").write_text(given["authority"])
    login = ["-h", given["host"], "-p", given["port"], "-u", given["user"], "-P", given["password"]]
    listens = house.words(
        "mosquitto_sub", *login, "--cafile", authority, "-i", "the-wall", "-t", "linky/status", "-W", "120"
    )
    # It ends by itself as well, should one of these fail.
    with subprocess.Popen(listens, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as listener:
        assert listener.stdout.readline()
        visit = visiting(house, "out")
        _, wrong = visit.communicate(timeout=60)
        assert visit.returncode == 0, wrong
        house.gateway("display", "apply")
        house.reload_broker()
        cut = r"Client the-wall disconnected"
        wait_until(lambda: re.search(cut, house._log.read_text()), 60, "whoever was let out is cut off")
        listener.kill()
    entries = map(json.loads, house.gateway("journal", "show", "--json").splitlines())
    found = [entry for entry in entries if entry["kind"].startswith("broker-access")]
    assert [(one["kind"], one["what"], one["name"], one["channel"]) for one in found] == [
        (f"broker-access-{how}", "display", "wall", "web") for how in ("given", "ended")
    ]


def test_a_display_says_that_it_is_old_once_the_gateway_has_gone(house, tmp_path):
    """What was retained is not shown as if it were so now."""
    given = house.gateway("display", "add", "cellar", "--only", "json")
    house.reload_broker()
    assert house.running.stop() == 0
    try:
        assert "(ancien) VA " in Display(house, tmp_path, PYTHON, given).says(r"^\(ancien\) VA ")
    finally:
        house.running.start()
