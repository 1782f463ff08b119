"""A simulated meter on a pty that the group dialout may open, in the place of a USB adapter."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Self

from harness.container import wait_for

_TOOL = Path(__file__).resolve().parents[2] / "meter"
_DIALOUT = 20  # base-passwd: the same on every Debian


class TrialMeter:
    """One that runs until the ``with`` block ends; ``port`` is its pty, of which an end is kept open meanwhile.

    Args:
        link: where the pty's name is put.
    """

    def __init__(self, link: Path) -> None:
        self._link = link
        self.port = ""

    def __enter__(self) -> Self:
        self._link.unlink(missing_ok=True)
        command = [sys.executable, _TOOL, "run", "--link", self._link]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            wait_for(self._link.exists, "the simulated meter")
            self.port = str(self._link.resolve())
            # Nobody else is given this name while somebody here may still have it.
            self._end = os.open(self.port, os.O_RDWR | os.O_NOCTTY)
        except BaseException:
            self._stop()
            raise
        os.fchown(self._end, 0, _DIALOUT)
        os.fchmod(self._end, 0o660)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()
        os.close(self._end)

    def _stop(self) -> None:
        self._process.terminate()
        self._process.wait()
