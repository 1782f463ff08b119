"""Real gateways, servers, collectors and a real PostgreSQL: what a household allowed is there once, whatever dies."""

import json
from contextlib import ExitStack
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from harness.accounts import FAR, HOME
from meter.process import SimulatedMeter
from servers import wait_until
from tests.integration.processes import PASSWORD, House

SPEED = 20
WAIT_S = 60
# From long before there was a meter.
SINCE = ("--history-from", "2020-01-01")
SHARED = ("consumption/", "contract/", "status/")


class Home(House):
    """A house of its own name, with its meter."""

    def __init__(self, folder, federation, jid, extra=""):
        folder.mkdir()
        # Its fast clock stays behind ours, so that what it said is of the past when it is asked for again.
        start = f"{datetime.now(ZoneInfo('Europe/Paris')) - timedelta(hours=3):%Y-%m-%dT%H:%M}"
        self.meter = SimulatedMeter(folder / "ttyTIC", speed=SPEED, seed=len(jid), mode="standard", start=start)
        super().__init__(folder, federation, folder / "ttyTIC")
        user, domain = jid.split("@")
        federation.register(user, domain, PASSWORD)
        self.jid = jid
        self.config.write_text(self.config.read_text().replace(f'"{HOME}"', f'"{jid}"') + extra)
        self.grant(*(path.rstrip("/") for path in SHARED))

    def identifier(self, path=""):
        return f"{self.jid}/ab12@sen1.test{path}"


def far_account(federation):
    """The lines of ``[account]`` that lead to the servers of the tests."""
    return f'address = "{federation.address("sen2.test")}"\nca_file = "{federation.ca}"\n'


def kept(store, home):
    """(path, time, value) of what the collector has of a house."""
    rows = store.ask(
        "SELECT path, extract(epoch FROM time)::bigint, coalesce(words, value::text) FROM reading"
        " JOIN series ON series.id = reading.series JOIN meter ON meter.id = meter JOIN gateway ON gateway.id = gateway"
        " WHERE jid = %s", home.jid,
    )  # fmt: skip
    return sorted(rows)


def stored(home):
    """The same of what the gateway stored."""
    return sorted((path, time, f"{value}") for path, time, value in home.stored(*SHARED))


def test_one_of_two_processes_and_the_database_may_die(federation, store_at, postgres, tmp_path):
    """They share the gateways, one is killed, then PostgreSQL is: each reading is there once, the past with it."""
    homes = [Home(tmp_path / jid, federation, jid) for jid in (HOME, "voisin@sen1.test")]
    store = store_at(far_account(federation))
    with ExitStack() as running:
        for home in homes:
            running.enter_context(home.meter)
        gateways = [running.enter_context(home.gateway()) for home in homes]
        one, two = (running.enter_context(store.collector(name)) for name in ("one", "two"))
        for home in homes:
            store.command(
                *("gateways", "add", f"{home.jid}/proxy", "--identifier", home.identifier()),
                *SINCE,
            )
        even = {"one": 32, "two": 32}
        wait_until(lambda: store.shares() == even, WAIT_S, "an even share", every=0.3)
        wait_until(lambda: all(kept(store, home) for home in homes), WAIT_S, "readings of both", every=0.3)
        two.kill()
        before = [len(kept(store, home)) for home in homes]
        wait_until(lambda: store.shares() == {"one": 64}, WAIT_S, "the other takes over", every=0.3)
        wait_until(
            lambda: all(len(kept(store, home)) > count for home, count in zip(homes, before, strict=True)),
            *(WAIT_S, "readings of both again"),
            every=0.3,
        )
        wait_until(lambda: all(len(stored(home)) > 200 for home in homes), WAIT_S, "some minutes of both", every=0.3)
        postgres.kill()
        for home in homes:
            home.meter.command("unplug")
        postgres.start()
        for home in homes:
            home.await_silence(3)
            home.await_delivered(2 * WAIT_S)
        wait_until(lambda: store.one("SELECT count(*) FROM gap") == 0, WAIT_S, "no gap is left", every=0.3)
        # What was heard last may be committed, and sent, only now.
        wait_until(
            lambda: all(kept(store, home) == stored(home) for home in homes), WAIT_S, "each reading once", every=0.3
        )
        assert [*(process.stop() for process in gateways), one.stop(60)] == [0, 0, 0]
    for home in homes:
        assert sorted(set(stored(home)) - set(kept(store, home)), key=lambda row: row[1]) == []
        assert kept(store, home) == stored(home)
    for process in (*gateways, one, two):
        said = process.log.read_text()
        assert "Traceback" not in said
        assert PASSWORD not in said
        assert "was destroyed but it is pending" not in said
    assert store.shares() == {}


def test_a_household_s_rights_are_obeyed_and_answered(federation, store_at, tmp_path):
    """Limited: not shown; erased: deleted; withdrawn: everything is; allowed again: asked for again."""
    home = Home(tmp_path / "home", federation, "droits@sen1.test", 'max_retention = "P30D"\n')
    store = store_at(far_account(federation))
    with home.meter, home.gateway() as gateway, store.collector("one") as one:
        store.command("gateways", "add", f"{home.jid}/proxy", "--identifier", home.identifier(), *SINCE)
        wait_until(lambda: len(kept(store, home)) > 60, WAIT_S, "readings", every=0.3)
        home.meter.command("unplug")
        home.await_silence(3)
        home.await_delivered(WAIT_S)
        assert store.ask("SELECT DISTINCT keep::text FROM series") == [("30 days",)]

        assert home.command("consent", "limit", FAR).returncode == 0
        wait_until(lambda: store.ask("SELECT * FROM last_value") == [], WAIT_S, "it is shown no more", every=0.3)
        assert home.command("consent", "resume", FAR).returncode == 0
        wait_until(lambda: store.ask("SELECT * FROM last_value"), WAIT_S, "it is shown again", every=0.3)

        voltage = "consumption/voltage/raw"
        assert voltage in {path for path, _, _ in kept(store, home)}
        done = home.command("privacy", "erase", "--series", voltage, "--yes")
        assert done.returncode == 0, done.stderr
        wait_until(lambda: not [row for row in kept(store, home) if row[0] == voltage], WAIT_S, "erased", every=0.3)
        assert kept(store, home) == stored(home)

        assert home.command("consent", "revoke", FAR).returncode == 0
        wait_until(lambda: store.one("SELECT count(*) FROM meter") == 0, WAIT_S, "all is deleted", every=0.3)
        assert store.one("SELECT count(*) FROM reading") == 0
        wait_until(lambda: "refused" in store.command("gateways", "list"), WAIT_S, "the refusal", every=0.5)
        wait_until(lambda: told_all(home), WAIT_S, "every notice is confirmed", every=0.5)

        home.grant("consumption")
        # Who was refused asks again in ten minutes, or in a new session.
        assert one.stop(60) == 0
        one.start()
        wait_until(lambda: kept(store, home), WAIT_S, "what was before comes again", every=0.3)
        wait_until(lambda: store.one("SELECT count(*) FROM gap") == 0, WAIT_S, "all of it", every=0.3)
        assert kept(store, home) == [row for row in stored(home) if row[0].startswith("consumption")]
        assert [gateway.stop(), one.stop(60)] == [0, 0]
    for process in (gateway, one):
        assert "Traceback" not in process.log.read_text()


def told_all(home):
    """Whether the collector has confirmed every notice."""
    found = json.loads(home.command("consent", "notices", "--json").stdout)
    return found and all(one["confirmed"] for one in found)
