"""mosquitto's password file: each board is a user of its own, its password made here and known to the board alone.

The hash is made here and not by ``mosquitto_passwd -b``, whose arguments every user of the machine can read. Format:
``name:$7$iterations$salt$hash``, PBKDF2 with HMAC-SHA-512 (mosquitto 1.6 and later).
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import secrets
from typing import TYPE_CHECKING

from gateway.errors import BoardError
from gateway.files import write_whole
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from pathlib import Path

# The user of the gateway itself (systemd/mosquitto/linky.acl); no board may have its name.
GATEWAY_USER = "gateway"

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}", re.ASCII)
_LINE = re.compile(_NAME.pattern + r":\$7\$\d+\$[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+", re.ASCII)

# mosquitto's own number. The passwords have 192 random bits, which no number of iterations makes harder to guess, and
# the broker of a Raspberry Pi does this at each connection.
_ITERATIONS = 101
_PASSWORD_BYTES, _SALT_BYTES = 24, 12
_LONGEST_LINE = 200
_NO_NAME = Phrase("{user!r} is no name for a board or a display: 1 to 32 small letters, digits and hyphens")


def add(file: Path, user: str) -> str:
    """Give a board (or the gateway) a new password, which is returned and kept nowhere; the old one is void.

    The broker reads the file when it is told to (SIGHUP, ``systemctl reload mosquitto``). BoardError when the name is
    none, or the file cannot be written.
    """
    password, line = made(user)
    enter(file, line)
    return password


def made(user: str) -> tuple[str, str]:
    """A new password and its line for the file; for a board that is flashed on another machine than the broker's."""
    if not _NAME.fullmatch(user):
        raise BoardError(_NO_NAME.filled(user=user))
    password = secrets.token_urlsafe(_PASSWORD_BYTES)
    return password, f"{user}:{_hashed(password)}"


def enter(file: Path, line: str) -> None:
    """Put a line that ``made`` gave into the file; an older one of the same name is void."""
    user = line.partition(":")[0]
    if not is_line(line):
        raise BoardError(f"{user!r}: this is no line for mosquitto's password file")
    if not has(file, line):
        _write(file, [*_others(file, user), line])


def is_line(text: str) -> bool:
    """Whether this is a line as ``made`` gives it: one name, one hash, and nothing that could be another line."""
    return len(text) <= _LONGEST_LINE and _LINE.fullmatch(text) is not None


def has(file: Path, line: str) -> bool:
    """Whether this very line is in the file."""
    return line in _lines(file)


def remove(file: Path, user: str) -> None:
    """Let a board in no more, from the broker's next look at the file on."""
    kept = _others(file, user)
    if kept != _lines(file):
        _write(file, kept)


def users(file: Path) -> list[str]:
    """Who has a password."""
    return [line.partition(":")[0] for line in _lines(file)]


def _lines(file: Path) -> list[str]:
    try:
        return [line for line in file.read_text(encoding="utf-8").splitlines() if line]
    except OSError as error:
        raise BoardError(f"{file}: mosquitto's password file cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BoardError(f"{file}: this is not mosquitto's password file") from error


def _others(file: Path, user: str) -> list[str]:
    return [line for line in _lines(file) if line.partition(":")[0] != user]


def _hashed(password: str) -> str:
    salt = os.urandom(_SALT_BYTES)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS)
    return f"$7${_ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def _write(file: Path, lines: list[str]) -> None:
    """Write the file whole or not at all, for the same eyes as before."""
    try:
        seen = file.stat()
        text = "".join(f"{line}\n" for line in lines)
        write_whole(file, text.encode(), seen.st_mode & 0o777, (seen.st_uid, seen.st_gid))
    except OSError as error:
        raise BoardError(f"{file}: mosquitto's password file cannot be written: {error.strerror}") from error
