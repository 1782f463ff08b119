"""An update over the air: `linky-gateway board update`, a real mosquitto with the shipped access list, and a board."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys

import paho.mqtt.client as paho
import pytest

from flash.chips import CHIPS
from flash.files import build_set
from gateway.mqtt.boards.fileset import FileSet
from gateway.mqtt.boards.registry import Board as Known
from gateway.mqtt.boards.registry import Registry
from relay_faults.broker import HOST, NAME, HouseBroker, mosquitto
from relay_faults.clock import faketime
from servers import wait_until
from tests.micropython.update.flash_file import BOARD, KEY, ROOT, Board
from tests.mosquitto import Ear

pytestmark = [
    pytest.mark.skipif(
        not (shutil.which("micropython") and mosquitto() and faketime()),
        reason="not installed: micropython, mosquitto, faketime",
    ),
    pytest.mark.slow,
]

# What lib/board.py is on an ESP32: this one is always in its network, and a reset ends it.
RTC = (ROOT / "tools" / "lib" / "relay_faults" / "unix" / "rtc.py").read_bytes()
STAND_IN = b"""
import sys
from rtc import clock_is_said, clock_s, set_clock
async def join(wifi):
    pass
def restart():
    print("restart")
    sys.exit()
"""
# The program of a board that is for nothing but its updates: the real agent, link and MQTT client.
START = """
import asyncio, json, board, settings, version
from agent import Agent
from link import BrokerLink

async def main(slots):
    with open("/identity.json") as file:
        identity = json.load(file)
    found = settings.load("/config.json")
    link = BrokerLink(found, [], lambda *message: agent.on_message(*message), None, lambda: agent.on_up())
    agent = Agent(slots, identity, link, board.restart)
    link.topics.append(agent.topic)
    print("runs", version.NAME)
    await asyncio.gather(link.run(), agent.run())
"""
# The same beside a task that looks at a meter's port as lib/line.py does, and says in the end how long it had to wait.
LISTENS = (
    START.replace("link.run(), agent.run()", "link.run(), agent.run(), listen()").replace("board.restart)", "end)")
    + """
worst = 0

async def listen():
    global worst
    import time
    while True:
        before = time.ticks_ms()
        await asyncio.sleep_ms(40)
        worst = max(worst, time.ticks_diff(time.ticks_ms(), before) - 40)

def end():
    print("late", worst)
    board.restart()
"""
)
CRASHES = 'async def main(slots):\n    raise ValueError("no good")\n'


def a_set(version, start=START):
    """The real library, compiled, and a program."""
    library = {name: content for name, content in build_set(CHIPS["esp32"]).files.items() if name.startswith("lib/")}
    del library["lib/board.mpy"], library["lib/microdot.mpy"]
    own = {
        "start.py": start.encode(),
        "board.py": STAND_IN,
        "rtc.py": RTC,
        "version.py": f"NAME = {version!r}\n".encode(),
    }
    return FileSet(version, {**library, **own, "relay/frames.py": f"# {version}\n".encode() * 1200})


@pytest.fixture
def broker(tmp_path):
    """The broker of the house, with the passwords that it knows."""
    house = HouseBroker(tmp_path / "broker")
    house.known = {user: house.add(user) for user in (BOARD, "gateway")}
    with house:
        yield house


@pytest.fixture
def board(tmp_path, broker):
    """A board with TLS and a password of its own, that runs set one."""
    made = Board.with_set(tmp_path, a_set("one"), blocks=96)
    config = {
        "id": BOARD,
        "wifi": {"ssid": "Maison", "password": ""},
        "broker": {
            "host": HOST,
            "port": broker.tls_port,
            "password": broker.known[BOARD],
            "ca": "ca.pem",
            "name": NAME,
        },
    }
    identity = {"id": BOARD, "role": "relay", "key": KEY.hex()}
    files = {"config.json": config, "identity.json": identity}
    made.put({name: json.dumps(content).encode() for name, content in files.items()})
    made.put({"ca.pem": broker.ca.read_bytes()})
    return made


@pytest.fixture
def gateway(tmp_path, broker):
    """Runs `linky-gateway board …` of a household that knows the board."""
    (tmp_path / "mqtt-password").write_text(broker.known["gateway"])
    configuration = tmp_path / "gateway.toml"
    configuration.write_text(
        f'[store]\ndirectory = "{tmp_path}/store"\n[[meter]]\nname = "linky"\nsource = "board:{BOARD}"\n'
        f'[mqtt]\nhost = "{HOST}"\nport = {broker.port}\nuser = "gateway"\npassword_file = "{tmp_path}/mqtt-password"\n'
    )
    Registry(tmp_path / "store").keep(Known(id=BOARD, role="relay", chip="esp32", key=KEY.hex()))

    running = []

    def run(*arguments):
        command = [sys.executable, "-m", "gateway", "board", *map(str, arguments), "--config", str(configuration)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        running.append(subprocess.Popen(command, cwd=ROOT, text=True, **pipes))
        return running[-1]

    yield run
    for process in running:
        end(process)


def end(process):
    """End a board's life or a command; what it had said."""
    process.kill()
    return process.communicate()[0] if not process.stdout.closed else ""


