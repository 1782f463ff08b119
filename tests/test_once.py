"""What is made once in a run is made once, whole, whoever asks first."""

import os
import subprocess
import sys

import pytest

from tests.copies import ROOT
from tests.once import made_once

TEST = """
import os
from pathlib import Path
from tests.once import made_once

def make(folder):
    (folder / "whole").touch()
    with (Path(__file__).parent / "made").open("a") as made:
        made.write(f"{folder}\\n")

def test_it(tmp_path_factory):
    assert (made_once(tmp_path_factory, "thing", make) / "whole").exists()
"""


def test_workers_share_it(tmp_path):
    """Each of them has it, and one made it."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    for number in range(4):
        (tmp_path / f"test_{number}.py").write_text(TEST)
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", f"--basetemp={tmp_path / 'base'}"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("PYTEST_XDIST_WORKER", None)
    done = subprocess.run(command, cwd=tmp_path, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "made").read_text() == f"{tmp_path / 'base' / 'thing'}\n"


def test_what_was_not_made_to_its_end_is_made_anew(tmp_path_factory):
    """And nothing of the first try is in it."""

    def fails(folder):
        (folder / "half").touch()
        raise ValueError("not to its end")

    with pytest.raises(ValueError, match="not to its end"):
        made_once(tmp_path_factory, "half-made", fails)
    folder = made_once(tmp_path_factory, "half-made", lambda folder: (folder / "whole").touch())
    assert [path.name for path in folder.iterdir()] == ["whole"]
