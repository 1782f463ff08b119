"""The control socket: private, deaf to garbage, one sentence when it cannot be there."""

import asyncio
import json
import socket

import msgspec
import pytest

from gateway.consent.orders import Limit
from gateway.control.messages import Status
from gateway.control.orders import act
from gateway.control.running import ask
from gateway.control.unix_socket import serve
from gateway.errors import ConsentError, StoreError

STATUS = {"do": "status", "by": "", "channel": "command"}


async def handler(order):
    """Echo, or what the order says."""
    match order:
        case Limit(recipient="refuse"):
            raise ConsentError("no")
        case Limit(recipient="fail"):
            raise ZeroDivisionError
        case Status():
            return msgspec.to_builtins(order)
    return act(None, order, 0.0)


def talk(path, conversation):
    """Run a blocking conversation against the socket."""

    async def both():
        server = await serve(path, handler)
        try:
            return await asyncio.to_thread(conversation)
        finally:
            await server.end()

    return asyncio.run(both())


def send(path, data):
    """The answer to raw bytes; nothing when the connection was closed without one."""
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(5)
        link.connect(str(path))
        try:
            link.sendall(data)
            link.shutdown(socket.SHUT_WR)
            return link.makefile("rb").readline()
        except (BrokenPipeError, ConnectionResetError):
            return b""


def test_a_question_is_answered_and_a_refusal_keeps_its_exit_code(tmp_path):
    """The handler's result comes back; its error too, as an error."""
    path = tmp_path / "control.sock"
    assert talk(path, lambda: ask(path, Status())) == STATUS
    with pytest.raises(Exception, match="no") as caught:
        talk(path, lambda: ask(path, Limit(recipient="refuse")))
    assert caught.value.exit_code == 2


def test_only_the_user_of_the_daemon_may_speak(tmp_path):
    """Mode 0600, in place of whatever a killed daemon left there."""
    path = tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    with pytest.raises(ConnectionError):
        ask(path, Status())
    assert talk(path, lambda: path.stat().st_mode & 0o777) == 0o600


@pytest.mark.parametrize(
    "garbage", [b"\n", b"[]\n", b"\xff\xfe\n", b"{\n", b"[" * 60_000 + b"\n", b"x" * 200_000 + b"\n", b""]
)
def test_garbage_gets_an_answer_or_nothing_and_hurts_nobody(tmp_path, garbage, caplog):
    """No traceback, and the next question is answered."""
    path = tmp_path / "control.sock"
    answer, after = talk(path, lambda: (send(path, garbage), ask(path, Status())))
    assert not answer or json.loads(answer) == {"error": "not a JSON object", "code": 2}
    assert after == STATUS
    assert "Traceback" not in caplog.text


def test_an_order_that_fails_is_answered_with_a_sentence(tmp_path, caplog):
    """Whatever the program runs into: who asked is told that it was not done, and gets no traceback."""
    path = tmp_path / "control.sock"
    answer = json.loads(talk(path, lambda: send(path, b'{"do": "limit", "recipient": "fail"}\n')))
    assert answer["code"] == 70
    assert answer["error"].startswith("the gateway could not do it: an unexpected ZeroDivisionError")
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize(
    "order",
    [
        *({"do": "dance"}, {}, {"do": "page-code"}, {"do": ["status"]}),
        *({"do": "reading", "order": {"series": "gas", "value": 1}}, {"do": "reading", "order": {"colour": "blue"}}),
        *({"do": "grant", "order": {"colour": "red"}}, {"do": "grant", "order": {"recipient": 5}}),
    ],
)
def test_an_order_that_is_none_is_refused(tmp_path, order, caplog):
    """Unknown words and wrong types are refused with a sentence."""
    path = tmp_path / "control.sock"
    answer = talk(path, lambda: send(path, json.dumps(order).encode() + b"\n"))
    assert "order" in json.loads(answer)["error"]
    assert caplog.text == ""


def test_a_place_where_it_cannot_be_is_one_sentence(tmp_path):
    """A path too long for a socket, or a folder in its place."""
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    for path, words in ((deep / "control.sock", r"shorter \[store\] directory"), (deep, "cannot listen there")):
        with pytest.raises(StoreError, match=words):
            talk(path, lambda: None)


def test_who_has_ordered_something_has_the_answer_before_the_end(tmp_path):
    """Also where the order is what ends the gateway; a new one is not taken any more."""
    path = tmp_path / "control.sock"

    async def scenario():
        begun, go = asyncio.Event(), asyncio.Event()

        async def handler(_):
            begun.set()
            await go.wait()
            return {"done": True}

        server = await serve(path, handler)
        asked = asyncio.create_task(asyncio.to_thread(ask, path, Status()))
        await begun.wait()
        ending = asyncio.create_task(server.end())
        await asyncio.sleep(0)
        assert not path.exists()
        go.set()
        await ending
        return await asked

    assert asyncio.run(scenario()) == {"done": True}
