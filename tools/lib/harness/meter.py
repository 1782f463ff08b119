"""A simulated meter on a pty that the group dialout may open, in the place of a USB adapter."""

from __future__ import annotations

import os
from typing import Self

from harness.container import TrialError
from meter.process import MeterError, SimulatedMeter

_DIALOUT = 20  # base-passwd: the same on every Debian


class TrialMeter(SimulatedMeter):
    """One that runs until the ``with`` block ends; ``port`` is its pty, of which an end is kept open meanwhile."""

    port = ""

    def __enter__(self) -> Self:
        try:
            super().__enter__()
            self.port = os.path.realpath(self.path)
            # Nobody else is given this name while somebody here may still have it.
            self._held = os.open(self.port, os.O_RDWR | os.O_NOCTTY)
        except MeterError as error:
            raise TrialError(str(error)) from error
        os.fchown(self._held, 0, _DIALOUT)
        os.fchmod(self._held, 0o660)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        os.close(self._held)