def offer(gateway, tmp_path, files):
    """Offer a set; the command that waits for the board's word."""
    files.write(tmp_path / "set.zip")
    command = gateway("update", BOARD, tmp_path / "set.zip", "--wait", "60")
    assert "is offered as number" in command.stdout.readline()
    return command


def test_a_set_is_taken_over_the_air(tmp_path, board, gateway):
    """Offered, fetched in blocks, verified, started, confirmed by the broker, and said so by both sides."""
    command = offer(gateway, tmp_path, a_set("two"))
    first = board.start()
    assert first.stdout.split() == ["runs", "one", "restart"], first.stdout + first.stderr
    life = board.live()
    said, _ = command.communicate(timeout=60)
    assert command.returncode == 0, said
    assert said.endswith(f"{BOARD}: runs two\n")
    listed, _ = gateway("list").communicate(timeout=30)
    assert listed == f"{BOARD}  relay    esp32    two\n"
    assert "runs two" in end(life)


def test_a_set_that_crashes_ends_with_the_previous_one(tmp_path, board, gateway):
    """The command says why the board still runs what it ran."""
    command = offer(gateway, tmp_path, a_set("two", CRASHES))
    assert "restart" in board.start().stdout
    for _ in range(3):
        assert "no good" in board.start().stdout
    life = board.live()
    said, _ = command.communicate(timeout=60)
    end(life)
    assert command.returncode == 1
    assert said.endswith(f"{BOARD}: still runs one: went back: 3 starts without the broker\n")


def test_a_set_of_another_key_is_refused_and_said(tmp_path, board, gateway):
    """Whoever holds the broker but not the board's key cannot have anything started."""
    Registry(tmp_path / "store").keep(Known(id=BOARD, role="relay", chip="esp32", key=bytes(32).hex()))
    command = offer(gateway, tmp_path, a_set("two"))
    life = board.live()
    said, _ = command.communicate(timeout=60)
    end(life)
    assert command.returncode == 1
    assert "still runs one: the signature is wrong" in said
    assert "/b/manifest.json" not in board.names("/")


def test_power_cuts_only_delay_it(tmp_path, board, gateway):
    """Killed again and again while it fetches, the board goes on where it was and ends with the new set."""
    command = offer(gateway, tmp_path, a_set("two"))
    lives = 0
    for kilobytes in (2, 8, 14):
        life = board.live()
        wait_until(
            lambda size=kilobytes, life=life: fetched(board) >= size or life.poll() is not None, 30, "it fetches"
        )
        end(life)
        lives += 1
    assert "restart" in board.start().stdout
    life = board.live()
    assert command.communicate(timeout=60)[0].endswith("runs two\n")
    end(life)
    assert lives == 3


