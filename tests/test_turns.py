"""The order in which files of tests are run, and from which end of it workers take them."""

import os
import subprocess
import sys
from pathlib import Path

from tests.turns import HEAVIEST, LONGEST, TESTS, WAITING, turn

ROOT = TESTS.parent
FILES = 3
CONFTEST = """
from tests.side_by_side import FromBothEnds

def pytest_xdist_make_scheduler(config, log):
    return FromBothEnds(config, log)
"""
TEST = """
import os
from pathlib import Path
import pytest

@pytest.mark.parametrize("number", range(4))
def test_it(number):
    with (Path(__file__).parent / os.environ["PYTEST_XDIST_WORKER"]).open("a") as ran:
        ran.write(f"{Path(__file__).stem} {number}\\n")
"""


def test_the_files_that_have_a_turn_are_there():
    """Whoever moves one of the longest tests moves its turn too, or the last worker runs it alone."""
    assert [name for name in (*LONGEST, *HEAVIEST) if not (TESTS / name).is_file()] == []
    assert [name for name in WAITING if not (TESTS / name).is_dir()] == []


def test_what_waits_longest_and_what_computes_most_stand_at_the_two_ends():
    """And between them what waits comes before what computes."""
    order = sorted((path for path in TESTS.rglob("test_*.py")), key=turn)
    names = [path.relative_to(TESTS).as_posix() for path in order]
    assert tuple(names[: len(LONGEST)]) == LONGEST
    assert tuple(reversed(names[-len(HEAVIEST) :])) == HEAVIEST
    waits = [name.split("/")[0] in WAITING for name in names[len(LONGEST) : -len(HEAVIEST)]]
    assert waits == sorted(waits, reverse=True)
    # Run by hand, a file of somebody else's has no turn of its own.
    assert turn(Path("/elsewhere/test_it.py")) == (2, 0)


def test_workers_take_files_from_both_ends_and_each_test_is_run_once(tmp_path):
    """One worker begins with the first file, one for two cores with the last ones; a file's tests stay together."""
    workers = max(1, (os.cpu_count() or 1) // 2) + 1
    names = [f"test_{number:04}" for number in range(FILES * workers)]
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    for name in names:
        (tmp_path / f"{name}.py").write_text(TEST)
    command = [sys.executable, "-m", "pytest", "-q", "-n", str(workers), "--dist", "loadfile", "--no-loadscope-reorder"]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tools/lib'}"}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, check=False, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    ran = [[line.split() for line in file.read_text().splitlines()] for file in sorted(tmp_path.glob("gw*"))]
    assert {one[0][0] for one in ran} == {names[0], *names[-workers + 1 :]}
    assert sorted(line for one in ran for line in one) == [[name, str(number)] for name in names for number in range(4)]
    for one in ran:
        assert [number for _, number in one] == [str(number) for number in range(4)] * (len(one) // 4)
