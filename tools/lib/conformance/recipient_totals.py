"""The points of recipients about what they have (§24): a count and a hash, for the gateway whose data it is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from conformance.checks import Checks
from conformance.connection import CALLED, NONSENSE
from conformance.points import LeftError, NotOfferedError, WrongError
from conformance.recipient_checks import now
from conformance.recipient_peer import PATH
from conformance.replies import IqReply, query
from conformance.totals import ASKED, FEATURE, TOTAL, CountedStretch
from gateway.federation.connection.disco import INFO
from gateway.federation.wire.stanza import RECEIPTS, SENML, Interval, build_quoalise, hints
from gateway.store.points import Granularity, Point

if TYPE_CHECKING:
    from conformance.recipient_peer import RecipientPeer

    Value = float | str

CHECKS: Final = Checks()
_LONGEST_ANSWER_S: Final = 60.0
# As they stand in a pack, read as IEEE 754 doubles; the text has letters of one to four bytes, one of two UTF-16 units.
_VALUES: Final[tuple[Value, ...]] = (450, -1.5, 0.0005, -0.0004, "Été : 20 € \N{MUSICAL SYMBOL G CLEF}", 230.1235, 0)
_STEP_S: Final = 5
# So many are hashed at most; so many are sent in one message, and some messages before the first is confirmed.
_MOST_HASHED: Final = 100_000
_IN_A_MESSAGE, _UNDER_WAY = 600, 8


async def _offered(peer: RecipientPeer) -> None:
    """NotOfferedError where it does not say that it answers; LeftError where nobody can be asked."""
    if peer.totals is None:
        if not peer.device:
            raise LeftError("it did not subscribe")
        found = IqReply(await peer.line.ask(peer.device, query(INFO), _wait(peer), "get")).answered
        peer.totals = FEATURE in {one.get("var") for one in found.iter(f"{{{INFO}}}feature")}
    if not peer.totals:
        raise NotOfferedError(f"it does not say that it answers ({FEATURE})")


def _wait(peer: RecipientPeer) -> float:
    return min(float(peer.patience), _LONGEST_ANSWER_S)


async def _ask(peer: RecipientPeer, question: ET.Element, called: str = CALLED) -> IqReply:
    return IqReply(await peer.line.ask(peer.device, question, _wait(peer), "get", called=called))


async def _told(peer: RecipientPeer, asked: CountedStretch) -> ET.Element:
    """Its answer to a question. WrongError where it is none, or to another one."""
    reply = await _ask(peer, asked.question)
    if reply.condition == "resource-constraint":
        raise LeftError(f"it cannot say it now: {reply.words}")
    total = reply.answered.find(TOTAL)
    if reply.error is not None or total is None:
        raise WrongError(f"asked for a total it said: {reply.words if reply.error is not None else 'no total'}")
    repeated = [total.get(name) for name in ASKED]
    if repeated != [asked.question.get(name) for name in ASKED]:
        raise WrongError(f"the answer to {_what(asked)} is to {', '.join(map(str, repeated))}")
    if (since := total.get("since")) is not None:
        raise LeftError(f"it keeps nothing of before {since}, by a limit of its own")
    return total


def _what(asked: CountedStretch) -> str:
    return f"{asked.granularity} from {asked.first} to {asked.last}"


async def _filled(peer: RecipientPeer) -> list[tuple[int, Value]]:
    """What it was sent to be asked for, confirmed; sent once. LeftError where it was not confirmed."""
    if peer.counted is None:
        begin = now() - 3600
        some = [(begin + _STEP_S * n, value) for n, value in enumerate(_VALUES)]
        await _push(peer, some)
        peer.counted = some
    return peer.counted


async def _push(peer: RecipientPeer, some: list[tuple[int, Value]]) -> None:
    """Send these, texts by themselves, some messages at a time."""
    waiting: list[str] = []
    for kind in (str, (int, float)):
        alike = [one for one in some if isinstance(one[1], kind)]
        for at in range(0, len(alike), _IN_A_MESSAGE):
            waiting.append(_send(peer, alike[at : at + _IN_A_MESSAGE]))
            if len(waiting) >= _UNDER_WAY:
                await _confirmed(peer, waiting.pop(0))
    for stanza_id in waiting:
        await _confirmed(peer, stanza_id)


def _send(peer: RecipientPeer, part: list[tuple[int, Value]]) -> str:
    """One message with these, under the next numbers; its id."""
    points = [_point(peer, at, value) for at, value in part]
    interval = Interval(peer.epoch, peer.last, peer.last + len(part))
    peer.last = interval.last
    payload = build_quoalise(peer.publisher, peer.meter, peer.form, points, interval)
    # A meter's values are whole numbers; those of others need not be.
    _rewrite(payload, {at: repr(value) for at, value in part if not isinstance(value, str)})
    more = [ET.Element(f"{{{RECEIPTS}}}request"), *hints("no-store", "no-permanent-store")]
    peer.line.send_message(peer.device, interval.id, payload, *more)
    return interval.id


def _point(peer: RecipientPeer, at: int, value: Value) -> Point:
    """A text has no unit."""
    if not isinstance(value, str):
        return peer.point(at, 0)
    return Point(replace(peer.point(at, 0).series, unit=""), Granularity.RAW, at, value, "meter")


def _rewrite(payload: ET.Element, written: dict[int, str]) -> None:
    for pack in payload.iter(f"{{{SENML}}}sensml") if written else ():
        base = int(pack[0].get("bt", "0"))
        for row in pack:
            row.set("v", written[base + int(row.get("t", "0"))])


def _name(peer: RecipientPeer) -> str:
    """The series, in the form in which it is sent."""
    return peer.publisher.name(peer.meter, PATH).written(peer.form)


async def _confirmed(peer: RecipientPeer, stanza_id: str) -> None:
    if await peer.receipt(stanza_id, peer.patience) is None:
        raise LeftError(f"what was sent to be counted was not confirmed within {peer.patience} s (C16)")


@CHECKS.of("C44", "R")
async def it_says_what_it_has(peer: RecipientPeer) -> str | None:
    """Of numbers, negative ones, fractions, a text; of a part, a time without any, another granularity."""
    await _offered(peer)
    sent = await _filled(peer)
    name, begin, end = _name(peer), sent[0][0], sent[-1][0] + 1
    for granularity, first, last in (
        ("raw", begin, end),
        # Each by itself, so that what differs is said; and what begins with one and ends before another.
        *(("raw", time, time + 1) for time, _ in sent),
        ("raw", begin + _STEP_S, end - 1),
        ("raw", begin + 1, begin + _STEP_S),
        ("PT1M", begin, end),
    ):
        asked = CountedStretch(name, granularity, first, last)
        told = await _told(peer, asked)
        there = [one for one in sent if first <= one[0] < last and granularity == "raw"]
        right = asked.answered(there)
        if told.get("count") != right.get("count"):
            raise WrongError(f"of {_what(asked)} it has {len(there)} records, and said {told.get('count')}")
        if told.get("hash") != right.get("hash"):
            values = ", ".join(repr(value) for _, value in there) or "nothing"
            raise WrongError(f"the hash of {values} is {right.get('hash')}, and it said {told.get('hash')}")
    return None


@CHECKS.of("C45", "R")
async def of_very_many_there_is_no_hash(peer: RecipientPeer) -> str | None:
    """Of one more than are hashed; and with a hash of so many as are."""
    await _offered(peer)
    if not peer.many:
        raise LeftError(f"needs {_MOST_HASHED + 1} invented values in its store, which stay there: --many")
    # Before what was sent for the other points, and not so long ago that it may be kept no longer.
    begin = now() - 7200 - _MOST_HASHED
    sent: list[tuple[int, Value]] = [(begin + n, n % 1000) for n in range(_MOST_HASHED + 1)]
    await _push(peer, sent)
    asked = CountedStretch(_name(peer), "raw", begin, begin + _MOST_HASHED + 1)
    told = await _told(peer, asked)
    if told.get("hash") is not None or told.get("count") != str(len(sent)):
        raise WrongError(f"of {len(sent)} records it said {told.get('count')}, with the hash {told.get('hash')}")
    asked = CountedStretch(asked.name, "raw", begin, begin + _MOST_HASHED)
    told = await _told(peer, asked)
    if told.get("hash") != asked.answered(sent[:-1]).get("hash"):
        raise WrongError(f"of {_MOST_HASHED} records the hash is {told.get('hash')}, and it said another")
    return None


@CHECKS.of("C46", "R")
async def others_are_told_nothing(peer: RecipientPeer) -> str | None:
    """The question of another account is one that nobody knows."""
    await _offered(peer)
    if peer.other is None:
        raise LeftError("needs another account: --other")
    sent = await _filled(peer)
    question = CountedStretch(_name(peer), "raw", sent[0][0], sent[-1][0] + 1).question
    reply = IqReply(await peer.other.ask(peer.device, question, _wait(peer), "get"))
    reply.must_refuse("service-unavailable", "cancel")
    return None


@CHECKS.of("C47", "R")
async def nonsense_is_refused(peer: RecipientPeer) -> str | None:
    """No name, a granularity that there is not, a time that is none, one that ends before it begins."""
    await _offered(peer)
    good = CountedStretch(_name(peer), "raw", now() - 60, now()).question
    for name, text in (
        ("name", ""),
        ("granularity", "PT7M"),
        ("first", "yesterday"),
        ("last", good.get("first", "")),
        ("last", "9" * 40),
    ):
        question = ET.Element(TOTAL, dict(good.attrib) | {name: text})
        reply = await _ask(peer, question, NONSENSE)
        if reply.answered.find(TOTAL) is not None and reply.error is None:
            raise WrongError(f"{name}={text!r} was answered with a total")
        reply.must_refuse("bad-request", "modify")
    return None
