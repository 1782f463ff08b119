"""The kinds of ways that a household can add: what each asks, and the address that comes of what was typed.

Addresses are those of ``gateway.addresses.notice``; what was typed is checked field by field first: what is wrong is
said where it was typed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.words.phrase import Phrase

# Kind -> its fields, in their order; those that may stay empty end with "?".
KINDS: Mapping[str, tuple[str, ...]] = {
    "mail": ("mailbox", "secret", "server?", "to?"),
    "sms": ("login", "secret"),
    "ntfy": ("topic", "server?"),
    "telegram": ("secret", "chat"),
    "gotify": ("server", "secret"),
    "webhook": ("url",),
    "other": ("url",),
}
# What is not shown while it is typed, nor again.
SECRETS = frozenset(("secret",))
# What an address calls its kind (``gateway.addresses.notice``) -> what it is here.
OF_ADDRESS = {
    **{name: name for name in ("mail", "ntfy", "telegram", "gotify", "webhook")},
    **{"freemobile": "sms", "apprise": "other"},
    # Added by the device itself (``device``).
    "push": "push",
}

_MAILBOX = re.compile(r"[^@\s,;<>]{1,64}@([^@\s,;<>]+\.[^@\s,;<>.]+)")
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}(:[0-9]{1,5})?")
_FORMS = {
    ("mail", "mailbox"): (_MAILBOX, "wrong_mailbox"),
    ("mail", "to"): (_MAILBOX, "wrong_mailbox"),
    ("sms", "login"): (re.compile(r"[0-9]{6,12}"), "wrong_free_login"),
    ("sms", "secret"): (re.compile(r"[A-Za-z0-9]{8,64}"), "wrong_free_key"),
    ("ntfy", "topic"): (re.compile(r"[A-Za-z0-9_-]{1,64}"), "wrong_topic"),
    ("telegram", "secret"): (re.compile(r"[0-9]{6,20}:[A-Za-z0-9_-]{20,100}"), "wrong_bot"),
    ("telegram", "chat"): (re.compile(r"-?[0-9]{1,20}|@[A-Za-z0-9_]{3,64}"), "wrong_chat"),
    ("gotify", "secret"): (re.compile(r"[A-Za-z0-9._-]{8,64}"), "wrong_gotify"),
    ("webhook", "url"): (re.compile(r"https?://[^\s]+"), "wrong_url"),
}


def fields_of(kind: str) -> list[tuple[str, bool]]:
    """The fields of a kind, and whether each has to be filled in."""
    return [(name.removesuffix("?"), not name.endswith("?")) for name in KINDS[kind]]


def wrong_fields(kind: str, typed: Mapping[str, str]) -> dict[str, str]:
    """Field -> key of what is wrong with it."""
    wrong: dict[str, str] = {}
    for name, required in fields_of(kind):
        form, key = _FORMS.get((kind, name), (_HOST, "wrong_server") if name == "server" else (None, ""))
        if not typed[name]:
            wrong |= {name: "missing_here"} if required else {}
        elif form and not form.fullmatch(typed[name]):
            wrong[name] = key
    return wrong


def address_of(kind: str, typed: Mapping[str, str]) -> str | Phrase:
    """The address; else why there can be none such. The fields have been looked at."""
    # Here and not above: whoever only looks at the page needs no forms of addresses.
    from gateway.addresses.notice import NoticeAddress, read  # noqa: PLC0415

    url = _WRITTEN[kind](typed)
    found = read(url)
    return url if isinstance(found, NoticeAddress) else found


def _mail(typed: Mapping[str, str]) -> str:
    """Of a mailbox alone the server for programs has the usual name."""
    box, found = typed["mailbox"], _MAILBOX.fullmatch(typed["mailbox"])
    server = typed["server"] or f"smtp.{found[1] if found else box}"
    options = {"from": box, "to": typed["to"] or box} | ({"mode": "ssl"} if server.endswith(":465") else {})
    return f"mailtos://{quote(box, safe='')}:{quote(typed['secret'], safe='')}@{server}?{urlencode(options)}"


def _ntfy(typed: Mapping[str, str]) -> str:
    return f"ntfys://{typed['server']}/{typed['topic']}" if typed["server"] else f"ntfys://{typed['topic']}"


_WRITTEN: Mapping[str, Callable[[Mapping[str, str]], str]] = {
    "mail": _mail,
    "ntfy": _ntfy,
    "sms": lambda typed: f"freemobile://{typed['login']}@{typed['secret']}",
    "telegram": lambda typed: f"tgram://{typed['secret']}/{typed['chat']}",
    "gotify": lambda typed: f"gotifys://{typed['server']}/{typed['secret']}",
    "webhook": lambda typed: re.sub("^http", "json", typed["url"]),
    "other": lambda typed: typed["url"],
}
