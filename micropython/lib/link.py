"""Wi-Fi and broker, joined for ever: whatever is lost is looked for again, at growing intervals, and never given up.

``Link.run`` is a task of the program; ``publish`` raises OSError while there is no broker, and its caller keeps what it
wanted to say.
"""

import asyncio
import errno
import gc
import random

import board
import mqtt
from clock import Clock

from micropython import const

_FIRST_WAIT_S = 1
_LONGEST_WAIT_S = 60

# What the TLS library says of it (MBEDTLS_ERR_SSL_ALLOC_FAILED, Mbed TLS 3.6), and MicroPython in its stead.
_TLS_NO_MEMORY = const(-0x7F00)


def _is_no_memory(error):
    return isinstance(error, MemoryError) or error.args[:1] in ((errno.ENOMEM,), (_TLS_NO_MEMORY,))


class BrokerLink:
    """The way to the broker.

    Args:
        settings: the checked ``config.json`` (``settings.load``).
        topics: what to subscribe to.
        on_message: called with (topic, payload).
        will: (topic, payload) left behind, retained, when the board is lost; or None.
        on_up: called, without arguments, each time that the broker has been reached.
        on_no_memory: called, without arguments, when there was too little memory for it: to make room.

    Attributes:
        topics: as given; what is added counts from the next connection on.
        up: an asyncio.Event, set while the broker is there.
        connects: how often the broker was reached since the start.
        error: why it is not there, in words; None while it is.
        distrust: the ``mqtt.CertificateError`` when it is not there because of the broker's certificate; else None.
        clock: the board's clock (``clock.HouseClock``), put right before each connection and from time to time.
    """

    def __init__(self, settings, topics, on_message, will=None, on_up=None, on_no_memory=None):
        self._settings, self.topics, self._on_message = settings, topics, on_message
        self._will, self._on_up, self._on_no_memory = will, on_up, on_no_memory
        self._client, self._fault = None, None
        self._ended = asyncio.Event()
        self.up = asyncio.Event()
        self.clock = Clock(settings)
        self.connects = 0
        self.error, self.distrust = "not tried yet", None

    async def run(self):
        """Keep the link up."""
        await asyncio.gather(self._keep_up(), self.clock.keep())

    async def _keep_up(self):
        wait = _FIRST_WAIT_S
        while True:
            before = self.connects
            try:
                await self._live()
            except (OSError, asyncio.TimeoutError, MemoryError) as error:
                self._down(error)
                if _is_no_memory(error) and self._on_no_memory:
                    self._on_no_memory()
            # What the connection took is in one piece again before anything else is put there.
            gc.collect()
            if self.connects > before:
                wait = _FIRST_WAIT_S
            # With jitter: after a power cut every board of the house comes back at the same moment.
            await asyncio.sleep(wait * (0.7 + 0.6 * random.random()))
            wait = min(wait * 2, _LONGEST_WAIT_S)

    async def _live(self):
        await board.join(self._settings["wifi"])
        await self.clock.prepare()
        client = mqtt.Client(self._settings["broker"], self._on_message, self._will)
        reading = None
        self._ended.clear()
        try:
            await client.connect()
            reading = asyncio.create_task(self._read(client))
            for topic in self.topics:
                await client.subscribe(topic)
            self._client = client
            self.connects += 1
            self.error = self.distrust = None
            self.up.set()
            if self._on_up:
                self._on_up()
            await self._ended.wait()
            raise self._fault
        finally:
            self.up.clear()
            self._client = None
            if reading:
                reading.cancel()
                # It lets go of the socket before that is closed.
                await asyncio.sleep_ms(0)
                await asyncio.sleep_ms(0)
            client.close()

    async def _read(self, client):
        try:
            await client.run()
        except (OSError, asyncio.TimeoutError, MemoryError) as error:
            self._end(error)

    def _end(self, fault):
        """This connection is of no use any more."""
        self._fault = fault
        self._ended.set()

    def _down(self, error):
        words = "no answer" if isinstance(error, asyncio.TimeoutError) else str(error)
        if error.args and isinstance(error.args[0], int) and error.args[0] < 0:
            words = "the TLS connection failed (%d)" % error.args[0]
        self.distrust = error if isinstance(error, mqtt.CertificateError) else None
        if self.distrust and error.clock:
            self.clock.doubt()
        if self.error != words:
            print("link:", words)
        self.error = words

    async def publish(self, topic, payload, qos=0, retain=False):
        """Send a message; with QoS 1 until the broker has it. OSError when it could not be sent.

        MemoryError when there was no memory to send it; the connection is as good as before.
        """
        await self._use(lambda client: client.publish(topic, payload, qos, retain))

    async def subscribe(self, topic):
        """Have one more topic's messages sent, until the connection ends; OSError when that fails."""
        await self._use(lambda client: client.subscribe(topic))

    async def _use(self, action):
        if self._client is None:
            raise OSError("no broker")
        try:
            await action(self._client)
        except asyncio.TimeoutError as error:
            self._end(error)
            raise OSError("no answer")
        except OSError as error:
            self._end(error)
            raise
