"""An installer brings his fleet to a version, over real servers: households agree, one goes back, the wave stops.

Each gateway is its publication and its updates over a store of its own; what root does on a real one, installing and
judging, is a stand-in (``Updatable.install``): it ends as the test says.
"""

import asyncio
import csv
import json
import subprocess
import sys
import time
from contextlib import AsyncExitStack
from types import SimpleNamespace

import pytest

from gateway.config.updates import UpdatesTable
from gateway.control.messages import Update
from gateway.daemon.updates import HouseUpdates
from gateway.federation.provider.health import Condition
from gateway.journal import ed25519
from gateway.store.terms import Channel, Proof
from gateway.upkeep.releases.keys import render_public
from gateway.upkeep.updates import watch
from gateway.upkeep.updates.kind import InstallKind
from harness import ROOT
from tests.gateway.federation.conftest import Gate, House, account, eventually
from tests.gateway.upkeep.updates.conftest import KEY, RUNNING, Hosted
from tests.integration.processes import ENVIRONMENT, PASSWORD

NEW = "0.3.0"
AGREED, ASKED, REFUSES = "agreed", "asked", "refuses"
WORD = Proof("owner", Channel.COMMAND, "health-2", "fr", "ab" * 32)


class Updatable:
    """A gateway of the fleet.

    Args:
        says: what its household says to an update, beforehand or when it is asked.
        bad: whether the version does not stay here.
    """

    def __init__(self, folder, login, url, says, *, bad=False):
        folder.mkdir()
        self.login, self.says, self.bad = login, says, bad
        self.house, self.told, self.tasks = House(folder), [], []
        self.home, self.etc = folder / "root", folder / "etc"
        for path in (self.home, self.etc):
            path.mkdir()
        (self.etc / "release.pub").write_text(render_public(ed25519.public_of(KEY)))
        rules = UpdatesTable(url=url, installer="agreed" if says == AGREED else "ask")
        self.config = SimpleNamespace(updates=rules, directory=folder)
        self.updates = self.started(RUNNING)

    def started(self, version):
        """The part as a start of that version makes it."""
        host, notices = SimpleNamespace(time=time.time), SimpleNamespace(announce=self.hear, over=lambda _: None)
        return HouseUpdates(
            self.config, host, self.house.store.journal, self.call, notices,
            etc=self.etc, running=version, install=self.install, kind=InstallKind.DEB, home=self.home,
        )  # fmt: skip

    async def call(self, function, *arguments):
        """The store's thread is this one."""
        return function(*arguments)

    def hear(self, item):
        """What the household is told; one that is asked answers, each in its way."""
        if item.key in self.told:
            return
        self.told.append(item.key)
        if item.key.startswith("version asked") and self.says in (ASKED, REFUSES):
            action = "install" if self.says == ASKED else "refuse"
            self.tasks.append(asyncio.create_task(self.updates.answer(Update(action=action, by="anne"))))

    async def install(self, version):
        """The stand-in: it was installed and judged, and the gateway is started again."""
        self.tasks.append(asyncio.create_task(self.restart(version)))

    async def restart(self, version):
        """The new version, or the former one again."""
        how = {"from": RUNNING, "to": version, "result": "back" if self.bad else "kept", "missing": []}
        if self.bad:
            (self.home / "refused").write_text(f"{version}\n")
        await self.stop()
        (self.home / "outcome.json").write_text(json.dumps(how | {"ended": int(time.time())}))
        self.updates = self.started(RUNNING if self.bad else version)
        self.live()

    def live(self):
        """Its updates, as a cell."""
        self.ending = asyncio.Event()
        self.life = asyncio.create_task(self.updates.run(self.ending))

    async def stop(self):
        """Its updates stand still."""
        self.ending.set()
        await self.life

    async def asked(self, *question):
        """By the start that is."""
        return await self.updates.asked(*question)

    async def __aenter__(self):
        self.live()
        condition = Condition("ok", RUNNING, 1, 50)
        self.gate = Gate(
            self.house, self.login, health=lambda: self.updates.for_installer(condition),
            update=self.asked,
        )  # fmt: skip
        await self.gate.__aenter__()
        return self

    async def __aexit__(self, *_):
        await asyncio.gather(*self.tasks)
        await self.stop()
        await self.gate.__aexit__()

    def entries(self):
        """What its journal says of updates, its texts in their places."""
        found = []
        for entry in self.house.store.journal.entries():
            facts = entry.facts()
            if facts["kind"].startswith("update-"):
                texts = {name: text.text for name, text in entry.texts.items()}
                found.append({name: texts.get(name, value) for name, value in facts.items()})
        return found


@pytest.fixture
def hosted(tmp_path):
    """A folder of releases with the new version."""
    (tmp_path / "hosted").mkdir()
    found = Hosted(tmp_path / "hosted")
    found.publish(NEW)
    yield found
    found.end()


