"""A pin through gpiozero: levels, threads, and what is said when it cannot be had."""

import sys
import threading

import pytest

from gateway.errors import ConfigError, PortError
from gateway.pulses.pin import Pin, Wiring


class Clock:
    """Monotonic seconds that a test moves."""

    now = 1000.0

    def __call__(self):
        return self.now


@pytest.mark.parametrize(
    ("pull", "rising"), [("up", False), ("up", True), ("down", True), ("down", False), ("none", False), ("none", True)]
)
def test_a_pulse_begins_with_its_edge_however_the_pin_is_wired(board, pull, rising):
    """Five pulses of the wire are five, and each counts when it begins."""
    wire = board.pin(17)
    clock = Clock()
    # Without a pull it is the circuit that holds the level.
    wire.drive_high() if not rising else wire.drive_low()
    pin = Pin(Wiring(17, pull, rising, 0.020), clock)
    begin, end = (wire.drive_high, wire.drive_low) if rising else (wire.drive_low, wire.drive_high)
    end()
    clock.now += 1
    pin.take()
    for count in range(5):
        begin()
        clock.now += 1
        assert pin.take() == 1, count
        end()
        clock.now += 1
        assert pin.take() == 0, count
    assert pin.close() == 0


def test_bounces_are_ignored_and_counted(board):
    """A burst at closing and one at opening: one pulse."""
    wire, clock = board.pin(17), Clock()
    pin = Pin(Wiring(17, "up", False, 0.020), clock)
    clock.now += 1
    for move in (wire.drive_low, wire.drive_high):
        for step in range(9):
            (wire.drive_low if step % 2 else wire.drive_high)()
            clock.now += 0.001
        move()
        clock.now += 1
    assert pin.take() == 1
    assert pin.bounces >= 8
    pin.close()


def test_a_pulse_that_has_just_begun_counts_at_the_end_of_the_program(board):
    """SIGTERM in the middle of a pulse loses none."""
    wire, clock = board.pin(17), Clock()
    pin = Pin(Wiring(17, "up", False, 0.020), clock)
    clock.now += 1
    wire.drive_low()
    clock.now += 0.030
    assert pin.take() == 0
    assert pin.close() == 1


def test_pulses_of_another_thread_are_all_taken_once(board):
    """gpiozero calls in its own thread while the daemon takes: nothing is lost or counted twice."""
    wire = board.pin(17)
    pin = Pin(Wiring(17, "up", False, 0.0))

    def rattle():
        for _ in range(2000):
            wire.drive_low()
            wire.drive_high()

    thread = threading.Thread(target=rattle)
    thread.start()
    taken = 0
    while thread.is_alive():
        taken += pin.take()
    thread.join()
    assert taken + pin.close() == 2000


def test_a_pin_that_is_taken_is_a_sentence_and_can_be_had_later(board):
    """Another device on the same pin of this process."""
    first = Pin(Wiring(17, "up", False, 0.0))
    with pytest.raises(PortError, match="GPIO17 cannot be read"):
        Pin(Wiring(17, "up", False, 0.0))
    first.close()
    Pin(Wiring(17, "up", False, 0.0)).close()


def test_a_chip_s_own_exception_is_a_sentence_too(board, monkeypatch):
    """lgpio.error is neither an OSError nor one of gpiozero's."""

    class ForeignError(Exception):
        pass

    def pin(self, name):
        raise ForeignError("can not open gpiochip")

    monkeypatch.setattr(type(board), "pin", pin)
    with pytest.raises(PortError, match="GPIO17 cannot be read: can not open gpiochip"):
        Pin(Wiring(17, "up", False, 0.0))


def test_without_gpiozero_it_is_said_how_to_get_it(monkeypatch):
    """One sentence that names the packages."""
    monkeypatch.setitem(sys.modules, "gpiozero", None)
    with pytest.raises(ConfigError, match="apt install python3-gpiozero python3-lgpio"):
        Pin(Wiring(17, "up", False, 0.0))
