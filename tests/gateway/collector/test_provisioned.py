"""A fleet by invitations: an installer's fifty cards, the households that answer, and the co-operative's register."""

import asyncio
import csv
import json
import os
import shlex
import signal
import subprocess
import sys
import time

import pytest

from gateway.account import joining_note as notes
from gateway.commands.first_boot import apply
from gateway.commands.fleet_ask import read_register
from gateway.consent.orders import ListConsents
from gateway.control.orders import act
from gateway.federation.wire.invitation import read
from gateway.first_boot.place import CardPlace
from gateway.first_boot.settings import parse
from harness import ROOT
from harness.process import PATH
from provision import device
from provision.__main__ import main
from tests.gateway.collector.test_invitations import LightHouse, house_folder
from tests.gateway.collector.test_joining import accounts, coop, invite, servers

__all__ = ["coop", "house_folder", "servers"]

COUNT = 50
# The command, killed in the middle: a device has its invitation, and no card yet.
KILLED = """
import os, signal, sys
from provision import __main__ as command, work

whole = work.ProvisionedFleet._files

def files(self, row, known):
    if row.device == "salle-25":
        os.kill(os.getpid(), signal.SIGKILL)
    return whole(self, row, known)

work.ProvisionedFleet._files = files
sys.exit(command.main(sys.argv[1:]))
"""


@pytest.fixture
def fleet(coop, tmp_path):
    """What an installer has: a fleet file, and how the co-operative's command is called; what that is told is noted."""
    return InstallersFleet(coop, tmp_path)


class InstallersFleet:
    """One folder of an installer."""

    def __init__(self, coop, folder):
        self.file, self.out, self.told = folder / "FLEET.csv", folder / "fleet", folder / "told"
        self.rows([f"salle-{n:02}" for n in range(COUNT)])
        command = folder / "linky-collect"
        config = shlex.quote(str(coop.config))
        python = shlex.join([sys.executable, "-m", "gateway.collector.cli"])
        command.write_text(
            f'#!/bin/sh\nprintf "%s\\n" "$@" >>{self.told}\nPYTHONPATH={PATH} exec {python} "$@" --config {config}\n'
        )
        command.chmod(0o755)
        self.collect = ("--collect", str(command))
        self.common = ("--out", str(self.out), "--lang", "en")

    def rows(self, names):
        self.file.write_text("device,site\n" + "".join(f"{name},Salle {name}\n" for name in names), encoding="utf-8")

    def arguments(self, sheet):
        return [
            str(self.file),
            "--invitations",
            str(sheet),
            "--installer",
            "anne@sen2.test",
            "--card",
            "image",
            *self.common,
        ]

    def register(self):
        with (self.out / "register.csv").open(encoding="utf-8", newline="") as lines:
            return {row["device"]: row for row in csv.DictReader(lines)}

    def household(self, name, template, folder):
        """The card in its machine: applied by the first start, then the house as far as it answers an invitation."""
        boot, root = folder / "boot", folder / "root"
        boot.mkdir(parents=True)
        (root / "etc").mkdir(parents=True)
        (boot / "linky.toml").write_bytes((self.out / name / "card/linky.toml").read_bytes())
        apply(CardPlace(boot, root))
        house = LightHouse(folder / "house", template)
        (root / "var/lib/linky-gateway/joining.json").rename(house.config.joining_file)
        return house


