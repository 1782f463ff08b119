"""A running gateway's status to causes; its sentences are those of the gateway's own sources."""

import asyncio
import errno
import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.doctor.causes import Cause, causes
from gateway.doctor.daemon import findings
from gateway.doctor.listen import Target, listen
from gateway.errors import PortError
from gateway.links.link import Link, LinkKind, as_json, clock_link, decode_link, meter_link, port_link
from gateway.sources.line import LineState
from gateway.sources.serial_port import _ADVICE
from gateway.sources.source import parse_source
from gateway.tic.clock import MeterClock
from gateway.tic.quality import Fault, SignalQuality
from gateway.words.phrase import same

NOW = 1000.0


def named(**state):
    """The causes for a line in this state."""
    line = LineState(**{"open": True, "changed": 0.0, "speed": 9600, **state})
    status = as_json([meter_link("house", line, NOW), port_link("house", line, NOW)], running=True)
    return [finding.cause for finding in findings(status, "house")]


def sentence(source):
    """What the gateway's own source says when it cannot be opened."""
    made = parse_source(str(source), Path())
    with pytest.raises(PortError) as caught:
        asyncio.run(made.open())
    return str(caught.value)


def test_a_sound_line_is_well():
    """Frames come, hardly a group is bad."""
    sound = {"mode": "standard", "last_frame": NOW - 1, "frames": 5000, "partial": 2, "bad_groups": 3}
    assert named(**sound) == [Cause.ALL_WELL]


@pytest.mark.parametrize(("bad", "causes"), [(90, [Cause.WEAK_SIGNAL, Cause.LOOSE_WIRE]), (4, [Cause.ALL_WELL])])
def test_a_line_with_many_bad_groups_is_weak_or_loose(bad, causes):
    """Which of them the gateway's figures do not tell (nasty input 1.13)."""
    quality = SignalQuality(NOW - 100)
    for second in range(100):
        quality.note(NOW - 100 + second, good=9, faults={Fault.CHECKSUM: second < bad})
    line = LineState(open=True, changed=0.0, speed=9600, mode="standard", last_frame=NOW - 1, frames=50)
    links = [meter_link("house", line, NOW), port_link("house", line, NOW), decode_link("house", line, quality, NOW)]
    assert [finding.cause for finding in findings(as_json(links, running=True), "house")] == causes


def test_a_clock_that_is_not_believed_is_named():
    """The meter's when the host knows better, the host's when nobody does."""
    line = LineState(open=True, changed=0.0, speed=9600, mode="standard", last_frame=NOW - 1, frames=50)
    clock = MeterClock()
    noon = datetime(2026, 7, 1, 12, tzinfo=UTC)
    for _ in range(3):
        clock.choose(noon + timedelta(hours=3.5), noon)
    for kept, cause in ((0, Cause.METER_CLOCK), (7, Cause.HOST_CLOCK)):
        links = [meter_link("house", line, NOW), clock_link("house", line, clock, kept, host_knows=not kept)]
        assert [finding.cause for finding in findings(as_json(links, running=True), "house")] == [cause]


def test_a_mute_meter_is_told_and_not_explained():
    """Once heard and now mute, or never heard though the port has been open for long; why, only listening tells."""
    assert named(last_frame=NOW - 100, frames=5) == [Cause.MUTE]
    assert named() == [Cause.MUTE]


def test_a_board_that_was_never_heard_is_away():
    """Its meter is not called mute: nobody knows what it says."""
    unheard = {"open": False, "waiting": same("the board has not been heard yet")}
    assert named(**unheard) == [Cause.BOARD_AWAY]
    assert named(**unheard, changed=NOW - 5) == [Cause.NOT_YET]


def test_a_board_is_asked_of_the_gateway(tmp_path):
    """Without a running gateway the doctor says that only it hears boards."""
    evidence = listen(Target("house", "board:salon", parse_source("board:salon", tmp_path)), 1)
    assert [finding.cause for finding in causes(evidence)] == [Cause.GATEWAY_OFF]


