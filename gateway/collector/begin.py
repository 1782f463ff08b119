"""What ``linky-collect init`` makes before the tables, where root types it: passwords, a role, a database.

Only what is missing is made. The account's password is asked for at a terminal. Role and database are made by the
administrator of the PostgreSQL of this machine, over its socket, with a password that nobody has to know.
"""

from __future__ import annotations

import getpass
import os
import pwd
import secrets
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, LiteralString

import psycopg
from psycopg import conninfo, sql

from gateway.config.tables import password_from
from gateway.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gateway.collector.config import CollectorConfig

_ADMINISTRATOR = "postgres"
_HERE = frozenset({"", "localhost", "127.0.0.1", "::1"})
_BYTES = 24


def begin(config: CollectorConfig, say: Callable[[str], object]) -> None:
    """Make what is missing, and say what was made; nothing at all where who types is not root.

    ConfigError: a password is missing and nobody is there to be asked; the role is there and its password is not known.
    StoreError: PostgreSQL's administrator is not let in.
    """
    if os.geteuid() != 0:
        return
    for file in (config.account_password, config.database_password):
        if file is not None:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if config.account_password is not None and not config.account_password.exists():
        _ask(config.account_password, config.account.jid, say)
    if config.database_password is not None and not _lets_in(config):
        _make(config.database.conninfo, config.database_password, say)


def _ask(file: Path, jid: str, say: Callable[[str], object]) -> None:
    if not sys.stdin.isatty():
        raise ConfigError(f"{file}: is missing: write the password of {jid} into it, one line, for root alone")
    try:
        password = getpass.getpass(f"Password of {jid}: ")
    except EOFError:
        password = ""
    if not password:
        raise ConfigError(f"{file}: no password was typed; nothing is changed")
    _keep(file, password)
    say(f"{file}: the password of {jid}")


def _lets_in(config: CollectorConfig) -> bool:
    """Whether there is a password, and a role that it lets in: that of a backup is there before its role."""
    if config.database_password is None or not config.database_password.exists():
        return False
    try:
        psycopg.connect(config.database_conninfo()).close()
    except psycopg.OperationalError:
        return False
    return True


def _make(told: str, file: Path, say: Callable[[str], object]) -> None:
    wanted, is_kept = conninfo.conninfo_to_dict(told), file.exists()
    host, role, name = (str(wanted.get(key) or "") for key in ("host", "user", "dbname"))
    if not (host in _HERE or host.startswith("/")) or not (role and name):
        if is_kept:
            # Why it is not let in there is said to whoever asks next.
            return
        raise ConfigError(f"{file}: is missing: write the password of the database into it, one line, for root alone")
    # Over its socket, which is where the configuration says, if it says one.
    socket = {"host": host} if host.startswith("/") else {}
    port = {"port": str(wanted["port"])} if wanted.get("port") else {}
    with _administrator(conninfo.make_conninfo(dbname=_ADMINISTRATOR, **socket, **port)) as db:
        has_role = _is_there(db, "SELECT 1 FROM pg_roles WHERE rolname = %s", role)
        if has_role and not is_kept:
            raise ConfigError(
                f"{file}: is missing, and PostgreSQL has a role {role} already: write its password into it"
            )
        # The file first: a role whose password is lost would be in nobody's hands.
        password = password_from(file) if is_kept else _new(file)
        try:
            if not has_role:
                _create(db, "CREATE ROLE {} LOGIN PASSWORD {}", sql.Identifier(role), sql.Literal(password))
            if not _is_there(db, "SELECT 1 FROM pg_database WHERE datname = %s", name):
                _create(db, "CREATE DATABASE {} OWNER {}", sql.Identifier(name), sql.Identifier(role))
                say(f"{file}: the password of the role {role}, which has the database {name}")
        except psycopg.Error:
            # As before: the next one begins anew, and makes both.
            try:
                if not has_role:
                    _create(db, "DROP ROLE IF EXISTS {}", sql.Identifier(role))
            finally:
                if not is_kept:
                    file.unlink()
            raise


def _create(db: psycopg.Connection, what: LiteralString, *names: sql.Composable) -> None:
    db.execute(sql.SQL(what).format(*names))


def _new(file: Path) -> str:
    password = secrets.token_urlsafe(_BYTES)
    _keep(file, password)
    return password


def _keep(file: Path, password: str) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as kept:
        kept.write(f"{password}\n")
        kept.flush()
        os.fsync(kept.fileno())


def _is_there(db: psycopg.Connection, question: str, name: str) -> bool:
    return db.execute(question.encode(), [name]).fetchone() is not None


@contextmanager
def _administrator(told: str) -> Iterator[psycopg.Connection]:
    """A connection of PostgreSQL's administrator, who is known by its user on this machine."""
    try:
        user = pwd.getpwnam(_ADMINISTRATOR).pw_uid
    except KeyError:
        raise StoreError("PostgreSQL is not installed on this machine: sudo apt install postgresql") from None
    try:
        os.seteuid(user)
        try:
            db = psycopg.connect(told, autocommit=True)
        finally:
            os.seteuid(0)
        with db:
            yield db
    except psycopg.Error as error:
        said = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise StoreError(f"PostgreSQL's administrator cannot make the database: {said}") from error
