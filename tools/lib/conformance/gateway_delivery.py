"""The points of gateways and providers that need a consent: catalogue, subscription, pushes, live values, history."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeVar

from conformance.checks import Checks
from conformance.gateway_commands import discovered
from conformance.gateway_pushes import pushed, subscribe
from conformance.packs import asks_receipt, hold_to_profile, interval, is_live, records
from conformance.points import LeftError, WrongError
from conformance.replies import moment, number
from gateway.federation.connection.disco import CAPS, INFO, verification
from gateway.federation.wire.form import RSM
from gateway.federation.wire.scope import within
from gateway.federation.wire.stanza import OURS, SENML
from gateway.senml.naming import NameForm, parse_identifier
from gateway.senml.pack import decode_xml

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from xml.etree.ElementTree import Element

    from conformance.gateway_peer import GatewayPeer
    from conformance.gateway_pushes import Pushed
    from gateway.federation.connection.session import Stanza
    from gateway.senml.pack import Record

T = TypeVar("T")

CHECKS: Final = Checks()
# How much of the history is asked for, and in how many pages at most.
_SPAN_S, _MOST_PAGES, _MOST_RECORDS = 900, 60, 1000
# Of live values: how long the lease is, what may still be on its way, how long nothing may come then.
_LEASE_S, _GRACE_S, _QUIET_S = 6, 4.0, 5.0
# A gateway that waits for somebody shows its presence, and again after a while.
_SHOWN_S = 25.0
_YEAR_2000 = (946_684_800, 978_307_200)
_NUMBERLESS = "its messages have no <outbox>: this account knows the house by a monthly pseudonym"


@CHECKS.of("C12", "G")
async def the_catalogue_holds_no_reading(peer: GatewayPeer) -> str | None:
    """Samples are marked as invented, and of the year 2000; nothing else has values."""
    peer.consented()
    answer = (await peer.command("list_series", {"identifier": peer.series})).must_succeed().command
    listed = answer.findall(f"{{{OURS}}}catalogue/{{{OURS}}}series")
    if not listed:
        raise WrongError(f"no series of {peer.series} is listed")
    samples = [sample for one in listed for sample in one.findall(f"{{{OURS}}}sample")]
    if any(sample.get("invented") != "true" for sample in samples):
        raise WrongError("a sample does not say that it is invented")
    invented = [row for sample in samples for row in sample.iter(f"{{{SENML}}}senml")]
    if len(invented) != len(list(answer.iter(f"{{{SENML}}}senml"))):
        raise WrongError("there are values outside the samples")
    packs = [pack for sample in samples for pack in sample.iter(f"{{{SENML}}}sensml")]
    if len(invented) != sum(len(pack) for pack in packs):
        raise WrongError("a sample has values that are in no pack")
    for record in (record for pack in packs for record in decode_xml(pack, time.time(), allow_at=True)):
        if not _YEAR_2000[0] <= record.time < _YEAR_2000[1]:
            raise WrongError(f"a sample is of the time {record.time}")
    return None


@CHECKS.of("C13", "G P")
async def a_subscription_holds(peer: GatewayPeer) -> str | None:
    """In another session things come without another one; a second one changes nothing."""
    found = await pushed(peer)
    found.answers[1].must_succeed()
    if found.later is None:
        raise WrongError(f"in a second session nothing came within {peer.patience} s without a new subscription")
    return None


@CHECKS.of("C15", "G")
async def the_answer_has_the_numbers(peer: GatewayPeer) -> str | None:
    """Whole numbers; whoever has everything up to one is told that it goes on behind it."""
    found = await pushed(peer)
    for answer in (one for one in found.answers if one.succeeded):
        if not answer.fields.get("epoch"):
            raise WrongError("it has no epoch")
        for name in ("first", "last"):
            number(answer, name)
    numbers = None if found.waiting is None else interval(found.waiting.xml)
    if numbers and (first := number(found.answers[-1].must_succeed(), "first")) <= numbers[2]:
        raise WrongError(f"everything up to {numbers[2]} is stored, and first is {first}")
    return None


@CHECKS.of("C17", "G")
async def the_id_says_the_numbers(peer: GatewayPeer) -> str | None:
    """Of every push; and what has one id has one interval."""
    found = await pushed(peer)
    for stanza in found.all:
        numbers = interval(stanza.xml)
        if numbers is None:
            raise LeftError(_NUMBERLESS)
        if stanza.id != "-".join(map(str, numbers)):
            raise WrongError(f"a message with the id {stanza.id!r} covers {numbers[1]} to {numbers[2]} of {numbers[0]}")
    return None


def _must_be_numbered(found: Pushed) -> None:
    """LeftError where what was pushed has no numbers: whether it comes again cannot be told."""
    if found.first is not None and interval(found.first.xml) is None:
        raise LeftError(_NUMBERLESS)


@CHECKS.of("C19", "G")
async def what_is_not_confirmed_comes_again(peer: GatewayPeer) -> str | None:
    """The first push was not, and asked for it."""
    found = await pushed(peer)
    if found.first is not None and not asks_receipt(found.first.xml):
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
    """A receipt for numbers that were never sent leaves waiting what waits."""
    found = await pushed(peer)
    _must_be_numbered(found)
    numbers = None if found.waiting is None else interval(found.waiting.xml)
    if numbers is None or len(found.answers) < 3:
        raise LeftError(f"no further push came within {peer.patience} s")
    first = number(found.answers[2].must_succeed(), "first")
    if first > numbers[2]:
        raise WrongError(f"after a receipt for numbers that were never sent, {numbers[2]} does not wait any more")
    return "of what was never sent; that of another account needs another account"


async def _watch(peer: GatewayPeer, **more: str) -> Stanza:
    """Begin a live subscription; its first value."""
    fields = {"identifier": peer.series, "mode": "live", "minimum_interval": "1"} | more
    reply = await peer.command("subscribe", fields)
    if reply.condition == "resource-constraint":
        raise LeftError(f"no live view is to be had now: {reply.words}")
    reply.must_succeed()
    value = await peer.line.hear(lambda stanza: _is_live(peer, stanza), peer.patience)
    if value is None:
        raise LeftError(f"no live value came within {peer.patience} s: does its meter say anything now?")
    peer.keep(value.xml)
    return value


def _is_live(peer: GatewayPeer, stanza: Stanza) -> bool:
    return stanza.sender.lower() == peer.bare and (stanza.type == "headline" or is_live(stanza.xml))


async def _is_over(peer: GatewayPeer, why: str) -> None:
    await asyncio.sleep(_GRACE_S)
    peer.line.messages.clear()
    if await peer.line.hear(lambda stanza: _is_live(peer, stanza), _QUIET_S) is not None:
        raise WrongError(f"{why}, live values still came {_GRACE_S:g} s later")


@CHECKS.of("C27", "G")
async def live_values_are_headlines(peer: GatewayPeer) -> str | None:
    """Marked, without a number, and nobody has to confirm them."""
    peer.consented()
    value = await _watch(peer)
    faults = [] if value.type == "headline" else [f"its type is {value.type!r}"]
    faults += [] if is_live(value.xml) else ["it is not marked as live"]
    faults += ["it asks for a receipt"] if asks_receipt(value.xml) else []
    faults += ["it has numbers of the outbox"] if interval(value.xml) else []
    if faults:
        raise WrongError(f"a live value: {', '.join(faults)}")
    return None


@CHECKS.of("C26", "G")
async def live_values_end(peer: GatewayPeer) -> str | None:
    """With their lease, and with the watcher's presence."""
    peer.consented()
    end = datetime.now(UTC) + timedelta(seconds=_LEASE_S)
    await _watch(peer, end_time=end.isoformat(timespec="seconds"))
    await asyncio.sleep(max(0.0, end.timestamp() - time.time()))
    await _is_over(peer, "the lease was over")
    peer.line.show(peer.jid)
    await _watch(peer)
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
    said = await discovered(peer)
    identities = [
        (one.get("category", ""), one.get("type", ""), one.get("name", ""))
        for one in said.findall(f"{{{INFO}}}identity")
    ]
    expected = verification(identities, [one.get("var", "") for one in said.findall(f"{{{INFO}}}feature")])
    if found.get("ver") != expected:
        raise WrongError(f"the hash {found.get('ver')} does not fit what it says: {expected}")
    return "the features, and the hash"


