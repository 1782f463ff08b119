"""The power cut at any write of the real store code: what was told to be done is there, and nothing else was told.

How it works: ``tests/faults/README.md``. The long set is ``tools/power-cuts``.
"""

import copy
import os
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

import power_cuts.__main__
from power_cuts.campaign import WriteRecorder, scratch_folder
from power_cuts.disk import SECTOR, CutDisk
from power_cuts.migration import steps
from power_cuts.record import build, missing, record

ROOT = Path(__file__).resolve().parents[3]
SEED = 20261125

# Versions far apart: with tables only, before and after consents became documents, the last one but one.
VERSIONS = [3, 8, len(steps()) // 2 + 3, len(steps()) - 1]

BEFORE, AFTER = b"b" * SECTOR, b"a" * SECTOR


@pytest.fixture(scope="module")
def scratch():
    """A folder for records; skips where nothing can be recorded."""
    if why := missing():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(why)
    with scratch_folder() as folder:
        yield folder


@pytest.fixture(scope="module")
def recorder(scratch):
    """Records programs of ours."""
    return WriteRecorder(scratch)


@pytest.fixture(scope="module")
def house(recorder):
    """A house that lived for an evening and a night."""
    return recorder.house(SEED, 40)


def broken(recorded, count, scratch, **how):
    """What did not hold after each of ``count`` cuts."""
    return [fault for found in recorded.cuts(count, SEED, scratch, **how) if found for fault in found.faults]


@pytest.mark.slow
def test_no_cut_loses_what_the_store_said_it_has(house, scratch):
    """After 110 cuts the database is whole, as one commit left it, has all that was sent, and goes on."""
    assert broken(house, 110, scratch) == []


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
def test_a_migration_that_is_cut_off_is_done_to_its_end(recorder, scratch, version):
    """The next start makes the same tables of it as without a cut, and a copy of before is beside it."""
    assert broken(recorder.migration(version), 12, scratch) == []


@pytest.mark.slow
def test_a_restoration_that_is_cut_off_loses_neither_database(recorder, scratch):
    """The former one or the backup's, the former one with its last rows; and it can be begun again."""
    assert broken(recorder.restoring(), 12, scratch) == []


@pytest.mark.slow
def test_no_cut_leaves_half_a_small_file(recorder, scratch):
    """Passwords, choices, boards, a card's settings: the one before or the new one; once that is said, the new one."""
    assert broken(recorder.files(SEED), 60, scratch) == []


@pytest.mark.slow
def test_a_card_that_lies_about_its_syncs_is_found_out(house, scratch):
    """On a disk whose syncs do nothing committed rows are lost: the judge sees it."""
    found = broken(house, 12, scratch, lying=True)
    assert any("not what was committed" in fault or "damaged" in fault for fault in found)


@pytest.mark.slow
def test_a_store_that_does_not_sync_is_found_out(recorder, scratch):
    """With PRAGMA synchronous = OFF committed rows are lost: the judge sees it."""
    found = broken(recorder.house(SEED, 10, "unsynced"), 30, scratch)
    assert any("not what was committed" in fault or "damaged" in fault for fault in found)


@pytest.mark.slow
def test_a_sender_that_does_not_wait_is_found_out(recorder, scratch):
    """Rows handed out inside the transaction that makes them: the judge sees that the database never had them."""
    found = broken(recorder.house(SEED, 10, "early"), 60, scratch)
    assert any(fault.startswith("sent to") for fault in found)


@pytest.mark.slow
def test_a_file_renamed_before_it_is_on_the_disk_is_found_out(recorder, scratch):
    """The classic loss: the new name is there, and nothing is in it."""
    assert any(fault.startswith("plain holds ''") for fault in broken(recorder.files(SEED, "unsynced"), 60, scratch))


def after_cuts(disk, count, folder):
    """What ``count`` cuts at the same moment leave: for each a dict of names and contents."""
    found = []
    for number in range(count):
        left = folder / str(number)
        left.mkdir(parents=True)
        disk.cut(Random(number), left)
        found.append({path.name: path.read_bytes() for path in left.iterdir()})
    return found


def recorded(scratch, tmp_path, program):
    """A disk with one file, ``old``, and the changes that a few lines of Python (in its folder) do to it."""
    folder = tmp_path / "disk"
    folder.mkdir()
    (folder / "old").write_bytes(BEFORE * 3)
    disk = CutDisk(folder)
    command = [sys.executable, "-c", f"import os; os.chdir({str(folder)!r}); {program}"]
    for change in record(build(scratch), folder, tmp_path / "log", command):
        disk.apply(change)
    assert disk.unlike(folder) == []
    return disk


def test_what_was_synced_is_always_there(scratch, tmp_path):
    """A synced file under a synced name outlives every cut."""
    program = "f = open('new', 'wb'); f.write(b'x' * 700); f.flush(); os.fsync(f.fileno()); os.fsync(os.open('.', 0))"
    disk = recorded(scratch, tmp_path, program)
    for left in after_cuts(disk, 50, tmp_path / "left"):
        assert left == {"old": BEFORE * 3, "new": b"x" * 700}


def test_of_what_was_not_synced_anything_may_be_there(scratch, tmp_path):
    """Each sector is the old one, the new one or torn; every other byte of the file is safe."""
    disk = recorded(scratch, tmp_path, f"f = open('old', 'r+b'); f.seek({SECTOR}); f.write({AFTER!r} * 2); f.close()")
    lefts = [left["old"] for left in after_cuts(disk, 300, tmp_path / "left")]
    assert {left[:SECTOR] for left in lefts} == {BEFORE}
    seen = {(left[SECTOR : 2 * SECTOR], left[2 * SECTOR :]) for left in lefts}
    assert {(one, two) for one in (BEFORE, AFTER) for two in (BEFORE, AFTER)} < seen


def test_a_name_that_was_not_synced_may_be_there_or_not(scratch, tmp_path):
    """Made, renamed or removed since the folder's last sync: both outcomes come."""
    program = "open('new', 'wb').close(); os.rename('old', 'moved')"
    disk = recorded(scratch, tmp_path, program)
    seen = {frozenset(left) for left in after_cuts(disk, 100, tmp_path / "left")}
    assert seen == {frozenset(names) for names in (("old",), ("old", "new"), ("moved",), ("moved", "new"))}


def test_the_same_seed_makes_the_same_record(recorder):
    """So that a cut has the same place in it: keys and salts differ, what is done to the disk does not."""
    one, two = recorder.house(7, 3), recorder.house(7, 3)
    assert [(c.letter, c.at) for c in one.changes] == [(c.letter, c.at) for c in two.changes]


def test_the_same_seed_leaves_the_same_disk(house, scratch, tmp_path):
    """A cut that broke something can be made again."""
    disk = copy.deepcopy(house.disk)
    for change in house.changes[: len(house.changes) // 2]:
        disk.apply(change)
    assert after_cuts(disk, 1, tmp_path / "one") == after_cuts(disk, 1, tmp_path / "two")


def test_the_command_says_what_it_found(scratch):
    """``tools/power-cuts`` in a pipe: the seed, what was cut how often, what held; exit 0."""
    command = [sys.executable, "-m", "power_cuts", "--cuts", "1", "--seed", "5"]
    environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tools/lib'}"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "seed 5, 1 power cuts",
        "1 in small files",
        "0 corrupt, 0 committed rows lost, nothing sent before it was committed, each file whole",
    ]


def test_the_command_keeps_the_disk_of_a_violation(scratch, tmp_path, monkeypatch, capsys):
    """It ends with 1, names the cut, the disk that it left, and the words that cut there again."""
    real = WriteRecorder.files
    monkeypatch.setattr(WriteRecorder, "files", lambda recorder, seed: real(recorder, seed, "unsynced"))
    monkeypatch.setattr(power_cuts.__main__, "_HOUSES", 0)
    monkeypatch.setattr(power_cuts.__main__, "_MIGRATIONS", 0)
    monkeypatch.setattr(power_cuts.__main__, "FOUND", tmp_path)
    monkeypatch.setattr(sys, "argv", ["power-cuts", "--cuts", "30", "--seed", "5"])
    assert power_cuts.__main__.main() == 1
    said = capsys.readouterr()
    assert said.err.endswith("again: tools/power-cuts --cuts 30 --seed 5\n")
    kept = sorted(tmp_path.iterdir())
    assert kept
    assert all(str(disk) in said.out for disk in kept)
    assert (kept[0] / "gateway.toml").is_file()
