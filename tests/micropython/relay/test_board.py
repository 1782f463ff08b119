"""The relay's program under MicroPython with a board's memory: its light, its speed, its flash, its time."""

import json
import statistics
import time
from itertools import pairwise

import pytest

from meter.process import SimulatedMeter
from relay_faults.board import RelayBoard
from relay_faults.broker import HOST, NAME
from relay_faults.wire import RelayWire, WirePort
from servers import wait_until
from tests.micropython.relay.test_end_to_end import board_of, house_of
from tests.mosquitto import Ear

pytestmark = pytest.mark.slow

DAY_S = 86_400

# Where nothing listens: the broker is away.
NOWHERE = {"host": HOST, "port": 1, "name": NAME, "password": "x"}


def lit(board, count=4):
    """The last intervals between two lightings of the LED, in seconds."""
    file = board.flash / "led.log"
    switched = [line.split() for line in file.read_text().splitlines()] if file.exists() else []
    on = [int(at) for at, level in switched if level == "1"]
    return [(later - before) / 1000 for before, later in pairwise(on)][-count:]


def seen(board, seconds, count=3):
    """Whether the last lightings were so far apart, within a fifth of a second."""
    found = lit(board, count)
    return len(found) == count and all(abs(interval - seconds) <= 0.2 for interval in found)


def test_the_light_says_whether_the_meter_is_read(tmp_path, program):
    """Every second while no right frame comes, every three seconds while they do (Enedis-NOI-CPT_54E §9.3)."""
    with (
        SimulatedMeter(tmp_path / "tty", deliver="8n1") as meter,
        RelayBoard(tmp_path, program, meter.path, NOWHERE, ca=None) as board,
    ):
        wait_until(lambda: seen(board, 3.0), 40, "slow")
        meter.command("silence 30")
        silent = time.monotonic()
        wait_until(lambda: seen(board, 1.0, 2), 30, "fast")
        assert time.monotonic() - silent > 9
        switched = [line.split() for line in (board.flash / "led.log").read_text().splitlines()]
        lengths = [int(off) - int(on) for (on, one), (off, none) in zip(switched[::2], switched[1::2], strict=False)]
        # Its clock is this machine's: where that was busy, one of them may be longer.
        assert 90 <= statistics.median(lengths) <= 200
        assert max(lengths) <= 1000


@pytest.mark.parametrize(("mode", "speed"), [("historic", 1200), ("standard", 9600)])
def test_mode_and_speed_are_found_and_found_again(tmp_path, broker, program, mode, speed):
    """Whatever the meter speaks, and after the supplier has switched it over."""
    gateway = broker.add("gateway")
    other, other_speed = {"historic": ("standard", 9600), "standard": ("historic", 1200)}[mode]

    def state():
        return json.loads(ear.retained.get("linky/board/salon/state", b"{}"))

    with (
        SimulatedMeter(tmp_path / "tty", mode=mode, deliver="8n1") as meter,
        Ear(broker.port, "linky/board/salon/+", user="gateway", password=gateway) as ear,
        board_of(tmp_path / "board", broker, program, meter.path) as board,
    ):
        wait_until(lambda: "linky/board/salon/frame" in ear.retained, 60, "a frame")
        meter.command(f"mode {other}")
        separator = {"historic": b" ", "standard": b"\t"}[other]
        wait_until(
            lambda: separator in ear.retained["linky/board/salon/frame"].partition(b"\n")[2][:13], 60, "the other"
        )
        broker.kill()
        broker.start()
        wait_until(
            lambda: state().get("speed") == other_speed and state()["mode"] == other, 90, f"{other} in its state"
        )
        assert state()["frames"] >= 2
        assert board.running


def test_days_without_the_gateway_cost_no_minute(tmp_path, broker, program):
    """What was read while nobody was there survives a power cut of the board, and arrives in order."""
    broker.kill()
    with (
        SimulatedMeter(
            tmp_path / "meter", tcp=f"{HOST}:0", speed=20, deliver="8n1", start="2025-11-25T14:18", frames=1200
        ) as meter,
        RelayWire(meter.path) as wire,
        board_of(tmp_path / "board", broker, program, wire.ports[0].path) as away,
    ):
        wire.begin()
        wire.await_end(120)
        wait_until(lambda: len(list((away.flash / "journal").glob("*.k"))) > 0, 60, "something in the flash")
        end = meter.truth()[-1]["time"] - 240
        saved = sum(path.stat().st_size for path in (away.flash / "journal").iterdir())
    broker.start()
    minutes = "SELECT time FROM minute JOIN series ON series.id = series WHERE path LIKE '%apparent/raw' ORDER BY time"
    quiet = WirePort(1)
    with (
        house_of(tmp_path / "house", broker, broker.add("gateway")) as house,
        board_of(tmp_path / "board", broker, program, quiet.path) as board,
    ):
        wait_until(lambda: not list((board.flash / "journal").glob("*.k")), 60, "an empty flash")
        house.gateway.stop(20)
    quiet.close()
    found = [at for (at,) in house.query(minutes)]
    assert found == list(range(found[0], found[-1] + 60, 60))
    assert len(found) >= 12
    assert found[-1] >= end
    assert {time for path, time in house.points("coarse") if "index" in path}
    assert saved < 20_000


def test_a_board_that_wakes_in_2000_gets_home_and_hears_the_time_from_the_gateway(tmp_path, broker, program):
    """No time server is needed in the house: TLS begins with the authority's own time, the gateway says the rest."""
    gateway = broker.add("gateway")
    with (
        SimulatedMeter(tmp_path / "tty", deliver="8n1") as meter,
        Ear(broker.port, "linky/board/salon/state", user="gateway", password=gateway) as ear,
        board_of(tmp_path / "board", broker, program, meter.path) as board,
    ):
        wait_until(lambda: ear.messages, 30, "a state")
        assert json.loads(ear.messages[0][1])["clock"] is False
        assert abs(board.clock.now_s() - time.time()) < 2 * DAY_S
        with house_of(tmp_path / "house", broker, gateway) as house:
            house.await_link("meter house", "ok", 30)
            wait_until(lambda: abs(board.clock.now_s() - time.time()) < 5, 30, "the time")
            broker.kill()
            broker.start()
            wait_until(lambda: json.loads(ear.messages[-1][1]).get("clock"), 30, "that it knows it")
            assert house.links()["port house"]["detail"].startswith("open at 9600 Bd (board salon")
            # A crystal that went wrong, for months: a little late, then far ahead of what is said.
            board.clock.set(time.time() - 60, said=True)
            wait_until(lambda: abs(board.clock.now_s() - time.time()) < 5, 30, "the time again")
        board.kill()
        wait_until(lambda: json.loads(ear.messages[-1][1])["state"] == "lost", 60, "its last will")
