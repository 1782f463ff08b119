"""The programs of a soak as processes: each in a log of its own, gone with whoever started it."""

from __future__ import annotations

import select
import signal
import sys
from typing import TYPE_CHECKING

import harness.process
from soak.errors import SoakError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_END_S = 120.0


class SoakProgram(harness.process.Program):
    """One of ours: ``python -m`` with these arguments; that it does not end in good order is a fault."""

    def __init__(self, folder: Path, name: str, arguments: Sequence[object], more: Mapping[str, str]) -> None:
        command = [sys.executable, "-m", *arguments]
        super().__init__(folder, name, command, more, output="file", listens=True, fault=SoakError)

    def stop(self, seconds: float = _END_S) -> int | None:
        """SIGTERM; SoakError when that is not obeyed, or not in good order."""
        code = super().stop(seconds)
        if code == -signal.SIGKILL:
            raise SoakError(f"{self.name} did not end within {seconds:.0f} s of being told to")
        if code not in (None, 0, -signal.SIGTERM):
            raise SoakError(f"{self.name} ended with {code}; its words are in {self.log}")
        return code


def pause(seconds: float) -> None:
    """Look again a little later."""
    select.select([], [], [], seconds)
