"""Faults at random between a relay board and a gateway, and a judge of what is in the gateway's store afterwards.

The same meter is read by a second gateway on a serial port, to which nothing happens: its store is the truth.
"""

from __future__ import annotations

import asyncio
import json
import random
from bisect import bisect_right
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import aiomqtt

from meter.process import SimulatedMeter
from relay_faults.board import HEAP, RelayBoard, compile_set
from relay_faults.broker import HOST, NAME, HouseBroker
from relay_faults.house import RelayHouse
from relay_faults.wire import RelayWire
from relay_faults.witness import Witness, WitnessReport, flip
from servers import Proxy, RigError, wait_until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    Points = dict[tuple[str, object], object]

# Memory holds two minutes of the meter at least: longer than that costs fine values by design, and is tested elsewhere.
# So these are seconds of the meter: of a fault with what is under way when it begins, and the board waits at its pace.
_LONGEST_METER_S, _RECENT_METER_S = 30.0, 30.0

# With the gateway away for longer than that, the flash is written, fails for a part of the time, and loses a bit.
_AWAY_METER_S = 240.0, 600.0

# Before a board loses its power: what it had not been able to send yet. After: its start, and half a frame.
_BEFORE_S, _AFTER_S = 120.0, 20.0

# What the UART's driver of a board holds: 17 s of a standard meter.
_UART_BYTES = 16_384

_WARM_UP_S, _SETTLED_S = 10.0, 90.0
_ENDED_METER_S = 10
_START = "2025-11-25T14:26"


@dataclass
class RelayOutcome:
    """What was done and what came of it; ``wrong`` is empty when the promise was kept."""

    seed: int
    faults: dict[str, int] = field(default_factory=dict)
    # Meter seconds that the board may have missed, because it lost its power: (from, to), POSIX.
    missed: list[tuple[float, float]] = field(default_factory=list)
    points: int = 0
    exact: int = 0
    # Bytes of the board's heap that are used, at the beginning and at the end.
    heap_first: int = 0
    heap_last: int = 0
    told: WitnessReport = field(default_factory=WitnessReport)
    wrong: list[str] = field(default_factory=list)


