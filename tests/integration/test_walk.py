"""A byte's walk, as CONTRIBUTING.md tells it: a captured frame from a serial port to a recipient's disk, traced."""

import math
import os
import signal
import time
import tty
from collections import defaultdict

import pytest

from floor_plan.tables import WALK
from harness import ROOT
from harness.accounts import FAR
from servers import wait_until
from tests.integration.processes import House

FRAME = ROOT / "tests/frames/real/s1-base-linky-linkytic-tests.raw"
STEPS = [function for functions, _ in WALK for function in functions]
RECORDED = ("store/recorder.py", "Recorder.add")
AFTER = STEPS[STEPS.index(RECORDED) :]


@pytest.fixture
def line():
    """Give a meter's end of a line, and the name of the other one."""
    meter, port = os.openpty()
    tty.setraw(port)
    yield meter, os.ttyname(port)
    os.close(meter)
    os.close(port)


def entered(folder, since):
    """(file, function) -> when it was entered since then, in both programs."""
    found = defaultdict(list)
    for notes in folder.glob("*.notes"):
        # The last line may be half written.
        for written in notes.read_text(encoding="utf-8").rpartition("\n")[0].splitlines():
            at, file, name = written.split(" ", 2)
            if int(at) >= since:
                found[file, name].append(int(at))
    return found


@pytest.mark.slow
def test_a_frame_goes_the_way_that_the_table_shows(federation, tmp_path, line):
    """Each file of the table in its order, on the way to the first receipt; beside it the value of now after step 6."""
    meter, port = line
    house = House(tmp_path / "house", federation, port, extra="[clock]\ntrusted = true\n")
    done = house.command(
        *("consent", "grant", FAR, "--series", "consumption", "--granularity", "raw", "--accept"),
        *("--begins", "2000-01-01"),
    )
    assert done.returncode == 0, done.stderr
    gateway, recipient = house.gateway().traced(tmp_path), house.recipient().traced(tmp_path)
    with gateway:
        house.await_link("xmpp", "ok")
        with recipient:
            house.await_link(f"recipient {FAR}", "ok")
            since = time.monotonic_ns()
            for program in (gateway, recipient):
                os.kill(program.pid, signal.SIGUSR1)

            def speak():
                os.write(meter, FRAME.read_bytes())
                return STEPS[-1] in entered(tmp_path, since)

            # What comes while the speed is being found is lost, as on a wire: the meter says it again.
            wait_until(speak, 60, "a receipt", every=0.2)
    found = entered(tmp_path, since)
    assert [step for step in STEPS if step not in found] == []
    # Only a frame is read; a write or a message may also be of what the house had to say at its start. But nothing that
    # is confirmed came before the frame: from its record on, each step after the one above leads to the first receipt.
    walk = [min(found[step]) for step in STEPS[: STEPS.index(RECORDED)]]
    for step in AFTER:
        walk.append(min((at for at in found[step] if at >= walk[-1]), default=math.inf))
    seen = [(step, (at - since) / 1e6) for step, at in zip(STEPS, walk, strict=True)]
    assert walk == sorted(walk), seen
    assert walk[-1] == min(found[STEPS[-1]]), seen
    assert min(found["household/now.py", "Now.hear"]) > min(found["tic/plausibility.py", "Plausibility.check"])
