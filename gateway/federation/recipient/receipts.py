"""Receipts (XEP-0184) of what is kept. One that comes back is sent again, or its sender repeats it all a minute later.

A server that has just failed to reach another bounces for a moment what is for that one, the receipts of the first
messages after an outage among it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from gateway.federation.wire.stanza import RECEIPTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.federation.connection.session import Session, Stanza

_RECEIVED = f"{{{RECEIPTS}}}received"
# Before the id of the message that is confirmed: the receipt's own.
_PREFIX = "r-"

# What comes back is sent again after so many seconds, as often as there are. Then its sender's own patience is over.
AGAIN_S = (1.0, 4.0, 16.0)
# Of what was sent: a bounce comes within moments, or never.
MOST_KNOWN = 1_000


class Receipts:
    """Sends the receipts of one session; listening begins at once."""

    def __init__(self, session: Session, again_s: Sequence[float] = AGAIN_S) -> None:
        self._session, self._again_s = session, again_s
        # Full JID and id of what was confirmed -> how often its receipt came back.
        self._sent: dict[tuple[str, str], int] = {}
        session.listen("{jabber:client}message/{jabber:client}error", self._back)

    def confirm(self, origin: str, stanza_id: str) -> None:
        """Say that a message is kept, or obeyed; called after the commit."""
        self._sent.pop((origin, stanza_id), None)
        self._sent[origin, stanza_id] = 0
        if len(self._sent) > MOST_KNOWN:
            del self._sent[next(iter(self._sent))]
        self._send(origin, stanza_id)

    def _send(self, origin: str, stanza_id: str) -> None:
        self._session.send_message(origin, f"{_PREFIX}{stanza_id}", ET.Element(_RECEIVED, {"id": stanza_id}))

    def _back(self, stanza: Stanza) -> None:
        """A receipt came back; of whoever was sent none, nothing is.

        By its id alone: a server need not send along what came back (RFC 6120 §8.3.1), and Prosody does not.
        """
        if stanza.type != "error" or not stanza.id.startswith(_PREFIX):
            return
        key = stanza.origin, stanza.id.removeprefix(_PREFIX)
        times = self._sent.get(key)
        if times is not None and times < len(self._again_s):
            self._sent[key] = times + 1
            asyncio.get_running_loop().call_later(self._again_s[times], self._send, *key)
