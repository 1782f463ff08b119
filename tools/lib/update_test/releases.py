"""Releases of the trial: this tree as other versions, some with a fault, packed and listed in a signed folder."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.journal import ed25519
from gateway.upkeep.releases.keys import render_public, signature_line
from gateway.upkeep.updates.kind import deb_version
from setup_test.root import begin_archives, make_archive

ROOT = Path(__file__).resolve().parents[3]
SEED = b"\x07" * 32
# Now, and for ever: the trial's clock is the machine's.
_EPOCH = int(time.time())

_STATUS = "def _status(options: argparse.Namespace) -> int:\n"
_STEP = '''

@migrations()
def trial_{0}(db: Database) -> None:
    """A step of the trial."""
    {1}
'''
_STEPS, _SCRIPT = "gateway/store/migrations.py", "DEBIAN/postinst"
# What each release changes: file, text, what stands there instead ("" as text: at the end).
Change = tuple[str, str, str]
# A step on a card with years of minutes takes its time, longer than the patience of whoever judges.
PATIENCE_S = 45
STEP_S = PATIENCE_S + 10
_ADDS = f'db.execute("CREATE TABLE trial (id INTEGER PRIMARY KEY) STRICT"); __import__("time").sleep({STEP_S})'
GOOD: list[Change] = [(_STEPS, "", _STEP.format("adds", _ADDS))]
FAULTS: dict[str, list[Change]] = {
    "does not start": [("gateway/daemon/app.py", "", '\nraise SystemExit("a release that does not start")\n')],
    # The former version gives a row of this table four values, and fails with five columns.
    "cannot report, and changes the database": [
        (_STEPS, "", _STEP.format("destroys",
                                  'db.execute("ALTER TABLE reading ADD COLUMN trial INTEGER NOT NULL DEFAULT 0")')),
        ("gateway/store/rollups.py", "INTO reading VALUES", "INTO reading (series, time, value, quality) VALUES"),
        ("gateway/commands/status.py", _STATUS, f"{_STATUS}    raise SystemExit(9)\n"),
    ],
    "breaks the page": [
        ("gateway/web/page.py", "    async def run(self, stop: asyncio.Event) -> None:\n",
         "    async def run(self, stop: asyncio.Event) -> None:\n        raise OSError('a release without a page')\n"),
    ],
    "loses readings": [(_STEPS, "", _STEP.format("loses", 'db.execute("DELETE FROM reading")'))],
    "has a script that fails": [(_SCRIPT, "set -e\n", "set -e\nexit 3\n")],
}  # fmt: skip


def make_deb(work: Path, version: str) -> Path:
    """The package of this tree as that version."""
    tree, to = work / "tree", work / "debs"
    shutil.rmtree(tree, ignore_errors=True)
    for name in ("gateway", "systemd", "micropython", "tools"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    for name in ("CHANGELOG.md", "LICENSE", "README.md", "pyproject.toml"):
        shutil.copy(ROOT / name, tree / name)
    # What is not known to git is in no package.
    for words in (("init", "-q"), ("add", "--all")):
        subprocess.run(["git", "-C", tree, *words], check=True)
    _call(tree / "gateway/__init__.py", version)
    to.mkdir(exist_ok=True)
    code = (
        "import pathlib, sys; from package import debian;"
        " debian.build(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3]))"
    )
    subprocess.run(
        [sys.executable, "-c", code, tree, to, str(_EPOCH)], check=True, cwd=tree,
        env=os.environ | {"PYTHONPATH": f"{tree}:{tree}/tools/lib"},
    )  # fmt: skip
    return to / f"linky-gateway_{deb_version(version)}_all.deb"


def derived(work: Path, deb: Path, version: str, changes: list[Change]) -> Path:
    """The same package as another version, with those changes."""
    tree = work / "derived"
    shutil.rmtree(tree, ignore_errors=True)
    subprocess.run(["dpkg-deb", "-R", deb, tree], check=True)
    control = tree / "DEBIAN/control"
    control.write_text(re.sub(r"(?m)^Version: .*$", f"Version: {deb_version(version)}", control.read_text()))
    _call(tree / "usr/lib/linky-gateway/gateway/__init__.py", version)
    for file, old, new in changes:
        path = tree / (file if file.startswith("DEBIAN/") else f"usr/lib/linky-gateway/{file}")
        text = path.read_text()
        if old not in text:
            raise AssertionError(f"{file} has no {old!r}")
        path.write_text(text.replace(old, new, 1) if old else text + new)
    to = work / "debs" / f"linky-gateway_{deb_version(version)}_all.deb"
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", tree, to], check=True, capture_output=True
    )
    return to


class VersionMaker:
    """This tree as other versions, with changes: packages, or what tools/setup takes.

    Args:
        work: where they are made.
        by_setup: for tools/setup, of what is committed; else packages, of what lies here.
    """

    def __init__(self, work: Path, *, by_setup: bool) -> None:
        self._work, self._key = work, work / "key.pem"
        self.faults = {fault: what for fault, what in FAULTS.items() if not by_setup or what[0][0] != _SCRIPT}
        self._deb: Path | None = None
        if by_setup:
            begin_archives(work)
            self._key.write_bytes(_private_key())
        else:
            self._deb = make_deb(work, "0.3.0")

    def make(self, version: str, changes: list[Change]) -> Path:
        """The file that is installed; what belongs to it lies beside it."""
        if self._deb:
            return derived(self._work, self._deb, version, changes)
        return make_archive(self._work, self._key, version, changes)


def _private_key() -> bytes:
    words = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Ed25519PrivateKey.from_private_bytes(SEED).private_bytes(*words)


def _call(about: Path, version: str) -> None:
    about.write_text(re.sub(r'__version__ = ".*"', f'__version__ = "{version}"', about.read_text()))


class TrialReleases:
    """The folder of releases below a path that a server in the container serves."""

    def __init__(self, path: Path) -> None:
        self.path, self._serial = path, 0
        path.mkdir(parents=True, exist_ok=True)

    @staticmethod
    def key() -> str:
        """The public key, as a machine keeps it."""
        return render_public(ed25519.public_of(SEED))

    def publish(self, version: str, release: Path) -> None:
        """Offer it as the latest, with what belongs to it."""
        self._serial += 1
        to = self.path / "releases" / version
        to.mkdir(parents=True, exist_ok=True)
        for file in (release, *release.parent.glob(f"{release.name.removesuffix('.tar.gz')}.sha256*")):
            shutil.copy(file, to)
        now = datetime.now(UTC)
        text = (
            json.dumps(
                {
                    "serial": self._serial,
                    "version": version,
                    "issued": (now - timedelta(hours=1)).isoformat(),
                    "expires": (now + timedelta(days=90)).isoformat(),
                    "min_version": "0.1.0",
                    "notes": {"fr": "Un essai.", "en": "A trial."},
                    "files": {
                        str(file.relative_to(self.path)): {
                            "size": file.stat().st_size,
                            "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
                        }
                        for file in to.iterdir()
                    },
                }
            ).encode()
            + b"\n"
        )
        (self.path / "latest.json.sig").write_text(signature_line(ed25519.public_of(SEED), ed25519.sign(SEED, text)))
        (self.path / "latest.json").write_bytes(text)
