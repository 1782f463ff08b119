"""Whether the host knows the time: what a board, a computer and a time service show of it."""

import time

import pytest

from gateway.daemon.clock import HostClock, SystemdClock, boottime, kernel_synchronized

BATTERY = {"hctosys": "1", "since_epoch": "1790000000"}
NOW = 1_790_000_010


class Machine:
    """A machine's files and clocks, set by hand."""

    def __init__(self, root):
        self.root, self.wall, self.boot, self.synchronized = root, float(NOW), 20.0, False
        self.write("proc/sys/kernel/random/boot_id", "3f1c\n")
        self.write("sys/firmware/devicetree/base/model", "Raspberry Pi 4 Model B")

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def clock(self, **options):
        return HostClock(
            root=self.root,
            wall=lambda: self.wall,
            since_boot=lambda: self.boot,
            synchronized=lambda: self.synchronized,
            **options,
        )

    def pass_time(self, seconds=2):
        self.wall += seconds
        self.boot += seconds


@pytest.fixture
def board(tmp_path):
    """A Raspberry Pi that has just started, with no network."""
    return Machine(tmp_path)


def test_a_board_that_nobody_told_the_time_does_not_know_it(board):
    """However long it runs."""
    clock = board.clock()
    for _ in range(100):
        board.pass_time(600)
        assert not clock.knows()


def test_the_kernel_says_when_a_time_service_keeps_its_clock(board):
    """And once known it stays known, whatever the network does."""
    clock = board.clock()
    board.synchronized = True
    board.pass_time()
    assert clock.knows()
    board.synchronized = False
    board.pass_time()
    assert clock.knows()


def test_systemds_time_service_is_believed(board):
    """Its mark is there after the first answer of a time server."""
    clock = board.clock()
    board.write("run/systemd/timesync/synchronized", "")
    board.pass_time()
    assert clock.knows()


def test_a_clock_that_somebody_sets_is_set(board):
    """By hand or by a service that does not tell the kernel: the jump shows it, a slow correction does not."""
    clock = board.clock()
    board.pass_time()
    board.wall += 1
    assert not clock.knows()
    board.pass_time()
    board.wall += 86_400 * 30
    assert clock.knows()


@pytest.mark.parametrize(
    ("rtc", "knows"),
    [
        (BATTERY, True),
        (BATTERY | {"hctosys": "0"}, False),
        (BATTERY | {"since_epoch": "86400"}, False),
        (BATTERY | {"since_epoch": "?"}, False),
    ],
    ids=["battery", "not taken from it", "empty battery", "unreadable"],
)
def test_a_clock_with_a_battery_is_believed_while_it_shows_this_time(board, rtc, knows):
    """A Raspberry Pi 5 without a battery has such a clock, too, and it begins with 1970."""
    for name, text in rtc.items():
        board.write(f"sys/class/rtc/rtc0/{name}", text)
    assert board.clock().knows() is knows


def test_a_computer_that_is_no_board_knows_the_time(board):
    """It has a battery, or a host."""
    (board.root / "sys/firmware/devicetree/base/model").unlink()
    assert board.clock().knows()


def test_a_kernel_that_does_not_tell_is_believed(board):
    """In a container that may not ask, waiting would be for ever."""
    board.synchronized = None
    assert board.clock().knows()


@pytest.mark.parametrize(
    ("says", "known"),
    [("echo b true", True), ("echo b false", False), ("exit 1", False), ("echo no such thing", False)],
)
def test_where_the_kernel_may_not_be_asked_systemd_is(tmp_path, says, known):
    """``ProtectClock=yes`` forbids the question; a systemd that does not answer yet has not said yes."""
    assert SystemdClock(("/bin/sh", "-c", says), tmp_path).synchronized() is known


def test_systemd_is_asked_seldom_and_where_there_is_none_not_at_all(tmp_path):
    """Each question is a process."""
    asked, time = tmp_path / "asked", [100.0]
    clock = SystemdClock(("/bin/sh", "-c", f"echo >>{asked}; echo b true"), tmp_path, lambda: time[0])
    assert [clock.synchronized() for _ in range(5)] == [True] * 5
    assert asked.read_text() == "\n"
    time[0] += 10.0
    assert clock.synchronized() is True
    assert asked.read_text() == "\n\n"
    assert SystemdClock(("/bin/false",), tmp_path / "none").synchronized() is None


def test_a_person_who_trusts_the_clock_is_believed(board):
    """``[clock] trusted``."""
    assert board.clock(trusted=True).knows()


def test_this_machine_answers():
    """The real kernel is asked, and its seconds go on."""
    assert kernel_synchronized() in (True, False, None)
    before = boottime()
    assert 0 < before <= boottime()
    assert HostClock().boot
    assert abs(time.time() - NOW) > 0
