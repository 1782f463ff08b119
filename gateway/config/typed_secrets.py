"""Secrets that a household types at its page: files beside the database, which the gateway alone reads.

What root keeps is handed over by systemd at a start and cannot be written here; what is typed counts before it, and at
once. A secret stands in no setting, and each name is one of ours. It goes with the household's table for which it was
typed: one of the same name that comes later has its own.

One that is typed anew lies beside the former (``.new``) until its settings are kept, with the digest of their file as
its second line: whatever stopped in between, the start knows which of the two goes with what was kept.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from gateway.config import words as say
from gateway.config.notice import NOTICES_CREDENTIAL
from gateway.config.tables import MQTT_CREDENTIAL, password_from
from gateway.errors import ConfigError, StoreError, reason
from gateway.files import make_folder, owner_of_folder, sync, write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.config.tables import Config

_FOLDER = "secrets"
_BESIDE, _DRAFT = ".new", ".draft"
_NAME = re.compile(rf"{MQTT_CREDENTIAL}|{NOTICES_CREDENTIAL}_[a-z0-9][a-z0-9-]{{0,31}}")


def typed_secret(config: Config, name: str) -> Path | None:
    """The file of a secret, whose first line it is; None where none was typed."""
    file = _file(config, name)
    return file if file.is_file() else None


def name_of(place: str) -> str:
    """Under which name the secret of a table is kept: of ``mqtt``, or of ``notice.`` and a way's name."""
    return MQTT_CREDENTIAL if place == "mqtt" else f"{NOTICES_CREDENTIAL}_{place.removeprefix('notice.')}"


def kept_secret(config: Config, name: str) -> str:
    """What was typed; empty where nothing was, or where it cannot be read and is of no use."""
    file = typed_secret(config, name)
    try:
        return password_from(file) if file else ""
    except ConfigError:
        return ""


def keep_secret(config: Config, name: str, value: str) -> None:
    """Keep it, in the place of the one before; StoreError, and nothing is changed."""
    _write(_file(config, name), f"{value}\n")


def prepare_secret(config: Config, name: str, value: str, kept: bytes) -> None:
    """Have it on the disk before the settings that it goes with. StoreError, and nothing is changed.

    Args:
        config: where the secrets are.
        name: whose it is.
        value: what was typed; empty: nothing is to be kept of that name.
        kept: the file of the settings, as it will be.
    """
    _write(_beside(_file(config, name)), f"{value}\n{hashlib.sha256(kept).hexdigest()}\n")


def complete_secret(config: Config, name: str) -> None:
    """Its settings are kept: it takes the former one's place. StoreError, and the next start does it."""
    beside = _beside(_file(config, name))
    try:
        value = beside.read_bytes().partition(b"\n")[0].decode()
    except OSError as error:
        raise StoreError(say.NOT_KEPT.filled(path=beside, why=reason(error))) from error
    if value:
        keep_secret(config, name, value)
    else:
        drop_secret(config, name)
    _unlink(beside)


def give_up_secret(config: Config, name: str) -> None:
    """Its settings are not kept: the former one is the only one. StoreError, and the next start does it."""
    _unlink(_beside(_file(config, name)))


def drop_secret(config: Config, name: str) -> None:
    """Forget it: what root keeps counts again. StoreError, and nothing is changed."""
    _unlink(_file(config, name))


def drop_unused(config: Config) -> None:
    """End what was cut off, and forget each that was typed for a table that the household has no more.

    Nothing is forgotten while nobody knows which tables there are. StoreError, and some may be left.
    """
    if config.settings.unread:
        return
    for file in sorted((config.directory / _FOLDER).glob("*")):
        if file.suffix in (_BESIDE, _DRAFT) and _NAME.fullmatch(file.name.partition(".")[0]):
            _end(config, file)
    for file in sorted((config.directory / _FOLDER).glob("*")):
        if _NAME.fullmatch(file.name) and not _is_used(config, file.name):
            drop_secret(config, file.name)


def _end(config: Config, file: Path) -> None:
    """One that was written and not put into its place; a draft is of a time before that."""
    name = file.name.removesuffix(_BESIDE)
    if _NAME.fullmatch(name) and _goes_with_what_is_kept(config, file):
        complete_secret(config, name)
    else:
        _unlink(file)


def _goes_with_what_is_kept(config: Config, beside: Path) -> bool:
    try:
        digest = hashlib.sha256(config.settings_file.read_bytes()).hexdigest().encode()
        return beside.read_bytes().split(b"\n")[1:2] == [digest]
    except FileNotFoundError:
        return False
    except OSError as error:
        raise StoreError(say.NOT_KEPT.filled(path=beside, why=reason(error))) from error


def _is_used(config: Config, name: str) -> bool:
    # By what is kept: a table that does not go with the file just now counts again once it does.
    tables, refused = config.settings.tables, config.settings.refused
    if name == MQTT_CREDENTIAL:
        signs_in = config.mqtt is not None and config.mqtt.user is not None
        return bool(tables.get("mqtt")) and ("mqtt" in refused or signs_in)
    ways = tables.get("notice") or {}
    return any(way is not None and name_of(f"notice.{one}") == name for one, way in ways.items())


def of_the_household(config: Config) -> list[Path]:
    """The files of those by which people are told: an erasure of everything takes them along."""
    return sorted((config.directory / _FOLDER).glob(f"{NOTICES_CREDENTIAL}_*"))


def _beside(file: Path) -> Path:
    return file.with_name(file.name + _BESIDE)


def _write(file: Path, text: str) -> None:
    try:
        make_folder(file.parent, 0o700)
        write_whole(file, text.encode(), owner=owner_of_folder(file))
    except OSError as error:
        raise StoreError(say.NOT_KEPT.filled(path=file, why=reason(error))) from error


def _unlink(file: Path) -> None:
    try:
        if file.is_file():
            file.unlink()
            sync(file.parent)
    except OSError as error:
        raise StoreError(say.NOT_KEPT.filled(path=file, why=reason(error))) from error


def _file(config: Config, name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise ValueError(name)
    return config.directory / _FOLDER / name
