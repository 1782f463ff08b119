"""The processes around the cluster: those that hold the gateways, and the collectors that receive."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, LiteralString, cast

import psycopg

from fleet.gateways import FleetReport, Specification
from harness.process import Program, python
from servers.process import RigError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from servers.cluster import Cluster

RECIPIENT_USER = "coop"
_DATABASE = "linky"
_END_S = 60.0


class GatewayProcess(Program):
    """One process of gateways, started; what it reports is read by a thread of its own."""

    def __init__(self, spec: Specification, log: Path) -> None:
        self.report = FleetReport("preparing")
        self.latencies_ms: list[float] = []
        self.login_ms: list[float] = []
        super().__init__(
            log.parent, log.stem, python("fleet.gateways"), output="pipe", listens=True, keeps=False, own_session=True,
            fault=RigError,
        )  # fmt: skip
        self.start()
        self._said = io.BufferedReader(cast("io.RawIOBase", self.process.stdout))
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.tell(json.dumps(asdict(spec)))

    def stop(self, seconds: float = _END_S) -> int | None:
        """End it: in order while it listens."""
        if self.running:
            self.tell("end")
            with suppress(subprocess.TimeoutExpired):
                self.wait(seconds)
        if self._process is not None:
            self._process.kill()
            self._reader.join()
        return super().stop()

    def _read(self) -> None:
        for line in self._said:
            said: dict[str, Any] = json.loads(line)
            self.latencies_ms += said.pop("latencies_ms") or ()
            self.login_ms += said.pop("login_ms") or ()
            self.report = FleetReport(**said)


class Collectors:
    """``linky-collect`` in several processes: one account, a resource for each, a database that they share."""

    def __init__(self, folder: Path, cluster: Cluster, password: str, count: int) -> None:
        self._folder, self._cluster, self._count = folder, cluster, count
        self._programs: list[Program] = []
        folder.mkdir(parents=True)
        self.conninfo = cluster.postgres.create(_DATABASE)
        far = cluster.domains[1]
        self.jid = f"{RECIPIENT_USER}@{far}"
        cluster.register(RECIPIENT_USER, far, password)
        (folder / "password").write_text(password + "\n")
        self._config = folder / "collect.toml"
        self._config.write_text(
            f'[account]\njid = "{self.jid}"\npassword_file = "password"\n'
            f'address = "{cluster.addresses(far)[0]}"\nca_file = "{cluster.ca}"\n'
            f'[database]\nconninfo = "{self.conninfo}"\n'
        )
        self._command("init")

    @property
    def pids(self) -> list[int]:
        """The process ids."""
        return [program.process.pid for program in self._programs]

    def start(self) -> None:
        """Start them; they connect by themselves."""
        for _ in range(self._count):
            self.add()

    def add(self, conninfo: str = "") -> Program:
        """Start one more, whose way to the database may be another."""
        name = f"collector-{len(self._programs)}"
        config = self._config
        if conninfo:
            config = self._folder / f"{name}.toml"
            config.write_text(self._config.read_text().replace(self.conninfo, conninfo))
        command = python("gateway.collector.cli", "run", "--resource", name, "--config", config)
        self._programs.append(Program(self._folder, name, command, keeps=False, own_session=True).start())
        return self._programs[-1]

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
        self._programs[number].kill()

    def stop(self) -> None:
        """End all of them in order."""
        for program in self._programs:
            program.stop(_END_S)

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
        with psycopg.connect(self.conninfo, options="-c search_path=linky", autocommit=True) as db:
            return db.execute(text).fetchall()

    def _command(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "gateway.collector.cli", *arguments, "--config", str(self._config)]
        done = subprocess.run(command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise RigError(f"linky-collect {arguments[0]}: {done.stderr.strip()}")
