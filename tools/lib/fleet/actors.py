"""The processes around the cluster: those that hold the gateways, and the collectors that receive."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, LiteralString

import psycopg

from fleet.gateways import Report, Specification
from servers.process import RigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from servers.cluster import Cluster

RECIPIENT_USER = "coop"
_DATABASE = "linky"
_END_S = 60.0


class GatewayProcess:
    """One process of gateways; what it reports is read by a thread of its own."""

    def __init__(self, spec: Specification, log: Path) -> None:
        self.report = Report("preparing")
        self.latencies_ms: list[float] = []
        self.login_ms: list[float] = []
        self._log = log
        with log.open("wb") as errors:
            self._process = _started("fleet.gateways", (), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors)
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
    """``linky-collect`` in several processes: one account, a resource for each, a database that they share."""

    def __init__(self, folder: Path, cluster: Cluster, password: str, count: int) -> None:
        self._folder, self._cluster, self._count = folder, cluster, count
        self._processes: list[subprocess.Popen[bytes]] = []
        folder.mkdir(parents=True)
        self._conninfo = cluster.postgres.create(_DATABASE)
        far = cluster.domains[1]
        self.jid = f"{RECIPIENT_USER}@{far}"
        cluster.register(RECIPIENT_USER, far, password)
        (folder / "password").write_text(password + "\n")
        self._config = folder / "collect.toml"
        self._config.write_text(
            f'[account]\njid = "{self.jid}"\npassword_file = "password"\n'
            f'address = "{cluster.addresses(far)[0]}"\nca_file = "{cluster.ca}"\n'
            f'[database]\nconninfo = "{self._conninfo}"\n'
        )
        self._command("init")

    @property
    def pids(self) -> list[int]:
        """The process ids."""
        return [process.pid for process in self._processes]

    def start(self) -> None:
        """Start them; they connect by themselves."""
        for number in range(self._count):
            arguments = ["run", "--resource", f"collector-{number}", "--config", str(self._config)]
            with (self._folder / f"collector-{number}.log").open("wb") as log:
                self._processes.append(_started("gateway.collector.cli", arguments, stdout=log, stderr=log))

    def subscribe(self, gateways: Iterable[tuple[str, str]]) -> None:
        """Tell them of gateways (full JID) and of what to ask these for."""
        file = self._folder / "gateways.txt"
        file.write_text("".join(f"{gateway} {identifier}\n" for gateway, identifier in gateways))
        self._command("gateways", "add", "--from", str(file))

    def subscribed(self) -> int:
        """How many subscriptions the gateways have accepted."""
        return int(self._ask("SELECT count(*) FROM subscription WHERE since IS NOT NULL")[0][0])

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

    def rows(self) -> list[tuple[str, int, float]]:
        """What they have: literal name, POSIX second, value."""
        return self._ask(
            "SELECT sen1, extract(epoch FROM time)::bigint, value FROM reading JOIN series ON series.id = series"
        )

    def bytes_a_row(self) -> float:
        """What a row takes on the disk, its index included; months without rows do not count."""
        (size, rows), *_ = self._ask(
            "SELECT sum(pg_total_relation_size(month)), sum(rows) FROM"
            " (SELECT tableoid AS month, count(*) AS rows FROM reading GROUP BY tableoid) AS months"
        )
        return round(float(size) / max(int(rows), 1), 1)

    def _ask(self, text: LiteralString) -> list[Any]:
        with psycopg.connect(self._conninfo, options="-c search_path=linky", autocommit=True) as db:
            return db.execute(text).fetchall()

    def _command(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "gateway.collector.cli", *arguments, "--config", str(self._config)]
        done = subprocess.run(command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise RigError(f"linky-collect {arguments[0]}: {done.stderr.strip()}")


def _started(module: str, arguments: Sequence[str], **pipes: Any) -> subprocess.Popen[bytes]:  # noqa: ANN401 (Popen's)
    command = ["setpriv", "--pdeathsig", "KILL", "--", sys.executable, "-m", module, *arguments]
    pipes.setdefault("stdin", subprocess.DEVNULL)
    # Ctrl-C in the terminal is for us, who end them in order.
    return subprocess.Popen(command, env=dict(os.environ), start_new_session=True, **pipes)
