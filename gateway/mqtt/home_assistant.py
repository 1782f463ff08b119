"""Home Assistant's discovery: each meter as a device, told when there is something new of it and when it is asked for.

Home Assistant forgets nothing that is retained, but says ``online`` at each of its starts; then, at each new connection
and whenever a meter is heard to say something new, the devices are told. Where discovery is off they are taken away.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from gateway import __version__
from gateway.errors import BrokerError
from gateway.federation.connection.waiting import wait_any
from gateway.live import discovery

if TYPE_CHECKING:
    from gateway.config.tables import MqttTable
    from gateway.household.now import Now
    from gateway.mqtt.broker import Broker

log = logging.getLogger(__name__)

_BIRTH = b"online"

# Nothing wakes it while nothing is new; so often it says that it lives.
_ROUND_S = 10.0


class HomeAssistant:
    """The devices of all meters.

    Args:
        broker: the connection; it is run by whoever made it.
        now: what the meters say.
        account: the table ``[mqtt]``.
        language: of the entities' names, ``fr`` or ``en``.
    """

    def __init__(self, broker: Broker, now: Now, account: MqttTable, language: str) -> None:
        self._broker, self._meters = broker, now.meters
        self._prefix, self._language = account.discovery_prefix, language
        self._known: dict[str, frozenset[str]] = {}
        self._due: set[str] = set()
        self._heard: set[str] = set()
        self._wake = asyncio.Event()
        self.alive_at = time.monotonic()
        if account.discovery:
            now.listen(self._hear)
            broker.listen(f"{self._prefix}/status", self._birth)
            broker.greet(self._tell_all)
        else:
            broker.greet(self._take_away)

    async def run(self, stop: asyncio.Event) -> None:
        """Tell what is due until ``stop``."""
        while not stop.is_set():
            self.alive_at = time.monotonic()
            self._look()
            while self._due:
                # One at a time: the others are still due when it fails, and this is started again.
                meter = self._due.pop()
                values, priced = self._meters[meter].values(), discovery.PRICED in self._known[meter]
                told = discovery.device(self._prefix, meter, values, __version__, self._language, priced=priced)
                await self._publish(told.topic, told.payload)
            await wait_any(_ROUND_S, self._wake, stop)
            self._wake.clear()

    def speak(self, language: str) -> None:
        """Name the entities in that language from now on."""
        if language != self._language:
            self._language = language
            self._due |= self._known.keys()
            self._wake.set()

    def _hear(self, meter: str) -> None:
        # Whoever tells it has a meter to read.
        self._heard.add(meter)
        self._wake.set()

    def _look(self) -> None:
        heard, self._heard = self._heard, set()
        for meter in heard:
            heard_of = self._meters[meter]
            parts = discovery.parts(heard_of.values(), priced=heard_of.day.cost_cents is not None)
            # A frame that was cut off takes nothing away: the device only grows.
            if not parts <= self._known.get(meter, frozenset()):
                self._known[meter] = parts | self._known.get(meter, frozenset())
                self._due.add(meter)

    def _birth(self, _topic: str, payload: bytes) -> None:
        if payload == _BIRTH:
            self._due |= self._known.keys()
            self._wake.set()

    async def _tell_all(self) -> None:
        self._due |= self._known.keys()
        self._wake.set()

    async def _take_away(self) -> None:
        for meter in self._meters:
            await self._publish(discovery.topic(self._prefix, meter), b"")

    async def _publish(self, topic: str, payload: bytes) -> None:
        try:
            await self._broker.publish(topic, payload, retain=True)
        except BrokerError as error:
            # The next connection has everything told again.
            log.debug("%s", error)
