"""The points of gateways that only a household brings about: its answer, a withdrawal."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from conformance.checks import Checks
from conformance.connection import CLIENT
from conformance.gateway_commands import recent, requested
from conformance.gateway_delivery import is_live_value, watch
from conformance.gateway_pushes import is_push, pushed, subscribe
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
# Of what comes in spite of a withdrawal so many are enough.
_MOST_LATE = 20


@dataclass(slots=True)
class Withdrawn:
    """What came in spite of a withdrawal; ``unwatched``: why no live value came before it, where none did."""

    told: bool = False
    unwatched: str = ""
    late: list[Stanza] = field(default_factory=list)


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
    request = await requested(peer)
    number = request.get("id", "")
    if request.get("state") != "pending":
        raise LeftError(f"request {number} is {request.get('state')} already: no answer to it will come")
    peer.please(f"refuse request {number}")
    stanza = await _notice(peer, _PERSONS_S, "access-refused", "access-granted")
    if stanza is None:
        raise WrongError(f"no notice of the answer came within {_PERSONS_S:g} s")
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


async def _withdraw(peer: GatewayPeer) -> Withdrawn:
    """Have the household withdraw while something is pushed and watched; what came of it, once for all checks."""
    if peer.withdrawn is None:
        if not peer.household:
            peer.please("")
        await pushed(peer)
        found = peer.withdrawn = Withdrawn()
        peer.line.show(peer.jid)
        try:
            await watch(peer)
        except (LeftError, WrongError) as error:
            found.unwatched = str(error)
        peer.please(f"withdraw every consent of {peer.line.account.jid}")
        stanza = await _notice(peer, _PERSONS_S, "consent-withdrawn")
        if stanza is not None:
            found.told = True
            peer.line.confirm(stanza.id, stanza.origin)
            await _listen(peer, found)
    return peer.withdrawn


async def _listen(peer: GatewayPeer, found: Withdrawn) -> None:
    await asyncio.sleep(_GRACE_S)
    peer.line.messages.clear()
    end = time.monotonic() + peer.quiet
    while len(found.late) < _MOST_LATE and (left := end - time.monotonic()) > 0:
        stanza = await peer.line.hear(lambda one: is_push(peer, one) or is_live_value(peer, one), left)
        if stanza is None:
            return
        found.late.append(stanza)


@CHECKS.of("C35", "G")
async def a_withdrawal_ends_it(peer: GatewayPeer) -> str | None:
    """What is pushed, the history, and a further subscription."""
    found = await _withdraw(peer)
    if not found.told:
        raise WrongError(f"no notice of a withdrawal came within {_PERSONS_S:g} s")
    if any(is_push(peer, stanza) for stanza in found.late):
        raise WrongError(f"more than {_GRACE_S:g} s after the withdrawal a push came")
    (await peer.history(peer.series, *recent())).must_refuse("not-authorized", "auth")
    (await subscribe(peer)).must_refuse("not-authorized", "auth")
    return f"nothing came for {peer.quiet} s"


@CHECKS.of("C26", "G")
async def a_withdrawal_ends_live_values(peer: GatewayPeer) -> str | None:
    """As it ends what is pushed."""
    found = await _withdraw(peer)
    if not found.told or found.unwatched:
        raise LeftError(found.unwatched or "no notice of a withdrawal came (C35)")
    if any(is_live_value(peer, stanza) for stanza in found.late):
        raise WrongError(f"more than {_GRACE_S:g} s after the withdrawal a live value came")
    return "by its time, by absence, by withdrawal"
