"""``linky-gateway backup`` and ``restore``: the whole installation in one encrypted file, and onto a new card.

``backup FILE`` asks for a passphrase; without a FILE it is the nightly one, which has its place and its passphrase from
``[backup]``. Both run beside the daemon. ``restore`` wants it stopped, and root where the configuration is root's.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import time
import tomllib
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.commands.board import PASSWORDS
from gateway.commands.speech import add_language, spoken
from gateway.errors import ArchiveError, ConfigError, GatewayError, StoreError, reason

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from gateway.backup.act import Contents, Places
    from gateway.config.tables import Config

BROKER = PASSWORDS.parent
USER = "linky-gateway"

_OWN_NAME = re.compile(r"linky-gateway-\d{8}T\d{6}Z\.backup")
_PACKING = ".packing"

_SAID = {
    "fr": {
        "saved": "sauvegarde vérifiée : {to} ({size} Mo) ; sans sa phrase de passe elle ne sert à rien",
        "left-out": "n'y est pas : {names} (illisible pour cet utilisateur : avec sudo, si ; ou ailleurs que la"
        " configuration)",
        "forgotten": "anciennes sauvegardes supprimées : {count}",
        "of": "sauvegarde du {made} par la version {version}",
        "restored": "restauré : {count} fichiers, du {made}",
        "aside": "remplacé, et gardé à côté : {names}",
        "held": "Les consentements attendent : l'un d'eux a pu être retiré depuis. Rien n'est envoyé avant"
        " `linky-gateway consent resume DESTINATAIRE`, pour chacun de ceux de `linky-gateway consent list` (held).",
        "once": "L'ancienne carte ne doit plus servir : deux passerelles ne peuvent pas avoir le même compte.",
        "ask": "Phrase de passe : ",
        "again": "Encore une fois : ",
    },
    "en": {
        "saved": "backup verified: {to} ({size} MB); it is of no use without its passphrase",
        "left-out": "not in it: {names} (not readable for this user: with sudo it is; or elsewhere than the"
        " configuration)",
        "forgotten": "old backups removed: {count}",
        "of": "backup of {made} by version {version}",
        "restored": "restored: {count} files, of {made}",
        "aside": "replaced, and kept beside: {names}",
        "held": "The consents are held: one of them may have been withdrawn since. Nothing is sent before"
        " `linky-gateway consent resume RECIPIENT`, for each of those of `linky-gateway consent list` (held).",
        "once": "Do not use the old card any more: two gateways cannot have one account.",
        "ask": "Passphrase: ",
        "again": "Once more: ",
    },
}


def add_actions(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Make the commands known; ``add`` makes one with its ``--config``."""
    backup = add("backup", _backup, "everything, encrypted, in one file; without FILE the nightly one of [backup]")
    backup.add_argument("file", nargs="?", type=Path, metavar="FILE")
    restore = add("restore", _restore, "a backup onto this machine, while the gateway is stopped")
    restore.add_argument("file", type=Path, metavar="FILE")
    restore.add_argument("--list", action="store_true", help="only check it to its end and say what is in it")
    restore.add_argument("--replace", action="store_true", help="set aside what is there already")
    for command in (backup, restore):
        command.add_argument("--passphrase-file", type=Path, metavar="FILE", help="its first line (default: a prompt)")
        add_language(command)


def _backup(options: argparse.Namespace) -> int:
    from gateway.config.tables import load  # noqa: PLC0415
    from gateway.links import nightly_backup as nightly  # noqa: PLC0415 (each command pays for what it needs)

    config = load(options.config)
    if options.file or not config.backup:
        return _save(options, config)
    try:
        code = _save(options, config)
    except (GatewayError, OSError) as error:
        # Where not even this can be written the gateway sees by itself how old the last good one is.
        with suppress(OSError):
            nightly.failed(
                config.directory, time.time(), error.phrase if isinstance(error, GatewayError) else reason(error)
            )
        raise
    nightly.ended_well(config.directory, time.time())
    return code


def _save(options: argparse.Namespace, config: Config) -> int:
    from gateway import __version__  # noqa: PLC0415
    from gateway.backup.act import save  # noqa: PLC0415
    from gateway.backup.contents import DATABASE, Manifest, find  # noqa: PLC0415
    from gateway.store.connection import FILE_NAME  # noqa: PLC0415
    from gateway.store.copies import copy_database, schema_of  # noqa: PLC0415

    to = options.file or _second_place(config) / f"linky-gateway-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.backup"
    passphrase = _passphrase(options, config)
    os.umask(0o077)
    database = config.directory / FILE_NAME
    if not database.is_file():
        raise StoreError(f"{database}: no such database; start the gateway once, or check [store] directory")
    copy = _scratch(config, database.stat().st_size) / (FILE_NAME + _PACKING)
    found = find(options.config, _named(config), config.directory, BROKER)
    try:
        copy_database(database, copy)
        manifest = Manifest(int(time.time()), __version__, schema_of(copy))
        size = save(to, passphrase, manifest, {**found.files, DATABASE: copy}, _secrets())
    finally:
        copy.unlink(missing_ok=True)
    _say(options, "saved", to=to, size=f"{size / 1e6:.1f}")
    if found.left_out:
        _say(options, "left-out", names=", ".join(map(str, found.left_out)))
    if options.file is None and config.backup and (count := _forget(to.parent, config.backup.keep)):
        _say(options, "forgotten", count=count)
    return 0


