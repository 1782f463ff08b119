"""Who may see the page: one password, a code for the first visit, links for displays, devices that have signed in.

What lasts is in one file (mode 0600): what a secret can be checked against, never a secret. scrypt takes half a second
and 16 MB on a Raspberry Pi Zero: whoever calls does so on a thread, one at a time.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from enum import Enum
from typing import TYPE_CHECKING

import msgspec

from gateway.errors import AccessError, reason
from gateway.files import write_whole
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from pathlib import Path

# EN 18031 asks for a password that cannot be left unset; the length is what OWASP ASVS 2.1.1 asks for.
LEAST_CHARACTERS, MOST_CHARACTERS = 12, 256

MOST_LINKS = 20

# Phones, tablets and computers of a household, with those that they replace.
MOST_DEVICES = 32
_SEEN_AGAIN_S = 7 * 86_400

# How long a code is good that somebody reads from a screen in the house.
PASSING_S = 600.0

# OWASP's figures for scrypt where 16 MB are what there is to spare.
_N, _R, _P = 2**14, 8, 5
_MEMORY_BYTES = 64 * 1024 * 1024

# Without those that are read for one another: 32 of them, 60 bits in 12.
_CODE_CHARACTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_CODE_GROUPS, _CODE_GROUP = 3, 4
_READ_FOR = str.maketrans("IO10", "LQLQ")


class Viewer(Enum):
    """Who looks: the household, a display of its own, a display in a hall, a program that gathers figures."""

    OWNER = "owner"
    DISPLAY = "display"
    GUEST = "guest"
    SCRAPER = "scraper"


class Secret(msgspec.Struct, frozen=True, kw_only=True):
    """What a password can be checked against."""

    salt: bytes
    hash: bytes
    n: int = _N
    r: int = _R
    p: int = _P


class DisplayLink(msgspec.Struct, frozen=True, kw_only=True):
    """A display that may look: what it is called, since when (POSIX seconds), whether it shows nothing personal.

    ``scraper``: it is a program, and fetches the figures alone.
    """

    name: str
    hash: bytes
    guest: bool
    made: int
    scraper: bool = False

    @property
    def role(self) -> Viewer:
        """As what it looks."""
        return Viewer.SCRAPER if self.scraper else Viewer.GUEST if self.guest else Viewer.DISPLAY


class KnownBrowser(msgspec.Struct, frozen=True, kw_only=True):
    """A browser that has signed in before, and when last (POSIX seconds).

    Its token opens nothing: with it the password may be tried while strangers have to wait.
    """

    hash: bytes
    seen: int


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """The file."""

    version: int = 1
    password: Secret | None = None
    code: Secret | None = None
    links: tuple[DisplayLink, ...] = ()
    devices: tuple[KnownBrowser, ...] = ()
    # When the password was chosen (POSIX seconds); versions of before did not say.
    password_at: int | None = None


class PageAccess:
    """What the file says, and its changes, each on the disk before it holds.

    Args:
        file: need not exist yet. Raises AccessError when it cannot be read.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._kept = _load(file)
        # Shown on a screen for a while; nothing of it is kept.
        self._passing: Secret | None = None
        self._passes_until = 0.0

    @property
    def ready(self) -> bool:
        """Whether a password was set: before that nobody sees anything."""
        return self._kept.password is not None

    @property
    def has_code(self) -> bool:
        """Whether a code was made that nobody has used yet."""
        return self._kept.code is not None or self._passing_now is not None

    @property
    def password_at(self) -> int | None:
        """When the password was chosen (POSIX seconds); None where that is not known."""
        return self._kept.password_at

    @property
    def links(self) -> tuple[DisplayLink, ...]:
        """The displays that may look."""
        return self._kept.links

    def make_code(self) -> str:
        """A new code for one setting of the password; an older one is worth nothing any more."""
        code = _new_code()
        self.take_code(code)
        return code

    def make_passing_code(self) -> str:
        """A code for the first password, good for ten minutes; one that was made before stays good."""
        code = _new_code()
        self._passing, self._passes_until = _secret(_plain_code(code)), time.monotonic() + PASSING_S
        return code

    def take_code(self, code: str) -> None:
        """Take a code that was made elsewhere (a card's), for one setting of the password."""
        self._keep(code=_secret(_plain_code(code)))

    def password_fits(self, password: str) -> bool:
        """Whether it is the password."""
        return _fits(self._kept.password, password)

    def code_fits(self, code: str) -> bool:
        """Whether it is the code, however it is typed."""
        plain = _plain_code(code)
        return _fits(self._kept.code, plain) or _fits(self._passing_now, plain)

    def set_password(self, password: str, *, by_code: bool = False) -> None:
        """Take a new password; a code is used up. Raises AccessError when it will not do.

        Who sets it by a code may be another household: devices that were known before are not any more.
        """
        if not acceptable(password):
            raise AccessError(f"the password must have {LEAST_CHARACTERS} to {MOST_CHARACTERS} characters")
        devices = () if by_code else self._kept.devices
        self._keep(password=_secret(password), code=None, devices=devices, password_at=int(time.time()))
        self._passing = None

    def add_link(self, name: str, now: float, role: Viewer = Viewer.DISPLAY) -> str:
        """Let one more look; its token, which nobody can read again. Raises AccessError for a name that is used."""
        if any(link.name == name for link in self.links):
            raise AccessError(f"there is a display {name!r} already")
        if len(self.links) >= MOST_LINKS:
            raise AccessError(f"there are {MOST_LINKS} displays already: remove one first")
        token = secrets.token_urlsafe(24)
        guest, scraper = role is Viewer.GUEST, role is Viewer.SCRAPER
        link = DisplayLink(name=name, hash=_digest(token), guest=guest, made=int(now), scraper=scraper)
        self._keep(links=(*self.links, link))
        return token

    def remove_link(self, name: str) -> None:
        """Let a display look no more."""
        self._keep(links=tuple(link for link in self.links if link.name != name))

    def role_of(self, token: str) -> Viewer | None:
        """Whose token it is; None for nobody's."""
        link = self.link_of(token)
        return link.role if link else None

    def link_of(self, token: str) -> DisplayLink | None:
        """The display whose token it is."""
        digest = _digest(token)
        return next((link for link in self.links if hmac.compare_digest(link.hash, digest)), None)

    def device_of(self, token: str) -> KnownBrowser | None:
        """The device whose token it is: it has signed in before."""
        digest = _digest(token)
        return next((device for device in self._kept.devices if hmac.compare_digest(device.hash, digest)), None)

    def know_device(self, token: str, now: float) -> str:
        """Know the device that has just signed in, by the token it has or by a new one; of too many the oldest goes."""
        device = self.device_of(token)
        others = tuple(one for one in self._kept.devices if one != device)
        if device is None:
            token = secrets.token_urlsafe(32)
            device = KnownBrowser(hash=_digest(token), seen=int(now))
        elif now - device.seen < _SEEN_AGAIN_S and self._kept.devices[-1] == device:
            # Nothing to write: a card lasts longer.
            return token
        self._keep(devices=(*others, msgspec.structs.replace(device, seen=int(now)))[-MOST_DEVICES:])
        return token

    @property
    def _passing_now(self) -> Secret | None:
        return self._passing if time.monotonic() < self._passes_until else None

    def forget(self) -> None:
        """Nothing is known any more: no password, no code, no display, no device."""
        self._passing = None
        self._keep(password=None, code=None, links=(), devices=(), password_at=None)

    def _keep(self, **changes: object) -> None:
        kept = msgspec.structs.replace(self._kept, **changes)
        _save(self._file, msgspec.json.encode(kept))
        self._kept = kept


