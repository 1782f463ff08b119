"""The points of gateways about the answer of a household: it comes as a notice, again and again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from conformance.checks import Checks
from conformance.connection import CLIENT
from conformance.gateway_commands import requested
from conformance.packs import asks_receipt
from conformance.points import LeftError, WrongError
from gateway.federation.wire.stanza import OURS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.gateway_peer import GatewayPeer
    from gateway.federation.connection.session import Stanza

CHECKS: Final = Checks()
NOTICE: Final = f"{{{OURS}}}notice"
# How long a person may take.
PERSONS_S: Final = 300.0
ANSWERS: Final = ("access-refused", "access-granted")


async def noticed(peer: GatewayPeer, seconds: float, *kinds: str) -> Stanza | None:
    """Take out the first notice of such a kind; None when none came in time."""
    return await peer.line.hear(lambda stanza: _is_notice(peer, stanza, kinds), seconds)


def _is_notice(peer: GatewayPeer, stanza: Stanza, kinds: Sequence[str]) -> bool:
    notice = stanza.xml.find(NOTICE)
    return stanza.sender.lower() == peer.bare and notice is not None and notice.get("kind") in kinds


@CHECKS.of("C10", "G")
async def an_answer_comes_as_anoticed(peer: GatewayPeer) -> str | None:
    """With words for a person, and it asks for a receipt."""
    if not peer.household:
        peer.please("")
    request = await requested(peer)
    number = request.get("id", "")
    if request.get("state") != "pending":
        raise LeftError(f"request {number} is {request.get('state')} already: no answer to it will come")
    peer.please(f"refuse request {number}")
    stanza = await noticed(peer, PERSONS_S, *ANSWERS)
    if stanza is None:
        raise WrongError(f"no notice of the answer came within {PERSONS_S:g} s")
    peer.answer = stanza
    notice = stanza.xml.find(NOTICE)
    assert notice is not None, "it was looked for"
    faults = [] if notice.get("kind") == "access-refused" else [f"its kind is {notice.get('kind')}"]
    faults += [] if notice.get("request") == number else [f"it is about request {notice.get('request')}"]
    faults += [] if stanza.type == "chat" else [f"its type is {stanza.type!r}"]
    faults += [] if "/" not in stanza.xml.get("to", "") else ["it went to one device, not to the account"]
    faults += [] if asks_receipt(stanza.xml) else ["it asks for no receipt"]
    faults += [] if stanza.xml.findtext(f"{{{CLIENT}}}body") else ["it has no words for a person"]
    faults += [] if 0 < len(notice.get("id", "")) <= 64 else ["its id is not of 1 to 64 characters"]
    if faults:
        raise WrongError(f"the notice: {', '.join(faults)}")
    return None


@CHECKS.of("C30", "G")
async def a_notice_is_repeated(peer: GatewayPeer) -> str | None:
    """The answer's, which nobody has confirmed yet, with the same id."""
    if peer.answer is None:
        raise LeftError("needs a notice, and none came (C10)")
    first = peer.answer.xml.find(NOTICE)
    stanza = await noticed(peer, max(peer.patience, 90), *ANSWERS)
    if stanza is None:
        raise WrongError("a notice that was not confirmed did not come again")
    again = stanza.xml.find(NOTICE)
    assert first is not None, "it was looked for"
    assert again is not None, "it was looked for"
    if again.get("id") != first.get("id"):
        raise WrongError(f"the notice came again with the id {again.get('id')}, and had {first.get('id')}")
    # What came before the receipt is no repetition after it.
    for one in [one for one in peer.line.messages if _is_notice(peer, one, ANSWERS)]:
        peer.line.messages.remove(one)
    peer.line.confirm(stanza.id, stanza.origin)
    peer.confirmed_at = time.monotonic()
    return None
