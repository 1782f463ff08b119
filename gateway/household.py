"""The household told by XMPP: each alert, and who asks for access, as a chat message to its own address.

In both languages; only in memory, and only a few: it is news, its place for good is the log or the store. What was not
acknowledged by one's own server is sent again in the next session under the same id; a fault that ended before it could
be told is told as ended.
"""

from __future__ import annotations

import logging
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol
from xml.etree import ElementTree as ET

from gateway.federation.session import bare_jid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.alerts import Alert
    from gateway.federation.session import Stanza

log = logging.getLogger(__name__)

# Enough for every link of a house to break and to come back while the federation is away.
MOST_WAITING = 20

_CLIENT = "jabber:client"
_DELAY = "urn:xmpp:delay"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_ID = "alert-"

# Younger than this a message is not late.
_LATE_S = 10.0


class Channel(Protocol):
    """What is needed of ``gateway.federation.session.Session``."""

    @property
    def acknowledges(self) -> bool:
        """Whether one's own server says what it has taken (XEP-0198)."""

    def send_message(self, to: str, stanza_id: str, *payload: ET.Element) -> bool:
        """Send; False when there is no session."""

    def listen(self, xpath: str, callback: Callable[[Stanza], None]) -> None:
        """Call back for every stanza that matches."""

    def on_change(self, callback: Callable[[bool], None]) -> None:
        """Call back when a session begins (True) and ends (False)."""

    def on_acknowledged(self, callback: Callable[[str, str], None]) -> None:
        """Call back with recipient and id of every message that was taken."""


@dataclass(slots=True)
class _Message:
    """News on its way, by language; ``link`` is what an alert is about, ``at`` POSIX seconds."""

    id: str
    texts: Mapping[str, str]
    link: str | None
    at: float
    sent: bool = False


class Household:
    """Tells the household.

    Args:
        session: the gateway's own session; messages go out whenever it is connected.
        address: the household's bare JID. Raises ConfigError when it is none.
        language: ``fr`` or ``en``, which of the two comes first.
        clock: POSIX seconds, for the time stamped on what comes late.
    """

    def __init__(
        self, session: Channel, address: str, language: str = "fr", clock: Callable[[], float] = time.time
    ) -> None:
        self._session, self._clock = session, clock
        self._address, self._language = bare_jid(address), language
        self._waiting: list[_Message] = []
        self._refused = False
        session.on_change(self._changed)
        session.on_acknowledged(self._acknowledged)
        session.listen(f"{{{_CLIENT}}}message/{{{_CLIENT}}}error", self._bounced)

    def move(self, address: str, language: str) -> None:
        """From now on this is its address, and the language that comes first. Raises ConfigError when it is none."""
        self._address, self._language = bare_jid(address), language
        self._refused = False
        self._send()

    def forget(self) -> None:
        """Nobody is told any more what waits."""
        self._waiting.clear()

    def tell(self, alert: Alert) -> None:
        """Send it now, or as soon as there is a session."""
        if alert.recovered:
            # Nobody is sent to check a cable that has been plugged in again.
            self._waiting = [m for m in self._waiting if m.sent or m.link != alert.link]
        self._add({"fr": alert.text_fr, "en": alert.text_en}, alert.link)

    def say(self, texts: Mapping[str, str]) -> None:
        """Send a text that is about no link, by language, now or as soon as there is a session."""
        self._add(texts, None)

    def _add(self, texts: Mapping[str, str], link: str | None) -> None:
        self._waiting.append(_Message(f"{_ID}{secrets.token_hex(8)}", texts, link, self._clock()))
        del self._waiting[:-MOST_WAITING]
        self._send()

    def _send(self) -> None:
        for message in [m for m in self._waiting if not m.sent]:
            if not self._session.send_message(self._address, message.id, *self._payload(message)):
                return
            message.sent = True
            if not self._session.acknowledges:
                self._waiting.remove(message)

    def _payload(self, message: _Message) -> list[ET.Element]:
        payload = []
        for lang, text in sorted(message.texts.items(), key=lambda one: one[0] != self._language):
            body = ET.Element(f"{{{_CLIENT}}}body", {_LANG: lang})
            body.text = text
            payload.append(body)
        if self._clock() - message.at > _LATE_S:
            stamp = datetime.fromtimestamp(message.at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            payload.append(ET.Element(f"{{{_DELAY}}}delay", {"stamp": stamp}))
        return payload

    def _changed(self, connected: bool) -> None:
        for message in self._waiting:
            message.sent = False
        if connected:
            self._send()

    def _acknowledged(self, to: str, stanza_id: str) -> None:
        if to == self._address:
            self._waiting = [m for m in self._waiting if m.id != stanza_id]

    def _bounced(self, stanza: Stanza) -> None:
        if stanza.id.startswith(_ID) and stanza.sender == self._address and not self._refused:
            self._refused = True
            log.warning("the household's address refuses alerts; check [household] address in the configuration")