def test_a_gateway_that_has_just_started_is_given_time():
    """No frame yet is neither well nor wrong."""
    assert named(changed=NOW - 5) == [Cause.NOT_YET]


def test_the_sentences_of_the_sources_are_understood(tmp_path):
    """Every way in which a port cannot be opened, in the gateway's words of today."""
    (tmp_path / "file").touch()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    said = {
        sentence(tmp_path / "none"): Cause.NO_SUCH_PORT,
        sentence(tmp_path / "file"): Cause.NOT_A_PORT,
        sentence(f"socket://127.0.0.1:{port}"): Cause.NO_ANSWER,
    }
    end, device = os.openpty()
    source = parse_source(os.ttyname(device), Path())
    asyncio.run(source.open())
    said[sentence(os.ttyname(device))] = Cause.PORT_HELD
    source.close()
    os.close(device)
    os.close(end)
    for text, cause in said.items():
        assert named(open=False, error=same(text)) == [cause], text
    assert named(open=False, error=same("/dev/ttyTIC: permission denied: add the user to …")) == [
        Cause.PERMISSION_DENIED
    ]
    assert named(open=False, error=same(f"/dev/ttyTIC: {_ADVICE[errno.EPERM]}")) == [Cause.PORT_NOT_ALLOWED]
    assert named(open=False, error=same("/dev/ttyTIC: lost: unplugged")) == [Cause.PORT_LOST]
    assert named(open=False, error=same("board salon: it is gone: has it power, and Wi-Fi?")) == [Cause.BOARD_AWAY]
    assert named(open=False, error=same("board salon: the MQTT broker is away")) == [Cause.BROKER_AWAY]
    assert named(open=False, error=same("usb:@1-1.2: no such adapter: is it plugged in? …")) == [Cause.NO_SUCH_PORT]
    assert named(open=False, error=same("/dev/ttyUSB0: its adapter is gone, and another …")) == [Cause.NO_SUCH_PORT]
    assert named(open=False, error=same("usb:0403:6015: several adapters answer to …")) == [Cause.SEVERAL_PORTS]
    assert named(open=False, error=same("something new")) == [Cause.UNKNOWN]


@pytest.mark.parametrize("before", [Cause.NOT_YET, Cause.ALL_WELL, Cause.SILENT])
def test_a_port_that_was_lost_just_now_is_lost(before):
    """What was judged of the bytes of before is not the last word; what was found wrong with them is."""
    line = LineState(open=False, changed=NOW - 1, error=same("/dev/ttyTIC: lost: no device behind this port"))
    links = [meter_link("house", line, NOW), port_link("house", line, NOW)]
    for judged, cause in ((before, Cause.NO_SUCH_PORT), (Cause.COOKED_TTY, Cause.COOKED_TTY)):
        doctor = Link(LinkKind.DOCTOR, "house", "ok", 1.0, same("as it was"), cause=judged.value)
        found = findings(as_json([*links, doctor], running=True), "house")
        assert [finding.cause for finding in found] == [cause]


def test_frames_that_come_are_well_before_anything_is_judged():
    """In the first seconds of a gateway nothing is known of the bytes, and the link says that all is well."""
    line = LineState(open=True, changed=NOW - 2, speed=9600, mode="standard", last_frame=NOW - 1, frames=2)
    doctor = Link(LinkKind.DOCTOR, "house", "waiting", 1.0, same("too early"), cause=Cause.NOT_YET.value)
    links = [meter_link("house", line, NOW), port_link("house", line, NOW), doctor]
    assert [finding.cause for finding in findings(as_json(links, running=True), "house")] == [Cause.ALL_WELL]


def test_a_meter_that_the_gateway_does_not_know_is_unknown():
    """The configuration has changed since it was started."""
    assert [finding.cause for finding in findings({"links": []}, "shed")] == [Cause.UNKNOWN]
