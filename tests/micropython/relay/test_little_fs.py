"""A relay's journal on LittleFS itself, as MicroPython has it on an ESP32, in flash that is full or fails."""

import os
import subprocess
from pathlib import Path

import pytest

ON_BOARD = Path(__file__).with_name("little_fs_on_board.py")


@pytest.mark.parametrize(
    ("fault", "how", "found"),
    [
        ("none", "told", 45),
        ("full", "told", 31),
        ("write", "told", 30),
        ("erase", "told", 30),
        ("read", "told", 29),
        ("erase", "raised", 30),
        ("read", "raised", 29),
    ],
)
def test_little_fs_that_is_full_or_fails_falsifies_nothing(program, fault, how, found):
    """A quarter of an hour of it: what is read after a new start is what was written, and the rest is counted."""
    done = subprocess.run(
        ["micropython", "-X", "heapsize=1M", ON_BOARD, fault, how],
        env=os.environ | {"MICROPYPATH": f"{program}:.frozen"},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == f"True 45 {found} []"
