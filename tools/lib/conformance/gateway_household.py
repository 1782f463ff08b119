"""The points of gateways about a withdrawal, and what ends with it or before it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from conformance.checks import Checks
from conformance.gateway_answers import ANSWERS, PERSONS_S, noticed
from conformance.gateway_commands import recent
from conformance.gateway_delivery import is_live_value, watch
from conformance.gateway_pushes import is_push, pushed, subscribe
from conformance.points import LeftError, WrongError

if TYPE_CHECKING:
    from conformance.gateway_peer import GatewayPeer
    from gateway.federation.connection.session import Stanza

CHECKS: Final = Checks()
# How long what was on its way may still come.
_GRACE_S = 5.0
# A notice comes again after a minute, and then after two: so long after its receipt it would have.
_AGAIN_S = 130.0
# Of what comes in spite of a withdrawal so many are enough.
_MOST_LATE = 20


@dataclass(slots=True)
class Withdrawn:
    """What came in spite of a withdrawal; ``unwatched``: why no live value came before it, where none did."""

    told: bool = False
    unwatched: str = ""
    late: list[Stanza] = field(default_factory=list)


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
        stanza = await noticed(peer, PERSONS_S, "consent-withdrawn")
        if stanza is not None:
            found.told = True
            peer.line.confirm(stanza.id, stanza.origin)
            await _listen(peer, found)
    return peer.withdrawn


async def _listen(peer: GatewayPeer, found: Withdrawn) -> None:
    await asyncio.sleep(_GRACE_S)
    for stanza in [one for one in peer.line.messages if is_push(peer, one) or is_live_value(peer, one)]:
        peer.line.messages.remove(stanza)
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
        raise WrongError(f"no notice of a withdrawal came within {PERSONS_S:g} s")
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


@CHECKS.of("C30", "G")
async def a_confirmed_notice_is_over(peer: GatewayPeer) -> str | None:
    """That answer does not come a third time, when it would have."""
    if peer.answer is None or peer.confirmed_at is None:
        raise LeftError("needs a notice that was confirmed")
    left = peer.confirmed_at + _AGAIN_S - time.monotonic()
    if await noticed(peer, max(left, 0.0), *ANSWERS) is not None:
        raise WrongError("a notice that was confirmed came again")
    return "repeated until it was confirmed, and not afterwards"
