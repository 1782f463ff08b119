"""A notice on a phone or a computer itself, by the push service that its browser has chosen (RFC 8030).

That service is one of the Internet, whatever the browser's word was: nothing is sent to a machine of the house. One
that says that the browser is no more ends the way.
"""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.notices.events import Urgency
from gateway.notices.ways.http import Post, post
from gateway.notices.ways.outcome import Message, Outcome, refused
from gateway.notices.ways.services import outcome_of
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from gateway.addresses.notice import NoticeAddress
    from gateway.notices.ways.reach import Reach

# RFC 8030 §5.3.
_URGENCY = {Urgency.URGENT: "high", Urgency.NORMAL: "normal", Urgency.DIGEST: "low"}
# RFC 8030 §5.4, and no service keeps anything for longer than four weeks.
_NO_TOPIC, _LONGEST_TOPIC = re.compile(r"[^A-Za-z0-9_-]"), 32
_LEAST_S, _MOST_S = 60, 28 * 86_400
# Its browser has left it, or has forgotten it.
_GONE = (404, 410)
# Who asks for somebody to write to (``sub``, RFC 8292 §2.1), and says no without: BadJwtToken
# (developer.apple.com, "Sending web push notifications in web apps and browsers").
_ASKS_WHO, _NOT_LIKE_THIS = ".push.apple.com", (400, 403)

# What a notice is about -> the page that says more of it; else the first one, which has all news.
_PAGES = {
    **dict.fromkeys(("meter", "gateway", "mode", "power-cut", "other-meter"), "/links"),
    **{"objective": "/cost", "base-load": "/cost", "injection": "/history", "injection-stopped": "/history"},
    **{"version": "/settings/updates", "notices": "/settings/notices"},
}
_OF_TEST = "/settings/notices"

_NO_KEY = Phrase("what this device has provided is not a key: add it again, on the device itself")
_NO_APPLE = Phrase(
    "this version cannot send alerts directly to an Apple device (iPhone, iPad, Safari): use the ntfy app instead"
)
_NO_MORE = Phrase("this device no longer accepts alerts: add it again, on the device itself")


async def tell(reach: Reach, address: NoticeAddress, message: Message, now: float) -> Outcome:
    """Tell it by one POST; ``now`` is POSIX seconds."""
    try:
        # Beside the loop: the first one brings a library.
        request = await asyncio.to_thread(request_of, address, message, int(now), reach.contact)
    except ValueError:
        return refused(_NO_KEY)
    reply = await post(reach, request)
    if isinstance(reply, Outcome):
        return reply
    if reply.status in _GONE:
        return replace(refused(_NO_MORE), gone=True)
    if reply.status in _NOT_LIKE_THIS and not reach.contact and address.host.lower().endswith(_ASKS_WHO):
        return refused(_NO_APPLE)
    return outcome_of(address, reply, now)


async def new_key() -> tuple[str, str]:
    """A key for one browser: private, public."""

    def make() -> tuple[str, str]:
        from gateway.notices.ways.sealed import new_key as made  # noqa: PLC0415

        return made()

    return await asyncio.to_thread(make)


def request_of(address: NoticeAddress, message: Message, now: int, contact: str) -> Post:
    """What is sent to its service. ValueError for a key that is none."""
    from gateway.notices.ways.sealed import sealed, signed  # noqa: PLC0415 (few houses have need of it)

    headers = {
        "Authorization": signed(f"https://{address.host}", address.target, contact, now),
        "Content-Type": "application/octet-stream",
        "Content-Encoding": "aes128gcm",
        "TTL": str(min(max(message.until - now, _LEAST_S), _MOST_S)),
        "Urgency": _URGENCY[message.level],
        # What is told twice, after a power cut, takes the place of the first.
        "Topic": _NO_TOPIC.sub("", message.ident)[:_LONGEST_TOPIC],
    }
    said = {
        "title": message.title,
        "text": message.text,
        "lang": message.lang,
        "tag": message.ident,
        "path": _page(message),
        "urgent": message.level is Urgency.URGENT,
    }
    body = sealed(json.dumps(said, ensure_ascii=False).encode(), address.user, address.password)
    return Post(address.host, 443, tls=True, path=address.path, body=body, headers=headers, outside=True)


def _page(message: Message) -> str:
    pages = {_PAGES.get(event, "/") for event in message.events} or {_OF_TEST}
    return pages.pop() if len(pages) == 1 else "/"
