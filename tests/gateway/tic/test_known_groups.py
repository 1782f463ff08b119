"""A group that says what it said a frame ago is not made out again; what the frame says is the same as if it were."""

from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from random import Random

import pytest

from bench.streams import StreamKind
from gateway.tic.frame import HISTORIC, STANDARD, Frame, Group, Reader
from gateway.tic.groups import KnownGroups
from gateway.tic.reading import Interpreter, _Kept, parse_horodate
from meter import clock
from meter.contract import CONTRACTS
from meter.frames import BAUD
from tests.test_corruption import FAULTS

CAPTURES = Path(__file__).parents[2] / "frames"
FRAMES = 120
COMMANDS = (
    *(f"mode {mode}" for mode in (HISTORIC, STANDARD)),
    *(f"overload {state}" for state in ("on", "off")),
    *(f"standby {state}" for state in ("on", "off")),
    *(f"clock {state}" for state in ("degraded", "good")),
    "message BONJOUR",
)


def life(mode, contract, phases, solar_w, draw):
    """(Frame, its time by the host) of a meter to which much happens, on a bad line beside a clock that is set."""
    now = clock.parse_start(draw.choice(("2025-01-15T19:50", "2025-03-30T00:50", "2025-10-26T00:50")), 0)
    meter = StreamKind("", mode, contract, phases, solar_w).meter(now, seed=3)
    reader, ahead_s = Reader(), 0
    for _ in range(FRAMES):
        if draw.random() < 0.1:
            meter.injure(draw.choice(COMMANDS).split())
        if draw.random() < 0.05:
            now, ahead_s = now + draw.choice((1, 20, 700)) * 1000, draw.choice((0, -4000, 7000))
        data = b"".join(meter.next_frame(now).encode())
        now += len(data) * 10_000 // BAUD[meter.mode] + 25
        if draw.random() < 0.3:
            data = draw.choice(FAULTS).received(draw, data)
        for frame in reader.feed(data):
            yield frame, datetime.fromtimestamp(now / 1000 + ahead_s, UTC)


def compare(frames, draw):
    """Fail at the first frame that says something else with what is known of its groups than without."""
    interpreter, forgetful = Interpreter(), Interpreter()
    for frame, received in frames:
        wrong = draw.random() < 0.05
        said = interpreter.interpret(frame, received, clock_wrong=wrong)
        forgetful._groups, forgetful._kept = KnownGroups(), _Kept()
        for curve in forgetful._curves:
            curve._of = ()
        parse_horodate.cache_clear()
        assert repr(said) == repr(forgetful.interpret(frame, received, clock_wrong=wrong))


@pytest.mark.parametrize(("mode", "contract"), tuple(product((HISTORIC, STANDARD), CONTRACTS)))
def test_what_is_known_of_a_group_changes_nothing(mode, contract):
    """Every mode, contract and number of phases, damage, mode switches, overloads, degraded and wrong clocks."""
    draw = Random(f"{mode} {contract}")
    for phases, solar_w in product((1, 3), (0, 6000)):
        frames = list(life(mode, contract, phases, solar_w, draw))
        assert len(frames) > FRAMES / 2
        compare(frames, draw)


def test_what_is_known_of_a_group_changes_nothing_in_captures():
    """The frames of real meters, industrial ones too, one after the other as if they were one meter's."""
    received, reader, frames = datetime(2026, 7, 1, 10, tzinfo=UTC), Reader(), []
    for path in sorted(CAPTURES.rglob("*.raw")) * 2:
        frames += [(frame, received) for frame in (*reader.feed(path.read_bytes()), *reader.close())]
    assert len(frames) > 20
    compare(frames, Random(5))


def test_the_same_group_in_the_other_mode_is_made_out_again():
    """A label belongs to a mode: what the one knows the other does not."""
    interpreter, received = Interpreter(), datetime(2026, 7, 1, 10, tzinfo=UTC)
    groups = (Group("PAPP", "00450", None), Group("ADCO", "041661000001", None))
    historic, standard = (Frame(mode, groups, True, 0, "etx") for mode in (HISTORIC, STANDARD))
    assert [r.value for r in interpreter.interpret(historic, received).readings] == [450]
    assert interpreter.interpret(standard, received) is None
    assert [r.value for r in interpreter.interpret(historic, received).readings] == [450]


def test_noise_takes_no_memory():
    """Of labels and values without end no more is known than a Reader knows."""
    interpreter, received = Interpreter(), datetime(2026, 7, 1, 10, tzinfo=UTC)
    for number in range(5 * KnownGroups.ROOM):
        groups = (Group(f"X{number}", "1", None), Group("PAPP", f"{number:05}", None))
        said = interpreter.interpret(Frame(HISTORIC, groups, True, 0, "etx"), received)
        assert said.refused == (f"X{number}: unknown label",)
        assert len(interpreter._groups) <= KnownGroups.ROOM
