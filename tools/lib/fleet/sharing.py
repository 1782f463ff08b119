"""Collectors that share an account, and the homes of a component that send to them: how each process stands, by SQL."""

from __future__ import annotations

import io
import json
import secrets
import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Self, cast

import psycopg

from fleet.actors import Collectors
from fleet.homes import HomesReport
from fleet.household import expected, sensor, user
from fleet.measure import ProcessMeter, quantiles
from gateway.collector.partitions import PARTITIONS, classes_of
from harness.process import Program, python
from harness.wait import wait_until
from servers.cluster import OneProsody
from servers.process import RigError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_COMPONENT_PORT = 5347
_LOCKS = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid::bigint = %s GROUP BY pid ORDER BY 1"


class HomesProcess(Program):
    """``fleet.homes`` as a process; what it reports is read by a thread of its own."""

    def __init__(self, folder: Path) -> None:
        self.report = HomesReport()
        self.latencies_ms: list[float] = []
        super().__init__(
            folder, "homes", python("fleet.homes"), output="pipe", listens=True, own_session=True, fault=RigError
        )  # fmt: skip

    def begin(self, spec: dict[str, Any]) -> None:
        """Start it as these homes."""
        self.start()
        self._said = io.BufferedReader(cast("io.RawIOBase", self.process.stdout))
        threading.Thread(target=self._read, daemon=True).start()
        self.tell(json.dumps(spec))

    def rate(self, a_second: float) -> None:
        """Have them send so many messages a second, all together."""
        self.tell(json.dumps({"rate": a_second}))

    def _read(self) -> None:
        for line in self._said:
            said: dict[str, Any] = json.loads(line)
            self.latencies_ms += said["latencies_ms"]
            self.report = HomesReport(**said)


class Sharing:
    """One Prosody, one PostgreSQL, homes as a component, and collectors that come and go; for a block.

    Args:
        folder: for all files.
        homes: how many.
        settings: more lines of postgresql.conf; ``fsync`` is off without one.
    """

    def __init__(self, folder: Path, homes: int, **settings: str) -> None:
        self._folder, self.count = folder, homes
        self.begin = int(time.time()) // 60 * 60 - 86_400
        self.server = OneProsody(folder / "server", **settings)
        self.server.far.component_secret = secrets.token_urlsafe(16)
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            opened.enter_context(self.server)
            self.collectors = Collectors(self._folder / "collectors", self.server, secrets.token_urlsafe(16), 0)
            opened.callback(self.collectors.stop)
            domain = self.server.far.component
            self.collectors.subscribe(
                (f"{user(n)}@{domain}/proxy", f"{user(n)}@{domain}/{sensor(n)}@{domain}") for n in range(self.count)
            )
            self.homes = HomesProcess(self._folder)
            opened.callback(self.homes.kill)
            self.homes.begin(
                {
                    "count": self.count, "domain": domain, "secret": self.server.far.component_secret,
                    "recipient": self.collectors.jid, "begin": self.begin, "host": self.server.far.place.address,
                    "port": _COMPONENT_PORT,
                }
            )  # fmt: skip
            self.meter = ProcessMeter({"collectors": [], "database": [self.server.postgres.pid or 0]})
            self._opened = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def settled(self) -> list[int]:
        """How many partitions each process has that has any, the fewest first."""
        of_partitions, _ = classes_of(self.collectors.jid)
        with psycopg.connect(self.collectors.conninfo, autocommit=True) as db:
            return [count for (count,) in db.execute(_LOCKS, [of_partitions])]

    def await_shares(self, processes: int, seconds: float) -> float:
        """Wait until so many processes have a fair share of all of it; after how many seconds they had."""
        begun, most = time.monotonic(), -(-PARTITIONS // processes)

        def even() -> bool:
            self.homes.require_alive()
            shares = self.settled()
            return len(shares) == processes and sum(shares) == PARTITIONS and shares[-1] <= most

        wait_until(even, seconds, f"{processes} even shares", every=0.1)
        return time.monotonic() - begun

    def await_quiet(self, seconds: float) -> None:
        """Wait until nobody is asked or shown anything any more."""
        before = -1

        def same() -> bool:
            nonlocal before
            report = self.homes.report
            last, before = before, report.asked + report.shown + report.left
            return last == before

        wait_until(same, seconds, "nobody is asked any more", every=2)

    def await_said(self, more: int, seconds: float) -> None:
        """Wait until so many messages more were said."""
        wanted = self.homes.report.said + more
        wait_until(lambda: self.homes.report.said >= wanted, seconds, f"{more} messages more", every=0.5)

    def measure(self, seconds: float) -> dict[str, Any]:
        """What was confirmed meanwhile, how long it took, and what each cost, in ms of processor."""
        self.meter.groups["collectors"] = self.collectors.pids
        self.homes.latencies_ms.clear()
        before, confirmed = self.meter.sample(), self.homes.report.confirmed
        threading.Event().wait(seconds)
        after, confirmed = self.meter.sample(), self.homes.report.confirmed - confirmed
        each = {name: (used - before.cpu_s[name]) * 1000 / max(confirmed, 1) for name, used in after.cpu_s.items()}
        return {
            "confirmed": confirmed, "cpu_ms_each": {name: round(ms, 3) for name, ms in each.items()},
            "memory_kb": after.memory_kb["collectors"],
            "idle_s": round(after.idle_s - before.idle_s, 1), "latency_ms": quantiles(self.homes.latencies_ms),
        }  # fmt: skip

    def await_confirmed(self, seconds: float) -> None:
        """Have them say nothing new, and wait until all that they said is confirmed."""
        self.homes.rate(0)
        before = self.homes.report.said

        def done() -> bool:
            self.homes.require_alive()
            nonlocal before
            quiet, before = self.homes.report.said == before, self.homes.report.said
            return quiet and self.homes.report.confirmed == before

        wait_until(done, seconds, "all is confirmed", every=1.5)

    def wrong(self) -> list[object]:
        """What is missing, double or not as it was said, by an SQL of this module's own; empty when all is right."""
        said = self.homes.report.said
        rounds, more = divmod(said, self.count)
        domain = self.server.far.component
        with psycopg.connect(self.collectors.conninfo, autocommit=True) as db:
            rows: Iterable[tuple[str, int, float]] = db.execute(
                "SELECT sen1, extract(epoch FROM time)::bigint, value FROM linky.reading"
                " JOIN linky.series ON series.id = series"
            )
            found = sorted(rows)
        wanted = sorted(
            (f"{user(number)}@{domain}/{sensor(number)}@{domain}/{path}", at, float(value))
            for number in range(self.count)
            for path, at, value in expected(number, self.begin, rounds + (number < more))
        )
        if found == wanted:
            return []
        there, due = set(found), set(wanted)
        double = len(found) - len(there)
        return [f"{len(due - there)} missing, {len(there - due)} wrong, {double} double", *sorted(due - there)[:3]]
