"""What the page *your data* looks at and orders, for the daemon: the orders that the command line gives."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from msgspec import structs

from gateway.balance.calendar import midnight
from gateway.errors import GatewayError
from gateway.privacy.orders import Erase, Preview
from gateway.store.terms import Channel
from gateway.web.sharing.stored import OWNER

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gateway.config.tables import Config
    from gateway.consent.orders import ConsentHandlers, Row
    from gateway.web.data.values import DataSpan

log = logging.getLogger(__name__)


class StoredData:
    """Where a household's data are erased.

    Args:
        config: the whole configuration.
        order: does an order.
        make_code: a new code with which the page's password can be set.
    """

    def __init__(self, config: Config, order: ConsentHandlers, make_code: Callable[[], Awaitable[str]]) -> None:
        self._config, self._order, self._make_code = config, order, make_code

    @property
    def meters(self) -> tuple[str, ...]:
        """What measures, by name."""
        return (*(one.name for one in self._config.meter), *(one.name for one in self._config.counter))

    async def preview(self, span: DataSpan | None) -> Row:
        """What an erasure of these days, or of everything, would take: readings, queued, events, told."""
        return await self._order(_preview(span))

    async def erase(self, span: DataSpan) -> Row:
        """Erase these days; what went, and whether the file was written anew (``wiped``). GatewayError."""
        return await self._order(_erase(span))

    async def hand_over(self) -> tuple[Row, str]:
        """Erase everything of the household; what went, and the code for who comes next (empty: none could be made)."""
        done = await self._order(_erase(None))
        try:
            return done, await self._make_code()
        except GatewayError as error:
            log.warning("no code for who takes the gateway over: %s", error)
            return done, ""


def _preview(span: DataSpan | None) -> Preview:
    if span is None:
        return Preview(what="everything", by=OWNER, channel=Channel.WEB)
    first, last = midnight(span.first), midnight(span.after)
    return Preview(what="range", meter=span.meter, first=first, last=last, by=OWNER, channel=Channel.WEB)


def _erase(span: DataSpan | None) -> Erase:
    return Erase(**structs.asdict(_preview(span)))
