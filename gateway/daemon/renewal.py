"""Settings that change while the gateway runs: the part that they concern is made anew, and the others do not notice.

What a part reads late (objective, prices, who is told, how long something is kept) counts at once. A meter whose port
or mode changes has its line opened anew, and loses no reading that it has; broker, page and federation are made anew.
What others have held since the start, such as which meters there are, counts when the gateway starts again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

import msgspec

from gateway.config import settings
from gateway.config.typed_secrets import (
    complete_secret,
    drop_unused,
    give_up_secret,
    kept_secret,
    name_of,
    prepare_secret,
)
from gateway.control.messages import AskHelper
from gateway.daemon import build as parts
from gateway.daemon.joint import Joint
from gateway.daemon.journalled import note_sharing
from gateway.errors import GatewayError, StoreError, cause_of
from gateway.sources.paths import board_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.config.tables import Config, MeterTable
    from gateway.consent.orders import Row
    from gateway.control.messages import ChangeSettings
    from gateway.daemon.house import House
    from gateway.daemon.meter import MeterReader
    from gateway.daemon.monitor import HouseMonitor
    from gateway.daemon.requests import HouseRequests
    from gateway.links.alerts import Alert

log = logging.getLogger(__name__)

# Part -> the tables of which it is made.
_MADE_OF = {"broker": ("mqtt",), "federation": ("federation", "received"), "page": ("web",), "notices": ("notice",)}
_ITSELF = {"unit": "linky-gateway.service"}
# What of a meter's table its line alone is made of.
_OF_LINE = frozenset(("source", "mode", "tee"))
# What an answer takes to its browser.
_ANSWER_S = 1.0


class Renewal:
    """Of one house.

    Args:
        house: whose parts are joined and made anew.
        lookout: sees and tells how each link is.
        requests: answers for the house.
        keep_meter: has a meter's line read.
    """

    def __init__(
        self,
        house: House,
        lookout: HouseMonitor,
        requests: HouseRequests,
        keep_meter: Callable[[str, MeterReader], None],
    ) -> None:
        self._house, self._lookout, self._requests, self._keep_meter = house, lookout, requests, keep_meter
        self._joints: dict[str, Joint] = {}
        self._one_at_a_time = asyncio.Lock()
        self._page: asyncio.Task[None] | None = None
        self._leaving: set[asyncio.Task[None]] = set()
        # Whichever it is then: an alert while it is made anew is told by the next one.
        lookout.listeners.append(house.cells.shielded("federation session", self._tell_federation))
        for part in _MADE_OF:
            self._join(part)

    def _tell_federation(self, alert: Alert) -> None:
        self._house.federation.tell(alert)

    def end(self) -> None:
        """The gateway ends, and each part with it."""
        for joint in self._joints.values():
            joint.stop.set()

    async def order(self, order: ChangeSettings, secret: str = "") -> Row:
        """Change a setting, or take a change back; which parts were made anew, and whether the rest waits for a start.

        ``secret`` is what was typed with it, and kept as its table's. ConfigError where it cannot be, StoreError where
        it cannot be kept: then nothing is changed.
        """
        async with self._one_at_a_time:
            config = self._house.config
            if order.take_back:
                new = await self._house.call(settings.without_value, config, order.place)
            else:
                new = await self._house.call(settings.with_value, config, order.place, order.value)
            done = await self._change(new, name_of(order.place) if secret else "", secret)
            await self._note(order)
        if done["waits_for_start"] and order.restart:
            await self._requests.answer(AskHelper(act="restart-unit", arguments=_ITSELF, by=order.by))
        return done

    async def _note(self, order: ChangeSettings) -> None:
        """Which table, and by which way; a name or a value in it may be somebody's."""
        facts = {"what": order.place.partition(".")[0], "channel": order.channel.value}
        by = {"by": order.by} if order.by else {}
        try:
            await self._house.call(self._house.store.journal.append, "setting-changed", facts, by, time.time())
        except GatewayError as error:
            log.warning("%s; the change stands in no entry", error)

    async def sweep(self) -> None:
        """Forget the secrets that were typed for tables that are no more. StoreError."""
        async with self._one_at_a_time:
            await self._house.call(drop_unused, self._house.config)

    async def forget(self) -> None:
        """Let nothing count any more that says something of the household: its file has been removed."""
        async with self._one_at_a_time:
            await self._adopt(await self._house.call(settings.forget, self._house.config))

    async def _change(self, new: Config, name: str, secret: str) -> Row:
        """With the secret of that name, where one was typed."""
        before = msgspec.structs.replace(self._house.config)
        former = await self._house.call(kept_secret, before, name) if name else ""
        await self._house.call(_keep, new, name, secret)
        try:
            if name:
                await self._house.call(complete_secret, new, name)
            made, waits = await self._adopt(new)
        except Exception:
            # What cannot be made of it is not kept either.
            await self._house.call(_keep, before, name, former)
            if name:
                await self._house.call(complete_secret, before, name)
            await self._adopt(before)
            raise
        return {"made_anew": made, "waits_for_start": waits}

    async def _adopt(self, new: Config) -> tuple[list[str], bool]:
        """Let it count; the parts that were made anew, and whether something waits for the next start."""
        house = self._house
        old = msgspec.structs.replace(house.config)
        waits = _waits(old, new)
        # Until then it is as if nobody had said it: who iterates over the meters finds a reader for each.
        settings.adopt(house.config, msgspec.structs.replace(new, meter=old.meter) if waits else new)
        made = [] if waits else await self._renew_lines(old.meter, new.meter)
        for part, tables in _MADE_OF.items():
            if any(getattr(old, table) != getattr(new, table) for table in tables):
                await self._renew(part)
                made.append(part)
        self._requests.chosen()
        await self._note_sharing()
        try:
            await house.call(drop_unused, house.config)
        except GatewayError as error:
            log.warning("%s; it is tried again with the next change", error)
        return made, waits

    async def _note_sharing(self) -> None:
        try:
            await self._house.call(note_sharing, self._house.config, self._house.store.journal, time.time())
        except GatewayError as error:
            log.warning("%s; the change stands in no entry", error)

    async def _renew_lines(self, old: tuple[MeterTable, ...], new: tuple[MeterTable, ...]) -> list[str]:
        made = []
        for before, after in zip(old, new, strict=True):
            if before != after:
                await self._renew_line(after)
                made.append(f"meter {after.name}")
        return made

    async def _renew_line(self, meter: MeterTable) -> None:
        house, name = self._house, meter.name
        # Both before anything ends: of what cannot be made the former one goes on.
        tees = parts.tees_of([meter])
        line = parts.line_of(meter, house.config, tees)
        await house.cells.retire(f"meter {name}")
        if house.tees.pop(name, None):
            await house.cells.retire(f"tee {name}")
        house.tees.update(tees)
        for tee in tees.values():
            house.cells.add(f"tee {name}", tee.run)
        house.meters[name].take_line(line)
        house.doctors.see(name, house.meters[name], meter.source)
        self._keep_meter(name, house.meters[name])
        log.info("meter %s: its line is another one now", name)

    async def _renew(self, part: str) -> None:
        if part == "page":
            # Whoever changes it may be asking by way of it: it has its answer first.
            self._page = asyncio.create_task(self._renew_page(), name="another page")
            return
        if part == "notices":
            await self._renew_ways()
            return
        if joint := self._joints.pop(part, None):
            await joint.leave()
        if part == "federation":
            # What could not leave goes by the new one: perhaps the address was changed because of that.
            new = parts.federation_of(self._house)
            new.take_over(self._house.federation)
            self._house.federation = new
        self._join(part)
        log.info("the %s is made anew", part)

    async def _renew_ways(self) -> None:
        former, self._house.ways = self._house.ways, parts.ways_of(self._house)
        if self._house.ways is not former:
            if joint := self._joints.pop("notices", None):
                await joint.leave()
            self._join("notices")

    def _take_away(self, name: str) -> None:
        """The way of a device that is no more: beside all else, for its own task may be the one that says so."""
        task = asyncio.create_task(self._without(name), name=f"without the way {name}")
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def _without(self, name: str) -> None:
        from gateway.daemon.ways_at_page import PageWays  # noqa: PLC0415 (few ways end so)

        try:
            await PageWays(self._house, self._requests).remove(name)
        except GatewayError as error:
            log.warning("%s; the way %s is taken away with its next notice", cause_of(error), name)
        else:
            log.info("the way %s is taken away: nobody is there any more", name)

    async def _renew_page(self) -> None:
        await asyncio.sleep(_ANSWER_S)
        async with self._one_at_a_time:
            if joint := self._joints.pop("page", None):
                await joint.leave()
            try:
                self._join("page")
            except GatewayError as error:
                log.error("the page cannot be made anew: %s", cause_of(error))  # noqa: TRY400 (a sentence)

    def _join(self, part: str) -> None:
        house, joint = self._house, Joint(self._house.cells)
        if part == "broker" and house.config.mqtt:
            parts.join_broker(house, house.config.mqtt, self._lookout, self._requests, joint)
        elif part == "page" and house.config.web:
            parts.open_page(house, house.config.web, self._requests, joint)
        elif part == "federation":
            parts.join_federation(house, self._lookout, joint)
        elif part == "notices":
            parts.join_ways(house, self._lookout, joint)
            house.ways.take_away = self._take_away
        self._joints[part] = joint


def _keep(config: Config, name: str, secret: str) -> None:
    """The settings, and beside the former one the secret that goes with them: both, or as it was. StoreError."""
    if name:
        prepare_secret(config, name, secret, settings.encoded(config))
    try:
        settings.keep(config)
    except StoreError:
        if name:
            give_up_secret(config, name)
        raise


def _waits(old: Config, new: Config) -> bool:
    """Whether the meters change in more than what a line is made of."""
    if [one.name for one in old.meter] != [one.name for one in new.meter]:
        return True
    return any(_is_more_than_its_line(*pair) for pair in zip(old.meter, new.meter, strict=True))


def _is_more_than_its_line(before: MeterTable, after: MeterTable) -> bool:
    if before == after:
        return False
    keys = {name for name in before.__struct_fields__ if getattr(before, name) != getattr(after, name)}
    # A board's frames come by the broker; a file that is replayed is believed as no meter is.
    other = any(board_of(one.source) or one.source.startswith("replay:") for one in (before, after))
    return bool(keys - _OF_LINE) or other
