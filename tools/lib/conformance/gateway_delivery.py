"""The points of gateways and providers that need a consent: subscription, pushes, live values."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeVar

from conformance.caps import verification
from conformance.checks import Checks
from conformance.gateway_commands import discovered
from conformance.gateway_pushes import pushed, subscribe
from conformance.packs import (
    NO_STORE,
    asks_receipt,
    granularity,
    interval,
    is_live,
    overlaps,
    records,
    rectifies,
)
from conformance.points import LeftError, WrongError
from conformance.replies import number
from gateway.federation.connection.disco import CAPS
from gateway.federation.wire.scope import within

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from conformance.gateway_peer import GatewayPeer
    from conformance.gateway_pushes import Pushed
    from conformance.packs import Numbers
    from gateway.federation.connection.session import Stanza

T = TypeVar("T")

CHECKS: Final = Checks()
# Of live values: how long the lease is, what may still be on its way, how long nothing may come then.
_LEASE_S, _GRACE_S, _QUIET_S = 6, 4.0, 5.0
# A gateway that waits for somebody shows its presence, and again after a while.
_SHOWN_S = 25.0
_NUMBERLESS = "its messages have no <outbox>: this account knows the house by a monthly pseudonym"


@CHECKS.of("C13", "G P")
async def a_subscription_holds(peer: GatewayPeer) -> str | None:
    """In another session things come without another one; a second one succeeds, and brings nothing twice."""
    found = await pushed(peer)
    found.answers[1].must_succeed()
    if found.later is None:
        raise WrongError(f"in a second session nothing came within {peer.patience} s without a new subscription")
    came: dict[tuple[str, str, float], Numbers] = {}
    for stanza in found.all:
        numbers = interval(stanza.xml)
        # Without numbers nobody can tell it from a repetition; what replaces has a number of its own.
        if numbers is None or rectifies(stanza.xml):
            continue
        for record in records(stanza.xml):
            point = record.name, granularity(stanza.xml), record.time
            if not overlaps(came.setdefault(point, numbers), numbers):
                raise WrongError(f"{point[0]} of {point[2]:g} came twice, under numbers that are not the same")
    return None


@CHECKS.of("C15", "G")
async def the_answer_has_the_numbers(peer: GatewayPeer) -> str | None:
    """Whole numbers; whoever has everything up to one is told that it goes on behind it."""
    found = await pushed(peer)
    for answer in (one for one in found.answers if one.succeeded):
        if not answer.fields.get("epoch"):
            raise WrongError("it has no epoch")
        if (first := number(answer, "first")) > (last := number(answer, "last")) + 1:
            raise WrongError(f"first is {first}, and the last that was given {last}")
    epochs = {answer.fields.get("epoch") for answer in found.answers if answer.succeeded}
    if strange := {numbers[0] for numbers in map(_numbers, found.all) if numbers} - epochs:
        raise WrongError(f"a push has the epoch {strange.pop()!r}, which no answer said")
    numbers = None if found.waiting is None else interval(found.waiting.xml)
    if numbers and (first := number(found.answers[-1].must_succeed(), "first")) <= numbers[2]:
        raise WrongError(f"everything up to {numbers[2]} is stored, and first is {first}")
    return None


@CHECKS.of("C17", "G")
async def the_id_says_the_numbers(peer: GatewayPeer) -> str | None:
    """Of every push; no more points than numbers, and what comes again with its id has its points."""
    found = await pushed(peer)
    held: dict[str, set[tuple[str, float, str]]] = {}
    for stanza in found.all:
        numbers = interval(stanza.xml)
        if numbers is None:
            raise LeftError(_NUMBERLESS)
        if stanza.id != "-".join(map(str, numbers)):
            raise WrongError(f"a message with the id {stanza.id!r} covers {numbers[1]} to {numbers[2]} of {numbers[0]}")
        points = {(record.name, record.time, str(record.value)) for record in records(stanza.xml)}
        if not 0 < len(points) <= numbers[2] - numbers[1]:
            raise WrongError(f"{stanza.id} holds {len(points)} points of {numbers[2] - numbers[1]} numbers")
        if held.setdefault(stanza.id, points) != points:
            raise WrongError(f"{stanza.id} came again with other points")
    return None


def _numbers(stanza: Stanza) -> Numbers | None:
    return interval(stanza.xml)


def _must_be_numbered(found: Pushed) -> None:
    """LeftError where what was pushed has no numbers: whether it comes again cannot be told."""
    if found.first is not None and interval(found.first.xml) is None:
        raise LeftError(_NUMBERLESS)


@CHECKS.of("C19", "G")
async def what_is_not_confirmed_comes_again(peer: GatewayPeer) -> str | None:
    """The first push was not, and all asked for it."""
    found = await pushed(peer)
    if not all(asks_receipt(stanza.xml) for stanza in found.all):
        raise WrongError("a push to who confirms by receipt asks for none")
    _must_be_numbered(found)
    if found.again is None:
        raise WrongError(f"a push that was not confirmed did not come again within {peer.patience} s")
    return None


@CHECKS.of("C20", "G")
async def nothing_is_pushed_without_consent(peer: GatewayPeer) -> str | None:
    """What is closed cannot be subscribed to, and all that came lies within what was allowed."""
    allowed = peer.consented()
    if peer.closed:
        (await subscribe(peer, identifier=peer.closed[0])).must_refuse("not-authorized", "auth")
    for stanza in (await pushed(peer)).all:
        if strange := [record.name for record in records(stanza.xml) if not within(allowed, record.name)]:
            raise WrongError(f"pushed was {strange[0]}, which is not within {peer.series}")
    return "what a withdrawal changes is C35"


@CHECKS.of("C21", "G")
async def a_receipt_of_nothing_changes_nothing(peer: GatewayPeer) -> str | None:
    """A receipt for numbers that were never sent, or of somebody else, leaves waiting what waits."""
    found = await pushed(peer)
    _must_be_numbered(found)
    numbers = None if found.waiting is None else interval(found.waiting.xml)
    if numbers is None or len(found.answers) < 3:
        raise LeftError(f"no further push came within {peer.patience} s")
    first = number(found.answers[2].must_succeed(), "first")
    if first > numbers[2]:
        whose = "for numbers that were never sent" + ("" if peer.other is None else ", or of another account")
        raise WrongError(f"after a receipt {whose}, {numbers[2]} does not wait any more")
    if peer.other is None:
        return "of what was never sent; that of another account needs --other"
    return "of what was never sent, and of another account"


async def watch(peer: GatewayPeer, **more: str) -> Stanza:
    """Begin a live subscription; its first value."""
    fields = {"identifier": peer.series, "mode": "live", "minimum_interval": "1"} | more
    reply = await peer.command("subscribe", fields)
    if reply.condition == "resource-constraint":
        raise LeftError(f"no live view is to be had now: {reply.words}")
    reply.must_succeed()
    value = await peer.line.hear(lambda stanza: is_live_value(peer, stanza), peer.patience)
    if value is None:
        raise LeftError(f"no live value came within {peer.patience} s: does its meter say anything now?")
    peer.keep(value.xml)
    return value


def is_live_value(peer: GatewayPeer, stanza: Stanza) -> bool:
    """Whether a message is of this moment: by its type or by what it says of itself, as one of the two may be wrong."""
    return stanza.sender.lower() == peer.bare and (stanza.type == "headline" or is_live(stanza.xml))


async def _is_over(peer: GatewayPeer, why: str) -> None:
    await asyncio.sleep(_GRACE_S)
    peer.line.messages.clear()
    if await peer.line.hear(lambda stanza: is_live_value(peer, stanza), _QUIET_S) is not None:
        raise WrongError(f"{why}, live values still came {_GRACE_S:g} s later")


@CHECKS.of("C27", "G")
async def live_values_are_headlines(peer: GatewayPeer) -> str | None:
    """Marked, without a number, and nobody has to confirm them."""
    peer.consented()
    value = await watch(peer)
    faults = [] if value.type == "headline" else [f"its type is {value.type!r}"]
    faults += [] if is_live(value.xml) else ["it is not marked as live"]
    faults += ["it asks for a receipt"] if asks_receipt(value.xml) else []
    faults += ["it has numbers of the outbox"] if interval(value.xml) else []
    faults += [] if value.xml.find(NO_STORE) is not None else ["servers may keep it: it has no <no-store/>"]
    if faults:
        raise WrongError(f"a live value: {', '.join(faults)}")
    return None


@CHECKS.of("C26", "G")
async def live_values_end(peer: GatewayPeer) -> str | None:
    """With their lease, and with the watcher's presence."""
    peer.consented()
    end = datetime.now(UTC) + timedelta(seconds=_LEASE_S)
    await watch(peer, end_time=end.isoformat(timespec="seconds"))
    await asyncio.sleep(max(0.0, end.timestamp() - time.time()))
    await _is_over(peer, "the lease was over")
    peer.line.show(peer.jid)
    await watch(peer)
    await _away(peer, _is_over(peer, "the watcher had said that it goes"))
    return "by its time, by absence"


async def _away(peer: GatewayPeer, meanwhile: Awaitable[T]) -> T:
    """Say that we go, and come back after something; who confirms is there, so nothing is."""
    confirms, peer.line.confirms = peer.line.confirms, lambda _: False
    peer.line.show(peer.jid, there=False)
    try:
        return await meanwhile
    finally:
        peer.line.confirms = confirms
        peer.line.show(peer.jid)


@CHECKS.of("C2", "G")
async def the_hash_fits(peer: GatewayPeer) -> str | None:
    """That of the presence that it shows where it waits for who has gone."""
    await pushed(peer)
    presence = await _away(peer, peer.line.see(peer.jid, _SHOWN_S))
    found = None if presence is None else presence.find(f"{{{CAPS}}}c")
    if found is None:
        raise LeftError("no presence of it came")
    if not (algorithm := found.get("hash", "")):
        raise WrongError("the hash of its presence is of the form before 2008: it does not say by which algorithm")
    expected = verification(await discovered(peer), algorithm)
    if expected is None:
        raise LeftError(f"the hash of its presence is by {algorithm}, which is not known here")
    if found.get("ver") != expected:
        raise WrongError(f"the hash {found.get('ver')} does not fit what it says: {expected}")
    return "the features, and the hash"
