"""The helper: what is in its list is done, all else is refused, and nobody keeps others out."""

import asyncio
import json
import socket
import threading
from pathlib import Path

import pytest

from gateway.errors import GatewayError
from gateway.upkeep.helper import acts, server
from gateway.upkeep.helper.acts import reboot
from gateway.upkeep.helper.client import ask, send
from gateway.upkeep.helper.request import MOST_BYTES
from gateway.upkeep.helper.server import MOST_OF_ONE, Helper, listening
from gateway.upkeep.helper.table import ACTS


async def talk(path, data, *, end=True):
    """What comes back for these bytes."""
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(data)
    if end:
        writer.write_eof()
    answer = await reader.read()
    writer.close()
    return [json.loads(line) for line in answer.splitlines()]


def _waiting(until):
    """An act that takes until then."""

    def do(*_):
        until.wait(20)

    return do


def test_a_unit_in_the_list_is_restarted(scratch, serving):
    """By a list of words, if it runs."""

    async def run():
        async with serving() as path:
            return await ask("restart-unit", socket=path, unit="mosquitto.service")

    assert asyncio.run(run()) is None
    assert scratch.told == ["--no-block", "try-restart", "mosquitto.service"]


@pytest.mark.parametrize(("act", "target"), [("shut-down", "poweroff.target"), ("reboot", "reboot.target")])
def test_the_machine_ends_in_order(act, target, scratch, serving):
    """By systemd's own target."""

    async def run():
        async with serving() as path:
            await ask(act, socket=path)

    asyncio.run(run())
    assert scratch.told == ["--no-block", "--job-mode=replace-irreversibly", "start", target]


def test_what_systemd_refuses_is_told_in_its_words(scratch, serving):
    """In the language of whoever reads it."""
    scratch.fail()

    async def run():
        async with serving() as path:
            await ask("reboot", socket=path)

    with pytest.raises(GatewayError, match=r"systemctl could not do it: Unit is masked\.") as refused:
        asyncio.run(run())
    assert refused.value.phrase.in_language("fr") == "systemctl n’a pas pu le faire : Unit is masked."


REFUSED = (
    b"",
    b"\n",
    b"reboot\n",
    b"[]\n",
    b"null\n",
    b'"reboot"\n',
    b"{}\n",
    b'{"act": null}\n',
    b'{"act": "reboot"}',
    b'{"act": "Reboot"}\n',
    b'{"act": "reboot", "now": true}\n',
    b'{"act": "reboot"} {"act": "reboot"}\n',
    b'{"act": "restart-unit"}\n',
    b'{"act": "restart-unit", "unit": "ssh.service"}\n',
    b'{"act": "restart-unit", "unit": "mosquitto.service; reboot"}\n',
    b'{"act": "restart-unit", "unit": ["mosquitto.service"]}\n',
    b'{"act": "restart-unit", "unit": "--help"}\n',
    b'{"act": "restart_unit", "unit": "mosquitto.service"}\n',
    b'{"act": "../acts/reboot"}\n',
    b'\xff\xfe{"act": "reboot"}\n',
    b'{"act": "reboot\\u0000"}\n',
    b"[" * 4000 + b"\n",
    b'{"act":' * 250 + b"\n",
    b'{"act": "restart-unit", "unit": ' + b"[" * 250 + b"\n",
    b'{"act": "restart-unit", "unit": "' + b"m" * MOST_BYTES + b'"}\n',
)


@pytest.mark.parametrize("data", REFUSED, ids=range(len(REFUSED)))
def test_whatever_else_is_refused_and_changes_nothing(data, scratch, serving, caplog):
    """One line in the log, which repeats nothing of it; and an answer with its reason in each language."""

    async def run():
        async with serving() as path:
            return await talk(path, data)

    (answer,) = asyncio.run(run())
    assert answer["done"] is False
    assert answer["why"].keys() == {"en", "fr"}
    assert scratch.told == []
    (line,) = [record.getMessage() for record in caplog.records if record.name == server.__name__]
    assert line.startswith("refused to user ")
    for word in ("ssh", "mosquitto", "--help", "reboot"):
        assert word not in line


def test_a_line_that_does_not_come_is_not_waited_for(scratch, serving, monkeypatch):
    """The one who asks after it is answered all the while."""
    monkeypatch.setattr(server, "_TIMEOUT_S", 0.2)

    async def run():
        async with serving() as path:
            slow = asyncio.create_task(talk(path, b'{"act"', end=False))
            await ask("restart-unit", socket=path, unit="mosquitto.service")
            return await slow

    (answer,) = asyncio.run(run())
    assert "no whole line came" in answer["why"]["en"]
    assert scratch.told[-1] == "mosquitto.service"


def test_one_act_after_the_other(serving, monkeypatch):
    """In turn, however many ask at once."""
    running, most = [], []

    def slowly(asked, root, tell):
        running.append(asked)
        most.append(len(running))
        threading.Event().wait(0.02)
        running.pop()

    monkeypatch.setattr(reboot, "do", slowly)

    async def run():
        async with serving() as path:
            await asyncio.gather(*(ask("reboot", socket=path) for _ in range(MOST_OF_ONE)))

    asyncio.run(run())
    assert most == [1] * MOST_OF_ONE


