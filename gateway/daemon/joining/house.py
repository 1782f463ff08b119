"""Where a household joins: in the running gateway, which tries again by itself, or by the command where none runs."""

from __future__ import annotations

import asyncio
import logging
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict

from gateway.account import joining_note as notes
from gateway.config import settings
from gateway.control.messages import Join, JoinStop, JoinText
from gateway.control.orders import erase_joining
from gateway.errors import GatewayError, InvitationError
from gateway.federation.connection.waiting import ROUND_S
from gateway.store.terms import Channel

if TYPE_CHECKING:
    from gateway.config.tables import Config
    from gateway.consent.orders import A, Order, Row, Shown
    from gateway.daemon.house import House
    from gateway.daemon.requests import HouseRequests
    from gateway.process.cells import Cells

log = logging.getLogger(__name__)

# Between two tries of a yes that waits: a server's restart, then its night.
_FIRST_WAIT_S, _LAST_WAIT_S = 20.0, 3600.0
# A login that is tried for long, and two answers that do not come.
_PATIENCE_S = 600.0


class HouseAlone:
    """By the command itself, which holds the writer's lock from the first step to the last: no gateway starts."""

    def __init__(self, config: Config) -> None:
        self.config = config

    async def act(self, order: Order[A]) -> A:
        """Do an order on consents."""
        from gateway.control.orders import act_held  # noqa: PLC0415 (where none runs, the database is opened here)

        return await asyncio.to_thread(act_held, self.config, order)

    async def keep_account(self, table: dict[str, Any]) -> None:
        """Let this be the table of the federation."""
        await asyncio.to_thread(settings.change, self.config, "federation", table)


class JoiningInHouse:
    """In the running gateway; ``requests`` gives what it decides to whoever does it."""

    def __init__(self, house: House, requests: HouseRequests) -> None:
        self._house, self._requests = house, requests
        self._one_at_a_time = asyncio.Lock()
        self.alive_at = time.monotonic()

    @property
    def config(self) -> Config:
        """As it is in force."""
        return self._house.config

    async def act(self, order: Order[A]) -> A:
        """Do an order on consents."""
        return await self._requests.answer(order)

    async def keep_account(self, table: dict[str, Any]) -> None:
        """Let this be the table of the federation, at once."""
        await self._requests.put("federation", table)

    def keep(self, cells: Cells) -> None:
        """Have what waits tried again by a cell of its own."""
        alive_at = partial(getattr, self, "alive_at")
        cells.add("joining", self.run, alive_at=alive_at, patience_s=_PATIENCE_S)

    async def run(self) -> None:
        """Carry out what waits, again and again."""
        wait, due = _FIRST_WAIT_S, 0.0
        while True:
            self.alive_at = time.monotonic()
            if notes.read(self.config).waiting is None:
                wait, due = _FIRST_WAIT_S, 0.0
            elif time.monotonic() >= due:
                try:
                    await self._finish()
                    continue
                except GatewayError as error:
                    log.log(logging.WARNING if due == 0.0 else logging.DEBUG, "no co-operative joined yet: %s", error)
                due, wait = time.monotonic() + wait, min(wait * 2, _LAST_WAIT_S)
            await asyncio.sleep(min(wait, ROUND_S))

    async def _finish(self) -> None:
        from gateway.daemon.joining import steps  # noqa: PLC0415 (most houses never do)

        async with self._one_at_a_time:
            await steps.finish(self, alone=True)

    async def text(self, order: JoinText) -> Row:
        """The text of an invitation."""
        from gateway.daemon.joining import steps  # noqa: PLC0415 (likewise)

        return await steps.text(self, order)

    async def join(self, order: Join) -> Row:
        """The household's yes to it."""
        from gateway.daemon.joining import steps  # noqa: PLC0415 (likewise)

        async with self._one_at_a_time:
            return await steps.join(self, order)

    async def stop(self, order: JoinStop) -> Row:
        """Carry out no more what waits."""
        from gateway.daemon.joining import steps  # noqa: PLC0415 (likewise)

        async with self._one_at_a_time:
            return await steps.stop(self, order)

    async def decline(self) -> bool:
        """The household's no to what the card brought; whether there was anything."""
        from gateway.daemon.joining import steps  # noqa: PLC0415 (likewise)

        async with self._one_at_a_time:
            return steps.decline(self)

    async def forget(self) -> None:
        """Everything is about to be erased: whoever carries out a yes finds no note of it before the next step."""
        await self._house.call(erase_joining, self.config)


class PageJoining:
    """The same at the page, whose yes is its owner's."""

    def __init__(self, house: JoiningInHouse) -> None:
        self._house = house

    def meters(self) -> list[str]:
        """The meters of the house."""
        return [meter.name for meter in self._house.config.meter]

    def known(self) -> Row:
        """By whom the card's invitation is, what waits or came to nothing, and why; which invitations were taken."""
        from gateway.daemon.joining.asked import invited  # noqa: PLC0415 (likewise)
        from gateway.federation.wire.invitation import read  # noqa: PLC0415 (it is asked once in years)

        kept = notes.read(self._house.config)
        waiting: Row | None = None
        if kept.waiting:
            try:
                controller = read(kept.waiting.link).invitation.controller
            except InvitationError:
                # Another version wrote it: it can be given up.
                controller = "?"
            waiting = {"controller": controller, "why": kept.waiting.why}
        refused = asdict(kept.refused) if kept.refused else None
        joined = [{"controller": j.controller, "at": j.at} for j in kept.joined]
        by = invited(self._house.config)
        return {"invited": by, "waiting": waiting, "refused": refused, "joined": joined}

    async def read(self, link: str, lang: str, meter: str | None) -> Row:
        """The text of an invitation."""
        return await self._house.text(JoinText(link=link, lang=lang, meter=meter, channel=Channel.WEB))

    async def yes(self, link: str, shown: Shown, meter: str | None) -> Row:
        """The household's yes to it."""
        from gateway.web.sharing.stored import OWNER  # noqa: PLC0415 (the page is in memory then)

        return await self._house.join(Join(link=link, shown=shown, meter=meter, channel=Channel.WEB, by=OWNER))

    async def stop(self) -> bool:
        """Carry out no more what waits; whether anything did."""
        done = await self._house.stop(JoinStop(channel=Channel.WEB))
        return bool(done["stopped"])

    async def decline(self) -> bool:
        """The household's no to what the card brought; whether there was anything."""
        return await self._house.decline()

    async def seen(self) -> None:
        """Why the last yes came to nothing was read."""
        from gateway.daemon.joining import steps  # noqa: PLC0415 (likewise)

        steps.seen(self._house)
