"""A display's board on this machine: Debian's MicroPython, the display's own files, stand-ins for what is soldered."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from relay_faults.broker import HOST, NAME
from relay_faults.clock import Rtc, faketime

ROOT = Path(__file__).resolve().parents[3]
HERE = Path(__file__).parent

# The 110 kB that an ESP32 has free, in the words of this machine, which are twice as wide.
HEAP = 110 * 1024 * 2


def micropython():
    """The interpreter; continuous integration must have it, and what moves its clock."""
    found = shutil.which("micropython")
    if not found or not faketime():
        (pytest.fail if os.environ.get("CI") else pytest.skip)("not installed: micropython, faketime")
    return found


def environment(**more):
    """Where the programs find their modules: first what stands for the board itself."""
    folders = (
        HERE / "unix", ROOT / "tools/lib/relay_faults/unix", ROOT / "micropython/display", ROOT / "micropython/lib",
        ROOT / "gateway/live", ".frozen",
    )  # fmt: skip
    return dict(os.environ, MICROPYPATH=":".join(map(str, folders)), **more)


def run(script, *arguments, heap=HEAP):
    """What a script of this folder prints."""
    command = [micropython(), "-X", f"heapsize={heap}", HERE / script, *map(str, arguments)]
    done = subprocess.run(command, env=environment(), check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def logic(expression):
    """What an expression of ``logic_on_board.py`` gives."""
    return json.loads(run("logic_on_board.py", expression, heap="1M"))


class DisplayBoard:
    """A display that runs, its clock from 2000 on: its flash is ``folder``; ``tables`` are those of its config.json.

    ``script`` starts it. What it has said is printed when it ends, for the report of a test that fails.
    """

    def __init__(self, folder, broker, *, tls=False, script="program_on_board.py", **tables):
        self.folder, self._script = folder, script
        folder.mkdir()
        table = {"host": HOST, "port": broker.port, "password": broker.users["kitchen"]}
        if tls:
            shutil.copy(broker.ca, folder / "ca.pem")
            table |= {"port": broker.tls_port, "ca": "ca.pem", "name": NAME}
        settings = {"id": "kitchen", "wifi": {"ssid": "maison"}, "broker": table, **tables}
        (folder / "config.json").write_text(json.dumps(settings))
        self.picture, self.log = folder / "panel.ppm", folder / "display.log"
        self.clock = Rtc(folder / "clock")
        self._process = None

    def __enter__(self):
        command = [micropython(), "-X", f"heapsize={HEAP}", HERE / self._script]
        variables = environment(BOARD_FOLDER=str(self.folder), **self.clock.environment)
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", *command],
                env=variables, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        print(self.log.read_text())

    @property
    def ended(self):
        """The exit code once the program has ended."""
        return self._process.poll()
