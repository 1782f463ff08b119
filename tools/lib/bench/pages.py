"""One year of the half-hourly load curve, asked page by page with ``get_history`` from the other domain.

The daemon with a year in its database, two real servers; the asker here, at its own server. Asked in pages as large as
an answer may be, and in those of the recipient of this project.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bench.domains import house
from bench.options import PAIRS
from bench.years import CURVE, write_years
from gateway.balance.calendar import midnight
from gateway.federation.connection.session import Session
from gateway.federation.wire.fields import MAX_RECORDS
from gateway.federation.wire.form import ResultPage, build_submit, parse_page
from gateway.federation.wire.stanza import QUOALISE, parse_quoalise
from gateway.store.points import Granularity
from gateway.store.store import Store
from harness.accounts import FAR, HOME

if TYPE_CHECKING:
    from bench.domains import BenchHouse
    from servers.process import Limits

BUDGET_S = 2.0
# Of ``gateway.federation.recipient.subscriber``.
RECIPIENT_PAGE = 500
_END = date(2026, 11, 1)
_PATIENCE_S, _YEAR_S = 120.0, 365 * 86400


def measure(folder: Path, pair: str = "pe", limits: Limits = "none", days: int = 365) -> dict[str, float]:
    """Seconds for all pages, and milliseconds of one (median), in large and in the recipient's pages.

    ``gateway_cpu_s`` is the processor's time that the daemon took for the large ones.
    """
    first = date.fromordinal(_END.toordinal() - days)
    with house(folder, pair, limits) as home:
        home.data.mkdir()
        write_years(home.data, first, _END)
        store = Store(home.data)
        now = time.time()
        store.consents.grant(FAR, "house", CURVE, Granularity.HALF_HOUR, int(now) + _YEAR_S, now - 60)
        (sensor,) = (meter.sensor for meter in store.meters.all() if meter.name == "house")
        store.close()
        home.configure()
        with home.gateway() as gateway:
            gateway.await_connected()
            asker = _Asker(home, f"{HOME}/{sensor}@sen1.test/{CURVE}", midnight(first), midnight(_END))
            before = gateway.processor_s
            large = asyncio.run(asker.ask(MAX_RECORDS))
            took = gateway.processor_s - before
            small = asyncio.run(asker.ask(RECIPIENT_PAGE))
    half_hours = (midnight(_END) - midnight(first)) // 1800
    if asker.found != [half_hours, half_hours]:
        raise SystemExit(f"benchmarks: of {half_hours} half hours {asker.found} came")
    return {
        "records": half_hours,
        "seconds": sum(large),
        "pages": len(large),
        "page_median_ms": statistics.median(large) * 1000,
        "gateway_cpu_s": took,
        "recipient_seconds": sum(small),
        "recipient_pages": len(small),
        "recipient_page_median_ms": statistics.median(small) * 1000,
    }


class _Asker:
    """Who asks for everything in ``[start, end)``; ``found`` is how many records each time brought."""

    def __init__(self, home: BenchHouse, identifier: str, start: int, end: int) -> None:
        self.found: list[int] = []
        self._account = home.account(FAR)
        moments = [datetime.fromtimestamp(at, UTC).isoformat() for at in (start, end)]
        self._fields = {"identifier": identifier, "start_time": moments[0], "end_time": moments[1]}

    async def ask(self, largest: int) -> list[float]:
        """Ask page after page of at most so many records; the seconds that each took."""
        session, stop = Session(self._account), asyncio.Event()
        task = asyncio.create_task(session.run(stop))
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await session.connected.wait()
                return await self._pages(session, largest)
        finally:
            stop.set()
            await task

    async def _pages(self, session: Session, largest: int) -> list[float]:
        took: list[float] = []
        records, total, after = 0, None, None
        while total is None or records < total:
            begun = time.monotonic()
            command = build_submit("get_history", self._fields, ResultPage(largest, after))
            answer = await session.request(f"{HOME}/proxy", command)
            pack = answer.find(f"{{{QUOALISE}}}quoalise")
            assert pack is not None, "an answer without a history"
            records += len(parse_quoalise(pack, time.time()).records)
            after, counted = parse_page(answer)
            total = counted if total is None else total
            took.append(time.monotonic() - begun)
            if after is None:
                break
        self.found.append(records)
        return took


def main() -> int:
    """Measure and print."""
    made = argparse.ArgumentParser(prog="python -m bench.pages", description=(__doc__ or "").splitlines()[0])
    made.add_argument("--servers", choices=PAIRS, action="append", help="home and far server (default: both ways)")
    made.add_argument("--days", type=int, default=365, metavar="N", help="of half hours (default: a year)")
    options = made.parse_args()
    for pair in options.servers or PAIRS:
        with tempfile.TemporaryDirectory(prefix="linky-bench-") as folder:
            found = measure(Path(folder), pair, days=options.days)
        print(json.dumps({"servers": pair, "budget_s": BUDGET_S, **found}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
