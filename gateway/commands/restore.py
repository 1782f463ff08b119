"""``linky-gateway restore``: a backup onto a new card; it wants the daemon stopped, and root where files are root's.

With ``--page`` it is what the page was given (linky-gateway-restore.service), by somebody whom root does not believe:
nothing comes back outside of what this installation has. ``--finish`` ends one that a power cut has stopped.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
import tomllib
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.commands import backup
from gateway.commands.options import command, spoken
from gateway.errors import ArchiveError, ConfigError, GatewayError
from gateway.words.phrase import Phrase
from gateway.words.table import WordTable

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from gateway.backup.act import Contents
    from gateway.backup.stage import Places
    from gateway.commands.options import Commands

_SAID = WordTable(
    {
        "of": "backup of {made} by version {version}",
        "restored": "restored: {count} files, of {made}",
        "aside": "replaced, and kept beside: {names}",
        "held": "The consents are held: one of them may have been withdrawn since. Nothing is sent before"
        " `linky-gateway consent resume RECIPIENT`, for each of those of `linky-gateway consent list` (held).",
        "once": "Do not use the old card any more: two gateways cannot share one account.",
    }
)
_NO_FILE = Phrase("name the FILE of the backup")


def declare(commands: Commands) -> None:
    """The command's arguments."""
    restore = command(commands, "restore", _restore, "a backup onto this machine, while the gateway is stopped")
    restore.add_argument("file", nargs="?", type=Path, metavar="FILE")
    restore.add_argument("--list", action="store_true", help="only check it to its end and say what is in it")
    restore.add_argument("--json", action="store_true", help="with --list: for programs, also why it cannot be used")
    restore.add_argument("--replace", action="store_true", help="set aside what is there already")
    restore.add_argument("--page", action="store_true", help="nothing beyond this installation's own files (its unit)")
    restore.add_argument("--finish", action="store_true", help="end what a power cut has stopped (its unit)")
    backup.add_passphrase(restore)


def _restore(options: argparse.Namespace) -> int:
    if options.finish:
        return _finish(options)
    if options.file is None:
        raise ArchiveError(_NO_FILE)
    if options.list:
        return _list(options)
    os.umask(0o077)
    if not options.page:
        _bring_back(options)
        return 0
    try:
        _bring_back(options)
    except (GatewayError, OSError) as error:
        _write_down(options, error)
        raise
    return 0


def _finish(options: argparse.Namespace) -> int:
    from gateway.backup.act import finish  # noqa: PLC0415
    from gateway.backup.change import alone  # noqa: PLC0415

    with alone(options.config.parent):
        finish(options.config, backup.BROKER)
    return 0


def _bring_back(options: argparse.Namespace) -> None:
    from gateway.backup.act import look  # noqa: PLC0415
    from gateway.backup.change import alone  # noqa: PLC0415

    passphrase = backup.passphrase_of(options, None)
    contents = look(options.file, passphrase)
    places = _places(options, contents)
    with alone(options.config.parent):
        aside = _put_in_place(options, passphrase, contents, places)
    _say_ending(options, contents, places.state, aside)


def _put_in_place(options: argparse.Namespace, passphrase: str, contents: Contents, places: Places) -> Sequence[Path]:
    from gateway.backup.act import conflicts, finish, restore  # noqa: PLC0415
    from gateway.backup.change import owning  # noqa: PLC0415
    from gateway.store.connection import WriterLock  # noqa: PLC0415

    _make_state(places.state)
    with owning(places.state):
        lock = WriterLock(places.state)
    try:
        finish(options.config, backup.BROKER)
        there = conflicts(contents, places)
        if there and not options.replace:
            names = ", ".join(map(str, there[:3])) + (f" and {len(there) - 3} more" if len(there) > 3 else "")
            raise ArchiveError(f"{names}: there already; add --replace to set aside what is there")
        check = partial(_check_loads, places)
        return restore(options.file, passphrase, contents, places, believed=not options.page, check=check)
    finally:
        lock.release()


