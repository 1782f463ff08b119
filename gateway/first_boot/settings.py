"""``linky.toml``: bytes → settings, or everything that is wrong with it; and settings → the file.

No I/O. The file comes from any editor: a byte order mark, CRLF and UTF-16 are taken as they are meant.
"""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gateway.first_boot import checks
from gateway.first_boot.faults import CardFault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.first_boot.checks import Wrong

NAME = "linky.toml"
MOST_BYTES = 65_536
AUTO = "auto"

# Table ("" is the top) -> key -> whether it must be there, and what checks its text; None for true and false.
# ``checks.keys`` alone checks a list of texts.
_KNOWN: Mapping[str, Mapping[str, tuple[bool, Callable[..., Wrong | None] | None]]] = {
    "": {"language": (False, checks.language), "hostname": (False, checks.hostname)},
    "wifi": {
        "name": (True, checks.wifi_name),
        "key": (True, checks.wifi_key),
        "country": (False, checks.country),
        "hidden": (False, None),
    },
    "ssh": {"keys": (True, checks.keys)},
    "account": {
        "jid": (True, checks.jid),
        "password": (True, checks.password),
        "address": (False, checks.address),
        "renew": (False, None),
        "installer": (False, checks.jid),
    },
    "invitation": {"link": (True, checks.invitation), "installer": (False, checks.jid)},
    "meter": {"port": (False, checks.port)},
    "page": {"code": (False, checks.code)},
}


@dataclass(frozen=True, slots=True)
class Wifi:
    """A network of the house; an empty key for an open one; ``hidden`` where it does not say its name."""

    name: str
    key: str = field(repr=False)
    country: str = "FR"
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class XmppAccount:
    """The account at an XMPP server; ``address`` where DNS does not say where that is.

    ``renew``: its password was prepared by somebody else, and changes when the household sets the page's.
    ``installer``: who would like to know whether the gateway is well; the page asks the household.
    """

    jid: str
    password: str = field(repr=False)
    address: str | None = None
    renew: bool = False
    installer: str | None = None


@dataclass(frozen=True, slots=True)
class CardInvitation:
    """A co-operative's invitation, which the page puts to the household; it is answered there alone.

    ``link`` is as good as a key. ``installer`` is whom an account that is made by it names, as ``XmppAccount`` does.
    """

    link: str = field(repr=False)
    installer: str | None = None


@dataclass(frozen=True, slots=True)
class CardSettings:
    """What the file says. ``port`` may be ``auto``; without ``code`` one is made; ``keys`` are public ones, for SSH."""

    language: str = "fr"
    hostname: str | None = None
    wifi: Wifi | None = None
    account: XmppAccount | None = None
    port: str = AUTO
    code: str | None = field(default=None, repr=False)
    keys: tuple[str, ...] = ()
    invitation: CardInvitation | None = None


def parse(data: bytes) -> tuple[CardSettings | None, list[CardFault]]:
    """The settings, or None and every fault."""
    raw, fault = read_toml(data)
    if fault:
        return None, [fault]
    faults = [*_faults(raw)]
    if faults:
        return None, faults
    wifi, account, invitation = raw.get("wifi"), raw.get("account"), raw.get("invitation")
    return (
        CardSettings(
            language=raw.get("language", "fr"),
            hostname=raw.get("hostname"),
            wifi=Wifi(**wifi) if wifi else None,
            account=XmppAccount(**account) if account else None,
            port=raw.get("meter", {}).get("port", AUTO),
            code=checks.plain_code(raw["page"]["code"]) if "code" in raw.get("page", {}) else None,
            keys=tuple(key.strip() for key in raw.get("ssh", {}).get("keys", ())),
            invitation=CardInvitation(**invitation) if invitation else None,
        ),
        [],
    )


def language_of(data: bytes) -> str:
    """The language of whoever wrote the file, also when the rest of it is wrong."""
    # Without the zeros of UTF-16.
    found = re.search(rb"\blanguage\s*=\s*[\"']en", data.replace(b"\0", b""))
    return "en" if found else "fr"


