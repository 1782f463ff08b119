"""An installer: fifty devices by the invitations that a co-operative has sent, fifty labels, one of them revoked.

The co-operative's own part is done by its own command beside: the sheet, and what the installer's screen says that it
has to type. That a household joins by such a card, and what it reads where its invitation was revoked, is
``tests/gateway/collector/test_provisioned.py``.
"""

import asyncio
import csv
import json
import re

import pytest

from gateway.collector import invitations
from gateway.collector.database import connect
from gateway.federation.wire import pairing
from gateway.federation.wire.invitation import read
from gateway.first_boot.settings import parse
from harness.accounts import FAR
from tests.gateway.collector.conftest import bench, postgres, store, template
from tests.gateway.collector.test_joining import INVITE
from tests.gateway.collector.test_provisioned import made_up
from tests.walks.machine import RELEASE, booted, require
from tests.walks.walk import Walk

__all__ = ["bench", "postgres", "store", "template"]

PAGE, COUNT, LOST = "tools/lib/provision/LISEZMOI.md", 50, "maison-12"
MOST = {"commands": 4, "files": 1, "decisions": 2, "unexplained": 0}
LINE = "maison-01,Salle des fêtes,Livebox-1234,la-cle-de-la-box,FR,auto,fr"
DEVICES = [f"maison-{n:02}" for n in range(1, COUNT + 1)]


@pytest.fixture
def coop(store):
    """The co-operative, which has sent its sheet."""
    store.config.write_text(store.config.read_text() + INVITE)
    tokens = made_up(store.folder, COUNT)
    store.command("invite", COUNT, "--sheet", "spring-2027", "--tokens", tokens, "--to", store.folder, "--lang", "fr")
    return store


@pytest.mark.slow
def test_fifty_labels_one_revoked(coop, tmp_path):
    """Four commands and one file: fifty cards, their labels, one device lost, the labels of the others."""
    require(tmp_path, whole=False)
    row = "{name},Salle {n},Livebox-{n},cle-de-la-box-{n:04},FR,auto,fr"
    lines = "\n".join(row.format(n=n, name=name) for n, name in enumerate(DEVICES, 1))
    with (
        booted(tmp_path / "pc", whole=False) as machine,
        Walk("installer", "fr", MOST, {LINE: lines}) as walk,
    ):
        unpacked(machine)
        machine.path(f"{RELEASE}/spring-2027.csv").write_bytes((coop.folder / "spring-2027.csv").read_bytes())
        shown = walk.read(PAGE, "# Cinquante passerelles à partir d’un fichier CSV (tools/provision)")
        walk.decides("le Wi-Fi et le nom de chaque maison, dans le tableur", "des étiquettes L7160")
        walk.write(machine.path(f"{RELEASE}/FLEET.csv"), shown.file("csv"))
        out = machine.path(f"{RELEASE}/fleet")
        with machine.terminal("fr") as shell:
            walk.type(shell, "chmod 600 FLEET.csv")
            said = walk.type(shell, "tools/provision FLEET.csv --invitations spring-2027.csv  ")
            assert f"{COUNT} appareils : {COUNT} nouveaux" in said
            assert "Chaque page demande à son foyer, qui dit oui ou non" in said
            assert labels(out) == DEVICES
            links = cards(out)
            assert len({read(link).invitation.id for link in links.values()}) == COUNT
            lost = read(links[LOST]).invitation
            said = walk.type(shell, f"tools/provision --revoke {LOST}  ")
            (typed,) = re.findall(r"linky-collect (invitations revoke [0-9a-f]+)", " ".join(said.split()))
            said = walk.type(shell, "tools/provision FLEET.csv --invitations spring-2027.csv  ")
            assert "1 ligne" in said
            assert labels(out) == [name for name in DEVICES if name != LOST]
        # What the co-operative is sent, and what it types then.
        coop.command("invitations", "name", out / "register.csv")
        coop.command(*typed.split())
    rows = {row["device"]: row for row in json.loads(coop.command("invitations", "list", "--json"))}
    assert {name: row["state"] for name, row in rows.items()} == dict.fromkeys(DEVICES, "open") | {LOST: "revoked"}
    assert rows[LOST]["id"] == lost.id
    assert claimed(coop, links[LOST]) == (pairing.REFUSED, pairing.REVOKED)
    assert claimed(coop, links["maison-13"]) == (pairing.CLAIMED, "")


def unpacked(machine):
    """The release, and the environment that the first command makes of the Internet: of Debian's libraries here."""
    machine.release()
    machine.container.do("apt-get", "-q", "-y", "install", "python3-segno")
    make = "python3 -m venv --without-pip --system-site-packages .venv && source tools/bootstrap.sh && _stamp"
    machine.container.do("bash", "-c", f"cd {RELEASE} && {make} requirements.txt requirements-flash.txt")


def labels(out):
    """The devices of the sheets that are printed, in their order."""
    sheets = sorted(out.glob("labels-*.svg"), key=lambda file: int(file.stem.partition("-")[2]))
    return [name for sheet in sheets for name in re.findall(r">(maison-\d\d)<", sheet.read_text())]


def cards(out):
    """Device -> the link on its card; the register has every device, and no link."""
    found = {}
    for name in DEVICES:
        settings, faults = parse((out / name / "card/linky.toml").read_bytes())
        assert (settings.account, faults) == (None, [])
        found[name] = settings.invitation.link
    with (out / "register.csv").open(newline="") as table:
        rows = list(csv.DictReader(table))
    assert {row["device"]: row["invitation"] for row in rows} == {
        name: read(link).invitation.id for name, link in found.items()
    }
    assert (out / "labels.pdf").read_bytes().startswith(b"%PDF")
    return found


def claimed(coop, link):
    """What the collector says to a gateway that shows this link."""
    signed = read(link)

    async def work():
        db = await connect(coop.conninfo)
        async with db.transaction():
            asked = signed.invitation
            request = pairing.JoinRequest(pairing.CLAIM, asked.id, asked.secret, signed.digest)
            done = await invitations.take(db, FAR, "linky-0123456789@sen2.test", request)
        await db.close()
        return done

    return asyncio.run(work())
