"""Two sessions with one subscription, as a recipient that is slow to confirm: what comes of it, once for all checks."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from conformance.packs import interval, is_live, overlaps
from conformance.points import LeftError, WrongError
from conformance.replies import query
from gateway.federation.connection.disco import INFO
from gateway.federation.wire.stanza import QUOALISE

if TYPE_CHECKING:
    from conformance.gateway_peer import GatewayPeer
    from conformance.replies import IqReply
    from gateway.federation.connection.session import Stanza

# More numbers than any outbox has given.
_NEVER_SENT = 900_000_000
# A peer that pushes without end is left: with stanzas of 256 KiB some 150 MB.
_MOST_PUSHES = 600


@dataclass(slots=True)
class Pushed:
    """What came: ``first`` was not confirmed, ``later`` came in another session, ``again`` is the first repeated.

    ``answers``: to the subscription, the same again, and after a receipt for numbers that were never sent (and one of
    another account, where there is one), at which moment ``waiting`` was not confirmed; the last one once all was.
    """

    answers: list[IqReply] = field(default_factory=list)
    first: Stanza | None = None
    later: Stanza | None = None
    again: Stanza | None = None
    waiting: Stanza | None = None
    all: list[Stanza] = field(default_factory=list)


async def pushed(peer: GatewayPeer) -> Pushed:
    """Hold the conversation, or what it brought. LeftError without a consent, or where the meter says nothing."""
    peer.consented()
    if peer.pushed is None:
        peer.pushed = Pushed()
        await _hold(peer, peer.pushed)
    found = peer.pushed
    found.answers[0].must_succeed()
    if found.first is None:
        raise LeftError(f"nothing of {peer.series} was pushed within {peer.patience} s: does its meter say anything?")
    return found


async def subscribe(peer: GatewayPeer, **more: str) -> IqReply:
    """Subscribe to what the account has a consent to."""
    return await peer.command("subscribe", {"identifier": peer.series, "confirm": "receipt"} | more)


def is_push(peer: GatewayPeer, stanza: Stanza) -> bool:
    """Whether a message holds readings that are to be kept, of this peer."""
    if stanza.sender.lower() != peer.bare or stanza.type == "error" or is_live(stanza.xml):
        return False
    return stanza.xml.find(f"{{{QUOALISE}}}quoalise") is not None


async def _hold(peer: GatewayPeer, found: Pushed) -> None:
    peer.line.show(peer.jid)
    # What an earlier run was sent is of no concern to this one (§24).
    await peer.command("unsubscribe", {"identifier": peer.series})
    found.answers += [await subscribe(peer), await subscribe(peer)]
    if not found.answers[0].succeeded:
        return
    found.first = await _push(peer, found, peer.patience)
    if found.first is None:
        return
    await peer.connection.renew()
    peer.line.show(peer.jid)
    found.later = await _push(peer, found, peer.patience)
    # Who subscribes again is there: what it has not confirmed comes at once.
    await subscribe(peer)
    found.again = await _await_repetition(peer, found, found.first)
    for stanza in found.all:
        peer.line.confirm(stanza.id, stanza.origin)
    found.waiting = await _await_new(peer, found)
    numbers = None if found.waiting is None else interval(found.waiting.xml)
    # From now on it is one that keeps up: to who does not less and less would be sent.
    peer.line.confirms = lambda stanza: is_push(peer, stanza)
    if found.waiting is None or numbers is None:
        return
    epoch, after, last = numbers
    if peer.other is not None:
        # Not confirmed by who was sent it. Once that has an answer, its receipt has come.
        peer.other.confirm(found.waiting.id, found.waiting.origin)
        await peer.other.ask(peer.jid, query(INFO), peer.patience, "get")
    peer.line.confirm(f"{epoch}-{after}-{last + _NEVER_SENT}", found.waiting.origin)
    found.answers.append(await subscribe(peer))
    found.answers.append(await subscribe(peer, epoch=epoch, resume_after=str(last)))


async def _await_repetition(peer: GatewayPeer, found: Pushed, first: Stanza) -> Stanza | None:
    """The first one again, or another interval with its numbers; what else comes meanwhile is confirmed."""
    wanted, end = interval(first.xml), time.monotonic() + peer.patience
    if wanted is None:
        return None
    # It may have come before the subscription did.
    for stanza in found.all[1:]:
        if overlaps(wanted, interval(stanza.xml)):
            return stanza
    while (left := end - time.monotonic()) > 0 and (stanza := await _push(peer, found, left)):
        if overlaps(wanted, interval(stanza.xml)):
            return stanza
        peer.line.confirm(stanza.id, stanza.origin)
    return None


async def _await_new(peer: GatewayPeer, found: Pushed) -> Stanza | None:
    """One with numbers that no message had before: what was on its way is confirmed."""
    known = max(((interval(stanza.xml) or ("", 0, 0))[2] for stanza in found.all), default=0)
    end = time.monotonic() + peer.patience
    while (left := end - time.monotonic()) > 0 and (stanza := await _push(peer, found, left)):
        if (interval(stanza.xml) or ("", 0, 0))[1] >= known:
            return stanza
        peer.line.confirm(stanza.id, stanza.origin)
    return None


async def _push(peer: GatewayPeer, found: Pushed, seconds: float) -> Stanza | None:
    stanza = await peer.line.hear(lambda one: is_push(peer, one), seconds)
    if stanza is not None:
        if len(found.all) >= _MOST_PUSHES:
            raise WrongError(f"more than {_MOST_PUSHES} pushes came before it was through")
        found.all.append(stanza)
        peer.keep(stanza.xml)
    return stanza
