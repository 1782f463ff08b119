"""What the machine says: a Raspberry Pi's files (a made-up root), the programs on a port, errors in a chain."""

import errno
import os
import struct
import termios
from pathlib import Path

import pytest

from gateway.doctor.causes import Cause, KernelCounts, PiFacts
from gateway.doctor.system import PortWatch, device_group, holders, model, pi_facts, refusal
from tests.containers import held_in_a_container

PI_3, PI_4, PI_5, ZERO = (
    "Raspberry Pi 3 Model B Plus Rev 1.3",
    "Raspberry Pi 4 Model B Rev 1.4",
    "Raspberry Pi 5 Model B Rev 1.0",
    "Raspberry Pi Zero Rev 1.3",
)


@pytest.fixture
def pi(tmp_path):
    """Make the files of a Raspberry Pi: ``pi(board, config=…, cmdline=…, serial0=…, boot=…)``."""

    def make(board, config="", cmdline="root=/dev/mmcblk0p2", serial0="ttyS0", boot="boot/firmware", running=None):
        for folder in ("proc/device-tree", "dev", boot):
            (tmp_path / folder).mkdir(parents=True)
        (tmp_path / "proc/device-tree/model").write_bytes(board.encode() + b"\0")
        (tmp_path / "proc/cmdline").write_text(cmdline if running is None else running)
        (tmp_path / boot / "config.txt").write_text(config)
        (tmp_path / boot / "cmdline.txt").write_text(cmdline)
        (tmp_path / "dev/serial0").symlink_to(serial0)
        return tmp_path

    return make


@pytest.mark.parametrize(
    ("board", "config", "port", "bluetooth"),
    [
        (PI_3, "enable_uart=1", "/dev/serial0", True),
        (PI_4, "enable_uart=1", "/dev/ttyS0", True),
        (PI_4, "enable_uart=1", "/dev/ttyAMA0", True),
        (PI_4, "enable_uart=1\ndtoverlay=disable-bt", "/dev/serial0", False),
        (PI_4, "dtoverlay=miniuart-bt,foo=1", "/dev/serial0", False),
        (PI_4, "#dtoverlay=disable-bt", "/dev/serial0", True),
        (PI_4, "[pi3]\ndtoverlay=disable-bt\n[all]\nenable_uart=1", "/dev/serial0", True),
        (PI_4, "[pi4]\ndtoverlay=disable-bt\n[all]\nenable_uart=1", "/dev/serial0", False),
        (PI_4, "[none]\ndtoverlay=disable-bt", "/dev/serial0", True),
        (PI_4, "enable_uart=1", "/dev/ttyUSB0", False),
        (PI_5, "dtparam=uart0=on", "/dev/ttyAMA0", False),
        (ZERO, "", "/dev/ttyAMA0", False),
        ("Some other board", "", "/dev/ttyS0", False),
    ],
)
def test_bluetooth_on_the_port_is_read_from_the_boot_settings(pi, board, config, port, bluetooth):
    """Only boards that share the port, only without the overlay, only for the header's port."""
    assert pi_facts(port, pi(board, config)).bluetooth is bluetooth


@pytest.mark.parametrize(
    ("cmdline", "running", "port", "console"),
    [
        ("console=serial0,115200 console=tty1", None, "/dev/serial0", True),
        ("console=serial0,115200 console=tty1", None, "/dev/ttyS0", True),
        ("console=tty1", "console=ttyS0,115200 console=tty1", "/dev/serial0", True),
        ("console=tty1", None, "/dev/serial0", False),
        ("console=serial0,115200", None, "/dev/ttyAMA0", False),
        ("console=serial0,115200", None, "/dev/ttyUSB0", False),
    ],
)
def test_a_console_on_the_port_is_read_from_the_kernels_words(pi, cmdline, running, port, console):
    """Under either of the port's names, as configured and as it runs."""
    assert pi_facts(port, pi(PI_4, "enable_uart=1", cmdline, running=running)).console is console


def test_a_login_on_the_port_is_a_console(pi):
    """A getty that somebody enabled needs no console= word."""
    root = pi(PI_4)
    wants = root / "etc/systemd/system/getty.target.wants"
    wants.mkdir(parents=True)
    (wants / "serial-getty@ttyS0.service").touch()
    assert pi_facts("/dev/serial0", root).console
    assert not pi_facts("/dev/ttyAMA0", root).console


