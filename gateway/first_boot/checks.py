"""What each setting of a card may be. A check gives None, or the key of its sentence and the sentence's values."""

from __future__ import annotations

import re

from gateway.addresses.validity import fault
from gateway.sources.paths import PathKind, kind_of
from gateway.sources.usb import PREFIX, parse_identity
from gateway.words.catalogue import LANGUAGES

Wrong = tuple[str, dict[str, object]]

# As the page makes its own codes (gateway/web/access/access.py): without those that are read for one another.
CODE_CHARACTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
CODE_LENGTH = 12
# Twelve random ones of 32 are fewer than six different ones once in fifty million codes.
_FEWEST_DIFFERENT = 6

# A public key of SSH: its kind, its bytes, whatever its owner calls it.
_KEY = re.compile(r"(?:sk-)?(?:ecdsa-sha2|ssh)-[a-z0-9@.-]{2,40} [A-Za-z0-9+/]{40,4000}={0,2}( .{0,200})?")
_MOST_KEYS = 20

# Of what is wrong: enough to find it in the file.
_SHOWN = 60

_HOST = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_DOMAIN = re.compile(r"(?=.{1,255}$)[^\W_]([\w-]{0,61}[^\W_])?(\.[^\W_]([\w-]{0,61}[^\W_])?)*")
# RFC 7622 §3.3.1: what a localpart may not hold.
_LOCAL = re.compile(r"[^\s\"&'/:<>@]{1,512}")
# As gateway/federation/wire/invitation.py reads one; whether it is what its maker signed is looked at there.
_INVITATION = re.compile(r"(?:[!-~]{0,300}[#:])?[0-9][A-Za-z0-9_-]{128,1400}")
_ADDRESS = re.compile(r"([A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\]):([0-9]{1,5})")


def invisible(text: str) -> Wrong | None:
    """No control character, no lone half of a character."""
    return None if text.isprintable() else ("control", {})


def language(text: str) -> Wrong | None:
    """Of the texts for people."""
    return None if text in LANGUAGES else ("language", {})


def hostname(text: str) -> Wrong | None:
    """RFC 1123 §2.1."""
    return None if _HOST.fullmatch(text) else ("hostname", {})


def wifi_name(text: str) -> Wrong | None:
    """IEEE 802.11 §9.4.2.2: 1 to 32 bytes."""
    length = len(text.encode())
    return None if 1 <= length <= 32 else ("wifi_name", {"length": length})


def wifi_key(text: str) -> Wrong | None:
    """IEEE 802.11 annex J.4: a passphrase of 8 to 63 ASCII characters, or the key itself; empty: an open network."""
    if not text or re.fullmatch("[0-9A-Fa-f]{64}", text):
        return None
    if not text.isascii():
        return "wifi_key_ascii", {}
    return None if 8 <= len(text) <= 63 else ("wifi_key", {"length": len(text)})


def country(text: str) -> Wrong | None:
    """ISO 3166-1 alpha-2, whose radio rules hold."""
    return None if re.fullmatch("[A-Z]{2}", text) else ("country", {})


def jid(text: str) -> Wrong | None:
    """A bare JID (RFC 7622)."""
    local, _, domain = text.partition("@")
    possible = _LOCAL.fullmatch(local) and _DOMAIN.fullmatch(domain) and not fault(text.lower())
    return None if possible else ("jid", {})


def password(text: str) -> Wrong | None:
    """Of the account."""
    good = 8 <= len(text) <= 256 and text == text.strip()
    return None if good else ("password", {"length": len(text)})


def address(text: str) -> Wrong | None:
    """Host and port of the XMPP server."""
    found = _ADDRESS.fullmatch(text)
    return None if found and 1 <= int(found[2]) <= 65_535 else ("address", {})


def invitation(text: str) -> Wrong | None:
    """The link of an invitation, whole."""
    return None if _INVITATION.fullmatch(text) else ("invitation", {})


def port(text: str) -> Wrong | None:
    """Where the meter is: what ``source`` of [[meter]] takes, of the kinds that make sense on a card."""
    wrong: Wrong = "port", {"seen": text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"}
    if text.startswith(PREFIX):
        try:
            parse_identity(text)
        except ValueError:
            return wrong
        return None
    if text.startswith("socket://"):
        return wrong if address(text.removeprefix("socket://")) else None
    # A fresh card has no names of anybody's own.
    return None if text == "auto" or kind_of(text) is PathKind.SERIAL else wrong


def code(text: str) -> Wrong | None:
    """The code of the page's first visit."""
    plain = plain_code(text)
    if len(plain) != CODE_LENGTH or not set(plain) <= set(CODE_CHARACTERS):
        return "code", {}
    return None if len(set(plain)) >= _FEWEST_DIFFERENT else ("weak_code", {})


def keys(lines: list[str]) -> Wrong | None:
    """Public keys as sshd reads them (sshd(8), AUTHORIZED_KEYS FILE FORMAT), each a line without options."""
    good = len(lines) <= _MOST_KEYS and all(_KEY.fullmatch(line) and line.isprintable() for line in lines)
    return None if good else ("keys", {"most": _MOST_KEYS})


def plain_code(text: str) -> str:
    """A code without what makes it readable."""
    return re.sub(r"[\s-]", "", text).upper()


def printed_code(plain: str) -> str:
    """A code as it is printed: ABCD-EFGH-JKLM."""
    return "-".join(plain[at : at + 4] for at in range(0, CODE_LENGTH, 4))
