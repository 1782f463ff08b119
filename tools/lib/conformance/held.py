"""What the tool has of what it was pushed, and what it answers for it: the truth, or what is a little amiss."""

from __future__ import annotations

import asyncio
import enum
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from conformance.packs import granularity, interval, is_live, records, rectifies
from conformance.points import WrongError
from conformance.totals import TOTAL, CountedStretch, stretch_of
from gateway.errors import SenMLError
from gateway.federation.connection.disco import INFO
from gateway.federation.wire.form import RequestError, bad_request, build_error
from gateway.federation.wire.stanza import QUOALISE
from gateway.words.phrase import same

if TYPE_CHECKING:
    from collections.abc import Callable
    from xml.etree.ElementTree import Element

    from conformance.connection import HearingSession
    from conformance.packs import Numbers
    from gateway.federation.connection.session import Stanza

    Value = float | str
    # Its name, how fine, and the second.
    HeldPoint = tuple[str, str, int]

# Of a peer that sends, or asks, without end the first ones.
_MOST_HELD, _MOST_ASKED, _MOST_AGAIN = 200_000, 5_000, 500
# In so many seconds one is invented, however long a time is asked for.
_MOST_INVENTED = 3600
# Of a stretch with fewer values nothing is said that is amiss: it is to be found by halves.
_FEWEST = 6


class AnswerMood(enum.Enum):
    """What is answered: as it is; a value missing, one altered, one too many; one too many in each second."""

    TRUE = "as it is"
    AMISS = "a little amiss"
    SURPLUS = "with more than was sent"


@dataclass(frozen=True, slots=True)
class Amiss:
    """What is denied, told wrong, and invented, of one series; ``before``: the values of the first two."""

    missing: HeldPoint
    altered: HeldPoint
    surplus: HeldPoint | None
    before: dict[HeldPoint, Value]


@dataclass(frozen=True, slots=True)
class AskedTotal:
    """A question: when (monotonic seconds), how many records there are, how many were told, what is wrong with it."""

    at: float
    stretch: CountedStretch | None
    true: int = 0
    told: int = 0
    differs: bool = False
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class SentAgain:
    """A push with points that were here before: its numbers, whether it says that it replaces, and its points."""

    numbers: Numbers | None
    marked: bool
    points: dict[HeldPoint, Value]


@dataclass(slots=True)
class Held:
    """Points by series; ``looked``: how often it was asked what the tool can do; ``last``: the highest number."""

    values: dict[tuple[str, str], dict[int, Value]] = field(default_factory=dict)
    mood: AnswerMood = AnswerMood.TRUE
    amiss: Amiss | None = None
    asked: list[AskedTotal] = field(default_factory=list)
    again: list[SentAgain] = field(default_factory=list)
    looked: int = 0
    last: int = 0
    count: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def listen(self, line: HearingSession, peer: str) -> None:
        """Have a session tell what this account of a peer pushes and asks."""

        def asked(request: Stanza) -> None:
            if request.sender.lower() == peer:
                self._answer(line, request)

        line.asked, line.heard = asked, self.take

    async def until(self, so: Callable[[], bool], seconds: float) -> bool:
        """Wait until something that came has made it so; whether it did in time."""
        try:
            async with asyncio.timeout(seconds):
                while not so():
                    self.news.clear()
                    await self.news.wait()
        except TimeoutError:
            return False
        return True

    # --- what it is sent ---

    def take(self, stanza: Stanza) -> None:
        """Keep the points of a push; a pack that is none is another check's."""
        message = stanza.xml
        if stanza.type == "error" or is_live(message) or message.find(f"{{{QUOALISE}}}quoalise") is None:
            return
        try:
            fine, numbers, found = granularity(message) or "raw", interval(message), records(message)
        except (SenMLError, WrongError, ValueError):
            return
        before: dict[HeldPoint, Value] = {}
        for record in found:
            if not isinstance(record.value, (int, float, str)) or self.count >= _MOST_HELD:
                continue
            series, at = self.values.setdefault((record.name, fine), {}), int(record.time)
            if at in series:
                before[record.name, fine, at] = record.value
            else:
                self.count += 1
            if at not in series or rectifies(message):
                series[at] = record.value
        if before and len(self.again) < _MOST_AGAIN:
            self.again.append(SentAgain(numbers, rectifies(message), before))
        self.last = max(self.last, numbers[2] if numbers else 0)
        self.news.set()

    # --- what it is asked ---

    def _answer(self, line: HearingSession, request: Stanza) -> None:
        if request.xml.find(f"{{{INFO}}}query") is not None:
            self.looked += 1
        element = request.xml.find(TOTAL)
        if element is not None and len(self.asked) < _MOST_ASKED:
            try:
                line.answer(request, self.told(stretch_of(element, request.type)))
            except WrongError as error:
                self.asked.append(AskedTotal(time.monotonic(), None, wrong=str(error)))
                refusal: RequestError = bad_request(same("this is no question for a total"))
                line.answer(request, build_error(refusal, request.lang), error=True)
        self.news.set()

    def told(self, stretch: CountedStretch) -> Element:
        """The answer to a question, as the mood has it. WrongError for one about what was never sent."""
        key = stretch.name, stretch.granularity
        if key not in self.values:
            raise WrongError(f"it asks for {stretch.granularity} of {stretch.name}, and pushed nothing of it")
        there = {at: value for at, value in self.values[key].items() if stretch.first <= at < stretch.last}
        said = dict(there)
        if self.mood is AnswerMood.SURPLUS:
            first, last = min(self.values[key]), max(self.values[key])
            free = range(max(first, stretch.first), min(last, first + _MOST_INVENTED, stretch.last))
            said |= {at: 1.0 for at in free if at not in there}
        elif self.mood is AnswerMood.AMISS:
            self.amiss = self.amiss or _amiss(stretch, there)
            said = _spoilt(self.amiss, stretch, there)
        asked = AskedTotal(time.monotonic(), stretch, len(there), len(said), said != there)
        self.asked.append(asked)
        return stretch.answered(sorted(said.items()))


def _amiss(stretch: CountedStretch, there: dict[int, Value]) -> Amiss | None:
    """What to say wrongly of a stretch with these values; None where there are too few."""
    if len(there) < _FEWEST:
        return None
    times = sorted(there)
    missing, altered = times[len(times) // 4], times[3 * len(times) // 4]
    free = next((at for at in range(times[1], times[-1]) if at not in there), None)

    def point(at: int) -> HeldPoint:
        return stretch.name, stretch.granularity, at

    before = {point(at): there[at] for at in (missing, altered)}
    return Amiss(point(missing), point(altered), None if free is None else point(free), before)


def _spoilt(amiss: Amiss | None, stretch: CountedStretch, there: dict[int, Value]) -> dict[int, Value]:
    said = dict(there)
    if amiss is None or amiss.missing[:2] != (stretch.name, stretch.granularity):
        return said
    said.pop(amiss.missing[2], None)
    if (value := said.get(amiss.altered[2])) is not None:
        said[amiss.altered[2]] = f"{value}!" if isinstance(value, str) else value + 1
    if amiss.surplus is not None and stretch.first <= amiss.surplus[2] < stretch.last:
        said[amiss.surplus[2]] = 1.0
    return said
