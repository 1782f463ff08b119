"""Injection that nobody counts: seen by what is left of it, never where a meter has a register for it."""

import pytest

from gateway.live.meter import LiveMeter
from gateway.live.topics import as_json
from gateway.live.uncounted import BEGINS_AFTER_S, ENDS_AFTER_S, UncountedInjection, estimate_va
from gateway.tic.frame import Reader
from gateway.tic.reading import Interpreter
from tests.gateway.doctor.conftest import captures
from tests.gateway.live.conftest import AT, reading

STANDARD = {
    "consumption/power/apparent/raw": 0,
    "consumption/current/raw/phase/1": 3,
    "consumption/voltage/raw/phase/1": 236,
}
HISTORIC = {"consumption/power/apparent/raw": 0, "consumption/current/raw": 2}
THREE = {
    "consumption/power/apparent/raw": 0,
    **{f"consumption/power/apparent/raw/phase/{n}": va for n, va in ((1, 0), (2, 568), (3, 0))},
    **{f"consumption/current/raw/phase/{n}": amperes for n, amperes in ((1, 4), (2, 3), (3, 1))},
    **{f"consumption/voltage/raw/phase/{n}": 230 for n in (1, 2, 3)},
}
# Panels of 690 VA on one phase, and so much is drawn on another one: which of them, this meter does not say.
THREE_HISTORIC = {
    "consumption/power/apparent/raw": 0,
    **{f"consumption/current/raw/phase/{n}": amperes for n, amperes in ((1, 6), (2, 3), (3, 0))},
}


@pytest.mark.parametrize(
    ("values", "va"),
    [
        (STANDARD, 708),
        (HISTORIC, 460),
        (THREE, 1150 - 568),
        (THREE | {"consumption/power/apparent/raw/phase/2": 1200}, None),
        (THREE_HISTORIC, None),
        (STANDARD | {"consumption/current/raw/phase/1": 0}, None),
        (STANDARD | {"consumption/power/apparent/raw": 120}, None),
        (HISTORIC | {"consumption/power/apparent/raw": 10}, None),
        (STANDARD | {"production/power/apparent/raw": 0}, None),
        (STANDARD | {"production/energy/active/index": 0}, None),
        ({"consumption/current/raw/phase/1": 3}, None),
        ({}, None),
    ],
)
def test_what_leaves_is_estimated_where_only_a_current_is_left_of_it(values, va):
    """0 VA with at least an ampere, on a meter that says neither SINSTI nor EAIT; of three phases in sum."""
    assert estimate_va(values) == va


def test_it_is_said_when_it_has_lasted_and_is_over_when_it_has_not_been_so_for_long():
    """A frame between two states is no injection, a cloud no end of it; a silence begins anew."""
    seen = UncountedInjection()
    drawing = STANDARD | {"consumption/power/apparent/raw": 300}
    now = 0.0
    for _ in range(int(BEGINS_AFTER_S)):
        seen.hear(STANDARD, now)
        assert (seen.lasts, seen.va) == (False, None)
        now += 1.0
    seen.hear(STANDARD, now)
    assert (seen.lasts, seen.va) == (True, 708)
    for _ in range(int(ENDS_AFTER_S) - 1):
        now += 1.0
        seen.hear(drawing, now)
        assert (seen.lasts, seen.va) == (True, None)
    seen.hear(STANDARD, now + 0.5)
    assert seen.va == 708
    for _ in range(int(ENDS_AFTER_S) + 2):
        now += 1.0
        seen.hear(drawing, now)
    assert not seen.lasts
    for gap in range(20):
        seen.hear(STANDARD, now + 100.0 * gap)
    assert not seen.lasts


def test_three_phases_in_historic_mode_are_seen_to_give_and_nobody_knows_how_much():
    """Their currents have no sign, and there is no power of each."""
    seen = UncountedInjection()
    for second in range(int(BEGINS_AFTER_S) + 1):
        seen.hear(THREE_HISTORIC, float(second))
    assert (seen.lasts, seen.va) == (True, None)


def test_it_is_told_apart_from_what_is_injected():
    """In a key of its own; what the meter calls injected stays unknown, and nothing is in an index."""
    meter = LiveMeter("house")
    for second in range(200):
        meter.hear([reading(path, value) for path, value in STANDARD.items()], AT, float(second), standard=True)
    told = as_json(meter.snapshot(199.0))
    assert told["uncounted_va"] == 708
    assert told["injected_va"] is None
    assert told["injected_today_wh"] is None
    assert told["injecting"] is False


@pytest.mark.parametrize("path", captures(), ids=lambda path: path.stem)
def test_no_captured_house_injects_without_being_counted(path):
    """Over and over for an hour."""
    frames = [frame for frame in Reader().feed(path.read_bytes()) if frame.groups]
    meter, interpreter = LiveMeter("house"), Interpreter({})
    for second in range(0, 3600, 2):
        frame = frames[second // 2 % len(frames)]
        if told := interpreter.interpret(frame, AT):
            meter.hear(told.readings, AT, float(second), standard=frame.mode == "standard")
        assert not meter.uncounted.lasts
