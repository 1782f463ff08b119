"""One sink for the queues of many gateways: what they hand on while it is at work goes together next.

A sink that answers after a second, as Zabbix's history does, would else be done with sixty gateways a minute.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from gateway.errors import BridgeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.bridges.core import Sink, Value


class SharedSink:
    """The other system for everybody's turn; raises as ``Sink`` does.

    Args:
        sink: one call of it at a time; never more than its ``most`` values together.
    """

    def __init__(self, sink: Sink) -> None:
        self.most, self._sink = sink.most, sink
        self._turn = asyncio.Lock()
        self._waiting: list[tuple[Sequence[Value], asyncio.Future[BridgeError | None]]] = []

    async def missing(self, values: Sequence[Value]) -> Sequence[Value]:
        """As ``Sink.missing``."""
        async with self._turn:
            return await self._sink.missing(values)

    async def send(self, values: Sequence[Value], *, alone: bool = False) -> None:
        """As ``Sink.send``, with others who wait at that moment unless ``alone``: a failure is then nobody else's."""
        if alone:
            async with self._turn:
                return await self._sink.send(values)
        answered: asyncio.Future[BridgeError | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((values, answered))
        async with self._turn:
            # Whoever had the turn before has taken these along, perhaps.
            while not answered.done():
                await self._send_next()
        error = answered.result()
        if error is not None:
            raise error
        return None

    async def _send_next(self) -> None:
        """Send what has waited longest, as much as goes together."""
        parts = [self._waiting.pop(0)]
        count = len(parts[0][0])
        while self._waiting and count + len(self._waiting[0][0]) <= self.most:
            parts.append(self._waiting.pop(0))
            count += len(parts[-1][0])
        outcome: BridgeError | None = BridgeError("the bridge ended")
        try:
            await self._sink.send([value for values, _ in parts for value in values])
            outcome = None
        except BridgeError as error:
            outcome = error
        finally:
            for _, answered in parts:
                if not answered.done():
                    answered.set_result(outcome)
