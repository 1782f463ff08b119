"""Two folders on a board: a new set starts, or the previous one does, whatever happens and whenever the power fails."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace

import pytest

from gateway.mqtt.boards.fileset import FileSet
from relay_faults.clock import faketime
from tests.micropython.update.flash_file import BOARD, KEY, ROOT, Board

pytestmark = pytest.mark.skipif(
    not (shutil.which("micropython") and faketime()), reason="not installed: micropython, faketime"
)

RUNS = """
import version
async def main(slots):
    print("runs", version.NAME)
    slots.confirm()
"""
CRASHES = 'async def main(slots):\n    raise ValueError("no good")\n'
FALLS_LATER = RUNS + "    raise OSError('fell')\n"
# Its trial is a twentieth of a second instead of five minutes.
NEVER_CONNECTS = """
import asyncio, launcher
async def main(slots):
    launcher.TRIAL_MS = 50
    print("waits")
    while True:
        await asyncio.sleep_ms(10)
"""


def a_set(version, start=RUNS):
    """A set of files that shares one with every other."""
    return FileSet(
        version,
        {
            "start.py": start.encode(),
            "version.py": f"NAME = {version!r}\n".encode(),
            "lib/shared.py": b"# the same in all\n" * 300,
            "relay/frames.py": f"# {version}\n".encode() * 400,
        },
    )


@pytest.fixture
def board(tmp_path):
    """A board that runs set 1."""
    return Board.with_set(tmp_path, a_set("one"))


def record(board):
    return json.loads(board.read("slots.json"))


def test_a_new_set_is_started_and_the_previous_one_kept(board):
    """After the installation the next start runs the new set; the old one stays in its folder."""
    done = board.install(a_set("two"), 2)
    assert done.returncode == 0, done.stderr
    assert "runs two" in board.start().stdout
    assert {"/a/version.py", "/b/version.py"} <= board.names("/")
    assert not record(board)["trial"]


def test_what_both_sets_share_is_not_fetched(board):
    """Only the files that differ travel."""
    fetched = re.findall("fetched (.*)", board.install(a_set("two"), 2).stdout)
    assert sorted(fetched) == ["relay/frames.py", "version.py"]


def test_a_power_cut_at_any_write_leaves_a_board_that_starts(board):
    """Cut at each write to the flash, the board starts a whole set, and takes the new one the next time."""
    lives = re.split(r"^cut \d+$", board.cuts(a_set("two"), 2), flags=re.MULTILINE)[1:]
    assert len(lives) > 30
    for life in lives[:-1]:
        runs = re.findall("runs (.*)", life)
        assert runs in (["one", "two"], ["two", "two"]), life
        if runs[0] == "one":
            assert "refused" not in life
        else:
            assert "refused set 2 is not newer than 2" in life
    assert re.findall("runs (.*)", lives[-1]) == ["two"]
    # Both kinds of cut have been seen: before the switch, and (the record is there, its write was the last) after it.
    assert "runs one" in lives[0]


def test_a_set_that_crashes_three_times_is_given_up(board):
    """Three starts without the broker, then the previous set runs, and says why."""
    board.install(a_set("two", CRASHES), 2)
    for _ in range(3):
        assert "ValueError: no good" in board.start().stdout
    assert "runs one" in board.start().stdout
    assert record(board)["last"] == "went back: 3 starts without the broker"


def test_a_set_that_does_not_reach_the_broker_in_time_is_given_up(board):
    """When the trial is over without the broker, the next start runs the previous set."""
    board.install(a_set("two", NEVER_CONNECTS), 2)
    assert "waits" in board.start().stdout
    assert "runs one" in board.start().stdout
    assert record(board)["last"].startswith("went back: the broker was not reached")


def test_a_set_that_cannot_be_imported_is_given_up(board):
    """A syntax error is a crash like another."""
    board.install(a_set("two", "this is no program"), 2)
    assert [("SyntaxError" in board.start().stdout) for _ in range(3)] == [True] * 3
    assert "runs one" in board.start().stdout


def test_a_set_that_failed_is_not_taken_again(board):
    """The same number is refused after the board went back, a higher one is taken."""
    board.install(a_set("two", CRASHES), 2)
    for _ in range(4):
        board.start()
    assert "not newer" in board.install(a_set("two", CRASHES), 2).stderr
    assert board.install(a_set("three"), 3).returncode == 0
    assert "runs three" in board.start().stdout


def test_a_set_that_falls_after_its_trial_gives_way_to_the_other(board):
    """Damaged in flash after it had worked: three crashes in a row, then the other folder."""
    board.install(a_set("two"), 2)
    board.start()
    board.put({"b/start.py": CRASHES.encode()})
    for _ in range(3):
        assert "no good" in board.start().stdout
    assert "runs one" in board.start().stdout


def test_reaching_the_broker_ends_the_count_of_crashes(board):
    """A set that works for a while between its crashes stays."""
    board.install(a_set("two", FALLS_LATER), 2)
    for _ in range(5):
        assert "runs two" in board.start().stdout


def test_the_pause_after_crashes_grows(board):
    """A set that crashes at once does not wear the flash: the board waits longer each time."""
    board.put({"a/start.py": CRASHES.encode()})
    pauses = [int(re.search(r"pause (\d+)", board.start().stdout)[1]) for _ in range(12)]
    assert pauses == sorted(pauses)
    assert pauses[0] == 2000
    # The watchdog of a set that had started it goes on, and would end a longer one.
    watchdog_ms = re.search(r"^_WATCHDOG_MS = ([\d_]+)", (ROOT / "micropython/lib/board.py").read_text(), re.MULTILINE)
    assert 30_000 < pauses[-1] < int(watchdog_ms[1]) - 10_000


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"active": "c"}', b"\xff\xff"])
def test_a_record_that_is_none_starts_the_folder_that_is_whole(board, text):
    """Whatever is in slots.json, the board starts."""
    board.put({"slots.json": text})
    assert "runs one" in board.start().stdout


def test_a_changed_manifest_is_refused(board):
    """One changed byte, and nothing of the set is looked at."""
    signed = bytearray(a_set("two").signed(BOARD, KEY, 2))
    signed[20] ^= 1
    assert "the signature is wrong" in board.install(a_set("two"), 2, manifest=bytes(signed)).stderr


@pytest.mark.parametrize("signed", [b"", b"\n", b"{}", b"\n" + b"0" * 64, b"{}\n" + b"g" * 64, b"0" * 64])
def test_what_is_no_signed_manifest_is_refused(board, signed):
    """Rubbish is a wrong signature, not a crash."""
    assert "UpdateError: the signature is wrong" in board.install(a_set("two"), 2, manifest=signed).stderr


def test_another_boards_set_is_refused(board):
    """The signature covers the board's name: keys that were mixed up do not help."""
    signed = a_set("two").signed("bedroom", KEY, 2)
    assert "this set is for board bedroom" in board.install(a_set("two"), 2, manifest=signed).stderr


