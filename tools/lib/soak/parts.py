"""The programs of a soak as processes: each in a log of its own, gone with whoever started it."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from soak.errors import SoakError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ROOT = Path(__file__).resolve().parents[3]
_END_S = 120.0


class Program:
    """One of ours: ``python -m`` with these arguments, its output in ``NAME.out``, its words in ``NAME.log``.

    Args:
        folder: where both are.
        name: what it is called.
        arguments: the module and what comes after it.
        more: what is added to the environment.
    """

    def __init__(self, folder: Path, name: str, arguments: Sequence[str | Path], more: Mapping[str, str]) -> None:
        self.name, self._folder = name, folder
        self._command = [sys.executable, "-m", *map(str, arguments)]
        path = os.pathsep.join((str(ROOT), str(ROOT / "tools/lib")))
        self._environment = {**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1", **more}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    @property
    def output(self) -> Path:
        """What it printed."""
        return self._folder / f"{self.name}.out"

    @property
    def log(self) -> Path:
        """What it said beside it."""
        return self._folder / f"{self.name}.log"

    def start(self) -> Self:
        """Start it, or start it again."""
        with self.output.open("ab") as out, self.log.open("ab") as log:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", "--", *self._command],
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=log,
                env=self._environment,
            )
        return self

    def tell(self) -> None:
        """One line on its standard input."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(b"go\n")
        self._process.stdin.flush()

    def require_alive(self) -> None:
        """SoakError with its last words when it has ended, unless it was stopped."""
        if self._process is not None and self._process.poll() is not None:
            raise SoakError(f"{self.name} ended: {' '.join(self.log.read_text(errors='replace').splitlines()[-1:])}")

    def stop(self) -> None:
        """SIGTERM; SoakError when that is not obeyed, or not in good order."""
        if self._process is None:
            return
        process, self._process = self._process, None
        if process.stdin is not None:
            process.stdin.close()
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise SoakError(f"{self.name} did not end within {_END_S:.0f} s of being told to") from None
        if code not in (0, -signal.SIGTERM):
            raise SoakError(f"{self.name} ended with {code}; its words are in {self.log}")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def pause(seconds: float) -> None:
    """Look again a little later."""
    select.select([], [], [], seconds)


def await_true(what: str, seconds: float, predicate: Callable[[], bool]) -> None:
    """Wait for something; SoakError when it does not come."""
    end = time.monotonic() + seconds
    while not predicate():
        if time.monotonic() > end:
            raise SoakError(f"not within {seconds:.0f} s: {what}")
        pause(0.2)
