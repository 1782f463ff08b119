"""What a gateway and the collector that invited it say to each other: two messages, each with one answer.

    <join xmlns="urn:linky-gateway:pairing:1" act="claim" invitation="…" secret="…" digest="…"/>
    <joined xmlns="urn:linky-gateway:pairing:1" state="claimed"/>
    <join … act="join" resource="proxy"><identifier>gw@coop.example/ab12@coop.example/consumption</identifier></join>
    <joined … state="joined"/>   or   <joined … state="refused" why="used"/>

They go to the collector's bare address, as it runs in several processes; the answer has the message's id and comes
from that address. ``claim`` binds the invitation to whoever sent it, and gives nothing yet: the household's consent is
stored after it, and the names of what it gives go with ``join``. Each may come again, from the same gateway, any time.
"""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree import ElementTree as ET

from gateway.errors import SenMLError
from gateway.federation.wire.stanza import hints
from gateway.senml.naming import MAX_IDENTIFIER_CHARS

PAIRING = "urn:linky-gateway:pairing:1"
JOIN, JOINED = f"{{{PAIRING}}}join", f"{{{PAIRING}}}joined"
_IDENTIFIER = f"{{{PAIRING}}}identifier"

CLAIM, NAMES = "claim", "join"
CLAIMED, TAKEN, REFUSED = "claimed", "joined", "refused"
# Why an invitation is refused.
UNKNOWN, ALTERED, REVOKED, USED, EXPIRED, OTHER_NAMES = "unknown", "altered", "revoked", "used", "expired", "names"
WHY = (UNKNOWN, ALTERED, REVOKED, USED, EXPIRED, OTHER_NAMES)

_MOST_CHARS, _MOST_IDENTIFIERS = 64, 8


@dataclass(frozen=True, slots=True)
class JoinRequest:
    """What a gateway says: ``secret`` and ``digest`` (hexadecimal) show that it has the very link that was made."""

    act: str
    invitation: str
    secret: str
    digest: str
    resource: str = ""
    identifiers: tuple[str, ...] = ()


def build_request(request: JoinRequest) -> list[ET.Element]:
    """The message's payload; nothing keeps it for later, since its answer is waited for."""
    facts = {"act": request.act, "invitation": request.invitation, "secret": request.secret, "digest": request.digest}
    element = ET.Element(JOIN, facts | ({"resource": request.resource} if request.resource else {}))
    for identifier in request.identifiers:
        ET.SubElement(element, _IDENTIFIER).text = identifier
    return [element, *hints("no-store")]


def parse_request(element: ET.Element) -> JoinRequest:
    """What a stranger says. SenMLError where it is no such request."""
    facts = [element.get(name, "") for name in ("act", "invitation", "secret", "digest", "resource")]
    names = tuple((child.text or "").strip() for child in element.iterfind(_IDENTIFIER))
    too_long = any(len(fact) > _MOST_CHARS for fact in facts) or any(len(n) > MAX_IDENTIFIER_CHARS for n in names)
    if facts[0] not in (CLAIM, NAMES) or not all(facts[:4]) or too_long or len(names) > _MOST_IDENTIFIERS:
        raise SenMLError("no request to join")
    act, invitation, secret, digest, resource = facts
    return JoinRequest(act, invitation, secret, digest, resource, names)


def build_answer(state: str, why: str = "") -> list[ET.Element]:
    """The answer's payload."""
    element = ET.Element(JOINED, {"state": state} | ({"why": why} if why else {}))
    return [element, *hints("no-store")]


def parse_answer(element: ET.Element) -> tuple[str, str]:
    """State and reason; a reason that this version does not know is ``unknown``. SenMLError for no answer."""
    state, why = element.get("state", ""), element.get("why", "")
    if state not in (CLAIMED, TAKEN, REFUSED):
        raise SenMLError("no answer to a request to join")
    return state, why if why in WHY or state != REFUSED else UNKNOWN
