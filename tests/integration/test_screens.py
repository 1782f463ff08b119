"""From a meter's wire to a relay: the gateway's own process, a real broker, and linky-display on mock pins."""

import pytest

from meter.process import SimulatedMeter
from servers import wait_until
from tests.gateway.display.test_program import RELAY, Running, broker, written
from tests.gateway.pulses.conftest import board
from tests.integration.test_live_feed import house

__all__ = ["board", "broker"]


@pytest.mark.slow
def test_a_relay_opens_when_the_meter_or_the_gateway_is_gone(broker, board, tmp_path):
    """Closed while frames come; open within the ten seconds of the contract, and closed again when they come again."""
    relay, pin = RELAY + 'follows = "always"\nshed = true\n', board.pin(5)
    with Running(written(tmp_path, broker, relay)), house(tmp_path / "house", broker, tmp_path / "ttyTIC") as gateway:
        with SimulatedMeter(tmp_path / "ttyTIC", seed=1, mode="standard", tariff="tempo"):
            wait_until(lambda: pin.state, 40, "the relay closes with the first frame")
            gateway.kill()
            wait_until(lambda: not pin.state, 15, "the relay opens without a gateway")
            gateway.start()
            wait_until(lambda: pin.state, 40, "the relay closes again")
        wait_until(lambda: not pin.state, 15, "the relay opens without a meter")
