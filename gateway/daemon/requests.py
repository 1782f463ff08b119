"""What a running gateway is asked: by the command line, through its socket, by the page and by chat."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, cast

from gateway.config.choices import forget_choices
from gateway.control.manual_reading import enter
from gateway.control.manual_words import CLOCK_UNKNOWN
from gateway.control.messages import (
    AccountOrder,
    Erase,
    Now,
    PageCode,
    PageWelcome,
    PageWhere,
    Reading,
    Status,
    unknown,
)
from gateway.control.orders import act, erase_page
from gateway.errors import GatewayError, ReadingError, StoreError
from gateway.links.link import as_json
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gateway.consent.orders import A, Order, Row
    from gateway.daemon.house import House
    from gateway.live.state import HouseNow
    from gateway.web.page import Page

# Sooner than whoever watches gives the answer up.
_LONGEST_WATCH_S = 5.0


class Desk:
    """Answers for a house.

    Args:
        house: whose gateway is asked.
        commit: stores what was gathered so far, or keeps it waiting.
    """

    def __init__(self, house: House, commit: Callable[[], Awaitable[None]]) -> None:
        self._house, self._commit = house, commit
        # All others are done where the store is written.
        self._handlers: dict[type[Order[Any]], Callable[[Any], Awaitable[object]]] = {
            Status: lambda _: self.report(),
            Now: self.present,
            Reading: self._enter,
            AccountOrder: self._do_account,
            PageCode: lambda order: self._page(order).make_code(),
            PageWelcome: lambda order: self._page(order).welcome(),
            PageWhere: lambda order: self._page(order).where(),
            Erase: self._erase,
        }

    async def answer(self, order: Order[A]) -> A:
        """Do it, whoever gave it. Raises GatewayError with the reason when it cannot be done."""
        return cast("A", await self._handlers.get(type(order), self._change)(order))

    async def _change(self, order: Order[A]) -> A:
        done = await self._act(order)
        await self._send_on(order)
        return done

    async def _act(self, order: Order[A]) -> A:
        return cast("A", await self._house.call(act, self._house.store, order, time.time()))

    async def _send_on(self, order: Order[Any]) -> None:
        if self._house.publication and not order.looks:
            # What a consent allowed that has ended with this is on its way before the household is told that it has.
            await self._house.publication.settle()
            # A suspension that ended, a notice: there may be something to send.
            self._house.publication.wake.set()

    async def _erase(self, order: Erase) -> Row:
        # What waits in memory is of the time that is erased, too.
        await self._commit()
        if self._house.publication:
            # And whoever was shown it this minute is asked to erase it, too.
            await self._house.publication.note_shown()
        done = await self._act(order)
        for recorder in self._house.recorders():
            recorder.begin_anew()
        if order.what == "everything":
            await self._forget_page()
            forget_choices(self._house.config)
            self.chosen()
        await self._send_on(order)
        return done

    async def _forget_page(self) -> None:
        if self._house.page:
            await self._house.page.forget()
        await self._house.call(erase_page, self._house.config)

    async def _do_account(self, order: AccountOrder) -> list[str] | None:
        if self._house.publication is None:
            raise unknown(order)
        return await self._house.publication.order(order)

    def _page(self, order: Order[Any]) -> Page:
        if self._house.page is None:
            raise unknown(order)
        return self._house.page

    async def now(self) -> HouseNow:
        """The house at this moment."""
        return await self.present(Now())

    async def present(self, order: Now) -> HouseNow:
        """The house now; since the ``turn`` of an earlier answer: as soon as it is another, or after ``wait_s``."""
        if self._house.now is None:
            raise GatewayError(Phrase("the gateway is still starting"))
        if order.since is not None and order.wait_s is not None:
            await self._house.now.changed(order.since, min(order.wait_s, _LONGEST_WATCH_S))
        lines = {name: meter.line.state for name, meter in self._house.meters.items()}
        return self._house.now.house(await self._house.links(), self._house.active, lines)

    async def _enter(self, order: Reading) -> Row:
        """A reading by hand: after everything that was counted before it, before everything that is counted after."""
        if self._house.time() is None and order.order.at is None:
            raise ReadingError(CLOCK_UNKNOWN)
        store = self._house.store
        async with self._house.counters.held(store.meters, store.readings):
            await self._commit()
            if self._house.writer.waiting:
                raise StoreError(f"the reading was not stored: {self._house.writer.error}")
            entered = await self._house.call(enter, self._house.store, self._house.config, order.order, time.time())
        if self._house.publication:
            self._house.publication.wake.set()
        return cast("Row", entered)

    async def report(self) -> Row:
        """How each link is, and which alerts hold (``gateway.links.link``)."""
        return as_json(await self._house.links(), running=True, alerts=self._house.active)

    def chosen(self) -> None:
        """Something was chosen at the page: who holds a copy of it gets the new one."""
        household = self._house.config.household
        if self._house.publication:
            self._house.publication.address_household(household)
        if self._house.devices:
            self._house.devices.speak(household.language if household else "fr")
