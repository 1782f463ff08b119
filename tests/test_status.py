"""The state of each link in one word, as the command line and the page show it."""

from gateway.sources.line import LineState
from gateway.sources.tee import Tee
from gateway.status import (
    BROKEN,
    OK,
    WAITING,
    Link,
    as_json,
    as_text,
    decode_link,
    meter_link,
    port_link,
    recipient_links,
    tee_link,
    watcher_link,
)
from gateway.store.points import Backlog
from gateway.tic.quality import Fault, SignalQuality


def test_a_meter_is_mute_after_half_a_minute():
    """Nothing yet is waiting, frames are ok, silence is broken; a file that has ended is not silence."""
    assert meter_link("house", LineState(), 100.0).state == WAITING
    line = LineState(open=True, mode="standard", last_frame=100.0, frames=7)
    assert meter_link("house", line, 130.0).state == OK
    mute = meter_link("house", line, 131.0)
    assert (mute.state, mute.detail.startswith("mute; standard mode, 7 whole frames")) == (BROKEN, True)
    line.ended = True
    assert meter_link("house", line, 500.0).state == OK


def test_what_is_read_comes_with_its_quality():
    """The score of the last minute, hour and day, and the faults of the day by kind."""
    quality = SignalQuality(0.0)
    for second in range(1, 11):
        quality.note(float(second), good=38, faults={Fault.CHECKSUM: 2} if second == 5 else None)
    line = LineState(open=True, mode="standard", last_frame=10.0)
    link = decode_link("house", line, quality, 11.0)
    assert link.state == OK
    assert link.detail == "standard mode; signal 99.48 % (minute), 99.48 % (hour), 99.48 % (day); 2 checksum"


def test_a_port_says_why_it_is_not_open():
    """Open with its speed and its device, broken with its reason, or being opened."""
    assert port_link("house", LineState(open=True, speed=9600), 1.0).detail == "open at 9600 Bd"
    found = LineState(open=True, speed=1200, device="/dev/ttyUSB1, found by its USB identity")
    assert port_link("house", found, 1.0).detail == "open at 1200 Bd (/dev/ttyUSB1, found by its USB identity)"
    broken = port_link("house", LineState(error="plugged in?"), 1.0)
    assert (broken.state, broken.detail) == (BROKEN, "plugged in?")
    assert port_link("house", LineState(), 1.0).state == WAITING


def test_a_tee_says_where_it_is_and_for_how_many():
    """Being opened, open, or why it cannot be."""
    tee = Tee("house", "::1", 7000)
    assert tee_link("house", tee, tee.changed + 1).state == WAITING
    tee.listening = True
    assert tee_link("house", tee, tee.changed) == Link("tee house", OK, 0, "open at [::1]:7000, 0 clients")
    tee.listening, tee.error = False, "cannot listen at [::1]:7000: Address already in use"
    assert tee_link("house", tee, tee.changed) == Link("tee house", BROKEN, 0, tee.error)


def test_who_watches_live_is_said():
    """What, how often, until when."""
    link = watcher_link("coop@b.test", "consumption/power", 5, 1_781_604_000)
    assert (link.link, link.state) == ("watcher coop@b.test", OK)
    assert link.detail == "sees consumption/power live, every 5 s, until 2026-06-16T10:00:00Z"
    assert "everything that it may" in watcher_link("coop@b.test", "", 1, 0).detail


def test_a_recipient_waits_as_long_as_its_oldest_point():
    """The age is that of the point that has waited longest; with an empty queue it has everything."""
    late, done = recipient_links([Backlog("a@b.test", 3, 1000, 9), Backlog("c@d.test", 0, None, 4)], 1600.0)
    assert (late.state, late.age_s, late.detail) == (WAITING, 600.0, "3 points wait")
    assert (done.state, done.age_s, done.detail) == (OK, None, "has everything")
    (gone,) = recipient_links([Backlog("e@f.test", 3, 1000, 9, 1500)], 1600.0)
    assert (gone.state, gone.age_s) == (BROKEN, 100.0)
    assert gone.detail == "suspended: its address is gone; 3 points wait; see `consent resume`"
    text = as_text(as_json([late, done], running=True))
    assert text.splitlines()[1:] == [
        "… recipient a@b.test  waiting   10 min  3 points wait",
        "✓ recipient c@d.test  ok             –  has everything",
    ]
