"""``linky-gateway restore``: a backup onto a new card; it wants the daemon stopped, and root where files are root's."""

from __future__ import annotations

import os
import shutil
import sys
import tomllib
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.commands import backup
from gateway.commands.options import command, spoken
from gateway.errors import ArchiveError
from gateway.words.table import WordTable

if TYPE_CHECKING:
    import argparse

    from gateway.backup.act import Contents, Places
    from gateway.commands.options import Commands

USER = "linky-gateway"

_SAID = WordTable(
    {
        "of": "backup of {made} by version {version}",
        "restored": "restored: {count} files, of {made}",
        "aside": "replaced, and kept beside: {names}",
        "held": "The consents are held: one of them may have been withdrawn since. Nothing is sent before"
        " `linky-gateway consent resume RECIPIENT`, for each of those of `linky-gateway consent list` (held).",
        "once": "Do not use the old card any more: two gateways cannot have one account.",
    }
)


def declare(commands: Commands) -> None:
    """The command's arguments."""
    restore = command(commands, "restore", _restore, "a backup onto this machine, while the gateway is stopped")
    restore.add_argument("file", type=Path, metavar="FILE")
    restore.add_argument("--list", action="store_true", help="only check it to its end and say what is in it")
    restore.add_argument("--replace", action="store_true", help="set aside what is there already")
    backup.add_passphrase(restore)


def _restore(options: argparse.Namespace) -> int:
    from gateway.backup.act import conflicts, look, restore  # noqa: PLC0415
    from gateway.store.connection import WriterLock  # noqa: PLC0415

    passphrase = backup.passphrase_of(options, None)
    contents = look(options.file, passphrase)
    made = f"{datetime.fromtimestamp(contents.manifest.made, UTC):%Y-%m-%d %H:%M} UTC"
    if options.list:
        _say(options, "of", made=made, version=contents.manifest.version)
        for name, (size, _) in sorted(contents.files.items()):
            sys.stdout.write(f"{size:>12}  {name}\n")
        return 0
    os.umask(0o077)
    places = _places(options, contents)
    _make_state(places.state)
    lock = WriterLock(places.state)
    try:
        there = conflicts(contents, places)
        if there and not options.replace:
            names = ", ".join(map(str, there[:3])) + (f" and {len(there) - 3} more" if len(there) > 3 else "")
            raise ArchiveError(f"{names}: there already; add --replace to set aside what is there")
        aside = restore(options.file, passphrase, contents, places)
    finally:
        lock.release()
    _say(options, "restored", count=len(contents.files), made=made)
    if aside:
        _say(options, "aside", names=", ".join(map(str, aside)))
    _say(options, "held")
    _say(options, "once")
    return 0


def _places(options: argparse.Namespace, contents: Contents) -> Places:
    from gateway.backup.act import Places  # noqa: PLC0415
    from gateway.config.tables import StoreTable  # noqa: PLC0415

    try:
        directory = str(tomllib.loads(contents.config.decode())["store"]["directory"])
    except (ValueError, KeyError, TypeError):
        directory = StoreTable().directory
    return Places(options.config, options.config.parent / directory, backup.BROKER)


def _make_state(folder: Path) -> None:
    """On a new card the service's folder may not be there yet."""
    if folder.is_dir():
        return
    folder.mkdir(parents=True, mode=0o700)
    if os.geteuid() == 0:
        with suppress(LookupError):
            shutil.chown(folder, USER, USER)


def _say(options: argparse.Namespace, sentence: str, **facts: object) -> None:
    sys.stdout.write(_SAID[spoken(options)][sentence].format(**facts) + "\n")
