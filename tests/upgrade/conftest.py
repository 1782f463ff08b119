"""What 0.1.0 left behind (``0.1.0/README.md``), and today's program at the moment at which that was made."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from harness.points import lay_out

ROOT = Path(__file__).resolve().parents[2]
FIXTURE = Path(__file__).parent / "0.1.0"
SAID = json.loads((FIXTURE / "said.json").read_text(encoding="utf-8"))
# Debian's package faketime; the dynamic linker knows what its $LIB is.
THEN = {
    "LD_PRELOAD": "/usr/$LIB/faketime/libfaketime.so.1",
    "FAKETIME": f"@{SAID['at']}",
    "TZ": "UTC",
    "FAKETIME_DONT_FAKE_MONOTONIC": "1",
}

Rows = dict[str, list[tuple[object, ...]]]


def unpacked(name: str, to: Path) -> Path:
    """The folder that an archive of the fixture makes."""
    to.mkdir()
    with tarfile.open(FIXTURE / name) as tar:
        tar.extractall(to, filter="tar")
    return to


class House:
    """The folder of a house that 0.1.0 ran, and today's command line on it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.config = folder, folder / "gateway.toml"
        self.database = folder / "data/linky-gateway.sqlite"

    def gateway(self, *words: object, code: int = 0) -> str:
        """A command; what it printed."""
        command = [sys.executable, "-m", "gateway", *map(str, words), "--config", str(self.config)]
        environment = {**os.environ, **THEN, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
        done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment, timeout=120)
        assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def rows(self, columns: dict[str, str]) -> Rows:
        """Every row of these tables, in these columns."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as db:
            lay_out(db)
            return {name: sorted(db.execute(f"SELECT {of} FROM {name}"), key=repr) for name, of in columns.items()}

    def columns(self) -> dict[str, str]:
        """Every table but the one of sums that are made again (``kept_day`` today), and its columns."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as db:
            tables = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
            return {
                name: ", ".join(f'"{row[1]}"' for row in db.execute(f"PRAGMA table_info({name})"))
                for name in sorted(tables)
                if not name.startswith(("sqlite_", "_")) and name != "self_use"
            }


@pytest.fixture
def house(tmp_path: Path, injuring_tools: None) -> House:
    """Give the folder of the house as 0.1.0 left it."""
    return House(unpacked("house.tar.xz", tmp_path / "house"))


@pytest.fixture
def empty(tmp_path: Path, injuring_tools: None) -> House:
    """Give the folder of a house of which nothing is there yet but its configuration's place."""
    folder = tmp_path / "new"
    folder.mkdir()
    return House(folder)


@pytest.fixture
def passphrase(tmp_path: Path) -> Path:
    """Give the file of the passphrase that the fixture's README tells."""
    file = tmp_path / "passphrase"
    shutil.copy(unpacked("house.tar.xz", tmp_path / "again") / "passphrase", file)
    return file
