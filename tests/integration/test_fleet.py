"""An installer asks his fleet between two real servers: who is well, who is not, who is away, who has not consented."""

import asyncio
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta

import pytest

from gateway.commands.fleet_ask import ROSTER
from gateway.control.messages import read
from gateway.control.running import ask
from gateway.errors import FederationError
from gateway.federation.connection.session import Session
from gateway.federation.provider.health import NODE, read_condition
from harness import ROOT
from harness.house import GatewayFolder
from harness.points import GATEWAYS, opened
from meter.process import SimulatedMeter
from servers import wait_until
from tests.gateway.federation.conftest import QUICK, account, running
from tests.gateway.federation.test_commands import command
from tests.integration.processes import ENVIRONMENT, PASSWORD, House

WAIT_S = 60
# Times and counts have fewer digits than any of the values that are looked for.
LEAST = 10_000


class Member(House):
    """A house of the fleet, whose meter says large numbers."""

    def __init__(self, folder, federation, jid):
        GatewayFolder.__init__(self, folder)
        self.federation, self.python, self.jid = federation, sys.executable, jid
        (folder / "password").write_text(PASSWORD + "\n")
        self.tty = folder / "ttyTIC"
        user, domain = jid.split("@")
        federation.register(user, domain, PASSWORD)
        self.config.write_text(
            f'[[meter]]\nname = "chez-anne"\nsource = "{self.tty}"\nsensor = "s-{user}"\nclock = "meter"\n'
            f'[store]\ndirectory = "data"\ncommit_interval_s = 1\n'
            f'[federation]\njid = "{jid}"\npassword_file = "password"\n'
            f'address = "{federation.address(domain)}"\nca_file = "{federation.ca}"\nbatch_s = 0\n'
        )

    def order(self, what, installer, **more):
        """An order on the installer's consent, as the page gives it."""
        order = json.dumps({"do": what, "recipient": installer} | more)
        return ask(self.folder / "data" / "control.sock", read(order.encode()))

    def values(self):
        """Every value of the meter that is stored, as text."""
        with closing(opened(self.folder / GATEWAYS)) as db:
            return {str(value) for (value,) in db.execute("SELECT value FROM reading")}


class Installer:
    """Somebody with an account in the second domain, a file that says so, and three houses."""

    def __init__(self, folder, federation, name):
        self.login = account(federation, name, federation.domains[1], PASSWORD, "looking")
        self.folder, self.jid = folder, self.login.jid
        (folder / "password").write_text(PASSWORD + "\n")
        self.file = folder / "fleet.toml"
        self.file.write_text(
            f'jid = "{self.jid}"\npassword_file = "password"\naddress = ["127.0.0.1:1", "{self.login.address}"]\n'
            f'ca_file = "{federation.ca}"\n'
        )

    def status(self, *words, lang="fr", timeout=20):
        """The command; its completed process."""
        line = ["fleet", "status", *words, "--account", str(self.file), "--lang", lang, "--timeout", str(timeout)]
        command = [sys.executable, "-m", "gateway", *line]
        return subprocess.run(command, check=False, capture_output=True, text=True, env=ENVIRONMENT, cwd=ROOT)

    def ask(self, to, payload):
        """The answer of somebody as it came over the wire."""

        async def asked():
            async with running(Session(self.login, QUICK)) as session:
                await session.connected.wait()
                return await session.request(to, payload)

        return asyncio.run(asked())

    def befriend(self, gateway, group):
        """Have a gateway among the contacts."""
        query = ET.Element(f"{{{ROSTER}}}query")
        item = ET.SubElement(query, f"{{{ROSTER}}}item", {"jid": gateway, "name": "Chez Anne"})
        ET.SubElement(item, f"{{{ROSTER}}}group").text = group
        self.ask(self.jid, query)


@pytest.fixture
def fleet(federation, tmp_path):
    """The installer; a house that is well, one whose adapter is pulled out, one that was never switched on."""
    home, away = federation.domains
    names = (("nord", home), ("sud", away), ("ouest", home))
    houses = [Member(tmp_path / name, federation, f"parc-{name}@{domain}") for name, domain in names]
    (tmp_path / "installer").mkdir()
    installer = Installer(tmp_path / "installer", federation, "installatrice")
    with ExitStack() as running_things:
        meters = [
            running_things.enter_context(SimulatedMeter(house.tty, speed=20, seed=n, mode="standard"))
            for n, house in enumerate(houses[:2])
        ]
        for house in houses[:2]:
            running_things.enter_context(house.gateway("DEBUG"))
        for house in houses[:2]:
            house.await_link("xmpp", "ok", WAIT_S)
            house.await_link("meter chez-anne", "ok", WAIT_S)
            house.order("health-grant", installer.jid)
        meters[1].stop()
        houses[1].await_link("port chez-anne", "broken", WAIT_S)
        yield installer, houses


