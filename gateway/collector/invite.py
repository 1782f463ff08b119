"""A sheet of invitations made: links signed, kept in the database by the hash of their secrets, and written to files.

The files are there before the database knows of them: a run that is cut off leaves links that nobody takes, and none
that somebody could take and nobody has printed.
"""

from __future__ import annotations

import csv
import io
import os
import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from gateway.collector.invitations import NewInvitation, add, check_new
from gateway.collector.sheets import printed
from gateway.errors import ConfigError, InvitationError, StoreError
from gateway.federation.connection.jids import bare_jid
from gateway.federation.wire.invitation import Invitation, check, fingerprint, signing_key, write

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from psycopg import AsyncConnection

    from gateway.collector.config import AccessTable, CollectorConfig, InviteTable

_SHEET = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_TOKEN = re.compile(r"[\x21-\x7e]{8,128}")
_PREAUTH = re.compile(r"preauth=([^;&\s]{8,128})")


class InvitationSheet:
    """What is to be made.

    Args:
        config: of the collector, with ``[access]`` and ``[invite]``.
        name: of the sheet.
        days: how long its links are good.
        history_from: what was before is asked for since then; None for nothing of it.
        tokens: of the server at which accounts may be made, one for each link; none where no account is made.
    """

    def __init__(
        self, config: CollectorConfig, name: str, days: int, history_from: datetime | None, tokens: Sequence[str] = ()
    ) -> None:
        if config.access is None or config.invite is None:
            missing = "access" if config.access is None else "invite"
            raise ConfigError(f"[{missing}]: is missing; write there what an invitation says (README, Invitations)")
        if not _SHEET.fullmatch(name):
            raise ConfigError(f"--sheet {name}: up to 40 small letters, digits and dashes, such as spring-2027")
        self._config, self.name, self._tokens = config, name, tokens
        self._words: AccessTable = config.access
        self._invite: InviteTable = config.invite
        self._history_from = history_from
        self._expires = datetime.now(UTC).replace(microsecond=0) + timedelta(days=days)
        try:
            check(self._first)
        except InvitationError as error:
            raise ConfigError(f"[access] and [invite]: {error}") from error
        self._key = signing_key(config.invite_key)
        self.fingerprint = fingerprint(self._key.public)

    async def make(
        self, db: AsyncConnection, count: int, folder: Path, lang: str, progress: Callable[[int, int], None]
    ) -> tuple[Path, Path]:
        """Make so many, in one transaction: the sheet to be printed, and the table of the links. ConfigError."""
        account = bare_jid(self._config.account.jid)
        await check_new(db, account, self.name)
        made, links = [], []
        for number in range(1, count + 1):
            one, link = self._one(number)
            made.append(one)
            links.append((number, one.id, link))
            progress(number, count)
        paths = folder / f"{self.name}.html", folder / f"{self.name}.csv"
        page = printed(self._first, links, self.fingerprint, lang, self.name)
        table = io.StringIO()
        csv.writer(table).writerows([("number", "invitation", "link"), *links])
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for path, text in zip(paths, (page, table.getvalue()), strict=True):
                _write(path, text)
        except OSError as error:
            raise StoreError(f"{folder}: the sheet cannot be written: {error.strerror}; nothing was kept") from error
        await add(db, account, self.name, made)
        return paths

    @property
    def _first(self) -> Invitation:
        return self._invitation("0" * 16, "0" * 22, "")

    def _one(self, number: int) -> tuple[NewInvitation, str]:
        token = self._tokens[number - 1] if self._tokens else ""
        invitation = self._invitation(secrets.token_hex(8), secrets.token_urlsafe(16), token)
        link, digest = write(invitation, self._key, self._invite.page)
        kept = (invitation.id, number, invitation.secret, digest, invitation.series, self._history_from, self._expires)
        return NewInvitation(*kept), link

    def _invitation(self, number: str, secret: str, token: str) -> Invitation:
        words, invite, account = self._words, self._invite, bare_jid(self._config.account.jid)
        until = datetime.now(UTC) + timedelta(days=words.months * 30.4)
        return Invitation(
            id=number,
            secret=secret,
            expires=int(self._expires.timestamp()),
            addresses=(account, *(one for one in map(bare_jid, invite.also) if one != account)),
            series=invite.series,
            granularity=words.granularity,
            until=until.date(),
            history=self._history_from.date().isoformat() if self._history_from else "",
            controller=words.controller,
            contact=words.contact,
            privacy=words.privacy,
            role=words.role,
            purpose=words.purpose,
            retention=words.retention,
            address=invite.address if token else "",
            token=token,
            code_url=words.code_url,
            code_version=words.code_version,
            code_hash=words.code_hash,
        )


def _write(path: Path, text: str) -> None:
    """For its owner alone: whoever has a link can join by it. OSError where there is such a file already."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "w") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())


def tokens_in(text: str, count: int) -> list[str]:
    """The tokens that a server gave out: of its addresses (``…;preauth=TOKEN``), or one a line. ConfigError.

    Lines of a server's shell that hold none are left out; a token that comes twice is one.
    """
    found = _PREAUTH.findall(text) or [word for line in text.splitlines() if _TOKEN.fullmatch(word := line.strip())]
    tokens = list(dict.fromkeys(found))
    if len(tokens) < count:
        raise ConfigError(f"--tokens: {len(tokens)} found, {count} needed: have your server make one for each link")
    return tokens[:count]
