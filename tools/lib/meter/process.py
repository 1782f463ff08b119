"""The meter as a process, for tests: ``with SimulatedMeter(tmp_path / "linky", speed=20) as meter: ...``.

Starts tools/meter, waits until its port is there, sends it commands and waits for their answers, and reads its truth.
The process ends with its parent: its standard input is a pipe it watches.
"""

from __future__ import annotations

import json
import os
import select
import sys
import time
from typing import TYPE_CHECKING, Any, Self

from harness import ROOT
from harness.process import Program, last_lines

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = ROOT / "tools/meter"
DEADLINE_S = 30.0


class MeterError(RuntimeError):
    """The meter did not start, refused a command, or went silent; the message is what it said."""


class SimulatedMeter(Program):
    """A running meter. Options are those of ``tools/meter run`` (``speed=20`` for ``--speed 20``).

    ``link`` is where its port appears; ``tcp="127.0.0.1:0"`` as an option serves TCP instead. ``path`` is what a
    reader opens. ``replay=FILE`` plays a capture (then there is no truth).
    """

    def __init__(self, link: Path, *, replay: Path | None = None, **options: object) -> None:
        self.path = str(link)
        self._truth = link.with_name(f"{link.name}.truth.jsonl")
        verb = ["run", "--truth", self._truth] if replay is None else ["replay", replay]
        end = [] if "tcp" in options else ["--link", link]
        given = [text for name, value in options.items() for text in _option(name, value)]
        super().__init__(
            link.parent, f"{link.name}.meter", [sys.executable, PROGRAM, *verb, *end, "--until-eof", *given],
            output="pipe", listens=True, keeps=False, bound="", fault=MeterError,
        )  # fmt: skip
        self._said = b""
        # Whoever waits for a frame asks ten times a second: what was read of the truth is not read again.
        self._known: list[dict[str, Any]] = []
        self._known_bytes = 0

    def __enter__(self) -> Self:
        self._known, self._known_bytes = [], 0
        self.start()
        try:
            self.path = self._line()
        except MeterError:
            self.stop()
            raise
        return self

    def command(self, text: str) -> None:
        """Gives a command and waits until it is carried out.

        Raises:
            MeterError: the meter refused it, with its reason.
        """
        self.tell(text)
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

    def _line(self) -> str:
        stdout = self.process.stdout
        assert stdout is not None
        end = time.monotonic() + DEADLINE_S
        while b"\n" not in self._said:
            if not select.select([stdout], [], [], max(end - time.monotonic(), 0))[0]:
                raise MeterError("the meter does not answer")
            data = os.read(stdout.fileno(), 4096)
            if not data:
                raise MeterError(last_lines(self.log, 1).strip())
            self._said += data
        line, _, self._said = self._said.partition(b"\n")
        return line.decode("ascii", "replace")


def _option(name: str, value: object) -> list[str]:
    word = f"--{name.replace('_', '-')}"
    return [word] if value is True else [word, str(value)]