class RelayTrial:
    """One run of ``seconds`` at ``speed`` times the meter's pace, all its files in ``folder``.

    ``kill_board`` False leaves the board its power, so that its memory can be judged; ``heap`` is what its program has,
    and ``flash_fails`` has the gateway away for as long as the flash is needed, which fails meanwhile.
    """

    def __init__(
        self,
        folder: Path,
        seed: int,
        seconds: float,
        tell: Callable[[str], None],
        *,
        speed: float,
        kill_board: bool,
        heap: str = HEAP,
        flash_fails: bool = True,
    ) -> None:
        self._folder, self._seconds, self._speed, self._tell = folder, seconds, speed, tell
        self._kill_board_too, self._heap, self._flash_fails = kill_board, heap, flash_fails
        self._draw = random.Random(seed)
        self.outcome = RelayOutcome(seed)

    async def run(self) -> RelayOutcome:
        """Run it, and judge."""
        async with AsyncExitStack() as stack:
            await self._build(stack)
            self._wire.begin()
            await asyncio.sleep(_WARM_UP_S)
            self.outcome.heap_first = (await self._state())["heap_used"]
            await self._injure()
            await self._heal()
            self._judge_frames()
            judge(self.outcome, self._truth, self._house)
            if not self._board.running:
                self.outcome.wrong.append(f"the board's program is over: {self._board.log}")
            if "Traceback" in self._board.log.read_text():
                self.outcome.wrong.append(f"the board's program ended: {self._board.log}")
            if not self._kill_board_too and self.outcome.heap_last > self.outcome.heap_first:
                self.outcome.wrong.append(f"the heap grew: {self.outcome.heap_first} to {self.outcome.heap_last}")
        return self.outcome

    async def _build(self, stack: AsyncExitStack) -> None:
        program = self._folder / "program"
        await asyncio.to_thread(compile_set, program)
        self._broker = stack.enter_context(HouseBroker(self._folder / "broker"))
        self._proxy = await stack.enter_async_context(Proxy(f"{HOST}:{self._broker.tls_port}"))
        self._meter = stack.enter_context(
            SimulatedMeter(self._folder / "meter", tcp=f"{HOST}:0", speed=self._speed, start=_START, deliver="8n1")
        )
        self._wire = stack.enter_context(RelayWire(self._meter.path, 2, int(_UART_BYTES * self._speed)))
        password_file = self._folder / "password"
        self._password = self._broker.add("gateway")
        password_file.write_text(self._password + "\n")
        mqtt = {"host": HOST, "port": self._broker.port, "user": "gateway", "password_file": str(password_file)}
        board = {"host": HOST, "port": int(self._proxy.address.rpartition(":")[2]), "name": NAME}
        board["password"] = self._broker.add("salon")
        self._house = stack.enter_context(RelayHouse(self._folder / "house", "board:salon", mqtt=mqtt))
        self._witness = Witness(self._folder / "witness")
        self._truth = stack.enter_context(RelayHouse(self._folder / "truth", self._wire.ports[1].path))
        self._board = stack.enter_context(
            RelayBoard(
                self._folder / "board",
                program,
                self._wire.ports[0].path,
                board,
                ca=self._broker.ca,
                pace=self._speed,
                heap=self._heap,
                witness=self._witness,
            )
        )
        for house in (self._house, self._truth):
            await asyncio.to_thread(house.await_link, "port house", "ok", 40)

    async def _injure(self) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + self._seconds
        faults: list[Callable[[], Awaitable[None]]] = [
            self._kill_broker, self._cut, self._freeze, self._refuse, self._delay, self._kill_gateway,
        ]  # fmt: skip
        if self._kill_board_too:
            faults.append(self._kill_board)
        if self._flash_fails:
            faults += [self._away, self._away]
        while loop.time() < end:
            await asyncio.sleep(self._draw.uniform(1.0, 6.0))
            fault = self._draw.choice(faults)
            name = fault.__name__.strip("_")
            self.outcome.faults[name] = self.outcome.faults.get(name, 0) + 1
            self._tell(f"{self._seconds - (end - loop.time()):6.1f} s  {name}")
            await fault()
            await asyncio.to_thread(wait_until, self._has_recent, _SETTLED_S, "the gateway has caught up", 0.3)

    def _span(self) -> float:
        return self._draw.uniform(0.1, min(6.0, _LONGEST_METER_S / self._speed))

    async def _kill_broker(self) -> None:
        await asyncio.to_thread(self._broker.kill)
        await asyncio.sleep(self._span())
        await asyncio.to_thread(self._broker.start)

    async def _cut(self) -> None:
        self._proxy.cut()

    async def _freeze(self) -> None:
        """Half open: nothing passes, nobody is told; then it goes on, or both ends hear of it."""
        self._proxy.freeze()
        await asyncio.sleep(self._span())
        if self._draw.random() < 0.5:
            self._proxy.cut()
        self._proxy.thaw()

    async def _refuse(self) -> None:
        self._proxy.refuse = True
        self._proxy.cut()
        await asyncio.sleep(self._span())
        self._proxy.refuse = False

    async def _away(self) -> None:
        """Longer than memory lasts. The flash fails in between, sometimes until after that, and a bit tips over."""
        parts = [self._draw.random() for _ in range(3)]
        length = self._draw.uniform(*_AWAY_METER_S) / self._speed
        self._proxy.refuse = True
        self._proxy.cut()
        await asyncio.sleep(length * 0.8 * parts[0])
        self._witness.fail(self._draw.choice((0.02, 0.2, 1.0)))
        await asyncio.sleep(length * 0.8 * (1 - parts[0]))
        if parts[1] < 0.5:
            self._witness.heal()
        await asyncio.sleep(length * 0.2)
        flip(self._board.flash / "journal", self._draw)
        self._proxy.refuse = False
        await asyncio.sleep(2 * parts[2])
        self._witness.heal()

    async def _delay(self) -> None:
        self._proxy.delay_s = self._draw.uniform(0.05, 0.5)
        await asyncio.sleep(self._span())
        self._proxy.delay_s = 0.0

    async def _kill_board(self) -> None:
        before = self._wire.meter_s()
        await asyncio.to_thread(self._board.kill)
        await asyncio.sleep(self._draw.uniform(0.1, 1.0))
        await asyncio.to_thread(self._board.start)
        self.outcome.missed.append((before - _BEFORE_S, self._wire.meter_s() + _AFTER_S))

    async def _kill_gateway(self) -> None:
        await asyncio.to_thread(self._house.gateway.kill)
        await asyncio.sleep(self._draw.uniform(0.0, 0.5))
        await asyncio.to_thread(self._house.gateway.start)

    async def _heal(self) -> None:
        """Stop the meter, wait until the board owes nothing and the truth is written."""
        self._proxy.thaw()
        await asyncio.to_thread(self._meter.stop)
        await asyncio.to_thread(self._wire.await_end, _SETTLED_S)
        await asyncio.to_thread(wait_until, self._has_all, _SETTLED_S, "the gateway has the last frame", 0.5)
        state = await self._state()
        for _ in range(10):
            if not state["owed"]:
                break
            await asyncio.sleep(2)  # the last acknowledgement is on its way
            state = await self._state()
        self.outcome.heap_last = state["heap_used"]
        self._counted = {"thinned": state["thinned"], "lost": state["lost"]}
        if state["owed"]:
            self.outcome.wrong.append(f"the board still owes {state['owed']} frames")
        for house in (self._house, self._truth):
            await asyncio.to_thread(house.gateway.stop, 20)

    def _has_recent(self) -> bool:
        """Whether nothing is under way but the last few frames: faults in a row would be one longer fault."""
        ((last,),) = self._house.query("SELECT last_time FROM meter")
        return self._wire.meter_s() - last < _RECENT_METER_S

    def _has_all(self) -> bool:
        """Whether both know the end: that they agree is not enough, they do so on their way."""
        last = int(self._wire.meter_s())
        ((true,),), ((found,),) = (house.query("SELECT last_time FROM meter") for house in (self._truth, self._house))
        # The last ones may be among those that the board had no memory for.
        return bool(true == last and found > last - _ENDED_METER_S)

    def _judge_frames(self) -> None:
        """What the board has sent is what the meter said, and it has counted what it did not send."""
        outcome = self.outcome
        told = self._witness.judge(bytes(self._wire.heard), **self._counted)
        judge_counts(outcome, told)
        outcome.missed += [(at - 1, at + 1) for at in (*told.missing, *told.in_part, *told.given_up)]

    async def _state(self) -> dict[str, int]:
        """What the board says of itself at a new connection."""
        self._proxy.cut()
        async with aiomqtt.Client(HOST, self._broker.port, username="gateway", password=self._password) as client:
            await client.subscribe("linky/board/salon/state")
            async with asyncio.timeout(_SETTLED_S):
                async for message in client.messages:
                    state = json.loads(message.payload)
                    if state["state"] == "online" and not message.retain:
                        return state
        raise RigError("the board said nothing of itself")


