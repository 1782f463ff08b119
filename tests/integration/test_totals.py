"""`linky-gateway consent compare` with a daemon and `consume` as processes between two servers: one value is found."""

import json
import sqlite3
from contextlib import closing

import pytest

from harness.accounts import FAR
from meter.process import SimulatedMeter
from servers import wait_until
from tests.integration.processes import House

pytestmark = pytest.mark.servers


def records(house):
    """What the recipient's file has."""
    with closing(sqlite3.connect(house.received)) as db:
        # The file is there a moment before its tables are.
        if not db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'record'").fetchone():
            return []
        return db.execute("SELECT name, time, value FROM record ORDER BY 1, 2").fetchall()


def test_the_household_has_a_lost_value_found_and_sent_again(federation, tmp_path):
    """Equal at quiet; one row deleted from the recipient's file is said, and comes back; the account adds up."""
    with SimulatedMeter(tmp_path / "ttyTIC", seed=3, mode="standard", load=450) as meter:
        house = House(tmp_path, federation, tmp_path / "ttyTIC")
        with house.gateway() as gateway:
            house.await_link("xmpp", "ok")
            house.grant("consumption")
            with house.recipient() as recipient:
                wait_until(lambda: house.received.exists() and len(records(house)) > 30, 60, "values")
                meter.command("unplug")
                house.await_silence(3)
                house.await_delivered(60)
                code, said = house.compared()
                assert (code, said["standing"], said["points"] > 10) == (0, "same", True)
                for words, why in ((("--from", "2026-11-24"), "--totals"), (("--totals", "--to", "x"), "not a time")):
                    refused = house.command("consent", "compare", FAR, *words)
                    assert (refused.returncode > 0, refused.stdout, why in refused.stderr) == (True, "", True)
                nothing = house.command(
                    "consent", "compare", FAR, "--totals", "--to", "2020-01-01", "--from", "2019-01-01"
                )
                assert (nothing.returncode, nothing.stdout) == (0, "nothing of that time was to be sent\n")
                before = records(house)
                # Of the time that is compared: after the subscription, and not of this second.
                amid = sorted(before, key=lambda record: record[1])[len(before) * 3 // 4]
                with closing(sqlite3.connect(house.received)) as db, db:
                    gone = db.execute("DELETE FROM record WHERE name = ? AND time = ?", amid[:2])
                    assert gone.rowcount == 1
                code, said = house.compared()
                assert (code, said["standing"], said["missing"], said["altered"]) == (1, "differs", 1, 0)
                wait_until(lambda: records(house) == before, 60, "the value came back")
                house.await_delivered(60)
                assert house.compared()[1]["standing"] == "same"
                (account,) = json.loads(house.command("consent", "sent", "--json").stdout)
                assert (account["balanced"], account["waiting"], account["open"]) == (True, 0, 0)
                assert account["promised"] == account["confirmed"]
                assert recipient.stop() == 0
            assert gateway.stop() == 0
