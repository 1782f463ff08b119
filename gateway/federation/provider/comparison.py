"""Whether a recipient has what it was sent: its totals against ours, halved until the difference is found.

What is compared is what the store holds of what the recipient was promised and has confirmed: since its subscription
and since the consents in force were given, so that nothing leaves that none of them let out, up to the oldest value
that still waits. What is missing or another goes out once more, as a correction, under new numbers. What the recipient
has and the store has not is told and nothing more: it may be the only copy. Nothing that a recipient answers makes more
than so many questions.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from gateway.errors import FederationError, GatewayError
from gateway.federation.connection.disco import INFO
from gateway.federation.provider.batch import written_form
from gateway.federation.wire.total import (
    ANSWERS_TOTALS,
    AskedStretch,
    RunningTotal,
    SeriesTotal,
    build_question,
    parse_answer,
    total_of,
)
from gateway.federation.wire.total_lines import total_line
from gateway.senml.naming import NameForm
from gateway.store.points import (
    Confirm,
    Granularity,
    Point,
    Series,
    finest_allowed,
    pushing,
    stated_retention,
    under,
)
from gateway.store.terms import Profile, days
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence

    from gateway.federation.connection.session import Session
    from gateway.federation.wire.stanza import Publisher
    from gateway.federation.wire.total_lines import AskedTime
    from gateway.store.points import Consent
    from gateway.store.store import Store

log = logging.getLogger(__name__)

_VEILED = Phrase("{who} knows the house by a pseudonym, or gets rounded values: nothing was compared")

# Questions after a difference: without one there are as many as there are chunks.
MOST_QUESTIONS, LONGEST_S = 1_000, 240.0

# One question is of so much at most: it is read on the thread that stores readings.
_CHUNK_S = {Granularity.RAW: 6 * 3600, Granularity.MINUTE: 14 * 86_400}
# So that quarters of an hour are few enough to be hashed (MOST_HASHED).
_LONG_S = 2 * 365 * 86_400
_GOLDEN = (5**0.5 - 1) / 2
# What one says that has too much to do, or cannot read its store now (RFC 6120 §8.3.3.18).
_BUSY = "resource-constraint"
# A recipient deletes what it may keep no longer some time before or after that moment, by its own clock.
_MARGIN_S = 2 * 86_400
# What the store is about to forget may be gone before it is compared.
_FORGOTTEN_S = 3600


@dataclass(frozen=True, slots=True)
class _Span:
    """What is compared of one series: its name for the recipient, how fine, ``[first, last)``; nothing is ``since``."""

    series: Series
    granularity: Granularity
    name: str
    first: int
    last: int
    since: int = 0

    def stretch(self, first: int, last: int) -> AskedStretch:
        return AskedStretch(self.name, self.granularity.code, first, last)


@dataclass(slots=True)
class SentComparison:
    """What came of it, in values: ``same`` on both sides; ``missing`` and ``altered`` there, sent again; ``surplus``.

    ``standing``: ``same``, ``differs``, ``away`` (none of its devices is there), ``busy`` (it is to be asked later),
    ``unanswered`` (it knows no such question), ``veiled`` (it knows the house by a pseudonym, or gets rounded values)
    or ``broken`` (its answers cannot be used, or there were too many differences to find them all). ``halvings``:
    questions after a difference.
    """

    standing: str = "same"
    series: int = 0
    points: int = 0
    missing: int = 0
    altered: int = 0
    surplus: int = 0
    questions: int = 0
    halvings: int = 0
    forgotten: int = 0
    found: list[tuple[_Span, Point]] = field(default_factory=list)


class Comparer:
    """Compares with one recipient at a time.

    Args:
        session: the connection.
        store: asked through ``call``, on the store's thread.
        call: ``await call(function, *arguments)``.
        publisher: in whose name the values went.
        address: bare JID -> its device that is to be asked; the bare JID where none is there.
        kept_s: for how many seconds values that fine are kept; others are for ever.
        settle_s: after how many seconds a value of a moment is written, at the latest; what may come is not compared.
        clock: the host's POSIX seconds.
        gently: leave the store's thread to others for as long as each reading of ours has taken.
    """

    def __init__(
        self,
        session: Session,
        store: Store,
        call: Callable[..., Awaitable[Any]],
        publisher: Publisher,
        address: Callable[[str], str],
        kept_s: Mapping[Granularity, int],
        settle_s: float,
        clock: Callable[[], float] = time.time,
        *,
        gently: bool = False,
    ) -> None:
        self._session, self._store, self._call, self._gently = session, store, call, gently
        self._publisher, self._address, self._kept_s, self._clock = publisher, address, kept_s, clock
        self._settle_s = settle_s

    async def compare(self, recipient: str) -> SentComparison:
        """Compare all that the recipient is to have, and repair it. StoreError where the store cannot be read."""
        found, device = SentComparison(), self._address(recipient)
        if "/" not in device:
            found.standing = "away"
            return found
        try:
            async with asyncio.timeout(LONGEST_S):
                if not await self._answers(device):
                    found.standing = "unanswered"
                    return found
                spans = await self._call(self._spans, recipient)
                if spans is None:
                    found.standing = "veiled"
                    return found
                begun = set()
                for span, first, last in _from_another(spans, self._clock()):
                    begun.add(span)
                    found.series = len(begun)
                    found.points += await self._look(found, recipient, device, span, first, last)
            if found.forgotten and not (found.points or found.missing or found.altered):
                log.warning("a recipient says of all that was to be compared that it keeps it no longer")
                found.standing = "broken"
        except (FederationError, TimeoutError) as error:
            log.warning("a recipient's totals cannot be compared: %s", error)
            found.standing = "busy" if getattr(error, "condition", "") == _BUSY else "broken"
        await self._call(self._repair, recipient, found)
        if found.missing or found.altered or found.surplus:
            found.standing = found.standing if found.standing in {"broken", "busy"} else "differs"
            said = "a recipient has not what it was sent: %d values missing, %d altered, %d that nobody sent"
            log.warning(said, found.missing, found.altered, found.surplus)
        return found

    async def totals(self, recipient: str, window: AskedTime) -> list[str]:
        """What the recipient is to have of a time, as it prints it too (``total_line``); nobody is asked.

        GatewayError for one that is not compared, StoreError where the store cannot be read.
        """
        spans = await self._call(self._spans, recipient)
        if spans is None:
            raise GatewayError(_VEILED.filled(who=recipient))
        waiting = await self._call(self._store.queue.first_waiting, recipient)
        lines: list[str] = []
        for span in spans:
            oldest = waiting.get((span.series.id, int(span.granularity)), window.last)
            last = min(window.last, oldest, int(self._clock() - self._settle_s))
            asked, running = replace(span, first=max(window.first, span.since), last=last), RunningTotal()
            for chunk in _chunks(asked):
                await self._call(self._add, running, asked, *chunk)
                if running.full:
                    break
            if (total := running.total()).count:
                gateway = f"{self._publisher.application}@{self._publisher.server}"
                lines.append(total_line(gateway, asked.stretch(asked.first, last), total))
        return sorted(lines)

    async def _answers(self, device: str) -> bool:
        info = await self._session.request(device, ET.Element(f"{{{INFO}}}query"), kind="get")
        return any(said.get("var") == ANSWERS_TOTALS for said in info.iter(f"{{{INFO}}}feature"))

    def _spans(self, recipient: str) -> list[_Span] | None:
        """What is to be compared, on the store's thread; None where its names or values are not the house's own."""
        now = int(self._clock())
        manner = self._store.pseudonyms.manner_of(recipient)
        if manner.pseudonym or manner.profile is not Profile.EXACT:
            # A name of today is not that of before: what was sent under the old one would go out under the new one.
            return None
        waiting = self._store.queue.first_waiting(recipient)
        consents = [c for c in self._store.consents.allowed(recipient, now) if c.terms.push]
        begun = self._store.subscriptions.begun(recipient)
        spans: list[_Span] = []
        for meter in self._store.pseudonyms.view_of(recipient, now).meters:
            for series in self._store.meters.series(meter.name):
                asked = [one for one in begun if one[0].meter == meter.name and under(series.path, one[0].prefix)]
                # The longest prefix decides the manner, as it does when a value is sent.
                nearest, since = max(asked, key=lambda one: len(one[0].prefix), default=(None, 0))
                if nearest is not None and nearest.confirm is Confirm.RECEIPT:
                    form = written_form(NameForm(nearest.form), meter)
                    name = self._publisher.name(meter, series.path).written(form)
                    spans += self._given(series, name, since, consents, waiting, now)
        return spans

    def _given(
        self,
        series: Series,
        name: str,
        since: int,
        consents: Sequence[Consent],
        waiting: Mapping[tuple[int, int], int],
        now: int,
    ) -> Iterator[_Span]:
        """The part of a series that the consents in force have let out, as fine as they do."""
        given = [
            (fine, c)
            for c in consents
            if c.covers(series.meter, series.path) and (fine := finest_allowed(series.kind, c.granularity)) is not None
        ]
        if not given:
            return
        fine = min(one for one, _ in given)
        # Whichever of them was given last: what an earlier one let out may have been withdrawn in between.
        begin = max(since, *(max(c.pushes_from, c.given_at) for one, c in given if one is fine))
        last = min(int(now - fine - self._settle_s), waiting.get((series.id, int(fine)), now))
        stated = self._publisher.bound(stated_retention(pushing(consents, series, fine))).retention
        yield from self._kept(_Span(series, fine, name, begin, last), now, stated)

    def _kept(self, span: _Span, now: int, stated: str | None) -> Iterator[_Span]:
        """The part of a span that the store still has, and the recipient may have."""
        kept = now - self._kept_s[span.granularity] + _FORGOTTEN_S if span.granularity in self._kept_s else 0
        lent = now - days(stated) * 86_400 + _MARGIN_S if stated else 0
        begin = -(-max(span.first, kept, lent) // max(span.granularity, 1)) * max(span.granularity, 1)
        if begin >= span.last:
            return
        oldest = next(self._store.readings.read(span.series, span.granularity, begin, span.last), None)
        if oldest is not None:
            yield replace(span, first=oldest.time, since=begin)

    async def _look(
        self, found: SentComparison, recipient: str, device: str, span: _Span, first: int, last: int
    ) -> int:
        """Compare one time, its halves where it differs; how many values are the same."""
        theirs = await self._ask(found, device, span.stretch(first, last))
        # What it keeps no longer, by a limit of its own, is not missed.
        first = min(max(first, theirs.since), last)
        if first == last:
            found.forgotten += 1
            return 0
        begun = time.monotonic()
        counted: tuple[SeriesTotal, list[Point]] = await self._call(self._ours, span, first, last)
        ours, points = counted
        if self._gently:
            await asyncio.sleep(time.monotonic() - begun)
        if ours == theirs and ours.hash is not None:
            return ours.count
        if ours.count <= 1 and theirs.count <= 1 and (ours.count or last - first == 1):
            if not ours.count:
                found.surplus += 1
            else:
                found.found += [(span, point) for point in points]
                found.missing, found.altered = found.missing + 1 - theirs.count, found.altered + theirs.count
            return 0
        if last - first == 1:
            raise FederationError("it has several values of one second")
        found.halvings += 2
        if found.halvings > MOST_QUESTIONS:
            raise FederationError(f"there are too many differences for {MOST_QUESTIONS} questions")
        middle = (first + last) // 2
        return await self._look(found, recipient, device, span, first, middle) + await self._look(
            found, recipient, device, span, middle, last
        )

    async def _ask(self, found: SentComparison, device: str, stretch: AskedStretch) -> SeriesTotal:
        found.questions += 1
        return parse_answer(await self._session.request(device, build_question(stretch), kind="get"), stretch)

    def _ours(self, span: _Span, first: int, last: int) -> tuple[SeriesTotal, list[Point]]:
        """What the recipient is to have of a time, and the first of these points; on the store's thread."""
        stored = list(self._store.readings.read(span.series, span.granularity, first, last))
        return total_of(_as_sent(self._publisher, stored)), stored[:1]

    def _add(self, running: RunningTotal, span: _Span, first: int, last: int) -> None:
        """Count what the recipient is to have of a time; on the store's thread."""
        stored = self._store.readings.read(span.series, span.granularity, first, last)
        running.add(_as_sent(self._publisher, stored))

    def _repair(self, recipient: str, found: SentComparison) -> None:
        """Promise again what is missing or another, as the store has it by now; on the store's thread."""
        points = [
            point
            for span, one in found.found
            for point in self._store.readings.read(span.series, span.granularity, one.time, one.time + 1)
        ]
        if points:
            self._store.queue.send_again(recipient, points)


def _as_sent(publisher: Publisher, points: Iterable[Point]) -> Iterator[tuple[float, object]]:
    return ((point.time, publisher.measured(point)[1]) for point in points)


def _from_another(spans: Iterable[_Span], now: float) -> list[tuple[_Span, int, int]]:
    """All chunks, begun each day with another one: where time or questions run out, none of them is never reached."""
    chunks = [(span, *chunk) for span in spans for chunk in _chunks(span)]
    # By the golden ratio: the beginnings of successive days are far apart, and soon everywhere.
    begin = int(now // 86_400 * _GOLDEN % 1.0 * len(chunks))
    return chunks[begin:] + chunks[:begin]


def _chunks(span: _Span) -> Iterator[tuple[int, int]]:
    step = _CHUNK_S.get(span.granularity, _LONG_S)
    for first in range(span.first, span.last, step):
        yield first, min(first + step, span.last)
