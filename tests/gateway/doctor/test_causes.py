"""Evidence to causes: what no simulated port can show, and the order of what is found."""

from dataclasses import replace

import pytest

from gateway.doctor.causes import Cause, Finding, KernelCounts, PiFacts, PortEvidence, PortSettings, causes
from gateway.doctor.heard import SpeedListener
from gateway.tic.frame import STANDARD, Group, encode_group

GROUPS = [
    Group("ADSC", "041876097490", None),
    Group("EAST", "000123456", None),
    Group("IRMS1", "002", None),
    Group("URMS1", "231", None),
    Group("SINSTS", "00462", None),
]
FRAME = b"\x02" + b"".join(encode_group(STANDARD, group) for group in GROUPS) + b"\x03"


def heard(data, *, speed=9600, seconds=15.0):
    """What an ear makes of the bytes, as they would come."""
    ear, step = SpeedListener(speed, 0.0, seconds), max(1, len(data) // 50)
    pieces = [data[at : at + step] for at in range(0, len(data), step)]
    for place, piece in enumerate(pieces):
        ear.take(piece, place * seconds / max(1, len(pieces)))
    return ear.heard(seconds)


def named(**evidence):
    """The causes by name, the likeliest first."""
    return [finding.cause for finding in causes(PortEvidence(**evidence))]


SOUND = heard(FRAME * 12)
SILENT = heard(b"")
GARBAGE = heard(bytes(range(128, 256)) * 20)
EIGHT_N_ONE = heard(bytes(byte | byte.bit_count() % 2 << 7 for byte in FRAME * 12))


def test_nothing_wrong_is_all_well():
    """Frames without a fault, raw settings, no errors in the kernel."""
    found = named(heard=(SOUND,), settings=PortSettings(raw=True, speed=9600), kernel=KernelCounts())
    assert found == [Cause.ALL_WELL]


def test_a_bad_group_now_and_then_is_nobodys_fault():
    """One or two of hundreds are not worth a household's time; one in ten is."""
    damaged = FRAME.replace(b"00462", b"00463")
    assert named(heard=(heard(FRAME * 5 + damaged * 2 + FRAME * 5),)) == [Cause.ALL_WELL]
    assert named(heard=(heard((FRAME + damaged) * 6),))[0] is Cause.WEAK_SIGNAL


def test_bytes_that_the_computer_lost_are_an_overrun_and_no_loose_wire():
    """The kernel counted them: the wire is not to blame."""
    holes = heard(FRAME.replace(b"00462", b"0046") * 12)
    assert named(heard=(holes,))[0] is Cause.LOOSE_WIRE
    assert named(heard=(holes,), kernel=KernelCounts(overrun=40))[0] is Cause.OVERRUN


@pytest.mark.parametrize("listened", [SILENT, GARBAGE, EIGHT_N_ONE], ids=["silent", "garbage", "8n1"])
def test_bluetooth_on_the_port_is_named_where_the_port_is_bad(listened):
    """The Pi's good port serves Bluetooth: silence, garbage and 8N1 have this one cause."""
    assert named(heard=(listened,), pi=PiFacts(bluetooth=True))[0] is Cause.BLUETOOTH_ON_UART


@pytest.mark.parametrize("fact", ["bluetooth", "console", "off"])
def test_a_setting_of_the_pi_is_no_fault_while_all_is_well(fact):
    """What does no harm is not named."""
    assert named(heard=(SOUND,), pi=PiFacts(**{fact: True})) == [Cause.ALL_WELL]


def test_a_console_on_the_port_is_named():
    """By its program that has the port, or by the boot settings where the port is bad."""
    assert named(refusal=Cause.PORT_HELD, holders=("agetty",))[0] is Cause.SERIAL_CONSOLE
    assert named(heard=(SOUND,), holders=("login",))[0] is Cause.SERIAL_CONSOLE
    assert named(heard=(GARBAGE,), pi=PiFacts(console=True))[0] is Cause.SERIAL_CONSOLE
    damaged = heard((FRAME + FRAME.replace(b"00462", b"00463")) * 6)
    assert named(heard=(damaged,), pi=PiFacts(console=True))[0] is Cause.SERIAL_CONSOLE


def test_a_port_that_is_switched_off_is_told_from_one_that_is_unplugged():
    """Only where the Pi's settings say so."""
    assert named(refusal=Cause.NO_SUCH_PORT) == [Cause.NO_SUCH_PORT]
    assert named(refusal=Cause.NO_SUCH_PORT, pi=PiFacts(off=True))[0] is Cause.UART_OFF


def test_pins_that_the_kernel_does_not_serve_are_told_from_a_port_that_is_switched_off():
    """No setting would switch it on; a port that is there and is refused for another reason is no such matter."""
    absent = PiFacts(absent=True, off=True)
    assert named(refusal=Cause.NO_SUCH_PORT, pi=absent)[0] is Cause.NO_HEADER_PORT
    assert named(refusal=Cause.PORT_HELD, pi=absent) == [Cause.PORT_HELD]


def test_a_port_that_checks_nothing_hides_no_fault():
    """Nothing is lost by 8N1: what is lost besides comes first, for a gateway calls such a line well."""
    assert named(heard=(EIGHT_N_ONE,)) == [Cause.EIGHT_N_ONE]
    for hurt, cause in (({"dropouts": 3}, Cause.LOOSE_WIRE), ({"interrupted": 9}, Cause.LONG_SILENCES)):
        assert named(heard=(replace(EIGHT_N_ONE, **hurt),)) == [cause, Cause.EIGHT_N_ONE]
    unchecked = PortSettings(raw=True, speed=9600, checked=False)
    assert named(heard=(GARBAGE,), settings=unchecked)[0] is not Cause.EIGHT_N_ONE


def test_a_byte_of_noise_a_minute_is_silence():
    """A wire that hangs in the air is not a speed."""
    assert named(heard=(heard(b"\xff\x13"), heard(b"\x80", speed=1200)))[0] is Cause.SILENT


def test_what_cannot_be_explained_is_unknown():
    """The doctor never answers nothing, and never raises."""
    assert named() == [Cause.SILENT]
    assert Cause.UNKNOWN in named(heard=(heard(b"hello, world! " * 30),))


def test_the_likeliest_cause_comes_first_and_none_comes_twice():
    """Confidences fall, and are between 0 and 1."""
    found = causes(
        PortEvidence(
            lost=True,
            holders=("cat",),
            mode="historic",
            heard=(EIGHT_N_ONE,),
            settings=PortSettings(raw=False, speed=1200),
        )
    )
    confidences = [finding.confidence for finding in found]
    assert confidences == sorted(confidences, reverse=True)
    assert all(0 < confidence <= 1 for confidence in confidences)
    assert len({finding.cause for finding in found}) == len(found) >= 5
    assert found[0] == Finding(Cause.PORT_LOST, 0.97)
