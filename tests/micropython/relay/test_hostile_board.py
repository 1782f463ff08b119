"""Whoever has a board's password says what he likes: the daemon, the other meter and the connection go on.

The real daemon, the real broker with the configuration and the access list that are shipped.
"""

import ssl

import pytest

from fuzz.relatives import BoardMessage, crowd, poison
from meter.process import SimulatedMeter
from relay_faults.broker import HOST, HouseBroker
from relay_faults.house import RelayHouse
from servers import wait_until
from soak.samples import ProgramSample

SEED, RELATIVES = 20261, 200
# A house's frames come each second and are committed each second; the machine is shared with others.
SILENT_S = 15.0
MOST_MORE_BYTES = 5_000_000
# Of a packet that the broker takes 32 kB may be left when its topic is taken off.
LONGEST = 32_000


@pytest.fixture
def broker(tmp_path):
    """A broker that keeps what is retained over its restarts, as Debian's does."""
    running = HouseBroker(tmp_path / "broker", persistence=True)
    with running:
        yield running


class Board:
    """The board "cellar" in foreign hands."""

    def __init__(self, broker):
        import paho.mqtt.client as paho

        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="cellar")
        self._client.username_pw_set("cellar", broker.add("cellar"))
        context = ssl.create_default_context(cafile=broker.ca)
        context.check_hostname = False
        self._client.tls_set_context(context)
        self._client.reconnect_delay_set(1, 1)
        self._taken = set()
        self._client.on_publish = lambda client, userdata, mid, *_: self._taken.add(mid)
        self._client.connect(HOST, broker.tls_port)
        self._client.loop_start()
        wait_until(self._client.is_connected, 30, "the board is connected")

    def say(self, messages):
        """Publish all of it, and wait until the broker has what it takes; what is longer ends the connection."""
        said_once = set()
        for said in messages:
            # What nobody takes would be sent again at each connection, and end it, for ever.
            qos = int(len(said.payload) < LONGEST)
            info = self._client.publish(f"linky/board/cellar/{said.what}", said.payload, qos=qos, retain=said.retain)
            said_once |= {info.mid} if qos else set()
        # By its acknowledgements: of what is said between two connections paho only says that there was none.
        wait_until(lambda: said_once <= self._taken, 60, "the broker has taken it")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def house(tmp_path, broker):
    """A meter on a serial port beside the board's; what its daemon does is not to be seen in the first."""
    folder = tmp_path / "house"
    folder.mkdir()
    (folder / "password").write_text(broker.add("gateway") + "\n")
    mqtt = {"host": HOST, "port": broker.port, "user": "gateway", "password_file": "password"}
    with (
        SimulatedMeter(tmp_path / "tty", seed=7) as meter,
        RelayHouse(folder, str(meter.path), mqtt=mqtt, others={"cellar": "board:cellar"}) as running,
    ):
        await_well(running)
        yield running


def await_well(house):
    for link in ("mqtt", "meter house"):
        house.await_link(link, "ok", 60)


def newest(house):
    ((found,),) = house.query("SELECT last_time FROM meter WHERE name = 'house'")
    return found or 0


def goes_on(house, pid, board):
    """The same process stores two more frames of the other meter, one after the other, and the connection is up."""
    for _ in range(2):
        before = newest(house)
        wait_until(
            lambda before=before: newest(house) > before or house.gateway.pid != pid,
            SILENT_S,
            "the other meter is stored",
            every=0.2,
        )
        assert house.gateway.pid == pid, house.gateway.log.read_text()[-3000:]
    links = house.links()
    assert links["mqtt"]["state"] == "ok"
    assert [name for name in links if name.startswith("cell ")] == []


def test_a_board_cannot_stop_the_gateway(house, broker):
    """200 messages that no board writes, half of them retained, and then a start beside what the broker kept."""
    pid = house.gateway.pid
    with Board(broker) as board:
        before = ProgramSample.take(0, "gateway", pid).rss
        board.say(poison(SEED, RELATIVES))
        goes_on(house, pid, board)
        assert ProgramSample.take(0, "gateway", pid).rss - before < MOST_MORE_BYTES
        # Kept for whoever comes next: the worst of it.
        board.say([next(poison(SEED, 1)), BoardMessage("state", b'{"x":' + b"[" * 2000, retain=True)])
    house.gateway.stop(20)
    assert "Traceback" not in house.gateway.log.read_text()
    broker.stop()
    broker.start()
    house.gateway.start()
    await_well(house)
    goes_on(house, house.gateway.pid, None)
    assert "the broker had kept" in house.gateway.log.read_text()


def test_a_board_cannot_fill_the_memory(house, broker):
    """Valid frames, each of another start of the board, as fast as the broker takes them: no more than 5 MB."""
    pid = house.gateway.pid
    with Board(broker) as board:
        board.say(crowd(SEED, 500))
        goes_on(house, pid, board)
        before = ProgramSample.take(0, "gateway", pid).rss
        for part in range(3):
            board.say(crowd(SEED + 1 + part, 2000))
        goes_on(house, pid, board)
        assert ProgramSample.take(0, "gateway", pid).rss - before < MOST_MORE_BYTES
