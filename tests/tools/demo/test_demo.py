"""The demo as a person and a machine use it: everything started for real, everything gone afterwards.

Where the servers must be missing, a stand-in of dpkg-query says so; nothing is uninstalled.
"""

from __future__ import annotations

import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import termios
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from servers import missing_packages, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[3]
DEMO = ROOT / "tools" / "demo"
CAPTURES = ROOT / "tests" / "frames" / "real"

NO_FEDERATION, WRONG_USE, INTERRUPTED = 3, 2, 130
ENOUGH_SERIES = 5
# Servers, gateway and recipient take 4 to 10 s to start on a small machine.
START_S, END_S = 60.0, 30.0
# Every process of the machine is looked at: at each fiftieth of a second that kept a core busy.
LOOK_S = 0.2

pytestmark = pytest.mark.slow


class Demo:
    """``tools/demo`` with a folder of its own for what it writes, and a way to hide the servers."""

    def __init__(self, folder: Path) -> None:
        self.temporary = folder / "t"
        self.temporary.mkdir()
        self._stand_ins = folder / "bin"
        self._stand_ins.mkdir()

    def hide_servers(self) -> None:
        """Nothing passes for installed, and nobody may install."""
        for name, script in (("dpkg-query", "exit 1"), ("id", "echo 1000"), ("sudo", "exit 1"), ("apt-get", "exit 1")):
            (self._stand_ins / name).write_text(f"#!/bin/sh\n{script}\n")
            (self._stand_ins / name).chmod(0o755)

    def environment(self) -> dict[str, str]:
        path = f"{self._stand_ins}:{os.environ['PATH']}"
        return dict(os.environ, TMPDIR=str(self.temporary), PATH=path, COLUMNS="", LINES="")

    def run(self, *arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
        """Run it to its end; nothing may be left."""
        done = subprocess.run(
            [DEMO, *arguments],
            cwd=cwd,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )
        self.assert_nothing_left()
        return done

    def start(self, *arguments: str, stdout: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [DEMO, *arguments], env=self.environment(), stdin=subprocess.DEVNULL, stdout=stdout, stderr=stdout
        )

    def programs(self) -> dict[int, str]:
        """The processes that work in the demo's folder: process id -> command line."""
        found = {}
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                folder = str((entry / "cwd").readlink())
            except OSError:
                continue
            if f"{self.temporary}/" in command or folder.startswith(str(self.temporary)):
                found[int(entry.name)] = command
        return found

    def assert_nothing_left(self) -> None:
        assert self.programs() == {}
        assert list(self.temporary.iterdir()) == []


@pytest.fixture
def demo() -> Iterator[Demo]:
    """A demo in a folder with a short name: the paths of control sockets have a limit."""
    folder = Path(f"/tmp/demo-test-{os.getpid()}-{time.monotonic_ns() % 10**6}")
    folder.mkdir()
    demo = Demo(folder)
    yield demo
    for pid in demo.programs():
        os.kill(pid, signal.SIGKILL)
    shutil.rmtree(folder)


@pytest.fixture
def _servers() -> None:
    """Skip where the servers are not installed, except in continuous integration."""
    if missing := missing_packages():
        reason = f"Debian packages that are not installed: {' '.join(missing)}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


def figures(done: subprocess.CompletedProcess[str]) -> dict[str, int]:
    """The last line of a checked demo."""
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.usefixtures("_servers")
@pytest.mark.parametrize(
    "meter",
    [
        (),
        pytest.param(("--replay", str(CAPTURES / "h1-tempo-linky-esciara-bin.raw")), marks=pytest.mark.campaign),
        pytest.param(("--replay", str(CAPTURES / "s1-hc-linky-enedis.raw")), marks=pytest.mark.campaign),
    ],
    ids=["simulated", "captured", "one-frame-of-2017"],
)
def test_readings_arrive_in_order_and_none_twice(demo: Demo, meter: tuple[str, ...]) -> None:
    """With any meter, records of 5 series or more arrive in order, none twice: exit code 0, and the figures say it."""
    done = demo.run(*meter, "--seconds", "25", "--check")
    assert done.returncode == 0, done.stderr
    counted = figures(done)
    assert counted["series"] >= ENOUGH_SERIES
    assert counted["records"] >= counted["series"]
    assert (counted["twice"], counted["out_of_order"]) == (0, 0)
    assert "consumption/energy/active/index" in done.stdout


@pytest.mark.campaign
@pytest.mark.usefixtures("_servers")
def test_it_works_from_any_folder_with_any_file_name(demo: Demo, tmp_path: Path) -> None:
    """Called from a folder that holds a module of Python's own name, with a relative file name that TOML dislikes."""
    (tmp_path / "json.py").write_text("raise SystemExit('the wrong json')\n")
    shutil.copyfile(CAPTURES / "s1-hc-linky-enedis.raw", tmp_path / 'a "b"?speed=\\x.raw')
    done = demo.run("--replay", 'a "b"?speed=\\x.raw', "--seconds", "6", "--check", cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_without_servers_it_says_so_and_shows_what_the_gateway_does(demo: Demo) -> None:
    """Where the servers cannot be had, a sentence says why, the gateway still reads and stores, a check exits 3."""
    demo.hide_servers()
    done = demo.run("--seconds", "6", "--check")
    assert done.returncode == NO_FEDERATION, done.stderr
    assert "cannot install prosody" in done.stderr
    assert "without the federation" in done.stderr
    assert "the gateway is running" in done.stdout
    assert re.search(r"✓ Meter \S+ +in order", done.stdout), done.stdout
    assert "Traceback" not in done.stderr


def test_without_servers_and_without_check_it_ends_well(demo: Demo) -> None:
    """A person who looks at the half that works has done nothing wrong: exit code 0."""
    demo.hide_servers()
    assert demo.run("--seconds", "3").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--check",), "--check needs --seconds N"),
        (("--seconds", "0"), "--seconds needs a number above 0"),
        (("--replay", "/no/such/file"), "/no/such/file: no such file"),
        (("--frobnicate",), "unrecognized arguments"),
        (("--bridge", "/no/such/file"), "--bridge /no/such/file: No such file"),
        (("--bridge", str(ROOT / "pyproject.toml")), "one table is expected, such as [own]"),
    ],
)
def test_wrong_use_is_said_before_anything_is_installed_or_started(
    demo: Demo, arguments: tuple[str, ...], said: str
) -> None:
    """A wrong option gives a usage error, exit code 2, and not a word about packages."""
    demo.hide_servers()
    done = demo.run(*arguments)
    assert done.returncode == WRONG_USE
    assert said in done.stderr
    assert "install" not in done.stderr


