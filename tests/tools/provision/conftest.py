"""These tests need segno, a library of tools/flash; where the index has no files of those, they are left out."""

import os
from importlib.util import find_spec

import pytest

collect_ignore_glob = [] if os.environ.get("CI") or find_spec("segno") else ["test_*.py"]


@pytest.fixture
def fleet_file(tmp_path):
    """Write a FLEET.csv of so many devices, whose names begin with a word of the test's own."""

    def write(prefix, count, wifi_key="la-cle-de-la-box"):
        file = tmp_path / "FLEET.csv"
        lines = [f"{prefix}-{n:02},Salle n° {n},Livebox-{n},{wifi_key}" for n in range(count)]
        file.write_text("\n".join(["device,site,wifi,wifi_key", *lines]) + "\n", encoding="utf-8")
        file.chmod(0o600)
        return file

    return write
