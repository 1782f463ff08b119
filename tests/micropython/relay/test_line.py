"""The relay's line under MicroPython: which speed it tries, and what it keeps when its loop was held up."""

from pathlib import Path

import pytest

from tests.gateway.tic import FRAMES
from tests.gateway.tic.test_frame import with_parity
from tests.micropython.relay.test_library import run, said

SCRIPT = Path(__file__).with_name("line_on_board.py")
RAW = (FRAMES / "real/s1-hc-linky-enedis.raw").read_bytes()
STANDARD = RAW[RAW.index(b"\x02") : RAW.index(b"\x03") + 1]


@pytest.fixture
def line(program, tmp_path):
    """A case of the script, and what it printed."""
    (tmp_path / "frame").write_bytes(with_parity(STANDARD))
    return lambda what: said(run(program, what, tmp_path / "frame", script=SCRIPT))


def test_what_came_while_the_loop_was_held_up_is_read_before_the_speed_is_doubted(line):
    """A handshake of 7 s, then one of 17: three frames and eight wait in the UART, and none is given up."""
    assert line("held up") == ["[9600] 11"]


def test_noise_is_a_wrong_speed(line):
    """Bytes that make no group, for longer than a frame needs."""
    assert line("noise") == ["[9600]", "[9600, 1200] 0"]


def test_silence_has_the_other_speed_tried_and_the_first_again(line):
    """6 s at 9600 Bd, 10 s at 1200."""
    assert line("silence") == ["[9600]", "[9600, 1200]", "[9600, 1200, 9600] 0"]
