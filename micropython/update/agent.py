"""Takes a set of files over the air: the offer and the contents lie with the broker as retained messages.

The board asks for one block at a time by subscribing to its topic, so it never holds more than one, and nothing runs
on the gateway meanwhile. Below ``linky/board/ID/update``: ``offer`` (JSON: serial, manifest, size), ``DIGEST/N`` (the
N-th block of a content), and what the board says, ``state``. Only what the board's key has signed is ever started.
"""

import asyncio
import binascii
import json

from install import Installation, UpdateError

_BLOCK = 1024  # bytes; gateway/mqtt/boards/offer.py cuts the contents
_ANSWER_S = 15  # how long a block may take; then it is asked for again at the next connection
_LARGEST_MANIFEST = 16 * 1024


class Agent:
    """The updates of one board.

    Args:
        slots: the record of the two folders (slots.Slots).
        identity: a dict with ``id`` and ``key`` (64 hexadecimal digits).
        link: the way to the broker (lib/link.py); only ``publish`` and ``subscribe`` are used.
        restart: starts the board anew.
    """

    def __init__(self, slots, identity, link, restart):
        self._slots, self._link, self._restart = slots, link, restart
        self._board, self._key = identity["id"], binascii.unhexlify(identity["key"])
        self._prefix = "linky/board/%s/update/" % self._board
        self._offer = None
        self._offered = asyncio.Event()
        self._serial = 0  # of the offer that is being taken
        self._topic, self._block, self._arrived = None, b"", asyncio.Event()
        self._refused, self._fault = 0, None

    @property
    def topic(self):
        """What the link has to subscribe to."""
        return self._prefix + "offer"

    def on_up(self):
        """The broker has been reached: the trial, if this was one, is passed; the state goes out."""
        self._slots.confirm()
        self._offered.set()

    def on_message(self, topic, payload):
        """Take a message of ours; False when it is not."""
        if topic == self.topic:
            self._offer = payload
            self._offered.set()
        elif topic == self._topic:
            self._block = payload
            self._arrived.set()
        return topic.startswith(self._prefix)

    async def run(self):
        """Say the state at each connection, take what is offered."""
        while True:
            await self._offered.wait()
            self._offered.clear()
            try:
                await self._say()
                if self._offer:
                    await self._take(self._offer)
            except (OSError, MemoryError) as error:
                # No broker, or no memory; the retained offer comes again with the next connection.
                print("update:", error)
            except UpdateError as error:
                print("update:", error)
                self._refused, self._fault = self._serial, str(error)
                await self._try_to_say()

    async def _take(self, offer):
        self._offer = None
        if not offer:
            return
        try:
            found = json.loads(offer)
            serial, digest, size = found["serial"], found["manifest"], found["size"]
        except (ValueError, KeyError, TypeError):
            raise UpdateError("the offer cannot be read")
        self._serial = serial
        if serial <= self._slots.record["serial"]:
            return  # taken before, whatever became of it
        if not 0 < size <= _LARGEST_MANIFEST:
            raise UpdateError("a manifest of %d bytes" % size)
        signed = bytearray()
        await self._fetch(digest, size, signed.extend)
        work = Installation(self._slots, self._board, self._key, bytes(signed))
        await work.prepare()
        for name, length, wanted in await work.missing():
            file = work.open(name, length, wanted)
            try:
                await self._fetch(binascii.hexlify(wanted).decode(), length, file.write)
            except (OSError, UpdateError, MemoryError):
                file.abandon()
                raise
            file.close()
        await work.finish()
        self._refused, self._fault = 0, None
        await self._try_to_say()
        self._restart()

    async def _fetch(self, digest, size, take):
        """Give a content to ``take``, block by block."""
        for number in range((size + _BLOCK - 1) // _BLOCK):
            self._topic = "%s%s/%d" % (self._prefix, digest, number)
            self._arrived.clear()
            try:
                await self._link.subscribe(self._topic)
                await asyncio.wait_for(self._arrived.wait(), _ANSWER_S)
            except asyncio.TimeoutError:
                raise OSError("block %d of %s did not come" % (number, digest[:8]))
            finally:
                self._topic = None
            take(self._block)

    async def _say(self):
        record = self._slots.record
        manifest = self._slots.manifest(self._slots.active) or {}
        state = {
            "version": manifest.get("version"),
            "running": manifest.get("serial"),
            "taken": record["serial"],
            "trial": record["trial"],
            "refused": self._refused,
            "last": self._fault or record["last"],
        }
        await self._link.publish(self._prefix + "state", json.dumps(state).encode(), 1, True)

    async def _try_to_say(self):
        try:
            await self._say()
        except OSError:
            pass  # it is said again at the next connection