def _restore(options: argparse.Namespace) -> int:
    from gateway.backup.act import conflicts, look, restore  # noqa: PLC0415
    from gateway.store.connection import WriterLock  # noqa: PLC0415

    passphrase = _passphrase(options, None)
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


def _named(config: Config) -> list[Path]:
    """The files that the configuration names, and that of linky-display beside it."""
    names = ["display.toml"]
    for table in (config.federation, config.mqtt):
        names += [name for name in (table.password_file, table.ca_file) if name] if table else []
    if config.backup and config.backup.passphrase_file:
        names.append(config.backup.passphrase_file)
    return [config.path(name) for name in names]


def _places(options: argparse.Namespace, contents: Contents) -> Places:
    from gateway.backup.act import Places  # noqa: PLC0415
    from gateway.config.tables import Store  # noqa: PLC0415

    try:
        directory = str(tomllib.loads(contents.config.decode())["store"]["directory"])
    except (ValueError, KeyError, TypeError):
        directory = Store().directory
    return Places(options.config, options.config.parent / directory, BROKER)


def _make_state(folder: Path) -> None:
    """On a new card the service's folder may not be there yet."""
    if folder.is_dir():
        return
    folder.mkdir(parents=True, mode=0o700)
    if os.geteuid() == 0:
        with suppress(LookupError):
            shutil.chown(folder, USER, USER)


def _second_place(config: Config) -> Path:
    if config.backup is None:
        raise ConfigError("no [backup] in the configuration: name a FILE, or add that table for a nightly one")
    place = config.path(config.backup.directory)
    try:
        same = place.stat().st_dev == config.directory.stat().st_dev
    except OSError as error:
        raise ConfigError(
            f"backup.directory: {place}: {error.strerror}; is the stick plugged in and mounted?"
        ) from error
    if same and not config.backup.same_card:
        raise ConfigError(
            f"backup.directory: {place} is on the same card as the database: is the stick plugged in and mounted?"
            " (same_card = true if it is meant so)"
        )
    return place


def _scratch(config: Config, size: int) -> Path:
    """Where the database is copied to before it is packed: in memory where systemd gives some, else beside itself."""
    folder = os.environ.get("RUNTIME_DIRECTORY", "")
    if folder and shutil.disk_usage(folder).free > 2 * size:
        return Path(folder)
    return config.directory


def _secrets() -> dict[str, bytes]:
    """The passwords that systemd hands over, which this user could not read in their files."""
    from gateway.config.tables import BACKUP_CREDENTIAL, MQTT_CREDENTIAL, PASSWORD_CREDENTIAL, credential_file  # noqa: PLC0415

    names = (PASSWORD_CREDENTIAL, MQTT_CREDENTIAL, BACKUP_CREDENTIAL)
    return {name: file.read_bytes() for name in names if (file := credential_file(name))}


def _passphrase(options: argparse.Namespace, config: Config | None) -> str:
    from gateway.backup.cipher import LEAST_CHARACTERS  # noqa: PLC0415
    from gateway.config.tables import BACKUP_CREDENTIAL, credential_file, password_from  # noqa: PLC0415

    file = options.passphrase_file
    if file is None and config and options.file is None:
        named = config.backup.passphrase_file if config.backup else None
        file = config.path(named) if named else credential_file(BACKUP_CREDENTIAL)
        if file is None:
            raise ConfigError("backup.passphrase_file: set it, or the systemd credential backup-passphrase")
    passphrase = password_from(file) if file else _typed(options, twice=config is not None)
    if config and len(passphrase) < LEAST_CHARACTERS:
        raise ConfigError(f"the passphrase must have {LEAST_CHARACTERS} characters at least: a stick is easily lost")
    return passphrase


def _typed(options: argparse.Namespace, *, twice: bool) -> str:
    from getpass import getpass  # noqa: PLC0415

    if not sys.stdin.isatty():
        raise ConfigError("there is no terminal to ask for the passphrase on: name a --passphrase-file")
    passphrase = getpass(_words(options, "ask"))
    if twice and getpass(_words(options, "again")) != passphrase:
        raise ConfigError("the two passphrases are not the same; nothing was written")
    return passphrase


def _forget(place: Path, keep: int) -> int:
    """Remove the oldest nightly backups beyond so many; how many."""
    old = sorted(path for path in place.iterdir() if _OWN_NAME.fullmatch(path.name))[:-keep]
    for path in old:
        path.unlink()
    return len(old)


def _words(options: argparse.Namespace, sentence: str, **facts: object) -> str:
    return _SAID[spoken(options)][sentence].format(**facts)


def _say(options: argparse.Namespace, sentence: str, **facts: object) -> None:
    sys.stdout.write(_words(options, sentence, **facts) + "\n")
