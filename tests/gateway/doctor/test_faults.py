"""The faults that a simulated meter can have, each produced for real on a port, and named right."""

import contextlib
import fcntl
import os
import socket
import subprocess
import sys
import termios
import threading
from pathlib import Path

import pytest

from gateway.doctor.causes import Cause
from meter.process import SimulatedMeter
from tests.rights import without_rights

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
FRAMES = ROOT / "tests" / "frames"
DEADLINE_S = 20.0

# A meter that runs twenty times as fast as a real one says several frames in half a second, at either speed; the rest
# is for a busy machine.
QUICK = {"speed": 20}
HEARD_S = 3.0
# Where the first bytes, or none, tell all.
SHORT_S = 1.5
LOOP = {"tcp": "127.0.0.1:0", "loop": True, **QUICK}


@pytest.fixture
def link(tmp_path):
    """Where the meter's port appears."""
    return tmp_path / "linky"


def set_port(path, change):
    """What a careless program does: opens the port and sets it its own way."""
    port = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    settings = termios.tcgetattr(port)
    change(settings)
    termios.tcsetattr(port, termios.TCSANOW, settings)
    os.close(port)


@pytest.mark.parametrize("mode", ["standard", "historic"])
def test_a_sound_meter_is_well(link, examine, mode):
    """Nothing wrong is found where nothing is, in both modes and at both speeds."""
    with SimulatedMeter(link, mode=mode, patient=True, **QUICK) as meter:
        seen = examine(meter.path, HEARD_S)
    assert seen.causes == [Cause.ALL_WELL], seen.evidence
    assert seen.evidence.best.mode == mode
    assert seen.evidence.best.score == 100.0


@pytest.mark.parametrize("mode", ["standard", "historic"])
@pytest.mark.parametrize("noise", ["0.01", "0.1", "0.3"])
def test_flipped_bits_are_a_weak_signal(link, examine, mode, noise):
    """A resistor that is too high flips bits here and there; also when hardly a group survives."""
    with SimulatedMeter(link, mode=mode, noise=noise, **QUICK) as meter:
        seen = examine(meter.path, HEARD_S)
    assert seen.first is Cause.WEAK_SIGNAL, seen


def test_flipped_bits_that_no_parity_shows_are_a_weak_signal(link, examine):
    """A port that lets bad characters pass, or an 8N1 one: the damaged lines still keep their length."""
    for deliver in ("7e1", "8n1"):
        with SimulatedMeter(link, noise="0.03", deliver=deliver, **QUICK) as meter:
            seen = examine(meter.path, HEARD_S)
        assert Cause.WEAK_SIGNAL in seen.causes, (deliver, seen)
        assert Cause.LOOSE_WIRE not in seen.causes, (deliver, seen)


@pytest.mark.parametrize("mode", ["standard", "historic"])
@pytest.mark.parametrize("drop", ["0.01", "0.1"])
def test_lost_characters_are_a_loose_wire(link, examine, mode, drop):
    """A bad contact takes characters away and alters none."""
    with SimulatedMeter(link, mode=mode, drop=drop, **QUICK) as meter:
        seen = examine(meter.path, HEARD_S)
    assert seen.first is Cause.LOOSE_WIRE, seen


def test_a_wire_that_goes_dead_and_comes_back_is_loose(link, examine, once_heard):
    """Silence that the meter does not announce, in the middle of a frame."""
    with SimulatedMeter(link, **QUICK) as meter:
        # Four times: on a busy machine the silence begins late, and its end is what shows it.
        seen = examine(meter.path, 4 * HEARD_S, progress=once_heard(lambda: meter.command("silence 2.6")))
    assert seen.first is Cause.LOOSE_WIRE, seen
    assert seen.evidence.best.dropouts == 1


def test_a_dead_wire_is_silence(link, examine):
    """Not a byte at either speed (nasty input 2.3)."""
    with SimulatedMeter(link, **QUICK) as meter:
        meter.command("silence 60")
        seen = examine(meter.path, SHORT_S)
    assert seen.first is Cause.SILENT, seen


@pytest.mark.parametrize(("configured", "sent"), [("historic", "standard"), ("standard", "historic")])
def test_a_meter_in_the_other_mode_is_told_from_a_bad_line(link, examine, configured, sent):
    """The configured mode is not the meter's (nasty input 2.3)."""
    with SimulatedMeter(link, mode=sent, **QUICK) as meter:
        seen = examine(meter.path, HEARD_S, mode=configured)
    assert seen.first is Cause.OTHER_MODE, seen
    assert seen.evidence.best.mode == sent


