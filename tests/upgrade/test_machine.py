"""A machine with 0.1.0, upgraded by both ways: its own ``linky-setup upgrade``, and a newer checkout."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from typing import TYPE_CHECKING

import pytest

from gateway import __version__
from tests.tools.setup.conftest import ROOT, SETUP, System
from tests.upgrade.conftest import FIXTURE

if TYPE_CHECKING:
    from pathlib import Path

ITS_OWN = "opt/linky-gateway/versions/0.1.0/source/tools/setup"
# Made anew by each installation, and never by an upgrade.
OF_ONE_MACHINE = (
    *("etc/linky-gateway/gateway.toml", "etc/linky-gateway/secrets/mqtt-password", "etc/mosquitto/linky.passwords"),
    *(f"etc/mosquitto/linky/{name}" for name in ("ca.crt", "ca.key", "server.key")),
)
# The broker's certificate is made anew where it does not begin with its authority.
RENEWED = "etc/mosquitto/linky/server.crt"


@pytest.fixture
def machine(tmp_path: Path) -> System:
    """Give the system on which 0.1.0 is installed."""
    if not shutil.which("systemctl"):
        pytest.skip("systemd is not installed")
    system = System(tmp_path)
    with tarfile.open(FIXTURE / "machine.tar.xz") as tar:
        tar.extractall(system.folder, filter="tar")
    return system


def release(folder: Path) -> tuple[Path, Path]:
    """Today's tree as a release signed by a key of one's own; its archive and the public key."""
    key = folder / "key.pem"
    subprocess.run([ROOT / "tools/release", "--new-key", key], check=True, capture_output=True)
    name = f"linky-gateway-{__version__}"
    archive = folder / f"{name}.tar.gz"
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", ":!tests"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        for file in listed.stdout.splitlines():
            if (ROOT / file).is_file():
                tar.add(ROOT / file, f"{name}/{file}")
    sums = folder / f"{name}.sha256"
    done = subprocess.run(["sha256sum", archive.name], cwd=folder, check=True, capture_output=True)
    sums.write_bytes(done.stdout)
    signs = ["openssl", "pkeyutl", "-sign", "-inkey", key, "-rawin", "-in", sums, "-out", f"{sums}.sig"]
    subprocess.run(signs, check=True, capture_output=True)
    return archive, key.with_name("key.pem.pub")


@pytest.mark.parametrize("way", ["its own upgrade", "a newer checkout"])
def test_a_machine_of_0_1_0_becomes_one_of_today(machine: System, tmp_path: Path, way: str) -> None:
    """What is the household's stays byte for byte; all else is as after an installation of today."""
    readings = machine.write("var/lib/linky-gateway/linky-gateway.sqlite", "readings")
    machine.write("etc/mosquitto/linky.acl", machine.read("etc/mosquitto/linky.acl") + "user mine\ntopic read mine/#\n")
    before = machine.tree()
    if way == "its own upgrade":
        archive, key = release(tmp_path)
        said = machine.setup("upgrade", archive, "--key", key, setup=machine.folder / ITS_OWN)
    else:
        said = machine.setup("install", "--unattended", setup=SETUP)
    assert __version__ in said
    after = machine.tree()
    assert after["opt/linky-gateway/current"] == (0, f"versions/{__version__}")
    assert readings.read_text() == "readings"
    for name in OF_ONE_MACHINE:
        assert after[name] == before[name], name
    # The former one stays beside, to go back to.
    assert {name for name in before if "/versions/0.1.0/" in name} <= set(after)
    assert "user mine\ntopic read mine/#\n" in machine.read("etc/mosquitto/linky.acl")
    fresh = installed_today(tmp_path, machine)
    differs = {name for name in set(after) | set(fresh) if after.get(name) != fresh.get(name)}
    assert {name for name in differs if name.startswith(("etc/", "usr/"))} <= {
        *OF_ONE_MACHINE, RENEWED, "etc/mosquitto/linky.acl", "etc/linky-gateway/release.pub",
    }  # fmt: skip


def installed_today(folder: Path, machine: System) -> dict[str, tuple[int, bytes | str]]:
    """The files of a system on which today's program is installed with the same answers."""
    (folder / "fresh").mkdir()
    fresh = System(folder / "fresh")
    answers = folder / "answers"
    secret = machine.folder / "etc/linky-gateway/secrets/xmpp-password"
    answers.write_text(
        "port = usb:0403:6015:TINFO-1\naccount = maison@example.org\n"
        f"password_file = {secret}\nmqtt = yes\nboards = yes\n"
    )
    fresh.setup("install", "--config", answers)
    return fresh.tree()


def test_an_upgraded_machine_is_left_as_it_was_before_the_first_installation(machine: System) -> None:
    """Today's purge takes away what 0.1.0 laid there as well."""
    machine.setup("install", "--unattended")
    machine.setup("uninstall", "--purge", "--yes")
    assert sorted(machine.tree()) == ["etc/os-release", "var/lib/dpkg/status"]
