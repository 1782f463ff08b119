"""The shipped units under a systemd that has booted, a simulated meter at their port: in seconds, as root.

The package itself, its timers and every other unit are tried at length by tools/units-in-container.
"""

import json
import shutil
import sqlite3
from contextlib import closing

import pytest

from packages import sandbox
from packages.container import wait_for
from tests.units import boot

GATEWAY = "linky-gateway"
DATABASE = "/var/lib/linky-gateway/linky-gateway.sqlite"


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A booted house whose gateway runs."""
    boot.require(tmp_path_factory.mktemp("tried"))
    with boot.booted(tmp_path_factory.mktemp("boot")) as booted:
        started = booted.run("systemctl", "start", GATEWAY)
        assert started.returncode == 0, started.stderr + said(booted)
        yield booted


def said(house):
    """What the units wrote to the log."""
    return house.run("journalctl", "-u", f"{GATEWAY}*", "--no-pager", "-o", "cat").stdout


def wait_for_ready(house):
    """Until the gateway has said so to systemd; its process."""
    wait_for(lambda: house.show(GATEWAY, "ActiveState") == ["active"], "its being ready")
    return house.show(GATEWAY, "MainPID")[0]


def wait_for_frames(house):
    """Until the gateway says that it has heard whole frames; the first is one in whose middle it began to listen."""

    def heard():
        try:
            report = json.loads(house.run(GATEWAY, "status", "--json").stdout)
        except ValueError:
            return False
        detail = {row["link"]: row["detail"] for row in report["links"]}.get("meter house", "")
        return int(detail.partition(" mode, ")[2].partition(" whole")[0] or 0) > 1

    wait_for(heard, "the meter's frames")


def test_the_gateway_is_ready_and_reads_its_meter(house):
    """Type=notify is reached after the unit that prepares the database, and frames come from the port."""
    wait_for_ready(house)
    assert house.show(GATEWAY, "Type") == ["notify"]
    assert house.show(f"{GATEWAY}-migrate", "Result", "ExecMainStatus") == ["success", "0"]
    wait_for_frames(house)
    wait_for(lambda: house.show(GATEWAY, "StatusText") != [""], "its line of status")


def test_a_daemon_that_hangs_is_started_again_by_the_watchdog(house):
    """One that was stopped by a signal is ended, another one reads the meter."""
    before = wait_for_ready(house)
    assert house.run("systemctl", "kill", "--signal=STOP", GATEWAY).returncode == 0
    wait_for(lambda: house.show(GATEWAY, "MainPID")[0] not in ("0", before), "another daemon")
    wait_for(lambda: "Watchdog timeout" in said(house), "the reason in the log")
    wait_for_ready(house)
    wait_for_frames(house)


@pytest.mark.parametrize(("unit", "kind"), [(GATEWAY, "gateway"), (f"{GATEWAY}-migrate", "offline")])
def test_a_sandbox_refuses_all_that_it_should(house, unit, kind):
    """From inside: nothing of what its user might do without it is done, all that the unit needs is."""
    sandbox.bring(house)
    if kind == "offline":
        assert sandbox.without(house) >= sandbox.ONLY_BY_SANDBOX
    found = sandbox.within(house, unit, kind)
    assert [what for what, how in found["refused"].items() if how == "done"] == []
    assert {what: how for what, how in found["allowed"].items() if how != "done"} == {}
    assert found["user"] != 0


def test_the_gateway_stops_cleanly(house, tmp_path):
    """It ends by itself within its time, and its database is whole and holds what was read."""
    wait_for_frames(house)
    assert house.run("systemctl", "stop", GATEWAY).returncode == 0
    assert house.show(GATEWAY, "ActiveState", "Result", "ExecMainStatus") == ["inactive", "success", "0"]
    with closing(sqlite3.connect(shutil.copy(house.path(DATABASE), tmp_path))) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("SELECT count(*) FROM reading").fetchone() > (0,)
