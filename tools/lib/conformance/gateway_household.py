"""The points of gateways that only a household brings about: its answer, a withdrawal."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from conformance.checks import Checks
from conformance.gateway_commands import END, START, request_fields, requested
from conformance.gateway_pushes import is_push, pushed
from conformance.packs import asks_receipt
from conformance.points import LeftError, WrongError
from gateway.federation.wire.stanza import OURS

if TYPE_CHECKING:
    from conformance.gateway_peer import GatewayPeer
    from gateway.federation.connection.session import Stanza

CHECKS: Final = Checks()
NOTICE: Final = f"{{{OURS}}}notice"
# How long a person may take, and how long what was on its way may still come.
_PERSONS_S, _GRACE_S = 300.0, 5.0


async def _notice(peer: GatewayPeer, seconds: float, *kinds: str) -> Stanza | None:
    def fits(stanza: Stanza) -> bool:
        notice = stanza.xml.find(NOTICE)
        return stanza.sender.lower() == peer.bare and notice is not None and notice.get("kind") in kinds

    return await peer.line.hear(fits, seconds)


@CHECKS.of("C10", "G")
async def an_answer_comes_as_a_notice(peer: GatewayPeer) -> str | None:
    """With words for a person, and it asks for a receipt."""
    if not peer.household:
        peer.please("")
    number = (await requested(peer, request_fields(peer))).get("id", "")
    peer.please(f"refuse request {number}")
    stanza = await _notice(peer, _PERSONS_S, "access-refused", "access-granted")
    if stanza is None:
        raise WrongError(f"no notice of the answer came within {_PERSONS_S:g} s")
    peer.answer = stanza
    notice = stanza.xml.find(NOTICE)
    assert notice is not None, "it was looked for"
    faults = [] if notice.get("kind") == "access-refused" else [f"its kind is {notice.get('kind')}"]
    faults += [] if notice.get("request") == number else [f"it is about request {notice.get('request')}"]
    faults += [] if asks_receipt(stanza.xml) else ["it asks for no receipt"]
    faults += [] if stanza.xml.findtext("{jabber:client}body") else ["it has no words for a person"]
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
    stanza = await _notice(peer, max(peer.patience, 90), "access-refused", "access-granted")
    if stanza is None:
        raise WrongError("a notice that was not confirmed did not come again")
    again = stanza.xml.find(NOTICE)
    assert first is not None, "it was looked for"
    assert again is not None, "it was looked for"
    if again.get("id") != first.get("id"):
        raise WrongError(f"the notice came again with the id {again.get('id')}, and had {first.get('id')}")
    peer.line.confirm(stanza.id, stanza.origin)
    return None


@CHECKS.of("C35", "G")
async def a_withdrawal_ends_it(peer: GatewayPeer) -> str | None:
    """What is pushed, and the history."""
    if not peer.household:
        peer.please("")
    await pushed(peer)
    peer.line.show(peer.jid)
    peer.please(f"withdraw every consent of {peer.line.account.jid}")
    stanza = await _notice(peer, _PERSONS_S, "consent-withdrawn")
    if stanza is None:
        raise WrongError(f"no notice of a withdrawal came within {_PERSONS_S:g} s")
    peer.line.confirm(stanza.id, stanza.origin)
    await asyncio.sleep(_GRACE_S)
    peer.line.messages.clear()
    if await peer.line.hear(lambda one: is_push(peer, one), peer.quiet) is not None:
        raise WrongError(f"more than {_GRACE_S:g} s after the withdrawal a push came")
    (await peer.history(peer.series, START, END)).must_refuse("not-authorized", "auth")
    return f"nothing came for {peer.quiet} s"
