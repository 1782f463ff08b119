"""The processes around the cluster: those that hold the gateways, and the collectors that receive."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from federation.process import RigError
from fleets.gateways import Report, Specification

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from federation.cluster import Cluster

RECIPIENT_USER = "coop"
_END_S = 60.0


class GatewayProcess:
    """One process of gateways; what it reports is read by a thread of its own."""

    def __init__(self, spec: Specification, log: Path) -> None:
        self.report = Report("preparing")
        self.latencies_ms: list[float] = []
        self.login_ms: list[float] = []
        self._log = log
        with log.open("wb") as errors:
            self._process = _started(
                "fleets.gateways", (), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
            )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.order(json.dumps(asdict(spec)))

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def order(self, word: str) -> None:
        """Say a line to it. RigError with its last words when it has ended."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(word.encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            self.require_alive()

    def require_alive(self) -> None:
        """RigError with its last words when it has ended."""
        if self._process.poll() is not None:
            lines = self._log.read_text(errors="replace").splitlines()[-3:]
            raise RigError(f"a process of gateways ended: {' / '.join(lines) or self._process.returncode}")

    def stop(self) -> None:
        """End it: in order while it listens."""
        if self._process.poll() is None:
            self.order("end")
            try:
                self._process.wait(_END_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._reader.join()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            said: dict[str, Any] = json.loads(line)
            self.latencies_ms += said.pop("latencies_ms") or ()
            self.login_ms += said.pop("login_ms") or ()
            self.report = Report(**said)


class Collectors:
    """Processes that share the recipient's account, each by a resource of its own, and keep what comes together."""

    def __init__(self, folder: Path, cluster: Cluster, password: str, gateways: int, count: int) -> None:
        self._folder, self._cluster, self._password, self._gateways = folder, cluster, password, gateways
        self._count = count
        self._processes: list[subprocess.Popen[bytes]] = []
        folder.mkdir(parents=True)

    @property
    def jid(self) -> str:
        """The account they share."""
        return f"{RECIPIENT_USER}@{self._cluster.domains[1]}"

    @property
    def pids(self) -> list[int]:
        """The process ids."""
        return [process.pid for process in self._processes]

    def start(self) -> None:
        """Make the account and start them; they are connected then."""
        near, far = self._cluster.domains
        self._cluster.register(RECIPIENT_USER, far, self._password)
        for number in range(self._count):
            spec = {
                "jid": self.jid,
                "password": self._password,
                "addresses": self._cluster.addresses(far),
                "ca": str(self._cluster.ca),
                "resource": f"collector-{number}",
                "store": str(self._folder / "recipient.sqlite"),
                "gateways": self._gateways,
                "domain": near,
            }
            with (self._folder / f"collector-{number}.log").open("wb") as errors:
                process = _started("fleets.collecting", [json.dumps(spec)], stdout=subprocess.PIPE, stderr=errors)
            self._processes.append(process)
            assert process.stdout is not None
            if process.stdout.readline() != b"up\n":
                raise RigError(f"a collector did not start: {errors.name}")

    def kill(self, number: int) -> None:
        """End one as a crash would."""
        self._processes[number].kill()
        self._processes[number].wait()

    def stop(self) -> None:
        """End all of them in order."""
        for process in self._processes:
            process.send_signal(signal.SIGTERM)
        for process in self._processes:
            try:
                process.wait(_END_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()

    def rows(self) -> Iterator[tuple[str, int, float]]:
        """What they have: full name, POSIX second, value."""
        with closing(sqlite3.connect(self._folder / "recipient.sqlite")) as db:
            yield from db.execute("SELECT name, CAST(time AS INTEGER), value FROM record")


def _started(module: str, arguments: Sequence[str], **pipes: Any) -> subprocess.Popen[bytes]:  # noqa: ANN401 (Popen's)
    command = ["setpriv", "--pdeathsig", "KILL", "--", sys.executable, "-m", module, *arguments]
    pipes.setdefault("stdin", subprocess.DEVNULL)
    # Ctrl-C in the terminal is for us, who end them in order.
    return subprocess.Popen(command, env=dict(os.environ), start_new_session=True, **pipes)
