"""What the trial needs before its network is cut off: a Debian root, its packages, releases. Kept for the next time."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import stat
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from harness.container import make_base

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[3]

_NOW = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]

# What Raspberry Pi OS Lite has as well, and setup does not bring.
_BASE = "systemd-sysv udev dbus systemd-timesyncd ca-certificates iproute2 kmod login netbase passwd".split()
# What Raspberry Pi OS Lite of trixie has, and a card of tools/provision counts on.
_CARD = "cloud-init openssh-server sudo".split()
# What setup asks apt for.
WANTED = "python3 python3-venv openssl ca-certificates unattended-upgrades needrestart mosquitto avahi-daemon".split()
LIBRARIES = "python3-slixmpp python3-msgspec python3-serial python3-cryptography python3-jinja2".split()

# The former version gives a row of this table four values, and fails with five columns.
_DESTROYS = '''

@migrations()
def trial_that_destroys(db: Database) -> None:
    """A step that no older version survives."""
    db.execute("ALTER TABLE reading ADD COLUMN trial INTEGER NOT NULL DEFAULT 0")
'''
_ADDS = '''

@migrations()
def trial_that_adds(db: Database) -> None:
    """A step that an older version does not mind."""
    db.execute("CREATE TABLE trial (id INTEGER PRIMARY KEY) STRICT")
'''

_STEPS, _STATUS = "gateway/store/migrations.py", "def _status(options: argparse.Namespace) -> int:\n"
# What each release changes: file, text, what stands there instead ("" as text: at the end).
_RELEASES: dict[str, list[tuple[str, str, str]]] = {
    "0.1.0": [],
    "0.1.1": [(_STEPS, "", _ADDS)],
    "0.1.2": [("gateway/daemon/app.py", "", '\nraise SystemExit("a release that does not start")\n')],
    "0.1.3": [
        (_STEPS, "", _DESTROYS),
        ("gateway/store/rollups.py", "INTO reading VALUES", "INTO reading (series, time, value, quality) VALUES"),
        ("gateway/commands/status.py", _STATUS, f"{_STATUS}    raise SystemExit(9)\n"),
    ],
    "0.1.4": [(_STEPS, "", _ADDS)],
}


_WHEELS = ("--wildcards", "*/wheels")


def run(*command: object, **options: object) -> str:
    """Run a program; what it printed. CalledProcessError, its words shown, when it fails."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, **options)
    if done.returncode:
        print(done.stdout[-2000:], done.stderr[-4000:])
        done.check_returncode()
    return done.stdout


def prepare(folder: Path, suite: str, parts: Sequence[str]) -> None:
    """Make what is not there: ``base.tar``, ``card.tar``, ``debs/``; the releases are made anew."""
    begun = time.monotonic()
    base, debs = folder / "base.tar", folder / "debs"
    _make_root(base, _BASE, suite)
    if [*parts] == ["folder"]:
        return
    if suite == "trixie":
        _make_root(folder / "card.tar", [*_BASE, *_CARD], suite)
    wanted = WANTED + (LIBRARIES if suite == "trixie" else [])
    if fetch_debs(folder, base, debs, wanted) and suite != "trixie":
        _fetch_wheels(debs / "wheels")
    print(f"Debian root and packages: {time.monotonic() - begun:.0f} s", flush=True)
    begun = time.monotonic()
    make_releases(folder)
    print(f"{len(_RELEASES)} releases: {time.monotonic() - begun:.0f} s", flush=True)


def _make_root(tar: Path, packages: list[str], suite: str) -> None:
    if not tar.exists():
        part = tar.with_suffix(".part")
        make_base(part, packages, suite)
        part.rename(tar)


def lay_archive(debs: Path, root: Path) -> None:
    """Make apt believe that those packages are all of Debian: an archive of files, so that no network is needed."""
    shutil.copytree(debs, root / "srv/debian")
    index = ""
    for deb in sorted(debs.glob("*.deb")):
        sha = hashlib.sha256(deb.read_bytes()).hexdigest()
        index += (
            f"{run('dpkg-deb', '--field', deb)}Filename: ./{deb.name}\nSize: {deb.stat().st_size}\nSHA256: {sha}\n\n"
        )
    (root / "srv/debian/Packages").write_text(index)
    for old in (root / "etc/apt/sources.list.d").glob("*"):
        old.unlink()
    (root / "etc/apt/sources.list").write_text("deb [trusted=yes] file:/srv/debian ./\n")


