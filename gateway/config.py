"""One TOML file to frozen structs; an unknown key, a wrong type or a missing file is one sentence naming its path.

``systemd/gateway.toml`` is the commented default. Relative paths are taken from the folder of the file. Secrets are
never in it: a password is in a file of its own, or in a systemd credential.
"""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from gateway.errors import ConfigError

# systemd hands credentials over in this folder (systemd.exec(5), LoadCredential=).
PASSWORD_CREDENTIAL = "xmpp-password"  # noqa: S105 (the name of the credential, not its content)

MAX_RETENTION = "P3Y"

_NAME = "^[a-z0-9][a-z0-9-]{0,31}$"
_SENSOR = "^[a-z0-9][a-z0-9._-]{0,63}$"

# A century is for ever, and its seconds still fit into SQLite's numbers.
Hours = Annotated[int, msgspec.Meta(ge=1, le=876_600)]
Days = Annotated[int, msgspec.Meta(ge=1, le=36_525)]


class Meter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[[meter]]``: where one meter's bytes come from, and what its series are called."""

    name: Annotated[str, msgspec.Meta(pattern=_NAME)] = "house"
    source: str
    mode: Literal["auto", "historic", "standard"] = "auto"
    # The id in series names; random when it is not given. A serial number would follow the household for ever.
    sensor: Annotated[str, msgspec.Meta(pattern=_SENSOR)] | None = None
    # The delivery point, needed for urn: names in historic mode, which does not carry it.
    prm: Annotated[str, msgspec.Meta(pattern="^[0-9]{14}$")] | None = None


class Store(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[store]``: the folder of the database, how often it is written, how long it is kept."""

    directory: str = "/var/lib/linky-gateway"
    commit_interval_s: Annotated[int, msgspec.Meta(ge=1, le=300)] = 60
    raw_hours: Hours = 48
    minute_days: Days = 1095
    outbox_days: Days = 90


class Federation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[federation]``: the account, and how it speaks."""

    jid: Annotated[str, msgspec.Meta(pattern=r"^[^@/\s]+@[^@/\s]+$")]
    resource: Annotated[str, msgspec.Meta(pattern=r"^[^\s/]+$")] = "proxy"
    password_file: str | None = None
    address: Annotated[str, msgspec.Meta(pattern=r"^.+:[0-9]{1,5}$")] | None = None
    ca_file: str | None = None
    units: Literal["secondary", "primary"] = "secondary"
    # What the recipients are bound to (ISO 8601 duration), written into every pack.
    max_retention: Annotated[str, msgspec.Meta(pattern=r"^P(\d+[YMWD])+$")] = MAX_RETENTION
    max_stanza_bytes: Annotated[int, msgspec.Meta(ge=4000, le=200_000)] = 30_000
    # What somebody without a consent may see: nothing, or which series there are (never a value).
    strangers: Literal["nothing", "catalogue"] = "nothing"


class Household(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[household]``: who is told when a link breaks and when it works again."""

    address: Annotated[str, msgspec.Meta(pattern=r"^[^@/\s]+@[^@/\s]+$")]
    language: Literal["fr", "en"] = "fr"


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file. ``folder`` is where it lay."""

    meter: Annotated[tuple[Meter, ...], msgspec.Meta(min_length=1)]
    store: Store = Store()
    federation: Federation | None = None
    household: Household | None = None
    folder: str = "."

    @property
    def directory(self) -> Path:
        """The database's folder."""
        return self.path(self.store.directory)

    @property
    def max_retention(self) -> str:
        """How long a recipient may keep what it is sent."""
        return self.federation.max_retention if self.federation else MAX_RETENTION

    @property
    def control_socket(self) -> Path:
        """Where the running daemon answers the command line."""
        return self.directory / "control.sock"

    def path(self, text: str) -> Path:
        """A path of the file, taken from the file's own folder when it is relative."""
        return Path(self.folder) / text


def load(path: Path) -> Config:
    """Read and check a configuration file; ConfigError says what is wrong and where."""
    try:
        with path.open("rb") as file:
            raw = tomllib.load(file)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error
    if "folder" in raw:
        raise ConfigError(f"{path}: unknown key `folder`")
    try:
        config = msgspec.convert({**raw, "folder": str(path.parent)}, Config)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {_sentence(str(error))}") from error
    _check_meters(path, config)
    if config.household and not config.federation:
        raise ConfigError(f"{path}: household.address: alerts are sent by the account of [federation]; add that table")
    return config


def read_password(config: Config) -> str:
    """The account's password, from the systemd credential or the file; ConfigError names what is missing."""
    federation = config.federation
    if federation is None:
        raise ConfigError("no [federation] in the configuration, so there is no password")
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    credential = Path(folder) / PASSWORD_CREDENTIAL if folder else None
    if federation.password_file:
        file = config.path(federation.password_file)
    elif credential and credential.is_file():
        file = credential
    else:
        raise ConfigError(
            f"federation.password_file is not set and there is no systemd credential {PASSWORD_CREDENTIAL}: set one"
        )
    return password_from(file)


def password_from(file: Path) -> str:
    """The first line of a password file."""
    try:
        password = file.read_text(encoding="utf-8").split("\n", 1)[0]
    except OSError as error:
        raise ConfigError(f"{file}: the password cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: the password is not UTF-8 text") from error
    if not password:
        raise ConfigError(f"{file}: the password file is empty")
    return password


def _check_meters(path: Path, config: Config) -> None:
    for key in ("name", "source", "sensor"):
        seen: set[str | None] = set()
        for place, meter in enumerate(config.meter):
            value = getattr(meter, key)
            if value is not None and value in seen:
                raise ConfigError(f"{path}: meter[{place}].{key}: {value!r} is used by another [[meter]]")
            seen.add(value)


def _sentence(text: str) -> str:
    """The words of msgspec with the path first and as it is written in the file."""
    message, _, where = text.partition(" - at ")
    place = re.sub(r"^`?\$\.?|`$", "", where)
    message = message.replace("Object contains unknown field", "unknown key").replace("Object missing", "missing")
    message = message.replace("`array`", "`[[table]]`").replace("`object`", "`[table]`")
    return f"{place}: {message}" if place else message
