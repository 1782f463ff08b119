"""The household told by XMPP: each alert, and who asks for access, as a chat message to its own addresses.

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
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from gateway.federation.connection.jids import bare_jid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gateway.federation.connection.session import Session, Stanza
    from gateway.links.alerts import Alert

log = logging.getLogger(__name__)

# For each address: enough for every link of a house to break and to come back while the federation is away.
MOST_WAITING = 20

_CLIENT = "jabber:client"
_DELAY = "urn:xmpp:delay"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
ALERT_ID = "alert-"

# Younger than this a message is not late.
_LATE_S = 10.0


@dataclass(slots=True)
class _Message:
    """News on its way, by language; ``link`` is what an alert is about, ``at`` POSIX seconds."""

    to: str
    id: str
    texts: Mapping[str, str]
    link: str | None
    at: float
    sent: bool = False


class HouseholdMessages:
    """Tells the household.

    Args:
        session: the gateway's own session; messages go out whenever it is connected.
        addresses: the household's bare JIDs; none where nobody is to be told. Raises ConfigError when one is none.
        language: ``fr`` or ``en``, which of the two comes first.
        clock: POSIX seconds, for the time stamped on what comes late.
    """

    def __init__(
        self,
        session: Session,
        addresses: Sequence[str],
        language: str = "fr",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._session, self._clock = session, clock
        self._addresses = _bare(addresses)
        self._language = language
        self._waiting: list[_Message] = []
        self._refused = False
        session.on_change(self._changed)
        session.on_acknowledged(self._acknowledged)
        session.listen(f"{{{_CLIENT}}}message/{{{_CLIENT}}}error", self._bounced)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Its bare JIDs."""
        return self._addresses

    @property
    def waiting(self) -> frozenset[str]:
        """What the alerts are about that have not left yet."""
        return frozenset(message.link for message in self._waiting if message.link is not None)

    def move(self, addresses: Sequence[str], language: str) -> None:
        """Tell these from now on; what waits goes to them too, and to nobody where there are none."""
        self._addresses, self._language = _bare(addresses), language
        self._refused = False
        texts = {message.at: message for message in self._waiting}.values()
        self._waiting = []
        for message in texts:
            self._add(message.texts, message.link, message.at)

    def take_over(self, other: HouseholdMessages) -> None:
        """Tell what another one, whose session has ended, could not."""
        for message in {message.at: message for message in other._waiting}.values():
            self._add(message.texts, message.link, message.at)

    def tell(self, alert: Alert) -> None:
        """Send it now, or as soon as there is a session."""
        if alert.recovered:
            # Nobody is sent to check a cable that has been plugged in again.
            self._waiting = [m for m in self._waiting if m.sent or m.link != alert.link]
        self._add(alert.text.in_every_language(), alert.link, self._clock())

    def say(self, texts: Mapping[str, str]) -> None:
        """Send a text that is about no link, by language, now or as soon as there is a session."""
        self._add(texts, None, self._clock())

    def _add(self, texts: Mapping[str, str], link: str | None, at: float) -> None:
        self._waiting += [_Message(to, f"{ALERT_ID}{secrets.token_hex(8)}", texts, link, at) for to in self._addresses]
        del self._waiting[: max(0, len(self._waiting) - MOST_WAITING * len(self._addresses))]
        self._send()

    def _send(self) -> None:
        for message in [m for m in self._waiting if not m.sent]:
            if not self._session.send_message(message.to, message.id, *self._payload(message)):
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
        self._waiting = [m for m in self._waiting if (m.to, m.id) != (to, stanza_id)]

    def _bounced(self, stanza: Stanza) -> None:
        if stanza.id.startswith(ALERT_ID) and stanza.sender in self._addresses and not self._refused:
            self._refused = True
            log.warning("an address of the household refuses alerts; check [household] address in the configuration")


def _bare(addresses: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(bare_jid, addresses)))
