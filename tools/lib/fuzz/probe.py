"""What a point may be late by without the house's doing: servers that are flooded, and a machine with too few cores."""

from __future__ import annotations

import asyncio
import math
import ssl
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from fuzz.shots import cancel
from fuzz.xmpp import FuzzClient

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fuzz.rig import Rig

# One at the house's server, one at the recipient's.
PROBES = ("probe@sen1.test", "probe@sen2.test")
_ASK_EVERY_S, _GIVEN_UP_S = 1.0, 120.0
# After so long without an answer nothing can be said of the servers any more.
UNANSWERED_S = 60.0


class StoppedError(RuntimeError):
    """Somebody else stopped; one sentence says who and how."""


def queued_s(pid: int | None) -> float:
    """How long a process has waited for a core since its start, s: of its threads the longest; 0 of no process.

    The second number of ``schedstat``, ns (the kernel's Documentation/scheduler/sched-stats.rst).
    """
    waits = [0]
    # Threads come and go.
    with suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):
                waits.append(int((thread / "schedstat").read_text().split()[1]))
    return max(waits) / 1e9


class FederationProbe:
    """Two accounts that the house does not know, by the same two servers as its recipient.

    One asks the other each second, until cancelled, without waiting for answers. What has lost its own server measures
    nothing, and would excuse whatever is late from then on: it ends the run.
    """

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        # When it was asked (POSIX), and the seconds until the answer; those that are still waited for.
        self._took: list[tuple[float, float]] = []
        self._asked: set[float] = set()

    async def run(self) -> None:
        """Until cancelled. Raises StoppedError where it cannot tell any more how long the servers take."""
        trusted = ssl.create_default_context(cafile=self._rig.federation.ca)
        clients = [self._client(jid, trusted) for jid in PROBES]
        asking: set[asyncio.Task[None]] = set()
        try:
            async with asyncio.timeout(_GIVEN_UP_S):
                await asyncio.gather(*map(self._begun, clients))
            while True:
                self._look(clients)
                task = asyncio.create_task(self._ask(*clients))
                asking.add(task)
                task.add_done_callback(asking.discard)
                await asyncio.sleep(_ASK_EVERY_S)
        finally:
            await cancel(asking)
            for client in clients:
                await client.end()

    def longest(self, since: float) -> float:
        """Seconds that a question of then (POSIX) or later has taken, or takes up to now."""
        now = time.time()
        waiting = [now - at for at in tuple(self._asked) if at >= since]
        return max([*(took for at, took in tuple(self._took) if at >= since), *waiting], default=0.0)

    def _look(self, clients: Sequence[FuzzClient]) -> None:
        for client in clients:
            if not client.is_connected():
                raise StoppedError(f"the probe {client.boundjid.bare} has lost its server")
        if (waited := time.time() - min(self._asked, default=math.inf)) > UNANSWERED_S:
            raise StoppedError(f"the two servers have not answered the probe for {waited:.0f} s")

    def _client(self, jid: str, trusted: ssl.SSLContext) -> FuzzClient:
        client = FuzzClient(f"{jid}/probe", self._rig.password, trusted)
        client.register_plugin("xep_0199")
        return client

    async def _begun(self, client: FuzzClient) -> None:
        host, _, port = self._rig.federation.address(client.boundjid.domain).rpartition(":")
        client.connect(host, int(port))
        await client.wait_until("session_start", _GIVEN_UP_S)

    async def _ask(self, one: FuzzClient, other: FuzzClient) -> None:
        at = time.time()
        self._asked.add(at)
        try:
            await one.plugin["xep_0199"].send_ping(other.boundjid, timeout=_GIVEN_UP_S)
        finally:
            self._asked.discard(at)
        self._took.append((at, time.time() - at))
