"""The connection to the house's broker: what comes is bounded, each topic has a share, and no handler hurts another."""

import array
import asyncio
import fcntl
import termios
from pathlib import Path
from types import SimpleNamespace

import aiomqtt
import pytest
from paho.mqtt import publish

from gateway.config.tables import MQTT_CREDENTIAL, MqttTable
from gateway.config.typed_secrets import keep_secret
from gateway.links.link import BROKEN
from gateway.mqtt.broker import _MOST_WAITING, _SHARE, Broker, _Incoming
from relay_faults.broker import HOST
from servers import wait_until
from tests.mosquitto import Mosquitto


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
            self.messages, self._queue = self._come(), asyncio.Queue()

        async def _come(self):
            for payload in (b"1", b"2"):
                yield message("linky/board/salon/frame", payload)
            yield message("linky/board/salon/frame", b"old", retain=True)

    broker = Broker(None, MqttTable(host="127.0.0.1"), None)
    broker.listen("linky/board/+/frame", fail)
    broker.listen("linky/board/salon/#", lambda *said: heard.append(said[1]), refuse_kept=kept.append)
    asyncio.run(broker._receive(Client()))
    assert heard == [b"1", b"2"]
    assert kept == ["linky/board/salon/frame"]
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "Traceback" not in caplog.text


def test_a_busy_loop_reads_all_that_has_come(tmp_path):
    """What has come costs a few turns of the loop, however many messages it is and whatever else a turn has to do."""
    topic, payloads = "linky/board/salon/frame", [b"%3d" % number for number in range(120)]
    with Mosquitto(tmp_path / "broker", {"gateway": "secret", "board": "secret"}) as running:
        (tmp_path / "password").write_text("secret")
        account = MqttTable(host=HOST, port=running.port, user="gateway", password_file=str(tmp_path / "password"))
        heard, turns = [], 0
        broker = Broker(SimpleNamespace(path=Path, directory=tmp_path), account, None)
        broker.listen(topic, lambda _, payload: heard.append(payload))

        def has_come():
            waiting = array.array("i", [0])
            fcntl.ioctl(broker._client._client.socket(), termios.FIONREAD, waiting)
            # Each has two bytes of a header, the length of the topic, the topic, and what is said.
            return waiting[0] >= len(payloads) * (2 + 2 + len(topic) + 3)

        async def scenario():
            nonlocal turns
            stop, subscribed = asyncio.Event(), asyncio.Event()

            async def greet():
                subscribed.set()

            broker.greet(greet)
            staying = asyncio.create_task(broker.run(stop))
            async with asyncio.timeout(60):
                await subscribed.wait()
                said = [{"topic": topic, "payload": payload} for payload in payloads]
                publish.multiple(
                    said, hostname=HOST, port=running.port, auth={"username": "board", "password": "secret"}
                )
                # All of them are there before the loop turns again.
                wait_until(has_come, 30)
                while len(heard) < len(payloads):
                    turns += 1
                    await asyncio.sleep(0)
            stop.set()
            await staying

        asyncio.run(scenario())
        assert heard == payloads
        assert turns < 20, turns


def test_a_connection_that_missed_its_end_is_ended_all_the_same(tmp_path):
    """In Python 3.11 a cancellation is forgotten when what is waited for comes in the same moment: it is said again."""
    with Mosquitto(tmp_path / "broker", {"gateway": "secret"}) as running:
        (tmp_path / "password").write_text("secret")
        account = MqttTable(host=HOST, port=running.port, user="gateway", password_file=str(tmp_path / "password"))
        broker = Broker(SimpleNamespace(path=Path, directory=tmp_path), account, None)

        async def scenario():
            greeting, ended = asyncio.Event(), []

            async def forget():
                greeting.set()
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    ended.append("forgotten")

            broker.greet(forget)
            staying = asyncio.create_task(broker.run(asyncio.Event()))
            async with asyncio.timeout(60):
                await greeting.wait()
                staying.cancel()
                await asyncio.wait({staying})
            return staying.cancelled(), ended

        assert asyncio.run(scenario()) == (True, ["forgotten"])


def test_a_password_that_is_put_right_counts_from_the_next_connection_on(tmp_path, monkeypatch, caplog):
    """Of a file or typed at the page, without a start; while it cannot be read that of before; a trial's stays."""
    with Mosquitto(tmp_path / "broker", {"gateway": "right"}) as running:
        (tmp_path / "password").write_text("wrong")
        account = MqttTable(host=HOST, port=running.port, user="gateway", password_file=str(tmp_path / "password"))
        config = SimpleNamespace(path=Path, directory=tmp_path)
        broker, trial = Broker(config, account, None), Broker(config, account, None, "wrong")

        async def is_let_in():
            stop, refused, greeted = asyncio.Event(), asyncio.Event(), asyncio.Event()
            lost = broker._lost

            def note(sentence):
                lost(sentence)
                refused.set()

            async def greet():
                greeted.set()

            monkeypatch.setattr(broker, "_lost", note)
            broker.greet(greet)
            staying = asyncio.create_task(broker.run(stop))
            async with asyncio.timeout(60):
                await refused.wait()
                assert broker.link().state == BROKEN
                (tmp_path / "password").write_text("right")
                await greeted.wait()
            stop.set()
            await staying

        asyncio.run(is_let_in())
        assert asyncio.run(trial.refusal()) is not None
        (tmp_path / "password").unlink()
        assert asyncio.run(broker.refusal()) is None
        assert "the password of before is used" in caplog.text
        keep_secret(config, MQTT_CREDENTIAL, "typed otherwise")
        assert asyncio.run(broker.refusal()) is not None
