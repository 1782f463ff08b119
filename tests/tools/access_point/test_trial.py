"""``tools/access-point`` whole: from switching on without a network to the first value in a browser."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from access_point import machine
from harness import ROOT
from harness.browser import PROGRAM
from package import debian

# Debian with its radios, kept until its list changes.
_LIST = "\n".join((*machine.PACKAGES, *debian.DEPENDS))
BASE = Path(f"~/.cache/linky-gateway/walks/radios-{hashlib.sha256(_LIST.encode()).hexdigest()[:12]}.tar").expanduser()
LONGEST_S = 3600


@pytest.mark.campaign
def test_a_household_without_a_cable_sees_its_first_value_in_a_browser(tmp_path):
    """The access point, the phone, the wrong key and the right one, the plug, the password, the value; in seconds."""
    missing = [name for name in ("mmdebstrap", "mke2fs", "qemu-system-x86_64") if not find(name)]
    missing += [] if PROGRAM else ["chromium"]
    missing += ["root"] if os.geteuid() else []
    if missing:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(
            f"boots a machine with radios: wants {' '.join(missing)}"
        )
    BASE.parent.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tools/lib'}"}
    done = subprocess.run(
        [sys.executable, "-m", "access_point", "--base", BASE, "--keep", tmp_path],
        check=False, capture_output=True, text=True, env=environment, timeout=LONGEST_S,
    )  # fmt: skip
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the first value is on the page: " in done.stdout


def find(name):
    """Where a program is, also one of root's."""
    return shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
