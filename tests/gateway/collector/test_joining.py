"""A household joins by its link: a real server that gives tokens out, a real collector, PostgreSQL, real gateways."""

import csv
import json
import os
import re
import subprocess
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest
import segno
from msgspec.structs import replace

from gateway.federation.wire.invitation import fingerprint, read, signing_key, write
from harness.accounts import FAR
from harness.house import GatewayFolder
from harness.process import PATH, python
from meter.process import SimulatedMeter
from servers import wait_until
from tests.gateway.collector.test_collecting import WAIT_S, far_account
from tests.integration.processes import PASSWORD, Process

INVITE = """
[access]
purpose = "mesurer ce que la toiture de l'école fait économiser"
controller = "Soleil du Marais"
contact = "bonjour@sen2.test"
privacy = "https://sen2.test/vie-privee"
retention = "P1Y"
granularity = "PT1M"

[invite]
series = ["consumption/energy", "consumption/power"]
"""


@pytest.fixture(scope="module")
def servers(_servers_installed, tmp_path_factory):
    """Two servers of Prosody; accounts are made by token."""
    from servers import Federation

    with Federation(tmp_path_factory.mktemp("pp"), "prosody", "prosody", registration="invite") as running:
        yield running


@pytest.fixture
def coop(servers, store_at):
    """The co-operative's collector, not started yet."""
    servers.register(*FAR.split("@"), PASSWORD)
    store = store_at(far_account(servers))
    store.config.write_text(store.config.read_text() + INVITE + f'address = "{servers.address("sen2.test")}"\n')
    return store


def invite(coop, servers, count, sheet="spring", *more):
    """The links of a new sheet."""
    (coop.folder / "tokens").write_text(servers.servers["sen2.test"].tokens(count))
    said = coop.command(
        "invite", count, "--sheet", sheet, "--tokens", coop.folder / "tokens", "--to", coop.folder, *more
    )
    with (coop.folder / f"{sheet}.csv").open(newline="") as table:
        links = [row["link"] for row in csv.DictReader(table)]
    assert len(links) == count
    assert fingerprint(read(links[0]).key) in said
    return links


class Household(GatewayFolder):
    """A house that has no account and shares nothing; its meter talks."""

    def __init__(self, folder, servers):
        # The authority of the test's servers, as any authority of the system's.
        super().__init__(folder, more={"SSL_CERT_FILE": str(servers.ca), "LANG": "fr_FR.UTF-8"})
        self.meter = SimulatedMeter(folder / "ttyTIC", speed=20, seed=7, mode="standard")
        self.config.write_text(
            f'[[meter]]\nsource = "{folder / "ttyTIC"}"\nsensor = "ab12"\nclock = "meter"\n'
            '[store]\ndirectory = "data"\ncommit_interval_s = 1\n'
        )

    def gateway(self):
        running = Process(self.folder, "gateway", "run", "--config", self.config)
        running.environment |= self._more
        return running

    def join(self, link, *words):
        return self.command("join", link, "--accept", *words)

    def waits(self):
        file = self.folder / "data" / "joining.json"
        return self.known()["waiting"] if file.exists() else None

    def known(self):
        return json.loads((self.folder / "data" / "joining.json").read_text())


def state(coop, sheet="spring"):
    return [row["state"] for row in json.loads(coop.command("invitations", "list", "--sheet", sheet, "--json"))]


def test_from_a_link_to_the_first_readings(servers, coop, tmp_path):
    """One yes: account, consents, subscription, readings; the register says who; a second gateway is refused."""
    link, other = invite(coop, servers, 2)
    assert int(segno.make(link, error="m", micro=False).version) <= 25
    home, next_door = Household(tmp_path / "home", servers), Household(tmp_path / "next", servers)
    with ExitStack() as running:
        running.enter_context(home.meter)
        running.enter_context(home.gateway())
        running.enter_context(coop.collector("one"))
        wait_until(lambda: home.has("meter house"), WAIT_S, "the meter")
        done = home.join(link, "--json")
        assert done.returncode == 0, done.stderr
        given = json.loads(done.stdout)
        for word in ("Soleil du Marais", FAR, "toiture de l'école", fingerprint(read(link).key), "PRM", "CNIL"):
            assert word in done.stderr, word
        assert [(row["recipient"], row["granularity"]) for row in given["consents"]] == [(FAR, "PT1M")] * 2
        assert {row["text"]["sha256"] for row in given["consents"]} == {given["consents"][0]["text"]["sha256"]}
        home.await_link("xmpp", "ok", WAIT_S)
        values = "SELECT count(*) FROM reading JOIN series ON series.id = series WHERE granularity = 'PT1M'"
        wait_until(lambda: coop.one(values), WAIT_S, "readings in PostgreSQL", every=0.3)
        assert state(coop) == ["joined", "open"]
        (gateway,) = {row["gateway"] for row in json.loads(coop.command("gateways", "list", "--json"))}
        assert gateway == given["account"]
        assert f", joined {datetime.now(UTC):%Y-%m-%d}" in coop.command("gateways", "list")
        again = home.join(link)
        assert (again.returncode, "déjà rejoint Soleil du Marais" in again.stderr) == (65, True), again.stderr
        # Its token is spent and its secret bound: the house that comes second has neither account nor consent.
        late = next_door.join(link)
        assert (late.returncode, late.stderr.count("\n")) == (65, 1), late.stderr
        assert "déjà servi" in late.stderr
        assert next_door.known()["waiting"] is None
        assert not list((tmp_path / "next" / "data").glob("xmpp-password*"))
        # A house with an account: what its server says of the token is no matter, the collector's word is.
        assert home.join(other).returncode == 0
        assert state(coop) == ["joined", "joined"]
        assert coop.one("SELECT count(*) FROM gateway") == 1


