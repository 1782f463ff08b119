"""How long a live value is under way: from the last byte of the meter's frame to a recipient in the other domain.

The whole chain on loopback: a simulated meter at its own pace on a pty, the daemon, two servers, a subscriber here.
Beside it the time that the servers alone take: a ping from the subscriber to the gateway and back.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from bench.days import SENSOR
from bench.domains import house
from gateway.errors import FederationError
from gateway.federation.connection.session import Session
from gateway.federation.wire.form import build_submit
from gateway.federation.wire.stanza import QUOALISE, parse_quoalise
from harness.accounts import FAR, HOME
from meter.process import SimulatedMeter

if TYPE_CHECKING:
    from bench.parts import At
    from gateway.federation.connection.session import Account, Stanza

_ASK_S, _PATIENCE_S = 0.5, 60.0


def measure(at: At) -> dict[str, float]:
    """Milliseconds: median and 95th percentile of live values, median of a ping and back; and how many values came."""
    with ExitStack() as stack:
        home = stack.enter_context(house(at.folder, at.servers))
        meter = stack.enter_context(SimulatedMeter(home.tty, mode="standard", seed=1))
        home.configure(meters=home.on_a_wire(), commit_s=5)
        home.command("consent", "grant", FAR, "--series", "consumption", "--granularity", "raw", "--accept")
        stack.enter_context(home.gateway())
        account = replace(home.account(FAR), resource="bench")
        arrived, pings = asyncio.run(_watch(account, min(at.seconds, 30)))
        sent = {r["frame"]: float(r["host"]) for r in meter.records() if r["event"] == "sent"}
        second = {int(frame["time"]): number for number, frame in enumerate(meter.truth())}
    delays = [(moment - sent[second[s]]) * 1000 for s, moment in arrived.items() if second.get(s) in sent]
    if len(delays) < 3:
        raise SystemExit("tools/bench: too few live values came to measure anything")
    return {
        "values": len(delays),
        "live_median_ms": statistics.median(delays),
        "live_p95_ms": statistics.quantiles(delays, n=20)[-1],
        "ping_median_ms": statistics.median(pings),
    }


async def _watch(account: Account, seconds: float) -> tuple[dict[int, float], list[float]]:
    """Second of the frame -> when its values were here (POSIX seconds); and the pings, in milliseconds."""
    arrived: dict[int, float] = {}
    session, stop, first, pings = Session(account), asyncio.Event(), asyncio.Event(), []

    def take(stanza: Stanza) -> None:
        now = time.time()
        pack = stanza.xml.find(f"{{{QUOALISE}}}quoalise")
        if pack is not None:
            for record in parse_quoalise(pack, now).records:
                arrived.setdefault(int(record.time), now)
            first.set()

    session.listen(f"{{jabber:client}}message/{{{QUOALISE}}}quoalise", take)
    task = asyncio.create_task(session.run(stop))
    async with asyncio.timeout(_PATIENCE_S):
        await session.connected.wait()
        await _subscribe(session)
        await first.wait()
    arrived.clear()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        begun = time.monotonic()
        await session.request(f"{HOME}/proxy", ET.Element("{urn:xmpp:ping}ping"), kind="get")
        pings.append((time.monotonic() - begun) * 1000)
        await asyncio.sleep(0.7)
    stop.set()
    await task
    return arrived, pings


async def _subscribe(session: Session) -> None:
    """Ask until the gateway is there and knows its meter."""
    fields = {"identifier": f"{HOME}/{SENSOR}@sen1.test", "mode": "live", "minimum_interval": "1"}
    while True:
        try:
            await session.request(f"{HOME}/proxy", build_submit("subscribe", fields))
        except FederationError:
            await asyncio.sleep(_ASK_S)
        else:
            return
