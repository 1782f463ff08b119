"""Where a notice goes, in the forms of apprise's URLs: read, checked, and never shown whole, for most hold a secret.

``ntfy(s)``, ``mailto(s)``, ``json(s)``, ``freemobile``, ``gotify(s)`` and ``tgram`` are the gateway's own; what else
``apprise`` knows is written ``apprise+…`` and goes through that program, where it is installed. ``webpush`` is what a
browser gives when it is asked for notices at the page; nobody types it.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlencode

from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Mapping

# A token is of a hundred characters at most, an address of 254; what a browser gives has no limit of its own.
_LONGEST, _MOST_OPTIONS, _MOST_TO = 1000, 20, 10
_LONGEST_OF = {"webpush": 1500}
# Of what is shorter nothing is shown.
_LEAST_SHOWN = 20

NTFY, MAIL, WEBHOOK, FREE, GOTIFY, TELEGRAM, PUSH, APPRISE = (
    *("ntfy", "mail", "webhook", "freemobile", "gotify", "telegram", "push"),
    "apprise",
)
_SCHEMES = {
    "ntfy": (NTFY, False),
    "ntfys": (NTFY, True),
    "mailto": (MAIL, False),
    "mailtos": (MAIL, True),
    "json": (WEBHOOK, False),
    "jsons": (WEBHOOK, True),
    "freemobile": (FREE, True),
    "gotify": (GOTIFY, False),
    "gotifys": (GOTIFY, True),
    "tgram": (TELEGRAM, True),
    "webpush": (PUSH, True),
}
_TYPED = ", ".join(scheme for scheme in _SCHEMES if scheme != "webpush")
_NTFY_CLOUD, _FREE_HOST, _TELEGRAM_HOST = "ntfy.sh", "smsapi.free-mobile.fr", "api.telegram.org"

# RFC 1123 §2.1; an IPv6 address in brackets.
_LABEL = "[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = re.compile(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*\.?")
_MAILBOX = re.compile(r"[^@\s<>\",;:()\[\]\\]{1,64}@[^@\s<>\",;:()\[\]\\/]{1,253}")
# docs.ntfy.sh/publish: letters, digits, underscores, hyphens.
_TOPIC = re.compile(r"[-_A-Za-z0-9]{1,64}")
_BOT = re.compile(r"[0-9]{6,20}:[A-Za-z0-9_-]{20,100}")
_CHAT = re.compile(r"-?[0-9]{1,20}|@[A-Za-z0-9_]{3,64}")
_FREE_USER, _FREE_KEY = re.compile(r"[0-9]{6,12}"), re.compile(r"[A-Za-z0-9]{8,64}")
# RFC 8291 §2.1: a point of P-256 and 16 bytes; behind them, of 32, the key by which the browser knows its sender.
_POINT, _SHARED = re.compile(r"B[A-Za-z0-9_-]{86}"), re.compile(r"([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})")
_PLACE = re.compile(r"/[!-~]{1,1200}")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,31}")
# A name of these is of this house alone (RFC 6762, RFC 8375, and what routers in France say).
_OWN_NAMES = (".local", ".home.arpa", ".lan", ".home", ".internal", ".localdomain")

_EMPTY = Phrase("the address of the notices is empty")
_TOO_LONG = Phrase("the address of the notices is longer than {most} characters")
_NO_TEXT = Phrase("the address of the notices has a character that cannot be seen; type it anew")
_NO_URL = Phrase("the address of the notices begins with {known}, or apprise+ and what apprise knows, and ://")
_UNKNOWN = Phrase(
    "{scheme}:// is none of {known}; with Debian's package apprise, write apprise+{scheme}:// before the rest"
)
_WRONG = Phrase("{scheme}:// is written {form}")
_NO_OPTION = Phrase("behind the ? of {scheme}:// may stand: {known}")
_NO_HEADERS = Phrase("headers and fields of apprise (?+…, ?-…, ?:…) are none of {scheme}://; write apprise+{scheme}://")
_NO_SERVER = Phrase("{host} is where mailboxes are; write its server for programs, such as smtp.{host}")
_IN_CLEAR = Phrase(
    "{scheme}:// goes in clear, so it is for a machine of this house alone (192.168.…, name.local); write {scheme}s://"
)

_OPTIONS = {NTFY: ("token",), MAIL: ("from", "to", "smtp", "mode")}
# apprise finds their servers by itself; here they are written.
_MAILBOX_DOMAINS = frozenset(
    "gmail.com googlemail.com orange.fr wanadoo.fr free.fr laposte.net sfr.fr neuf.fr bbox.fr yahoo.fr yahoo.com"
    " outlook.com outlook.fr hotmail.com hotmail.fr live.fr icloud.com gmx.fr gmx.com proton.me".split()
)

_FORMS = {
    NTFY: "ntfys://TOPIC, ntfys://HOST/TOPIC, ntfys://TOKEN@HOST/TOPIC",
    MAIL: "mailtos://USER:PASSWORD@SMTP-HOST?from=me@example.org&to=me@example.org",
    WEBHOOK: "jsons://HOST/PATH",
    FREE: "freemobile://LOGIN@KEY",
    GOTIFY: "gotifys://HOST/TOKEN",
    TELEGRAM: "tgram://BOT-TOKEN/CHAT-ID",
    PUSH: "webpush://POINT:SECRET.KEY@HOST/PATH",
    APPRISE: "apprise+SCHEME://…",
}


@dataclass(frozen=True, slots=True, repr=False)
class NoticeAddress:
    """One address, in its parts.

    ``target`` is the topic, the token or the chat; ``to`` and ``sender`` are mailboxes; ``options`` what stands behind
    the question mark. ``url`` is all of it, for apprise.
    """

    kind: str
    scheme: str
    tls: bool
    host: str
    port: int | None = None
    user: str = ""
    password: str = ""
    path: str = "/"
    target: str = ""
    to: tuple[str, ...] = ()
    sender: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    url: str = ""

    def __repr__(self) -> str:
        return f"<NoticeAddress {self.shown}>"

    @property
    def shown(self) -> str:
        """What may be shown of it: scheme, host, and of what is long the last four characters."""
        rest = len(self.url) - len(self.scheme) - (len(self.host) if self.host in self.url else 0)
        end = self.url[-4:] if rest > _LEAST_SHOWN else ""
        # Of a mailbox the end is no secret, and says which one.
        end = self.to[0][-4:] if self.to else end
        return f"{self.scheme}://{self.host}/…{end}" if self.kind != APPRISE else f"{self.scheme}://…"

    @property
    def mark(self) -> str:
        """By which a browser knows that it is its own, and nobody learns anything of it."""
        return hashlib.sha256(f"linky-gateway {self.url}".encode()).hexdigest()[:32]

    @property
    def has_secret(self) -> bool:
        """Whether who reads it could write in the household's name; such an address stands in no configuration."""
        if self.kind in (FREE, GOTIFY, TELEGRAM, APPRISE) or self.password or self.user:
            return True
        # The name of a topic is its password.
        return bool(self.options.keys() - {"to", "from", "mode", "smtp"}) or (
            not self.is_own and (self.kind == NTFY or self.path != "/")
        )

    @property
    def is_own(self) -> bool:
        """Whether it is a machine of this house, by its address or the end of its name."""
        return is_home(self.host)