def test_the_meter_is_heard_while_a_set_is_taken(tmp_path, board, gateway):
    """On a flash as slow as a real one the port is looked at again and again, while files are copied and hashed."""
    board.put({"a/start.py": LISTENS.encode()})
    offer(gateway, tmp_path, a_set("two"))
    said, _ = board.live(FLASH_SLOW="1").communicate(timeout=120)
    assert "restart" in said, said
    # The worst is a handshake, or a block to find, erase and write.
    assert int(re.search(r"late (\d+)", said)[1]) < 1000, said


def fetched(board):
    """How many kilobytes of flash differ from an erased one: it grows as the board writes."""
    content = board.image.read_bytes()
    return sum(
        block != b"\xff" * 1024 for block in (content[at : at + 1024] for at in range(0, len(content), 1024))
    ) - used(board)


def used(board):
    """What was written before anything was fetched."""
    if not hasattr(board, "before"):
        content = board.image.read_bytes()
        board.before = sum(content[at : at + 1024] != b"\xff" * 1024 for at in range(0, len(content), 1024))
    return board.before


def test_a_flash_that_is_full_is_said(tmp_path, board, gateway):
    """What does not fit leaves the board as it was, and the command says so."""
    files = a_set("two")
    board.put({"journal": bytes(200 * 1024)})
    command = offer(gateway, tmp_path, files)
    life = board.live()
    said, _ = command.communicate(timeout=60)
    end(life)
    assert "still runs one: the flash takes no more" in said


def test_a_board_that_says_nothing_leaves_the_offer(tmp_path, board, gateway):
    """The command ends, the offer stays: the board takes it when it is awake."""
    a_set("two").write(tmp_path / "set.zip")
    said, _ = gateway("update", BOARD, tmp_path / "set.zip", "--wait", "0.5").communicate(timeout=60)
    assert "no word yet; the offer stays" in said
    assert "restart" in board.start().stdout
    assert "runs two" in until(board.live(), "runs two")


def until(life, word):
    """What a board says until it says this."""
    said = ""
    while word not in said:
        line = life.stdout.readline()
        assert line, said
        said += line
    end(life)
    return said


def test_an_unknown_board_is_said(gateway, tmp_path):
    """One sentence, and where to look."""
    a_set("two").write(tmp_path / "set.zip")
    said, _ = gateway("update", "attic", tmp_path / "set.zip").communicate(timeout=30)
    assert "no board 'attic' is known here" in said


def say(port, user, password, topics):
    """Publish to these topics in turn, retained, until the broker has taken each."""
    client = paho.Client(paho.CallbackAPIVersion.VERSION2)
    client.username_pw_set(user, password)
    client.connect(HOST, port)
    client.loop_start()
    try:
        for topic in topics:
            client.publish(topic, b"x", qos=1, retain=True).wait_for_publish(10)
    finally:
        client.disconnect()
        client.loop_stop()


def test_a_board_may_only_say_its_own_state(broker):
    """The broker lets a board write its state; no offer of its own, nothing in another's name."""
    board, gateway = broker.known[BOARD], broker.known["gateway"]
    forbidden = [f"linky/board/{BOARD}/update/offer", "linky/board/attic/update/state", "linky/status"]
    state = f"linky/board/{BOARD}/update/state"
    say(broker.port, "gateway", gateway, ["linky/ready"])
    with Ear(broker.port, "linky/#", user="gateway", password=gateway) as ear:
        wait_until(lambda: "linky/ready" in ear.retained, 30, "the gateway listens")
        say(broker.port, BOARD, board, [*forbidden, state])
        # Messages keep their order: what was said before is here, or never.
        wait_until(lambda: state in ear.retained, 30, "its own state arrives")
    assert set(ear.retained) == {"linky/ready", state}