def acceptable(password: str) -> bool:
    """Whether it is long enough, and no longer than a form may send."""
    return LEAST_CHARACTERS <= len(password) <= MOST_CHARACTERS


def _new_code() -> str:
    groups = ("".join(secrets.choice(_CODE_CHARACTERS) for _ in range(_CODE_GROUP)) for _ in range(_CODE_GROUPS))
    return "-".join(groups)


def _secret(text: str) -> Secret:
    salt = secrets.token_bytes(16)
    return Secret(salt=salt, hash=_scrypt(text, salt, _N, _R, _P))


def _fits(secret: Secret | None, text: str) -> bool:
    if secret is None or len(text) > MOST_CHARACTERS:
        return False
    return hmac.compare_digest(secret.hash, _scrypt(text, secret.salt, secret.n, secret.r, secret.p))


def _scrypt(text: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    # A browser may send halves of characters; they are no reason to fall over.
    data = text.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(data, salt=salt, n=n, r=r, p=p, maxmem=_MEMORY_BYTES, dklen=32)


def _digest(token: str) -> bytes:
    # 192 random bits need no slow hash.
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _plain_code(code: str) -> str:
    """As it was printed, whatever a person made of its dashes, spaces and small letters."""
    return "".join(filter(str.isalnum, code.upper())).translate(_READ_FOR)


_UNREADABLE = Phrase("{file}: cannot be read: {why}")
_DAMAGED = Phrase("{file}: damaged ({why}); remove it, start again and run `linky-gateway page code`")
_NOT_WRITABLE = Phrase("{file}: cannot be written: {why}; nothing was changed")


def _load(file: Path) -> _Kept:
    try:
        return msgspec.json.decode(file.read_bytes(), type=_Kept)
    except FileNotFoundError:
        return _Kept()
    except OSError as error:
        raise AccessError(_UNREADABLE.filled(file=file, why=reason(error))) from error
    except (msgspec.DecodeError, ValueError) as error:
        raise AccessError(_DAMAGED.filled(file=file, why=error)) from error


def _save(file: Path, data: bytes) -> None:
    """On the disk, whole or not at all."""
    try:
        write_whole(file, data)
    except OSError as error:
        raise AccessError(_NOT_WRITABLE.filled(file=file, why=reason(error))) from error
