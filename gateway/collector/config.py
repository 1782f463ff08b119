"""``collect.toml`` to frozen structs; an unknown key or a wrong type is one sentence naming its path.

``systemd/collect.toml`` is the commented default. Relative paths are taken from the folder of the file. The gateways
are not here but in the database, which all processes share.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec
from psycopg import conninfo
from psycopg.errors import ProgrammingError

from gateway.config.metrics import MetricsTable
from gateway.config.tables import checked, password_from, read_toml
from gateway.errors import ConfigError, SenMLError
from gateway.federation.connection.addresses import parse_addresses
from gateway.federation.connection.jids import bare_jid, unguessable
from gateway.federation.connection.session import Account
from gateway.senml.naming import parse_identifier

# What systemd hands over under these names (systemd.exec(5), LoadCredential=).
XMPP_CREDENTIAL, DATABASE_CREDENTIAL, S3_CREDENTIAL = "xmpp-password", "database-password", "s3-secret"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

_Text = Annotated[str, msgspec.Meta(min_length=1)]
_Words = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
_Duration = Annotated[str, msgspec.Meta(pattern=r"^P([1-9][0-9]{0,2}Y)?([0-9]{1,3}M)?([0-9]{1,4}D)?$", min_length=3)]


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every table has in common: nothing in it is unknown, nothing is changed."""


class AccountTable(_Table, frozen=True, kw_only=True):
    """``[account]``: as whom to receive; processes that share an account each need a resource of their own."""

    jid: _Text
    resource: Annotated[str, msgspec.Meta(min_length=1, max_length=100)] | None = None
    password_file: _Text | None = None
    # Several are the nodes of one server: any of them will do.
    address: _Text | Annotated[tuple[_Text, ...], msgspec.Meta(min_length=1, max_length=20)] | None = None
    ca_file: _Text | None = None


class DatabaseTable(_Table, frozen=True, kw_only=True):
    """``[database]``: where PostgreSQL is, in libpq's words; the password stands in a file or a credential."""

    conninfo: str = "dbname=linky"
    password_file: _Text | None = None
    timescale: bool = False


class LimitsTable(_Table, frozen=True, kw_only=True):
    """``[limits]``: how much may wait in memory, and how much is committed together."""

    queue_records: Annotated[int, msgspec.Meta(ge=1_000, le=10_000_000)] = 100_000
    batch_records: Annotated[int, msgspec.Meta(ge=100, le=1_000_000)] = 10_000


class RetentionTable(_Table, frozen=True, kw_only=True):
    """``[retention]``: the longest that anything is kept, whatever came with it."""

    most: _Duration = "P3Y"


class AccessTable(_Table, frozen=True, kw_only=True):
    """``[access]``: what a household is told when it is asked for its consent (GDPR Art. 13)."""

    purpose: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    controller: _Words
    contact: _Words
    privacy: Annotated[str, msgspec.Meta(pattern=r"^https://\S+$", max_length=200)]
    role: Literal["controller", "processor", "joint"] = "controller"
    retention: _Duration
    granularity: Literal["raw", "PT1M", "PT15M", "PT30M", "P1D"] = "PT30M"
    months: Annotated[int, msgspec.Meta(ge=1, le=36)] = 12
    code_url: Annotated[str, msgspec.Meta(pattern=r"^(https://\S+)?$", max_length=200)] = ""
    code_version: Annotated[str, msgspec.Meta(max_length=200)] = ""
    code_hash: Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{64})?$")] = ""


class InviteTable(_Table, frozen=True, kw_only=True):
    """``[invite]``: what an invitation says besides ``[access]``; ``address`` is of the server that makes accounts."""

    series: Annotated[tuple[_Text, ...], msgspec.Meta(min_length=1, max_length=8)]
    also: Annotated[tuple[_Text, ...], msgspec.Meta(max_length=7)] = ()
    address: Annotated[str, msgspec.Meta(pattern=r"^([A-Za-z0-9.\[\]:-]{1,253}:[0-9]{1,5})?$")] = ""
    page: Annotated[str, msgspec.Meta(pattern=r"^https?://[^#\s]{1,80}$")] = "http://linky.local:8080/sharing/join"
    key_file: _Text = "invite-key.pem"


