"""The programs of a soak as processes: each in a log of its own, gone with whoever started it."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from harness.process import Program, python

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_END_S = 120.0


class SoakError(RuntimeError):
    """The soak cannot go on; one sentence for a person."""


class SoakProgram(Program):
    """One of ours: ``python -m`` with these words; that it does not end in good order is a fault."""

    def __init__(self, folder: Path, name: str, more: Mapping[str, str], *words: object) -> None:
        super().__init__(folder, name, python(*words), more, output="file", listens=True, fault=SoakError)

    def stop(self, seconds: float = _END_S) -> int | None:
        """SIGTERM; SoakError when that is not obeyed, or not in good order."""
        code = super().stop(seconds)
        if code == -signal.SIGKILL:
            raise SoakError(f"{self.name} did not end within {seconds:.0f} s of being told to")
        if code not in (None, 0, -signal.SIGTERM):
            raise SoakError(f"{self.name} ended with {code}; its words are in {self.log}")
        return code
