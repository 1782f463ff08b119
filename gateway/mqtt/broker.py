"""One connection to the household's MQTT broker, made anew for ever; the only file that knows the MQTT library.

Whoever wants something of it registers before ``run``: handlers of topics, greeters that speak at each new connection.
What one of them raises costs its message. What comes waits in a queue of bounded size, in which each topic has a share.
``status`` is the topic that says ``online`` while there is a connection, ``offline`` by last will when it is lost.
Nothing waits here for a broker that is away: what must not be lost is kept by whoever publishes it.
"""

from __future__ import annotations

import asyncio
import logging
import random
import re
import select
import ssl
import time
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import aiomqtt
from paho.mqtt.enums import MQTTErrorCode

from gateway.config.tables import MQTT_CREDENTIAL, Config, MqttTable, credential_file, password_from
from gateway.config.typed_secrets import typed_secret
from gateway.errors import BrokerError, ConfigError, Once, cause_of, reason
from gateway.federation.connection.waiting import wait_any
from gateway.links.link import BROKEN, OK, WAITING, Link, LinkKind
from gateway.words.phrase import Phrase, same

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from paho.mqtt.client import Client as Paho


log = logging.getLogger(__name__)

ONLINE, OFFLINE = b"online", b"offline"

# A broker on the same machine answers within milliseconds; one that does not for this long is lost.
_TIMEOUT_S, _KEEPALIVE_S = 5.0, 15
# Connecting cannot be interrupted, and a stop of the program waits for it.
_CONNECT_TIMEOUT_S = 3.0
_FAREWELL_S = 2.0
_TRY_S = 10.0
# Messages that wait to be handed over, of all topics and of one: a board has at most a hundred frames under way. What
# is listened to is never longer than a frame.
_MOST_WAITING, _SHARE, _MOST_PAYLOAD_BYTES = 1000, 150, 8192
# So many that have come are read at once: a board's whole share of what may wait costs some milliseconds.
_PACKETS_A_TURN = 64
_FIRST_DELAY_S, _LAST_DELAY_S = 0.5, 30.0

_WHERE = Phrase("the MQTT broker at {host}:{port}")
_SAID = Phrase("{where}: {what}")
_NO_CONNECTION = Phrase("there is no connection")
_CONNECTED = Phrase("connected to {where}")
_TRIED = Phrase("{error}; attempt {count}")
CONNECTING = Phrase("connecting")


