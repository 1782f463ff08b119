"""The meter as a process, for tests: ``with Meter(tmp_path / "linky", speed=20) as meter: ...``.

Starts tools/meter, waits until its port is there, sends it commands and waits for their answers, and reads its truth.
The process ends with its parent: its standard input is a pipe it watches.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from types import TracebackType

PROGRAM = Path(__file__).resolve().parents[2] / "meter"
DEADLINE_S = 30.0


class MeterError(RuntimeError):
    """The meter did not start, refused a command, or went silent; the message is what it said."""


class SimulatedMeter:
    """A running meter. Options are those of ``tools/meter run`` (``speed=20`` for ``--speed 20``).

    ``link`` is where its port appears; ``tcp="127.0.0.1:0"`` as an option serves TCP instead. ``path`` is what a
    reader opens. ``replay=FILE`` plays a capture (then there is no truth).
    """

    def __init__(self, link: Path, *, replay: Path | None = None, **options: object) -> None:
        self.path = str(link)
        self._truth = link.with_name(f"{link.name}.truth.jsonl")
        verb = ["run", "--truth", str(self._truth)] if replay is None else ["replay", str(replay)]
        end = [] if "tcp" in options else ["--link", str(link)]
        given = [text for name, value in options.items() for text in _option(name, value)]
        self._command = [sys.executable, str(PROGRAM), *verb, *end, "--until-eof", *given]
        self._process: subprocess.Popen[bytes] | None = None
        self._said = b""
        # Whoever waits for a frame asks ten times a second: what was read of the truth is not read again.
        self._known: list[dict[str, Any]] = []
        self._known_bytes = 0

    def __enter__(self) -> Self:
        self._known, self._known_bytes = [], 0
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        try:
            self.path = self._first_line()
        except MeterError:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The process while it runs."""
        if self._process is None:
            raise MeterError("the meter has not been started")
        return self._process

    def command(self, text: str) -> None:
        """Gives a command and waits until it is carried out.

        Raises:
            MeterError: the meter refused it, with its reason.
        """
        assert self.process.stdin is not None
        self.process.stdin.write(text.encode("ascii") + b"\n")
        self.process.stdin.flush()
        answer = self._line()
        if not answer.startswith("ok "):
            raise MeterError(answer)

    def records(self) -> list[dict[str, Any]]:
        """Every complete line of the truth so far: frames, commands, cuts, frames sent to their end (host time)."""
        if self._truth.exists():
            with self._truth.open("rb") as truth:
                truth.seek(self._known_bytes)
                new = truth.read()
            whole = new[: new.rfind(b"\n") + 1]
            self._known_bytes += len(whole)
            self._known += map(json.loads, whole.splitlines())
        return list(self._known)

    def truth(self) -> list[dict[str, Any]]:
        """The frames so far (the last may still be on the line): time, mode, data, horodate, exact energies."""
        return [record for record in self.records() if record["event"] == "frame"]

    def stop(self) -> None:
        """Ends the process, by force if it does not obey."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()

    def _first_line(self) -> str:
        line = self._line()
        if line.startswith(("tools/meter: ", "usage: ")):
            raise MeterError(line)
        return line

    def _line(self) -> str:
        assert self.process.stdout is not None
        end = time.monotonic() + DEADLINE_S
        while b"\n" not in self._said:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                raise MeterError("the meter does not answer")
            data = os.read(self.process.stdout.fileno(), 4096)
            if not data:
                raise MeterError(self._said.decode("ascii", "replace") or "the meter has ended")
            self._said += data
        line, _, self._said = self._said.partition(b"\n")
        return line.decode("ascii", "replace")


def _option(name: str, value: object) -> list[str]:
    if value is True:
        return [f"--{name.replace('_', '-')}"]
    return [f"--{name.replace('_', '-')}", str(value)]