def test_what_is_forged_altered_over_or_revoked_gives_nothing(servers, coop, tmp_path):
    """Each is one sentence, in French and in English; no consent is stored, and no account is left behind."""
    links, before = invite(coop, servers, 4), accounts(servers)
    home = Household(tmp_path / "home", servers)
    altered = links[0][:-9] + ("A" if links[0][-9] != "A" else "B") + links[0][-8:]
    says(home, altered, "sa signature ne correspond pas", "its signature does not fit")
    says(home, links[0][:300], "modifiée ou incomplète", "was altered or is not whole")
    says(home, "https://example.org/", "copiez son lien en entier", "copy its link whole")
    asked = read(links[0]).invitation
    stranger = signing_key(tmp_path / "stranger.pem")

    def forged(**changes):
        return write(replace(asked, **changes), stranger, "http://linky.local/")[0]

    says(home, forged(expires=1_700_000_000), "était valable jusqu’au 2023-11-14", "was good until 2023-11-14")
    wild = forged(addresses=("coop@sen2.test", "coop@elsewhere.test"))
    says(home, wild, "de plusieurs domaines", "of several domains")
    coop.command("invitations", "revoke", read(links[1]).invitation.id)
    with coop.collector("one"), home.meter, home.gateway():
        wait_until(lambda: home.has("meter house"), WAIT_S, "the meter")
        # With the token of a true one, signed by somebody else, and asking for more: its maker is asked first.
        says(home, forged(granularity="raw"), "quelque chose y a été changé", "something in it was changed", True)
        fresh = read(links[2]).invitation
        unknown = write(replace(fresh, id="AAAAAAAAAAAA"), stranger, "http://linky.local/")[0]
        says(home, unknown, "ne connaît pas cette invitation", "does not know this invitation", True)
        says(home, links[1], "a retiré cette invitation", "has withdrawn this invitation", True)
        coop.ask("UPDATE invitation SET expires_at = now() WHERE number = 4")
        says(home, links[3], "est trop ancienne pour coop@sen2.test", "is too old for coop@sen2.test", True)
        assert json.loads(home.command("consent", "list", "--json").stdout) == []
        assert home.known()["waiting"] is None
        assert "xmpp" not in home.links()
    assert coop.one("SELECT count(*) FROM gateway") == 0
    assert accounts(servers) == before


def accounts(servers):
    """Who has one at the co-operative's server, as its operator sees it."""
    server = servers.servers["sen2.test"]
    said = server.run("prosodyctl", "--config", str(server._configuration), "shell", "user", "list", "sen2.test")
    found = {word.partition("@")[0] for word in said.split() if re.fullmatch(r"(coop|linky-\w+)(@.*)?", word)}
    assert "coop" in found, said
    return found


def test_a_yes_that_was_cut_off_is_carried_out_by_itself(servers, coop, tmp_path):
    """The collector away, the gateway killed: one account, one pair of consents, joined as soon as both are there."""
    (link,) = invite(coop, servers, 1)
    home = Household(tmp_path / "home", servers)
    with home.meter:
        with home.gateway() as gateway:
            wait_until(lambda: home.has("meter house"), WAIT_S, "the meter")
            words = python("gateway", "join", link, "--accept", "--config", home.config)
            asking = subprocess.Popen([*map(str, words)], env={**os.environ, "PYTHONPATH": PATH})
            wait_until(lambda: home.waits() and home.waits()["made"], WAIT_S, "an account")
            gateway.kill()
            assert asking.wait(WAIT_S) == 74
        user = home.waits()["user"]
        with home.gateway(), coop.collector("one"):
            wait_until(lambda: state(coop) == ["joined"], WAIT_S, "joined by itself", every=0.3)
            home.await_link("xmpp", "ok", WAIT_S)
            wait_until(lambda: home.known()["waiting"] is None, WAIT_S, "nothing waits")
    (row,) = json.loads(coop.command("invitations", "list", "--sheet", "spring", "--json"))
    assert row["gateway"] == f"{user}@sen2.test"
    assert len(json.loads(home.command("consent", "list", "--json").stdout)) == 2


def says(home, link, french, english, again=False):
    """What a refusal says in both languages; the second time the token of the first may be spent."""
    first = home.join(link)
    assert (first.returncode, first.stderr.count("\n")) == (65, 1), first.stderr
    assert french in first.stderr.replace("\u00a0", " "), first.stderr
    second = home.join(link, "--lang", "en")
    assert second.returncode == 65
    # The account that was made for the first try is gone, and its token with it.
    assert english in second.stderr or (again and "takes the invitation's code no more" in second.stderr), second.stderr
