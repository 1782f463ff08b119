"""Three recipients in two languages, whoever is killed: each has what the household promised it, each point once."""

import json
import random
import sqlite3
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta

import pytest

from harness.accounts import FAR, HOME
from harness.points import rows
from meter.process import SimulatedMeter
from servers import wait_until
from tests.gateway.collector.test_collecting import Home, far_account, kept, stored
from tests.integration.processes import PASSWORD
from tests.tools.recipient.rig import Recipient, needed

PYTHON, JAVASCRIPT = "archive@sen2.test", "ecole@sen2.test"
RECIPIENTS = PYTHON, JAVASCRIPT, FAR
SHARED = "consumption"
SEED = 20261130


@pytest.mark.slow
def test_three_recipients_lose_nothing_whoever_is_killed(start_federation, store_at, postgres, tmp_path):
    """Each of the eight parts once, and a look when all is quiet."""
    needed()
    with Trio(start_federation(), store_at, postgres, tmp_path) as trio:
        trio.live(list(trio.parts))
        trio.quiet()
        trio.lose_one()
    trio.judge(least=50)


@pytest.mark.campaign
def test_twenty_moments_of_quiet_in_a_quarter_of_an_hour(start_federation, store_at, postgres, tmp_path):
    """Twenty rounds of kills at random moments, each ended by a look when all is quiet."""
    needed()
    dice = random.Random(SEED)
    with Trio(start_federation("ejabberd", "prosody"), store_at, postgres, tmp_path) as trio:
        for number in range(20):
            trio.live(dice.choices(list(trio.parts), k=dice.randrange(5, 13)))
            trio.quiet()
            print(f"round {number + 1} of 20: {len(trio.promised)} points at each of three", flush=True)
        trio.lose_one()
    trio.judge(least=1000)


