"""Relays on gpiozero's mock pins: what they follow, least times, and open whenever nobody knows."""

import logging

import pytest

from gateway.display.config import RelayTable
from gateway.display.pins import Output
from gateway.display.relay import RelaySwitch
from tests.gateway.display.views import NOTHING, view

NIGHT, DAY = view(tariff_kind="off-peak"), view(tariff_kind="peak")


def table(**changed):
    """A ``[[relay]]``."""
    return RelayTable(**{"name": "heater", "gpio": 5, "follows": "off-peak", "min_on_s": 60, "min_off_s": 30} | changed)


@pytest.fixture
def relay(board, clock):
    """Start relays of a table; ``relay(...)`` gives (guard, pin)."""
    outputs = []

    def start(**changed):
        settings = table(**changed)
        outputs.append(Output([settings.gpio], active_high=settings.active_high))
        guard = RelaySwitch(settings, outputs[-1], clock.now)
        clock.now += settings.min_off_s
        return guard, board.pin(settings.gpio)

    yield start
    for output in outputs:
        output.close()


def test_a_relay_is_open_from_the_first_moment(board, clock):
    """Before anything was heard, and for its least pause: a restart must not chop a compressor's."""
    guard = RelaySwitch(table(), Output([5], active_high=True), clock.now)
    assert not board.pin(5).state
    assert guard.update(NIGHT, clock.now) == clock.now + 30
    assert not board.pin(5).state
    guard.update(NIGHT, clock.now + 30)
    assert board.pin(5).state


def test_a_module_that_closes_by_low_is_open_by_high(relay, clock):
    """Both kinds of modules, the same behaviour."""
    guard, pin = relay(active_high=False)
    assert pin.state
    guard.update(NIGHT, clock.now)
    assert not pin.state


@pytest.mark.parametrize(
    "nobody_knows", [NOTHING, view("silence", age_s=10.0), view(tariff_kind="off-peak", live=False)]
)
def test_without_a_live_frame_it_opens_at_once(relay, clock, nobody_knows):
    """Fail-safe: no least time holds a relay that nobody watches."""
    guard, pin = relay()
    guard.update(NIGHT, clock.now)
    assert pin.state
    guard.update(nobody_knows, clock.now + 0.5)
    assert not pin.state


def test_least_times_are_kept(relay, clock):
    """A tariff that flickers switches once, and it says when it wants to be asked again."""
    guard, pin = relay()
    guard.update(NIGHT, clock.now)
    assert guard.update(DAY, clock.now + 1) == clock.now + 60
    assert pin.state
    guard.update(DAY, clock.now + 60)
    assert not pin.state
    assert guard.update(NIGHT, clock.now + 61) == clock.now + 90
    assert not pin.state
    guard.update(NIGHT, clock.now + 90)
    assert pin.state


def test_it_sheds_at_an_overload_and_comes_back_after_the_pause(relay, clock):
    """At once, before the breaker falls, and not back while the pause lasts."""
    guard, pin = relay(follows="always", shed=True)
    guard.update(DAY, clock.now)
    assert pin.state
    guard.update(view(overload=True), clock.now + 1)
    assert not pin.state
    guard.update(DAY, clock.now + 2)
    assert not pin.state
    guard.update(DAY, clock.now + 31)
    assert pin.state


def test_it_does_not_shed_unless_it_is_told_to(relay, clock):
    """A circulation pump stays on."""
    guard, pin = relay()
    guard.update(view(tariff_kind="off-peak", overload=True), clock.now)
    assert pin.state


def test_it_follows_a_contact_of_the_meter(relay, clock):
    """Contact 3 of RELAIS; where the meter says none it is open."""
    guard, pin = relay(follows="contact", contact=3)
    contacts = [False] * 8
    guard.update(view(contacts=tuple(contacts)), clock.now)
    assert not pin.state
    contacts[2] = True
    guard.update(view(contacts=tuple(contacts)), clock.now)
    assert pin.state
    guard.update(view(contacts=None), clock.now + 1)
    assert not pin.state


def test_injection_has_two_thresholds(relay, clock):
    """What it switches takes from the injection and must not open itself by that."""
    guard, pin = relay(follows="injection", close_above_va=1000, open_below_va=100)
    for later, injected, closed in ((0, 999, False), (1, 1000, True), (100, 100, True), (200, 99, False)):
        guard.update(view(injected_va=injected), clock.now + later)
        assert pin.state == closed, injected


def test_each_switching_is_logged_with_its_reason(relay, clock, caplog):
    """The journal says what happened and why, and no value of the meter."""
    caplog.set_level(logging.INFO)
    guard, _ = relay()
    guard.update(NIGHT, clock.now)
    guard.update(NIGHT, clock.now + 5)
    guard.update(NOTHING, clock.now + 20)
    assert [record.getMessage() for record in caplog.records] == [
        "relay heater closes: off-peak hours (it was open for 30 s)",
        "relay heater opens: no frame for 10 s (it was closed for 20 s)",
    ]
