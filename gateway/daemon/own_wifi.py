"""The gateway's own Wi-Fi for the page there: how it stands, and what was chosen left to the program that tries it."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.control.messages import AskHelper
from gateway.daemon.as_root import BY_ACCESS_POINT
from gateway.store.terms import Channel
from gateway.upkeep import OWN_ADDRESS
from gateway.upkeep.access_point import state
from gateway.web.http.mdns import name_of
from gateway.web.wifi.arrival import ArrivalSite, NearbyWifi, OwnWifi

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.daemon.requests import HouseRequests
    from gateway.web.site import Site

log = logging.getLogger(__name__)

ROOT = Path("/")


def arrival_at(address: str, requests: HouseRequests, port: int, site: Site) -> ArrivalSite | None:
    """Who answers there; None while no such program runs. ``port`` is the page's, in clear.

    Open or not yet or not any more: what the program says comes a little before or after what the radio does.
    """
    return ArrivalSite(address, PageWifi(requests, port), site) if state.is_there(ROOT) else None


class PageWifi:
    """What the program tells, and what it is asked."""

    def __init__(self, requests: HouseRequests, port: int) -> None:
        self._requests, self._port = requests, port

    def now(self) -> OwnWifi | None:
        """How it stands; None where it is not there any more."""
        told = state.read(ROOT)
        if told is None:
            return None
        networks = tuple(NearbyWifi(one.name, one.signal, one.kind) for one in told.networks)
        return OwnWifi(told.name, told.secured, networks, told.joining, told.failed, told.why)

    async def choose(self, name: str, key: str, *, hidden: bool) -> None:
        """Leave it to the program; it stands in the journal as what it is, without the name and the key.

        Nobody has signed in there: it may be the household, and it may be who has read the label.
        """
        order = AskHelper(
            act="choose-wifi",
            arguments={"name": name, "key": key, "hidden": hidden},
            by=BY_ACCESS_POINT,
            channel=Channel.WEB,
        )
        await self._requests.answer(order)
        log.info("a Wi-Fi was chosen at the gateway's own")

    async def pages(self) -> Sequence[str]:
        """How the page is called once the gateway is in the house's Wi-Fi; empty where no name leads to it."""
        name = await asyncio.to_thread(name_of, OWN_ADDRESS)
        return (f"http://{name}:{self._port}/",) if name else ()
