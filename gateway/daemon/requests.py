"""What a running gateway is asked: by the command line, through its socket, by the page and by chat."""

from __future__ import annotations

import logging
import time
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from gateway.control.manual_words import CLOCK_UNKNOWN
from gateway.control.messages import (
    AskHelper,
    AskNow,
    ChangeSettings,
    EnterReading,
    Erase,
    Join,
    JoinStop,
    JoinText,
    NoticeList,
    NoticeTest,
    PageCode,
    PageWelcome,
    PageWhere,
    Settle,
    Status,
    Update,
)
from gateway.control.orders import act, erase_page
from gateway.daemon.as_root import ask_helper
from gateway.errors import ReadingError, StoreError, cause_of
from gateway.store.terms import Channel

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from gateway.consent.orders import A, Order, Row
    from gateway.daemon.copies_at_page import PageCopy
    from gateway.daemon.house import House
    from gateway.daemon.joining.house import JoiningInHouse, PageJoining
    from gateway.daemon.renewal import Renewal
    from gateway.daemon.restore_at_page import PageRestore
    from gateway.web.page import HousePage

log = logging.getLogger(__name__)


class HouseRequests:
    """Answers for a house.

    Args:
        house: whose gateway is asked.
    """

    def __init__(self, house: House) -> None:
        self._house = house
        # All others are done where the store is written.
        self._handlers: dict[type[Order[Any]], Callable[[Any], Awaitable[object]]] = {
            Status: lambda _: house.standing.report(),
            Settle: lambda _: house.settle(),
            AskNow: house.standing.since,
            EnterReading: self._enter,
            Erase: self._erase,
            AskHelper: partial(ask_helper, house),
            NoticeTest: lambda order: house.ways.test(order.way),
            NoticeList: lambda order: house.ways.listed(min(max(order.most, 1), 200)),
            Update: self._update,
            Join: lambda order: self.joining().join(order),
            JoinText: lambda order: self.joining().text(order),
            JoinStop: lambda order: self.joining().stop(order),
        }
        self._joining: JoiningInHouse | None = None
        # The page, where there is one, and whoever speaks to the household in its language.
        self.pages: list[HousePage] = []
        self.speakers: list[Callable[[str], None]] = []
        # Files that the page makes for somebody.
        self.copies: dict[str, PageCopy] = {}
        # One that somebody brought to the page.
        self.restore: PageRestore | None = None

    def joining(self) -> JoiningInHouse:
        """Who carries out a yes to an invitation, from the first time on that there is one."""
        if self._joining is None:
            from gateway.daemon.joining.house import JoiningInHouse  # noqa: PLC0415 (most houses never do)

            self._joining = JoiningInHouse(self._house, self)
            self._joining.keep(self._house.cells)
        return self._joining

    def joining_at_page(self) -> PageJoining:
        """The same at the page."""
        from gateway.daemon.joining.house import PageJoining  # noqa: PLC0415 (likewise)

        return PageJoining(self.joining())

    def invited(self) -> str:
        """By whom an invitation is that the card brought, while nobody has answered it; nothing where there is none."""
        if not self._house.config.joining_file.exists():
            return ""
        from gateway.daemon.joining.asked import invited  # noqa: PLC0415 (likewise)

        return invited(self._house.config)

    def join(self, renewal: Renewal) -> None:
        """Have settings changed by whoever makes the parts."""
        self._renewal = renewal
        self._handlers[ChangeSettings] = renewal.order

    async def answer(self, order: Order[A]) -> A:
        """Do it, whoever gave it. Raises GatewayError with the reason when it cannot be done."""
        # Of parts that may be others now than at the start.
        handlers = self._handlers | dict(self._house.federation.handlers())
        for page in self.pages:
            handlers |= _of_page(page)
        return cast("A", await handlers.get(type(order), self._change)(order))

    async def change(self, place: str, value: Mapping[str, object] | None) -> None:
        """Let this be a table of the settings, or, for None, what the file says. Raises ConfigError, StoreError."""
        await self.answer(ChangeSettings(place=place, value=value, take_back=value is None, channel=Channel.WEB))

    async def put(self, place: str, value: object, secret: str = "") -> None:
        """Let this be at a place of the settings, None: nothing, whatever the file says. ConfigError, StoreError.

        With what was typed as its ``secret``, which is kept beside the settings.
        """
        await self._renewal.order(ChangeSettings(place=place, value=value, channel=Channel.WEB), secret)

    async def sweep(self) -> None:
        """Forget the secrets that were typed for tables that are no more. StoreError."""
        await self._renewal.sweep()

    async def end_copies(self) -> None:
        """Nothing is left of what the page has made for somebody, or makes, or was given."""
        for copy in self.copies.values():
            await copy.end()
        if self.restore:
            await self.restore.end()

    async def _update(self, order: Update) -> Row:
        return await self._house.updates.answer(order)

    async def _change(self, order: Order[A]) -> A:
        done = await self._act(order)
        await self._send_on(order)
        return done

    async def _act(self, order: Order[A]) -> A:
        return cast("A", await self._house.call(act, self._house.store, order, time.time()))

    async def _send_on(self, order: Order[Any]) -> None:
        if not order.looks:
            # What a consent allowed that has ended with this is on its way before the household is told that it has.
            await self._house.federation.settle()
            # A suspension that ended, a notice: there may be something to send.
            self._house.federation.wake.set()

    async def _erase(self, order: Erase) -> Row:
        # What waits in memory is of the time that is erased, too.
        await self._house.write()
        # A yes that is being carried out finds its note gone, and gives nothing behind the erasure.
        if self._joining and order.what == "everything":
            await _tried(self._joining.forget)
        # And whoever was shown it this minute is asked to erase it, too.
        await self._house.federation.note_shown()
        # What is being packed reads the database, whose log could not be emptied meanwhile.
        await self.end_copies()
        try:
            done = await self._act(order)
        finally:
            # What was packed before has in it what is erased, and one may have been begun since.
            await self.end_copies()
        steps: list[Callable[[], Awaitable[object]]] = [self._begin_anew]
        if order.what == "everything":
            steps += [page.forget for page in self.pages]
            steps += [partial(self._house.call, erase_page, self._house.config), self._renewal.forget]
        steps.append(partial(self._send_on, order))
        undone = [why for step in steps if (why := await _tried(step))]
        return done | ({"undone": undone} if undone else {})

    async def _begin_anew(self) -> None:
        house = self._house
        for name, meter in house.meters.items():
            meter.begin_anew(await house.call(house.store.tariff_notes.recent, name, int(time.time())))
        for counter in house.counters.known.values():
            counter.recorder.begin_anew()

    async def _enter(self, order: EnterReading) -> Row:
        """A reading by hand: after everything that was counted before it, before everything that is counted after."""
        from gateway.control.manual_reading import enter  # noqa: PLC0415 (few readings come by hand)

        if self._house.host.time() is None and order.order.at is None:
            raise ReadingError(CLOCK_UNKNOWN)
        store = self._house.store
        async with self._house.counters.held(store.meters, store.readings):
            await self._house.write()
            if self._house.writer.waiting:
                raise StoreError(f"the reading was not stored: {self._house.writer.error}")
            entered = await self._house.call(enter, self._house.store, self._house.config, order.order, time.time())
        self._house.federation.wake.set()
        return cast("Row", entered)

    def chosen(self) -> None:
        """Something was chosen at the page: who holds a copy of it gets the new one."""
        household = self._house.config.household
        self._house.federation.address_household(household)
        for speak in self.speakers:
            speak(household.language if household else "fr")


async def _tried(step: Callable[[], Awaitable[object]]) -> str:
    """What stopped it, once the rows are gone: the others are done whatever it was."""
    try:
        await step()
    except Exception as error:
        why = str(cause_of(error))
        log.warning("after an erasure: %s", why)
        log.debug("a step after an erasure failed", exc_info=error)
        return why
    return ""


def _of_page(page: HousePage) -> dict[type[Order[Any]], Callable[[Any], Awaitable[object]]]:
    """What the page does itself."""
    return {
        PageCode: lambda _: page.make_code(),
        PageWelcome: lambda _: page.welcome(),
        PageWhere: lambda _: page.where(),
    }
