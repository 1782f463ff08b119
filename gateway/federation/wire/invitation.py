"""An invitation of a co-operative: one signed link, printed as a QR code, by which a household joins it.

Who asks (controller, addresses of one domain), for what (series, granularity, until), why and for how long; a token of
that domain's server with which the gateway may make itself an account there (XEP-0445), and nowhere else: who makes the
account of a house could write in anybody's name to it. A secret that is good for one gateway.

    http://linky.local:8080/sharing/join#1<base64url of: public key, 32 bytes | signature, 64 bytes | body>

*body* is an array of JSON, deflated (RFC 1951). Ed25519 signs those very bytes behind ``_CONTEXT``: nothing is written
in one canonical way, nothing is read before its signature fits. What stands behind a ``#`` no browser sends to a server
(RFC 3986 §3.5); ``linky:1…`` and ``1…`` alone are the same link. Who might misuse one, and what stops them, is in
``gateway/collector/README.md``, *Invitations*.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import zlib
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from gateway.errors import ConfigError, ConsentError, InvitationError
from gateway.journal.key import SigningKey, is_signed, read_key, read_or_make_key
from gateway.store.points import Granularity
from gateway.store.terms import RecipientRole, Terms, check_path, check_recipient, check_terms
from gateway.words.phrase import Phrase, same

if TYPE_CHECKING:
    from pathlib import Path

# With the address before it, what a QR code of version 25 takes at level M (ISO/IEC 18004, table 7: 997 bytes).
MOST_CHARS = 997
# What a person may have pasted around it, and what the body may be when it is inflated.
_MOST_PASTED, _MOST_BODY = 4_000, 4_000
_VERSION = "1"
_CONTEXT = b"linky-gateway invitation 1\0"
_PUBLIC, _SIGNATURE = 32, 64
_FOUND = re.compile(r"(?:^|[#:])([0-9])([A-Za-z0-9_-]{128,1400})(?![A-Za-z0-9_-])")

_NO_LINK = Phrase("this is no invitation: copy its link whole, from its first letter to its last")
_ALTERED = Phrase(
    "this invitation was altered or is not whole: its signature does not fit; scan it again, or ask for another one"
)
_NEWER = Phrase("this invitation is of a newer kind: install the newest version of the gateway, then try again")
_EXPIRED = Phrase("this invitation was good until {day}; ask {controller} for a new one")
_CANNOT_BE = Phrase("this invitation asks for what cannot be given ({why}); ask {controller} for another one")
_ONE_DOMAIN = Phrase("its addresses are of several domains")
_OTHER_FORM = Phrase("its address {address} is not written in its own form, {form}")

_Word = Annotated[str, msgspec.Meta(max_length=500)]
_Jid = Annotated[str, msgspec.Meta(min_length=3, max_length=200)]
_Path = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class Invitation(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a link says; ``expires`` is POSIX seconds, ``until`` the last day of the access, both of the co-operative.

    ``history`` is empty where the past is not asked for, else the first day of it. With ``token`` an account may be
    made at the addresses' own server, reached at ``address`` (``host:port``) where its name alone does not lead there.
    """

    id: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{8,24}$")]
    secret: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{22}$")]
    expires: Annotated[int, msgspec.Meta(ge=0, lt=253_370_764_800)]
    addresses: Annotated[tuple[_Jid, ...], msgspec.Meta(min_length=1, max_length=8)]
    series: Annotated[tuple[_Path, ...], msgspec.Meta(min_length=1, max_length=8)]
    granularity: Annotated[str, msgspec.Meta(max_length=8)]
    until: date
    history: Annotated[str, msgspec.Meta(pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$")]
    controller: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    contact: _Word
    privacy: _Word
    role: Literal["controller", "processor", "joint"]
    purpose: _Word
    retention: Annotated[str, msgspec.Meta(max_length=20)]
    address: Annotated[str, msgspec.Meta(pattern=r"^([A-Za-z0-9.\[\]:-]{1,253}:[0-9]{1,5})?$")] = ""
    token: Annotated[str, msgspec.Meta(pattern=r"^[\x21-\x7e]{0,128}$")] = ""
    code_url: _Word = ""
    code_version: _Word = ""
    code_hash: Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{64})?$")] = ""

    @property
    def domain(self) -> str:
        """The domain of its addresses, whose server proves its name."""
        return self.addresses[0].partition("@")[2]

    @property
    def server(self) -> str:
        """Where an account may be made: at its addresses' own domain, as TLS proves; empty for nowhere."""
        return self.domain if self.token else ""

    @property
    def last_day(self) -> str:
        """The last day on which it may be used."""
        return datetime.fromtimestamp(self.expires - 1, UTC).date().isoformat()

    def terms(self) -> Terms:
        """The terms that it asks for. ConsentError where they cannot be a consent's."""
        since = int(datetime.fromisoformat(self.history).replace(tzinfo=UTC).timestamp()) if self.history else None
        words = {name: getattr(self, name) for name in _WORDS}
        return check_terms(
            Terms(history=bool(self.history), history_from=since, role=RecipientRole(self.role), **words)
        )


_WORDS = ("purpose", "controller", "contact", "privacy", "retention", "code_url", "code_version", "code_hash")


@dataclass(frozen=True, slots=True)
class SignedInvitation:
    """An invitation whose signature fits: by which key (64 hexadecimal digits), and the SHA-256 of what was signed."""

    invitation: Invitation
    key: str
    digest: str


def fingerprint(key: str) -> str:
    """A public key as two people compare it: the first 80 bits of its SHA-256, four letters and digits at a time."""
    word = base64.b32encode(hashlib.sha256(bytes.fromhex(key)).digest()[:10]).decode()
    return " ".join(word[at : at + 4] for at in range(0, len(word), 4))


def signing_key(path: Path) -> SigningKey:
    """The key of a co-operative's invitations, made with the first of them; StoreError where the file holds none."""
    # One that is damaged is never replaced without a word: households know it by its fingerprint.
    return read_key(path) or read_or_make_key(path)


def write(invitation: Invitation, key: SigningKey, page: str) -> tuple[str, str]:
    """The link and the digest of what is signed in it. ConfigError where it would be too long for its QR code."""
    packed = zlib.compressobj(9, zlib.DEFLATED, -15, 9)
    body = packed.compress(msgspec.json.encode(invitation)) + packed.flush()
    signed = bytes.fromhex(key.public) + key.sign(_CONTEXT + body) + body
    link = f"{page}#{_VERSION}{base64.urlsafe_b64encode(signed).rstrip(b'=').decode()}"
    if len(link) > MOST_CHARS:
        raise ConfigError(
            f"the link would have {len(link)} characters, {MOST_CHARS} at most: shorten purpose, controller, contact or"
            " privacy in [access]"
        )
    return link, hashlib.sha256(_CONTEXT + body).hexdigest()


def read(text: str) -> SignedInvitation:
    """The invitation that a link is. InvitationError with the sentence where it is none, or not as it was signed."""
    found = _FOUND.search("".join(text[:_MOST_PASTED].split()))
    if not found:
        raise InvitationError(_NO_LINK)
    if found[1] != _VERSION:
        raise InvitationError(_NEWER)
    try:
        whole = base64.urlsafe_b64decode(found[2] + "=" * (-len(found[2]) % 4))
    except (binascii.Error, ValueError) as error:
        raise InvitationError(_ALTERED) from error
    key, signature = whole[:_PUBLIC].hex(), whole[_PUBLIC : _PUBLIC + _SIGNATURE]
    body = whole[_PUBLIC + _SIGNATURE :]
    if not is_signed(key, _CONTEXT + body, signature):
        raise InvitationError(_ALTERED)
    try:
        invitation = msgspec.json.decode(_inflated(body), type=Invitation)
    except (zlib.error, msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise InvitationError(_ALTERED) from error
    check(invitation)
    return SignedInvitation(invitation, key, hashlib.sha256(_CONTEXT + body).hexdigest())


def check_time(invitation: Invitation, now: float) -> None:
    """InvitationError where its time is over."""
    if now >= invitation.expires:
        raise InvitationError(_EXPIRED.filled(day=invitation.last_day, controller=invitation.controller))


def _inflated(body: bytes) -> bytes:
    unpacked = zlib.decompressobj(-15)
    found = unpacked.decompress(body, _MOST_BODY)
    if unpacked.unconsumed_tail or not unpacked.eof:
        raise ValueError("more than an invitation is")
    return found


def check(invitation: Invitation) -> None:
    """InvitationError where it asks for what no household could give: a stranger has signed it, whoever that is."""
    who = same(" ".join(word for word in invitation.controller.split() if word.isprintable()) or "?")
    try:
        invitation.terms()
        Granularity.parse(invitation.granularity)
        for path in invitation.series:
            check_path(path)
        forms = {address: check_recipient(address) for address in invitation.addresses}
    except (ConsentError, ValueError) as error:
        why = error.phrase if isinstance(error, ConsentError) else same(str(error))
        raise InvitationError(_CANNOT_BE.filled(why=why, controller=who)) from error
    for address, form in forms.items():
        # Its answers are known by their sender.
        if address != form:
            why = _OTHER_FORM.filled(address=repr(address), form=form)
            raise InvitationError(_CANNOT_BE.filled(why=why, controller=who))
    if any(address.partition("@")[2] != invitation.domain for address in invitation.addresses):
        raise InvitationError(_CANNOT_BE.filled(why=_ONE_DOMAIN, controller=who))