def judge_counts(outcome: RelayOutcome, told: WitnessReport) -> None:
    """What the board has counted is what it never sent, but for what a power cut takes out of memory."""
    outcome.told = told
    outcome.wrong += told.wrong
    # What a power cut takes out of memory nobody counts.
    cut = sum(_touched(outcome, at - 1, at + 1) for at in told.missing)
    # When memory is full those under way go as well: they are counted, and were sent.
    counted = told.thinned + told.lost - told.sent_before
    # A frame that a bit or a power cut spoils in the flash may have been sent before it was written there.
    spoilt = told.unsure + outcome.faults.get("away", 0) + outcome.faults.get("kill_board", 0)
    if not len(told.missing) - told.undated - cut <= counted <= len(told.missing) + spoilt:
        outcome.wrong.append(
            f"{len(told.missing)} frames are missing, {cut} of them by power cuts, {told.undated} sent in part;"
            f" counted: {told.thinned} thinned, {told.lost} lost, {told.sent_before} of them sent before,"
            f" {told.unsure} perhaps"
        )


def judge(outcome: RelayOutcome, truth: RelayHouse, house: RelayHouse) -> None:
    """Compare two stores: every point of the second is right, and none is missing but those of ``outcome.missed``."""
    _judge_readings(outcome, truth.points("reading"), house.points("reading"))
    _judge_minutes(outcome, truth.points("minute"), house.points("minute"))
    real, found = truth.points("coarse"), house.points("coarse")
    for (path, step_and_time), value in real.items():
        step, start = map(int, step_and_time.split())
        if not path.endswith("/index") and _touched(outcome, start, start + step):
            continue
        if not _touched(outcome, start - 60, start + 60) and found.get((path, step_and_time)) != value:
            outcome.wrong.append(f"{path} at {step_and_time}: {found.get((path, step_and_time))}, not {value}")
        outcome.points += 1
    outcome.wrong += [f"{key} is nowhere in the truth" for key in found if key not in real]


def _judge_readings(outcome: RelayOutcome, real: Points, found: Points) -> None:
    """A reading is a change of a value: each says what the meter said at that second."""
    changes: dict[str, list[tuple[int, object]]] = {}
    for (path, time), value in sorted(real.items()):
        changes.setdefault(path, []).append((time, value))
    for (path, time), value in found.items():
        outcome.points += 1
        known = changes.get(path, [])
        place = bisect_right([at for at, _ in known], time)
        said = {known[place - 1][1]} if place else set()
        if place > 1 and known[place - 1][0] == time:
            # Two frames of one second, the value changed between them: the first is kept, where it was not known yet.
            said.add(known[place - 2][1])
        if value not in said:
            outcome.wrong.append(f"{path} at {time}: {value}, not {known[place - 1] if place else None}")


def _judge_minutes(outcome: RelayOutcome, real: Points, found: Points) -> None:
    """A minute's sums are those of each frame once."""
    first = min(time for _, time in real)
    for (path, time), sums in real.items():
        outcome.points += 1
        got = found.get((path, time))
        if not _touched(outcome, time, time + 60) and time > first:
            outcome.exact += 1
            if got != sums:
                outcome.wrong.append(f"minute {time} of {path}: {got}, not {sums}")
        elif got and json.loads(got)[0] > json.loads(sums)[0]:
            outcome.wrong.append(f"minute {time} of {path}: {got}, more than {sums}")


def _touched(outcome: RelayOutcome, start: float, end: float) -> bool:
    return any(begin < end and start < stop for begin, stop in outcome.missed)