@pytest.mark.parametrize("mode", ["standard", "historic"])
def test_a_port_that_keeps_the_parity_is_8n1(link, examine, mode):
    """Bit 7 holds the parity; the groups are understood all the same (nasty input 2.6)."""
    with SimulatedMeter(link, mode=mode, deliver="8n1", patient=True, **QUICK) as meter:
        seen = examine(meter.path, HEARD_S)
    assert seen.causes == [Cause.EIGHT_N_ONE], seen
    assert seen.evidence.best.bad == 0


@pytest.mark.parametrize(("mode", "speed"), [("historic", 9600), ("standard", 1200)])
def test_a_port_at_the_wrong_speed_is_named_so(link, examine, mode, speed):
    """A meter slower or faster than the port gives garbage of its own kind."""
    with SimulatedMeter(link, mode=mode, **QUICK) as meter:
        seen = examine(meter.path, HEARD_S, speeds=(speed,))
    assert seen.first is Cause.WRONG_SPEED, seen


def test_garbage_that_a_device_passes_on_is_a_wrong_speed(examine):
    """Where the speed is somebody else's affair, only the characters tell it (nasty input 2.1)."""
    garbage = bytes.fromhex("00406070787c00607c7860") * 40
    heard = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def send():
            client, _ = server.accept()
            with client:
                client.sendall(garbage)
                heard.wait(DEADLINE_S)

        thread = threading.Thread(target=send)
        thread.start()
        seen = examine(f"socket://127.0.0.1:{server.getsockname()[1]}", SHORT_S)
        heard.set()
        thread.join(DEADLINE_S)
    assert seen.first is Cause.WRONG_SPEED, seen


def test_a_speed_that_another_program_sets_is_a_wrong_speed(link, examine, once_heard):
    """The settings after listening are not ours."""

    def change(settings):
        settings[4] = settings[5] = termios.B19200

    with SimulatedMeter(link, speed=5) as meter:
        seen = examine(meter.path, HEARD_S, progress=once_heard(lambda: set_port(meter.path, change)))
    assert seen.first is Cause.WRONG_SPEED, seen


def test_a_port_that_becomes_a_terminal_again_is_named_so(link, examine, once_heard):
    """Another program sets the port back to a terminal's settings while we listen."""

    def change(settings):
        settings[0] |= termios.ICRNL
        settings[3] |= termios.ICANON | termios.ISIG

    with SimulatedMeter(link, **QUICK) as meter:
        seen = examine(meter.path, HEARD_S, progress=once_heard(lambda: set_port(meter.path, change)))
    assert seen.first is Cause.COOKED_TTY, seen


def test_a_port_that_was_left_as_a_terminal_does_no_harm(link, examine):
    """Every port is one after a start of the machine; the gateway sets it raw, so nothing is wrong."""

    def change(settings):
        settings[0] |= termios.ICRNL
        settings[3] |= termios.ICANON | termios.ISIG

    with SimulatedMeter(link, **QUICK) as meter:
        set_port(meter.path, change)
        seen = examine(meter.path, HEARD_S)
    assert seen.causes == [Cause.ALL_WELL], seen


def test_lines_that_a_device_has_translated_are_a_terminal(tmp_path, examine):
    """CR made LF somewhere on the way, where no setting can be looked at (nasty input 2.6)."""
    frame = (FRAMES / "real" / "s1-hc-linky-enedis.raw").read_bytes()
    (tmp_path / "cooked.raw").write_bytes(frame.replace(b"\r", b"\n").replace(b"\x03", b"") * 3)
    with SimulatedMeter(tmp_path / "unused", replay=tmp_path / "cooked.raw", mode="standard", **LOOP) as meter:
        seen = examine(meter.path, HEARD_S)
    assert seen.first is Cause.COOKED_TTY, seen


@pytest.mark.parametrize("mark", [b"\x03", b"\x02"])
def test_frames_without_their_marks_are_named_so(tmp_path, examine, mark):
    """Good groups in frames of which none is whole (nasty input 1.6)."""
    frame = (FRAMES / "real" / "s1-hc-linky-enedis.raw").read_bytes()
    (tmp_path / "marks.raw").write_bytes(frame.replace(mark, b"") * 8)
    with SimulatedMeter(tmp_path / "unused", replay=tmp_path / "marks.raw", **LOOP) as meter:
        seen = examine(meter.path, HEARD_S)
    assert seen.first is Cause.FRAME_MARKS, seen


