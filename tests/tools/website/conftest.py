"""The site as ``tools/site`` makes it, once for all tests of it, whichever worker has them."""

import os
import subprocess

import pytest

from tests.markdown import ROOT
from tests.once import made_once

# As tools/site installs it.
PYTHON = ROOT / ".cache/site/bin/python"


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """Its folder; nobody writes there."""
    if not PYTHON.exists():
        if os.environ.get("CI"):
            pytest.fail("tools/site has not installed its generator")
        pytest.skip("tools/site has not been run here: its generator is missing")
    return made_once(tmp_path_factory, "site-made", _make) / "site"


def _make(folder):
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tools/lib'}"}
    done = subprocess.run(
        [PYTHON, "-m", "website", "--out", folder / "site"], cwd=ROOT, env=environment, check=False,
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