@pytest.mark.parametrize(
    ("board", "config", "off"),
    [
        (PI_4, "", True),
        (PI_4, "enable_uart=1", False),
        (PI_4, "dtoverlay=disable-bt", False),
        (PI_5, "", True),
        (PI_5, "dtparam=uart0=on", False),
        (ZERO, "", False),
    ],
)
def test_a_port_that_is_switched_off_is_known(pi, board, config, off):
    """Which boards have their port on by default differs."""
    assert pi_facts("/dev/ttyAMA0", pi(board, config)).off is off


# Where the kernels' own descriptions have it: Debian's 7.3 (bcm2712-rpi-5-b.dtb) knows the RP1's Ethernet and no serial
# port; Raspberry Pi's has five.
DEBIANS, RASPBERRYS = (
    "axi/pcie@1000120000/pci@0,0/dev@0,0/pci-ep-bus@1/ethernet@40100000",
    "axi/pcie@1000120000/rp1/serial@30000",
)


@pytest.mark.parametrize(
    ("board", "known", "port", "absent"),
    [
        (PI_5, DEBIANS, "/dev/serial0", True),
        (PI_5, DEBIANS, "/dev/ttyAMA0", True),
        (PI_5, DEBIANS, "/dev/ttyUSB0", False),
        (PI_5, RASPBERRYS, "/dev/ttyAMA0", False),
        (PI_5, "", "/dev/ttyAMA0", False),
        ("Raspberry Pi Compute Module 5 Rev 1.0", DEBIANS, "/dev/ttyAMA0", True),
        (PI_4, "axi/pcie@7d500000", "/dev/ttyS0", False),
    ],
)
def test_a_kernel_without_a_port_on_the_pins_is_known(pi, board, known, port, absent):
    """By its own description of the board; where that cannot be read nothing is claimed."""
    root = pi(board, "enable_uart=1", serial0="ttyAMA0")
    (root / "proc/device-tree" / known).mkdir(parents=True, exist_ok=True)
    assert pi_facts(port, root).absent is absent


def test_the_folder_of_older_systems_is_read_as_well(pi):
    """Before bookworm the files were in /boot."""
    assert not pi_facts("/dev/serial0", pi(PI_4, "dtoverlay=disable-bt", boot="boot")).bluetooth


def test_a_machine_that_says_nothing_is_no_error(tmp_path):
    """No file at all: nothing is known, nothing is claimed."""
    assert pi_facts("/dev/ttyS0", tmp_path) == PiFacts()
    assert model(tmp_path) == ""
    assert device_group(tmp_path / "none") == "dialout"


def test_the_number_of_an_error_is_found_wherever_it_is():
    """In the error, in its cause, in what it was raised during, in termios's own form."""
    deep = ValueError("outer")
    deep.__cause__ = RuntimeError("middle")
    deep.__cause__.__context__ = termios.error(errno.ENOTTY, "not a tty")
    assert refusal(deep) is Cause.NOT_A_PORT
    assert refusal(OSError(errno.EACCES, "no")) is Cause.PERMISSION_DENIED
    assert refusal(OSError(errno.EPERM, "not permitted")) is Cause.PORT_NOT_ALLOWED
    assert refusal(OSError(errno.EAGAIN, "busy")) is Cause.PORT_HELD
    assert refusal(ValueError("nothing to see")) is Cause.NO_ANSWER


def test_a_look_at_what_is_no_port_knows_nothing(tmp_path):
    """Neither settings nor counts, and closing twice is harmless."""
    (tmp_path / "file").touch()
    for name in ("file", "none"):
        watch = PortWatch(tmp_path / name)
        assert (watch.settings(), watch.counts()) == (None, None)
        watch.close()
        watch.close()
        assert watch.settings() is None


def test_the_kernels_counters_are_those_of_linux(monkeypatch):
    """Where a port counts, what was counted before we came is not ours (linux/serial.h: the order of the counters)."""
    asked = []

    def counters(fd, request, room):
        asked.append((request, len(room)))
        begin, end = [100] * 20, [*range(100, 111), *[0] * 9]
        return struct.pack("20i", *(begin if len(asked) == 1 else end))

    monkeypatch.setattr("gateway.doctor.system.fcntl.ioctl", counters)
    watch = PortWatch("/dev/null")
    assert watch.counts() == KernelCounts(framing=6, overrun=7 + 10, parity=8, breaks=9, received=4)
    watch.close()
    assert asked == [(0x545D, 80)] * 2


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may have a /dev/pts of its own")
def test_a_terminal_of_a_container_is_not_ours():
    """It has the name and the number of ours, and is in another /dev/pts."""
    end, device = os.openpty()
    try:
        with held_in_a_container(os.ttyname(device)):
            assert [holder.pid for holder in holders(Path(os.ttyname(device)))] == []
    finally:
        os.close(end)
        os.close(device)