async def command(folder, *words):
    """The installer's command, beside the gateways; its code, what it said, its journal."""
    line = ["fleet", "update", "--account", "fleet.toml", "--fleet", "register.csv", "--silence", "20", "--lang", "en"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", *line, *words, cwd=folder, env=ENVIRONMENT | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    lines = [json.loads(one) for one in (folder / "fleet-update.jsonl").read_text().splitlines()]
    return process.returncode, out.decode(), err.decode(), lines


def fleet(tmp_path, federation, url, count, bad):
    """So many gateways of which one, by its number, does not take the version; the installer's files."""
    home, away = federation.domains
    login = account(federation, "majinstall", away, PASSWORD, "looking")
    (tmp_path / "password").write_text(PASSWORD + "\n")
    (tmp_path / "fleet.toml").write_text(
        f'jid = "{login.jid}"\npassword_file = "password"\naddress = "{login.address}"\nca_file = "{federation.ca}"\n'
    )
    gateways = []
    for number in range(count):
        user = account(federation, f"maj-{count}-{number}", home if number % 2 else away, PASSWORD)
        says = (AGREED, ASKED, REFUSES, ASKED)[number % 4]
        gateways.append(Updatable(tmp_path / f"gateway{number}", user, url, says, bad=number == bad))
        gateways[-1].house.store.health.answer(login.jid, int(time.time()) + 3600, time.time() - 1, WORD)
    with (tmp_path / "register.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["device", "site", "jid", "page", "state", "since"])
        table.writerows([f"d{n}", f"Salle {n}", one.login.jid, "", "made", ""] for n, one in enumerate(gateways))
    return login, gateways


def say_stop(lines):
    """Which gateways were asked."""
    return {line["gateway"] for line in lines if line["event"] in ("asked", "agreed", "installing", "current")}


async def story(tmp_path, federation, hosted, waves, count, bad):
    """The whole of it: up to the stop, and on from there once the one that went back is left out."""
    login, gateways = fleet(tmp_path, federation, hosted.url, count, bad)
    first = [int(size) for size in waves.split(",") if size != "all"]
    reached = sum(first[: next(n for n in range(1, len(first) + 1) if sum(first[:n]) > bad)])
    async with AsyncExitStack() as running:
        for one in gateways:
            await running.enter_async_context(one)
        code, out, err, lines = await command(tmp_path, "--wave", waves, "--patience", "60")
        assert (code, err) == (1, ""), out + err
        assert "stopped: nobody else is asked" in out
        ended = {line["gateway"]: line["event"] for line in lines if line["event"] in ("done", "back", "refused")}
        jid = {n: f"{one.login.jid}/proxy" for n, one in enumerate(gateways)}
        assert ended == {
            jid[n]: "back" if n == bad else "refused" if gateways[n].says == REFUSES else "done" for n in range(reached)
        }
        assert say_stop(lines) <= {jid[n] for n in range(reached)}
        assert lines[0]["version"] == NEW
        assert lines[-1]["event"] == "stopped"
        await in_the_journals(login, gateways, reached, bad)
        # Whoever types it again has seen what was wrong: it goes on where it was, and nobody is asked twice.
        code, _, _, again = await command(tmp_path, "--wave", waves, "--patience", "60")
        assert code == 2
        more = again[len(lines) :]
        ended = {line["gateway"]: line["event"] for line in more if line["event"] in ("done", "back", "refused")}
        assert ended == {jid[n]: "refused" if gateways[n].says == REFUSES else "done" for n in range(reached, count)}
        assert more[-1]["event"] == "end"


async def in_the_journals(login, gateways, reached, bad):
    """Each household's own journal: who agreed, how, who had asked, and how it ended; nothing where nobody asked."""
    for number, one in enumerate(gateways):
        if number >= reached:
            assert one.entries() == []
            continue
        if one.says == REFUSES:
            assert one.entries() == [{"kind": "update-refused", "version": NEW, "asker": login.jid, "by": "anne"}]
            continue
        await eventually(lambda one=one: len(one.entries()) == 2)
        agreed, ended = one.entries()
        how = {"how": "beforehand"} if one.says == AGREED else {"how": "command", "by": "anne"}
        assert agreed == {"kind": "update-agreed", "version": NEW, "when": "now", "asker": login.jid} | how
        result = "back" if number == bad else "kept"
        assert ended == {"kind": "update-ended", "version": NEW, "result": result, "asker": login.jid}


@pytest.mark.parametrize(
    ("waves", "count", "bad"),
    [("2,2,all", 6, 3), pytest.param("4,8,all", 20, 9, marks=pytest.mark.campaign)],
)
def test_a_wave_stops_when_one_goes_back(federation, hosted, tmp_path, monkeypatch, waves, count, bad):
    """Six gateways, and twenty: the second wave has one that goes back, the third is not asked."""
    monkeypatch.setattr(watch, "LOOK_S", 0.05)
    asyncio.run(story(tmp_path, federation, hosted, waves, count, bad))
