"""What each service that is told by a POST wants, and what its answers mean.

ntfy: docs.ntfy.sh/publish (as JSON); Gotify: gotify.net/docs/pushmsg; Telegram: core.telegram.org/bots/api; Free
Mobile: its account page (200 sent, 400 a word is missing, 402 too many, 403 not enabled or a wrong key, 500 later); a
webhook gets what apprise's json:// sends, and a signature where one is asked for.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import math
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from gateway.addresses.notice import FREE, GOTIFY, NTFY, PUSH, TELEGRAM, WEBHOOK, NoticeAddress
from gateway.notices.events import Urgency
from gateway.notices.ways.http import HttpAnswer, Post, post
from gateway.notices.ways.outcome import DONE, MOST_PUSH, MOST_SMS, MOST_TEXT, Message, Outcome, again, refused
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from gateway.notices.ways.reach import Reach

# What a service may ask for; longer than that the notice is stale.
_LEAST_WAIT_S, _MOST_WAIT_S = 1.0, 86_400.0
# Free says that it was too much, and not for how long: its limit is of minutes.
_FREE_WAIT_S = 600.0

_NTFY_PRIORITY = {Urgency.URGENT: 5, Urgency.NORMAL: 3, Urgency.DIGEST: 2}
_GOTIFY_PRIORITY = {Urgency.URGENT: 8, Urgency.NORMAL: 5, Urgency.DIGEST: 2}
# apprise's words of how bad it is.
_APPRISE_TYPE = {Urgency.URGENT: "warning", Urgency.NORMAL: "info", Urgency.DIGEST: "info"}

_REDIRECT = Phrase("{host} forwards alerts to another address ({status}); enter that one")
_TOO_MANY = Phrase("{host} takes no more for now ({status})")
_ILL = Phrase("{host} is out of order ({status})")
_REFUSES = Phrase("{host} refuses ({status}): check the address of these alerts")
_FREE_REFUSES = Phrase(
    "Free Mobile refuses ({status}): switch “SMS notifications” on in your account, and check login and key"
)
_PUSH_REFUSES = Phrase("{host} refuses ({status}): add the device again, on the device itself")
_BOT_REFUSES = Phrase("Telegram refuses ({status}): write a message to the bot first, and check its token and chat")


async def tell(reach: Reach, address: NoticeAddress, message: Message, now: float) -> Outcome:
    """Tell it by one POST; ``now`` is POSIX seconds."""
    reply = await post(reach, request(address, message, now))
    return reply if isinstance(reply, Outcome) else outcome_of(address, reply, now)


def most_characters(address: NoticeAddress) -> int:
    """How long a text may be there."""
    return {FREE: MOST_SMS, PUSH: MOST_PUSH}.get(address.kind, MOST_TEXT)


def request(address: NoticeAddress, message: Message, now: float) -> Post:
    """What is sent there."""
    port = address.port or (443 if address.tls else 80)
    path, body, headers = _OF[address.kind](address, message)
    data = json.dumps(body, ensure_ascii=False).encode()
    if "sign" in address.options:
        headers = headers | {"X-Linky-Signature": signature(address.options["sign"], data, int(now))}
    return Post(address.host, port, address.tls, path, data, headers)


def signature(key: str, body: bytes, now: int) -> str:
    """``t=SECONDS,v1=HEX``: HMAC-SHA256 (RFC 2104) of the second, a dot and the body, so none can be played again."""
    made = hmac.new(key.encode(), f"{now}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={now},v1={made}"


def _ntfy(address: NoticeAddress, message: Message) -> tuple[str, dict[str, Any], dict[str, str]]:
    body = {
        "topic": address.target,
        "title": message.title,
        "message": message.text,
        "priority": _NTFY_PRIORITY[message.level],
    }
    token = address.user if address.user.startswith("tk_") and not address.password else address.options.get("token")
    return "/", body, {"Authorization": f"Bearer {_header(token)}"} if token else _basic(address)


def _webhook(address: NoticeAddress, message: Message) -> tuple[str, dict[str, Any], dict[str, str]]:
    body = {
        "version": "1.0",
        "title": message.title,
        "message": message.text,
        "attachments": [],
        "type": _APPRISE_TYPE[message.level],
        "id": message.ident,
        "level": message.level.value,
        "events": list(message.events),
        "time": message.at,
        "language": message.lang,
    }
    return address.path, body, _basic(address) | {"X-Linky-Id": message.ident}


def _free(address: NoticeAddress, message: Message) -> tuple[str, dict[str, Any], dict[str, str]]:
    return "/sendmsg", {"user": address.user, "pass": address.password, "msg": message.text}, {}


def _gotify(address: NoticeAddress, message: Message) -> tuple[str, dict[str, Any], dict[str, str]]:
    body = {"title": message.title, "message": message.text, "priority": _GOTIFY_PRIORITY[message.level]}
    return address.path, body, {"X-Gotify-Key": address.target}


def _telegram(address: NoticeAddress, message: Message) -> tuple[str, dict[str, Any], dict[str, str]]:
    body = {
        "chat_id": address.target,
        "text": f"{message.title}\n{message.text}",
        "disable_notification": message.level is not Urgency.URGENT,
    }
    return f"/bot{address.password}/sendMessage", body, {}


_OF = {NTFY: _ntfy, WEBHOOK: _webhook, FREE: _free, GOTIFY: _gotify, TELEGRAM: _telegram}


def _basic(address: NoticeAddress) -> dict[str, str]:
    """RFC 7617."""
    if not address.user and not address.password:
        return {}
    login = base64.b64encode(f"{address.user}:{address.password}".encode()).decode()
    return {"Authorization": f"Basic {login}"}


def _header(text: str) -> str:
    return text.encode("ascii", errors="replace").decode()


def outcome_of(address: NoticeAddress, reply: HttpAnswer, now: float) -> Outcome:
    """What an answer means."""
    status, host = reply.status, address.host
    if 200 <= status < 300:
        return DONE
    if 300 <= status < 400:
        return refused(_REDIRECT.filled(host=host, status=status))
    is_free_full = address.kind == FREE and status == 402
    if status in (408, 425, 429) or is_free_full:
        asked = _wait_s(reply, now) or (_FREE_WAIT_S if is_free_full else None)
        return again(_TOO_MANY.filled(host=host, status=status), asked)
    # After a power cut what serves a webhook of the house is there before what is behind it.
    is_starting = status == 404 and address.kind == WEBHOOK and address.is_own
    if 400 <= status < 500 and not is_starting:
        return refused(_REFUSALS.get(address.kind, _REFUSES).filled(host=host, status=status))
    return again(_ILL.filled(host=host, status=status), _wait_s(reply, now))


_REFUSALS = {FREE: _FREE_REFUSES, TELEGRAM: _BOT_REFUSES, PUSH: _PUSH_REFUSES}


def _wait_s(reply: HttpAnswer, now: float) -> float | None:
    """What the other side asks for: ``Retry-After`` (RFC 9110 §10.2.3), or Telegram's ``retry_after``."""
    asked = _seconds(reply.headers.get("retry-after", ""), now) or _retry_after(reply.body)
    if asked is None or not math.isfinite(asked):
        return None
    return min(max(asked, _LEAST_WAIT_S), _MOST_WAIT_S)


def _seconds(text: str, now: float) -> float | None:
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    try:
        return parsedate_to_datetime(text).timestamp() - now
    except (ValueError, TypeError, OverflowError):
        return None


def _retry_after(body: bytes) -> float | None:
    try:
        said = json.loads(body)["parameters"]["retry_after"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return float(said) if isinstance(said, int) and 0 <= said < 10**9 else None
