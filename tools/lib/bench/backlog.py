"""One day of backlog after an outage: every minute of every series of a meter, to a recipient in the other domain.

The daemon starts with the day in its outbox, as after a power cut that took the network with it; the recipient is
there already. Time runs from the daemon's connection to the recipient's commit of the last record, each once.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench.days import BenchRecipient, live
from bench.domains import BenchHouse, BenchProgram, house
from bench.options import PAIRS
from harness.accounts import FAR
from harness.points import rows
from servers import wait_until

if TYPE_CHECKING:
    from servers.process import Limits

DAY_MINUTES = 1440
# Of a day, by the limits of the servers (``tools/lib/servers``).
BUDGET_S = {"none": 3.0, "default": 180.0}
# The slowest line (3 kB/s of a stock ejabberd) takes some 25 s for a thousand records; four times that is a fault.
_PATIENCE_S, _PATIENCE_S_A_RECORD = 60.0, 0.1

_PROMISED = (
    "SELECT path, CASE granularity WHEN 0 THEN 'raw' WHEN 60 THEN 'PT1M' WHEN 1800 THEN 'PT30M' ELSE 'P1D' END,"
    " time, value FROM outbox JOIN series ON series.id = outbox.series"
)


def measure(folder: Path, pair: str = "pe", limits: Limits = "none", minutes: int = DAY_MINUTES) -> dict[str, float]:
    """Seconds, records, packs and what went wrong.

    ``seconds`` from the daemon's connection to the last commit; ``gateway_cpu_s`` and ``recipient_cpu_s`` in that
    time; ``lost``, ``double`` and ``wrong`` are records, ``left`` those that the gateway has not seen confirmed.
    """
    with house(folder, pair, limits) as home:
        end = int(time.time()) // 60 * 60 - 120
        live(home.data, end - minutes * 60, minutes, [BenchRecipient(FAR)])
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
    return {
        "lost": len(set(promised) - received),
        "wrong": len(received - set(promised)),
        "double": len(printed) - len(set(printed)),
        "left": _left(home),
    }


def _left(home: BenchHouse) -> int:
    return int(rows(home.database, "SELECT count(*) FROM outbox")[0][0])


def main() -> int:
    """Measure and print; 1 when anything was lost, came twice or is wrong."""
    made = argparse.ArgumentParser(prog="python -m bench.backlog", description=(__doc__ or "").splitlines()[0])
    made.add_argument("--servers", choices=PAIRS, action="append", help="home and far server (default: both ways)")
    made.add_argument(
        "--limits", choices=BUDGET_S, action="append", help="of both servers (default: none and Debian's)"
    )
    made.add_argument("--minutes", type=int, default=DAY_MINUTES, metavar="N", help="of backlog (default: a day)")
    options = made.parse_args()
    wrong = False
    for limits in options.limits or BUDGET_S:
        for pair in options.servers or PAIRS:
            with tempfile.TemporaryDirectory(prefix="linky-bench-") as folder:
                found = measure(Path(folder), pair, limits, options.minutes)
            wrong |= any(found[key] for key in ("lost", "double", "wrong", "left"))
            print(json.dumps({"servers": pair, "limits": limits, "budget_s": BUDGET_S[limits], **found}), flush=True)
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