class Broker:
    """The connection.

    Args:
        config: the whole configuration; its table ``[mqtt]`` is ``account``.
        account: where and as whom to connect. Raises ConfigError when its secrets or certificates cannot be read.
        status: the topic of the last will; None for a command, which is not missed when it ends.
        password: another one than that which is kept, to be tried; that which is kept is read for each connection.
    """

    def __init__(self, config: Config, account: MqttTable, status: str | None, password: str | None = None) -> None:
        self._config, self._account, self._status = config, account, status
        self._trial = password
        self._password = password or _password(config, account)
        self._tls = _tls(config, account)
        self._client: aiomqtt.Client | None = None
        self._handlers: dict[str, _Handler] = {}
        self._say = Once(log, logging.ERROR)
        self._greeters: list[Callable[[], Awaitable[None]]] = []
        self._since, self._attempts = time.monotonic(), 0
        self._error: Phrase | None = None
        self.alive_at = time.monotonic()

    def listen(
        self,
        topic_filter: str,
        handler: Callable[[str, bytes], None],
        *,
        refuse_kept: Callable[[str], None] | None = None,
    ) -> None:
        """Have messages of these topics (``+`` and ``#`` as MQTT has them) handed over: topic, payload.

        With ``refuse_kept`` those that the broker had kept (retained) are not: it is called with the topic instead.
        """
        self._handlers[topic_filter] = _Handler(handler, refuse_kept)

    def greet(self, greeter: Callable[[], Awaitable[None]]) -> None:
        """Have this called at each new connection: the broker may have forgotten everything."""
        self._greeters.append(greeter)

    async def publish(self, topic: str, payload: bytes, *, qos: int = 0, retain: bool = False) -> None:
        """Publish; with ``qos`` 1 it returns when the broker has it. BrokerError when it does not get there."""
        if self._client is None:
            raise BrokerError(self._at(_NO_CONNECTION))
        try:
            await self._client.publish(topic, payload, qos=qos, retain=retain)
        except aiomqtt.MqttError as error:
            raise BrokerError(self._at(_why(error))) from error

    async def run(self, stop: asyncio.Event) -> None:
        """Stay connected until ``stop``; returns within 3 s of it, whether the broker hears the farewell or not."""
        staying = asyncio.create_task(self._stay(stop), name="mqtt connection")
        try:
            await wait_any(None, stop, future=staying)
            await asyncio.wait({staying}, timeout=_FAREWELL_S)
        finally:
            # Once is not enough: wait_for of Python 3.11 forgets it where what it waits for comes in the same moment.
            while not staying.done():
                staying.cancel()
                await asyncio.wait({staying}, timeout=_FAREWELL_S)
        if not staying.cancelled():
            staying.result()

    async def refusal(self) -> Phrase | None:
        """Connect once: why the broker does not let us in; None where it does."""
        try:
            async with asyncio.timeout(_TRY_S), self._connection():
                return None
        except aiomqtt.MqttError as error:
            return self._at(_why(error))
        except TimeoutError:
            return self._at(_REFUSALS["timed out"].filled(said="timed out"))

    def link(self) -> Link:
        """The state of the connection."""
        age = time.monotonic() - self._since
        if self._client is not None:
            return Link(LinkKind.MQTT, "", OK, age, _CONNECTED.filled(where=self._where))
        if self._error:
            return Link(LinkKind.MQTT, "", BROKEN, age, _TRIED.filled(error=self._error, count=self._attempts))
        return Link(LinkKind.MQTT, "", WAITING, age, CONNECTING)

    @property
    def _where(self) -> Phrase:
        return _WHERE.filled(host=self._account.host, port=self._account.port)

    def _at(self, what: Phrase) -> Phrase:
        return _SAID.filled(where=self._where, what=what)

    def _password_now(self) -> str | None:
        """What is typed or put right while this runs counts from the next connection on."""
        if self._trial is None:
            try:
                self._password = _password(self._config, self._account)
            except ConfigError as error:
                sentence = str(cause_of(error))
                self._say(sentence, "MQTT: %s; the password of before is used", sentence)
        return self._password

    def _connection(self) -> aiomqtt.Client:
        client = aiomqtt.Client(
            self._account.host,
            self._account.port,
            username=self._account.user,
            password=self._password_now(),
            tls_context=self._tls,
            timeout=_TIMEOUT_S,
            keepalive=_KEEPALIVE_S,
            will=aiomqtt.Will(self._status, OFFLINE, qos=1, retain=True) if self._status else None,
            logger=_QUIET,
            queue_type=_Incoming,
            max_queued_incoming_messages=_MOST_WAITING,
        )
        client._client.connect_timeout = _CONNECT_TIMEOUT_S  # noqa: SLF001 (aiomqtt has no argument for it)
        _read_several(client._client)  # noqa: SLF001 (likewise)
        return client

    async def _stay(self, stop: asyncio.Event) -> None:
        delay = _FIRST_DELAY_S
        while not stop.is_set():
            self.alive_at = time.monotonic()
            self._attempts += 1
            try:
                async with self._connection() as client:
                    delay = _FIRST_DELAY_S
                    await self._live(client, stop)
            except aiomqtt.MqttError as error:
                self._lost(self._at(_why(error)))
            except BrokerError as error:
                self._lost(error.phrase)
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
            try:
                await greeter()
            except (aiomqtt.MqttError, BrokerError):
                raise
            except Exception as error:  # noqa: BLE001 (the connection serves others as well)
                self._failed("a greeting", error)
        if self._status:
            await client.publish(self._status, ONLINE, qos=1, retain=True)
        log.info("%s: connected", self._where)
        self._since, self._error, self._attempts = time.monotonic(), None, 0
        receiving = asyncio.create_task(self._receive(client), name="mqtt messages")
        try:
            while not await wait_any(_KEEPALIVE_S, stop, future=receiving):
                self.alive_at = time.monotonic()
            if receiving.done():
                # It only ends with the connection, and says why.
                receiving.result()
            if self._status:
                await client.publish(self._status, OFFLINE, qos=1, retain=True)
        finally:
            receiving.cancel()
            await asyncio.gather(receiving, return_exceptions=True)

    async def _receive(self, client: aiomqtt.Client) -> None:
        async for first in client.messages:
            # The library gives one in several turns of the loop; what has come with it is taken in the same turn.
            waiting: asyncio.Queue[aiomqtt.Message] = client._queue  # noqa: SLF001
            for message in (first, *(waiting.get_nowait() for _ in range(min(waiting.qsize(), _PACKETS_A_TURN)))):
                for topic_filter, handler in self._handlers.items():
                    if message.topic.matches(topic_filter):
                        self._hand_over(topic_filter, handler, message)

    def _hand_over(self, topic_filter: str, handler: _Handler, message: aiomqtt.Message) -> None:
        try:
            if message.retain and handler.refuse_kept:
                handler.refuse_kept(str(message.topic))
            else:
                handler.take(str(message.topic), message.payload if isinstance(message.payload, bytes) else b"")
        except Exception as error:  # noqa: BLE001 (one message)
            self._failed(f"a message on {topic_filter}", error)

    def _failed(self, what: str, error: Exception) -> None:
        """Once aloud for each kind: the connection, and whoever else it serves, goes on."""
        sentence = f"{what} could not be taken in: {cause_of(error)}"
        self._say(sentence, "MQTT: %s", sentence)
        log.debug("MQTT: where it was", exc_info=error)

    def _lost(self, sentence: Phrase) -> None:
        level = logging.DEBUG if self._error else logging.WARNING
        log.log(level, "%s; the next attempt follows", sentence)
        if self._error is None:
            self._since = time.monotonic()
        self._error = sentence


