"""A workshop that makes folders of releases: real keys of both kinds, a stand-in for what a commit is built to."""

import io
import subprocess
import sys
import tarfile
import tempfile
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.upkeep.owner import ProjectOwner
from package.debian import version_of
from release import folder, parts
from release.signing import Signers

ROOT = Path(__file__).resolve().parents[3]
NOW = datetime.now(UTC).replace(microsecond=0)
URL = "https://example.org/linky"
CHANGELOG = """# Changelog

## [{version}] - 2026-11-29

En bref : la page dit {version}.

In short: the page says {version}.

### For households

#### Security
- A weakness less.
"""
# In place of tools/setup: says what it was called with, and with which key.
SETUP = '#!/bin/sh\nprintf "%s\\n" "$@" >"$INSTALLED"\ncat "$3" >>"$INSTALLED"\n'


class Workshop:
    """Makes folders; ``key(name)`` and ``apt_key(name)`` are made when they are first asked for."""

    def __init__(self, place, gpg_home, monkeypatch):
        self.place, self.gpg_home = place, gpg_home
        monkeypatch.setattr(parts, "check_out", self._check_out)
        monkeypatch.setattr(parts, "build", self._build)

    def key(self, name="key"):
        path = self.place / f"{name}.pem"
        if not path.exists():
            subprocess.run([ROOT / "tools/release", "--new-key", path], check=True, capture_output=True)
        return path

    def apt_key(self, name="archive"):
        known = self.gpg("--with-colons", "--list-keys")
        if f":{name} <" not in known:
            words = ["--faked-system-time", "20260101T000000!", "--pinentry-mode", "loopback", "--passphrase", ""]
            self.gpg(*words, "--quick-generate-key", f"{name} <{name}@example.org>", "ed25519", "sign", "never")
        listed = self.gpg("--with-colons", "--list-keys", name)
        return next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr:"))

    def gpg(self, *words):
        command = ["gpg", "--homedir", self.gpg_home, "--batch", "--quiet", *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def make(self, out, version="1.0.0", *, keys=("key",), apt_keys=("archive",), **options):
        """A folder; its list."""
        signers = Signers(tuple(map(self.key, keys)), tuple(map(self.apt_key, apt_keys)), self.gpg_home)
        about = {"before": None, "url": URL, "owner": ProjectOwner(), "days": 90, "date": NOW - timedelta(hours=1)}
        return folder.make(folder.Wanted(out=out, commit=version, signers=signers, **about | options))

    def _check_out(self, commit, tree):
        tree.mkdir()
        (tree / "CHANGELOG.md").write_text(CHANGELOG.format(version=commit))
        return parts.SourceTree(tree, commit, 1_790_000_000)

    def _build(self, source, to, key, wheels, public, keyring):
        to.mkdir(parents=True)
        name = f"linky-gateway-{source.version}"
        archive = tarfile.TarInfo(f"{name}/tools/setup")
        archive.size, archive.mode = len(SETUP), 0o755
        with tarfile.open(to / f"{name}.tar.gz", "w:gz", compresslevel=9) as tar:
            tar.addfile(archive, io.BytesIO(SETUP.encode()))
        # gzip's own time is in its head.
        content = bytearray((to / f"{name}.tar.gz").read_bytes())
        content[4:8] = bytes(4)
        (to / f"{name}.tar.gz").write_bytes(content)
        tree = source.tree / "deb"
        (tree / "DEBIAN").mkdir(parents=True)
        fields = {"Package": "linky-gateway", "Version": version_of(source.version), "Architecture": "all"}
        fields |= {"Maintainer": "t <t@example.org>", "Description": "trial"}
        (tree / "DEBIAN/control").write_text("".join(f"{key}: {value}\n" for key, value in fields.items()))
        deb = to / f"linky-gateway_{version_of(source.version)}_all.deb"
        command = ["dpkg-deb", "--root-owner-group", "--build", tree, deb]
        epoch = {"SOURCE_DATE_EPOCH": str(source.seconds), "PATH": "/usr/bin:/bin"}
        subprocess.run(command, check=True, capture_output=True, env=epoch)
        return deb


@pytest.fixture(scope="session")
def gpg_home():
    """Give a home for gpg: its agent's socket needs a short path."""
    with tempfile.TemporaryDirectory(prefix="g", dir="/tmp") as home:
        yield Path(home)
        subprocess.run(["gpgconf", "--homedir", home, "--kill", "gpg-agent"], check=False, capture_output=True)


@pytest.fixture
def workshop(tmp_path, gpg_home, monkeypatch):
    """Give a place where folders are made."""
    (tmp_path / "keys").mkdir()
    return Workshop(tmp_path / "keys", gpg_home, monkeypatch)


@contextmanager
def hosted(place):
    """The folder on a web server of this machine; its address."""
    command = [sys.executable, "-u", "-m", "http.server", "--bind", "127.0.0.1", "--directory", place, "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            yield f"http://127.0.0.1:{server.stdout.readline().split(' port ')[1].split()[0]}"
        finally:
            server.terminate()
