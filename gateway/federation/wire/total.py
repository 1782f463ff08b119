"""How much a recipient has of a series: a count and a hash over a time, asked and answered in one element.

    <total xmlns="urn:linky-gateway:0" name="…" granularity="PT1M" first="1795998000" last="1796001600"/>
    <total xmlns="urn:linky-gateway:0" name="…" … count="60" hash="…64 hexadecimal digits…"/>

What is hashed is whole numbers and texts, so that every language comes to the same (WIRE.md §24). XML and values only.
"""

from __future__ import annotations

import hashlib
import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from gateway.errors import FederationError, SenMLError
from gateway.federation.wire.stanza import OURS
from gateway.senml.naming import parse_identifier
from gateway.store.points import Granularity

if TYPE_CHECKING:
    from collections.abc import Iterable

TOTAL = f"{{{OURS}}}total"
# What service discovery says of who answers.
ANSWERS_TOTALS = f"{OURS}#total"

# More records than these are counted, and not hashed: who asks asks for shorter times then.
MOST_HASHED = 100_000

_MOST_DIGITS = 12
_HASH = re.compile(r"[0-9a-f]{64}")
_GRANULARITIES = frozenset(granularity.code for granularity in Granularity)


@dataclass(frozen=True, slots=True)
class AskedStretch:
    """A series by the name under which it was sent, how fine, and ``first <= time < last`` (POSIX seconds)."""

    name: str
    granularity: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class SeriesTotal:
    """How many records there are, and their hash; without one where there are more than are hashed.

    ``since``: what is older (POSIX seconds) is kept no longer, and not in it; 0 where nothing was let go.
    """

    count: int
    hash: str | None
    since: int = field(default=0, compare=False)


class RunningTotal:
    """A total that grows by (time, value) in order of time; what is neither number nor text does not count.

    A record is a line: its time in whole seconds, and its value in whole thousandths, ``floor(1000 v + 1/2)``, or the
    number of bytes of its text and the text.
    """

    def __init__(self) -> None:
        self._found, self._count = hashlib.sha256(), 0

    def add(self, records: Iterable[tuple[float, object]]) -> None:
        """Count the next ones. FederationError for a value that no thousandths can say: bad-request."""
        for time, value in records:
            if isinstance(value, str):
                written = value.encode()
                line = b"%d t %d %b\n" % (math.floor(time), len(written), written)
            elif isinstance(value, (int, float)) and not isinstance(value, bool):
                line = b"%d v %d\n" % (math.floor(time), _thousandths(value))
            else:
                continue
            self._count += 1
            if self._count <= MOST_HASHED:
                self._found.update(line)

    @property
    def full(self) -> bool:
        """Whether there is more than is hashed: what comes yet changes nothing."""
        return self._count > MOST_HASHED

    def total(self, since: int = 0) -> SeriesTotal:
        """The total of all that was added; of more than is hashed, that it is more."""
        return SeriesTotal(min(self._count, MOST_HASHED + 1), None if self.full else self._found.hexdigest(), since)


def total_of(records: Iterable[tuple[float, object]]) -> SeriesTotal:
    """The total of (time, value) in order of time, as ``RunningTotal`` counts them."""
    running = RunningTotal()
    running.add(records)
    return running.total()


def build_question(stretch: AskedStretch) -> ET.Element:
    """The question for the total of a stretch."""
    ends = {"first": str(stretch.first), "last": str(stretch.last)}
    return ET.Element(TOTAL, {"name": stretch.name, "granularity": stretch.granularity} | ends)


def build_answer(stretch: AskedStretch, total: SeriesTotal) -> ET.Element:
    """The answer to it."""
    answer = build_question(stretch)
    answer.set("count", str(total.count))
    if total.hash is not None:
        answer.set("hash", total.hash)
    if total.since > stretch.first:
        answer.set("since", str(total.since))
    return answer


def parse_question(element: ET.Element) -> AskedStretch:
    """What is asked for. FederationError for what cannot be: bad-request."""
    name, granularity = element.get("name", ""), element.get("granularity", "")
    first, last = (_number(element.get(end, "")) for end in ("first", "last"))
    try:
        parse_identifier(name)
    except SenMLError as error:
        raise _nonsense(str(error)) from error
    if granularity not in _GRANULARITIES or first is None or last is None or first >= last:
        raise _nonsense("the question for a total has no granularity, or no time")
    return AskedStretch(name, granularity, first, last)


def parse_answer(element: ET.Element, asked: AskedStretch) -> SeriesTotal:
    """The total that was answered; FederationError for what answers another question, or none."""
    count, found = _number(element.get("count", "")), element.get("hash")
    since = _number(element.get("since", "0"))
    if element.tag != TOTAL or count is None or parse_question(element) != asked:
        raise _nonsense("the answer is not to what was asked")
    if found is not None and not _HASH.fullmatch(found):
        raise _nonsense("the answer has a hash that is none")
    if since is None:
        raise _nonsense("the answer has a time that is none")
    return SeriesTotal(count, found, since)


def _thousandths(value: float) -> int:
    try:
        return math.floor(value * 1000 + 0.5)
    except (OverflowError, ValueError) as error:
        raise _nonsense("there is a value that no thousandths can say") from error


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None


def _nonsense(why: str) -> FederationError:
    return FederationError(why, "bad-request")
