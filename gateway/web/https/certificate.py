"""The certificate of the encrypted page: read, read again when its files change, asked for anew in time.

It is the administrator's where ``[web]`` names one (an ACME client of his own renews it), else of the house's own
authority, whose key is root's: this process can only ask for a certificate (``CertificateMaker``). What is shown is
shown until there is something better, also when it has ended.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from gateway.errors import GatewayError
from gateway.web.http.tls import ShownCertificate, server_context, shown
from gateway.words.phrase import NOTHING, Phrase

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.config.web import WebTable

log = logging.getLogger(__name__)

# Of 397 days: a gateway that was off for three months is believed still.
RENEW = timedelta(days=300)

_DAY = Phrase("{day:%Y-%m-%d}")
_ENDED = Phrase("the certificate of the encrypted page ended on {date}: browsers refuse it")
_ENDED_OWN = Phrase("; sudo linky-gateway page certificate --again makes another one")
_ENDED_GIVEN = Phrase("; renew {path}")
_NOT_BEGUN = Phrase("the certificate of the encrypted page is good from {date} only")
_NO_MORE_MADE = Phrase("no new certificate for the encrypted page: {why}")


class CertificateMaker(Protocol):
    """Who makes the house's own certificates."""

    def wanted(self) -> tuple[frozenset[str], frozenset[str]]:
        """The names and the addresses that one should be good for now."""

    async def make(self) -> bool:
        """Have one made; False where nobody here can. Raises GatewayError."""


@dataclass(frozen=True, slots=True)
class OwnAuthority:
    """The house's own authority, to be taken along and compared."""

    pem: str
    name: str
    sha256: str
    sha1: str


class PageCertificate:
    """What the encrypted page shows.

    Args:
        web: which certificate, if it is the administrator's.
        config_folder: from which its files are named.
        folder: of the house's own authority.
        maker: who makes its certificates, if anybody here does.
    """

    def __init__(self, web: WebTable, config_folder: Path, folder: Path, maker: CertificateMaker | None) -> None:
        self._own = not web.certificate_file
        self._folder, self._maker, self._given = folder, maker, web.names
        self._certificate = folder / "server.pem" if self._own else config_folder / web.certificate_file
        self._key = config_folder / web.key_file if web.key_file else self._certificate
        self._seen: object = None
        self.context: ssl.SSLContext | None = None
        self.shown: ShownCertificate | None = None
        self.authority: OwnAuthority | None = None
        # Why it is not as it should be.
        self._unreadable, self._unmade = NOTHING, NOTHING

    def look(self) -> bool:
        """Read the files again if they have changed; whether there is another certificate to show."""
        seen = [_stamp(path) for path in (self._certificate, self._key, self._folder / "ca.crt")]
        if seen == self._seen and not self._unreadable:
            return False
        self._seen = seen
        if self._own and seen[0] is None:
            # Nobody has made one: that is no fault.
            return False
        try:
            context = server_context(self._certificate, self._key)
            self.shown = shown(context, self._certificate)
        except GatewayError as error:
            # A folder's rights may change as well, which no file shows: tried again, and said once.
            level = logging.DEBUG if str(self._unreadable) == str(error) else logging.ERROR
            log.log(level, "the encrypted page keeps what it has: %s", error)
            self._unreadable = error.phrase
            return False
        self.context, self._unreadable = context, NOTHING
        self.authority = _authority(self._folder / "ca.crt", self.shown.issuer) if self._own else None
        log.info("the certificate of the encrypted page is good until %s", self.shown.until.date())
        return True

    async def renew(self, now: datetime | None) -> bool | None:
        """Ask for another certificate where that is due; ``now`` is None where the time is not known.

        Whether one was made, False where it was refused or could not be; None where nothing was due, or nobody is here.
        """
        if self._maker is None or not self._own or not await asyncio.to_thread(self._is_due, now):
            return None
        try:
            if not await self._maker.make():
                return None
            self._unmade = NOTHING
        except GatewayError as error:
            log.error("no new certificate: %s", error)  # noqa: TRY400 (a sentence for a person)
            self._unmade = error.phrase
            return False
        return True

    def _is_due(self, now: datetime | None) -> bool:
        if self.shown is None:
            return True
        assert self._maker is not None, "asked before"  # noqa: S101
        names, addresses = self._maker.wanted()
        if not (names <= self.shown.names and addresses <= self.shown.addresses):
            return True
        return now is not None and not self.shown.since <= now < self.shown.since + RENEW

    def fault(self, now: datetime | None) -> Phrase:
        """What is wrong with it, in a sentence; nothing where it is good."""
        if self._unreadable:
            return self._unreadable
        if self.shown and now and now > self.shown.until:
            more = _ENDED_OWN if self._own else _ENDED_GIVEN.filled(path=self._certificate)
            return _ENDED.filled(date=day(self.shown.until)) + more
        if self.shown and now and now < self.shown.since:
            return _NOT_BEGUN.filled(date=day(self.shown.since))
        return _NO_MORE_MADE.filled(why=self._unmade) if self._unmade else NOTHING

    def host(self, called: str) -> str | None:
        """The name by which the encrypted page is believed: the one that it is called by, if it is good for that."""
        if self.shown is None:
            return None
        if self._is_good_for(called):
            return called
        # A name that avahi answers to, if there is one; of a certificate for all names below one, one that is its own.
        names = [*(name for name in self.shown.names if "*" not in name), *filter(self._is_good_for, self._given)]
        return min(names, key=lambda one: (not one.endswith(".local"), len(one), one), default=called or None)

    def _is_good_for(self, name: str) -> bool:
        assert self.shown is not None, "asked before"  # noqa: S101
        # RFC 6125 §6.4.3: the whole first label, and no more.
        below = f"*.{name.partition('.')[2]}"
        return name in self.shown.addresses or not self.shown.names.isdisjoint({name, below})


def day(time: datetime) -> Phrase:
    """A day, as each language writes it."""
    return _DAY.filled(day=time.date())


def _stamp(path: Path) -> tuple[int, int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _authority(path: Path, name: str) -> OwnAuthority | None:
    try:
        pem = path.read_text(encoding="ascii")
        data = ssl.PEM_cert_to_DER_cert(pem)
    except (OSError, ValueError):
        return None
    # What Windows shows before it believes one; nothing rests on it alone.
    return OwnAuthority(pem, name, grouped(sha256_of(data)), grouped(hashlib.sha1(data).hexdigest()))  # noqa: S324


def sha256_of(certificate: bytes) -> str:
    """The fingerprint of a certificate (DER), as digits."""
    return hashlib.sha256(certificate).hexdigest()


def grouped(digits: str) -> str:
    """A fingerprint as people compare it."""
    return " ".join(digits[at : at + 4].upper() for at in range(0, len(digits), 4))
