"""Where a session asks its doorkeeper: a filter on slixmpp's stream, before any handler sees the stanza."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from gateway.errors import Once
from gateway.federation.connection.parser import MOST_PARTS
from gateway.federation.connection.strangers import SenderLimits, SenderVerdict
from gateway.federation.wire.form import RequestError, build_error
from gateway.words.language import answered
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from slixmpp import ClientXMPP
    from slixmpp.xmlstream import StanzaBase


log = logging.getLogger(__name__)

_TOO_MUCH = RequestError(
    "wait",
    "resource-constraint",
    Phrase("too many messages at once; wait a minute"),
)


class StanzaFilter:
    """Lets a stanza through, or None; for ``client.add_filter("in", …)``.

    What one's own server says is always let through: it may do what it will to this account anyway.
    """

    def __init__(self, client: ClientXMPP, doorkeeper: SenderLimits) -> None:
        self._client, self._doorkeeper = client, doorkeeper
        jid = client.boundjid
        self._own = {"", str(jid.bare), str(jid.domain)}
        self._say = Once(log)

    def __call__(self, stanza: StanzaBase) -> StanzaBase | None:
        """The stanza, or None when it goes no further."""
        if stanza.name not in {"message", "iq"} or stanza.xml is None:
            return stanza
        bare = _bare(stanza.xml.get("from", ""))
        if bare in self._own:
            return stanza
        verdict = self._doorkeeper.judge(bare)
        if verdict is SenderVerdict.ADMIT:
            return stanza
        if verdict is SenderVerdict.REFUSE:
            self._refuse(stanza)
        return None

    def most_parts(self, origin: str) -> int:
        """How many elements and attributes a stanza with this ``from`` may have."""
        bare = _bare(origin)
        return MOST_PARTS if bare in self._own else self._doorkeeper.most_parts(bare)

    def _refuse(self, stanza: StanzaBase) -> None:
        self._say("too much", "somebody sends more than may be sent; the rest is dropped")
        log.debug("it comes from %s", stanza["from"])
        if stanza["type"] in {"error", "result"}:
            # Nothing is ever answered to an answer (RFC 6120 §8.3.1): two that did would never end.
            return
        answer = self._client.make_message(mto=stanza["from"]) if stanza.name == "message" else self._client.Iq()
        answer["to"], answer["type"], answer["id"] = stanza["from"], "error", stanza["id"]
        lang = str(stanza["lang"] or "")
        answer["lang"] = answered(lang)
        answer.append(build_error(_TOO_MUCH, lang))
        answer.send()


def _bare(origin: str) -> str:
    # By hand: to make a JID object of it would cost more than all the rest. Every server writes the addresses of its
    # own users; another spelling of a known one is a stranger's.
    return origin.partition("/")[0].lower()