class _NoAddress(Exception):  # noqa: N818 (what it says is a sentence, handed back by ``read``)
    """Why a text is none."""

    def __init__(self, why: Phrase) -> None:
        super().__init__(str(why))
        self.why = why


def read(text: str) -> NoticeAddress | Phrase:
    """The address; else why it is none, in a sentence that has nothing of it but its scheme."""
    try:
        return _read(text.strip())
    except _NoAddress as error:
        return error.why


def _read(text: str) -> NoticeAddress:
    if not text:
        raise _NoAddress(_EMPTY)
    most = _LONGEST_OF.get(text.partition(":")[0], _LONGEST)
    if len(text) > most:
        raise _NoAddress(_TOO_LONG.filled(most=most))
    if not text.isprintable() or not unquote(text, errors="replace").isprintable():
        raise _NoAddress(_NO_TEXT)
    scheme, found, rest = text.partition("://")
    scheme = scheme.lower()
    if not found or not _SCHEME.fullmatch(scheme):
        raise _NoAddress(_NO_URL.filled(known=_TYPED))
    if scheme.startswith("apprise+"):
        if not rest or scheme == "apprise+":
            raise _wrong(scheme, APPRISE)
        url = f"{scheme.removeprefix('apprise+')}://{rest}"
        return NoticeAddress(APPRISE, scheme, tls=True, host="", url=url)
    if scheme not in _SCHEMES:
        raise _NoAddress(_UNKNOWN.filled(scheme=scheme, known=_TYPED))
    kind, tls = _SCHEMES[scheme]
    parts = _Parts.of(scheme, kind, tls, rest, text)
    known_options = _OPTIONS.get(kind, ())
    if kind not in (WEBHOOK, PUSH) and any(name not in known_options for name in parts.options):
        named = ", ".join(known_options) or "-"
        raise _NoAddress(_NO_OPTION.filled(scheme=scheme, known=named))
    address = _READ[kind](parts)
    if not address.tls and not is_home(address.host):
        raise _NoAddress(_IN_CLEAR.filled(scheme=scheme))
    return address


