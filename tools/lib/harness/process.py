"""A program as a process: its words in a log, never left behind by whoever started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

from harness import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

PATH = os.pathsep.join((str(ROOT), str(ROOT / "tools/lib")))
_LAST_LINES = 8


class EndedError(RuntimeError):
    """A program ended though nobody told it to; its last lines are in the sentence."""


def python(module: object, *arguments: object) -> list[object]:
    """The command of one of ours."""
    return [sys.executable, "-m", module, *arguments]


def be_as_nice(session: int) -> None:
    """Let a session that this process began go before others as this process does.

    Where the kernel groups by sessions, how nice a process is counts within its own alone, and a new one begins at 0
    (sched(7), "The autogroup feature").
    """
    group, nice = Path(f"/proc/{session}/autogroup"), os.getpriority(os.PRIO_PROCESS, 0)
    # It may have ended at once, which is found by whoever waits for it.
    if nice < 0 and group.exists():
        with suppress(ProcessLookupError):
            group.write_text(f"{nice}\n")


class Program:
    """A program with its words in ``NAME.log``; started by ``start``, or for a block.

    Args:
        folder: where its files are.
        name: what it is called.
        command: what is run, in the environment of this process, with our code in its path.
        more: what is added to that environment.
        output: what becomes of what it prints: None is the log, "file" is ``NAME.out``, "pipe" is ``process.stdout``.
        listens: ``tell`` writes to its standard input.
        keeps: its files go on at a further start; else they begin anew.
        own_session: Ctrl-C in the terminal is not for it.
        bound: the signal by which it dies with the thread that starts it; none where that thread is a passing one.
        cwd: where it runs; else where this process does.
        fault: makes the error that says that it has ended by itself.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        command: Sequence[object],
        more: Mapping[str, str] | None = None,
        *,
        output: str | None = None,
        listens: bool = False,
        keeps: bool = True,
        own_session: bool = False,
        bound: str = "TERM",
        cwd: Path | None = None,
        fault: Callable[[str], BaseException] = EndedError,
    ) -> None:
        self.name, self.log, self.out = name, folder / f"{name}.log", folder / f"{name}.out"
        self.environment = {**os.environ, "PYTHONPATH": PATH, "PYTHONUNBUFFERED": "1", **(more or {})}
        self._command = [*(("setpriv", "--pdeathsig", bound, "--") if bound else ()), *command]
        self._output, self._mode = output, "ab" if keeps else "wb"
        self._listens, self._own_session, self._fault, self._cwd = listens, own_session, fault, cwd
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, **more: str) -> Self:
        """Start it, or start it again; ``more`` is added to its environment this once."""
        prints = self.out if self._output == "file" else self.log
        with self.log.open(self._mode) as log, prints.open("ab" if prints is self.log else self._mode) as out:
            self._process = subprocess.Popen(
                [str(word) for word in self._command],
                stdin=subprocess.PIPE if self._listens else subprocess.DEVNULL,
                stdout=subprocess.PIPE if self._output == "pipe" else out,
                stderr=log,
                bufsize=0,
                env=self.environment | more,
                start_new_session=self._own_session,
                cwd=self._cwd,
            )
        if self._own_session:
            be_as_nice(self._process.pid)
        return self

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """That which was started last."""
        assert self._process is not None, f"the {self.name} was not started"
        return self._process

    @property
    def pid(self) -> int | None:
        """Its process while it runs."""
        return self.process.pid if self.running else None

    @property
    def running(self) -> bool:
        """Whether it has been started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def require_alive(self) -> None:
        """Raise ``fault`` when it has ended by itself."""
        if self._process is not None and (code := self._process.poll()) is not None:
            lines = last_lines(self.log)
            raise self._fault(f"the {self.name} ended by itself ({ending(code)}); its last lines:\n{lines}")

    def tell(self, line: str) -> None:
        """Say a line to it; raises ``fault`` when it does not listen any more."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(line.encode() + b"\n")
        except BrokenPipeError:
            self.process.wait()
            self.require_alive()

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._end()

    def stop(self, seconds: float = 30.0) -> int | None:
        """End it as systemd does, by force after that long; its exit code, None where it was not started."""
        return self._end_by(signal.SIGTERM, seconds)

    def _end_by(self, number: signal.Signals, seconds: float) -> int | None:
        if self._process is None:
            return None
        self._process.send_signal(number)
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
        return self._end()

    def wait(self, seconds: float) -> int:
        """The exit code, when it ends by itself."""
        return self.process.wait(seconds)

    def _end(self) -> int:
        process, self._process = self.process, None
        code = process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        return code

    def __enter__(self) -> Self:
        return self if self.running else self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def preloaded(source: Path, folder: Path, fault: Callable[[str], Exception]) -> Path:
    """Compile a C file into a folder, as a library to be preloaded. Raises ``fault`` when it cannot be."""
    library = folder / f"{source.stem}.so"
    command = ["cc", "-shared", "-fPIC", "-O2", "-o", str(library), str(source), "-ldl"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise fault(f"{source.name} cannot be compiled: {done.stderr.strip()}")
    return library


def ending(code: int) -> str:
    """How a program ended, in words."""
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def last_lines(log: Path, count: int = _LAST_LINES) -> str:
    """The last lines of a log."""
    lines = log.read_text(errors="replace").splitlines()[-count:] if log.exists() else []
    return "\n".join(f"  {line}" for line in lines) or "  (it said nothing)"
