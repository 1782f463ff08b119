"""One XMPP server of the rig as a child process: started, awaited, stopped, killed, and never left behind.

A server is ready when its ports accept connections and, where that comes too early, when it has left its mark. It dies
with the thread that started it (Linux's parent death signal), so start it from a thread that lives long enough.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from harness.process import be_as_nice
from harness.wait import accepts, wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from servers.certificates import Certificate

C2S_PORT, C2S_TLS_PORT, S2S_PORT = 5222, 5223, 5269
Limits = Literal["none", "default", "gateways"]
Registration = Literal["closed", "open", "invite", "web"]
Login = Literal["scram", "plain"]
_LAST_LINES = 12
_COMMAND_S = 120.0


class RigError(RuntimeError):
    """A server of the rig is not installed, did not start or refused a command; one message, for a person."""


@dataclass(frozen=True, slots=True)
class ServerPlace:
    """Where one server lives and what it must know of the other.

    ``peers`` maps the other domains to the addresses of their servers; ``ca`` is the certificate to trust; ``limits``
    is the name of a file in ``limits/``: rates and the size of the offline store. ``registration`` says whether anybody
    may make an account over XMPP, or is sent to a web page (ejabberd only); ``login`` is "plain" where the server
    offers nothing better than PLAIN.
    """

    folder: Path
    domain: str
    address: str
    peers: Mapping[str, Sequence[str]]
    ca: Path
    certificate: Certificate
    limits: Limits = "none"
    registration: Registration = "closed"
    login: Login = "scram"


class XmppServer(ABC):
    """One XMPP server for one domain."""

    kind: str
    log_name: str
    # What is in the server's folder and holds accounts, rosters, offline messages: files (and their WAL), folders.
    data_names: tuple[str, ...]
    # The file that is there once the server has started: its ports are open before that.
    started_mark: str | None = None

    def __init__(self, place: ServerPlace) -> None:
        # Its own log; what it printed is mostly faults found before that was open.
        self.place, self.log, self.output = place, place.folder / self.log_name, place.folder / "output.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process id, or None when the server does not run."""
        return self._process.pid if self._process and self._process.poll() is None else None

    @abstractmethod
    def configure(self) -> None:
        """Write the configuration into the server's folder."""

    @abstractmethod
    def command(self) -> list[str]:
        """Give the command that runs the server in the foreground."""

    @abstractmethod
    def register(self, user: str, password: str) -> None:
        """Create an account, or set its password if it exists; the server must run."""

    @abstractmethod
    def unregister(self, user: str) -> None:
        """Delete an account; the server must run."""

    def forget(self) -> None:
        """Delete the server's data; it must not run."""
        if self.pid is not None:
            raise RigError(f"{self.kind} ({self.place.domain}) runs: its data cannot be deleted")
        for name in self.data_names:
            path = self.place.folder / name
            if path.is_dir():
                shutil.rmtree(path)
                path.mkdir()
            for part in self.place.folder.glob(f"{name}*"):
                if part.is_file():
                    part.unlink()

    def environment(self) -> dict[str, str]:
        """Give the environment of the process."""
        return dict(os.environ)

    def launch(self) -> None:
        """Start the process without waiting for it."""
        if self.pid is not None:
            return
        if self.started_mark:
            (self.place.folder / self.started_mark).unlink(missing_ok=True)
        with self.output.open("ab") as output:
            # The standard output must not stay with us: a reader of ours would wait for the server's end.
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", *self.command()],
                cwd=self.place.folder,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        be_as_nice(self._process.pid)

    def await_ready(self, seconds: float = 30) -> None:
        """Wait until every port accepts connections and the server has left its mark.

        Raises:
            RigError: the process ended or the deadline passed; with the server's last words.
        """
        try:
            wait_until(lambda: self.pid is None or self._accepting(), seconds)
        except AssertionError:
            raise RigError(self._complaint(f"did not start within {seconds:g} s")) from None
        if self.pid is None:
            raise RigError(self._complaint("ended at once"))

    def terminate(self) -> None:
        """Ask the process to end (SIGTERM)."""
        self._signal(signal.SIGTERM)

    def join(self, seconds: float) -> None:
        """Wait for the process to end; kill it after ``seconds``."""
        if self._process is None:
            return
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End the process as a crash or a power cut would (SIGKILL)."""
        self._signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()

    def run(self, *command: str) -> str:
        """Run one of the server's own commands and give what it printed."""
        try:
            done = subprocess.run(
                command,
                cwd=self.place.folder,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
                timeout=_COMMAND_S,
            )
        except subprocess.TimeoutExpired:
            raise RigError(
                f"{self.kind} ({self.place.domain}) did not answer {command[0]} within {_COMMAND_S:g} s"
            ) from None
        if done.returncode:
            raise RigError(f"{self.kind} ({self.place.domain}) refused {command[0]}: {done.stdout.strip()}")
        return done.stdout

    def _signal(self, number: signal.Signals) -> None:
        if self.pid is not None:
            os.killpg(self.pid, number)

    def _accepting(self) -> bool:
        marked = self.started_mark is None or (self.place.folder / self.started_mark).exists()
        return marked and accepts(self.place.address, C2S_PORT, C2S_TLS_PORT, S2S_PORT)

    def _complaint(self, what: str) -> str:
        lines = [
            line
            for file in (self.output, self.log)
            if file.exists()
            for line in file.read_text(errors="replace").splitlines()[-_LAST_LINES:]
        ]
        last_words = "\n  ".join(lines) or "(it said nothing)"
        return f"{self.kind} for {self.place.domain} on {self.place.address} {what}; its last lines:\n  {last_words}"


def refused(login: Login, *bits: int) -> list[str]:
    """The mechanisms that a server does not offer; where it offers PLAIN alone, no SCRAM of so many bits."""
    scram = [f"SCRAM-SHA-{count}{plus}" for count in bits for plus in ("", "-PLUS")]
    return ["DIGEST-MD5", *(scram if login == "plain" else ())]