def unpack(base: Path, root: Path) -> None:
    """A fresh root."""
    if root.exists():
        shutil.rmtree(root)
    root.mkdir()
    run("tar", "-C", root, "--numeric-owner", "--xattrs", "--exclude=./dev/*", "-xf", base)


def fetch_debs(folder: Path, base: Path, debs: Path, wanted: Sequence[str]) -> bool:
    """These packages and what they depend on, into a folder, unless they are there: False then."""
    note, names = debs / "wanted", "\n".join(wanted)
    if note.exists() and note.read_text() == names:
        return False
    shutil.rmtree(debs, ignore_errors=True)
    root = folder / "fetching"
    unpack(base, root)
    shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
    # Debian 12's apt asks a shell script whether a signature is good.
    os.mknod(root / "dev/null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    (root / "dev/null").chmod(0o666)
    run("chroot", root, "apt-get", "-q", "update")
    run("chroot", root, "apt-get", "-q", "-y", "--no-install-recommends", "--download-only", "install", *wanted)
    part = folder / "debs.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    for deb in (root / "var/cache/apt/archives").glob("*.deb"):
        shutil.move(deb, part)
    (part / "wanted").write_text(names)
    part.rename(debs)
    shutil.rmtree(root)
    return True


def _fetch_wheels(to: Path) -> None:
    """The compiled libraries that Debian 12 has too old: for its Python, by their hashes."""
    platforms = [f"manylinux{old}_{platform.machine()}" for old in ("2014", "_2_17", "_2_28", "_2_34")]
    options = [
        "--no-deps",
        "--require-hashes",
        "--only-binary=:all:",
        "--python-version=3.11",
        "-r",
        "requirements.txt",
    ]
    options += [f"--platform={one}" for one in (*platforms, "any")]
    run(sys.executable, "-m", "pip", "download", "-q", *options, "-d", to, cwd=ROOT)


def make_releases(folder: Path) -> None:
    """One that is well, one better, one that does not start, one that changes the database and cannot say how it is."""
    key = folder / "trial-key.pem"
    key.unlink(missing_ok=True)
    run(ROOT / "tools/release", "--new-key", key)
    begin_archives(folder)
    for version, changes in _RELEASES.items():
        make_archive(folder, key, version, changes)


def begin_archives(folder: Path) -> None:
    """A clone of what is committed, of which releases are made; those of another time go."""
    for old in (folder / "releases", folder / "source"):
        shutil.rmtree(old, ignore_errors=True)
    run("git", "clone", "-q", "--no-hardlinks", ROOT, folder / "source")


def make_archive(folder: Path, key: Path, version: str, changes: Sequence[tuple[str, str, str]]) -> Path:
    """A signed release with those changes: its archive, with the two other files beside it."""
    out, source = folder / "releases", folder / "source"
    release(source, version, changes)
    run(source / "tools/release", "--key", key, "--out", out, *taken_wheels(folder))
    archive = out / f"linky-gateway-{version}.tar.gz"
    keep_wheels(folder, archive)
    return archive


def _wheels(folder: Path) -> Path:
    """Where wheels are kept; those of another time may be of other requirements."""
    pinned = hashlib.sha256((ROOT / "requirements.txt").read_bytes()).hexdigest()[:12]
    return folder / f"wheels-{pinned}"


def taken_wheels(folder: Path) -> tuple[object, ...]:
    """The option by which a release takes the wheels of an earlier one, where there are any."""
    return ("--wheels", _wheels(folder)) if _wheels(folder).exists() else ()


def keep_wheels(folder: Path, archive: Path) -> None:
    """Those of a release, for the next one."""
    if not _wheels(folder).exists():
        _wheels(folder).mkdir()
        run("tar", "-C", _wheels(folder), "-xzf", archive, "--strip-components=2", *_WHEELS)


def release(source: Path, version: str, changes: Sequence[tuple[str, str, str]]) -> None:
    """Commit a version with these changes: file, text, what stands there instead."""
    run("git", "-C", source, "reset", "-q", "--hard", "origin/HEAD")
    versions = [("pyproject.toml", f'\nversion = "{_NOW}"', f'\nversion = "{version}"')]
    versions += [("gateway/__init__.py", f'__version__ = "{_NOW}"', f'__version__ = "{version}"')]
    for name, old, new in (*versions, *changes):
        file = source / name
        text = file.read_text()
        assert old in text, f"{name} has no {old!r}"
        file.write_text(text.replace(old, new, 1) if old else text + new)
    author = ("-c", "user.name=trial", "-c", "user.email=trial@example.org")
    run("git", "-C", source, *author, "commit", "-q", "--allow-empty", "-am", f"Version {version}")
