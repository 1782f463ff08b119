"""Nothing is lost: each process of the chain killed at random moments, the recipient has every point exactly once."""

import random
import sqlite3
from contextlib import ExitStack, closing

import pytest

from federation import wait_until
from simulator.process import Meter
from tests.integration.processes import PASSWORD, House

SEED = 20261125
SPEED = 20

# Two minutes at that speed: a standard frame takes a second of the line.
FRAMES = 120 * SPEED

# Time enough for every resend (60 s) after the last injury.
DRAIN_S = 150.0

SHARED = ("consumption/", "contract/", "status/")


def received(path):
    """(path, time, value) of every record in the recipient's own database, and how many names it knows them under."""
    with closing(sqlite3.connect(path)) as db:
        rows = db.execute("SELECT name, time, value FROM record").fetchall()
    return sorted((name.split("/", 2)[2], int(time), value) for name, time, value in rows)


@pytest.mark.slow
@pytest.mark.parametrize(("a", "b"), [("prosody", "ejabberd"), ("ejabberd", "prosody")])
def test_killing_each_process_at_random_moments_loses_nothing_and_doubles_nothing(start_federation, tmp_path, a, b):
    """Two minutes at 20 times the pace, eight kills: the recipient's store ends with every durable point once."""
    chance = random.Random(f"{SEED} {a}")
    federation = start_federation(a, b)
    with Meter(tmp_path / "ttyTIC", speed=SPEED, seed=SEED, mode="standard") as meter:
        meter.command("unplug")
        house = House(tmp_path / "house", federation, tmp_path / "ttyTIC")
        house.grant(*(path.rstrip("/") for path in SHARED))
        with ExitStack() as running:
            gateway = running.enter_context(house.gateway("DEBUG"))
            house.await_link("xmpp", "ok")
            recipient = running.enter_context(house.recipient("DEBUG"))
            # Nothing has been read yet, so what is promised from here on is all that will ever be stored.
            house.await_link("recipient coop@sen2.test", "ok")
            meter.command("plug")
            injuries = [gateway, recipient, "sen1.test", "sen2.test"] * 2
            chance.shuffle(injuries)
            for moment in sorted(chance.sample(range(FRAMES // 20, FRAMES), len(injuries))):
                await_frames(meter, moment)
                injure(federation, injuries.pop())
            await_frames(meter, FRAMES)
            meter.command("unplug")
            house.await_silence(3)
            house.await_delivered(DRAIN_S)
            assert gateway.stop() == 0
            assert recipient.stop() == 0
        stored = house.stored(*SHARED)
        assert len({path for path, _, _ in stored}) >= 10
        assert len(stored) > 2000
        assert received(house.received) == stored
        assert_true(stored, meter.truth())
        for process in (gateway, recipient):
            said = process.log.read_text()
            assert "Traceback" not in said
            assert PASSWORD not in said
            assert "was destroyed but it is pending" not in said


def injure(federation, target):
    """Kill it as a power cut would, and start it again."""
    if isinstance(target, str):
        federation.kill(target)
        federation.restart(target)
    else:
        target.kill()
        target.start()


def assert_true(stored, truth):
    """Every stored total is one that the meter said at that second: the chain invents nothing on the way."""
    said = {(int(record["time"]), int(record["data"]["EAST"])) for record in truth if "EAST" in record["data"]}
    index = [(when, value) for path, when, value in stored if path == "consumption/energy/active/index"]
    assert len(index) > 50
    assert set(index) <= said


def await_frames(meter, count):
    """Wait until the meter has sent that many."""
    wait_until(lambda: len(meter.truth()) >= count, 150, f"{count} frames", every=0.1)