def render(settings: CardSettings) -> str:
    """The file that says these settings, with its comments."""
    lines = [
        "# linky-gateway : réglages du premier démarrage, lus une fois puis effacés de la carte.",
        "# linky-gateway: settings for the first start, read once, then wiped from the card.",
        f"language = {_quoted(settings.language)}",
    ]
    if settings.hostname:
        lines.append(f"hostname = {_quoted(settings.hostname)}")
    wifi, account, invitation = settings.wifi, settings.account, settings.invitation
    if wifi:
        lines += ["", "[wifi]", *(f"{key} = {_quoted(getattr(wifi, key))}" for key in ("name", "key", "country"))]
    if wifi and wifi.hidden:
        lines.append("hidden = true")
    if settings.keys:
        lines += ["", "[ssh]", f"keys = [{', '.join(map(_quoted, settings.keys))}]"]
    if account:
        lines += ["", "[account]", f"jid = {_quoted(account.jid)}", f"password = {_quoted(account.password)}"]
        lines += [f"address = {_quoted(account.address)}"] if account.address else []
        lines += ["renew = true"] if account.renew else []
        lines += [f"installer = {_quoted(account.installer)}"] if account.installer else []
    if invitation:
        lines += ["", "[invitation]", f"link = {_quoted(invitation.link)}"]
        lines += [f"installer = {_quoted(invitation.installer)}"] if invitation.installer else []
    lines += ["", "[meter]", f"port = {_quoted(settings.port)}"]
    if settings.code:
        lines += ["", "[page]", f"code = {_quoted(checks.printed_code(settings.code))}"]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    # A JSON string without control characters is a basic string of TOML.
    return json.dumps(text, ensure_ascii=False)


def read_toml(data: bytes) -> tuple[dict[str, Any], CardFault | None]:
    """The file's tables, or what is wrong with it as a whole."""
    if len(data) > MOST_BYTES:
        return {}, CardFault("", "too_long")
    try:
        wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
        text = data.decode("utf-16" if wide else "utf-8-sig").replace("\r\n", "\n")
        return tomllib.loads(text), None
    except UnicodeDecodeError:
        return {}, CardFault("", "encoding")
    except ValueError as error:
        # TOMLDecodeError, and what tomllib lets through of int(): a number of more than 4300 digits.
        # The words of tomllib may hold what stands in the line, which may be a secret: its place is enough.
        found = re.search(r"line (\d+)", str(error))
        last = text.rstrip().count("\n") + 1
        place = f"line {found[1]}" if found else f"line {last}"
        return {}, CardFault(place, "twice" if "overwrite" in str(error) or "twice" in str(error) else "not_toml")
    except RecursionError:
        return {}, CardFault("", "not_toml")


def _faults(raw: Mapping[str, object]) -> list[CardFault]:
    found = _of_table("", {key: value for key, value in raw.items() if key not in _KNOWN})
    for name in _KNOWN:
        if not name or name not in raw:
            continue
        table = raw[name]
        if isinstance(table, dict):
            found += _of_table(name, table)
        else:
            found.append(CardFault(name, "not_a_table", {"name": name}))
    return found


def _of_table(name: str, table: Mapping[str, object]) -> list[CardFault]:
    known, found = _KNOWN[name], []
    prefix = f"{name}." if name else ""
    for key, value in table.items():
        where = prefix + key
        if key not in known:
            found.append(_unknown(where, key, [*known, *([] if name else filter(None, _KNOWN))]))
        elif wrong := _wrong(value, known[key][1]):
            found.append(CardFault(where, *wrong))
    return found + [CardFault(prefix + key, "missing") for key, (must, _) in known.items() if must and key not in table]


def _wrong(value: object, check: Callable[..., Wrong | None] | None) -> Wrong | None:
    if check is checks.keys:
        is_list = isinstance(value, list) and all(isinstance(one, str) for one in value)
        return checks.keys([one.strip() for one in value]) if is_list else ("not_list", {})  # type: ignore[attr-defined]
    if check is None:
        return None if isinstance(value, bool) else ("not_yes_no", {})
    return checks.invisible(value) or check(value) if isinstance(value, str) else ("not_text", {})


def _unknown(where: str, key: str, known: list[str]) -> CardFault:
    near = difflib.get_close_matches(key, known, 1)
    # What stands before the = may be anything, also a password on the wrong side.
    shown = where if re.fullmatch(r"[A-Za-z_.-]{1,40}", where) else where.rpartition(".")[0]
    return CardFault(shown, "unknown", {"maybe": f" ({near[0]} ?)" if near else "", "known": ", ".join(known)})