def test_fifty_cards_are_made_once_whatever_cuts_it_off(coop, fleet, tmp_path, capfd):
    """Each has an invitation of its own, which nothing says but its card; the register names the devices."""
    coop.command("invite", COUNT + 1, "--sheet", "pose", "--tokens", made_up(tmp_path, COUNT + 1), "--to", coop.folder)
    arguments = fleet.arguments(coop.folder / "pose.csv")
    command = [sys.executable, "-c", KILLED, *arguments]
    environment = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'tools/lib'}"}
    assert subprocess.run(command, env=environment, timeout=300, check=False).returncode == -signal.SIGKILL
    first = device.everything(fleet.out)
    assert [one.state for one in first] == ["made"] * 26
    begun = time.monotonic()
    assert main([*arguments, *fleet.collect]) == 0
    print(f"{COUNT} devices: {time.monotonic() - begun:.1f} s")
    said = "".join(capfd.readouterr())
    assert f"{COUNT} devices: 24 new, 25 cards" in said
    assert f"Of {COUNT} invitations 0 have joined, {COUNT} are open" in said
    everything = device.everything(fleet.out)
    assert everything[:26] == first
    assert len({one.invitation for one in everything}) == len({one.code for one in everything}) == COUNT
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in fleet.out.rglob("*") if path.is_file()}
    assert main([*arguments, *fleet.collect]) == 0
    assert {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in before} == before
    assert {oct(path.stat().st_mode & 0o777) for path in before} == {"0o600"}
    for one in everything:
        settings, faults = parse((fleet.out / one.device / "card/linky.toml").read_bytes())
        assert (settings.account, faults) == (None, [])
        assert (settings.invitation.link, settings.invitation.installer) == (one.link, "anne@sen2.test")
        assert "LE FOYER la lit et y répond" in (fleet.out / one.device / "remise-handover.txt").read_text()
        holding = [path for path, (_, data) in before.items() if one.link.partition("#")[2].encode() in data]
        assert {path.name for path in holding} == {"device.json", "linky.toml"}
    said += "".join(capfd.readouterr()) + fleet.told.read_text()
    assert not [one for one in everything if read(one.link).invitation.secret in said or one.link in said]
    named = json.loads(coop.command("invitations", "list", "--sheet", "pose", "--json"))
    assert {row["id"]: row["device"] for row in named if row["device"]} == {
        one.invitation: one.device for one in everything
    }
    # Nobody is asked whether a gateway is well that has no account yet.
    assert read_register(fleet.out / "register.csv") == []


def test_labels_join_by_their_households_and_are_revoked(
    servers, coop, fleet, house_folder, tmp_path, monkeypatch, capsys
):
    """The register shows who; revoked before its yes a link is refused, afterwards it is said who has it."""
    monkeypatch.setenv("SSL_CERT_FILE", str(servers.ca))
    invite(coop, servers, 4, "pose")
    fleet.rows([f"salle-{n:02}" for n in range(4)])
    arguments = [*fleet.arguments(coop.folder / "pose.csv"), *fleet.collect]
    assert main(arguments) == 0
    houses = [fleet.household(f"salle-{n:02}", house_folder, tmp_path / f"card{n}") for n in range(3)]
    before = accounts(servers)
    assert main(["--revoke", "salle-02", *fleet.collect, *fleet.common]) == 0
    assert "salle-02 is revoked: its invitation is good no more" in capsys.readouterr().out
    with coop.collector("one"):
        joined = [asyncio.run(house.join("")) for house in houses[:2]]
        refused = asyncio.run(houses[2].join(""))
    assert "Soleil du Marais has withdrawn this invitation. Nothing was given" in refused
    assert act(houses[2].store, ListConsents(), time.time()) == []
    assert accounts(servers) - before == {address.partition("@")[0] for address in joined}
    assert [house.config.federation.installer for house in houses[:2]] == ["anne@sen2.test"] * 2
    assert [notes.read(house.config).brought for house in houses] == [None] * 3
    assert main(arguments) == 0
    assert "Of 4 invitations 2 have joined, 1 are open" in capsys.readouterr().out
    rows = fleet.register()
    assert [rows[f"salle-0{n}"]["jid"] for n in range(4)] == [*joined, "", ""]
    assert rows["salle-00"]["joined"] == time.strftime("%Y-%m-%d", time.gmtime())
    assert [(one.jid, one.site) for one in read_register(fleet.out / "register.csv")] == [
        (f"{address}/proxy", f"Salle salle-0{n}") for n, address in enumerate(joined)
    ]
    shown = coop.command("invitations", "list", "--sheet", "pose")
    assert f", salle-00): joined by {joined[0]}" in shown
    assert ", salle-02): revoked" in shown
    # What has served opens nothing: it is kept no longer.
    assert device.load(fleet.out, "salle-00").link == ""
    assert main(["--revoke", "salle-00", *fleet.collect, *fleet.common]) == 0
    assert f"used before, by {joined[0]}, which stays a member" in capsys.readouterr().out
    coop.command("gateways", "remove", joined[0])
    assert f"{joined[1]}" in coop.command("gateways", "list")
    # Whoever cannot reach the register is told what is left to do.
    last = device.load(fleet.out, "salle-03")
    assert main(["--revoke", "salle-03", *fleet.common]) == 0
    assert f"linky-collect invitations revoke {last.invitation}" in capsys.readouterr().out
    assert main(["--revoke", "salle-03", *fleet.collect, *fleet.common]) == 0
    assert "its invitation is good no more" in capsys.readouterr().out
    assert last.link.encode() not in b"".join(path.read_bytes() for path in fleet.out.rglob("*") if path.is_file())
    for house in houses:
        house.store.close()


