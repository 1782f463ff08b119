"""A gateway as a process, with its configuration and its database, for one meter of any source."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Self

from gateway.tic.active_power import ESTIMATE
from harness.house import GatewayFolder
from harness.process import Program, python

if TYPE_CHECKING:
    from pathlib import Path

# The identity of every point, and its value; of minutes those that are over, since their sums change no more.
_POINTS = {
    "reading": "SELECT path, time, value FROM reading JOIN series ON series.id = series",
    "coarse": "SELECT path, step || ' ' || time, value FROM coarse JOIN series ON series.id = series",
    "minute": "SELECT path, time, json_array(samples, total, low, high, last) FROM minute"
    " JOIN series ON series.id = series WHERE closed",
}


class RelayHouse(GatewayFolder):
    """A gateway in ``folder``; ``source`` as in its configuration, ``mqtt`` the keys of that table.

    ``others``: name -> source of further meters. At the end of its block the gateway is killed.
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
        super().__init__(folder)
        table = "".join(f"{key} = {json.dumps(value)}\n" for key, value in (mqtt or {}).items())
        more = "".join(f'[[meter]]\nname = "{name}"\nsource = "{one}"\n' for name, one in (others or {}).items())
        self.config.write_text(
            f'[[meter]]\nsource = "{source}"\nsensor = "ab12"\nclock = "meter"\n{more}'
            f'[store]\ndirectory = "data"\ncommit_interval_s = {commit_s}\nraw_hours = 1000\n'
            + (f"[mqtt]\n{table}" if mqtt else "")
        )
        words = python("gateway", "run", "--config", self.config, "--log-level", "DEBUG")
        self.gateway = Program(folder, "gateway", words, bound="")

    def points(self, kind: str) -> dict[tuple[str, object], object]:
        """(path, time) -> value of every committed point: ``reading``, ``minute`` or ``coarse``.

        Without estimates: they rest on all that was heard before; one frame less, and others are as right.
        """
        told = [point for point in self.query(_POINTS[kind]) if not str(point[0]).startswith(ESTIMATE)]
        found = {(path, time): value for path, time, value in told}
        assert len(found) == len(told), "a point is there twice"
        return found

    def __enter__(self) -> Self:
        self.gateway.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.gateway.kill()
