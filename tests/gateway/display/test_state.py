"""How old is it, and may something be switched by it? The contract's three rules, on a clock that the test moves."""

import json
import re
from dataclasses import replace

import pytest

from gateway.display.state import DisplayedMeter, parse_contacts
from gateway.live.topics import as_json
from harness import ROOT
from tests.gateway.display.views import JSON, RELAYS, STATUS, said


@pytest.fixture
def state(clock):
    """A display that has just connected and was told everything by the broker's memory."""
    state = DisplayedMeter("house")
    state.linked = True
    state.take(STATUS, b"online", clock.now, retained=True)
    return state


def test_nothing_is_known_before_the_first_message():
    """Without a broker it is the link, with one it waits; nothing is live."""
    state = DisplayedMeter("house")
    assert (state.view(1.0).fault, state.view(1.0).live) == ("link", False)
    state.linked = True
    assert (state.view(1.0).fault, state.view(1.0).frame) == ("waiting", None)


def test_what_the_gateway_publishes_is_understood(state, clock, snapshot):
    """The object that the gateway's own code makes fills every field."""
    state.take(JSON, json.dumps(as_json(snapshot)).encode(), clock.now, retained=False)
    frame = state.view(clock.now).frame
    assert (frame.drawn_va, frame.tariff_kind, frame.tempo_tomorrow) == (3450, "peak", "red")
    assert (frame.broken, frame.alert, frame.produced_today_wh) == (("recipient", "xmpp"), True, 6100)


def test_a_meter_that_says_nothing_of_an_overload_is_shown(state, clock, snapshot):
    """As every meter in its first seconds, and some three-phase ones in historic mode for ever."""
    state.take(JSON, json.dumps(as_json(replace(snapshot, overload=None))).encode(), clock.now, retained=False)
    view = state.view(clock.now)
    assert (view.frame.drawn_va, view.overload) == (3450, False)


def test_the_example_of_the_contract_is_understood(state, clock):
    """What the documentation shows a maker can be shown."""
    text = (ROOT / "gateway" / "live" / "README.md").read_text(encoding="utf-8")
    state.take(JSON, re.search(r"```json\n(.*?)```", text, re.DOTALL)[1].encode(), clock.now, retained=False)
    assert state.view(clock.now).load == pytest.approx(0.575)


def test_a_frame_is_of_the_past_after_ten_seconds(state, clock):
    """Its age when it was sent and what has passed since are counted together."""
    state.take(JSON, said(age_s=4.0), clock.now, retained=False)
    assert state.view(clock.now + 5.9).fault is None
    assert state.view(clock.now + 5.9).live
    late = state.view(clock.now + 6.1)
    assert (late.fault, late.live, round(late.age_s, 1)) == ("silence", False, 10.1)


def test_what_the_broker_remembers_is_shown_and_switches_nothing(state, clock):
    """A retained frame may be of a gateway that died with the house's power."""
    state.take(JSON, said(), clock.now, retained=True)
    assert (state.view(clock.now).fault, state.view(clock.now).live) == (None, False)
    state.take(JSON, said(), clock.now + 1, retained=False)
    assert state.view(clock.now + 1).live


def test_a_short_loss_of_the_broker_is_no_loss_of_the_meter(state, clock):
    """Reconnected within ten seconds, the retained frame takes nothing from the live one before it."""
    state.take(JSON, said(), clock.now, retained=False)
    state.linked = False
    assert (state.view(clock.now + 2).fault, state.view(clock.now + 2).live) == (None, True)
    state.linked = True
    state.take(JSON, said(age_s=3.0), clock.now + 3, retained=True)
    assert state.view(clock.now + 4).live
    assert not state.view(clock.now + 9.9).live


@pytest.mark.parametrize(
    ("fault", "messages", "linked"),
    [
        ("gateway", [(STATUS, b"offline")], True),
        ("meter", [(JSON, said(stale=True, age_s=12.0))], True),
        ("version", [(JSON, said(version=2))], True),
        ("version", [(JSON, b"{}")], True),
        ("version", [(JSON, b"\xff not json")], True),
        ("waiting", [(JSON, b"")], True),
        ("link", [(JSON, said(age_s=11.0))], False),
    ],
)
def test_each_fault_has_its_name(state, clock, fault, messages, linked):
    """What a person has to look at is told apart."""
    state.take(JSON, said(), clock.now, retained=False)
    state.linked = linked
    for topic, payload in messages:
        state.take(topic, payload, clock.now, retained=False)
    assert state.view(clock.now).fault == fault


def test_a_stale_frame_is_never_live(state, clock):
    """The gateway's own word that the meter is silent opens what was closed."""
    state.take(JSON, said(), clock.now, retained=False)
    state.take(JSON, said(stale=True, age_s=10.0), clock.now + 1, retained=False)
    assert not state.view(clock.now + 1).live


def test_contacts_are_the_standard_modes_own(state, clock):
    """Bit 1 is contact 1; what a meter said before it was switched to historic mode counts no more."""
    state.take(RELAYS, b"140", clock.now, retained=True)
    state.take(JSON, said(), clock.now, retained=False)
    assert [number + 1 for number, closed in enumerate(state.view(clock.now).contacts) if closed] == [3, 4, 8]
    state.take(JSON, said(mode="historic"), clock.now, retained=False)
    assert state.view(clock.now).contacts is None


@pytest.mark.parametrize("payload", [b"", b"256", b"-1", b"closed", b"0001"])
def test_no_contact_is_made_of_noise(payload):
    """Anything but 0 to 255 says nothing."""
    assert parse_contacts(payload) is None
