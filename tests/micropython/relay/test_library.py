"""The boards' library under MicroPython: MQTT that never blocks, and a configuration file that is checked."""

import asyncio
import json
import os
import subprocess
from pathlib import Path

import pytest

from harness import ROOT
from relay_faults.board import HEAP
from relay_faults.broker import HOST, NAME
from relay_faults.clock import Rtc
from servers import Proxy, wait_until
from tests.mosquitto import Ear

SCRIPT = Path(__file__).with_name("library_on_board.py")


def run(program, *arguments, script=SCRIPT):
    """A script with these arguments, as a process whose output is text; its clock begins in 2000."""
    clock = Rtc(program.parent / f"{program.name}.clock")
    path = f"{ROOT}/tools/lib/relay_faults/unix:{program}:.frozen"
    return subprocess.Popen(
        ["micropython", "-X", f"heapsize={HEAP}", script, *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env=os.environ | clock.environment | {"MICROPYPATH": path, "BOARD_FOLDER": "/nonexistent"},
    )  # fmt: skip


def said(process):
    """What it printed until its end."""
    text, _ = process.communicate(timeout=60)
    return text.strip().splitlines()


def test_a_session_outlives_65535_messages(broker, program):
    """The packet number wraps, and every message arrives."""
    gateway, salon = broker.add("gateway"), broker.add("salon")
    with Ear(broker.port, "linky/board/salon/frame", user="gateway", password=gateway) as ear:
        assert said(run(program, "wraps", broker.tls_port, "salon", salon, NAME, broker.ca)) == ["3"]
        wait_until(lambda: [payload for _, payload in ear.messages] == [b"0", b"1", b"2", b"3", b"4"], 10)


def test_a_message_that_is_too_long_is_passed_over(broker, program):
    """A board has no room for it, and understands the next one."""
    gateway, salon = broker.add("gateway"), broker.add("salon")
    process = run(program, "hears", broker.tls_port, "salon", salon, NAME, broker.ca)
    assert process.stdout.readline() == "ready\n"
    for text in ("x" * 20_000, "short"):
        command = ["mosquitto_pub", "-h", HOST, "-p", str(broker.port), "-u", "gateway", "-P", gateway, "-q", "1"]
        subprocess.run([*command, "-t", "linky/board/salon/ack", "-s"], input=text, text=True, check=True, timeout=20)
    assert said(process) == ["1 [('linky/board/salon/ack', b'short')]"]


def test_a_network_that_swallows_everything_does_not_hold_up_the_board(broker, program):
    """The wait for an answer ends in time, and the loop goes on meanwhile."""
    salon = broker.add("salon")

    async def swallow():
        async with Proxy(f"{HOST}:{broker.tls_port}") as proxy:
            process = run(program, "lags", proxy.address.rpartition(":")[2], "salon", salon, NAME, broker.ca)
            assert await asyncio.to_thread(process.stdout.readline) == "ready\n"
            proxy.freeze()
            lines = await asyncio.to_thread(said, process)
            proxy.cut()
            return lines

    (line,) = asyncio.run(swallow())
    assert line.startswith("no answer, at most ")
    assert int(line.split()[-3]) < 500


@pytest.mark.parametrize(
    ("user", "name", "sentence"),
    [
        ("nobody", NAME, "RefusedError not allowed"),
        ("salon", "other.test", "CertificateError the broker's certificate: The certificate Common Name"),
    ],
    ids=["unknown board", "certificate of another host"],
)
def test_a_refusal_is_said(broker, program, user, name, sentence):
    """An unknown user, or a broker that is not the one: no connection, and a reason."""
    salon = broker.add("salon")
    (line,) = said(run(program, "wraps", broker.tls_port, user, salon, name, broker.ca))
    assert line.startswith(sentence)


GOOD = {"id": "salon", "wifi": {"ssid": "x"}, "broker": {"host": "pi", "password": "p"}}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"id": "Salon"}, "id: 1 to 32 characters of a-z, 0-9 and -"),
        ({"wifi": None}, "wifi is missing"),
        ({"wifi": {}}, "wifi: ssid is missing"),
        ({"broker": {"host": "pi"}}, "broker: password is missing"),
        ({"broker": {"host": "pi", "password": 7}}, "broker: password is not a str"),
        ({"broker": {"host": "pi", "password": "p", "port": True}}, "broker: port is not a int"),
        ({"broker": {"host": "pi", "password": "p", "ca": "no.crt"}}, "broker.ca: no.crt cannot be read"),
        ({"relay": {"pin": 4}}, "relay: unknown key pin"),
        ({"ntp": 5}, "ntp: the name of a time server, or null"),
        ({"more": 1}, "unknown key more"),
    ],
)
def test_a_wrong_setting_is_one_sentence(tmp_path, program, change, sentence):
    """Where it is and what it should be."""
    file = tmp_path / "config.json"
    file.write_text(json.dumps({key: value for key, value in (GOOD | change).items() if value is not None}))
    assert said(run(program, "settings", file, "", "", "", "")) == [f"SettingsError {file}: {sentence}"]


def test_a_file_that_is_not_there_or_not_json_is_said(tmp_path, program):
    """A board that was never set up says so."""
    file = tmp_path / "config.json"
    (line,) = said(run(program, "settings", file, "", "", "", ""))
    assert line == f"SettingsError {file} is missing: this board has not been set up"
    file.write_text("nonsense")
    assert said(run(program, "settings", file, "", "", "", "")) == [f"SettingsError {file} is not valid JSON"]
    file.write_text(json.dumps(GOOD))
    (line,) = said(run(program, "settings", file, "", "", "", ""))
    assert "'port': 8883" in line
    assert "'rx': 16" in line
