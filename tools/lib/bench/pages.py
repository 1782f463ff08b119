"""One year of the half-hourly load curve, asked page by page with ``get_history`` from the other domain.

The daemon with a year in its database, two real servers; the asker here, at its own server. Asked in pages as large as
an answer may be, and in those of the recipient of this project.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from bench.domains import house
from bench.years import CURVE, write_years
from gateway.balance.calendar import midnight
from gateway.federation.connection.one_off import alone
from gateway.federation.wire.fields import MAX_RECORDS
from gateway.federation.wire.form import ResultPage, build_submit, parse_page
from gateway.federation.wire.stanza import QUOALISE, parse_quoalise
from gateway.store.points import Granularity
from gateway.store.store import Store
from harness.accounts import FAR, HOME

if TYPE_CHECKING:
    from bench.parts import At
    from gateway.federation.connection.session import Account

# Of ``gateway.federation.recipient.subscriber``.
RECIPIENT_PAGE = 500
_END = date(2026, 11, 1)
_PATIENCE_S, _YEAR_S = 120.0, 365 * 86400


def measure(at: At) -> dict[str, float]:
    """Seconds for all pages, and milliseconds of one (median), in large and in the recipient's pages.

    ``gateway_cpu_s`` is the processor's time that the daemon took for the large ones.
    """
    first = _END - timedelta(days=12 if at.quick else 365)
    with house(at.folder, at.servers) as home:
        home.data.mkdir()
        write_years(home.data, first, _END)
        store = Store(home.data)
        now = time.time()
        store.consents.grant(FAR, "house", CURVE, Granularity.HALF_HOUR, int(now) + _YEAR_S, now - 60)
        (sensor,) = (meter.sensor for meter in store.meters.all() if meter.name == "house")
        store.close()
        home.configure()
        moments = [datetime.fromtimestamp(midnight(day), UTC).isoformat() for day in (first, _END)]
        fields = {"identifier": f"{HOME}/{sensor}@sen1.test/{CURVE}", "start_time": moments[0], "end_time": moments[1]}
        with home.gateway() as gateway:
            gateway.await_connected()
            before = gateway.processor_s
            large, found = asyncio.run(_ask(home.account(FAR), fields, MAX_RECORDS))
            took = gateway.processor_s - before
            small, again = asyncio.run(_ask(home.account(FAR), fields, RECIPIENT_PAGE))
    half_hours = (midnight(_END) - midnight(first)) // 1800
    if not found == again == half_hours:
        raise SystemExit(f"benchmarks: of {half_hours} half hours {[found, again]} came")
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


async def _ask(account: Account, fields: dict[str, str], largest: int) -> tuple[list[float], int]:
    """Ask page after page of at most so many records; the seconds that each took, and how many records came."""
    took: list[float] = []
    records, total, after = 0, None, None
    async with asyncio.timeout(_PATIENCE_S), alone(account) as session:
        while total is None or records < total:
            begun = time.monotonic()
            command = build_submit("get_history", fields, ResultPage(largest, after))
            answer = await session.request(f"{HOME}/proxy", command)
            pack = answer.find(f"{{{QUOALISE}}}quoalise")
            assert pack is not None, "an answer without a history"
            records += len(parse_quoalise(pack, time.time()).records)
            after, counted = parse_page(answer)
            total = counted if total is None else total
            took.append(time.monotonic() - begun)
            if after is None:
                break
    return took, records