def is_home(host: str) -> bool:
    """Whether a host is of this house, as it is written: a private number, a name of the house."""
    try:
        return is_private(ipaddress.ip_address(host))
    except ValueError:
        return "." not in host.rstrip(".") or host.rstrip(".").lower().endswith(_OWN_NAMES)


# RFC 1918, RFC 4193.
_PRIVATE = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))


def is_private(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether a number is of a network that nobody outside can reach."""
    return any(address in network for network in _PRIVATE)


@dataclass(frozen=True, slots=True)
class _Parts:
    """A URL as it is written; user and password are decoded, ``host`` may be a token."""

    scheme: str
    kind: str
    tls: bool
    host: str
    port: int | None
    user: str
    password: str
    path: str
    options: Mapping[str, str]
    url: str

    @classmethod
    def of(cls, scheme: str, kind: str, tls: bool, rest: str, url: str) -> _Parts:
        before, _, query = rest.partition("?")
        place, slash, path = before.partition("/")
        login, _, host = place.rpartition("@")
        user, _, password = login.partition(":")
        if kind == TELEGRAM:
            # A bot's token has a colon, and is no port.
            return cls(scheme, kind, tls, unquote(host), None, "", "", slash + path, {}, url)
        name, port = _host_and_port(host)
        try:
            options = dict(parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST_OPTIONS))
        except ValueError as error:
            raise _wrong(scheme, kind) from error
        return cls(scheme, kind, tls, name, port, unquote(user), unquote(password), slash + path, options, url)

    def host_checked(self) -> str:
        """The host, as names and numbers are written."""
        try:
            return str(ipaddress.ip_address(self.host))
        except ValueError:
            if not _HOST.fullmatch(self.host) or self.port == 0:
                raise _wrong(self.scheme, self.kind) from None
            return self.host.lower()

    def at(self, host: str) -> NoticeAddress:
        """The address, before what is of its kind."""
        whose = self.kind, self.scheme, self.tls, host, self.port, self.user, self.password
        return NoticeAddress(*whose, options=self.options, url=self.url)


def _host_and_port(text: str) -> tuple[str, int | None]:
    found = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]]*)(?::([0-9]{1,5}))?", text)
    if not found or (found[2] and not 1 <= int(found[2]) <= 65_535):
        return text, 0
    return found[1].strip("[]"), int(found[2]) if found[2] else None


def _wrong(scheme: str, kind: str) -> _NoAddress:
    return _NoAddress(_WRONG.filled(scheme=scheme, form=_FORMS[kind]))


def _ntfy(parts: _Parts) -> NoticeAddress:
    path = unquote(parts.path).strip("/")
    cloud = not path
    topic, host = (parts.host, _NTFY_CLOUD) if cloud else (path, parts.host_checked())
    if not _TOPIC.fullmatch(topic) or (cloud and parts.port is not None):
        raise _wrong(parts.scheme, parts.kind)
    return replace(parts.at(host), target=topic, tls=parts.tls or cloud)


def _mail(parts: _Parts) -> NoticeAddress:
    options, host = parts.options, parts.host_checked()
    sender = options.get("from") or (parts.user if "@" in parts.user else f"{parts.user}@{host}")
    to = tuple(one.strip() for one in (options.get("to") or sender).split(",") if one.strip())
    mode = options.get("mode", "starttls")
    mailboxes = all(map(_MAILBOX.fullmatch, (sender, *to)))
    if not mailboxes or not 1 <= len(to) <= _MOST_TO or mode not in ("starttls", "ssl") or not _is_ascii(sender, *to):
        raise _wrong(parts.scheme, parts.kind)
    named = options.get("smtp")
    if (named or host).lower() in _MAILBOX_DOMAINS:
        raise _NoAddress(_NO_SERVER.filled(host=(named or host).lower()))
    if named and not (_HOST.fullmatch(named) or _is_number(named)):
        raise _wrong(parts.scheme, parts.kind)
    return replace(parts.at((named or host).lower()), sender=sender, to=to)


def _is_ascii(*texts: str) -> bool:
    return all(text.isascii() for text in texts)


def _is_number(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _webhook(parts: _Parts) -> NoticeAddress:
    if any(name[:1] in " +-:" for name in parts.options):
        raise _NoAddress(_NO_HEADERS.filled(scheme=parts.scheme))
    # What stands behind the question mark is the other side's, but for the key by which it checks.
    if parts.options.get("sign") == "":
        raise _wrong(parts.scheme, parts.kind)
    asked = urlencode({name: value for name, value in parts.options.items() if name != "sign"})
    path = (parts.path or "/") + (f"?{asked}" if asked else "")
    if not path.isascii() or " " in path:
        raise _wrong(parts.scheme, parts.kind)
    return replace(parts.at(parts.host_checked()), path=path)


def _free(parts: _Parts) -> NoticeAddress:
    if not _FREE_USER.fullmatch(parts.user) or not _FREE_KEY.fullmatch(parts.host) or parts.port is not None:
        raise _wrong(parts.scheme, parts.kind)
    return replace(parts.at(_FREE_HOST), password=parts.host)


def _gotify(parts: _Parts) -> NoticeAddress:
    before, _, token = unquote(parts.path).strip("/").rpartition("/")
    if not re.fullmatch(r"[A-Za-z0-9._-]{8,64}", token) or not re.fullmatch(r"[A-Za-z0-9._/-]*", before):
        raise _wrong(parts.scheme, parts.kind)
    path = f"/{before}/message" if before else "/message"
    return replace(parts.at(parts.host_checked()), path=path, target=token)


def _telegram(parts: _Parts) -> NoticeAddress:
    chat = unquote(parts.path).strip("/")
    if not _BOT.fullmatch(parts.host) or not _CHAT.fullmatch(chat):
        raise _wrong(parts.scheme, parts.kind)
    return replace(parts.at(_TELEGRAM_HOST), password=parts.host, target=chat)


def _push(parts: _Parts) -> NoticeAddress:
    keys, host = _SHARED.fullmatch(parts.password), parts.host_checked()
    # As the browser gave it, question mark and all.
    path = parts.url.partition("://")[2].partition("/")[2]
    is_service = "." in host.rstrip(".") and not is_home(host) and not _is_number(host) and parts.port in (None, 443)
    if not keys or not _POINT.fullmatch(parts.user) or not _PLACE.fullmatch(f"/{path}") or not is_service:
        raise _wrong(parts.scheme, parts.kind)
    return replace(parts.at(host), port=443, password=keys[1], target=keys[2], path=f"/{path}")


_READ = {NTFY: _ntfy, MAIL: _mail, WEBHOOK: _webhook, FREE: _free, GOTIFY: _gotify, TELEGRAM: _telegram, PUSH: _push}
