"""From an installed empty house to tariff, notice, recipient, backup and display, at a phone, without a terminal."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from harness import ROOT
from harness.browser import PROGRAM
from meter.process import SimulatedMeter
from tests.integration.machine import Machine
from tests.integration.processes import ENVIRONMENT
from tests.tools.setup.conftest import System

NAME, MOST_DECISIONS = "linky-pi", 12
# What DNS says elsewhere; the public server of ntfy is Debian's ntfy here.
HOSTS = "127.77.0.1 sen1.test\n127.77.0.2 sen2.test\n10.77.0.9 ntfy.sh\n"


def installed(folder: Path, port: Path) -> System:
    """What ``tools/setup`` leaves where the household said yes to live values and to displays by Wi-Fi."""
    system = System(folder)
    system.write("etc/hostname", f"{NAME}\n")
    answers = folder / "answers"
    answers.write_text(f"port = {port}\nmqtt = yes\nboards = yes\n")
    system.setup("install", "--unattended", "--config", answers)
    return system


@pytest.mark.slow
@pytest.mark.servers
def test_a_household_sets_all_of_it_at_its_phone_in_twelve_decisions(tmp_path):
    """Each thing is set at the page and then works: at ntfy, at the co-operative, on another card, at a display.

    A decision is a choice between several, or a text that the person has to think of or to fetch somewhere; what is
    only read, copied from the label, repeated or passed by is none, nor is a default that suits. They are: the
    password; that the prices are those of the bill; by what way to be told; address and password of the account for
    sharing; for what, which data, how fine, until when, by which way, and yes (a consent has nothing ticked
    beforehand); the passphrase.
    """
    for program in ("mosquitto", "prosody", "ntfy", PROGRAM or "chromium"):
        if not shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin"):
            (pytest.fail if os.environ.get("CI") else pytest.skip)(f"not installed: {program}")
    environment = {**ENVIRONMENT, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tools' / 'lib'}"}
    with SimulatedMeter(tmp_path / "ttyTIC", seed=1, mode="standard") as meter:
        # The name that the kernel gave it: one that lies outside /dev is no port to tools/setup.
        system = installed(tmp_path, Path(meter.path).resolve())
        with Machine(system, tmp_path, f"{NAME}.local") as machine:
            with (tmp_path / "hosts").open("a") as hosts:
                hosts.write(HOSTS)
            driver = [sys.executable, "-m", "tests.integration.first_evening", tmp_path, machine.config]
            done = subprocess.run(
                machine.words(*driver), check=False, capture_output=True, text=True, env=environment, timeout=540
            )
    assert done.returncode == 0, done.stdout + done.stderr
    decisions = json.loads(done.stdout.splitlines()[-1])
    print(f"{len(decisions)}: {', '.join(decisions)}")
    assert len(decisions) == len(set(decisions)) <= MOST_DECISIONS
