"""A backup brought back onto a card that has a database: ``python -m power_cuts.restoring FOLDER``."""

from __future__ import annotations

import shutil
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.backup.act import look, restore, save
from gateway.backup.contents import CONFIG, DATABASE, BackupManifest
from gateway.backup.stage import Places
from gateway.store.connection import FILE_NAME
from gateway.store.copies import schema_of
from gateway.store.prepare import prepare
from gateway.store.store import Store
from power_cuts import migration
from power_cuts.house import content
from power_cuts.record import mark

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_BACKUP, _PASSPHRASE, _CONFIGURATION = "backup", "correct horse", "# brought back\n"

# A restored database gets an epoch of its own, and says when its steps were done.
_ITS_OWN = ("about", "_sqlite_migrations")


def begin(folder: Path) -> list[Mapping[str, Any]]:
    """Make the backup, and a gateway that lost its power while its last rows were in the WAL; the marks of it."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as other:
        migration.make(Path(other), len(migration.steps()))
        configuration = Path(other) / "gateway.toml"
        configuration.write_text(_CONFIGURATION)
        database = Path(other) / FILE_NAME
        manifest = BackupManifest(0, "0", schema_of(database))
        save(folder / _BACKUP, _PASSPHRASE, manifest, {CONFIG: configuration, DATABASE: database}, {})
    for name in ("etc", "data"):
        (folder / name).mkdir()
    with tempfile.TemporaryDirectory(dir=folder.parent) as running:
        prepare(Path(running))
        with closing(Store(Path(running))) as store:
            for number in range(200):
                store.meters.add(f"meter{number}")
            shutil.copytree(running, folder / "data", dirs_exist_ok=True)
        old = held(Path(running))
    done = folder.with_name("done")
    shutil.copytree(folder, done)
    bring_back(done)
    return [{"old": old, "restored": held(done / "data")}]


def bring_back(folder: Path) -> None:
    """Restore the backup as the command does."""
    places = Places(folder / "etc" / "gateway.toml", folder / "data", folder / "broker")
    path = folder / _BACKUP
    restore(path, _PASSPHRASE, look(path, _PASSPHRASE), places)


def held(folder: Path, name: str = FILE_NAME) -> dict[str, str] | None:
    """What a database there holds, but for what is each restoration's own; None when there is none."""
    if not (folder / name).exists():
        return None
    with closing(sqlite3.connect(folder / name)) as db:
        found = content(db)
        whole = db.execute("PRAGMA integrity_check(1)").fetchone()[0]
    return {table: digest for table, digest in found.items() if table not in _ITS_OWN} | {"": whole}


def main() -> None:
    """Bring the backup back."""
    bring_back(Path(sys.argv[1]))
    mark(done=True)


if __name__ == "__main__":
    main()
