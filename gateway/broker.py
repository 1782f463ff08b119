"""One connection to the household's MQTT broker, made anew for ever; the only file that knows the MQTT library.

Whoever wants something of it registers before ``run``: handlers of topics, greeters that speak at each new connection.
``status`` is the topic that says ``online`` while there is a connection, ``offline`` by last will when it is lost.
Nothing waits here for a broker that is away: what must not be lost is kept by whoever publishes it.
"""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
import time
from typing import TYPE_CHECKING

import aiomqtt

from gateway.config import MQTT_CREDENTIAL, credential_file, password_from
from gateway.errors import BrokerError, ConfigError
from gateway.federation.attempt import wait_any
from gateway.status import BROKEN, OK, WAITING, Link

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gateway.config import Config, Mqtt

log = logging.getLogger(__name__)

ONLINE, OFFLINE = b"online", b"offline"

# A broker on the same machine answers within milliseconds; one that does not for this long is lost.
_TIMEOUT_S, _KEEPALIVE_S = 5.0, 15
# Connecting cannot be interrupted, and a stop of the program waits for it.
_CONNECT_TIMEOUT_S = 3.0
_FAREWELL_S = 2.0
_FIRST_DELAY_S, _LAST_DELAY_S = 0.5, 30.0


class Broker:
    """The connection.

    Args:
        config: the whole configuration; its table ``[mqtt]`` is ``account``.
        account: where and as whom to connect. Raises ConfigError when its secrets or certificates cannot be read.
        status: the topic of the last will.
    """

    def __init__(self, config: Config, account: Mqtt, status: str) -> None:
        self._account, self._status = account, status
        self._password = _password(config, account)
        self._tls = _tls(config, account)
        self._client: aiomqtt.Client | None = None
        self._handlers: dict[str, Callable[[str, bytes], None]] = {}
        self._greeters: list[Callable[[], Awaitable[None]]] = []
        self._since, self._attempts = time.monotonic(), 0
        self._error: str | None = None
        self.came_round = time.monotonic()

    def listen(self, topic_filter: str, handler: Callable[[str, bytes], None]) -> None:
        """Have messages of these topics (``+`` and ``#`` as MQTT has them) handed over: topic, payload."""
        self._handlers[topic_filter] = handler

    def greet(self, greeter: Callable[[], Awaitable[None]]) -> None:
        """Have this called at each new connection: the broker may have forgotten everything."""
        self._greeters.append(greeter)

    async def publish(self, topic: str, payload: bytes, *, qos: int = 0, retain: bool = False) -> None:
        """Publish; with ``qos`` 1 it returns when the broker has it. BrokerError when it does not get there."""
        if self._client is None:
            raise BrokerError(f"{self._where}: there is no connection")
        try:
            await self._client.publish(topic, payload, qos=qos, retain=retain)
        except aiomqtt.MqttError as error:
            raise BrokerError(f"{self._where}: {error}") from error

    async def run(self, stop: asyncio.Event) -> None:
        """Stay connected until ``stop``; returns within 3 s of it, whether the broker hears the farewell or not."""
        staying = asyncio.create_task(self._stay(stop), name="mqtt connection")
        try:
            await wait_any(None, stop, future=staying)
            await asyncio.wait({staying}, timeout=_FAREWELL_S)
        finally:
            staying.cancel()
            await asyncio.wait({staying})
        if not staying.cancelled():
            staying.result()

    def link(self) -> Link:
        """The state of the connection."""
        age = time.monotonic() - self._since
        if self._client is not None:
            return Link("mqtt", OK, age, f"connected to {self._where}")
        if self._error:
            return Link("mqtt", BROKEN, age, f"{self._error}; attempt {self._attempts}")
        return Link("mqtt", WAITING, age, "connecting")

    @property
    def _where(self) -> str:
        return f"the MQTT broker at {self._account.host}:{self._account.port}"

    def _connection(self) -> aiomqtt.Client:
        client = aiomqtt.Client(
            self._account.host,
            self._account.port,
            username=self._account.user,
            password=self._password,
            tls_context=self._tls,
            timeout=_TIMEOUT_S,
            keepalive=_KEEPALIVE_S,
            will=aiomqtt.Will(self._status, OFFLINE, qos=1, retain=True),
            logger=_QUIET,
        )
        client._client.connect_timeout = _CONNECT_TIMEOUT_S  # noqa: SLF001 (aiomqtt has no argument for it)
        return client

    async def _stay(self, stop: asyncio.Event) -> None:
        delay = _FIRST_DELAY_S
        while not stop.is_set():
            self.came_round = time.monotonic()
            self._attempts += 1
            try:
                async with self._connection() as client:
                    delay = _FIRST_DELAY_S
                    await self._live(client, stop)
            except (aiomqtt.MqttError, BrokerError) as error:
                self._lost(str(error))
            finally:
                self._client = None
            await wait_any(delay * random.uniform(0.5, 1.0), stop)  # noqa: S311 (spreads attempts, no secret)
            delay = min(delay * 2, _LAST_DELAY_S)

    async def _live(self, client: aiomqtt.Client, stop: asyncio.Event) -> None:
        """Greet, hand over what comes, and say goodbye at the end."""
        self._client = client
        for topic_filter in self._handlers:
            await client.subscribe(topic_filter, qos=1)
        for greeter in self._greeters:
            await greeter()
        await client.publish(self._status, ONLINE, qos=1, retain=True)
        log.info("%s: connected", self._where)
        self._since, self._error, self._attempts = time.monotonic(), None, 0
        receiving = asyncio.create_task(self._receive(client), name="mqtt messages")
        try:
            while not await wait_any(_KEEPALIVE_S, stop, future=receiving):
                self.came_round = time.monotonic()
            if receiving.done():
                # It only ends with the connection, and says why.
                receiving.result()
            await client.publish(self._status, OFFLINE, qos=1, retain=True)
        finally:
            receiving.cancel()
            await asyncio.gather(receiving, return_exceptions=True)

    async def _receive(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            payload = message.payload if isinstance(message.payload, bytes) else b""
            for topic_filter, handler in self._handlers.items():
                if message.topic.matches(topic_filter):
                    handler(str(message.topic), payload)

    def _lost(self, why: str) -> None:
        sentence = why if why.startswith(self._where) else f"{self._where}: {why}"
        level = logging.DEBUG if self._error else logging.WARNING
        log.log(level, "%s; the next attempt follows", sentence)
        if self._error is None:
            self._since = time.monotonic()
        self._error = sentence


# aiomqtt logs packets at DEBUG, and with them what the household consumes.
_QUIET = logging.getLogger("gateway.broker.packets")
_QUIET.setLevel(logging.ERROR)


def _password(config: Config, account: Mqtt) -> str | None:
    if account.password_file:
        return password_from(config.path(account.password_file))
    file = credential_file(MQTT_CREDENTIAL) if account.user else None
    return password_from(file) if file else None


def _tls(config: Config, account: Mqtt) -> ssl.SSLContext | None:
    if not account.tls:
        return None
    file = config.path(account.ca_file) if account.ca_file else None
    try:
        return ssl.create_default_context(cafile=file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"mqtt.ca_file: {file} cannot be used: {error.strerror or error}") from error
