"""Secrets that a household types at its page: files beside the database, which the gateway alone reads.

What root keeps is handed over by systemd at a start and cannot be written here; what is typed counts before it, and at
once. A secret stands in no setting, and each name is one of ours. It goes with the household's table for which it was
typed: one of the same name that comes later has its own.
"""

from __future__ import annotations

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
    file = _file(config, name)
    try:
        make_folder(file.parent, 0o700)
        write_whole(file, f"{value}\n".encode(), owner=owner_of_folder(file))
    except OSError as error:
        raise StoreError(say.NOT_KEPT.filled(path=file, why=reason(error))) from error


def drop_secret(config: Config, name: str) -> None:
    """Forget it: what root keeps counts again. StoreError, and nothing is changed."""
    file = _file(config, name)
    try:
        if file.is_file():
            file.unlink()
            sync(file.parent)
    except OSError as error:
        raise StoreError(say.NOT_KEPT.filled(path=file, why=reason(error))) from error


def drop_unused(config: Config) -> None:
    """Forget each that was typed for a table that the household has no more. StoreError, and some may be left."""
    for file in sorted((config.directory / _FOLDER).glob("*")):
        if _NAME.fullmatch(file.name) and not _is_used(config, file.name):
            drop_secret(config, file.name)


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


def _file(config: Config, name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise ValueError(name)
    return config.directory / _FOLDER / name
