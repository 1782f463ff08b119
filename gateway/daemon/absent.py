"""Parts that a house does not have: each answers as a part that has nothing to say and nothing to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping
    from datetime import datetime

    from gateway.config.tables import HouseholdTable
    from gateway.consent.orders import Order
    from gateway.links.alerts import Alert
    from gateway.links.link import Link
    from gateway.process.cells import Part
    from gateway.tic.reading import Reading


class _Deaf:
    def set(self) -> None:
        """Nobody is woken."""


class NoFederation:
    """A house without an account: see ``gateway.daemon.publication.Publication``."""

    waiting: frozenset[str] = frozenset()
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
