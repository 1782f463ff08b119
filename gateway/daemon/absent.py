"""Parts that a house does not have: each answers as a part that has nothing to say and nothing to do."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

from gateway.errors import GatewayError, StoreError
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping
    from datetime import datetime

    from gateway.config.tables import HouseholdTable
    from gateway.consent.orders import Order
    from gateway.links.alerts import Alert
    from gateway.links.link import Link
    from gateway.process.cells import Part
    from gateway.store.household_notices import HouseholdQueue
    from gateway.tic.reading import Reading

log = logging.getLogger(__name__)

_NO_WAYS = Phrase("there is no [[notice]] in the configuration")
_ROUND_S, _FORGET_EVERY_S = 60.0, 3600.0


class _Deaf:
    def set(self) -> None:
        """Nobody is woken."""


class NoFederation:
    """A house without an account: see ``gateway.daemon.publication.Publication``."""

    waiting: frozenset[str] = frozenset()
    turned_away = 0
    wake = _Deaf()
    leave = None

    def parts(self) -> Mapping[str, Part]:
        """Nothing runs."""
        return {}

    def handlers(self) -> dict[type[Order[Any]], Callable[[Any], Awaitable[object]]]:
        """No order is done here."""
        return {}

    def links(self, _now: float) -> list[Link]:
        """There are none."""
        return []

    def hear(self, _meter: str, _readings: Iterable[Reading], _at: datetime | None, *, standard: bool) -> None:
        """Nobody watches."""

    def take_over(self, _former: object) -> None:
        """Nothing is taken over."""

    def tell(self, _alert: Alert) -> None:
        """Nobody is told."""

    def address_household(self, _told: HouseholdTable | None) -> None:
        """Nobody is told there either."""

    async def settle(self) -> None:
        """Nothing leaves."""

    async def note_shown(self) -> None:
        """Nothing was shown."""


class NoWays:
    """A house without a ``[[notice]]``: see ``gateway.notices.delivery.ways.HouseholdWays``.

    Args:
        queue: in which what is left of ways that are no more is forgotten.
        call: ``await call(function, *arguments)``.
        clock: POSIX seconds; None while nobody knows the time.
        at_once: forget it with the first round, as at a start; else after an hour: a change may still be taken back.
    """

    ways: tuple[()] = ()
    waiting: frozenset[str] = frozenset()
    # Never called: who is told nowhere goes nowhere.
    take_away: Callable[[str], None]

    def __init__(
        self,
        queue: HouseholdQueue,
        call: Callable[..., Awaitable[Any]],
        clock: Callable[[], float | None],
        *,
        at_once: bool = True,
    ) -> None:
        self._queue, self._call, self._clock = queue, call, clock
        self.alive_at = self.began = time.monotonic()
        self._forgot = -_FORGET_EVERY_S if at_once else self.began

    def tell(self, _alert: Alert) -> None:
        """Nobody is told."""

    def links(self, _now: float) -> list[Link]:
        """There are none."""
        return []

    async def run(self, stop: asyncio.Event) -> None:
        """Forget what a former configuration has left, until ``stop``."""
        while not stop.is_set():
            self.alive_at = time.monotonic()
            now = self._clock()
            if now is not None and self.alive_at - self._forgot >= _FORGET_EVERY_S:
                try:
                    await self._call(self._queue.forget, (), now)
                    self._forgot = self.alive_at
                except StoreError as error:
                    log.debug("what waited on former ways is not forgotten yet: %s", error)
            with suppress(TimeoutError):
                async with asyncio.timeout(_ROUND_S):
                    await stop.wait()

    async def test(self, _name: str | None) -> NoReturn:
        """Nothing can be sent. Raises GatewayError."""
        raise GatewayError(_NO_WAYS)

    async def listed(self, _most: int) -> dict[str, Any]:
        """There are none, and nothing is told."""
        return {"ways": [], "notices": []}
