"""Debian's packages in tools/setup: apt and dpkg cut off, failing, interrupted; the gateway's own in the way."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from gateway import __version__
from package import debian
from package.scripts import scripts
from tests.tools.setup.machine import WAITS, Machine, require

if TYPE_CHECKING:
    from pathlib import Path

FAILS = "#!/bin/sh\necho this package has a fault >&2\nexit 1\n"

FAILS_AT_FIRST = f"#!/bin/sh\n[ ! -e /srv/hurry ] || exit 0\n{FAILS}"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """Give a system whose apt and dpkg work, which lacks two packages."""
    require()
    return Machine(tmp_path, ("openssl", "ca-certificates"))


def remembered(machine: Machine) -> set[str]:
    """The packages that an uninstallation takes away again."""
    lines = machine.read("opt/linky-gateway/installed").splitlines()
    return {line.removeprefix("package ") for line in lines if line.startswith("package ")}


@pytest.mark.parametrize(
    "at", ["openssl preinst", pytest.param("openssl postinst", marks=pytest.mark.campaign), "libmade postinst"]
)
def test_a_power_cut_while_dpkg_works_is_made_good_by_the_same_command(machine: Machine, at: str) -> None:
    """Unpacking, configuring, a dependency: what is half done is finished first, and all of it is known as ours."""
    waits, script = at.split()
    machine.package("openssl", depends="libmade", **({script: WAITS} if waits == "openssl" else {}))
    machine.package("libmade", **({script: WAITS} if waits == "libmade" else {}))
    machine.package("ca-certificates")
    machine.cut()
    assert machine.states()[waits].split()[-1].startswith("half-")
    code, said = machine.install()
    assert code == 0, said
    assert "finishes what was cut off: " in said
    ours = {"openssl", "libmade", "ca-certificates"}
    assert {name: machine.states()[name] for name in ours} == dict.fromkeys(ours, "install ok installed")
    assert remembered(machine) == ours
    code, said = machine.install()
    assert code == 0
    assert "cut off" not in said


def test_a_package_whose_files_dpkg_does_not_trust_is_brought_again(machine: Machine) -> None:
    """What a power cut in the moment of unpacking leaves (seen in ``tools/setup-test --only cuts``, seed 18)."""
    machine.package("openssl")
    machine.package("ca-certificates")
    assert machine.install()[0] == 0
    status = machine.path("var/lib/dpkg/status")
    name, state = "Package: openssl\n", "Status: install ok installed"
    before, it, after = status.read_text().partition(name)
    assert state in after
    status.write_text(before + it + after.replace(state, "Status: install reinstreq unpacked", 1))
    code, said = machine.install()
    assert code == 0, said
    assert "finishes what was cut off: openssl" in said
    assert machine.states()["openssl"] == "install ok installed"


SAYS = {
    "en": ("packages are missing: openssl; apt says: ", "run this again when it works, or bring them in a folder"),
    "fr": (
        "il manque des paquets : openssl ; apt dit : ",
        "relancez quand cela marche, ou apportez-les dans un dossier",
    ),
}


@pytest.mark.parametrize("lang", SAYS)
def test_what_apt_says_is_passed_on(machine: Machine, lang: str) -> None:
    """A package that cannot be configured: apt's own sentence, not one about the network."""
    machine.package("openssl", postinst=FAILS)
    machine.package("ca-certificates")
    code, said = machine.install(lang=lang)
    assert code == 3
    last, (beginning, end) = said.strip().splitlines()[-1], SAYS[lang]
    assert last.startswith(f"✗ {beginning}")
    assert "error processing package openssl (--configure)" in last
    assert end in last


