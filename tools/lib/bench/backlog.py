"""One day of backlog after an outage: every minute of every series of a meter, to a recipient in the other domain.

The daemon starts with the day in its outbox, as after a power cut that took the network with it; the recipient is
there already. Time runs from the daemon's connection to the recipient's commit of the last record, each once.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bench.days import live
from bench.domains import house
from bench.options import PAIRS
from bench.parts import named
from harness.accounts import FAR
from harness.points import rows
from servers import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from bench.domains import BenchHouse, BenchProgram
    from bench.parts import At
    from servers.process import Limits

_DAY_MINUTES = 1440
# The slowest line (3 kB/s of a stock ejabberd) takes some 25 s for a thousand records; four times that is a fault.
_PATIENCE_S, _PATIENCE_S_A_RECORD = 60.0, 0.1

_PROMISED = (
    "SELECT path, CASE granularity WHEN 0 THEN 'raw' WHEN 60 THEN 'PT1M' WHEN 900 THEN 'PT15M' WHEN 1800 THEN 'PT30M'"
    " ELSE 'P1D' END, time, value FROM outbox JOIN series ON series.id = outbox.series"
)


def measure(at: At) -> dict[str, float]:
    """A day of minutes at the limits of either home server and without; five minutes of it to be quick."""
    minutes = 5 if at.quick else _DAY_MINUTES
    found = {"lifted": deliver(at.folder / "lifted", at.servers, "none", minutes)}
    for pair in PAIRS:
        found[f"default_{pair}"] = deliver(at.folder / pair, pair, "default", minutes)
    return named(found)


def deliver(folder: Path, pair: str, limits: Limits, minutes: int) -> dict[str, float]:
    """Seconds, records, packs and what went wrong.

    ``seconds`` from the daemon's connection to the last commit; ``gateway_cpu_s`` and ``recipient_cpu_s`` in that
    time; ``lost``, ``double`` and ``wrong`` are records, ``not_once`` all of them, ``left`` those that the gateway has
    not seen confirmed.
    """
    with house(folder, pair, limits) as home:
        end = int(time.time()) // 60 * 60 - 120
        live(home.data, end - minutes * 60, minutes, [FAR])
        home.configure()
        promised = rows(home.database, _PROMISED)
        patience = max(_PATIENCE_S, len(promised) * _PATIENCE_S_A_RECORD)
        with home.recipient() as recipient:
            recipient.await_connected()
            with home.gateway() as gateway:
                begun = gateway.await_connected()
                before = gateway.processor_s, recipient.processor_s
                seconds = recipient.await_lines(len(promised), patience) - begun
                after = gateway.processor_s, recipient.processor_s
                # The last receipt is on its way, and what it lets go is gone with the next commit.
                wait_until(lambda: not _left(home), _PATIENCE_S, "an empty outbox")
        return {
            "seconds": seconds,
            "records": len(promised),
            "records_a_second": len(promised) / seconds,
            "gateway_cpu_s": after[0] - before[0],
            "recipient_cpu_s": after[1] - before[1],
            **_count(home, promised, recipient),
        }


def _count(home: BenchHouse, promised: list[tuple[object, ...]], recipient: BenchProgram) -> dict[str, float]:
    kept = rows(home.received, "SELECT name, granularity, time, value FROM record")
    received = {(str(name).split("/", 2)[2], *rest) for name, *rest in kept}
    printed = recipient.out.read_text().splitlines()
    faults = {
        "lost": len(set(promised) - received),
        "wrong": len(received - set(promised)),
        "double": len(printed) - len(set(printed)),
    }
    return {**faults, "not_once": sum(faults.values()), "left": _left(home)}


def _left(home: BenchHouse) -> int:
    return int(rows(home.database, "SELECT count(*) FROM outbox")[0][0])
