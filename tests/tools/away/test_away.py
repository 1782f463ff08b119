"""The return of a recipient that was away, in small; ``tools/away`` measures a month."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from servers import missing_packages

ROOT = Path(__file__).parents[3]


@pytest.mark.slow
@pytest.mark.parametrize("server", ["prosody", "ejabberd"])
def test_half_a_day_arrives_at_debians_limits_with_nothing_lost_doubled_or_bounced(server):
    """The figures are printed, for whoever wants to compare."""
    if missing_packages() and not os.environ.get("CI"):
        pytest.skip("the servers are not installed")
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tools/lib'}"}
    command = [sys.executable, "-m", "away", "--days", "0.5", "--server", server]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "720 records of 1 series wait" in done.stdout
    assert "0 lost, 0 double, 0 wrong, 0 bounced" in done.stdout
    assert re.search(rf"{server}, limits default: \d+ s, \d+ records a second", done.stdout)
    assert done.stderr == ""
