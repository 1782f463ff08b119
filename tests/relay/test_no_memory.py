"""A relay board without memory: what it owes is saved or counted, and its program goes on."""

import os
import subprocess
from pathlib import Path

ON_BOARD = Path(__file__).with_name("memory_on_board.py")


def on_board(program, what, folder):
    """What the board says of this case, with the memory that its program and two minutes of frames need."""
    done = subprocess.run(
        ["micropython", "-X", "heapsize=64wk", ON_BOARD, what, folder],
        env=os.environ | {"MICROPYPATH": f"{program}:.frozen"},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


def test_what_is_owed_is_saved_when_no_memory_is_left(tmp_path, program):
    """One frame of each minute gets into the flash, right, though nothing more can be asked for."""
    assert on_board(program, "saved", tmp_path / "journal") == "[(1, True), (61, True)] 0 98"


def test_a_lack_of_memory_costs_the_oldest_frames_and_they_are_counted(tmp_path, program):
    """While frames come in: the reading goes on, and each frame is kept, thinned or lost."""
    assert on_board(program, "read", tmp_path / "journal") == "True True 100 True"
