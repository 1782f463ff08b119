"""The daemon under fire, in order: calm, what is known to have stopped it, everything at once, calm again, a new start.

Each part is judged by itself. What is wrong ends it, and what was fired last is kept, to become a test.
"""

from __future__ import annotations

import asyncio
import ssl
import sys
import time
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from fuzz import mqtt, relatives, tic, web, xmpp
from fuzz.rig import HOME, HOSTILE, HOSTILE_BOARD, PAGE_NAME
from fuzz.shots import Fired, Shot, together
from fuzz.watch import RigWatch, StoppedError
from harness.progress import show
from relay_faults.broker import HOST

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from contextlib import ExitStack
    from pathlib import Path
    from typing import Any

    from fuzz.rig import Rig

WAYS = ("tic", "mqtt", "xmpp", "http")
# What is known to have stopped a house, and by which way it came.
FAMILIES = {"poison": "mqtt", "crowd": "mqtt", "nested": "xmpp"}
# Relatives of each family that is known, and how much more than before they come the gateway may hold.
RELATIVES, GROWTH_MB = 200, 5.0
# Frames at once of each of these crowds, as fast as the broker takes them.
_FLOOD = 200
# Before memory is looked at: what came is dealt with, what was freed is given back. Then the median of some seconds.
_SETTLED_S, _MEDIAN_S = 12.0, 5.0
_CALM_S, _AFTER_START_S, _DRAINED_S = 10.0, 8.0, 10.0
# Of everything at once, a part fills what is filled once: pages, parsers, caches. Growth counts from there.
_WARM_SHARE, _WARM_S = 0.5, 120.0


@dataclass(slots=True)
class FuzzOutcome:
    """What was fired and seen; ``wrong`` is empty when everybody else went on, ``kept`` is where the inputs are."""

    seed: int
    wrong: list[str] = field(default_factory=list)
    fired: dict[str, Fired] = field(default_factory=dict)
    figures: dict[str, str] = field(default_factory=dict)
    kept: list[Path] = field(default_factory=list)


