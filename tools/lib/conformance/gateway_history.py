"""The points of gateways and providers about what is stored: catalogue, history, forms of names, profile of packs."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from conformance.checks import Checks
from conformance.gateway_commands import recent
from conformance.packs import hold_to_profile, records
from conformance.points import LeftError, WrongError
from conformance.replies import moment
from gateway.federation.wire.form import DATA, RSM
from gateway.federation.wire.stanza import OURS, SENML
from gateway.senml.naming import NameForm, parse_identifier
from gateway.senml.pack import decode_xml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    from conformance.gateway_peer import GatewayPeer
    from gateway.senml.pack import Record

CHECKS: Final = Checks()
# How much of the history is asked for, and in how many pages at most.
_SPAN_S, _MOST_PAGES, _MOST_RECORDS = 900, 60, 1000
_YEAR_2000 = (946_684_800, 978_307_200)
_JSON = "{urn:xmpp:json:0}json"
_NUMBER = re.compile(r"-?[0-9]+([.,][0-9]+)?")
# What a catalogue says of a series, in its element and in its form; none of it is a reading.
_SAID = frozenset("name path label unit kind granularities first last retention consent".split())


@CHECKS.of("C12", "G")
async def the_catalogue_holds_no_reading(peer: GatewayPeer) -> str | None:
    """Samples are marked as invented, and of the year 2000; nothing else has values."""
    for answer in await _catalogue(peer):
        samples = list(answer.iter(f"{{{OURS}}}sample"))
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
        for var, value in _numbers_beside(answer, {row.get("v") or row.get("vs") or "" for row in invented}):
            raise WrongError(f"{var} is {value}, and that is no sample")
    return None


def _numbers_beside(answer: Element, invented: set[str]) -> Iterator[tuple[str, str]]:
    """Numbers where the document has none: in attributes of a series, in columns of the form, in its samples."""
    for series in answer.iter(f"{{{OURS}}}series"):
        yield from ((var, value) for var, value in series.items() if var not in _SAID and _NUMBER.fullmatch(value))
    for field in answer.iterfind(f"{{{DATA}}}x/{{{DATA}}}item/{{{DATA}}}field"):
        var, value = field.get("var", ""), field.findtext(f"{{{DATA}}}value") or ""
        for word in () if var in _SAID else value.split():
            if _NUMBER.fullmatch(word) and not (var == "sample" and word in invented):
                yield var, word


@CHECKS.of("C12", "G")
async def public_words_hold_no_reading(peer: GatewayPeer) -> str | None:
    """No number stands in the JSON-LD, and nothing that is called a value but times and durations."""
    peer.consented()
    reply = await peer.command("list_series", {"identifier": peer.series, "words": "dcat"})
    said = reply.command.findtext(f"{{{OURS}}}words/{_JSON}") if reply.succeeded else None
    if said is None:
        raise LeftError("the catalogue is not said in public words")
    for key, value in _leaves(json.loads(said)):
        if isinstance(value, int | float) and not isinstance(value, bool):
            raise WrongError(f"in public words {key} is {value}")
        if "value" in key.lower() and (key != "@value" or _NUMBER.fullmatch(str(value))):
            raise WrongError(f"in public words {key} is {value}")
    return None


def _leaves(node: object) -> Iterator[tuple[str, object]]:
    """Key and value of all that is neither object nor list; read from a stack, as it may be nested deeply."""
    stack: list[tuple[str, object]] = [("", node)]
    while stack:
        key, one = stack.pop()
        if isinstance(one, dict):
            stack += one.items()
        elif isinstance(one, list):
            stack += [(key, inner) for inner in one]
        else:
            yield key, one


async def _catalogue(peer: GatewayPeer) -> list[Element]:
    """The pages of the catalogue of what is allowed. WrongError where none lists a series, or where it has no end."""
    peer.consented()
    found: list[Element] = []
    after = ""
    for _ in range(_MOST_PAGES):
        answer = await peer.command("list_series", {"identifier": peer.series}, page=(_MOST_RECORDS, after))
        page = answer.must_succeed().command
        if page.find(f"{{{OURS}}}catalogue/{{{OURS}}}series") is None:
            break
        found.append(page)
        last = _end_of(page)
        if not last or last == after:
            break
        after = last
    else:
        raise WrongError(f"after {_MOST_PAGES} pages the catalogue has no end")
    if not found:
        raise WrongError(f"no series of {peer.series} is listed")
    return found


@CHECKS.of("C28", "G")
async def history_is_paged(peer: GatewayPeer) -> str | None:
    """A quarter of an hour, on one page and on many: all points once, counted, none outside."""
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
    # What ends at a point has it not, and what begins there has it.
    middle = int(whole[len(whole) // 2].time)
    for begin, until in ((start, middle), (middle, end)):
        part, _ = await _pages(peer, name, begin, until, _MOST_RECORDS) if begin < until else ([], 0)
        if _points(part) != _points([record for record in whole if begin <= record.time < until]):
            raise WrongError(
                f"from {_iso(begin)} to {_iso(until)} there came {len(part)} points, and not those of that time"
            )
    return f"{len(whole)} points, on {count} pages"


async def _stored(peer: GatewayPeer) -> tuple[str, int, int]:
    """A series of those allowed, and the last quarter of an hour of what is stored of it."""
    spans = {
        one.get("name", ""): (one.get("first", ""), one.get("last", ""))
        for answer in await _catalogue(peer)
        for one in answer.findall(f"{{{OURS}}}catalogue/{{{OURS}}}series")
        if one.get("first") and one.get("last") and "raw" in one.get("granularities", "").split()
    }
    if not spans:
        raise LeftError(f"nothing of {peer.series} is stored as the meter gives it")
    # Where others are below it, its name is theirs as well.
    alone = {one: span for one, span in spans.items() if not any(name.startswith(f"{one}/") for name in spans)}
    # Of a text, or of what is said once a day, there is little.
    name, (first, last) = max(alone.items(), key=lambda span: span[1][1])
    end = moment(last) + 1
    return name, max(end - _SPAN_S, moment(first)), end


async def _pages(peer: GatewayPeer, name: str, start: int, end: int, most: int) -> tuple[list[Record], int]:
    """All records of a span, and on how many pages they came."""
    fields = {"identifier": name, "granularity": "raw", "start_time": _iso(start), "end_time": _iso(end)}
    found: list[Record] = []
    counted, after = -1, ""
    for count in range(1, _MOST_PAGES + 1):
        answer = (await peer.command("get_history", fields, page=(most, after))).must_succeed().command
        page = records(answer)
        if len(page) > most:
            raise WrongError(f"asked for {most} records, {len(page)} came")
        found += page
        if count == 1:
            counted = _count_of(answer)
        last = _end_of(answer)
        if not last:
            if counted > len(found):
                raise WrongError(f"the first page counts {counted} records, and {len(found)} came")
            return found, count - (not page)
        if last == after:
            raise WrongError("the pages of the history go round in circles")
        after = last
    raise WrongError(f"after {_MOST_PAGES} pages with {len(found)} records the history has no end")


def _count_of(answer: Element) -> int:
    """How many records there are, as a first page says it. WrongError where it does not."""
    said = answer.findtext(f"{{{RSM}}}set/{{{RSM}}}count") or ""
    if not re.fullmatch("[0-9]{1,15}", said):
        raise WrongError(f"the <count> of a first page is {said!r}")
    return int(said)


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
        listed = (await peer.command("list_series", {"identifier": asked})).must_succeed().command
        names = [one.get("name", "") for one in listed.iter(f"{{{OURS}}}series")]
        if names != [asked]:
            raise WrongError(f"the catalogue was asked for {asked}, and lists {', '.join(names) or 'nothing'}")
    if not any(found.values()):
        raise LeftError(f"nothing of {name} is stored from {_iso(start)} to {_iso(end)}")
    if len({tuple(points) for points in found.values()}) > 1:
        told = ", ".join(f"{form.value}: {len(points)} points" for form, points in found.items())
        raise WrongError(f"they differ: {told}")
    return None if known else "two of them; the delivery point is not known here (--prm)"


@CHECKS.of("C40", "G")
async def pushes_have_the_form_that_was_asked(peer: GatewayPeer) -> str | None:
    """That of the subscription's name."""
    wanted = peer.consented().form
    if peer.pushed is None or not peer.pushed.all:
        raise LeftError("nothing was pushed (C19)")
    for stanza in peer.pushed.all:
        if strange := [record.name for record in records(stanza.xml) if parse_identifier(record.name).form != wanted]:
            raise WrongError(f"subscribed to was {peer.series}, and {strange[0]} was pushed")
    return None


@CHECKS.of("C38", "G P")
async def packs_keep_to_the_profile(peer: GatewayPeer) -> str | None:
    """All that came in this run."""
    if not peer.packs:
        peer.consented()
        (await peer.history(peer.series, *recent())).must_succeed()
    if not any(len(pack) for pack in peer.packs):
        raise LeftError("no pack came")
    for pack in peer.packs:
        hold_to_profile(pack)
    return f"{len(peer.packs)} packs"
