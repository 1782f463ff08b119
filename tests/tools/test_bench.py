"""``tools/bench`` in small: it measures the whole chain and prints figures, which no test judges."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from federation import missing_packages

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.slow
def test_the_way_of_a_live_value_is_measured_beside_a_ping():
    """Through the real daemon and both servers; as JSON for whoever keeps the figures."""
    if missing_packages() and not os.environ.get("CI"):
        pytest.skip("the servers are not installed")
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tools'}"}
    command = [sys.executable, "-m", "benchmarks", "--seconds", "6", "--json"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(done.stdout)
    assert figures["values"] >= 3
    assert 0 < figures["live_median_ms"] <= figures["live_p95_ms"]
    assert figures["ping_median_ms"] > 0