class PublishTable(_Table, frozen=True, kw_only=True):
    """``[publish]``: totals of segments: how long after its end a half hour is published, and to whom it is given.

    Of ``to`` an entry with @ is an address, any other a domain. Who receives asks two days back for what is new.
    """

    after_hours: Annotated[int, msgspec.Meta(ge=1, le=36)] = 24
    to: Annotated[tuple[_Text, ...], msgspec.Meta(max_length=1_000)] = ()
    resource: Annotated[str, msgspec.Meta(min_length=1, max_length=100)] = "totals"

    @property
    def settled(self) -> timedelta:
        """The same as a duration."""
        return timedelta(hours=self.after_hours)

    def check(self, publisher: str) -> None:
        """ConfigError for somebody who cannot be, or where the account cannot stand in the name of a series."""
        for one in self.to:
            if bare_jid(one if "@" in one else f"any@{one}").removeprefix("any@") != one:
                raise ConfigError(f"{one!a}: an address or a domain, in small letters")
        try:
            parse_identifier(f"{publisher}/{publisher}")
        except SenMLError as error:
            if self.to:
                raise ConfigError(str(error)) from error

    def gives(self, bare: str) -> bool:
        """Whether a bare JID is given the totals."""
        return bare in self.to or bare.rpartition("@")[2] in self.to


class ParquetTable(_Table, frozen=True, kw_only=True):
    """``[parquet]``: where each day of readings is written as a file: a folder, or a bucket (S3)."""

    folder: Annotated[str, msgspec.Meta(pattern=r"^(/.*)?$", max_length=1_000)] = ""
    bucket: Annotated[
        str, msgspec.Meta(pattern=r"^([a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9_.-]{1,100}){0,4})?$")
    ] = ""
    endpoint: Annotated[str, msgspec.Meta(pattern=r"^(https?://[A-Za-z0-9.\[\]:-]{1,253})?$")] = ""
    region: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9-]{1,40}$")] = "us-east-1"
    key_id: Annotated[str, msgspec.Meta(max_length=200)] = ""
    secret_file: _Text | None = None


@dataclass(frozen=True, slots=True)
class StoreAccount:
    """A bucket of an S3-compatible store, and who asks there.

    Args:
        endpoint: ``https://…``, without a path.
        region: as the store calls it.
        bucket: its name.
        prefix: what stands before each file's name; empty, or without a slash at its ends.
        key_id: of who may list, read, write and delete there, and ask for its versioning.
        secret: that belongs to it.
    """

    endpoint: str
    region: str
    bucket: str
    prefix: str
    key_id: str
    secret: str


