"""The points of gateways that compare what a recipient has with what it was sent (§24); the tool is that recipient."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from conformance.checks import Checks
from conformance.gateway_pushes import is_push, pushed, subscribe
from conformance.held import AnswerMood, AskedTotal
from conformance.points import LeftError, NotOfferedError, WrongError
from conformance.totals import FEATURE
from gateway.federation.wire.stanza import OURS

if TYPE_CHECKING:
    from conformance.gateway_peer import GatewayPeer
    from conformance.held import Amiss, HeldPoint, SentAgain
    from conformance.totals import CountedStretch

CHECKS: Final = Checks()
_NOTICE: Final = f"{{{OURS}}}notice"
# How long a person may take, and without how long a silence a comparison is not over.
_PERSONS_S, _SILENCE_S = 180.0, 8.0
_MOST_HALVES, _LONGEST_S, _GRACE_S = 1000, 240, 30
_DELETES: Final = frozenset(("data-erased", "consent-withdrawn", "data-rectified"))


@dataclass(slots=True)
class Comparisons:
    """What was asked: where nothing was offered, where a little was amiss, where there was more than had been sent."""

    unoffered: list[AskedTotal] = field(default_factory=list)
    amiss: list[AskedTotal] = field(default_factory=list)
    surplus: list[AskedTotal] = field(default_factory=list)
    # The highest number before what is amiss was told, and these values; what was sent again for it, and for what was
    # too many.
    last: int = 0
    before: dict[HeldPoint, float | str] = field(default_factory=dict)
    repaired: list[SentAgain] = field(default_factory=list)
    unasked_for: list[SentAgain] = field(default_factory=list)


async def _compared(peer: GatewayPeer) -> Comparisons:
    """Have the household compare three times; what came of it, once for all checks.

    LeftError without anybody there, NotOfferedError where nothing is asked of who offers it.
    """
    if peer.compared is None:
        if not peer.household:
            peer.please("")
        await pushed(peer)
        peer.compared = Comparisons()
        await _hold(peer, peer.compared)
    if not peer.compared.amiss:
        raise NotOfferedError("it asked for no total of what it had pushed")
    return peer.compared


async def _hold(peer: GatewayPeer, found: Comparisons) -> None:
    held = peer.held
    found.unoffered = await _comparison(peer, AnswerMood.TRUE)
    peer.offers = (FEATURE,)
    confirms = peer.line.confirms
    await peer.connection.renew()
    peer.line.confirms = confirms
    peer.line.show(peer.jid)
    # So it knows who is there, and has had a receipt of this device.
    await subscribe(peer)
    await peer.line.hear(lambda stanza: is_push(peer, stanza), peer.patience)
    found.last, before = held.last, len(held.again)
    found.amiss = await _comparison(peer, AnswerMood.AMISS)
    if held.amiss is not None:
        wanted = {held.amiss.missing, held.amiss.altered}
        found.before = held.amiss.before
        await held.until(lambda: wanted <= _points(held.again[before:], found.last), peer.patience)
    found.repaired, before = held.again[before:], len(held.again)
    if found.amiss:
        found.surplus = await _comparison(peer, AnswerMood.SURPLUS)
        found.unasked_for = held.again[before:]
    held.mood = AnswerMood.TRUE


async def _comparison(peer: GatewayPeer, mood: AnswerMood) -> list[AskedTotal]:
    """One comparison, to its end; what it asked."""
    held = peer.held
    held.mood, asked, looked = mood, len(held.asked), held.looked
    peer.please(f"compare with {peer.line.account.jid}")
    await held.until(lambda: len(held.asked) > asked or held.looked > looked, _PERSONS_S)
    end = time.monotonic() + _LONGEST_S + _GRACE_S
    while time.monotonic() < end:
        count = len(held.asked)
        if not await held.until(lambda count=count: len(held.asked) > count, _SILENCE_S):
            break
    return held.asked[asked:]


def _points(again: list[SentAgain], behind: int) -> set[HeldPoint]:
    """What was sent again under numbers behind this one."""
    return {point for one in again if one.numbers is None or one.numbers[1] >= behind for point in one.points}


@CHECKS.of("C48", "G")
async def who_does_not_offer_it_is_not_asked(peer: GatewayPeer) -> str | None:
    """While the tool did not say that it answers, no question came."""
    found = await _compared(peer)
    if found.unoffered:
        raise WrongError(f"it asked for {len(found.unoffered)} totals of who does not say that it answers")
    return None


@CHECKS.of("C49", "G")
async def differences_are_found_by_halves(peer: GatewayPeer) -> str | None:
    """Of what was sent, by its name; of each difference the two halves, down to a value or a second; not for ever."""
    found = await _compared(peer)
    for asked in (found.amiss, found.surplus):
        if wrong := [one.wrong for one in asked if one.wrong]:
            raise WrongError(wrong[0])
        halves = _halves(asked)
        if len(halves) > _MOST_HALVES:
            raise WrongError(f"it asked {len(halves)} questions after a difference")
        if asked and asked[-1].at - asked[0].at > _LONGEST_S + _GRACE_S:
            raise WrongError(f"it asked for {asked[-1].at - asked[0].at:.0f} s")
    if peer.held.amiss is None:
        raise LeftError("too little was pushed since the subscription for a difference to be found by halves")
    stretches = [one.stretch for one in found.amiss if one.stretch]
    for one in found.amiss:
        if one.stretch and _is_to_be_halved(one) and not _is_halved(one.stretch, stretches):
            first, last = one.stretch.first, one.stretch.last
            raise WrongError(f"from {first} to {last} the totals differ, and it did not ask for each half of that")
    return f"{len(_halves(found.amiss))} questions after a difference, {len(_halves(found.surplus))} where all differed"


def _halves(asked: list[AskedTotal]) -> list[CountedStretch]:
    """The questions that are about a part of an earlier one."""
    whole: list[CountedStretch] = []
    parts = []
    for stretch in (one.stretch for one in asked if one.stretch):
        (parts if any(_is_within(stretch, one) for one in whole) else whole).append(stretch)
    return parts


def _is_within(part: CountedStretch, whole: CountedStretch) -> bool:
    same = (part.name, part.granularity) == (whole.name, whole.granularity)
    return same and whole.first <= part.first and part.last <= whole.last


def _is_to_be_halved(asked: AskedTotal) -> bool:
    """Whether totals differed, and not of one value, nor of one second."""
    stretch = asked.stretch
    return (
        asked.differs and stretch is not None and stretch.last - stretch.first > 1 and max(asked.true, asked.told) > 1
    )


def _is_halved(whole: CountedStretch, stretches: list[CountedStretch]) -> bool:
    parts = [one for one in stretches if one != whole and _is_within(one, whole)]
    firsts = {one.last for one in parts if one.first == whole.first}
    return any(one.first in firsts and one.last == whole.last for one in parts)


@CHECKS.of("C50", "G")
async def what_is_missing_or_altered_is_sent_again(peer: GatewayPeer) -> str | None:
    """As a correction, under numbers that no message had before, with the value that it had."""
    found, amiss = await _compared(peer), _told_amiss(peer)
    for what, point in (("missing", amiss.missing), ("altered", amiss.altered)):
        sent = [one for one in found.repaired if point in _points([one], found.last)]
        words = f"the {what} value of {point[0]} at {point[2]}"
        if not sent:
            raise WrongError(f"{words} did not come again under new numbers")
        if not sent[-1].marked:
            raise WrongError(f"{words} came again, and does not say that it replaces")
        if (came := sent[-1].points[point]) != (value := found.before[point]):
            raise WrongError(f"{words} was {value}, and came again as {came}")
    return None


def _told_amiss(peer: GatewayPeer) -> Amiss:
    if peer.held.amiss is None:
        raise LeftError("too little was pushed since the subscription for something to be amiss")
    return peer.held.amiss


@CHECKS.of("C51", "G")
async def what_is_too_many_is_left(peer: GatewayPeer) -> str | None:
    """Nothing is sent for it, and nothing is to be deleted."""
    found = await _compared(peer)
    if not found.surplus:
        raise LeftError("it asked for no total where there was more than had been sent")
    if not any(one.differs for one in found.surplus):
        raise LeftError("there is a value in each second: none could be invented")
    for stanza in peer.line.messages:
        notice = stanza.xml.find(_NOTICE)
        if notice is not None and notice.get("kind") in _DELETES:
            raise WrongError(f"of what it does not have a notice came: {notice.get('kind')}")
    if sent := [one for one in found.unasked_for if one.marked]:
        point = next(iter(sent[0].points))
        raise WrongError(f"nothing was missing, and {point[0]} of {point[2]} came again as a correction")
    return None
