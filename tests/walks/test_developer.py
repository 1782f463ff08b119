"""A developer: from a checkout to a bridge of their own that has its first reading, by the English page."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from harness import ROOT
from harness.container import wait_for
from servers import missing_packages
from tests.walks.terminal import Terminal
from tests.walks.walk import Walk

if TYPE_CHECKING:
    from pathlib import Path

RECIPE, PAGE = "CONTRIBUTING.md", "gateway/bridges/README.md"
MOST = {"commands": 1, "decisions": 0, "files": 2, "unexplained": 0}
# What a change of the tree brings is a version of it: the bridge, which is outside, is the same one.
NEXT = "9.0.0"


@pytest.fixture
def checkout(tmp_path) -> Path:
    """A clone of the repository, as it is here, with an environment that has been made: that of the tests."""
    if missing := missing_packages():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"Debian packages that are not installed: {missing}")
    clone = tmp_path / "linky-gateway"
    clone.mkdir()
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-z"], check=True, capture_output=True).stdout
    pack = ["tar", "-C", ROOT, "--null", "-T", "-", "-cf", "-"]
    packed = subprocess.run(pack, input=listed, check=True, capture_output=True).stdout
    subprocess.run(["tar", "-C", clone, "-xf", "-"], input=packed, check=True)
    (clone / ".venv/bin").mkdir(parents=True)
    # What pip puts there has the names of the environment in it; these are the same files.
    (clone / ".venv/bin/python").symlink_to(os.path.realpath(sys.executable))
    (clone / ".venv/lib").symlink_to(f"{sys.prefix}/lib")
    shutil.copy(f"{sys.prefix}/pyvenv.cfg", clone / ".venv")
    stamp = f"source {clone}/tools/bootstrap.sh; _stamp requirements.txt requirements-test.txt"
    subprocess.run(["bash", "-c", stamp], check=True)
    return clone


@pytest.mark.slow
@pytest.mark.servers
def test_a_developer_sees_a_reading_in_a_bridge_of_their_own(checkout, request):
    """One command and two files: the class, the table that names it, and the whole chain with it."""
    with Walk("developer", "en", MOST) as walk:
        walk.read(RECIPE, "### A bridge")
        page = walk.follow(PAGE, "## A bridge of your own")
        walk.write(checkout / "lines.py", page.file("python"))
        walk.write(checkout / "lines.toml", page.file("toml"))
        tried(walk, checkout)
    if request.config.getoption("--all"):
        text = (checkout / "gateway/__init__.py").read_text()
        (checkout / "gateway/__init__.py").write_text(f'{text}\n__version__ = "{NEXT}"\n')
        (checkout / "readings.txt").unlink()
        tried(Walk("developer", "en", {}), checkout, walk.commands[0])


def tried(walk: Walk, checkout: Path, line: str = "") -> None:
    """The demonstration runs until the developer ends it; what the bridge wrote meanwhile is what the meter said."""
    readings = checkout / "readings.txt"
    with Terminal(["env", "-C", str(checkout)], "en") as shell:
        run = (lambda: shell.begin(line)) if line else (lambda: walk.begin(shell, "tools/demo --bridge"))
        with run():
            wait_for(lambda: readings.exists() and readings.read_text().count("\n") > 5, "readings", 180)
        lines = [one.split() for one in readings.read_text().splitlines()]
    assert {one[0] for one in lines} == {"demo"}
    power = [one for one in lines if one[1] == "consumption/power/apparent/raw"]
    assert power
    assert all(int(one[3]) >= 0 and one[4] == "VA" for one in power)
