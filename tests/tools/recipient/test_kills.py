"""The recipient in JavaScript, killed at any moment: what it has is what the gateway promised, each point once."""

import random
import subprocess

import pytest

from meter.process import SimulatedMeter
from servers import wait_until
from tests.integration.processes import House
from tests.tools.recipient.rig import Recipient, await_confirmed, needed

pytestmark = pytest.mark.servers
KILLS = 8


@pytest.mark.slow
def test_nothing_is_lost_or_doubled_whenever_it_is_killed(federation_ep, tmp_path):
    """A daemon with a meter, a consent, two servers; the recipient killed again and again, and at last left alone."""
    needed()
    dice = random.Random(24)
    with SimulatedMeter(tmp_path / "ttyTIC", seed=24, mode="standard") as meter:
        meter.command("unplug")
        house = House(tmp_path, federation_ep, tmp_path / "ttyTIC")
        house.grant("consumption")
        with house.gateway() as gateway, Recipient(tmp_path, federation_ep) as recipient:
            house.await_link("xmpp", "ok", 60)
            wait_until(lambda: "Z subscribed: " in recipient.said(), 60, "the subscription")
            # It was there when we came and has not shown itself since: nobody tells that it goes.
            gateway.kill()
            gateway.start()
            meter.command("plug")
            for _ in range(KILLS):
                least = recipient.count() + dice.randrange(1, 8)
                wait_until(lambda least=least: recipient.count() >= least, 60, "more points", 0.05)
                after_a_while(recipient, dice.uniform(0, 1))
                recipient.kill()
                recipient.start()
                if dice.random() < 0.5:
                    after_a_while(recipient, dice.uniform(0, 2))
                    recipient.kill()
                    recipient.start()
            meter.command("unplug")
            await_confirmed(house)
            assert recipient.stop() == 0
            promised = house.stored("consumption")
            assert gateway.stop() == 0
        assert len(promised) > 50
        assert recipient.points() == promised


def after_a_while(recipient, seconds):
    """Wait for its end, which must not come by itself."""
    with pytest.raises(subprocess.TimeoutExpired):
        recipient.process.wait(seconds)