@CHECKS.of("C28", "G")
async def history_is_paged(peer: GatewayPeer) -> str | None:
    """A quarter of an hour, on one page and on many: all points once, none outside."""
    name, start, end = await _stored(peer)
    whole, _ = await _pages(peer, name, start, end, _MOST_RECORDS)
    if not whole:
        raise LeftError(f"nothing of {name} is stored from {_iso(start)} to {_iso(end)}")
    if outside := [record.time for record in whole if not start <= record.time < end]:
        raise WrongError(f"of the time from {start} to {end} there came {outside[0]}")
    moments = [(record.name, record.time) for record in whole]
    if twice := [moment for moment, times in Counter(moments).items() if times > 1]:
        raise WrongError(f"{twice[0][0]} came twice of the time {twice[0][1]}")
    parts, count = await _pages(peer, name, start, end, max(1, len(whole) // 4))
    if _points(parts) != _points(whole):
        raise WrongError(f"on one page there are {len(whole)} points, on {count} pages {len(parts)}, and not the same")
    if count < 2 and len(whole) > 1:
        raise WrongError(f"asked for a quarter of {len(whole)} records a page, all came at once")
    return f"{len(whole)} points, on {count} pages"


async def _stored(peer: GatewayPeer) -> tuple[str, int, int]:
    """A series of those allowed, and the last quarter of an hour of what is stored of it."""
    peer.consented()
    answer = (await peer.command("list_series", {"identifier": peer.series})).must_succeed().command
    spans = {
        one.get("name", ""): (one.get("first", ""), one.get("last", ""))
        for one in answer.findall(f"{{{OURS}}}catalogue/{{{OURS}}}series")
        if one.get("first") and one.get("last") and "raw" in one.get("granularities", "").split()
    }
    if not spans:
        raise LeftError(f"nothing of {peer.series} is stored as the meter gives it")
    # Of a text, or of what is said once a day, there is little.
    name, (first, last) = max(spans.items(), key=lambda span: span[1][1])
    end = moment(last) + 1
    return name, max(end - _SPAN_S, moment(first)), end


async def _pages(peer: GatewayPeer, name: str, start: int, end: int, most: int) -> tuple[list[Record], int]:
    """All records of a span, and on how many pages they came."""
    fields = {"identifier": name, "granularity": "raw", "start_time": _iso(start), "end_time": _iso(end)}
    found: list[Record] = []
    after = ""
    for count in range(1, _MOST_PAGES + 1):
        answer = (await peer.command("get_history", fields, page=(most, after))).must_succeed().command
        page = records(answer)
        if len(page) > most:
            raise WrongError(f"asked for {most} records, {len(page)} came")
        found += page
        last = _end_of(answer)
        if not last:
            return found, count - (not page)
        if last == after:
            raise WrongError("the pages of the history go round in circles")
        after = last
    raise WrongError(f"after {_MOST_PAGES} pages with {len(found)} records the history has no end")


def _end_of(answer: Element) -> str:
    return answer.findtext(f"{{{RSM}}}set/{{{RSM}}}last") or ""


def _points(found: list[Record]) -> list[tuple[str, float, str]]:
    return sorted((record.name, record.time, str(record.value)) for record in found)


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()


@CHECKS.of("C40", "G")
async def all_forms_of_a_name_are_understood(peer: GatewayPeer) -> str | None:
    """The same points come for each, under names of the form that was asked."""
    name, start, end = await _stored(peer)
    path = parse_identifier(name).path
    known = peer.prm or peer.consented().prm
    forms = [NameForm.SENML, NameForm.SEN1, *([NameForm.URN] if known else [])]
    if peer.consented().prm:
        raise LeftError("--series is of the form urn: which meter it is in the other forms is not known here")
    found = {}
    for form in forms:
        asked = peer.name(path, form)
        came, _ = await _pages(peer, asked, start, end, _MOST_RECORDS)
        if strange := [record.name for record in came if record.name != asked]:
            raise WrongError(f"asked for {asked}, {strange[0]} came")
        found[form] = sorted((record.time, str(record.value)) for record in came)
    if not any(found.values()):
        raise LeftError(f"nothing of {name} is stored from {_iso(start)} to {_iso(end)}")
    if len({tuple(points) for points in found.values()}) > 1:
        raise WrongError(", ".join(f"{form.value}: {len(points)} points" for form, points in found.items()))
    return None if known else "two of them; the delivery point is not known here (--prm)"


@CHECKS.of("C38", "G P")
async def packs_keep_to_the_profile(peer: GatewayPeer) -> str | None:
    """All that came in this run."""
    if not peer.packs:
        peer.consented()
        now = datetime.now(UTC)
        reply = await peer.history(peer.series, _iso((now - timedelta(hours=1)).timestamp()), _iso(now.timestamp()))
        reply.must_succeed()
    if not any(len(pack) for pack in peer.packs):
        raise LeftError("no pack came")
    for pack in peer.packs:
        hold_to_profile(pack)
    return f"{len(peer.packs)} packs"
