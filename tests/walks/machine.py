"""The machine of a walk: a Debian with nothing of ours, in a container that systemd boots, and a terminal at it.

Two kinds. ``whole``: the smallest Debian 13 that mmdebstrap makes, with what Raspberry Pi OS has besides; its packages
are Debian's own, fetched once into ``~/.cache/linky-gateway/walks``, and apt is told that these are all there are, so
that nothing but loopback is needed. The other, for the suite: this machine's own Debian seen through, as
``tests/units/boot.py`` has it; packages that this machine lacks are of a few bytes, the Python libraries among them
those of the tests' environment. In both the person is root, to whom ``sudo`` is what runs the rest of the line.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from contextlib import contextmanager
from importlib.metadata import distribution
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gateway import __version__
from gateway.daemon.clock import kernel_synchronized
from harness import ROOT
from harness.container import Container, make_base
from package import debian
from setup_test.root import fetch_debs, lay_archive
from setup_test.root import unpack as unpack_base
from tests.gateway.sources.usb_tree import UsbTree
from tests.units import boot
from tests.walks.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# Where a person has unpacked what was downloaded.
RELEASE, HOME = "/root/linky-gateway", "/root"
_CACHE = Path("~/.cache/linky-gateway/walks").expanduser()
NAME = "linky-pi"
_TARGET = "linky-walk.target"
_USB = "/srv/usb"
_BASE = (
    "systemd-sysv udev dbus systemd-timesyncd ca-certificates iproute2 kmod login netbase passwd sudo procps".split()
)
# What tools/setup asks apt for, on what it is told by a person who says yes to all.
_OF_SETUP = "python3-venv openssl unattended-upgrades needrestart mosquitto avahi-daemon mosquitto-clients".split()
# Debian's name of a library -> that of the environment.
_LIBRARIES = {
    "python3-click-default-group": "click-default-group", "python3-dateutil": "python-dateutil",
    "python3-paho-mqtt": "paho-mqtt", "python3-pluggy": "pluggy", "python3-segno": "segno",
    "python3-sqlite-fts4": "sqlite-fts4", "python3-tabulate": "tabulate",
}  # fmt: skip
_PURE = ("aiomqtt", "click", "click-default-group", "microdot", "paho-mqtt", "pluggy", "python-dateutil", "segno")
_PURE += ("sqlite-fts4", "sqlite-utils", "tabulate", "tzdata")
_DISTRIBUTED = ("gateway", "systemd", "tools", "hardware", "micropython", "*.md", "*.toml", "*.txt", "LICENSE")


def require(scratch: Path, *, whole: bool) -> None:
    """Skip where no container can be booted, or no Debian be made."""
    boot.require(scratch)
    if whole and shutil.which("mmdebstrap") is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("Debian package that is not installed: mmdebstrap")


class WalkedDebian:
    """A machine that is there as long as the ``with`` lasts: ``booted``."""

    def __init__(self, container: Container, folder: Path) -> None:
        self.container, self.folder = container, folder

    @contextmanager
    def terminal(self, language: str, folder: str = RELEASE) -> Iterator[Terminal]:
        """A shell of a person of that language, in a folder of this machine."""
        with Terminal(self.container.words(folder), language) as shell:
            yield shell

    def path(self, name: str) -> Path:
        """A file of this machine."""
        return self.container.path(name)

    def release(
        self, version: str = __version__, place: str = RELEASE, changes: Sequence[tuple[str, str, str]] = ()
    ) -> None:
        """Lay out what a person downloads and unpacks there: this tree, as that version, with its wheels.

        ``changes``: file, what stands there, what stands there instead, where a stand-in is not the thing itself.
        """
        laid = self.folder / f"release-{version}"
        lay_out_release(laid, version)
        for name, old, new in changes:
            text = (laid / name).read_text(encoding="utf-8")
            assert text.count(old) == 1, (name, old)
            (laid / name).write_text(text.replace(old, new), encoding="utf-8")
        shutil.copytree(laid, self.path(place), symlinks=True, dirs_exist_ok=True)

    def give_libraries(self, requirements: str, place: str = RELEASE) -> None:
        """Those of the tests' environment, where the tools of a release would fetch them from the index."""
        venv = self.path(place) / ".venv"
        (venv / "bin").mkdir(parents=True)
        (venv / "bin/python").symlink_to(Path(sys.executable).resolve())
        (venv / "lib").symlink_to(Path(sys.prefix, "lib"))
        shutil.copy(Path(sys.prefix, "pyvenv.cfg"), venv)
        stamp = f"source {place}/tools/bootstrap.sh; _stamp requirements.txt {requirements}"
        self.container.do("bash", "-c", stamp)

    @property
    def code_of_setup(self) -> int:
        """How ``tools/setup`` ends here: 4 where nobody tells this kernel the time, which it says."""
        return 0 if kernel_synchronized() else 4

    def only_the_clock_is_missing(self, said: str) -> None:
        """Of what ``tools/setup`` looks at in the end nothing is wrong but that."""
        wrong = [line for line in said.splitlines() if line.startswith("✗")]
        assert bool(wrong) == (self.code_of_setup != 0), said
        assert all("connaît pas l'heure" in line or "does not know the time" in line for line in wrong), wrong

    def package(self, version: str = "") -> None:
        """Lay the Debian package of this tree into root's own folder, in the place of another; as that version."""
        deb = debian.build(ROOT, self.folder, int(time.time()), level=1)
        for old in self.path(HOME).glob("*.deb"):
            old.unlink()
        if version:
            deb = _as_version(deb, version)
        shutil.copy(deb, self.path(HOME))


