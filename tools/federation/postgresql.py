"""A PostgreSQL of one's own as a child process: for servers that share their accounts, and for a recipient's data.

Debian's package, a fresh data folder, no cluster of the system touched. PostgreSQL refuses to run as root, so then it
runs as the package's user ``postgres``. It listens on one loopback address and asks for a password (SCRAM-SHA-256).
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from federation.process import RigError
from federation.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Sequence

PORT: Final = 5432
USER: Final = "linky"
_FAST: Final = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")
_START_S, _STOP_S, _COMMAND_S = 60.0, 20.0, 120.0


class PostgreSQL:
    """One server with any number of databases.

    Args:
        folder: for data and log; another user must be able to pass through the folders above it.
        address: where to listen, an address of the loopback.
        password: of the user ``linky``, who owns every database.
        durable: a commit survives a power cut; without it only the end of the process.
        connections: how many clients may be there at once.
    """

    def __init__(
        self, folder: Path, address: str, password: str, *, durable: bool = False, connections: int = 100
    ) -> None:
        self.folder, self.address, self.password = folder, address, password
        self._settings = [
            *(f"listen_addresses={address}", f"port={PORT}", f"unix_socket_directories={folder}"),
            *(f"max_connections={connections}", "shared_buffers=64MB", *(() if durable else _FAST)),
        ]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process id, or None when it does not run."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def url(self, database: str) -> str:
        """How a client connects (libpq's URI)."""
        return f"postgresql://{USER}:{self.password}@{self.address}:{PORT}/{database}"

    def start(self, *databases: str) -> Self:
        """Make the data folder the first time, start, and make the databases that are not there.

        Raises:
            RigError: PostgreSQL is not installed or did not start; with its last words.
        """
        if not (self.folder / "data").exists():
            self._initialise()
        with (self.folder / "output.log").open("ab") as output:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *_as_postgres(), "--", *self._server()],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                start_new_session=True,
            )
        try:
            wait_until(lambda: self.pid is None or self._run("pg_isready", "-q", check=False), _START_S)
        except AssertionError:
            self.stop()
        if self.pid is None:
            raise RigError(f"PostgreSQL on {self.address} did not start: {self._last_words()}")
        there = self._query("SELECT datname FROM pg_database").split()
        for name in databases:
            if name not in there:
                self._run("createdb", name)
        return self

    def stop(self) -> None:
        """End it; open connections are closed (SIGINT, "fast shutdown")."""
        if self._process is not None and self.pid is not None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """End it as a crash would (SIGKILL to all of its processes)."""
        if self._process is not None and self.pid is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _initialise(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        secret = self.folder / "password"
        secret.touch(mode=0o600)
        secret.write_text(self.password + "\n")
        if _as_postgres():
            shutil.chown(self.folder, "postgres", "postgres")
            shutil.chown(secret, "postgres", "postgres")
        initdb = ("initdb", "--no-sync", "-D", self.folder / "data", "-U", USER, "-A", "scram-sha-256")
        self._run(*initdb, "--pwfile", secret, "-E", "UTF8", "--locale", "C", as_postgres=True)
        secret.unlink()

    def _server(self) -> list[str]:
        options = [part for setting in self._settings for part in ("-c", setting)]
        return [str(programs() / "postgres"), "-D", str(self.folder / "data"), *options]

    def _query(self, sql: str) -> str:
        done = self._execute("psql", "-d", "postgres", "-Atqc", sql)
        if done.returncode:
            raise RigError(f"PostgreSQL on {self.address} refused {sql!r}: {done.stderr.strip()}")
        return done.stdout

    def _run(self, *command: str | Path, check: bool = True, as_postgres: bool = False) -> bool:
        done = self._execute(*command, as_postgres=as_postgres)
        if check and done.returncode:
            raise RigError(f"PostgreSQL: {command[0]} failed: {done.stderr.strip()}")
        return done.returncode == 0

    def _execute(self, *command: str | Path, as_postgres: bool = False) -> subprocess.CompletedProcess[str]:
        name, *arguments = command
        drop: Sequence[str] = ("setpriv", *_as_postgres(), "--") if as_postgres else ()
        client = {"PGHOST": self.address, "PGPORT": str(PORT), "PGUSER": USER, "PGPASSWORD": self.password}
        return subprocess.run(
            [*drop, str(programs() / str(name)), *map(str, arguments)],
            env={**os.environ, **client},
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=_COMMAND_S,
        )

    def _last_words(self) -> str:
        lines = (self.folder / "output.log").read_text(errors="replace").splitlines()
        return " / ".join(lines[-3:]) or "it said nothing"


def programs() -> Path:
    """Where Debian keeps PostgreSQL's programs: the newest version's. Raises RigError when it is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if not found:
        raise RigError("PostgreSQL is not installed (Debian package postgresql)")
    return found[-1].parent


def _as_postgres() -> Sequence[str]:
    return ("--reuid", "postgres", "--regid", "postgres", "--clear-groups") if os.geteuid() == 0 else ()


def missing_packages() -> list[str]:
    """Name the Debian packages that PostgreSQL and an ejabberd that uses it lack here."""
    present = {
        "postgresql": any(Path("/usr/lib/postgresql").glob("*/bin/postgres")),
        "erlang-p1-pgsql": any(Path("/usr/lib/erlang/lib").glob("p1_pgsql-*")),
    }
    return [name for name, found in present.items() if not found]
