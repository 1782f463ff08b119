"""The site as ``tools/site`` makes it, once for all tests of it."""

import os
import subprocess

import pytest

from tests.markdown import ROOT

# As tools/site installs it.
PYTHON = ROOT / ".cache/site/bin/python"


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """Its folder."""
    if not PYTHON.exists():
        if os.environ.get("CI"):
            pytest.fail("tools/site has not installed its generator")
        pytest.skip("tools/site has not been run here: its generator is missing")
    out = tmp_path_factory.mktemp("site") / "site"
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tools/lib'}"}
    done = subprocess.run(
        [PYTHON, "-m", "website", "--out", out], cwd=ROOT, env=environment, check=False, capture_output=True, text=True,
        timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return out