def test_a_flood_of_one_user_keeps_nobody_else_out(serving, monkeypatch):
    """Beyond its share it is sent away at once; another user's request is in the queue as if it were alone."""
    go_on = threading.Event()
    monkeypatch.setattr(reboot, "do", _waiting(go_on))
    users = iter([*[0] * (MOST_OF_ONE + 3), 1])
    monkeypatch.setattr(server, "_users", lambda: {0, 1})
    monkeypatch.setattr(server, "_peer", lambda _: (1, next(users)))

    async def run():
        async with serving() as path:
            flood = [asyncio.create_task(ask("reboot", socket=path)) for _ in range(MOST_OF_ONE + 3)]
            away, _ = await asyncio.wait(flood, return_when=asyncio.FIRST_EXCEPTION)
            while len(away) < 3:
                more, _ = await asyncio.wait(set(flood) - away, return_when=asyncio.FIRST_EXCEPTION)
                away |= more
            other = asyncio.create_task(ask("reboot", socket=path))
            go_on.set()
            await other
            return [str(one.exception()) for one in away]

    assert asyncio.run(run()) == ["the helper has enough to do; ask again in a moment"] * 3


def test_another_user_is_sent_away(scratch, serving, monkeypatch):
    """Besides the socket's mode: whoever has come past it."""
    monkeypatch.setattr(server, "_users", lambda: {4711})

    async def run():
        async with serving() as path:
            await ask("reboot", socket=path)

    with pytest.raises(GatewayError, match="the gateway's user and root alone"):
        asyncio.run(run())
    assert scratch.told == []


def test_refusals_are_written_down_at_most_so_often(serving, caplog):
    """Ten in a minute, and then how many more there were."""

    async def run():
        async with serving() as path:
            for _ in range(30):
                await talk(path, b"{}\n")

    asyncio.run(run())
    lines = [record.getMessage() for record in caplog.records if record.name == server.__name__]
    assert len([line for line in lines if line.startswith("refused to user")]) == 10


def test_an_act_that_raises_costs_its_own_answer(serving, monkeypatch):
    """A fault of ours is a sentence, and the next one is done."""
    faults = iter([ZeroDivisionError("secret"), None])

    def do(*_):
        if fault := next(faults):
            raise fault

    monkeypatch.setattr(reboot, "do", do)

    async def run():
        async with serving() as path:
            with pytest.raises(GatewayError, match="an unexpected ZeroDivisionError") as refused:
                await ask("reboot", socket=path)
            assert "secret" not in str(refused.value)
            await ask("reboot", socket=path)

    asyncio.run(run())


def test_an_act_tells_how_it_goes(serving, monkeypatch):
    """Sentence by sentence, before its end; what it found comes with that."""
    from gateway.words.phrase import same

    def do(_asked, _root, tell):
        tell(same("half"))
        return {"number": 2}

    monkeypatch.setattr(reboot, "do", do)
    heard = []

    async def run():
        async with serving() as path:
            return await ask("reboot", socket=path, hear=heard.append)

    assert asyncio.run(run()) == {"number": 2}
    assert [str(one) for one in heard] == ["half"]


def test_an_act_that_does_not_end_ends_the_helper(scratch, monkeypatch, tmp_path):
    """Whoever asked is told; the next one starts a new helper."""
    never = threading.Event()
    monkeypatch.setattr(server, "_LONGEST_ACT_S", 0.1)
    monkeypatch.setattr(reboot, "do", _waiting(never))

    async def run():
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(tmp_path / "socket"))
        listener.listen()
        serving = asyncio.create_task(Helper(scratch.root).serve(listener))
        with pytest.raises(GatewayError, match="it took longer than"):
            await ask("reboot", socket=tmp_path / "socket")
        ended = await serving
        never.set()
        return ended

    assert asyncio.run(run()) is False


def test_it_ends_when_nobody_asks(scratch, tmp_path):
    """Nothing of it stays in memory; systemd listens on."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "socket"))
    listener.listen()
    assert asyncio.run(asyncio.wait_for(Helper(scratch.root, 0.0).serve(listener), 60))
    # Python 3.13 would take the name away, and nobody could ask any more.
    assert (tmp_path / "socket").exists()


def test_without_systemd_it_does_not_start(monkeypatch):
    """One sentence."""
    monkeypatch.delenv("LISTEN_FDS", raising=False)
    with pytest.raises(GatewayError, match="systemd starts this program"):
        listening()


def test_arguments_of_others_are_the_acts_alone(scratch, serving):
    """Their names change neither the act nor where it is asked for."""

    async def run():
        async with serving() as path:
            await send("restart-unit", {"act": "reboot", "unit": "mosquitto.service"}, path)

    asyncio.run(run())
    assert scratch.told == ["--no-block", "try-restart", "mosquitto.service"]


def test_without_a_helper_the_gateway_says_so(tmp_path, caplog):
    """A gateway that was not installed the usual way: to a household what to do, to the log what the system said."""
    with pytest.raises(GatewayError, match="does not answer: restart the machine"):
        asyncio.run(ask("reboot", socket=tmp_path / "none"))
    assert "No such file" in caplog.text


def test_a_helper_that_ends_in_the_middle_has_not_answered(tmp_path):
    """Nothing is made up."""

    async def run():
        async def hang_up(reader, writer):
            await reader.readline()
            writer.close()

        async with await asyncio.start_unix_server(hang_up, tmp_path / "socket"):
            await ask("reboot", socket=tmp_path / "socket")

    with pytest.raises(GatewayError, match="nothing is known of what it did"):
        asyncio.run(run())


def test_every_act_is_closed():
    """Its arguments forbid what they do not know, are frozen, and carry its name, which is its file's."""
    for arguments, module in ACTS.items():
        config = arguments.__struct_config__
        assert (config.forbid_unknown_fields, config.frozen, config.tag_field) == (True, True, "act")
        assert config.tag == module.__name__.rpartition(".")[2].replace("_", "-")
    files = {path.stem for path in Path(acts.__file__).parent.glob("*.py")} - {"__init__"}
    assert files == {module.__name__.rpartition(".")[2] for module in ACTS.values()}
