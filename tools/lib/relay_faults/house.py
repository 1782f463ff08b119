"""A gateway as a process, with its configuration and its database, for one meter of any source."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any, Self

from relay_faults import ROOT
from servers import wait_until
from servers.daemon import links_of

if TYPE_CHECKING:
    from pathlib import Path

_ENVIRONMENT = dict(os.environ, PYTHONPATH=str(ROOT), PYTHONUNBUFFERED="1")

# The identity of every point, and its value; of minutes those that are over, since their sums change no more.
_POINTS = {
    "reading": "SELECT path, time, value FROM reading JOIN series ON series.id = series",
    "coarse": "SELECT path, step || ' ' || time, value FROM coarse JOIN series ON series.id = series",
    "minute": "SELECT path, time, json_array(samples, total, low, high, last) FROM minute"
    " JOIN series ON series.id = series WHERE closed",
}


class House:
    """A gateway in ``folder``; ``source`` as in its configuration, ``mqtt`` the keys of that table.

    ``others``: name -> source of further meters.
    """

    def __init__(
        self,
        folder: Path,
        source: str,
        *,
        mqtt: dict[str, object] | None = None,
        commit_s: int = 1,
        others: dict[str, str] | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.log = folder / "gateway.log"
        self._config = folder / "gateway.toml"
        table = "".join(f"{key} = {json.dumps(value)}\n" for key, value in (mqtt or {}).items())
        more = "".join(f'[[meter]]\nname = "{name}"\nsource = "{one}"\n' for name, one in (others or {}).items())
        self._config.write_text(
            f'[[meter]]\nsource = "{source}"\nsensor = "ab12"\nclock = "meter"\n{more}'
            f'[store]\ndirectory = "data"\ncommit_interval_s = {commit_s}\nraw_hours = 1000\n'
            + (f"[mqtt]\n{table}" if mqtt else "")
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Run the daemon."""
        command = [sys.executable, "-m", "gateway", "run", "--config", str(self._config), "--log-level", "DEBUG"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=_ENVIRONMENT, cwd=ROOT
            )
        return self

    @property
    def pid(self) -> int | None:
        """Of the daemon; None when it does not run any more."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """End it as systemd does: what was read is committed."""
        if self._process:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(20)
            self._process = None

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """One command of the command line."""
        command = [sys.executable, "-m", "gateway", *arguments, "--config", str(self._config)]
        return subprocess.run(command, check=False, capture_output=True, text=True, env=_ENVIRONMENT, cwd=ROOT)

    def links(self) -> dict[str, dict[str, Any]]:
        """Link name -> row of ``status --json``; empty while the daemon does not answer."""
        return links_of(self._config)

    def await_link(self, name: str, state: str, seconds: float) -> None:
        """Wait until a link is in this state."""
        wait_until(lambda: self.links().get(name, {}).get("state") == state, seconds, f"{name} {state}", every=0.2)

    def points(self, kind: str) -> dict[tuple[str, object], object]:
        """(path, time) -> value of every committed point: ``reading``, ``minute`` or ``coarse``."""
        rows = self.query(_POINTS[kind])
        found = {(path, time): value for path, time, value in rows}
        assert len(found) == len(rows), "a point is there twice"
        return found

    def query(self, sql: str) -> list[tuple[object, ...]]:
        """What the database answers."""
        file = self._folder / "data" / "linky-gateway.sqlite"
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db:
            return db.execute(sql).fetchall()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.kill()
