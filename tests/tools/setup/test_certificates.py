"""The certificates of the house's broker: a board that wakes in 2000 believes them, on the day they are made too."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.tools.setup.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.tools.setup.conftest import System

FOLDER = "etc/mosquitto/linky"


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    """The household has boards."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    path = tmp_path / "answers"
    path.write_text("port = auto\nmqtt = yes\nboards = yes\n")
    return path


# The installer's step for the broker alone, as tools/setup runs it.
_STEP = """
set -Eeuo pipefail
readonly EXIT_FAILED=1
DRY_RUN=0 LANGUAGE=en
declare -A ANSWER=([mqtt]=yes [boards]=yes)
for file in words report progress files broker; do source "$TREE/tools/lib/setup/$file.sh"; done
broker_is_done || broker_do
"""


def step(system: System) -> None:
    """Run that step."""
    scratch = system.folder.parent / "scratch"
    scratch.mkdir(exist_ok=True)
    environment = {**os.environ, "TREE": str(ROOT), "ROOT": str(system.folder), "SCRATCH": str(scratch)}
    done = subprocess.run(["bash", "-c", _STEP], capture_output=True, text=True, check=False, env=environment)
    shutil.rmtree(scratch)
    assert done.returncode == 0, done.stderr


def openssl(*words: object) -> str:
    """What it says."""
    done = subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True, check=True, timeout=30)
    return done.stdout


def when(certificate: Path, end: str = "startdate") -> datetime:
    """When it begins, or ends."""
    said = openssl("x509", "-in", certificate, "-noout", f"-{end}").partition("=")[2].strip()
    return datetime.strptime(said, "%b %d %H:%M:%S %Y GMT").replace(tzinfo=UTC)


def is_good(folder: Path, name: str) -> bool:
    """Whether the authority vouches for the broker of this name, with the key that lies beside."""
    said = openssl("verify", "-CAfile", folder / "ca.crt", "-verify_hostname", name, folder / "server.crt")
    of_key = openssl("pkey", "-in", folder / "server.key", "-pubout")
    return said.endswith(": OK\n") and openssl("x509", "-in", folder / "server.crt", "-noout", "-pubkey") == of_key


def test_the_broker_s_certificate_begins_with_its_authority(system: System, answers: Path) -> None:
    """Both begin at the same moment, a day ago at least; so a board's clock, a day after it, is not in the future."""
    system.write("etc/hostname", "pi\n")
    system.setup("install", "--config", answers)
    folder = system.folder / FOLDER
    assert is_good(folder, "pi.local")
    assert when(folder / "server.crt") == when(folder / "ca.crt") <= datetime.now(UTC) - timedelta(days=1)
    assert when(folder / "server.crt", "enddate") == when(folder / "ca.crt", "enddate")
    assert when(folder / "ca.crt", "enddate") > datetime.now(UTC) + timedelta(days=7200)
    rights = {name: mode for name, (mode, _) in system.tree().items() if name.startswith(f"{FOLDER}/")}
    assert rights == {f"{FOLDER}/{name}.{kind}": mode for name in ("ca", "server") for kind, mode in RIGHTS.items()}


RIGHTS = {"key": 0o600, "crt": 0o644}


def test_a_certificate_that_begins_later_is_made_anew(system: System) -> None:
    """Of a former version: the same authority and the same key, its name as it was, the time the authority's."""
    folder = system.folder / FOLDER
    folder.mkdir(parents=True)
    new_key = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "7300"]
    made = folder / "ca.crt"
    key = folder / "ca.key"
    openssl(*new_key, "-subj", "/CN=linky at home", "-addext", "basicConstraints=critical,CA:TRUE", "-keyout", key,
            "-out", made, "-not_before", "20260101000000Z", "-not_after", "20460101000000Z")  # fmt: skip
    openssl(*new_key, "-subj", "/CN=old.local", "-addext", "subjectAltName=DNS:old.local", "-addext",
            "basicConstraints=critical,CA:FALSE", "-CA", made, "-CAkey", key, "-keyout", folder / "server.key",
            "-out", folder / "server.crt")  # fmt: skip
    before = {name: (folder / name).read_bytes() for name in ("ca.crt", "ca.key", "server.key")}
    step(system)
    assert {name: (folder / name).read_bytes() for name in before} == before
    assert when(folder / "server.crt") == datetime(2026, 1, 1, tzinfo=UTC)
    assert is_good(folder, "old.local")


def test_what_a_cut_left_of_them_is_made_whole(system: System) -> None:
    """An authority without the broker's certificate, or with one that is half written: kept, and the rest is made."""
    step(system)
    folder = system.folder / FOLDER
    authority = (folder / "ca.crt").read_bytes()
    for spoil in (lambda path: path.unlink(), lambda path: path.write_bytes(path.read_bytes()[:100])):
        spoil(folder / "server.crt")
        step(system)
        assert (folder / "ca.crt").read_bytes() == authority
        assert openssl("verify", "-CAfile", folder / "ca.crt", folder / "server.crt").endswith(": OK\n")


def test_an_authority_of_the_household_s_own_is_left_alone(system: System) -> None:
    """Where its key is not here, the certificates are somebody's own: not one byte of them changes."""
    step(system)
    folder = system.folder / FOLDER
    (folder / "ca.key").unlink()
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    step(system)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
