"""One sink for the queues of many gateways: what they hand on while it is at work goes together next.

A sink that answers after a second, as Zabbix's history does, would else be done with sixty gateways a minute; one that
has to make something for each new household, with a hundred.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from gateway.errors import BridgeError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from typing import TypeAlias

    from gateway.bridges.core import Sink, Value

    _Values: TypeAlias = Sequence[Value]
    _Place: TypeAlias = tuple[str, str, str, float]


class SharedSink:
    """The other system for everybody's turn; raises as ``Sink`` does.

    Args:
        sink: one call of it at a time; never more than its ``most`` values together.
    """

    def __init__(self, sink: Sink) -> None:
        self.most, self._sink = sink.most, sink
        turn = asyncio.Lock()
        self._asking = _Together(turn, sink.most, sink.missing)
        self._sending = _Together(turn, sink.most, self._sent)

    async def missing(self, values: Sequence[Value], *, alone: bool = False) -> Sequence[Value]:
        """As ``Sink.missing``, with others who wait at that moment unless ``alone``: a failure is its own."""
        return await self._asking.call(values, alone=alone)

    async def send(self, values: Sequence[Value], *, alone: bool = False) -> None:
        """As ``Sink.send``, likewise."""
        await self._sending.call(values, alone=alone)

    async def _sent(self, values: Sequence[Value]) -> Sequence[Value]:
        await self._sink.send(values)
        return ()


class _Together:
    """One kind of call, with the values of all who wait for it.

    Args:
        turn: whose holder may call.
        most: so many values in one call.
        ask: the call; it returns some of its values.
    """

    def __init__(self, turn: asyncio.Lock, most: int, ask: Callable[[Sequence[Value]], Awaitable[_Values]]) -> None:
        self._turn, self._most, self._ask = turn, most, ask
        self._waiting: list[tuple[_Values, asyncio.Future[_Values | BridgeError]]] = []

    async def call(self, values: _Values, *, alone: bool) -> _Values:
        """Those of the values that the call returned."""
        if alone:
            async with self._turn:
                return await self._ask(values)
        answered: asyncio.Future[_Values | BridgeError] = asyncio.get_running_loop().create_future()
        self._waiting.append((values, answered))
        async with self._turn:
            # Whoever had the turn before has taken these along, perhaps.
            while not answered.done():
                await self._call_next()
        answer = answered.result()
        if isinstance(answer, BridgeError):
            raise answer
        return answer

    async def _call_next(self) -> None:
        """Call with what has waited longest, as much as goes together."""
        parts = [self._waiting.pop(0)]
        count = len(parts[0][0])
        while self._waiting and count + len(self._waiting[0][0]) <= self._most:
            parts.append(self._waiting.pop(0))
            count += len(parts[-1][0])
        outcome: set[_Place] | BridgeError = BridgeError("the bridge ended")
        try:
            outcome = {_place(value) for value in await self._ask([value for values, _ in parts for value in values])}
        except BridgeError as error:
            outcome = error
        finally:
            for values, answered in parts:
                if not answered.done():
                    answered.set_result(_share(values, outcome))


def _share(values: _Values, outcome: set[_Place] | BridgeError) -> _Values | BridgeError:
    return outcome if isinstance(outcome, BridgeError) else [one for one in values if _place(one) in outcome]


def _place(value: Value) -> _Place:
    return (value.household.name, value.record, value.granularity, value.time)
