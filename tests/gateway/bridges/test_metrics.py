"""What a running bridge tells Prometheus: what it handed on, what waits, and that the other system is away."""

import asyncio

import pytest

from gateway.bridges.metrics import FAMILIES
from servers import free_port
from tests.gateway.bridges.conftest import stored, subscribed
from tests.gateway.federation.conftest import eventually
from tests.promtool import asked, figures, ready

pytestmark = pytest.mark.slow

# Takes everything, unless a file beside it says that it is away.
SINK = """
from pathlib import Path
from gateway.errors import BridgeError

HERE = Path(__file__).parent


class Sink:
    most = 50

    def missing(self, values):
        return values

    def send(self, values):
        if (HERE / "away").exists():
            raise BridgeError("it is away")
        with open(HERE / "taken", "a") as file:
            file.writelines(f"{value.path} {value.time}\\n" for value in values)
"""


def test_figures_are_those_of_the_other_system_and_name_nobody(scene, house):
    """Counted beside the lines that the other system has; away, it is not ready; what waited then goes on."""
    port, taken, away = free_port(), scene.folder / "taken", scene.folder / "away"
    (scene.folder / "sink.py").write_text(SINK)
    scene.configure(f'[own]\nfile = "sink.py"\nsink = "Sink"\n[metrics]\nlisten = "127.0.0.1:{port}"')

    def of(name):
        return figures(port)[f"linky_bridge_{name}",]

    async def until(what, holds):
        await eventually(lambda: holds() or None, 60, what)

    async def scenario():
        async with scene.gate(house):
            await subscribed(house, scene.bridge)
            house.minutes(3)
            await until("handed on", lambda: taken.exists() and of("values_handed_on_total") == len(stored(house)))
            assert {name for name, *_ in figures(port)} == set(FAMILIES)
            assert ready(port) == (200, "ready")
            assert (of("queue_values"), of("sink_up"), of("failures_total"), of("connected")) == (0, 1, 0, 1)
            _, _, text = asked(port, "/metrics")
            for secret in (scene.bridge, scene.gateway_account.jid, scene.name, "sen1.test", "sen2.test", "ab12"):
                assert secret not in text
            away.touch()
            before = len(stored(house))
            house.minutes(60)
            await until("it is away", lambda: of("sink_up") == 0)
            await until("all is confirmed", lambda: not house.waiting(scene.bridge))
            assert ready(port) == (
                503,
                f"the other system does not take what it is sent: {of('queue_values'):.0f} values wait",
            )
            assert of("queue_values") == len(stored(house)) - before
            assert of("queue_oldest_timestamp_seconds") <= house.time - 60 * 60
            assert of("failures_total") >= 1
            away.unlink()
            await until("it is back", lambda: of("queue_values") == 0)
            assert ready(port) == (200, "ready")
            assert of("values_handed_on_total") == len(taken.read_text().splitlines()) == len(stored(house))

    with scene.program("own") as bridge:
        asyncio.run(scenario())
        assert bridge.stop() == 0
    assert "Traceback" not in bridge.log.read_text()