class CollectorConfig(_Table, frozen=True, kw_only=True):
    """The whole file."""

    account: AccountTable
    database: DatabaseTable = DatabaseTable()
    limits: LimitsTable = LimitsTable()
    retention: RetentionTable = RetentionTable()
    publish: PublishTable = PublishTable()
    metrics: MetricsTable = MetricsTable()
    access: AccessTable | None = None
    invite: InviteTable | None = None
    parquet: ParquetTable | None = None
    folder: str

    def session_account(self, resource: str | None = None) -> Account:
        """The account with its password; ConfigError when there is none."""
        table = self.account
        parse_addresses(table.address)
        return Account(
            bare_jid(table.jid),
            password_from(self._secret(table.password_file, XMPP_CREDENTIAL, "account.password_file")),
            table.address,
            None if table.ca_file is None else Path(self.folder) / table.ca_file,
            resource or table.resource or unguessable("collect"),
        )

    @property
    def invite_key(self) -> Path:
        """The key that signs invitations."""
        return Path(self.folder) / (self.invite.key_file if self.invite else "invite-key.pem")

    @property
    def account_password(self) -> Path | None:
        """The file of the account's password; None where none is named, or systemd hands it over."""
        return self._named(self.account.password_file, XMPP_CREDENTIAL)

    @property
    def database_password(self) -> Path | None:
        """The same of the database's."""
        return self._named(self.database.password_file, DATABASE_CREDENTIAL)

    def database_conninfo(self) -> str:
        """What libpq is told, with the password where one is stated."""
        table = self.database
        if table.password_file is None and not _credential(DATABASE_CREDENTIAL):
            return table.conninfo
        secret = self._secret(table.password_file, DATABASE_CREDENTIAL, "database.password_file")
        return conninfo.make_conninfo(table.conninfo, password=password_from(secret))

    def parquet_place(self) -> Path | StoreAccount:
        """Where files of days are written; ConfigError when nothing says where."""
        table = self.parquet or ParquetTable()
        if bool(table.folder) == bool(table.bucket):
            raise ConfigError(
                "[parquet]: where are the days written? Set folder, or bucket with its endpoint and key_id"
            )
        if table.folder:
            return Path(table.folder)
        if not (table.endpoint and table.key_id):
            raise ConfigError("[parquet] bucket: which store, and as whom? Set endpoint and key_id")
        at = urlsplit(table.endpoint)
        if at.scheme == "http" and at.hostname not in _LOOPBACK:
            raise ConfigError("parquet.endpoint: readings go to another machine encrypted alone: https://…")
        secret = password_from(self._secret(table.secret_file, S3_CREDENTIAL, "parquet.secret_file"))
        bucket, _, prefix = table.bucket.partition("/")
        return StoreAccount(table.endpoint, table.region, bucket, prefix, table.key_id, secret)

    def _named(self, stated: str | None, credential: str) -> Path | None:
        return None if stated is None or _credential(credential) else Path(self.folder) / stated

    def _secret(self, stated: str | None, credential: str, key: str) -> Path:
        # Under systemd the file may be one that only root reads: what was handed over comes first.
        found = _credential(credential)
        if found is not None:
            return found
        if stated is None:
            raise ConfigError(f"{key}: there is no password: set it, or the systemd credential {credential}")
        return Path(self.folder) / stated


def load(path: Path) -> CollectorConfig:
    """Read and check a configuration file; ConfigError says what is wrong and where."""
    raw = read_toml(path, ("folder",))
    config = checked(path, {**raw, "folder": str(path.parent)}, CollectorConfig)
    try:
        bare_jid(config.account.jid)
        parse_addresses(config.account.address)
    except ConfigError as error:
        raise ConfigError(f"{path}: account: {error}") from error
    try:
        config.publish.check(bare_jid(config.account.jid))
    except ConfigError as error:
        raise ConfigError(f"{path}: publish.to: {error}") from error
    try:
        stated = conninfo.conninfo_to_dict(config.database.conninfo)
    except ProgrammingError as error:
        raise ConfigError(f"{path}: database.conninfo: {str(error).strip()}") from error
    if "password" in stated:
        raise ConfigError(f"{path}: database.conninfo: a password does not stand here: use database.password_file")
    return config


def watched_at(config: CollectorConfig, listen: str) -> CollectorConfig:
    """The configuration with ``[metrics]`` elsewhere; ConfigError where that is no address."""
    try:
        table = msgspec.convert({"listen": listen}, MetricsTable)
    except msgspec.ValidationError as error:
        raise ConfigError(f"--metrics: {listen!r} is no address and port such as 127.0.0.1:9788") from error
    return msgspec.structs.replace(config, metrics=table)


def _credential(name: str) -> Path | None:
    """A credential that systemd handed over and that is not blank."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    file = Path(folder) / name if folder else None
    return file if file and file.is_file() and file.read_text(encoding="utf-8").strip() else None