def test_another_key_is_refused(board):
    """Only the board's own key signs for it."""
    signed = a_set("two").signed(BOARD, bytes(32), 2)
    assert "the signature is wrong" in board.install(a_set("two"), 2, manifest=signed).stderr


def test_a_file_that_is_not_what_was_signed_is_refused(board):
    """The manifest names the contents: another content under the same name is not kept."""
    assert "is not what was signed" in board.install(a_set("two"), 2, content=b"evil").stderr
    assert "runs one" in board.start().stdout


@pytest.mark.parametrize("name", ["../main.py", "/main.py", "lib/../../x.py", ".hidden", "a//b", "é.py"])
def test_a_name_that_leaves_the_folder_is_refused_on_both_sides(board, name):
    """Neither the gateway signs such a name nor does the board take it, even well signed."""
    with pytest.raises(ValueError, match="cannot be a file of a board"):
        FileSet("two", {name: b""})
    good = a_set("two")
    evil = object.__new__(FileSet)
    object.__setattr__(evil, "version", "two")
    object.__setattr__(evil, "files", {name: b""})
    assert "a file that cannot be" in board.install(good, 2, manifest=evil.signed(BOARD, KEY, 2)).stderr


def test_the_flash_is_not_written_when_all_is_well(board):
    """A board that starts and reaches its broker writes nothing: years of starts do not wear it."""
    board.start()
    before = board.image.read_bytes()
    assert "runs one" in board.start().stdout
    assert board.image.read_bytes() == before


def test_a_set_survives_its_zip_file(tmp_path):
    """What was written is read back, and the same set is the same bytes."""
    files = a_set("two")
    files.write(tmp_path / "one.zip")
    files.write(tmp_path / "two.zip")
    assert FileSet.read(tmp_path / "one.zip") == replace(files, files=dict(files.files))
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