class _Handler(NamedTuple):
    """Who takes a topic's messages, and who is told of those that the broker had kept, if they are not wanted."""

    take: Callable[[str, bytes], None]
    refuse_kept: Callable[[str], None] | None


class _Incoming(asyncio.Queue[aiomqtt.Message]):
    """What has come and was not handed over yet; what there is no room for is dropped: boards send it again.

    A topic has a share of it, so that nobody who sends too much leaves no room for the others.
    """

    def __init__(self, maxsize: int = 0) -> None:
        super().__init__(maxsize)
        self._held: Counter[str] = Counter()

    def put_nowait(self, item: aiomqtt.Message) -> None:
        """Add it; QueueFull where it is too long, or its topic has its share."""
        size = len(item.payload) if isinstance(item.payload, bytes) else 0
        if size > _MOST_PAYLOAD_BYTES or self._held[item.topic.value] >= _SHARE:
            raise asyncio.QueueFull
        super().put_nowait(item)
        self._held[item.topic.value] += 1

    def _get(self) -> aiomqtt.Message:
        item: aiomqtt.Message = super()._get()
        self._held[item.topic.value] -= 1
        if not self._held[item.topic.value]:
            del self._held[item.topic.value]
        return item


def _read_several(client: Paho) -> None:
    """Have each turn of the loop read what has come, and not one packet of it.

    Where every turn has much to do, or the processor is short, one a turn is a few in a second: what boards say, and
    the broker's answers to what is said to them, would wait for a dozen seconds behind a handful of messages.
    """
    read_one = client.loop_read

    def read(max_packets: int = 1) -> MQTTErrorCode:
        code = read_one(max_packets)
        for _ in range(_PACKETS_A_TURN):
            sock = client.socket()
            if code != MQTTErrorCode.MQTT_ERR_SUCCESS or sock is None or not _has_more(sock.fileno()):
                break
            code = read_one(max_packets)
        return code

    client.loop_read = read  # type: ignore[method-assign]


def _has_more(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


def _why(error: aiomqtt.MqttError) -> Phrase:
    """Of the library's words those that a household meets; behind them is the system's reason, where there is one."""
    said = str(error)
    if number := re.search(r"\[Errno (-?[0-9]+)\] *([^\n]*)", said):
        return reason(OSError(int(number[1]), number[2]))
    return next((words.filled(said=said) for part, words in _REFUSALS.items() if part in said.lower()), same(said))


# They are told in English as the library says them.
_WRONG_PASSWORD = Phrase("{said}", "the broker refuses name or password")
_LOST = Phrase("{said}", "connection lost")
_REFUSALS = {
    "not authori": _WRONG_PASSWORD,
    "bad user": _WRONG_PASSWORD,
    "timed out": Phrase("{said}", "no answer in time"),
    "unexpected disconnection": _LOST,
    "disconnected": _LOST,
}

# aiomqtt logs packets at DEBUG, and with them what the household consumes.
_QUIET = logging.getLogger("gateway.mqtt.broker.packets")
_QUIET.setLevel(logging.ERROR)


def _password(config: Config, account: MqttTable) -> str | None:
    file = typed_secret(config, MQTT_CREDENTIAL) if account.user else None
    if file is None and account.password_file:
        return password_from(config.path(account.password_file))
    file = file or (credential_file(MQTT_CREDENTIAL) if account.user else None)
    return password_from(file) if file else None


def _tls(config: Config, account: MqttTable) -> ssl.SSLContext | None:
    if not account.tls:
        return None
    file = config.path(account.ca_file) if account.ca_file else None
    try:
        return ssl.create_default_context(cafile=file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"mqtt.ca_file: {file} cannot be used: {error.strerror or error}") from error