def journal(house):
    """Kind and whom it is about, of what the journal tells of health."""
    lines = house.command("journal", "show", "--json").stdout.splitlines()
    return [(row["kind"], row["recipient"]) for line in lines if (row := json.loads(line)).get("what") == "health"]


def test_an_installer_sees_his_fleet_and_no_reading(fleet, tmp_path):
    """Well, broken, away: a line each, worst first, a sentence why, exit code 2; withdrawn, expired: a stranger."""
    installer, (well, pulled, _) = fleet
    register = tmp_path / "register.csv"
    rows = [f"{house.folder.name},Salle {house.folder.name},{house.jid},,made," for house in fleet[1]]
    register.write_text("\n".join(["device,site,jid,page,state,since", *rows]) + "\n")
    done = installer.status("--fleet", str(register))
    lines = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (2, ""), done.stdout + done.stderr
    assert re.fullmatch(
        r"✗ parc-sud@\S+  Salle sud +en panne +trame il y a \d+ s · disque libre \d+ % · version \S+", lines[0]
    )
    assert lines[1].strip() in ("Le port s'est perdu", "Le port n’existe pas"), lines
    assert re.fullmatch(r"\? parc-ouest@\S+  Salle ouest +injoignable +elle n'est pas connectée.*", lines[2])
    assert re.fullmatch(r"✓ parc-nord@\S+  Salle nord +va bien +trame il y a \d+ s · .*", lines[3])
    assert lines[-1] == "3 passerelles : 1 en panne, 1 injoignable, 1 va bien"
    done = installer.status(well.jid, pulled.jid, "--json", lang="en")
    told = json.loads(done.stdout)
    assert done.returncode == 1
    assert [(row["gateway"], row["state"]) for row in told] == [
        (f"{pulled.jid}/proxy", "broken"), (f"{well.jid}/proxy", "ok"),
    ]  # fmt: skip
    installer.befriend(pulled.jid, "Famille")
    installer.befriend(well.jid, "Linky")
    contacts = installer.status()
    assert (contacts.returncode, contacts.stdout.count("\n")) == (0, 2), contacts.stdout
    assert "Chez Anne" in contacts.stdout
    nothing_of_the_meter(installer, well)
    no_consent_no_answer(installer, well)


def nothing_of_the_meter(installer, house):
    """Not one value, name or number of the meter is in the answer as it came."""

    def large():
        return {value for value in house.values() if value.isdigit() and int(value) >= LEAST}

    wait_until(lambda: len(large()) >= 5, WAIT_S, "enough of an index to be found in an answer")
    answer = installer.ask(f"{house.jid}/proxy", command(NODE))
    assert read_condition(answer).links
    raw = ET.tostring(answer, encoding="unicode")
    numbers = set(re.findall(r"\d+", raw))
    assert not numbers & large()
    words = {value for value in house.values() if not value.isdigit()}
    assert not [word for word in words if len(word.strip()) > 3 and word in raw]
    for secret in ("chez-anne", "s-parc-nord", str(house.tty), str(house.folder)):
        assert secret not in raw


def no_consent_no_answer(installer, house):
    """Withdrawn, then given with an end that passes: each time as if there were no such command."""
    withdrawn = house.command("consent", "revoke", installer.jid, "--health")
    assert "1 consent withdrawn" in withdrawn.stdout
    done = installer.status(house.jid)
    assert done.returncode == 2
    assert "sans accord" in done.stdout
    given = house.command("consent", "grant", installer.jid, "--health", "--accept", "--lang", "fr")
    assert "si la passerelle va bien" in given.stdout
    assert read_condition(installer.ask(f"{house.jid}/proxy", command(NODE))).state == "ok"
    soon = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    house.order("health-grant", installer.jid, until=soon)
    wait_until(lambda: house.order("health-consents", "")[0]["state"] == "expired", 30, "the consent ends", every=0.1)
    for node in (NODE, "no-such-command"):
        with pytest.raises(FederationError, match="commande inconnue") as refusal:
            installer.ask(f"{house.jid}/proxy", command(node))
        assert refusal.value.condition == "item-not-found"
    assert journal(house) == [
        *(("consent-granted", installer.jid), ("consent-withdrawn", installer.jid)),
        *(("consent-granted", installer.jid), ("consent-granted", installer.jid)),
    ]
    assert house.command("journal", "verify").returncode == 0


def test_what_stands_in_the_way_of_asking_is_one_sentence(federation, tmp_path):
    """A wrong password, no gateway to ask; a gateway at a server that there is not."""
    installer = Installer(tmp_path, federation, "apprenti")
    nobody = installer.status()
    assert nobody.returncode == 78
    assert "no gateway to ask" in nobody.stderr
    lost = installer.status("maison@nowhere.invalid")
    assert (lost.returncode, "injoignable" in lost.stdout) == (2, True)
    (tmp_path / "password").write_text("wrong\n")
    refused = installer.status("maison@sen1.test")
    assert refused.returncode == 69
    assert refused.stderr.count("\n") == 1
    assert "Traceback" not in refused.stderr
