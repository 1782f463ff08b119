"""What a running gateway is asked: by the command line, through its socket, and by the page."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from gateway.config.choices import forget_choices
from gateway.control.manual_reading import enter
from gateway.control.manual_words import CLOCK_UNKNOWN
from gateway.control.orders import LOOKS, act
from gateway.errors import GatewayError, ReadingError, StoreError
from gateway.links.link import as_json
from gateway.privacy.act import ERASE
from gateway.privacy.machine import erase as erase_files
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gateway.daemon.house import House
    from gateway.live.state import HouseNow

# Sooner than whoever watches gives the answer up.
_LONGEST_WATCH_S = 5.0

# What the command line asks of the page -> who answers.
_OF_PAGE = {"page-code": "make_code", "page-welcome": "welcome", "page-where": "where"}


class Desk:
    """Answers for a house.

    Args:
        house: whose gateway is asked.
        commit: stores what was gathered so far, or keeps it waiting.
    """

    def __init__(self, house: House, commit: Callable[[], Awaitable[None]]) -> None:
        self._house, self._commit = house, commit

    async def answer(self, request: dict[str, Any]) -> object:
        """The command line asks (``gateway.control.unix_socket``)."""
        if request.get("do") == "status":
            return await self.report()
        if request.get("do") == "now":
            return await self.present(request)
        if request.get("do") == "reading":
            return await self._enter(request)
        if request.get("do") == "account" and self._house.publication:
            return await self._house.publication.order(request)
        if self._house.page and request.get("do") in _OF_PAGE:
            return await getattr(self._house.page, _OF_PAGE[request["do"]])()
        if request.get("do") == ERASE:
            # What waits in memory is of the time that is erased, too.
            await self._commit()
            if self._house.publication:
                # And whoever was shown it this minute is asked to erase it, too.
                await self._house.publication.note_shown()
        done = await self._house.call(act, self._house.store, request, time.time())
        if request.get("do") == ERASE:
            for recorder in self._house.recorders():
                recorder.begin_anew()
            if request.get("what") == "everything":
                await self._forget_page()
                forget_choices(self._house.config)
                self.chosen()
        if self._house.publication and request.get("do") not in LOOKS:
            # What a consent allowed that has ended with this is on its way before the household is told that it has.
            await self._house.publication.settle()
            # A suspension that ended, a notice: there may be something to send.
            self._house.publication.wake.set()
        return done

    async def _forget_page(self) -> None:
        """Who may see the page is the household's, too."""
        if self._house.page:
            await self._house.page.forget()
        await self._house.call(erase_files, [self._house.config.page_file], [])

    async def present(self, request: dict[str, Any]) -> HouseNow:
        """The house now; since the ``turn`` of an earlier answer: as soon as it is another, or after ``wait_s``."""
        if self._house.now is None:
            raise GatewayError(Phrase("the gateway is still starting"))
        since, wait_s = request.get("since"), request.get("wait_s")
        if isinstance(since, int) and isinstance(wait_s, int | float):
            await self._house.now.changed(since, min(wait_s, _LONGEST_WATCH_S))
        lines = {name: meter.line.state for name, meter in self._house.meters.items()}
        return self._house.now.house(await self._house.links(), self._house.active, lines)

    async def _enter(self, request: dict[str, Any]) -> object:
        """A reading by hand: after everything that was counted before it, before everything that is counted after."""
        if self._house.time() is None and (request.get("order") or {}).get("at") is None:
            raise ReadingError(CLOCK_UNKNOWN)
        async with self._house.counters.held(self._house.store):
            await self._commit()
            if self._house.writer.waiting:
                raise StoreError(f"the reading was not stored: {self._house.writer.error}")
            entered = await self._house.call(enter, self._house.store, self._house.config, request, time.time())
        if self._house.publication:
            self._house.publication.wake.set()
        return entered

    async def report(self) -> dict[str, Any]:
        """How each link is, and which alerts hold (``gateway.links.link``)."""
        return as_json(await self._house.links(), running=True, alerts=self._house.active)

    def chosen(self) -> None:
        """Something was chosen at the page: who holds a copy of it gets the new one."""
        household = self._house.config.household
        if self._house.publication:
            self._house.publication.address_household(household)
        if self._house.devices:
            self._house.devices.speak(household.language if household else "fr")
