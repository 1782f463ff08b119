"""What the relay's program takes of a board, against the figures that micropython/README.md states."""

import json
import re

import pytest

from harness import ROOT
from relay_faults.board import compile_set
from relay_faults.wire import WirePort
from servers import wait_until
from tests.micropython.relay.test_end_to_end import board_of
from tests.mosquitto import Ear

README = (ROOT / "micropython" / "README.md").read_text()
TABLE = README.partition("<!-- figures: begin -->")[2].partition("<!-- figures: end -->")[0]
STATED = {
    name: int(count.replace(",", "")) for name, count in re.findall(r"^\| `?([\w ]+?)`? \| ([\d,]+) \|", TABLE, re.M)
}
GROWTH = 1.10


@pytest.mark.usefixtures("program")
@pytest.mark.parametrize("march", ["xtensawin", "rv32imc"])
def test_every_file_compiles_and_none_has_grown(tmp_path, march):
    """For the ESP32 and the ESP32-C3; more than 10 % above what the README says is to be looked at, and said there."""
    sizes = compile_set(tmp_path, march=march)
    assert set(sizes) | {"all files"} == set(STATED) - {"heap"}
    for name, size in {**sizes, "all files": sum(sizes.values())}.items():
        assert size <= GROWTH * STATED[name], f"{name}: {size} bytes"
        assert size * 1.5 > STATED[name], f"{name}: {size} bytes, and the README says more"


def test_the_heap_of_a_connected_board_has_not_grown(tmp_path, broker, program):
    """With everything loaded, connected by TLS, nothing owed."""
    quiet = WirePort(1)
    gateway = broker.add("gateway")
    with (
        Ear(broker.port, "linky/board/salon/state", user="gateway", password=gateway) as ear,
        board_of(tmp_path / "board", broker, program, quiet.path),
    ):
        wait_until(lambda: ear.messages, 30, "its state")
    quiet.close()
    state = json.loads(ear.messages[0][1])
    assert state["heap_used"] <= GROWTH * STATED["heap"]
    assert state["heap_free"] > state["heap_used"] // 2