def test_what_cannot_be_begun_is_one_sentence_and_nothing_is_made(coop, fleet, tmp_path, capsys):
    """Too few, used by the folder before, altered, twice, without an account, for others to read, and no such file."""
    tokens = made_up(tmp_path, 3)
    coop.command("invite", 3, "--sheet", "few", "--tokens", tokens, "--to", coop.folder)
    coop.command("invite", 3, "--sheet", "none", "--no-accounts", "--to", coop.folder)
    few, mine = coop.folder / "few.csv", tmp_path / "mine.csv"
    fleet.rows(["salle-00", "salle-01", "salle-02", "salle-03"])
    lines = few.read_text().splitlines(keepends=True)

    def says(what, text=None, mode=0o600, code=1):
        if text is not None:
            mine.write_text(text)
            mine.chmod(mode)
        assert main(fleet.arguments(mine)) == code
        assert what in capsys.readouterr().err
        assert not list(fleet.out.glob("*/device.json")) if fleet.out.exists() else True

    says("mine.csv cannot be read: No such file")
    says("mine.csv has 3 invitations that no device of this folder has yet, and 4 are needed", few.read_text())
    fleet.rows(["salle-00", "salle-01"])
    says("others may read it", few.read_text(), 0o644)
    says("line 3: this invitation was altered", lines[0] + lines[1] + lines[2].replace("#1", "#1AA"))
    says("line 3: this invitation is there twice", lines[0] + lines[1] * 2)
    says("has no column link", "number\n1\n")
    says("cannot be read: field larger than", f"link\n{'x' * 200_000}\n")
    says("is longer than 16 MB", "x" * 16_000_001)
    says("the invitation of salle-00 makes no account", (coop.folder / "none.csv").read_text())
    assert main([str(fleet.file), *fleet.common]) == 1
    assert "which server?" in capsys.readouterr().err
    broken = ["--collect", str(tmp_path / "nowhere")]
    assert main([*fleet.arguments(few), *broken]) == 1
    assert "nowhere cannot be started: No such file" in capsys.readouterr().err
    # What was made before stays so, and is gone on with.
    assert main([*fleet.arguments(few), *fleet.collect]) == 0
    assert "2 devices: 0 new, 0 cards" in capsys.readouterr().out
    coop.config.write_text(coop.config.read_text().replace("coop@", "other@"))
    assert main([*fleet.arguments(few), *fleet.collect]) == 1
    said = capsys.readouterr().err
    assert "linky-collect says:" in said
    assert "no invitation of other@sen2.test" in said


def made_up(folder, count):
    """Tokens of no server: nobody joins by them."""
    file = folder / "tokens"
    file.write_text("".join(f"xmpp:sen2.test?register;preauth=token{n:08}\n" for n in range(count)))
    return file
