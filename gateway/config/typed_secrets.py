"""Secrets that a household types at its page: files beside the database, which the gateway alone reads.

What root keeps is handed over by systemd at a start and cannot be written here; what is typed counts before it, and at
once. A secret stands in no setting, and each name is one of ours.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gateway.config import words as say
from gateway.errors import StoreError, reason
from gateway.files import make_folder, owner_of_folder, sync, write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.config.tables import Config

_FOLDER = "secrets"
_NAME = re.compile(r"mqtt-password|notices_[a-z0-9][a-z0-9-]{0,31}")


def typed_secret(config: Config, name: str) -> Path | None:
    """The file of a secret, whose first line it is; None where none was typed."""
    file = _file(config, name)
    return file if file.is_file() else None


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


def of_the_household(config: Config) -> list[Path]:
    """The files of those by which people are told: an erasure of everything takes them along."""
    return sorted((config.directory / _FOLDER).glob("notices_*"))


def _file(config: Config, name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise ValueError(name)
    return config.directory / _FOLDER / name