@contextmanager
def booted(
    folder: Path,
    *,
    whole: bool,
    packages: Sequence[str] = (),
    starts: Sequence[str] = (),
    binds: Sequence[str] = (),
    adapters: Mapping[str, Mapping[str, str]] | None = None,
) -> Iterator[WalkedDebian]:
    """A Debian that has just been installed, and runs.

    Args:
        folder: for its files.
        whole: which kind; the first lines say what is in it.
        packages: what is told to be installed besides what ``tools/setup`` and our own package want.
        starts: services of this machine's Debian that start by themselves where they are installed (not ``whole``).
        binds: PATH:PATH-INSIDE of devices and folders.
        adapters: what is plugged in by USB: its name (``ttyUSB0``) -> its pty (``device``), and what it says of itself.
    """
    root, log = folder / "root", folder / "console.log"
    plugged = adapters or {}
    binds = [*binds, *(f"{one['device']}:/dev/{name}" for name, one in plugged.items())]
    wanted = dict.fromkeys([*_OF_SETUP, *(re.sub(r" \(.*", "", name) for name in debian.DEPENDS), *packages])
    if whole:
        _make(root, list(wanted))
        machine = Container(root, log, binds)
    else:
        _see_through(root, list(wanted), starts)
        machine = Container(root, log, binds, boot.SYSTEM, _TARGET)
    _plug(root, plugged)
    with machine as container:
        if plugged:
            container.do("mount", "--bind", f"{_USB}/sys/class/tty", "/sys/class/tty")
        if not whole:
            container.do("sh", "-c", "rm -rf /etc/apt/sources.list.d/* /etc/apt/apt.conf.d/*proxy*")
        # What mDNS says in a house.
        WalkedDebian(container, folder).path("/etc/hosts").write_text(f"127.0.0.1 localhost {NAME} {NAME}.local\n")
        container.do("hostname", NAME)
        container.do("apt-get", "-q", "update")
        yield WalkedDebian(container, folder)


def _make(root: Path, wanted: list[str]) -> None:
    _CACHE.mkdir(parents=True, exist_ok=True)
    base = _CACHE / "base.tar"
    if not base.exists():
        part = base.with_suffix(".part")
        make_base(part, _BASE)
        part.rename(base)
    names = " ".join(sorted(wanted))
    debs = _CACHE / f"debs-{hashlib.sha256(names.encode()).hexdigest()[:12]}"
    fetch_debs(_CACHE, base, debs, wanted)
    unpack_base(base, root)
    lay_archive(debs, root)


def _plug(root: Path, adapters: Mapping[str, Mapping[str, str]]) -> None:
    """What the kernel says of adapters, as a tree of files; in it links lead where they do inside."""
    tree = UsbTree(root / _USB.lstrip("/"))
    for number, (name, one) in enumerate(adapters.items(), start=1):
        tree.plug(name, place=f"1-1.{number}", **{"device": "/dev/null", **one})
    for path in [root, *root.joinpath("srv").rglob("*")]:
        if path.is_symlink():
            to = path.resolve()
            path.unlink()
            path.symlink_to(f"/{to.relative_to(root.resolve())}" if to.is_relative_to(root.resolve()) else to)
        else:
            path.chmod(path.stat().st_mode | 0o755)


