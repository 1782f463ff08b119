"""A private PostgreSQL cluster for a test or a tool: a folder of its own, a Unix socket, no port, no service.

Needs Debian's package ``postgresql`` (any version of it). PostgreSQL does not run as root: there it is user
``postgres``, in a folder below the system's temporary one, since that user cannot enter those of a test.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Self

from federation.process import RigError
from federation.waiting import wait_until

_PROGRAMS = Path("/usr/lib/postgresql")
_USER = "postgres"
# A test's cluster need not outlive a power cut, and a busy machine's disk is slow.
_SETTINGS = ("fsync=off", "listen_addresses=", "max_connections=60", "shared_buffers=32MB", "log_min_messages=warning")
_START_S, _STOP_S = 60.0, 20.0


def missing_packages() -> list[str]:
    """Name the Debian package that is not installed."""
    return [] if _newest() else ["postgresql"]


class Postgres:
    """A cluster that lives as long as the ``with`` block, and may be stopped, killed and started within it.

    Args:
        folder: gets ``postgres.log``. Data and socket are in a folder of the cluster's own, which ends with it.
    """

    def __init__(self, folder: Path) -> None:
        programs = _newest()
        if programs is None:
            msg = "PostgreSQL is not installed; install the Debian package postgresql"
            raise RigError(msg)
        self._programs, self.log = programs, folder / "postgres.log"
        self._user = _USER if os.geteuid() == 0 else None
        # Short: the path of a socket has 107 bytes at most.
        self.socket = Path(tempfile.mkdtemp(prefix="linky-pg-"))
        self._data = self.socket / "data"
        self._process: subprocess.Popen[bytes] | None = None
        if self._user:
            shutil.chown(self.socket, self._user, self._user)

    @property
    def dsn(self) -> str:
        """How libpq connects as the superuser, to the database ``postgres``."""
        return f"host={self.socket} port=5432 user={_USER} dbname=postgres"

    def start(self) -> Self:
        """Start the server, after initdb the first time, and wait until it takes connections. Raises RigError."""
        if not self._data.exists():
            # The socket's folder lets nobody else in, so nobody is asked for a password.
            self._run(
                "initdb", "--pgdata", self._data, "--username", _USER, "--auth", "trust", "--no-sync", "-E", "UTF8"
            )
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *self._as_user(), "--", *self._command()],
                cwd=self.socket, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        try:
            wait_until(lambda: self._process is None or self._process.poll() is not None or self._answers(), _START_S)
        except AssertionError:
            raise RigError(self._complaint("did not start in time")) from None
        if self._process.poll() is not None:
            raise RigError(self._complaint("ended at once"))
        return self

    def stop(self) -> None:
        """End it in order: what is committed is kept for the next start."""
        # Its "fast" end, which does not wait for clients to leave.
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """End it as a crash would, and leave its data as they are."""
        self._end(signal.SIGKILL)

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Run a statement by ``psql``; its rows, columns between ``|``. Raises RigError."""
        return self._run("psql", *self._psql(database), "--command", statement)

    def load(self, script: bytes, database: str) -> None:
        """Run a script by ``psql``, as one transaction. Raises RigError."""
        self._run("psql", *self._psql(database), "--single-transaction", given=script)

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.socket)

    def _command(self) -> list[str]:
        settings = [part for setting in _SETTINGS for part in ("-c", setting)]
        return [str(self._programs / "postgres"), "-D", str(self._data), "-k", str(self.socket), *settings]

    def _as_user(self) -> list[str]:
        return ["--reuid", self._user, "--regid", self._user, "--init-groups"] if self._user else []

    def _psql(self, database: str) -> list[str]:
        where = ["--host", str(self.socket), "--username", _USER, "--dbname", database]
        return ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1", *where]

    def _run(self, program: str, *arguments: object, given: bytes = b"") -> str:
        command = ["setpriv", *self._as_user(), "--", str(self._programs / program), *map(str, arguments)]
        done = subprocess.run(command, input=given, capture_output=True, cwd=self.socket, check=False)
        if done.returncode:
            msg = f"{program} refused: {done.stderr.decode(errors='replace').strip()}"
            raise RigError(msg)
        return done.stdout.decode().strip()

    def _answers(self) -> bool:
        command = [str(self._programs / "pg_isready"), "--quiet", "--host", str(self.socket)]
        return subprocess.run(command, check=False).returncode == 0

    def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        if self._process.poll() is None:
            # A crash takes all of its processes at once; asked to end, the first one ends the others.
            tell = os.killpg if number is signal.SIGKILL else os.kill
            tell(self._process.pid, number)
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process = None

    def _complaint(self, what: str) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-8:]
        return f"PostgreSQL {what}; its last lines:\n  " + "\n  ".join(lines)


def _newest() -> Path | None:
    """The folder of the newest version's programs."""
    found = [path for path in _PROGRAMS.glob("*/bin") if (path / "initdb").exists() and path.parent.name.isdigit()]
    return max(found, key=lambda path: int(path.parent.name), default=None)
