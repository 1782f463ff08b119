"""New databases for tests: copies of one that ``gateway.store.prepare`` made in this process, each with its own epoch.

To make one anew takes thirty times as long, and hundreds of tests begin with an empty one. How one is made, checked and
brought up to date is looked at in ``gateway/store/test_prepare.py``.
"""

from __future__ import annotations

import secrets
import sqlite3
import tempfile
from contextlib import closing
from functools import cache
from pathlib import Path

from gateway.files import make_folder
from gateway.store import prepare as real
from gateway.store.connection import FILE_NAME


@cache
def _made() -> dict[str, tuple[int, bytes]]:
    """The files of a folder that is prepared: name -> mode and content."""
    with tempfile.TemporaryDirectory() as folder:
        real.prepare(Path(folder))
        return {path.name: (path.stat().st_mode & 0o777, path.read_bytes()) for path in Path(folder).iterdir()}


def prepare(directory: Path) -> None:
    """What ``gateway.store.prepare.prepare`` does; where there is a database that itself does it."""
    if (directory / FILE_NAME).exists():
        real.prepare(directory)
        return
    make_folder(directory)
    for name, (mode, content) in _made().items():
        (directory / name).touch(mode)
        (directory / name).write_bytes(content)
    with closing(sqlite3.connect(directory / FILE_NAME)) as db, db:
        db.execute("UPDATE about SET value = ? WHERE key = 'epoch'", [secrets.token_hex(4)])
