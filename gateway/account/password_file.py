"""The account's password on the disk, and its change in an order in which no crash can lock the household out.

The new one is written beside the old one (``.new``) and is on the disk before the server hears of it; it takes the old
one's place once the server has taken it. Whatever stopped in between, one of the two files is the account's: the new
one is tried first, and kept when it is taken; where it is refused, the old one is tried. So the server to which an
account moves is not told the former one's password.
"""

from __future__ import annotations

import logging
import os
import secrets
from typing import TYPE_CHECKING

from gateway.config.tables import PASSWORD_CREDENTIAL, Config, credential_file, password_from
from gateway.errors import ConfigError, FederationError
from gateway.federation.connection.account import change_password
from gateway.files import UNCHANGED, move, owner_of_folder, write_whole
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.federation.connection.session import Session

log = logging.getLogger(__name__)

# A person's own choice; what is generated has 192 bits.
LEAST_CHARACTERS = 12
_GENERATED_BYTES = 24

_UNDECIDED = "remote-server-timeout"
NO_ACCOUNT = Phrase("no [federation] in the configuration, so there is no account")


class PasswordFile:
    """The files that may hold the account's password.

    Args:
        path: the password's own file; it need not be there.
        credential: a file that can only be read (systemd's), believed until there is one of our own.
    """

    def __init__(self, path: Path, credential: Path | None = None) -> None:
        # Through a link to the file itself: it is the file that is replaced, not the link.
        self.path = path.resolve()
        self._beside = self.path.with_name(self.path.name + ".new")
        self._credential = credential
        self._last: list[str] = []

    @property
    def complete(self) -> bool:
        """Whether there is a password that no unfinished change explains."""
        return self.path.exists() or self._credential is not None

    def candidates(self) -> list[str]:
        """What may be the password, the likeliest first. Raises ConfigError when there never was any.

        Read again each time: a file that a person puts right is used without a restart.
        """
        files = [file for file in (self._beside, self.path, self._credential) if file and file.exists()]
        found: list[str] = []
        fault: ConfigError | None = None
        for file in files:
            try:
                found.append(password_from(file))
            except ConfigError as error:
                fault = fault or error
        self._last = list(dict.fromkeys(found)) or self._last
        if not self._last:
            raise fault or ConfigError(
                f"{self.path}: the password cannot be read: No such file or directory; set federation.password_file or "
                f"the systemd credential {PASSWORD_CREDENTIAL}, or make an account: `linky-gateway account register`"
            )
        return self._last

    def accepted(self, password: str) -> None:
        """The server took this one: if it is the new one, its change is now complete."""
        try:
            if self.pending() == password:
                self.keep()
                log.info("a change of the account's password is now complete")
        except ConfigError as error:
            log.warning("%s; the new password is used from where it is", error)

    def pending(self) -> str | None:
        """The new password of a change that did not end."""
        return password_from(self._beside) if self._beside.exists() else None

    def prepare(self, password: str) -> None:
        """Put the new password beside the old one, on the disk. Raises ConfigError, and nothing has changed then."""
        try:
            # Whole or not at all: half a password must never be tried, nor be sent to the server as the one to finish.
            write_whole(self._beside, f"{password}\n".encode(), *_rights_like(self.path))
        except OSError as error:
            raise ConfigError(
                f"{self._beside}: cannot be written: {error.strerror}; the password stays as it is: give its folder to "
                "the gateway's user, or stop the gateway and run this command as root"
            ) from error

    def keep(self) -> None:
        """The new password takes the old one's place."""
        try:
            move(self._beside, self.path)
        except OSError as error:
            raise ConfigError(f"{self.path}: cannot be replaced by {self._beside}: {error.strerror}") from error

    def forget(self) -> None:
        """The account is no more."""
        for file in (self._beside, self.path):
            file.unlink(missing_ok=True)

    def discard(self) -> None:
        """The server will not have the new password: the old one is the only one."""
        self._beside.unlink(missing_ok=True)


def password_file(config: Config) -> PasswordFile:
    """Where this configuration's password is: ``password_file``, or in the state folder before systemd's credential."""
    federation = config.federation
    if federation is None:
        raise ConfigError(NO_ACCOUNT)
    if federation.password_file:
        return PasswordFile(config.path(federation.password_file))
    # A credential cannot be written: what replaces it lies with the database, which is the gateway's own too.
    return PasswordFile(config.directory / "xmpp-password", credential_file())


def generate() -> str:
    """A password that nobody has to remember."""
    return secrets.token_urlsafe(_GENERATED_BYTES)


def check(password: str) -> str:
    """A person's own new password, if it will do; ConfigError says why not."""
    if len(password) < LEAST_CHARACTERS or not password.isprintable() or password != password.strip():
        raise ConfigError(
            f"the new password must have at least {LEAST_CHARACTERS} characters, all printable, no space at its ends"
        )
    return password


async def renew(session: Session, file: PasswordFile, wanted: str | None, timeout_s: float = 15.0) -> None:
    """Change the account's password over its connected session, to ``wanted`` or to a generated one.

    A change that was cut off is ended first, with its own password: so there are never more than two to try. Raises
    FederationError; its sentence says which password holds.
    """
    if not session.connected.is_set():
        raise FederationError("there is no connection to the server; the password stays as it is", _UNDECIDED)
    pending = file.pending()
    for password in [one for one in (pending, wanted) if one] or [generate()]:
        file.prepare(password)
        try:
            await change_password(session, password, timeout_s)
        except FederationError as error:
            if error.condition == _UNDECIDED:
                raise FederationError(
                    f"the server did not say whether it has changed the password ({error}): both are kept and tried; "
                    "run this command again",
                    error.condition,
                ) from error
            file.discard()
            raise
        file.keep()
    log.info("the account's password was changed")


def _rights_like(model: Path) -> tuple[int, tuple[int, int]]:
    """Rights and owner of the file that will be replaced; without one, those of its folder's owner."""
    if not model.exists():
        return 0o600, owner_of_folder(model)
    state = model.stat()
    return state.st_mode & 0o660, (state.st_uid, state.st_gid) if os.geteuid() == 0 else UNCHANGED
