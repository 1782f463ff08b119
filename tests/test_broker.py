"""The connection to the house's broker: what comes is bounded, each topic has a share, and no handler hurts another."""

import asyncio

import aiomqtt
import pytest

from gateway.broker import _MOST_WAITING, _SHARE, Broker, _Incoming
from gateway.config import Mqtt


def message(topic, payload=b"", *, retain=False):
    return aiomqtt.Message(topic, payload, 1, retain, 0, None)


def test_who_sends_too_much_leaves_room_for_the_others():
    """A topic has its share of the queue; what is taken out of it makes room again."""

    async def scenario():
        queue = _Incoming(_MOST_WAITING)
        for _ in range(_SHARE):
            queue.put_nowait(message("linky/board/salon/frame"))
        with pytest.raises(asyncio.QueueFull):
            queue.put_nowait(message("linky/board/salon/frame"))
        queue.put_nowait(message("linky/board/cellar/frame"))
        await queue.get()
        queue.put_nowait(message("linky/board/salon/frame"))
        while not queue.empty():
            queue.get_nowait()
        assert not queue._held

    asyncio.run(scenario())


def test_what_is_longer_than_any_frame_is_not_kept():
    """Nothing that is listened to is so long."""

    async def scenario():
        queue = _Incoming(_MOST_WAITING)
        with pytest.raises(asyncio.QueueFull):
            queue.put_nowait(message("linky/board/salon/frame", b"x" * 8193))

    asyncio.run(scenario())


def test_a_handler_that_raises_costs_its_message(caplog):
    """The others hear it, the next one is handed over, and the log says it once in a sentence."""
    heard, kept = [], []

    def fail(_topic, _payload):
        raise RecursionError("maximum recursion depth exceeded")

    class Client:
        def __init__(self):
            self.messages = self._come()

        async def _come(self):
            for payload in (b"1", b"2"):
                yield message("linky/board/salon/frame", payload)
            yield message("linky/board/salon/frame", b"old", retain=True)

    broker = Broker(None, Mqtt(host="127.0.0.1"), None)
    broker.listen("linky/board/+/frame", fail)
    broker.listen("linky/board/salon/#", lambda *said: heard.append(said[1]), refuse_kept=kept.append)
    asyncio.run(broker._receive(Client()))
    assert heard == [b"1", b"2"]
    assert kept == ["linky/board/salon/frame"]
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "Traceback" not in caplog.text
