"""A co-operative: from an empty Debian to the readings of its households in PostgreSQL, by its French pages."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

import pytest

from harness import ROOT
from harness.container import wait_for
from harness.process import Program
from servers.certificates import Authority
from tests.walks import machine
from tests.walks.page import passage
from tests.walks.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.walks.machine import WalkedDebian

DOCUMENT = "gateway/collector/LISEZMOI.md"
# Its server, step by step; of it the walk takes the configuration.
BEFORE = "gateway/collector/cooperative/LISEZMOI.md"
ACCOUNT, PASSWORD = "coop@soleil.test", "canary-of-the-coop-51d0"
# What the co-operative writes in the place of the page's own: who it is, and how many it invites.
OWN = {
    "coop@example.org": ACCOUNT,
    "La Coop, 35000 Rennes": "Soleil du Marais, 35000 Rennes",
    "dpo@coop.example.org": "bonjour@soleil.test",
    "https://coop.example.org": "https://soleil.test",
    '("example.org")': '("soleil.test")',
}
MOST = {"commands": 6, "decisions": 6, "files": 1, "unexplained": 0}
# The half hours of two households pass in half a minute, those of twenty in four: together their frames cost a core.
QUICK, SLOWER = 60, 8
HOMES = "/srv/homes"
MANY, NEXT = 20, "9.0.0"
APT = [(r"\[[OY]/n\] ", "")]


@pytest.fixture(
    params=[(False, 2), pytest.param((True, MANY), marks=pytest.mark.campaign)], ids=["two", "whole, twenty"]
)
def server(request, tmp_path) -> Iterator[tuple[WalkedDebian, int]]:
    """A Debian with the package that was downloaded, and Debian's Prosody with the co-operative's domain."""
    whole, count = request.param
    machine.require(tmp_path, whole=whole)
    if not whole and not (shutil.which("prosody") and shutil.which("pg_createcluster")):
        missing = pytest.fail if os.environ.get("CI") else pytest.skip
        missing("Debian packages that are not installed: prosody postgresql")
    wanted = ["postgresql", "python3-psycopg", "prosody", "lua-dbi-sqlite3"]
    (tmp_path / "homes").mkdir()
    with machine.booted(tmp_path, whole=whole, packages=wanted, binds=[f"{tmp_path}/homes:{HOMES}"]) as running:
        running.package()
        serve(running, tmp_path)
        yield running, count


def serve(debian: WalkedDebian, folder: Path) -> Authority:
    """What the page asks for before it begins: an account at a server of XMPP whose settings are those of the page.

    Who has signed its certificate.
    """
    house, domain = debian.container, ACCOUNT.partition("@")[2]
    house.do("sh", "-c", "apt-get -q -y install prosody lua-dbi-sqlite3")
    authority = Authority(folder / "authority").create()
    name_and_trust(debian, authority)
    issued = authority.issue(domain, folder / "authority")
    for file, place in ((issued.certificate, "crt"), (issued.key, "key")):
        shutil.copy(file, debian.path(f"/etc/prosody/certs/{domain}.{place}"))
        house.do("chown", "prosody:", f"/etc/prosody/certs/{domain}.{place}")
    blocks = passage(BEFORE, "## 2. Le serveur de messagerie").blocks
    (settings,) = (one.text for one in blocks if one.language == "lua")
    debian.path("/etc/prosody/conf.d/coop.cfg.lua").write_text(settings.replace('"example.org"', f'"{domain}"') + "\n")
    house.do("systemctl", "restart", "prosody")
    wait_for(lambda: house.run("prosodyctl", "shell", "host", "list").returncode == 0, "Prosody's shell", 60)
    house.do("prosodyctl", "shell", "user", "create", ACCOUNT, PASSWORD)
    return authority


@pytest.mark.slow
def test_a_co_operative_has_the_readings_of_its_households(server):
    """Six commands and one file: each household that says yes to its link is in PostgreSQL, once."""
    debian, count = server
    fills = {**OWN, "head -n 1000": f"head -n {count}", "invite 1000": f"invite {count}"}
    with (
        ExitStack() as running,
        Walk("recipient", "fr", MOST, fills) as walk,
        debian.terminal("fr", machine.HOME) as shell,
    ):
        page = walk.read(DOCUMENT, "## Démarrer")
        walk.type(shell, "sudo apt install", APT)
        debian.container.do("systemctl", "start", "postgresql")
        walk.write(debian.path("/etc/linky-gateway/collect.toml"), page.file("toml"))
        walk.decides("qui nous sommes", "à quoi cela sert", "combien de temps c’est gardé", "quelles séries")
        said = walk.type(shell, "sudo linky-collect init", [(rf"Password of {ACCOUNT}: ", PASSWORD)])
        assert "migrations were run" in said
        walk.type(shell, "sudo systemctl enable --now linky-collect")
        walk.read(DOCUMENT, "## Invitations")
        walk.decides("combien de foyers", "le nom de la feuille")
        walk.type(shell, "yes ")
        walk.type(shell, "sudo linky-collect invite ")
        links = [row["link"] for row in csv.DictReader(io.StringIO(debian.path("/root/spring-2027.csv").read_text()))]
        assert len(links) == count
        for number, link in enumerate(links):
            home = running.enter_context(Home(debian, number, QUICK if count < MANY else SLOWER))
            wait_for(home.hears_its_meter, "its meter", 180)
            home.join(link)
        said = walk.type(shell, "sudo linky-collect invitations list")
        assert f"spring-2027: {count} joined (of {count}" in said, said
        wait_for(lambda: given(debian) == count, f"rows of {count} households in PostgreSQL", 600)
        shown = debian.path("/root/spring-2027.html").read_text()
        assert shown.count("<article>") == count
        if count == MANY:
            upgraded(walk, debian, count)


def name_and_trust(debian: WalkedDebian, authority: Authority) -> None:
    """The co-operative's domain leads to this machine, and who signs its certificate is known there."""
    debian.path("/etc/hosts").write_text(f"127.0.0.1 localhost {ACCOUNT.partition('@')[2]}\n")
    authorities = debian.path("/etc/ssl/certs/ca-certificates.crt")
    authorities.write_text(authorities.read_text() + authority.certificate.read_text())


