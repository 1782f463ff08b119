"""A private PostgreSQL cluster from Debian's package: a temporary folder, a Unix socket, nothing else, and never left.

Root cannot run PostgreSQL: it is then run as the user ``postgres``. A power cut is not what these tests are about, so
nothing is flushed to the disk. TimescaleDB is for who asks.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

from harness.process import Program
from harness.wait import wait_until
from servers.process import RigError

if TYPE_CHECKING:
    from collections.abc import Iterator

_PROGRAMS = Path("/usr/lib/postgresql")
_READY_S = 60.0
_PSQL = ("--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1")


def _bin() -> Path | None:
    """The folder of the newest PostgreSQL's programs."""
    found = [path for path in _PROGRAMS.glob("*/bin") if (path / "postgres").exists()]
    return max(found, key=lambda path: int(path.parent.name), default=None)


def missing_postgres() -> list[str]:
    """The Debian packages that are not installed."""
    return [] if _bin() else ["postgresql"]


def has_timescale() -> bool:
    """Whether Debian's package of TimescaleDB is installed for the newest PostgreSQL."""
    folder = _bin()
    return folder is not None and (folder.parent / "lib" / "timescaledb.so").exists()


class Postgres(Program):
    """One cluster, for a ``with`` block.

    Args:
        timescale: load TimescaleDB, whose launcher visits every database: none can be copied then.
        settings: more lines of postgresql.conf.
    """

    def __init__(self, *, timescale: bool = False, **settings: str) -> None:
        folder = _bin()
        if folder is None:
            raise RigError("PostgreSQL is not installed: apt-get install postgresql")
        self._bin = folder
        # Not pytest's folder, which only root may enter; and short: a socket's path has 107 characters at most.
        self.folder = Path(tempfile.mkdtemp(prefix="linky-pg-"))
        self.data = self.folder / "data"
        # The signal of its parent's death is forgotten by whoever becomes another user: it comes after that.
        command = [*_as_postgres(), "setpriv", "--pdeathsig", "KILL", "--"]
        command += [str(folder / "postgres"), "-D", str(self.data)]
        super().__init__(self.folder, "postgresql", command, bound="", cwd=Path("/"), fault=RigError)
        self._settings = {"fsync": "off", "listen_addresses": "''", "unix_socket_directories": f"'{self.folder}'"}
        # A vacuum would hold a database that is to be copied; these live for minutes.
        self._settings |= {"log_line_prefix": "'%t %a '", "timezone": "'UTC'", "autovacuum": "off"}
        if timescale:
            self._settings |= {"shared_preload_libraries": "'timescaledb'", "timescaledb.telemetry_level": "off"}
        self._settings |= settings

    def __enter__(self) -> Self:
        try:
            if os.geteuid() == 0:
                shutil.chown(self.folder, "postgres", "postgres")
            options = ("--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8")
            self._run("initdb", *options, "--pgdata", self.data)
            lines = "".join(f"{key} = {value}\n" for key, value in self._settings.items())
            with (self.data / "postgresql.conf").open("a") as file:
                file.write(lines)
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()  # at once: nothing of it is needed again
        shutil.rmtree(self.folder, ignore_errors=True)

    def conninfo(self, database: str) -> str:
        """How libpq reaches a database of the cluster."""
        return f"host={self.folder} user=postgres dbname={database}"

    def start(self, **more: str) -> Self:
        """Start, and wait until it answers."""
        super().start(**more)
        ready = [str(self._bin / "pg_isready"), "-q", "-h", str(self.folder)]
        wait_until(
            lambda: subprocess.run(ready, check=False, stdin=subprocess.DEVNULL).returncode == 0,
            _READY_S, f"PostgreSQL answers ({self.log})", alive=[self.require_alive],
        )  # fmt: skip
        return self

    def stop(self, seconds: float = _READY_S) -> int | None:
        """End it in order, without waiting for sessions to leave."""
        # Root's signal reaches the postgres user's process, whose id setpriv has kept by its exec.
        return self._end_by(signal.SIGINT, seconds)

    def kill(self) -> None:
        """End it without a word, as when the machine's memory is full: sessions are cut, it recovers at its start."""
        self._end_by(signal.SIGQUIT, _READY_S)

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """For a block, every process of it is stopped: its connections stay open, and nobody answers."""
        pid = self.process.pid
        stopped = [pid]
        try:
            # Itself first: it begins no other then.
            os.kill(pid, signal.SIGSTOP)
            stopped += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
            for one in stopped[1:]:
                with suppress(ProcessLookupError):
                    os.kill(one, signal.SIGSTOP)
            yield
        finally:
            for one in stopped:
                with suppress(ProcessLookupError):
                    os.kill(one, signal.SIGCONT)

    def program(self, name: str) -> Path:
        """One of its clients, of this very version: ``pg_dump`` of another one refuses."""
        return self._bin / name

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Run a statement by ``psql``; its rows, columns between ``|``. Raises RigError."""
        return self._run("psql", *_PSQL, "-d", self.conninfo(database), "--command", statement)

    def load(self, script: bytes, database: str) -> None:
        """Run a script by ``psql``, as one transaction. Raises RigError."""
        self._run("psql", *_PSQL, "-d", self.conninfo(database), "--single-transaction", given=script)

    # template0, to which nobody can connect: TimescaleDB's launcher looks into template1 when it pleases.
    def create(self, database: str, template: str = "template0", *extensions: str) -> str:
        """Make a database, empty or a copy of another that nobody uses, with extensions; its conninfo."""
        if not re.fullmatch(r"[a-z][a-z0-9_]*", database):
            raise ValueError(database)
        self._run("createdb", "-h", self.folder, "-U", "postgres", "--template", template, database)
        for extension in extensions:
            self.sql(f"CREATE EXTENSION {extension}", database)
        return self.conninfo(database)

    def _run(self, program: str, *arguments: object, given: bytes = b"") -> str:
        command = [*_as_postgres(), str(self._bin / program), *map(str, arguments)]
        done = subprocess.run(command, check=False, input=given, capture_output=True, cwd="/")
        if done.returncode:
            raise RigError(f"{program} failed: {done.stderr.decode(errors='replace').strip()[-1000:]}")
        return done.stdout.decode().strip()


def _as_postgres() -> list[str]:
    """What makes root another user, by exec alone."""
    if os.geteuid():
        return []
    return ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups", "--"]
