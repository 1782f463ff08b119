"""The connection to the broker of the house, made anew for ever; the only file here that knows the MQTT library.

It only listens. What comes goes into the ``DisplayedMeter`` with the time at which it came, and whoever draws is woken.
"""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
import time
from typing import TYPE_CHECKING

import aiomqtt

from gateway.display.config import DisplayConfig, password
from gateway.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.display.state import DisplayedMeter

log = logging.getLogger(__name__)

# A broker on the same machine answers within milliseconds; one that does not for this long is lost.
_TIMEOUT_S, _KEEPALIVE_S = 5.0, 15
_FIRST_DELAY_S, _LAST_DELAY_S = 0.5, 10.0

# aiomqtt logs packets at DEBUG, and with them what the household consumes.
_QUIET = logging.getLogger("gateway.display.packets")
_QUIET.setLevel(logging.ERROR)


class FeedLink:
    """Keeps a state up to date.

    Args:
        config: where and as whom to listen. Raises ConfigError when its secrets or certificates cannot be read.
        state: what is kept; its ``linked`` says whether there is a connection.
        changed: called after each change.
    """

    def __init__(self, config: DisplayConfig, state: DisplayedMeter, changed: Callable[[], None]) -> None:
        self._account, self._state, self._changed = config.mqtt, state, changed
        self._password = password(config)
        self._tls = _tls(config)
        self._lost = False

    async def run(self) -> None:
        """Listen until it is cancelled."""
        delay = _FIRST_DELAY_S
        while True:
            try:
                async with self._client() as client:
                    delay = _FIRST_DELAY_S
                    await self._listen(client)
            except aiomqtt.MqttError as error:
                log.log(
                    logging.DEBUG if self._lost else logging.WARNING,
                    "%s: %s; the next attempt follows",
                    self.where,
                    error,
                )
                self._lost = True
            finally:
                self._state.linked = False
                self._changed()
            await asyncio.sleep(delay * random.uniform(0.5, 1.0))  # noqa: S311 (spreads attempts, no secret)
            delay = min(delay * 2, _LAST_DELAY_S)

    @property
    def where(self) -> str:
        """The broker, for people."""
        return f"the MQTT broker at {self._account.host}:{self._account.port}"

    def _client(self) -> aiomqtt.Client:
        return aiomqtt.Client(
            self._account.host,
            self._account.port,
            username=self._account.user,
            password=self._password,
            tls_context=self._tls,
            timeout=_TIMEOUT_S,
            keepalive=_KEEPALIVE_S,
            logger=_QUIET,
        )

    async def _listen(self, client: aiomqtt.Client) -> None:
        await client.subscribe([(topic, 0) for topic in self._state.topics])
        log.info("%s: connected", self.where)
        self._lost, self._state.linked = False, True
        self._changed()
        async for message in client.messages:
            payload = message.payload if isinstance(message.payload, bytes) else b""
            self._state.take(str(message.topic), payload, time.monotonic(), retained=message.retain)
            self._changed()


def _tls(config: DisplayConfig) -> ssl.SSLContext | None:
    if not config.mqtt.tls:
        return None
    file = config.path(config.mqtt.ca_file) if config.mqtt.ca_file else None
    try:
        return ssl.create_default_context(cafile=file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"mqtt.ca_file: {file} cannot be used: {error.strerror or error}") from error