def _say_ending(options: argparse.Namespace, contents: Contents, state: Path, aside: Sequence[Path]) -> None:
    from gateway.store.brought_back import BroughtBack, write_ending  # noqa: PLC0415

    made, count = contents.manifest.made, len(contents.files)
    names = tuple(path.name for path in aside)
    ending = BroughtBack(
        ended=int(time.time()), made=made, version=contents.manifest.version[:40], files=count, aside=names
    )
    # It is done whatever is known of it.
    with suppress(OSError):
        write_ending(state, ending)
    _say(options, "restored", count=count, made=_day(made))
    if aside:
        _say(options, "aside", names=", ".join(map(str, aside)))
    _say(options, "held")
    _say(options, "once")


def _write_down(options: argparse.Namespace, error: Exception) -> None:
    """Why nothing came back, for the page; where not even that can be written, the unit's log has it."""
    from gateway.backup.faults import BackupFault  # noqa: PLC0415
    from gateway.config.tables import load  # noqa: PLC0415
    from gateway.store.brought_back import BroughtBack, write_ending  # noqa: PLC0415

    fault = getattr(error, "fault", BackupFault.OTHER)
    with suppress(OSError, GatewayError):
        write_ending(load(options.config).directory, BroughtBack(ended=int(time.time()), fault=fault, why=str(error)))


def _list(options: argparse.Namespace) -> int:
    from gateway.backup.act import look  # noqa: PLC0415
    from gateway.backup.faults import BackupError  # noqa: PLC0415

    try:
        contents = look(options.file, backup.passphrase_of(options, None))
    except BackupError as error:
        if options.json:
            print(json.dumps({"fault": error.fault}))
        raise
    sizes = {name: size for name, (size, _) in sorted(contents.files.items())}
    if options.json:
        print(json.dumps({"made": contents.manifest.made, "version": contents.manifest.version, "files": sizes}))
        return 0
    _say(options, "of", made=_day(contents.manifest.made), version=contents.manifest.version)
    for name, size in sizes.items():
        sys.stdout.write(f"{size:>12}  {name}\n")
    return 0


def _places(options: argparse.Namespace, contents: Contents) -> Places:
    from gateway.backup.stage import Places  # noqa: PLC0415
    from gateway.config.tables import StoreTable  # noqa: PLC0415

    try:
        directory = str(tomllib.loads(contents.config.decode())["store"]["directory"])
    except (ValueError, KeyError, TypeError):
        directory = StoreTable().directory
    places = Places(options.config, options.config.parent / directory, backup.BROKER)
    if options.page:
        from gateway.backup.own import check_is_own  # noqa: PLC0415
        from gateway.config.tables import load  # noqa: PLC0415

        check_is_own(contents, places, load(options.config).directory)
    return places


def _check_loads(places: Places, staged: Mapping[str, Path]) -> None:
    """A gateway that would not start by what comes back would be one that is lost, and its page with it."""
    from gateway.backup.contents import CONFIG, ETC, SECRETS  # noqa: PLC0415
    from gateway.backup.faults import BackupError, BackupFault  # noqa: PLC0415
    from gateway.config.staged import check_staged  # noqa: PLC0415

    etc, secrets = f"{ETC}/", f"{ETC}/{SECRETS}/"
    beside = {name.removeprefix(etc): file for name, file in staged.items() if name.startswith(etc)}
    beside = {name: file for name, file in beside.items() if not f"{etc}{name}".startswith((secrets, CONFIG))}
    try:
        check_staged(staged[CONFIG], places.config, beside)
    except ConfigError as error:
        sentence = f"{error}; so it stands in the backup, and nothing was changed"
        raise BackupError(BackupFault.ELSEWHERE, sentence) from error


def _make_state(folder: Path) -> None:
    """On a new card the service's folder may not be there yet."""
    from gateway.backup.change import USER  # noqa: PLC0415

    if folder.is_dir():
        return
    folder.mkdir(parents=True, mode=0o700)
    if os.geteuid() == 0:
        with suppress(LookupError):
            shutil.chown(folder, USER, USER)


def _day(made: int) -> str:
    return f"{datetime.fromtimestamp(made, UTC):%Y-%m-%d %H:%M} UTC"


def _say(options: argparse.Namespace, sentence: str, **facts: object) -> None:
    sys.stdout.write(_SAID[spoken(options)][sentence].format(**facts) + "\n")