@pytest.mark.usefixtures("_servers")
@pytest.mark.parametrize(
    "number",
    [signal.SIGINT, *(pytest.param(other, marks=pytest.mark.campaign) for other in (signal.SIGTERM, signal.SIGHUP))],
)
def test_an_end_from_outside_ends_everything(demo: Demo, number: signal.Signals) -> None:
    """Ctrl-C, kill or a closed terminal: nothing is left, exit code 0; a second one changes nothing."""
    process = demo.start()
    await_recipient(demo)
    process.send_signal(number)
    process.send_signal(number)
    _, said = process.communicate(timeout=END_S)
    assert process.returncode == 0
    assert b"everything that was started is stopped" in said
    assert b"Traceback" not in said
    demo.assert_nothing_left()


@pytest.mark.usefixtures("_servers")
def test_an_end_while_it_starts_ends_everything(demo: Demo) -> None:
    """Ctrl-C as soon as the meter is there leaves nothing, and a check that was cut short is no success."""
    process = demo.start("--seconds", "60", "--check")
    wait_until(demo.programs, START_S, "the first program")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=END_S)
    assert process.returncode == INTERRUPTED
    # One that was being started is ended by the kernel when its parent is gone.
    wait_until(lambda: not demo.programs(), END_S, "the end of every program", LOOK_S)
    demo.assert_nothing_left()


