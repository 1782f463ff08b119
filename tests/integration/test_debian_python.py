"""The whole chain on Debian's own Python and libraries, as a 32-bit Raspberry Pi runs it.

The environment comes from tools/bootstrap.sh by the very path that 32-bit ARM takes, in .cache/debian-venv, once.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from harness import ROOT
from harness.accounts import FAR
from meter.process import SimulatedMeter
from servers import wait_until
from tests.integration.processes import House
from tests.integration.test_promises_kept import watch_then_withdraw

DEBIAN_PYTHON = "/usr/bin/python3"
VENV = ROOT / ".cache" / "debian-venv"
SHARED = ("consumption/", "contract/", "status/")
ENOUGH_SERIES = 5
FRAMES, SPEED = 100, 20

# What a person must never find in a log, and what tells that a library is used against its advice.
NOISE = ("Traceback", "Task was destroyed", "DeprecationWarning", "never awaited", "never retrieved")


def bootstrap(script, **environment):
    """Run a line of bash that has sourced tools/bootstrap.sh."""
    command = ["bash", "-c", f"set -Eeuo pipefail; source tools/bootstrap.sh; {script}", "test"]
    return subprocess.run(
        command, cwd=ROOT, env=dict(os.environ, **environment), check=False, capture_output=True, text=True
    )


def installed_by_apt(package):
    """Whether dpkg has it; False where there is no dpkg."""
    if not shutil.which("dpkg-query"):
        return False
    ask = ["dpkg-query", "--show", "--showformat", "${db:Status-Status}", package]
    return subprocess.run(ask, check=False, capture_output=True, text=True).stdout == "installed"


@pytest.fixture(scope="session")
def debian_python():
    """The interpreter of a virtual environment on Debian's Python and libraries."""
    needed = "import ensurepip, venv, slixmpp, serial, msgspec, cryptography, jinja2"
    if not Path(DEBIAN_PYTHON).exists() or subprocess.run([DEBIAN_PYTHON, "-c", needed], check=False).returncode:
        reason = f"{DEBIAN_PYTHON} lacks one of: venv, slixmpp, serial, msgspec, cryptography, jinja2"
        if os.environ.get("CI") and installed_by_apt("python3-slixmpp"):
            pytest.fail(reason)
        pytest.skip(reason)
    done = bootstrap("make_venv requirements.txt", LINKY_LIBRARIES="debian", LINKY_VENV=str(VENV))
    assert done.returncode == 0, done.stderr
    return str(VENV / "bin" / "python")