@pytest.mark.parametrize("mode", ["standard", "historic"])
def test_a_meter_that_is_read_from_afar_is_interrupted(link, examine, mode):
    """EOT after EOT, and pauses after them: telereading, not a bad line (nasty input 1.16)."""
    stop = threading.Event()

    def interrupt(meter):
        while not stop.wait(0.02):
            meter.command("eot")

    with SimulatedMeter(link, mode=mode, **QUICK) as meter:
        teller = threading.Thread(target=interrupt, args=(meter,))
        teller.start()
        try:
            seen = examine(meter.path, HEARD_S)
        finally:
            stop.set()
            teller.join(DEADLINE_S)
    assert seen.first is Cause.LONG_SILENCES, seen


def test_an_overload_of_three_phases_is_no_interruption(link, examine, once_heard):
    """Short frames after an EOT are what such a meter has to send (nasty input 6.3)."""
    with SimulatedMeter(link, mode="historic", phases=3, power=9, **QUICK) as meter:
        seen = examine(meter.path, 2 * HEARD_S, progress=once_heard(lambda: meter.command("overload on")))
    assert seen.causes == [Cause.ALL_WELL], seen


def test_an_adapter_that_is_not_there_is_named_so(link, examine):
    """Unplugged before we come."""
    with SimulatedMeter(link, **QUICK) as meter:
        meter.command("unplug")
        seen = examine(meter.path, SHORT_S)
    assert seen.causes == [Cause.NO_SUCH_PORT]


def test_an_adapter_that_vanishes_is_named_so(link, examine, once_heard):
    """Unplugged while we listen (nasty input 8.1)."""
    with SimulatedMeter(link, **QUICK) as meter:
        seen = examine(meter.path, 10.0, progress=once_heard(lambda: meter.command("unplug")))
    assert seen.first is Cause.PORT_LOST, seen


def test_a_port_without_rights_is_named_so(link, examine):
    """The user may not open it."""
    with SimulatedMeter(link, permissions="000", **QUICK) as meter:
        device = os.path.realpath(meter.path)
        with without_rights():
            seen = examine(device, SHORT_S)
    assert seen.causes == [Cause.PERMISSION_DENIED]


HOLD = """
import fcntl, os, sys, termios
port = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
if sys.argv[2] == "flock":
    fcntl.flock(port, fcntl.LOCK_EX)
if sys.argv[2] == "exclusive":
    fcntl.ioctl(port, termios.TIOCEXCL)
print("held", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def held(path, how):
    """Another program has the port open, and keeps it for itself in its own way."""
    command = [sys.executable, "-c", HOLD, str(path), how]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"held\n"
        yield other
        other.stdin.close()


@pytest.mark.parametrize("how", ["flock", "exclusive", "careless"])
def test_a_port_that_another_program_has_is_named_with_it(link, examine, how):
    """Locked, kept, or merely open: half of the bytes would be the other's."""
    with SimulatedMeter(link, permissions="666", **QUICK) as meter, held(meter.path, how) as other:
        name = Path(f"/proc/{other.pid}/comm").read_text().strip()
        device = os.path.realpath(meter.path)
        with without_rights() if how == "exclusive" else contextlib.nullcontext():
            seen = examine(device, HEARD_S)
    assert seen.first is Cause.PORT_HELD, seen
    if how != "exclusive" or os.geteuid():
        assert seen.evidence.holders == (name,)


def test_a_device_that_hangs_up_is_named_so(tmp_path, examine, once_heard):
    """The connection ends while we listen."""
    with SimulatedMeter(tmp_path / "unused", tcp="127.0.0.1:0", **QUICK) as meter:
        seen = examine(meter.path, 10.0, progress=once_heard(lambda: meter.command("unplug")))
    assert seen.first is Cause.NO_ANSWER, seen


def test_a_device_that_does_not_answer_is_named_so(examine):
    """Nobody listens at the address."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    seen = examine(f"socket://127.0.0.1:{port}", SHORT_S)
    assert seen.causes == [Cause.NO_ANSWER]


def test_what_is_no_port_is_named_so(tmp_path, examine):
    """A file by that name."""
    (tmp_path / "file").write_bytes(b"")
    assert examine(tmp_path / "file", SHORT_S).causes == [Cause.NOT_A_PORT]


def test_a_doctor_leaves_nothing_open(link, examine):
    """Neither the port nor the second look at it."""
    with SimulatedMeter(link, **QUICK) as meter:
        before = len(list(Path("/proc/self/fd").iterdir()))
        examine(meter.path, 0.3)
        assert len(list(Path("/proc/self/fd").iterdir())) == before
        with Path(meter.path).open("rb") as port:
            fcntl.flock(port, fcntl.LOCK_EX | fcntl.LOCK_NB)
