"""A relay board without memory: what it owes is saved or counted, and its program goes on."""

import json
import os
import subprocess
from pathlib import Path

from gateway.tic.frame import Group, encode_group
from relay_faults.broker import HouseBroker
from relay_faults.wire import WirePort
from servers import wait_until
from tests.micropython.relay.test_end_to_end import board_of
from tests.mosquitto import Ear

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


def said(second):
    """A frame of a standard meter at this second, as an 8N1 port reads it: of some forty groups eight change."""
    groups = [("ADSC", "041876097767", None), ("DATE", "", f"H2511251{second // 60:03}{second % 60:02}")]
    groups += [(f"EASF{place:02}", f"{second if place < 2 else 0:09}", None) for place in range(11)]
    groups += [(f"IRMS{place}", f"{second * place % 90:03}", None) for place in range(6)]
    groups += [(f"LABEL{place}", f"{place:012}", None) for place in range(22)]
    wire = b"\x02" + b"".join(encode_group("standard", Group(*group)) for group in groups) + b"\x03"
    return bytes((byte | 0x80 if byte.bit_count() % 2 else byte) for byte in wire)


def heard(ear, kind):
    """The payloads of this kind."""
    return [payload for topic, payload in ear.messages if topic == f"linky/board/salon/{kind}"]


def test_a_long_absence_leaves_memory_for_the_way_back(tmp_path, program):
    """Ten minutes of the meter without a broker at 64 k words; then the board is there at once, and nothing is lost."""
    meter = WirePort(1 << 20)
    broker = HouseBroker(tmp_path / "broker")
    gateway = broker.add("gateway")
    with board_of(tmp_path / "board", broker, program, meter.path, pace=20, heap="64wk") as board:
        meter.give(b"".join(said(second) for second in range(600)))
        wait_until(lambda: not meter.flush(), 60, "the meter is read", every=0.05)
        with broker, Ear(broker.port, "linky/board/salon/#", user="gateway", password=gateway) as ear:
            wait_until(lambda: heard(ear, "state") and len(heard(ear, "frame")) > 30, 30, "its state and its frames")
        assert board.running
    meter.close()
    state = json.loads(heard(ear, "state")[0])
    assert (state["frames"], state["lost"]) == (600, 0)
    assert state["thinned"] + state["owed"] == 600
    assert state["in_flash"] >= 8
    for payload in heard(ear, "frame"):
        header, _, frame = payload.partition(b"\n")
        assert frame == bytes(byte & 0x7F for byte in said(json.loads(header)["seq"] - 1))
