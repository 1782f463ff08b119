"""A gateway as a process, with its configuration and its database, for one meter of any source."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Self

from harness import ROOT
from harness.points import GATEWAYS, rows
from harness.process import Program, python
from harness.wait import wait_until
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


class RelayHouse:
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
        self._config = folder / "gateway.toml"
        table = "".join(f"{key} = {json.dumps(value)}\n" for key, value in (mqtt or {}).items())
        more = "".join(f'[[meter]]\nname = "{name}"\nsource = "{one}"\n' for name, one in (others or {}).items())
        self._config.write_text(
            f'[[meter]]\nsource = "{source}"\nsensor = "ab12"\nclock = "meter"\n{more}'
            f'[store]\ndirectory = "data"\ncommit_interval_s = {commit_s}\nraw_hours = 1000\n'
            + (f"[mqtt]\n{table}" if mqtt else "")
        )
        command = python("gateway", "run", "--config", self._config, "--log-level", "DEBUG")
        self._daemon = Program(folder, "gateway", command, bound=False)
        self.log = self._daemon.log

    def start(self) -> Self:
        """Run the daemon."""
        self._daemon.start()
        return self

    @property
    def pid(self) -> int | None:
        """Of the daemon; None when it does not run any more."""
        return self._daemon.pid

    def kill(self) -> None:
        """End it as a power cut would."""
        self._daemon.kill()

    def stop(self) -> None:
        """End it as systemd does: what was read is committed."""
        self._daemon.stop(20)

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
        told = self.query(_POINTS[kind])
        found = {(path, time): value for path, time, value in told}
        assert len(found) == len(told), "a point is there twice"
        return found

    def query(self, sql: str) -> list[tuple[object, ...]]:
        """What the database answers."""
        return rows(self._folder / GATEWAYS, sql)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.kill()
