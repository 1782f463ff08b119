"""The clock of ``tools/soak``, and the meters that move it."""

import os
import select
import shutil
import subprocess
import sys
import termios
import time
import tty
from pathlib import Path

import pytest

from gateway.tic.frame import Reader
from soak.clock import HouseClock, build
from soak.meters import HOUSE, SAID
from soak.samples import ProgramSample

ROOT = Path(__file__).resolve().parents[3]
START = 1_795_658_400
ASKED = (
    "import time, sqlite3, datetime; a = time.monotonic(); print(time.time(), datetime.datetime.now().timestamp(),"
    " sqlite3.connect(':memory:').execute(\"SELECT unixepoch('now')\").fetchone()[0], time.monotonic() - a)"
)
needs_compiler = pytest.mark.skipif(
    shutil.which("cc") is None and not os.environ.get("CI"), reason="there is no C compiler here"
)


@needs_compiler
def test_whoever_has_the_clock_sees_its_time_of_day_and_the_machine_s_intervals(tmp_path):
    """Python's own clocks and SQLite's; a moment stays a moment."""
    HouseClock.make(tmp_path / "clock", START).show(START * 1000 + 250)
    environment = {**os.environ, "LD_PRELOAD": str(build(tmp_path)), "SOAK_CLOCK": str(tmp_path / "clock")}
    command = [sys.executable, "-c", ASKED]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    wall, date, sqlite, passed = map(float, done.stdout.split())
    assert [wall, date, sqlite] == pytest.approx([START + 0.25, START + 0.25, START], rel=0, abs=1e-3)
    assert 0 < passed < 60


def test_the_meters_lose_nothing_to_a_slow_reader_and_take_the_clock_along(tmp_path):
    """Three readers that look in now and then get every frame, in step, and what was said is what they got."""
    clock = HouseClock.make(tmp_path / "clock", START)
    options = ["--seconds", "120", "--speed", "100000", "--seed", "3", "--every", "1"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tools/lib")))}
    process = subprocess.Popen(
        [sys.executable, "-m", "soak.meters", str(tmp_path), *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
    )
    with process:
        assert process.stdout.readline() == b"ready\n"
        ports = {kind.name: os.open(tmp_path / f"tty-{kind.name}", os.O_RDWR | os.O_NOCTTY) for kind in HOUSE}
        for port in ports.values():
            tty.setraw(port, termios.TCSANOW)
        process.stdin.write(b"go\n")
        process.stdin.flush()
        heard, words = _listen(process, ports)
        for port in ports.values():
            os.close(port)
        process.stdin.close()
    assert words == [f"flat {START + 118}", f"house {START + 118}", f"farm {START + 118}", "done"]
    assert START + 119 < clock.now_s <= START + 120
    for kind in HOUSE:
        reader = Reader(kind.mode)
        frames = [frame for frame in reader.feed(heard[kind.name]) if frame.whole]
        shown = [int(next(g.data for g in frame.groups if g.label == kind.label)) for frame in frames]
        changes = [b for a, b in zip([None, *shown], shown, strict=False) if a != b]
        assert len(frames) == {1: 119, 2: 60}[kind.seconds]
        assert [index for _, index in SAID.iter_unpack((tmp_path / f"{kind.name}.said").read_bytes())] == changes


def _listen(process, ports):
    heard = dict.fromkeys(ports, b"")
    said = b""
    deadline = time.monotonic() + 60
    while b"done\n" not in said:
        assert time.monotonic() < deadline, said
        ready = select.select([process.stdout, *ports.values()], [], [], 5)[0]
        for name, port in ports.items():
            if port in ready:
                heard[name] += os.read(port, 700)
        if ready == [process.stdout]:
            said += os.read(process.stdout.fileno(), 200)
    return heard, said.decode().splitlines()


def test_a_sample_counts_what_a_process_has():
    """Of a process that runs; of one that has ended there is none."""
    before = ProgramSample.take(0, "this", os.getpid())
    with Path("/dev/null").open():
        after = ProgramSample.take(0, "this", os.getpid())
    assert after.descriptors == before.descriptors + 1
    assert before.rss >= before.pss > 1_000_000
    assert before.threads >= 1
    ended = subprocess.Popen(["true"])
    ended.wait()
    assert ProgramSample.take(0, "it", ended.pid) is None
