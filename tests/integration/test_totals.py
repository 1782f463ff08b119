"""Accounts compared with a daemon and `consume` as processes between two servers: by the command, and by itself."""

import json
import sqlite3
from contextlib import ExitStack, closing

import pytest

from harness.accounts import FAR
from meter.process import SimulatedMeter
from servers import wait_until
from tests.faults.chain import FAKETIME
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


class MovedClock:
    """The wall clock of a process; seconds that only grow are the machine's own."""

    def __init__(self, file):
        self._file = file
        self.ahead(0)
        self.environment = {
            "LD_PRELOAD": FAKETIME,
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_CACHE_DURATION": "1",
        }

    def ahead(self, seconds):
        """So many seconds before the machine's clock."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{seconds:+d}\n")
        fresh.replace(self._file)


def last_compared(house):
    """What came of the last comparison, as the household reads it."""
    (account,) = json.loads(house.command("consent", "sent", "--json").stdout)
    return account["compared"]


def damage(house, statement, *values):
    """Somebody else writes into the recipient's file."""
    with closing(sqlite3.connect(house.received)) as db, db:
        assert db.execute(statement, values).rowcount == 1


def test_a_running_gateway_compares_by_itself_once_a_day(federation, tmp_path, injuring_tools):
    """Within a day the lost value is found, told and sent again; of one too many the household hears, and it stays."""
    clock = MovedClock(tmp_path / "clock")
    with SimulatedMeter(tmp_path / "ttyTIC", seed=3, mode="standard", load=450) as meter:
        house = House(tmp_path, federation, tmp_path / "ttyTIC")
        gateway = house.gateway()
        gateway.environment |= clock.environment
        with gateway, ExitStack() as others:
            house.await_link("xmpp", "ok")
            house.grant("consumption")
            others.enter_context(house.recipient())
            wait_until(lambda: house.received.exists() and len(records(house)) > 30, 60, "values")
            meter.command("unplug")
            house.await_silence(3)
            house.await_delivered(60)
            before = records(house)
            assert last_compared(house) is None
            name, time, _ = sorted(before, key=lambda record: record[1])[len(before) * 3 // 4]
            damage(house, "DELETE FROM record WHERE name = ? AND time = ?", name, time)
            named = sorted(at for other, at, _ in before if other == name)
            # What was measured before the subscription, and came all the same, is not compared.
            free = next(at + 1 for at in named[len(named) // 2 :] if at + 1 not in named)
            columns = "name, granularity, ?, value, unit, meter, sen1"
            damage(house, f"INSERT INTO record SELECT {columns} FROM record WHERE name = ? LIMIT 1", free, name)
            # Some hours pass with each look, and less than for which the raw values are kept.
            moved = iter(range(0, 48, 3))

            def compared():
                clock.ahead(next(moved, 45) * 3600)
                return house.query("SELECT 1 FROM recipient WHERE compared_at > 0")

            wait_until(compared, 60, "compared", 4.0)
            found = last_compared(house)
            assert [found[what] for what in ("standing", "missing", "altered", "surplus")] == ["differs", 1, 0, 1]
            wait_until(lambda: len(records(house)) == len(before) + 1, 60, "the value came back")
            assert set(before) < set(records(house))
            said = house.command("check", "--lang", "en").stdout
            assert "missing there, sent again: 1; there though not here: 1" in said
            told = "SELECT what FROM told WHERE what LIKE 'news sharing %'"
            assert wait_until(lambda: house.query(told), 60, "told", 0.2) == [(f"news sharing {FAR}",)]
            assert gateway.stop() == 0
