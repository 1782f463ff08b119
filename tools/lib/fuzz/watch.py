"""Everybody else in the house, watched from outside: the one thing that is asked is that they go on.

Each second: the process, its links, what the honest meters said last, its log. As they come: what the recipient gets.
Every few seconds: a page, from an address of its own. The first that stops raises ``StoppedError``.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import statistics
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from fuzz.rig import HONEST_METERS, LINKS, SHARED
from harness.process import last_lines
from relay_faults.broker import HOST
from soak.samples import ProgramSample

if TYPE_CHECKING:
    from fuzz.rig import Rig

# The bounds. A frame comes each second, is committed within one, and is on its way within one more.
SILENT_S, LATE_S, ANSWERED_S = 10.0, 10.0, 10.0
# After a flood of another board's: when it counts as caught up, and by when.
CAUGHT_UP_S, CATCH_UP_S = 5.0, 120.0
LOG_BYTES, LOG_BYTES_A_MINUTE = 100_000, 20_000
_LOOK_S, _VISIT_S, _PAGES = 1.0, 3.0, ("/", "/links", "/sharing", "/cost", "/history")
_BAD = ("Traceback", "unexpected", "left out", "Task exception was never retrieved", "could not be handled", "CRITICAL")


class StoppedError(RuntimeError):
    """Somebody else stopped; one sentence says who and how."""


@dataclass(slots=True)
class FuzzObservations:
    """What was seen: memory in bytes by seconds since the start, how late points came, how long pages took."""

    memory: list[tuple[float, ProgramSample]] = field(default_factory=list)
    lateness: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    points: dict[tuple[str, str, int], object] = field(default_factory=dict)
    load: list[float] = field(default_factory=list)
    # How late this program itself went on after a sleep: what the machine owes to everybody.
    held_up: list[float] = field(default_factory=list)

    def processor(self) -> float:
        """Of one core, the share that the gateway took since it was looked at first."""
        (begun, first), (ended, last) = self.memory[0], max(self.memory, key=lambda one: one[1].cpu_s)
        return (last.cpu_s - first.cpu_s) / max(1.0, ended - begun)

    def rss(self, since: float, until: float) -> float:
        """Megabytes: the median of what was looked at between two moments of ``time.monotonic``."""
        return statistics.median(one.rss for at, one in self.memory if since <= at <= until) / 1e6


class RigWatch:
    """Watches a rig until cancelled; ``since`` is when the points that count begin, POSIX seconds."""

    def __init__(self, rig: Rig, seen: FuzzObservations | None = None) -> None:
        self._rig, self.seen, self.since = rig, seen or FuzzObservations(), time.time()
        self.pid = rig.gateway.pid
        # While one board sends all that the broker takes, the other's frames wait in the same queue and are sent again:
        # late, never lost. What was said before this second (POSIX) may be late.
        self._flooded_until = 0.0
        self._ages: dict[str, float] = {}
        self._log_at = rig.gateway.log.stat().st_size if seen else 0
        self._read = rig.received.stat().st_size if seen else 0
        self._begun = time.monotonic()

    async def run(self) -> None:
        """Until something stops."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._look_for_ever(), name="look")
            group.create_task(self._visit_for_ever(), name="visit")

    async def _look_for_ever(self) -> None:
        while True:
            await asyncio.to_thread(self.look)
            begun = time.monotonic()
            await asyncio.sleep(_LOOK_S)
            self.seen.held_up.append(time.monotonic() - begun - _LOOK_S)

    def look(self) -> None:
        """Once at everything but the page."""
        rig = self._rig
        if rig.gateway.pid != self.pid or self.pid is None:
            raise StoppedError(f"the gateway ended: {last_lines(rig.gateway.log, 1).strip()}")
        if sample := ProgramSample.take(0, "gateway", self.pid):
            self.seen.memory.append((time.monotonic(), sample))
        self.seen.load.append(os.getloadavg()[0])
        self._look_at_links()
        now = time.time()
        for name in HONEST_METERS:
            silent = now - self._rig.last(name)
            if silent > SILENT_S and not self._may_be_late(name, now):
                raise StoppedError(f"nothing of the meter {name} was stored for {silent:.0f} s")
        self._look_at_log()
        self.arrive()

    def _look_at_links(self) -> None:
        links = self._rig.links()
        if not links:
            raise StoppedError("the gateway does not say how it is")
        for name in (*LINKS, *(name for name in links if name.startswith("cell "))):
            row = links[name]
            if row["state"] != "ok":
                raise StoppedError(f"{name} is {row['state']}: {row['detail']}")
            if name in {"xmpp", "mqtt"}:
                # How long it has been so: less than at the last look, and it was away between them.
                if row["age_s"] < self._ages.get(name, 0.0):
                    raise StoppedError(f"{name} was away and came back")
                self._ages[name] = row["age_s"]

    def flood(self) -> None:
        """One board is going to send all that the broker takes."""
        self._flooded_until = math.inf

    async def flood_is_over(self) -> None:
        """Wait until the other board has caught up; StoppedError when it does not."""
        begun = time.monotonic()
        while time.time() - await asyncio.to_thread(self._rig.last, "flat") > CAUGHT_UP_S:
            if time.monotonic() - begun > CATCH_UP_S:
                raise StoppedError(f"the meter flat has not caught up {CATCH_UP_S:.0f} s after a flood")
            await asyncio.sleep(_LOOK_S)
        self._flooded_until = time.time()

    def _may_be_late(self, meter: str, at: float) -> bool:
        return meter == "flat" and at < self._flooded_until

    def _look_at_log(self) -> None:
        with self._rig.gateway.log.open("rb") as log:
            log.seek(self._log_at)
            new = log.read()
        self._log_at += len(new)
        for line in new.decode(errors="replace").splitlines():
            if any(word in line for word in _BAD):
                raise StoppedError(f"the log says: {line[:200]}")
        minutes = (time.monotonic() - self._begun) / 60
        if self._log_at > LOG_BYTES + LOG_BYTES_A_MINUTE * minutes:
            raise StoppedError(f"the log has grown to {self._log_at} bytes in {minutes:.1f} minutes")

    def arrive(self) -> None:
        """Take what the recipient has got since the last look."""
        with self._rig.received.open("rb") as printed:
            printed.seek(self._read)
            new = printed.read()
        whole = new[: new.rfind(b"\n") + 1]
        self._read += len(whole)
        now = time.time()
        # Of two frames in a second the first.
        said = {meter: {second: end for second, _, end in frames_of(self._rig, meter)[::-1]} for meter in HONEST_METERS}
        for line in whole.splitlines():
            record = json.loads(line)
            at = datetime.fromisoformat(record["time"]).timestamp()
            meter, path = record["name"].split("/", 2)[1:]
            meter = meter.partition("@")[0]
            self.seen.points[meter, path, int(at)] = record["value"]
            if at >= self.since and not self._may_be_late(meter, at):
                # From the end of its frame: a meter that is simulated on a busy machine is behind itself.
                late = now - said[meter].get(int(at), at)
                self.seen.lateness.append(late)
                if late > LATE_S:
                    raise StoppedError(f"a point of {meter} came to the recipient {late:.1f} s after it was said")

    async def _visit_for_ever(self) -> None:
        turn = 0
        while True:
            await self._visit(_PAGES[turn % len(_PAGES)])
            turn += 1
            await asyncio.sleep(_VISIT_S)

    async def _visit(self, page: str) -> None:
        begun = time.monotonic()
        try:
            async with asyncio.timeout(ANSWERED_S):
                answer = await self._get(page)
        except (OSError, TimeoutError) as error:
            raise StoppedError(f"the page {page} did not answer within {ANSWERED_S:.0f} s ({error!r})") from error
        self.seen.answers.append(time.monotonic() - begun)
        head = answer.partition(b"\r\n")[0].decode("latin-1")
        if " 200 " not in head + " " or not answer.rstrip().endswith(b"</html>"):
            raise StoppedError(f"the page {page} answered {head or 'nothing'}")

    async def _get(self, page: str) -> bytes:
        own = (self._rig.net.address(201), 0)
        reader, writer = await asyncio.open_connection(HOST, self._rig.port, local_addr=own)
        try:
            cookie = self._rig.cookies["household"]
            writer.write(f"GET {page} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n".encode())
            return await reader.read()
        finally:
            writer.close()

    def missed(self, until: float) -> list[str]:
        """What is wrong of the points between ``since`` and then: meter to database, database to recipient."""
        return [*self._not_stored(until), *self._not_delivered(until)]

    def _not_stored(self, until: float) -> list[str]:
        """Each frame that was sent, by what changed in it, and by how many are in each whole minute."""
        wrong = []
        for meter in HONEST_METERS:
            frames = frames_of(self._rig, meter)
            kept = dict(self._rig.query(_READINGS, meter))
            for before, last, (second, value, _) in zip(frames, frames[1:], frames[2:], strict=False):
                # A second has one value: where it has two frames the first counts. What changed is stored.
                told = self.since <= second < until and second != last[0] and value not in {before[1], last[1]}
                if told and kept.get(second) != value:
                    wrong.append(f"{meter}: {value} VA at {second} was said and {kept.get(second)} is stored")
            for minute, samples in self._rig.query(_MINUTES, meter):
                said = sum(minute <= second < minute + 60 for second, *_ in frames)
                if self.since <= minute < until - 60 and samples != said:
                    wrong.append(f"{meter}: {said} frames in the minute {minute}, and {samples} are counted")
        return wrong

    def _not_delivered(self, until: float) -> list[str]:
        rows = self._rig.query(_SHARED, f"{SHARED}/%", int(self.since), int(until))
        owed = {(meter, path, second): value for meter, path, second, value in rows if meter in HONEST_METERS}
        got = self.seen.points
        return [f"{key} was {value} and came as {got.get(key)}" for key, value in owed.items() if got.get(key) != value]


_OF = " FROM {0} JOIN series ON series.id = {0}.series JOIN meter ON meter.id = series.meter WHERE "
_OWN = "meter.name = ? AND path = 'consumption/power/apparent/raw'"
_READINGS = "SELECT time, value" + _OF.format("reading") + _OWN
_MINUTES = "SELECT time, samples" + _OF.format("minute") + _OWN + " AND closed"
_SHARED = "SELECT meter.name, path, time, value" + _OF.format("reading") + "path LIKE ? AND time >= ? AND time < ?"


def frames_of(rig: Rig, meter: str) -> list[tuple[int, int, float]]:
    """Of each frame that the meter sent to its end: its second, its VA, when the host had sent that end (POSIX)."""
    records = rig.meters[meter].records()
    ends = {record["frame"]: record["host"] for record in records if record["event"] == "sent"}
    return [
        (_posix(record["horodate"]["DATE"]), int(record["data"]["SINSTS"]), ends[record["frame"]])
        for record in records
        if record["event"] == "frame" and record["frame"] in ends
    ]


def _posix(horodate: str) -> int:
    zone = "+0200" if horodate[0] in "Ee" else "+0100"
    return int(datetime.strptime(horodate[1:] + zone, "%y%m%d%H%M%S%z").timestamp())
