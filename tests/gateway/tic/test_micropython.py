"""frame.py and parity.py under Debian's micropython: a captured frame prints what CPython prints."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.gateway.tic import FRAMES, index

SHOW = Path(__file__).parent / "show_frames.py"
TIC = Path(__file__).parents[3] / "gateway" / "tic"


@pytest.fixture(scope="module")
def micropython():
    """The interpreter; continuous integration must have it."""
    found = shutil.which("micropython")
    if not found:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("Debian package that is not installed: micropython")
    return found


def shown(interpreter, name, chunk):
    command = [interpreter, SHOW, TIC, FRAMES / name, str(chunk)]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


@pytest.mark.parametrize("name", [row["file"] for row in index()])
def test_both_interpreters_read_the_same_frames(micropython, name):
    """In pieces of any size, a board finds in a capture exactly what the gateway finds."""
    pieces = {chunk: shown(micropython, name, chunk) for chunk in (1, 64, 10000)}
    assert len(set(pieces.values())) == 1
    assert pieces[64] == shown(sys.executable, name, 64)
    assert pieces[64]


def test_both_interpreters_agree_on_damaged_bytes(micropython, tmp_path):
    """Noise of every kind is counted alike on a board."""
    clean = (FRAMES / "real/s1-hc-linky-enedis.raw").read_bytes()
    damaged = bytearray(clean * 8)
    for at in range(0, len(damaged), 97):
        damaged[at] = (damaged[at] * 7 + at) & 0xFF
    (tmp_path / "damaged.raw").write_bytes(bytes(4) + damaged + b"A" * 5000 + clean)
    assert shown(micropython, tmp_path / "damaged.raw", 50) == shown(sys.executable, tmp_path / "damaged.raw", 50)
