"""The clock of a board on this machine, as an ESP32 has it: it begins at 2000-01-01 when the power comes.

It stands for the RTC of MicroPython's ESP32 port (micropython/micropython, ports/esp32/machine_rtc.c and
mbedtls/platform time of main.c, v1.28.0): the time and a few bytes that outlive a new start and no power cut, and by
which TLS goes as well. Here it is Debian's libfaketime under the MicroPython of Debian, and a file of what the clock is
off by. It differs in that it never drifts, unless the file is changed.
"""

from __future__ import annotations

import time
from pathlib import Path

from servers import RigError

POWER_ON_S = 946_684_800  # 2000-01-01 in POSIX seconds
_LIBRARY = "faketime/libfaketimeMT.so.1"


def faketime() -> Path | None:
    """Debian's library that moves a process's clock; None when its package is not installed."""
    return next(Path("/usr/lib").glob(f"*/{_LIBRARY}"), None)


class Rtc:
    """The clock whose state is ``file``; ``environment`` gives it to a process."""

    def __init__(self, file: Path) -> None:
        library = faketime()
        if library is None:
            raise RigError("Debian package that is not installed: faketime")
        self._file = file
        self.environment = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_NO_CACHE": "1",
            # Milliseconds since the start are another clock of an ESP32.
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        self.lose_power()

    def lose_power(self) -> None:
        """Begin in 2000 again, and nobody has said anything else."""
        self.set(POWER_ON_S)

    def set(self, posix_s: float, *, said: bool = False) -> None:
        """Put it to this moment; ``said``: the board takes it for the time."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{int(posix_s - time.time()):+013d}\n# {'said' if said else '':4}\n")
        fresh.replace(self._file)

    def now_s(self) -> float:
        """What it shows, in POSIX seconds."""
        return time.time() + int(self._file.read_text().splitlines()[0])