def ask(python, expression):
    """What an interpreter answers to an expression, with the libraries of the gateway imported."""
    names = "cryptography, jinja2, msgspec, serial, slixmpp, sqlite_utils, tzdata"
    libraries = f"import {names}; from importlib.metadata import version"
    done = subprocess.run(
        [python, "-c", f"{libraries}; print({expression})"], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_what_is_compiled_is_debians_and_the_rest_is_new_enough(debian_python):
    """What has machine code is Debian's, slixmpp 1.10 or newer; sqlite-utils is ours, 4.2 or newer."""
    for library in ("slixmpp", "msgspec", "serial", "cryptography", "jinja2"):
        assert ask(debian_python, f"{library}.__file__").startswith("/usr/lib/python3/"), library
    assert ask(debian_python, "version('slixmpp')").startswith("1.10.")
    assert ask(debian_python, "sqlite_utils.__file__").startswith(str(VENV))
    major, minor = ask(debian_python, "version('sqlite-utils')").split(".")[:2]
    assert (int(major), int(minor)) >= (4, 2)


def test_the_environment_is_made_once(debian_python):
    """A second start says nothing and makes nothing."""
    before = (VENV / "pyvenv.cfg").stat().st_mtime_ns
    done = bootstrap("make_venv requirements.txt", LINKY_LIBRARIES="debian", LINKY_VENV=str(VENV))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (VENV / "pyvenv.cfg").stat().st_mtime_ns == before


def test_32_bit_arm_takes_what_is_compiled_from_debian_and_the_rest_by_hash(tmp_path, debian_python):
    """Where uname says ARM of 32 bits, .venv sees Debian's libraries, and has sqlite-utils in the pinned version."""
    checkout, stand_ins = tmp_path / "checkout", tmp_path / "bin"
    (checkout / "tools").mkdir(parents=True)
    stand_ins.mkdir()
    for name in ("tools/bootstrap.sh", "requirements.txt"):
        shutil.copy2(ROOT / name, checkout / name)
    for name, script in (("uname", "echo armv7l"), ("apt-get", "exit 1")):
        (stand_ins / name).write_text(f"#!/bin/bash\n{script}\n")
        (stand_ins / name).chmod(0o755)
    done = subprocess.run(
        ["bash", "-c", "set -Eeuo pipefail; source tools/bootstrap.sh; make_venv requirements.txt", "test"],
        cwd=checkout,
        env=dict(os.environ, PATH=f"{stand_ins}:{os.environ['PATH']}"),
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    python = str(checkout / ".venv" / "bin" / "python")
    pinned = {line.split()[0] for line in (ROOT / "requirements.txt").read_text().splitlines() if "==" in line}
    version = ask(python, "version('sqlite-utils')")
    assert f"sqlite-utils=={version}" in pinned
    assert ask(python, "slixmpp.__file__").startswith("/usr/lib/python3/")


@pytest.mark.slow
def test_the_chain_works_on_debians_libraries(federation, tmp_path, debian_python):
    """Meter, gateway, two servers, recipient: all that was stored arrives and is confirmed; a clean stop, no noise."""
    with SimulatedMeter(tmp_path / "ttyTIC", speed=SPEED, seed=1, mode="standard") as meter:
        meter.command("unplug")
        house = House(tmp_path / "house", federation, tmp_path / "ttyTIC", python=debian_python)
        house.grant(*(prefix.rstrip("/") for prefix in SHARED))
        gateway, recipient = house.gateway(), house.recipient()
        with gateway:
            house.await_link("xmpp", "ok")
            with recipient:
                house.await_link(f"recipient {FAR}", "ok")
                # Nothing has been read yet: what is stored from here on is what must arrive.
                meter.command("plug")
                begun = len(meter.truth())
                wait_until(lambda: len(meter.truth()) >= begun + FRAMES, 60, f"{FRAMES} frames", every=0.1)
                meter.command("unplug")
                house.await_silence(3)
                house.await_delivered(30)
                assert recipient.stop() == 0
            assert gateway.stop() == 0
    arrived = received(house.received)
    assert len({path for path, _, _ in arrived}) >= ENOUGH_SERIES
    assert arrived == house.stored(*SHARED)
    for process in (gateway, recipient):
        log = process.log.read_text()
        assert not [word for word in NOISE if word in log], log


@pytest.mark.slow
def test_notices_and_live_values_work_on_debians_libraries(federation, tmp_path, debian_python):
    """slixmpp 1.10 sends, shows and obeys what the newest does."""
    watch_then_withdraw(federation, tmp_path, debian_python)


def received(path):
    """(path, time, value) of every record in the recipient's own database."""
    with closing(sqlite3.connect(path)) as db:
        rows = db.execute("SELECT name, time, value FROM record").fetchall()
    return sorted((name.split("/", 2)[2], int(time), value) for name, time, value in rows)


@pytest.mark.slow
def test_a_server_that_is_killed_is_no_wrong_password(start_federation, tmp_path, debian_python):
    """ejabberd refuses slixmpp 1.10's first login (channel binding), not its second: that is no reason afterwards."""
    servers = start_federation("ejabberd", "prosody")
    house = House(tmp_path / "house", servers, "replay:nothing.raw", python=debian_python)
    (house.folder / "nothing.raw").write_bytes(b"")
    with house.gateway() as gateway:
        house.await_link("xmpp", "ok")
        servers.servers["sen1.test"].kill()
        wait_until(lambda: "federation: " in gateway.log.read_text(), 30, "a sentence on the loss")
        assert gateway.stop() == 0
    said = gateway.log.read_text()
    assert "the connection was lost" in said
    assert "password" not in said
