"""The ways of a configuration, at work on its database: told what to tell by lines on standard input.

``python -m tests.integration.notices_driver CONFIG``; a line is ``{"ahead": seconds, "tell": kind, "ended": false}``:
the clock goes ahead by so much in all, then the alert is told. It is killed and started again as a gateway is.
"""

import asyncio
import json
import random
import sys
from datetime import datetime
from pathlib import Path

from gateway.config.tables import load
from gateway.links.alert_words import FaultKind, Topic, texts
from gateway.links.alerts import Alert
from gateway.notices.delivery import turn
from gateway.notices.delivery.way import ways_of
from gateway.notices.delivery.ways import HouseholdWays
from gateway.store.local_time import PARIS
from gateway.store.prepare import prepare
from gateway.store.store import Store
from gateway.words.phrase import same

# Eight o'clock of a Wednesday: it begins then, whenever it runs.
MORNING = int(datetime(2026, 11, 25, 8, tzinfo=PARIS).timestamp())
KINDS = {kind.name: kind for kind in (*FaultKind, *Topic)}


def alert(name, *, ended=False):
    """One that has held for hours; its words are its own, to be known again."""
    kind = KINDS[name]
    if isinstance(kind, Topic):
        key = "tempo 2026-11-26" if kind is Topic.TEMPO else f"{kind.value} x"
        return Alert(kind, "x", -10_000.0, False, 1, same(f"NEWS-{name}."), "", key)
    text, logged = texts(kind, "m", 100.0, int(not ended), active=not ended)
    return Alert(kind, "m", -10_000.0, ended, 1, text, logged)


async def main(path):
    """Until the end of its input."""
    config, ahead = load(path), [0.0]
    prepare(config.directory)
    store = Store(config.directory)

    async def call(function, *arguments):
        return function(*arguments)

    ways = HouseholdWays(
        ways_of(config), store.household, call, lambda: MORNING + ahead[0], lambda _: False, chance=random.Random(5)
    )
    stop = asyncio.Event()
    running = asyncio.create_task(ways.run(stop))
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        said = json.loads(line)
        ahead[0] = said.get("ahead", ahead[0])
        if "tell" in said:
            # It ran for long already.
            ways._began = -10_000.0
            ways.tell(alert(said["tell"], ended=said.get("ended", False)))
        ways._wake.set()
        ways._wake_all()
    stop.set()
    await running
    store.close()


if __name__ == "__main__":
    turn.GATHER_S, turn.PACE_S = 0, 0
    asyncio.run(main(Path(sys.argv[1])))
