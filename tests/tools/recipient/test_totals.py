"""The JavaScript recipient answers how much it has: what its file has lost is found by the gateway, and comes again."""

import sqlite3
from contextlib import closing

import pytest

from meter.process import SimulatedMeter
from servers import wait_until
from tests.integration.processes import House
from tests.tools.recipient.rig import Recipient, await_confirmed, needed

pytestmark = pytest.mark.servers
DAMAGES = {
    "deleted": ("DELETE FROM point WHERE {one}", "missing"),
    "altered": ("UPDATE point SET value = value + 1 WHERE {one}", "altered"),
}
ONE = "(series, time) = (SELECT series, time FROM point WHERE value IS NOT NULL ORDER BY time LIMIT 1 OFFSET 20)"


@pytest.mark.slow
def test_one_value_that_its_file_has_lost_is_found_and_comes_again(federation_ep, tmp_path):
    """Equal when all is confirmed; deleted, then altered while it does not run; equal again, as it was."""
    needed()
    with SimulatedMeter(tmp_path / "ttyTIC", seed=24, mode="standard") as meter:
        house = House(tmp_path, federation_ep, tmp_path / "ttyTIC")
        house.grant("consumption")
        with house.gateway() as gateway, Recipient(tmp_path, federation_ep) as recipient:
            wait_until(lambda: "page: http" in recipient.said() and recipient.count() > 60, 60, "points", 0.5)
            meter.command("unplug")
            await_confirmed(house)
            _, said = house.compared()
            assert (said["standing"], said["points"] > 40) == ("same", True)
            for statement, what in DAMAGES.values():
                assert recipient.stop() == 0
                before = recipient.points()
                with closing(sqlite3.connect(recipient.store)) as database, database:
                    assert database.execute(statement.format(one=ONE)).rowcount == 1
                recipient.start()
                wait_until(lambda: "Z subscribed: " in recipient.said(), 60, "the subscription")
                _, said = house.compared()
                assert (said["standing"], said[what]) == ("differs", 1)
                assert said["missing"] + said["altered"] + said["surplus"] == 1
                await_confirmed(house)
                assert house.compared()[1]["standing"] == "same"
                assert recipient.stop() == 0
                assert recipient.points() == before
                recipient.start()
                wait_until(lambda: "Z subscribed: " in recipient.said(), 60, "the subscription")
            assert gateway.stop() == 0
