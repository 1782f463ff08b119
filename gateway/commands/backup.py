"""``linky-gateway backup``: the whole installation in one encrypted file; it runs beside the daemon.

``backup FILE`` asks for a passphrase; without a FILE it is the nightly one, which has its place and its passphrase from
``[backup]``.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.commands.asking import settle
from gateway.commands.board import PASSWORDS
from gateway.commands.options import add_language, command, configured, spoken
from gateway.errors import ConfigError, GatewayError, StoreError, reason
from gateway.words.table import WordTable

if TYPE_CHECKING:
    import argparse

    from gateway.commands.options import Commands
    from gateway.config.tables import Config

BROKER = PASSWORDS.parent

_OWN_NAME = re.compile(r"linky-gateway-\d{8}T\d{6}Z\.backup")

_SAID = WordTable(
    {
        "saved": "backup verified: {to} ({size} MB); it is of no use without its passphrase",
        "left-out": "not in it: {names} (not readable for this user: with sudo it is; or elsewhere than the"
        " configuration)",
        "forgotten": "old backups removed: {count}",
        "ask": "Passphrase: ",
        "again": "Once more: ",
    }
)


def declare(commands: Commands) -> None:
    """The command's arguments."""
    text = "everything, encrypted, in one file; without FILE the nightly one of [backup]"
    backup = command(commands, "backup", _backup, text)
    backup.add_argument("file", nargs="?", type=Path, metavar="FILE")
    add_passphrase(backup)


def add_passphrase(parser: argparse.ArgumentParser) -> None:
    """Where the passphrase is, and in which language it is asked for; of ``restore`` too."""
    parser.add_argument("--passphrase-file", type=Path, metavar="FILE", help="its first line (default: a prompt)")
    add_language(parser)


def _backup(options: argparse.Namespace) -> int:
    from gateway.links import nightly_backup as nightly  # noqa: PLC0415 (each command pays for what it needs)

    config = configured(options)
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
    from gateway.backup.contents import DATABASE, BackupManifest, find  # noqa: PLC0415
    from gateway.store.connection import FILE_NAME  # noqa: PLC0415
    from gateway.store.copies import copy_database, schema_of  # noqa: PLC0415

    to = options.file or _second_place(config) / f"linky-gateway-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.backup"
    passphrase = passphrase_of(options, config)
    os.umask(0o077)
    database = config.directory / FILE_NAME
    if not database.is_file():
        raise StoreError(f"{database}: no such database; start the gateway once, or check [store] directory")
    copy = _scratch(config, to, database.stat().st_size)
    found = find(options.config, _named(config), config.directory, BROKER)
    settle(config)
    try:
        copy_database(database, copy)
        manifest = BackupManifest(int(time.time()), __version__, schema_of(copy))
        size = save(to, passphrase, manifest, {**found.files, DATABASE: copy}, _secrets(broker=found.broker))
    finally:
        copy.unlink(missing_ok=True)
    _say(options, "saved", to=to, size=f"{size / 1e6:.1f}")
    if found.left_out:
        _say(options, "left-out", names=", ".join(map(str, found.left_out)))
    if options.file is None and config.backup and (count := _forget(to.parent, config.backup.keep)):
        _say(options, "forgotten", count=count)
    return 0


def _named(config: Config) -> list[Path]:
    """The files that the configuration names, and that of linky-display beside it."""
    names = ["display.toml"]
    for table in (config.federation, config.mqtt):
        names += [name for name in (table.password_file, table.ca_file) if name] if table else []
    names += [one.url_file for one in config.notice if one.url_file]
    if config.backup and config.backup.passphrase_file:
        names.append(config.backup.passphrase_file)
    # The prices of a contract may be in the file of an offer; an example comes with the program.
    names += dict.fromkeys(one.offer for one in config.tariff if one.offer and one.offer.endswith(".toml"))
    names += dict.fromkeys(one.file for one in config.roof if one.file)
    return [config.path(name) for name in names]


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


def _scratch(config: Config, to: Path, size: int) -> Path:
    """Where the database is copied to before it is packed: in memory where systemd gives some, else beside itself.

    Of a backup that is made there it has the name as well, so that it is known whose it was if it is cut off.
    """
    from gateway.store.connection import FILE_NAME  # noqa: PLC0415
    from gateway.store.copies import PACKING  # noqa: PLC0415

    if to.parent.absolute() == config.directory.absolute():
        return to.with_name(to.name + PACKING)
    folder = os.environ.get("RUNTIME_DIRECTORY", "")
    there = bool(folder) and shutil.disk_usage(folder).free > 2 * size
    return (Path(folder) if there else config.directory) / (FILE_NAME + PACKING)


def _secrets(*, broker: bool) -> dict[str, bytes]:
    """The passwords that systemd hands over, which this user could not read in their files.

    That of the broker only with the broker's own files: on a new card it would be another one than that broker knows.
    """
    from gateway.config.notice import NOTICES_CREDENTIAL  # noqa: PLC0415
    from gateway.config.tables import BACKUP_CREDENTIAL, MQTT_CREDENTIAL, PASSWORD_CREDENTIAL, credential_file  # noqa: PLC0415

    names = {name: name for name in (PASSWORD_CREDENTIAL, BACKUP_CREDENTIAL, *((MQTT_CREDENTIAL,) if broker else ()))}
    for notice in Path(os.environ.get("CREDENTIALS_DIRECTORY", "/nowhere")).glob(f"{NOTICES_CREDENTIAL}_*"):
        names[notice.name.replace("_", "/", 1)] = notice.name
    return {name: file.read_bytes() for name, one in names.items() if (file := credential_file(one))}


def passphrase_of(options: argparse.Namespace, config: Config | None) -> str:
    """The passphrase: of the file that is named, else typed, twice for a new backup (``config`` is there)."""
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
    """Remove the oldest nightly backups beyond so many; how many.

    First those after which another was made that day: who has one made again and again lets none of yesterday go.
    """
    own = sorted(path for path in place.iterdir() if _OWN_NAME.fullmatch(path.name))
    last = {path.name.partition("T")[0]: path for path in own}.values()
    old = [*(path for path in own if path not in last), *last][: max(len(own) - keep, 0)]
    for path in old:
        path.unlink()
    return len(old)


def _words(options: argparse.Namespace, sentence: str, **facts: object) -> str:
    return str(_SAID[spoken(options)][sentence].format(**facts))


def _say(options: argparse.Namespace, sentence: str, **facts: object) -> None:
    sys.stdout.write(_words(options, sentence, **facts) + "\n")