def _see_through(root: Path, wanted: list[str], starts: Sequence[str]) -> None:
    units = root / "etc/systemd/system"
    also = "".join(f"Wants={unit}\n" for unit in starts)
    for path, text in (
        (units / _TARGET, f"[Unit]\nRequires=basic.target\nAfter=basic.target\nAllowIsolate=yes\n{also}"),
        (root / "etc/fstab", ""),
        (root / "etc/hostname", f"{NAME}\n"),
        (root / "usr/sbin/policy-rc.d", "#!/bin/sh\n"),
        (root / "usr/local/bin/sudo", _SUDO),
        (root / "etc/apt/apt.conf.d/99walk", 'APT::Sandbox::User "root";\nAcquire::Languages "none";\n'),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    debs = root.with_name("debs")
    debs.mkdir()
    for name in wanted:
        if name not in _installed():
            _small_package(debs, name)
    lay_archive(debs, root)
    for path in (root, *root.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.parent.name in ("bin", "sbin") else 0o644)
    (root / "root").mkdir(mode=0o700)


def _as_version(deb: Path, version: str) -> Path:
    tree = deb.with_suffix("")
    subprocess.run(["dpkg-deb", "--raw-extract", deb, tree], check=True)
    for name, old in (("DEBIAN/control", debian.VERSION), (f"{debian.LIB}/gateway/__init__.py", __version__)):
        text = (tree / name).read_text(encoding="utf-8")
        assert old in text
        (tree / name).write_text(text.replace(old, version, 1), encoding="utf-8")
    to = deb.with_name(f"{debian.NAME}_{version}_all.deb")
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Znone", "--build", tree, to], check=True, capture_output=True)
    return to


# "sudo -u NAME command" and "sudo command"; whoever types is root.
_SUDO = """#!/bin/sh
[ "$1" != -u ] || { who=$2; shift 2; exec runuser -u "$who" -- "$@"; }
exec "$@"
"""


def _installed() -> set[str]:
    status = Path("/var/lib/dpkg/status").read_text(encoding="utf-8")
    return set(re.findall(r"^Package: (\S+)\nStatus: \S+ ok installed$", status, re.MULTILINE))


def _small_package(debs: Path, name: str) -> None:
    """One that is there in name; of a library of Python its modules too."""
    tree = debs / f"of-{name}"
    (tree / "DEBIAN").mkdir(parents=True)
    control = f"Package: {name}\nVersion: 99\nArchitecture: all\nMaintainer: t <t@example.org>\nDescription: trial\n"
    (tree / "DEBIAN/control").write_text(control)
    if name in _LIBRARIES:
        for file in distribution(_LIBRARIES[name]).files or ():
            if file.suffix == ".py" and not file.as_posix().startswith(".."):
                target = tree / "usr/lib/python3/dist-packages" / file.as_posix()
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file.locate(), target)
    command = ["dpkg-deb", "--root-owner-group", "-Znone", "--build", tree, debs / f"{name}_99_all.deb"]
    subprocess.run(command, check=True, capture_output=True)
    shutil.rmtree(tree)


def lay_out_release(to: Path, version: str) -> None:
    """What ``tools/release`` packs, of this tree: its files, as that version, and wheels of what Debian has not."""
    to.mkdir()
    listed = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "-z", *_DISTRIBUTED], check=True, capture_output=True
    ).stdout
    pack = subprocess.run(
        ["tar", "-C", ROOT, "--null", "-T", "-", "-cf", "-"], input=listed, check=True, capture_output=True
    )
    subprocess.run(["tar", "-C", to, "-xf", "-"], input=pack.stdout, check=True)
    for name, sign in (("pyproject.toml", 'version = "{}"'), ("gateway/__init__.py", '__version__ = "{}"')):
        text = (to / name).read_text(encoding="utf-8")
        assert sign.format(__version__) in text
        (to / name).write_text(text.replace(sign.format(__version__), sign.format(version)), encoding="utf-8")
    wheels = to.with_name(f"{to.name}-wheels")
    wheels.mkdir()
    for name in _PURE:
        _repack(name, wheels)
    # The installer's own way, which makes our wheel and takes the others from there.
    found = to.with_name(f"{to.name}-found")
    subprocess.run(
        ["bash", "-c", _WHEELHOUSE, "-", to, found, wheels], check=True, capture_output=True, text=True
    )  # fmt: skip
    found.rename(to / "wheels")


_WHEELHOUSE = """
set -e
source <(sed '/^main "\\$@"/d; /^readonly TREE/d; /^TREE=/d' "$1/tools/lib/setup/wheelhouse.sh")
TREE=$1
mkdir "$2"
build_ours "$2"
cp "$3"/*.whl "$2"
list_wheels "$2" >"$2/requirements.txt"
"""


def _repack(name: str, to: Path) -> None:
    """A wheel of a library of the environment: its files as pip has put them there."""
    found = distribution(name)
    file = to / f"{name.replace('-', '_')}-{found.version}-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as wheel:
        for one in found.files or ():
            inside = one.as_posix()
            if not inside.startswith("..") and one.suffix != ".pyc" and not inside.endswith(("INSTALLER", "REQUESTED")):
                wheel.write(one.locate(), inside)