@pytest.mark.parametrize(
    ("whom", "lang", "sentence"),
    [("terminal", "en", "✗ interrupted; "), ("apt", "en", "✗ interrupted; "), ("apt", "fr", "✗ interrompu ; ")],
    ids=["terminal", "apt", "apt-fr"],
)
def test_ctrl_c_while_apt_works_is_an_interruption(machine: Machine, whom: str, lang: str, sentence: str) -> None:
    """From the terminal or seen by apt alone: code 130 and the word for it; the same command then goes on."""
    for name in ("openssl", "ca-certificates"):
        machine.package(name, postinst=WAITS)
    with machine.installing(lang) as (process, terminal):
        if whom == "terminal":
            os.write(terminal, b"\x03")
        else:
            os.kill(machine.apt(), signal.SIGINT)
        machine.hurry()
        code, said = process.wait(60), machine.all_of(terminal)
    assert code == 130, said
    assert sentence in said.strip().splitlines()[-1]
    code, said = machine.install()
    assert code == 0, said


def test_a_fault_of_somebody_elses_package_is_said_and_stops_nothing(machine: Machine) -> None:
    """What tools/setup needs is there: it goes on, and names what is broken; mended, it is theirs as before."""
    for name in ("openssl", "ca-certificates"):
        machine.package(name)
    assert machine.install()[0] == 0
    theirs = machine.package("theirs", postinst=FAILS_AT_FIRST).rename(machine.path("srv/theirs.deb"))
    machine.run("dpkg", "-i", f"/srv/{theirs.name}")
    assert machine.states()["theirs"] == "install ok half-configured"
    code, said = machine.install()
    assert code == 0, said
    assert "other packages of this machine are half installed, which does not matter here: theirs (" in said
    machine.hurry()
    assert machine.install()[0] == 0
    assert machine.states()["theirs"] == "install ok installed"
    assert remembered(machine) == {"openssl", "ca-certificates"}


THERE = {
    "en": "linky-gateway 99.0 is installed: keep it, or sudo apt remove linky-gateway first",
    "fr": "linky-gateway 99.0 est installé : gardez-le, ou d'abord sudo apt remove linky-gateway",
}
# What the real package does when it is taken away.
POSTRM = scripts(debian.NAME, debian.LIB, debian.DOC, [], debian.KEYS, debian.KEYRING, [])["postrm"]


def test_the_debian_package_of_the_gateway_is_not_shadowed(machine: Machine) -> None:
    """Where dpkg knows it nothing is touched, in one sentence; once it is removed, no older version takes its place."""
    for name in ("openssl", "ca-certificates"):
        machine.package(name)
    deb = machine.package("linky-gateway", "99.0", postrm=POSTRM).rename(machine.path("srv/ours.deb"))
    assert machine.run("dpkg", "-i", f"/srv/{deb.name}").returncode == 0
    before = machine.tree()
    for lang, sentence in THERE.items():
        code, said = machine.install(lang=lang)
        assert (code, said.count("\n")) == (3, 1), said
        assert sentence in said
    assert machine.tree() == before
    assert machine.run("dpkg", "-r", "linky-gateway").returncode == 0
    assert machine.states()["linky-gateway"] == "deinstall ok config-files"
    code, said = machine.install()
    assert code == 5
    assert f"{__version__} is older than linky-gateway 99.0" in said


@pytest.mark.parametrize("version", ["0.0.1", debian.VERSION])
def test_what_an_older_debian_package_left_behind_is_taken_over(machine: Machine, version: str) -> None:
    """Removed, a newer version goes on with what is the household's; purging the package later takes nothing of it."""
    for name in ("openssl", "ca-certificates"):
        machine.package(name)
    deb = machine.package("linky-gateway", version, postrm=POSTRM).rename(machine.path("srv/ours.deb"))
    machine.run("dpkg", "-i", f"/srv/{deb.name}")
    machine.run("dpkg", "-r", "linky-gateway")
    code, said = machine.install()
    assert code == 0, said
    machine.write("var/lib/linky-gateway/linky-gateway.sqlite", "readings")
    assert machine.run("dpkg", "-P", "linky-gateway").returncode == 0
    assert "linky-gateway" not in machine.states()
    assert machine.read("etc/linky-gateway/gateway.toml") == '[[meter]]\nsource = "/dev/mine"\n'
    assert machine.read("var/lib/linky-gateway/linky-gateway.sqlite") == "readings"
