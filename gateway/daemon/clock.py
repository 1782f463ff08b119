"""Whether the host knows the time, and a count of seconds that no setting of the clock changes.

A Raspberry Pi has no clock that runs without power: until the network has told it the time, its clock shows an earlier
one that looks right. What the kernel, systemd and the hardware say of it decides; once known it stays known.
"""

from __future__ import annotations

import ctypes
import struct
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# The kernel's clock counts as set below this error, whatever its flag says: as systemd-timedated does (adjtimex(2)).
_UNSURE_US = 16_000_000

# A network time service steps a clock that is more than fractions of a second off, and slews the rest.
_STEP_S = 2.0

_RTC_AGREES_S = 60.0
_LOOK_EVERY_S = 1.0

# systemd's own answer to the same question, for those whom ``ProtectClock=`` forbids to ask the kernel.
_ASK_SYSTEMD = (
    *("/usr/bin/busctl", "--system", "--timeout=2", "get-property", "org.freedesktop.timedate1"),
    *("/org/freedesktop/timedate1", "org.freedesktop.timedate1", "NTPSynchronized"),
)
_ASK_EVERY_S, _ANSWER_S = 10.0, 5.0


def boottime() -> float:
    """Seconds since the machine started, sleep included; no setting of the clock changes them."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def kernel_synchronized() -> bool | None:
    """Whether a time service keeps the kernel's clock; None where neither the kernel nor systemd tells."""
    buffer = ctypes.create_string_buffer(512)  # struct timex is 208 bytes at most; zeros ask and set nothing
    if ctypes.CDLL(None).adjtimex(buffer) < 0:
        return _systemd.synchronized()
    # maxerror is the fourth machine word: modes (padded), offset, freq, maxerror.
    (error,) = struct.unpack_from("l", buffer.raw, 3 * struct.calcsize("l"))
    return int(error) < _UNSURE_US


class SystemdClock:
    """What systemd says of the kernel's clock, asked seldom: each time it is a process.

    Args:
        command: asks systemd; prints ``b true`` or ``b false``.
        booted: the folder that is there where systemd runs the machine (sd_booted(3)).
        since_boot: seconds that no setting of the clock changes.
    """

    def __init__(
        self,
        command: Sequence[str] = _ASK_SYSTEMD,
        booted: Path = Path("/run/systemd/system"),
        since_boot: Callable[[], float] = boottime,
    ) -> None:
        self._command, self._booted, self._since_boot = command, booted, since_boot
        self._asked = -_ASK_EVERY_S
        self._answer = False

    def synchronized(self) -> bool | None:
        """Whether a time service keeps the kernel's clock; None where there is no systemd. No answer is a "not yet"."""
        if not self._booted.exists():
            return None
        now = self._since_boot()
        if now - self._asked >= _ASK_EVERY_S:
            self._asked = now
            self._answer = self._ask()
        return self._answer

    def _ask(self) -> bool:
        try:
            done = subprocess.run(  # noqa: S603 (a constant)
                self._command, check=False, capture_output=True, text=True, timeout=_ANSWER_S
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        return done.stdout.strip() == "b true"


_systemd = SystemdClock()


class HostClock:
    """The host's clock, looked at once a second at most until it is known to be right.

    Args:
        trusted: a person says that it is right.
        root: where /proc, /run and /sys are.
        wall: POSIX seconds as the host shows them.
        since_boot: seconds that no setting of the clock changes.
        synchronized: what the kernel says of its clock.
    """

    def __init__(
        self,
        *,
        trusted: bool = False,
        root: Path = Path("/"),
        wall: Callable[[], float] = time.time,
        since_boot: Callable[[], float] = boottime,
        synchronized: Callable[[], bool | None] = kernel_synchronized,
    ) -> None:
        self._root, self._wall, self.since_boot, self._synchronized = root, wall, since_boot, synchronized
        # What tells one start of the machine from another (random(4)).
        self.boot = (root / "proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        self._known = trusted
        self._looked = since_boot()
        self._began = wall() - self._looked
        if not self._known:
            self._known = self._look()

    def knows(self) -> bool:
        """Whether the host's time can be believed."""
        if not self._known and (now := self.since_boot()) - self._looked >= _LOOK_EVERY_S:
            self._looked = now
            self._known = self._look()
        return self._known

    def time(self) -> float | None:
        """POSIX seconds; None while the host does not know the time."""
        return self._wall() if self.knows() else None

    def _look(self) -> bool:
        was_set = abs(self._wall() - self.since_boot() - self._began) >= _STEP_S
        if was_set or self._synchronized() is not False or (self._root / "run/systemd/timesync/synchronized").exists():
            return True
        # A computer has a clock that runs on, a virtual machine has its host's.
        return not (self._root / "sys/firmware/devicetree/base/model").exists() or self._has_hardware_clock()

    def _has_hardware_clock(self) -> bool:
        """Whether the kernel took its time from a clock with a battery, and that clock still shows this time."""
        for rtc in sorted((self._root / "sys/class/rtc").glob("rtc*")):
            try:
                took = (rtc / "hctosys").read_text(encoding="ascii").strip() == "1"
                shows = int((rtc / "since_epoch").read_text(encoding="ascii"))
            except (OSError, ValueError):
                continue  # a clock that cannot be read has told nobody the time
            if took and abs(shows - self._wall()) <= _RTC_AGREES_S:
                return True
        return False
