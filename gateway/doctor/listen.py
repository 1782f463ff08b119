"""Listening to one source as the gateway does: opened with its own code, at each speed until one makes sense.

Only the source that is named is opened, and it is given back at the end. What comes in is kept, up to 64 kB.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.doctor import system
from gateway.doctor.causes import Cause, PiFacts, PortEvidence
from gateway.doctor.heard import Reception, SpeedListener
from gateway.errors import PortError
from gateway.sources.board import BoardSource
from gateway.sources.serial_port import SerialSource

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gateway.sources.source import Source

# How long altogether: several frames, even at 1200 Bd where a three-phase one takes 3 s.
LISTEN_S = 15.0

# The share of the time left that a speed gets before the next is tried: 9600 Bd tells within two frames (2 s).
_FIRST_SHARE = 0.4

_TICK_S = 0.2

# The holder's name when it is this program's daemon.
GATEWAY = "linky-gateway"


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be examined: a meter's name, its source's text, the source made of it, and the configured mode.

    ``known`` are the meters of the house that have been heard before, address -> name.
    """

    name: str
    text: str
    source: Source
    mode: str = "auto"
    known: Mapping[str, str] = field(default_factory=dict)

    @property
    def port(self) -> Path | None:
        """The port's path, if it is one of this machine; None also for a USB adapter that is not there."""
        if self.text.startswith("/"):
            return Path(self.text)
        return self.source.where() if isinstance(self.source, SerialSource) else None


@dataclass(frozen=True, slots=True)
class ListeningProgress:
    """How far the listening is: seconds done of all, the speed, groups understood so far."""

    done_s: float
    length_s: float
    speed: int | None
    groups: int


def listen(
    target: Target,
    length_s: float = LISTEN_S,
    progress: Callable[[ListeningProgress], None] = lambda _: None,
    root: Path = system.ROOT,
) -> PortEvidence:
    """Open the source and hear what comes for ``length_s`` seconds; an opening that fails is evidence as well."""
    return asyncio.run(_listen(target, length_s, progress, root))


async def _listen(
    target: Target, length_s: float, progress: Callable[[ListeningProgress], None], root: Path
) -> PortEvidence:
    port = target.port
    pi = system.pi_facts(str(port), root) if port else PiFacts()
    if port and any(holder.gateway for holder in system.holders(port)):
        # A running gateway would lose what we read, whether it has locked the port or not.
        return PortEvidence(refusal=Cause.PORT_HELD, holders=(GATEWAY,), mode=target.mode, pi=pi)
    try:
        await target.source.open()
    except PortError as error:
        names = tuple(holder.name for holder in system.holders(port)) if port else ()
        refusal = system.refusal(error) if port or isinstance(target.source, SerialSource) else Cause.NO_ANSWER
        refusal = Cause.GATEWAY_OFF if isinstance(target.source, BoardSource) else refusal
        return PortEvidence(refusal=refusal, holders=names, mode=target.mode, pi=pi)
    watch = system.PortWatch(port) if port else None
    session = _Session(target.source, length_s, progress)
    try:
        await session.run(target.source.speeds)
        return PortEvidence(
            lost=session.lost,
            holders=tuple(holder.name for holder in system.holders(port)) if port else (),
            owner=_other_owner(target, session.heard),
            mode=target.mode,
            heard=tuple(session.heard),
            settings=watch.settings() if watch and not session.lost else None,
            kernel=watch.counts() if watch and not session.lost else None,
            pi=pi,
        )
    finally:
        if watch:
            watch.close()
        target.source.close()


def _other_owner(target: Target, heard: Sequence[Reception]) -> str:
    """The meter that is heard, where it is another than the one that belongs here; else nothing."""
    owners = {target.known.get(one.address, "") for one in heard} - {"", target.name}
    return min(owners, default="")


class _Session:
    """One time of listening."""

    def __init__(self, source: Source, length_s: float, progress: Callable[[ListeningProgress], None]) -> None:
        self._source, self._length, self._progress = source, length_s, progress
        self._start = time.monotonic()
        self.heard: list[Reception] = []
        self.lost = False

    async def run(self, speeds: Sequence[int]) -> None:
        """Each speed in turn; the first that makes sense keeps the rest of the time."""
        if not speeds:
            await self._hear(None, 1.0)
        for place, speed in enumerate(speeds):
            self._source.set_speed(speed)
            await self._hear(speed, 1.0 if place == len(speeds) - 1 else _FIRST_SHARE)
            if self.lost or self.heard[-1].makes_sense:
                return

    async def _hear(self, speed: int | None, share: float) -> None:
        begin = time.monotonic()
        left = self._start + self._length - begin
        ear = SpeedListener(speed, begin, left)
        until = begin + share * left
        while (now := time.monotonic()) < until:
            try:
                async with asyncio.timeout(min(_TICK_S, until - now)):
                    data = await self._source.read()
            except TimeoutError:
                data = None
            except PortError:
                self.lost = True
                break
            if data == b"":
                break
            now = time.monotonic()
            ear.take(data or b"", now)
            if ear.makes_sense:
                until = self._start + self._length
            self._progress(ListeningProgress(now - self._start, self._length, speed, ear.groups))
        self.heard.append(ear.heard(time.monotonic()))