@pytest.mark.campaign
@pytest.mark.usefixtures("_servers")
def test_no_program_outlives_a_killed_demo(demo: Demo) -> None:
    """Even after SIGKILL, which no one can answer, every program ends (its folder stays)."""
    process = demo.start(stdout=subprocess.DEVNULL)
    await_recipient(demo)
    process.kill()
    process.wait()
    wait_until(lambda: not demo.programs(), END_S, "the end of every program", LOOK_S)


@pytest.mark.usefixtures("_servers")
@pytest.mark.parametrize(
    ("program", "name"),
    [
        ("gateway run", "the gateway"),
        pytest.param("tools/meter", "the meter", marks=pytest.mark.campaign),
        pytest.param("gateway consume", "the recipient", marks=pytest.mark.campaign),
        pytest.param("ejabberd", "ejabberd, the server of sen2.test,", marks=pytest.mark.campaign),
    ],
)
def test_a_program_that_ends_by_itself_is_one_clear_sentence(demo: Demo, program: str, name: str) -> None:
    """Whichever program dies, the demo says which, shows its last lines, ends the others and fails."""
    process = demo.start("--seconds", "120", "--check")
    await_recipient(demo)

    def victims() -> list[int]:
        return [pid for pid, command in demo.programs().items() if program in command]

    # The meter comes last, when the recipient has subscribed.
    for pid in wait_until(victims, START_S, program, LOOK_S):
        os.kill(pid, signal.SIGKILL)
    _, said = process.communicate(timeout=END_S)
    assert process.returncode == 1
    assert f"tools/demo: {name} ended by itself" in said.decode()
    assert b"last lines:" in said
    assert b"Traceback" not in said
    demo.assert_nothing_left()


@pytest.mark.usefixtures("_servers")
def test_a_reader_that_has_seen_enough_ends_it_quietly(demo: Demo) -> None:
    """``tools/demo | head -n 1`` gives its line and no complaint."""
    line = f"set -o pipefail; {DEMO} --seconds 5 | head -n 1"
    done = subprocess.run(
        ["bash", "-c", line], env=demo.environment(), capture_output=True, text=True, check=False, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("  METER")
    demo.assert_nothing_left()


@pytest.mark.usefixtures("_servers")
def test_on_a_terminal_the_table_refreshes_in_place(demo: Demo) -> None:
    """A person sees picture and table redrawn on the spot, never wider or longer than the terminal, and left there."""
    main, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 80))
    process = demo.start("--seconds", "8", stdout=terminal)
    os.close(terminal)
    shown = read_terminal(main, process)
    os.close(main)
    assert process.returncode == 0, shown
    screens = re.split(r"\x1b\[H", shown)[1:]
    assert len(screens) >= 5, "redrawn at least every second or two"
    assert "\x1b[2J" in screens[0]
    assert not [screen for screen in screens[1:] if "\x1b[2J" in screen]
    last = re.sub(r"\x1b\[[0-9]*[A-Z]", "", screens[-1]).splitlines()
    assert last[0].split()[:3] == ["METER", "TIC", "GATEWAY"]
    assert max(map(len, last)) < 80
    assert len(last) < 24
    assert any(line[2:].startswith("consumption/energy/active/index ") for line in last)
    demo.assert_nothing_left()


def await_recipient(demo: Demo) -> None:
    """Wait until every program of the chain has been started."""
    wait_until(
        lambda: any("gateway consume" in command for command in demo.programs().values()),
        *(START_S, "the recipient"),
        every=LOOK_S,
    )


def read_terminal(main: int, process: subprocess.Popen[bytes]) -> str:
    """Everything that a process shows until its end."""
    shown, end = b"", time.monotonic() + START_S + END_S
    while time.monotonic() < end:
        if select.select([main], [], [], 0.2)[0]:
            try:
                shown += os.read(main, 65536)
            except OSError:  # the other end is closed
                break
    process.wait(END_S)
    return shown.decode()