class Home:
    """A household elsewhere, whose gateway runs and has no account; its meter's clock is fast."""

    def __init__(self, debian: WalkedDebian, number: int, speed: int) -> None:
        self._house, self._unit = debian.container, f"home-{number}"
        self._folder = f"{HOMES}/{number}"
        outside, port = debian.folder / "homes" / str(number), f"127.0.0.1:{7000 + number}"
        outside.mkdir(exist_ok=True)
        (outside / "gateway.toml").write_text(
            f'[[meter]]\nsource = "socket://{port}"\nclock = "meter"\n[clock]\ntrusted = true\n'
            '[store]\ndirectory = "data"\ncommit_interval_s = 1\n'
        )
        words = [sys.executable, ROOT / "tools/meter", "run", "--tcp", port, "--speed", speed, "--seed", number + 1]
        command = [*debian.container.words(spaces="-n"), *words, "--mode", "standard"]
        self._meter = Program(debian.folder, f"meter-{number}", command, keeps=False)

    def __enter__(self) -> Self:
        self._meter.start()
        run = ("linky-gateway", "run", "--config", f"{self._folder}/gateway.toml")
        self._house.do("systemd-run", "--collect", f"--unit={self._unit}", *run)
        return self

    def __exit__(self, *_: object) -> None:
        self._meter.kill()

    def hears_its_meter(self) -> bool:
        """Whether its gateway has heard whole frames."""
        said = self._house.run("linky-gateway", "status", "--json", "--config", f"{self._folder}/gateway.toml").stdout
        try:
            return {row["link"]: row["state"] for row in json.loads(said)["links"]}.get("meter house") == "ok"
        except ValueError:
            return False

    def join(self, link: str) -> None:
        """Read the text, and say yes."""
        words = ("--accept", "--lang", "fr", "--config", f"{self._folder}/gateway.toml")
        said = self._house.do("linky-gateway", "join", link, *words)
        assert OWN["La Coop, 35000 Rennes"] in said, said


def given(debian: WalkedDebian, since: str = "-infinity") -> int:
    """How many households have a reading that came after that moment, by a query of this test's own."""
    ask = "SELECT count(DISTINCT m.gateway) FROM linky.reading r JOIN linky.series s ON s.id = r.series"
    ask += f" JOIN linky.meter m ON m.id = s.meter WHERE r.time > '{since}'"
    return int(asked(debian, ask) or 0)


def asked(debian: WalkedDebian, text: str) -> str:
    """One value of the co-operative's database."""
    words = ("runuser", "-u", "postgres", "--", "psql", "-qtAX", "linky", "-c", text)
    return debian.container.run(*words).stdout.strip()


def upgraded(walk: Walk, debian: WalkedDebian, count: int) -> None:
    """The next version's package is installed by the same line: what the households give goes on coming."""
    last = asked(debian, "SELECT max(time) FROM linky.reading")
    debian.package(NEXT)
    with debian.terminal("fr", machine.HOME) as shell:
        shell.type(next(line for line in walk.commands if "apt install" in line), APT)
    wait_for(lambda: given(debian, last) == count, f"rows of {count} households after an upgrade", 600)
    pid = debian.container.show("linky-collect", "MainPID")[0]
    program = debian.container.do("ps", "-o", "args=", "-p", pid)
    assert "linky-collect run" in program, program
    assert debian.container.do("linky-collect", "--version").split()[-1] == NEXT
