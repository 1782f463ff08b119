"""Two gateways on two servers, each the other's provider and recipient, with nothing in between."""

import json
import sqlite3
import sys
from contextlib import ExitStack, closing

import pytest

from gateway.store.redo import HandedRows, RedoLog, WrittenBatches
from harness.house import GatewayFolder
from harness.points import GATEWAYS, opened
from meter.process import SimulatedMeter
from servers import wait_until
from tests.integration.processes import PASSWORD, House

SPEED = 20
# A house that is awake, whatever the hour of the test.
START, BEGINS = "2026-01-14T18:30", "2026-01-01"
SHARED = ("consumption", "contract", "status")
# Some ten seconds at that speed, with a kill -9 of each gateway on the way.
FRAMES, POINTS = 160, 240
DRAIN_S = 30.0


class Member(House):
    """A gateway that publishes to another one and receives from it."""

    def __init__(self, folder, federation, jid, sensor, other, other_sensor):
        GatewayFolder.__init__(self, folder)
        self.federation, self.other, self.python = federation, other, sys.executable
        (folder / "password").write_text(PASSWORD + "\n")
        user, domain = jid.split("@")
        federation.register(user, domain, PASSWORD)
        self.config.write_text(
            f'[[meter]]\nsource = "{folder / "ttyTIC"}"\nsensor = "{sensor}"\nclock = "meter"\n'
            f'[store]\ndirectory = "data"\ncommit_interval_s = 1\n'
            f'[federation]\njid = "{jid}"\npassword_file = "password"\n'
            f'address = "{federation.address(domain)}"\nca_file = "{federation.ca}"\nbatch_s = 0\n'
            f'[[received]]\nname = "other"\nprovider = "{other}/proxy"\nhistory = 1\n'
            f'identifier = "{other}/{other_sensor}@{other.partition("@")[2]}"\n'
        )
        for prefix in SHARED:
            done = self.command(
                "consent", "grant", other, "--series", prefix, "--granularity", "raw", "--begins", BEGINS, "--accept"
            )
            assert done.returncode == 0, done.stderr

    def shared(self):
        """(path, time, value) of everything stored that the other may have."""
        return self.stored(*(f"{prefix}/" for prefix in SHARED))

    def records(self):
        """What kinds of things each record of the log has that no commit has made void."""
        # As after a power cut: ``opened`` would have the gateway commit.
        path, log = self.folder / GATEWAYS, RedoLog(self.folder / "data")
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db, closing(log):
            generation = dict(db.execute("SELECT key, value FROM about")).get("generation", "")
            return [{type(done) for done in record} for record in log.read(generation)]

    def received(self):
        """(path, time, value) of everything received."""
        with closing(opened(self.folder / GATEWAYS)) as db:
            rows = db.execute(
                "SELECT path, time, value FROM received_point JOIN received_series"
                " ON received_series.id = received_point.series WHERE granularity = 'raw'"
            )
            return sorted(rows)


@pytest.fixture
def scene(federation, tmp_path):
    """Two members and their meters, not yet plugged in."""
    a, b = f"nord@{federation.domains[0]}", f"sud@{federation.domains[1]}"
    members = [
        Member(tmp_path / "nord", federation, a, "m1", b, "m2"),
        Member(tmp_path / "sud", federation, b, "m2", a, "m1"),
    ]
    with ExitStack() as running:
        meters = [
            running.enter_context(
                SimulatedMeter(m.folder / "ttyTIC", speed=SPEED, seed=n, mode="standard", start=START)
            )
            for n, m in enumerate(members)
        ]
        for meter in meters:
            meter.command("unplug")
        yield members, meters


@pytest.mark.slow
def test_two_gateways_exchange_every_durable_point_whoever_is_killed(scene):
    """Each killed once as by a power cut: on both sides everything that the other stored, each point once."""
    members, meters = scene
    with ExitStack() as running:
        gateways = [running.enter_context(member.gateway("DEBUG")) for member in members]
        for member in members:
            member.await_link("provider other", "ok")
            member.await_link(f"recipient {member.other}", "ok")
        for meter in meters:
            meter.command("plug")
        for part, gateway in enumerate(gateways, 1):
            await_frames(meters, FRAMES * part // 2)
            gateway.kill()
            gateway.start()
        # However long a gateway takes to start again, during which it hears nothing: one that never heard its meter has
        # no silence to tell either.
        for member in members:
            member.await_link("meter house", "ok", 60)
        wait_until(lambda: all(len(member.shared()) > POINTS for member in members), 60, f"{POINTS} points", every=0.5)
        for meter in meters:
            meter.command("unplug")
        for member in members:
            member.await_silence(3)
        for member in members:
            member.await_link(f"recipient {member.other}", "ok", DRAIN_S)
        for gateway in gateways:
            assert gateway.stop() == 0
    for one, other in (members, members[::-1]):
        stored = one.shared()
        assert len({path for path, _, _ in stored}) >= 10
        assert len(stored) > POINTS
        assert other.received() == stored
    for member, gateway in zip(members, gateways, strict=True):
        said = gateway.log.read_text()
        assert "Traceback" not in said
        assert PASSWORD not in said
        # At the first session, and when the other or this one was killed; not at each presence of the other.
        assert said.count("a recipient subscribed") < 12
        listed = member.command("received", "list", "--json").stdout.splitlines()
        assert {json.loads(line)["provider"] for line in listed} == {member.other}


@pytest.mark.slow
def test_readings_and_what_is_noted_of_their_message_are_one_record(scene):
    """Of a gateway with a recipient that has every value: the card is written once each time."""
    (member, other), (meter, _) = scene
    with member.gateway(), other.gateway():
        member.await_link(f"recipient {member.other}", "ok")
        meter.command("plug")
        found = wait_until(lambda: len(seen := member.records()) >= 8 and seen, 60, "records", every=0.1)
    # On a busy machine a message may have taken too long to leave, and is noted in a record of its own.
    assert sum({WrittenBatches, HandedRows} <= kinds for kinds in found) > len(found) / 2


def await_frames(meters, count):
    """Wait until every meter has sent that many."""
    wait_until(lambda: all(len(meter.truth()) >= count for meter in meters), 60, f"{count} frames", every=0.1)


def test_a_gateway_without_its_neighbours_consent_waits_and_says_so(federation, tmp_path):
    """``status`` tells that the provider refuses; nothing else of the gateway is held up."""
    a, b = f"est@{federation.domains[0]}", f"ouest@{federation.domains[1]}"
    east = Member(tmp_path / "est", federation, a, "m3", b, "m4")
    west = Member(tmp_path / "ouest", federation, b, "m4", a, "m3")
    assert west.command("consent", "revoke", a).returncode == 0
    with east.gateway() as gateway, west.gateway():
        west.await_link("provider other", "ok")
        east.await_link("xmpp", "ok")
        wait_until(lambda: "refuses" in east.links()["provider other"]["detail"], 20, "refused", every=0.3)
        assert east.links()["provider other"]["state"] == "waiting"
        assert "Traceback" not in gateway.log.read_text()
