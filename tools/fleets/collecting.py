"""``python -m fleets.collecting``: a stand-in for ``linky-collect``: commits to one SQLite file, then confirms."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from fleets.household import user
from gateway.federation.intake import Arrival, Intake
from gateway.federation.recipient import Keeper
from gateway.federation.session import Account, Session
from gateway.federation.stanza import Parcel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.store.received import ReceivedGap


class _Kept:
    def __init__(self, keeper: Keeper, gateway: str) -> None:
        self.notices = 0
        self._keeper, self._gateway = keeper, gateway

    async def keep(self, arrivals: Sequence[Arrival]) -> Sequence[Arrival]:
        for arrival in arrivals:
            assert isinstance(arrival.content, Parcel), arrival.content
            self._keeper.add(arrival.content, self._gateway)
        return arrivals

    async def reached(self) -> tuple[str, int] | None:
        return None

    async def begin(self, identifier: str, numbers: tuple[str, int, int] | None) -> None:
        """Nothing is asked for."""

    async def gaps(self) -> Sequence[ReceivedGap]:
        return ()

    async def fill(self, gap: ReceivedGap, parcel: Parcel, *, last: bool) -> bool:
        return False

    async def end(self, identifier: str) -> None:
        """Nothing was asked for."""


async def _main() -> None:
    spec = json.loads(sys.argv[1])
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    account = Account(spec["jid"], spec["password"], spec["addresses"], Path(spec["ca"]), spec["resource"])
    session = Session(account)
    keeper = Keeper(Path(spec["store"]))
    gateways = [f"{user(number)}@{spec['domain']}" for number in range(spec["gateways"])]
    intake = Intake(session, {jid: _Kept(keeper, jid) for jid in gateways})
    async with asyncio.TaskGroup() as group:
        group.create_task(session.run(stop))
        group.create_task(intake.receive(stop))
        await session.connected.wait()
        print("up", flush=True)
    keeper.close()


if __name__ == "__main__":
    asyncio.run(_main())