class Campaign:
    """One run against a rig that is up.

    Args:
        rig: the house.
        seed: of every input.
        ways: of ``WAYS`` and ``FAMILIES``, which are used.
        tell: how far it is.
    """

    def __init__(self, rig: Rig, seed: int, ways: tuple[str, ...], stack: ExitStack) -> None:
        self._rig, self._seed = rig, seed
        # A family that is asked for alone comes by its way, and nothing else does.
        self._ways = tuple(way for way in WAYS if way in ways)
        self._known_too = {family for family, way in FAMILIES.items() if family in ways or way in ways}
        used = {*self._ways, *(FAMILIES[family] for family in self._known_too)}
        self.outcome = FuzzOutcome(seed, fired={way: Fired() for way in WAYS if way in used})
        self.watch = RigWatch(rig)
        self._guns: dict[str, tic.FuzzedPort | mqtt.HostileBoard | xmpp.Peers | web.Visitors] = {}
        fired = self.outcome.fired
        if "tic" in fired:
            self._guns["tic"] = stack.enter_context(tic.FuzzedPort(rig.cellar, fired["tic"]))
        if "mqtt" in fired:
            board = mqtt.HostileBoard((HOST, rig.broker.port), HOSTILE_BOARD, rig.board_password, fired["mqtt"])
            self._board = self._guns["mqtt"] = board
        if "xmpp" in fired:
            self._peers = self._guns["xmpp"] = self._make_peers(fired["xmpp"])
        if "http" in fired:
            ways = web.WaysIn((HOST, rig.port), (HOST, rig.encrypted_port), rig.folder / "https/ca.crt", PAGE_NAME)
            known = rig.cookies["hostile"], rig.token
            self._guns["http"] = web.Visitors(ways, rig.net.prefix, *known, fired["http"])
        made = {"tic": tic.shots, "mqtt": mqtt.shots, "xmpp": xmpp.shots, "http": web.shots}
        # One stream of inputs each, that is broken off and goes on.
        self._shots = {way: made[way](seed) for way in self._ways}
        self._runs = 0

    async def run(self, minutes: float, keep: Path) -> FuzzOutcome:
        """All of it; whatever happens the outcome is told."""
        part = "calm"
        try:
            await self._with_watch(asyncio.sleep(_CALM_S))
            self.watch.since = time.time()
            part = "known inputs"
            await self._judged(part, self._known())
            part = "everything at once"
            warm_s = min(_WARM_S, _WARM_SHARE * minutes * 60)
            await self._with_watch(self._everything(warm_s))
            await self._judged(part, self._everything(minutes * 60 - warm_s))
            part = "points"
            await self._account()
            part = "start beside what is retained"
            await self._start_again()
        except* (StoppedError, AssertionError) as errors:
            self.outcome.wrong.append(f"{part}: {_first(errors)}")
            self._keep(keep)
        return self.outcome

    async def _with_watch(self, work: Coroutine[Any, Any, object]) -> None:
        """Until the work is done, or somebody else has stopped."""
        await together([self.watch.run(), work], asyncio.FIRST_COMPLETED)

    async def _judged(self, part: str, work: Coroutine[Any, Any, object]) -> None:
        """Do it, watched, and see what memory has come to hold: from quiet to quiet."""
        base = await self._settled_mb()
        await self._with_watch(work)
        end = await self._settled_mb()
        self.outcome.figures[f"memory, {part}"] = f"{base:.1f} MB before, {end:.1f} MB after"
        if end - base > GROWTH_MB:
            raise StoppedError(f"memory has grown by {end - base:.1f} MB, from {base:.1f} MB")

    async def _settled_mb(self) -> float:
        await self._with_watch(asyncio.sleep(_SETTLED_S))
        now = time.monotonic()
        return self.watch.seen.rss(now - _MEDIAN_S, now)

    async def _known(self) -> None:
        """What once stopped more than itself, with its relatives; of each way in that is used."""
        seed = f"{self._seed}-known"
        async with asyncio.TaskGroup() as group:
            if self._known_too & {"poison", "crowd"}:
                group.create_task(self._known_of_a_board(seed))
            if "nested" in self._known_too:
                group.create_task(self._peers.run(xmpp.nested(self._seed, RELATIVES), seed))

    async def _known_of_a_board(self, seed: str) -> None:
        if "poison" in self._known_too:
            poison = (mqtt.as_shot("poison", one) for one in relatives.poison(self._seed, RELATIVES))
            await self._board.run(poison, seed)
        if "crowd" in self._known_too:
            self.watch.flood()
            crowds = (Shot("crowd", str(number).encode(), f"crowd {_FLOOD}") for number in range(RELATIVES // 4))
            await self._board.all_at_once(crowds)
            await self.watch.flood_is_over()

    async def _everything(self, seconds: float) -> None:
        self._runs += 1
        running = [self._guns[way].run(self._shots[way], f"{self._seed}-{self._runs}-{way}") for way in self._ways]
        await together([*running, self._progress(seconds)], asyncio.FIRST_EXCEPTION, seconds)

    async def _progress(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while sys.stderr.isatty():
            seen = self.watch.seen
            shots = sum(sum(fired.kinds.values()) for fired in self.outcome.fired.values())
            late, memory = max(seen.lateness[-60:], default=0.0), seen.memory[-1][1].rss / 1e6
            show(f"{shots} inputs, {memory:.0f} MB, {late:.1f} s late, {end - time.monotonic():.0f} s left")
            await asyncio.sleep(1)

    async def _account(self) -> None:
        """Every point of the honest meters, from the wire to the recipient."""
        until = time.time()
        await self._with_watch(asyncio.sleep(_DRAINED_S))
        await asyncio.to_thread(self.watch.arrive)
        wrong = await asyncio.to_thread(self.watch.missed, until)
        seen = self.watch.seen
        self.outcome.figures["points at the recipient"] = f"{len(seen.lateness)}, the latest {max(seen.lateness):.1f} s"
        if wrong:
            raise StoppedError(f"{len(wrong)} points are not as they should be: {'; '.join(wrong[:5])}")

    async def _start_again(self) -> None:
        """A new start meets what is retained in the broker; then the files are looked at."""
        rig = self._rig
        if "poison" in self._known_too:
            retained = list(islice(relatives.poison(self._seed, 0), 2))
            await self._board.all_at_once(mqtt.as_shot("retained", one) for one in retained)
        await asyncio.to_thread(rig.gateway.stop)
        rig.gateway.start()
        await asyncio.to_thread(rig.await_links)
        await asyncio.to_thread(rig.sign_in)
        self.watch = RigWatch(rig, self.watch.seen)
        await self._with_watch(asyncio.sleep(_AFTER_START_S))
        await asyncio.to_thread(rig.gateway.stop)
        (answer,) = rig.query("PRAGMA integrity_check")
        if answer != ("ok",):
            raise StoppedError(f"the database says of itself: {answer[0]}")
        checked = await asyncio.to_thread(rig.command, "journal", "verify")
        if checked.returncode:
            raise StoppedError(f"the journal: {checked.stdout}{checked.stderr}")
        self.outcome.figures["journal"] = checked.stdout.strip().splitlines()[0]

    def _make_peers(self, fired: Fired) -> xmpp.Peers:
        rig = self._rig
        accounts = {who: (f"{jid}/x", rig.password) for who, jid in HOSTILE.items()}
        host, _, port = rig.federation.address("sen2.test").rpartition(":")
        # Commands go to the resource; what goes to the account as a whole comes there, too.
        to = (f"{HOME}/proxy",) * 5 + (HOME,)
        ((epoch,),) = rig.query("SELECT value FROM about WHERE key = 'epoch'")
        believed = ssl.create_default_context(cafile=rig.federation.ca)
        return xmpp.Peers(accounts, (host, int(port)), believed, to, epoch, fired)

    def _keep(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for way, fired in self.outcome.fired.items():
            if fired.last:
                file = folder / f"daemon-{self._seed}-{way}.jsonl"
                fired.keep(file)
                self.outcome.kept.append(file)


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