class Trio:
    """A house with its meter, ``consume``, ``tools/recipient`` and ``linky-collect`` with PostgreSQL, two servers."""

    def __init__(self, federation, store_at, postgres, folder):
        self.dice, self.federation, self.promised = random.Random(SEED), federation, []
        register_all(federation)
        self.home = Home(folder / "house", federation, HOME)
        for jid in (PYTHON, JAVASCRIPT):
            self.home.grant(SHARED, jid=jid)
        self.store = store_at(far_account(federation))
        self.meter = SimulatedMeter(self.home.folder / "ttyTIC", seed=SEED, mode="standard")
        self.gateway = self.home.gateway()
        self.consumer = self.home.recipient(jid=PYTHON, name="python")
        self.script = Recipient(self.home.folder, federation, jid=JAVASCRIPT)
        self.collector = self.store.collector("one")
        self.programs = [self.gateway, self.consumer, self.script, self.collector]
        self.parts = {
            **{program.name: lambda program=program: again(program) for program in self.programs},
            "database": lambda: again(postgres),
            **{domain: lambda domain=domain: self._server(domain) for domain in federation.domains},
            "meter": self._unplugged,
        }

    def __enter__(self):
        with ExitStack() as running:
            running.enter_context(self.meter).command("unplug")
            for program in self.programs:
                running.enter_context(program)
            words = f"{HOME}/proxy", "--identifier", self.home.identifier()
            self.store.command("gateways", "add", *words, "--history-from", "2020-01-01")
            # What was there before a subscription is history, for which not all of them ask.
            for jid in RECIPIENTS:
                self.home.await_link(f"recipient {jid}", "ok", 60)
            # From when on all of them are subscribed.
            self.since = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
            self._running = running.pop_all()
        return self

    def __exit__(self, *told):
        self._running.__exit__(*told)

    def _server(self, domain):
        self.federation.servers[domain].kill()
        self.federation.restart(domain)

    def _unplugged(self):
        self.meter.command("unplug")
        self.home.await_silence(3)
        self.meter.command("plug")

    def live(self, parts):
        """Have the meter go on, and these parts killed and started again, each after some points more."""
        self.meter.command("plug")
        self.dice.shuffle(parts)
        for part in parts:
            self._hear_more(self.dice.randrange(1, 15), part)
            self.parts[part]()
        # A gateway that was just started has to have heard its meter, to know that it is silent.
        self._hear_more(1, "the silence")

    def _hear_more(self, count, before):
        least = self._read() + count
        wait_until(lambda: self._read() >= least, 120, f"more points before {before}", 0.05)

    def _read(self):
        """How many raw points the gateway has, as far as they are written."""
        return len(stored(self.home))

    def quiet(self):
        """The meter says nothing more; wait until nothing is under way, and look at what each has."""
        self.meter.command("unplug")
        self.home.await_silence(3)
        wait_until(self._all_confirmed, 300, "every receipt", 0.5)
        self.promised = self._promised()
        assert self._consumed() == self.promised
        self._balance()
        # It was allowed the contract and the states too, and prints them.
        wait_until(
            lambda: kept(self.store, self.home) == stored(self.home), 120, "the collector has its hole filled", 0.5
        )
        assert self._collected() == self._promised(text=True)
        self._say_the_same()
        # Who was started just now has to be there again.
        for jid in RECIPIENTS:
            wait_until(lambda jid=jid: self._is_the_same(jid), 120, f"{jid} says the same", 1)
        # Its database is looked at only while it does not run.
        assert self.script.stop() == 0
        assert self.script.points() == self.promised
        self.script.start()

    def _all_confirmed(self):
        # As its unit has it (Restart=): it ends where the database dies while it starts.
        if not self.collector.running:
            self.collector.start()
        return self.home.query("SELECT count(*) FROM outbox") == [(0,)]

    def _say_the_same(self):
        """What the household prints, and what the co-operative does, line by line; of none of the house but its own."""
        time_of_it = "--from", self.since, "--to", f"{datetime.now(UTC) - timedelta(seconds=5):%Y-%m-%dT%H:%M:%SZ}"
        house = self.home.command("consent", "compare", FAR, "--totals", *time_of_it)
        assert (house.returncode, house.stderr) == (0, "")
        assert house.stdout == self.store.command("totals", HOME, *time_of_it)
        assert house.stdout == self.store.command("totals", *time_of_it)
        lines = [line.split() for line in house.stdout.splitlines()]
        assert len(lines) > 10
        assert {(who, end) for who, _, _, _, end, _, _ in lines} == {(HOME, time_of_it[3])}

    def lose_one(self):
        """One value that a recipient has lost is found, and comes again: from a file, and from PostgreSQL."""
        with closing(sqlite3.connect(self.home.folder / "python.sqlite")) as db, db:
            where = "SELECT name, time FROM record WHERE granularity = 'raw' ORDER BY time, name LIMIT 1 OFFSET ?"
            amid = db.execute(where, [len(self.promised) // 2]).fetchone()
            assert db.execute("DELETE FROM record WHERE name = ? AND time = ?", amid).rowcount == 1
        self._is_missed(PYTHON)
        wait_until(lambda: self._consumed() == self.promised, 60, "it came again")
        before = self._collected()
        amid = (
            "SELECT series, time FROM reading ORDER BY time, series LIMIT 1 OFFSET (SELECT count(*) / 2 FROM reading)"
        )
        self.store.ask(f"DELETE FROM reading WHERE (series, time) = ({amid})")
        assert len(kept(self.store, self.home)) == len(stored(self.home)) - 1
        self._is_missed(FAR)
        wait_until(lambda: kept(self.store, self.home) == stored(self.home), 60, "it came again to the collector")
        assert self._collected() == before
        assert all(self._is_the_same(jid) for jid in RECIPIENTS)

    def _is_missed(self, jid):
        _, said = self.home.compared(jid)
        assert (said["standing"], said["missing"], said["altered"], said["surplus"]) == ("differs", 1, 0, 0)

    def _is_the_same(self, jid):
        """Who is away or only starts is asked again; a difference would be repaired by the question itself."""
        _, said = self.home.compared(jid)
        assert said["standing"] != "differs", said
        return said["standing"] == "same"

    def _balance(self):
        """The gateway's own account of each: nothing waits, nothing is open, and none was promised more than it has."""
        rows = json.loads(self.home.command("consent", "sent", "--json").stdout)
        names = "promised", "sent", "confirmed", "waiting", "open"
        kept = {row["recipient"]: tuple(row[name] for name in names) for row in rows}
        everything = (*(3 * [len(self.promised)]), 0, 0)
        assert (kept[PYTHON], kept[JAVASCRIPT]) == (everything, everything)
        # It was allowed the contract and the states too.
        assert kept[FAR] == (*(3 * [len(stored(self.home))]), 0, 0)
        assert all(row["balanced"] for row in rows)

    def _promised(self, *, text=False):
        found = self.home.stored(f"{SHARED}/")
        return sorted((path, time, f"{value}") for path, time, value in found) if text else found

    def _collected(self):
        return [row for row in kept(self.store, self.home) if row[0].startswith(f"{SHARED}/")]

    def _consumed(self):
        sql = "SELECT name, time, value FROM record WHERE granularity = 'raw'"
        found = rows(self.home.folder / "python.sqlite", sql)
        return sorted((name.split("/", 2)[2], time, value) for name, time, value in found)

    def judge(self, least):
        """Whoever was killed, nobody complained, and it was not little that was at stake."""
        assert len(self.promised) >= least
        for program in self.programs:
            said = program.log.read_text()
            assert "Traceback" not in said, program.name
            assert PASSWORD not in said, program.name


def again(program):
    """A power cut, and the power comes back."""
    program.kill()
    program.start()


def register_all(federation):
    """The accounts of the house and of its three recipients."""
    for jid in (HOME, *RECIPIENTS):
        federation.register(*jid.split("@"), PASSWORD)
