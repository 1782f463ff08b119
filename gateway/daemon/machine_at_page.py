"""The machine of the house as its page shows and changes it: meters and their ports, how long is kept, its restart."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from gateway.control.messages import AskHelper
from gateway.daemon.boards_at_page import readable
from gateway.errors import GatewayError
from gateway.links.link import LinkKind
from gateway.sources.paths import board_of
from gateway.sources.ports import SerialPortInfo, ports
from gateway.store.terms import Channel
from gateway.web.sharing.stored import OWNER
from gateway.words.phrase import NOTHING, Phrase

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.config.tables import MeterTable
    from gateway.consent.orders import Row
    from gateway.daemon.house import House
    from gateway.daemon.requests import HouseRequests

log = logging.getLogger(__name__)

# Why, in the words of whoever keeps the machine, is in the log and in the journal.
_NOT_DONE = Phrase(
    "This could not be done from the page. Unplug the gateway, and plug it in again after ten seconds; or ask whoever"
    " installed it."
)


class PageMachine:
    """Of one house; ``requests`` changes its settings and asks the helper."""

    def __init__(self, house: House, requests: HouseRequests) -> None:
        self._house, self._requests = house, requests

    def meters(self) -> list[Row]:
        """Each meter: name, source, what a person calls that, mode, how it is heard (``detail`` by language).

        ``chosen`` and ``chosen_mode`` are what is kept of it; ``later`` is what a person calls where it is read from
        the next start on, empty where nothing waits for one.
        """
        links = {
            link.name: link for link in self._house.standing.own_links(time.monotonic()) if link.kind is LinkKind.METER
        }
        rows = []
        for meter in self._house.config.meter:
            link = links.get(meter.name)
            row: Row = {"name": meter.name, "source": meter.source, "shown": _named(meter.source), "mode": meter.mode}
            row["state"], detail = (link.state, link.detail) if link else ("", NOTHING)
            rows.append(row | self._kept(meter) | {"detail": detail.in_every_language()})
        return rows

    def _kept(self, meter: MeterTable) -> Row:
        said = (self._house.config.settings.in_force.get("meter") or {}).get(meter.name) or {}
        source, mode = said.get("source", meter.source), said.get("mode", meter.mode)
        waits = (source, mode) != (meter.source, meter.mode)
        return {"chosen": source, "chosen_mode": mode, "later": _named(source) if waits else ""}

    async def ports(self) -> list[Row]:
        """Each serial port that is there, and each board that is made to read a meter.

        Source, what a person calls it, whether it is made for a meter.
        """
        found = await asyncio.to_thread(ports)
        known = await asyncio.to_thread(readable, self._house.config.directory) if self._house.config.mqtt else []
        relays = [f"board:{board.id}" for board in known if board.role == "relay"]
        rows: list[Row] = [{"source": port.source, "shown": _shown(port), "tic": port.tic} for port in found]
        return [*rows, *({"source": source, "shown": _named(source), "tic": False} for source in relays)]

    async def read_at(self, name: str, source: str, mode: str) -> None:
        """Read that meter there, with what the household has said of it besides. GatewayError, nothing changed.

        Where one of both is a board, from the next start on; ``meters`` says so.
        """
        said = (self._house.config.settings.tables.get("meter") or {}).get(name) or {}
        await self._requests.put(f"meter.{name}", said | {"source": source, "mode": mode})

    def keeping(self) -> dict[str, int]:
        """How long is kept what is fine, and what waits."""
        store = self._house.config.store
        spans = {name: getattr(store, name) for name in ("raw_hours", "minute_days", "outbox_days")}
        return spans | ({"received_days": store.received_days} if self._house.config.received else {})

    async def keep(self, spans: Mapping[str, int]) -> None:
        """Keep so long what these name. GatewayError, and nothing is changed."""
        said = self._house.config.settings.tables.get("store") or {}
        await self._requests.put("store", said | dict(spans))

    async def act(self, act: str, arguments: Mapping[str, str]) -> None:
        """Have the helper do it; it stands in the journal, done or refused. GatewayError in a household's words."""
        order = AskHelper(act=act, arguments=dict(arguments), by=OWNER, channel=Channel.WEB)
        try:
            await self._requests.answer(order)
        except GatewayError as error:
            log.warning("%s was not done for the page: %s", act, error)
            raise GatewayError(_NOT_DONE) from error


def _shown(port: SerialPortInfo) -> str:
    name = _named(port.path)
    return f"{name} ({port.title})" if port.title else name


def _named(source: str) -> str:
    board = board_of(source)
    return f"ESP32 {board}" if board else source.removeprefix("/dev/")
