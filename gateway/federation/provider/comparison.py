"""Whether a recipient has what it was sent: its totals against ours, halved until the difference is found.

What is compared is what the store holds of what the recipient was promised and has confirmed: since its subscription,
under the consents in force, up to the oldest value that still waits. What is missing or another goes out once more, as
a correction, under new numbers; what the recipient has and nobody sent it is asked to erase. Nothing that a recipient
answers makes more than so many questions.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from gateway.errors import FederationError
from gateway.federation.connection.disco import INFO
from gateway.federation.wire.total import (
    ANSWERS_TOTALS,
    AskedStretch,
    SeriesTotal,
    build_question,
    parse_answer,
    total_of,
)
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
from gateway.store.terms import NoticeKind, Profile, days

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping

    from gateway.federation.connection.session import Session
    from gateway.federation.wire.stanza import Publisher
    from gateway.store.points import MeterInfo
    from gateway.store.pseudonyms import RecipientView
    from gateway.store.store import Store

log = logging.getLogger(__name__)

MOST_QUESTIONS, LONGEST_S = 1_000, 240.0
# More that nobody sent is no accident of a disk: a person has to look.
MOST_ERASED = 20

# One question is of so much at most: it is read on the thread that stores readings.
_CHUNK_S = {Granularity.RAW: 6 * 3600, Granularity.MINUTE: 14 * 86_400}
_LONG_S = 5 * 365 * 86_400
# A recipient deletes what it may keep no longer some time before or after that moment, by its own clock.
_MARGIN_S = 2 * 86_400


@dataclass(frozen=True, slots=True)
class _Span:
    """What is compared of one series: its name for the recipient, how fine, ``[first, last)``."""

    series: Series
    granularity: Granularity
    meter: MeterInfo
    name: str
    first: int
    last: int

    def stretch(self, first: int, last: int) -> AskedStretch:
        return AskedStretch(self.name, self.granularity.code, first, last)


@dataclass(slots=True)
class SentComparison:
    """What came of it, in values: ``same`` on both sides; ``missing`` and ``altered`` there, sent again; ``surplus``.

    ``standing``: ``same``, ``differs``, ``away`` (none of its devices is there), ``unanswered`` (it knows no such
    question) or ``broken`` (its answers cannot be used, or there were too many differences to find them all).
    """

    standing: str = "same"
    series: int = 0
    points: int = 0
    missing: int = 0
    altered: int = 0
    surplus: int = 0
    questions: int = 0
    found: list[tuple[_Span, Point]] = field(default_factory=list)
    strange: list[tuple[_Span, int]] = field(default_factory=list)


class Comparer:
    """Compares with one recipient at a time.

    Args:
        session: the connection.
        store: asked through ``call``, on the store's thread.
        call: ``await call(function, *arguments)``.
        publisher: in whose name the values went.
        address: bare JID -> its device that is to be asked; the bare JID where none is there.
        kept_s: for how many seconds values that fine are kept; others are for ever.
        clock: the host's POSIX seconds.
    """

    def __init__(
        self,
        session: Session,
        store: Store,
        call: Callable[..., Awaitable[Any]],
        publisher: Publisher,
        address: Callable[[str], str],
        kept_s: Mapping[Granularity, int],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._session, self._store, self._call = session, store, call
        self._publisher, self._address, self._kept_s, self._clock = publisher, address, kept_s, clock

    async def compare(self, recipient: str) -> SentComparison:
        """Compare all that the recipient is to have, and repair it. StoreError where the store cannot be read."""
        found, device = SentComparison(), self._address(recipient)
        if "/" not in device:
            found.standing = "away"
            return found
        try:
            if not await self._answers(device):
                found.standing = "unanswered"
                return found
            async with asyncio.timeout(LONGEST_S):
                for span in await self._call(self._spans, recipient):
                    found.series += 1
                    for first, last in _chunks(span):
                        found.points += await self._look(found, recipient, device, span, first, last)
        except (FederationError, TimeoutError) as error:
            log.warning("a recipient's totals cannot be compared: %s", error)
            found.standing = "broken"
        await self._call(self._repair, recipient, found)
        if found.missing or found.altered or found.surplus:
            found.standing = found.standing if found.standing == "broken" else "differs"
            said = "a recipient has not what it was sent: %d values missing, %d altered, %d that nobody sent"
            log.warning(said, found.missing, found.altered, found.surplus)
        return found

    async def _answers(self, device: str) -> bool:
        info = await self._session.request(device, ET.Element(f"{{{INFO}}}query"), kind="get")
        return any(said.get("var") == ANSWERS_TOTALS for said in info.iter(f"{{{INFO}}}feature"))

    def _spans(self, recipient: str) -> list[_Span]:
        """What is to be compared, on the store's thread."""
        now = int(self._clock())
        view = self._store.pseudonyms.view_of(recipient, now)
        if view.profile is Profile.ANONYMOUS:
            # Its names are others each month, and nothing that lasts is told of it.
            return []
        waiting = self._store.queue.first_waiting(recipient)
        consents = [c for c in self._store.consents.allowed(recipient, now) if c.terms.push]
        spans: list[_Span] = []
        for subscription, since in self._store.subscriptions.begun(recipient):
            if subscription.confirm is not Confirm.RECEIPT:
                continue
            meter = view.meter(subscription.meter)
            form = NameForm(subscription.form)
            form = NameForm.SEN1 if form is NameForm.URN and meter.prm is None else form
            for series in self._store.meters.series(subscription.meter):
                given = [
                    (fine, c.pushes_from)
                    for c in consents
                    if c.covers(series.meter, series.path)
                    and (fine := finest_allowed(series.kind, c.granularity)) is not None
                ]
                if given and under(series.path, subscription.prefix):
                    fine = min(one for one, _ in given)
                    begin = max(since, min(start for one, start in given if one is fine))
                    name = self._publisher.name(meter, series.path).written(form)
                    last = min(now, waiting.get((series.id, int(fine)), now))
                    stated = self._publisher.bound(stated_retention(pushing(consents, series, fine))).retention
                    spans += self._kept(_Span(series, fine, meter, name, begin, last), now, stated)
        return spans

    def _kept(self, span: _Span, now: int, stated: str | None) -> Iterator[_Span]:
        """The part of a span that the store still has, and the recipient may have."""
        kept = now - self._kept_s[span.granularity] if span.granularity in self._kept_s else 0
        lent = now - days(stated) * 86_400 + _MARGIN_S if stated else 0
        begin = -(-max(span.first, kept, lent) // max(span.granularity, 1)) * max(span.granularity, 1)
        if begin >= span.last:
            return
        oldest = next(self._store.readings.read(span.series, span.granularity, begin, span.last), None)
        if oldest is not None:
            yield _Span(span.series, span.granularity, span.meter, span.name, oldest.time, span.last)

    async def _look(
        self, found: SentComparison, recipient: str, device: str, span: _Span, first: int, last: int
    ) -> int:
        """Compare one time, its halves where it differs; how many values are the same."""
        counted: tuple[SeriesTotal, list[Point]] = await self._call(self._ours, recipient, span, first, last)
        ours, points = counted
        theirs = await self._ask(found, device, span.stretch(first, last))
        if ours == theirs:
            return ours.count
        if ours.count <= 1 and theirs.count <= 1 and (ours.count or last - first == 1):
            if not ours.count:
                found.strange.append((span, first))
                found.surplus += 1
            else:
                found.found += [(span, point) for point in points]
                found.missing, found.altered = found.missing + 1 - theirs.count, found.altered + theirs.count
            return 0
        if last - first == 1:
            raise FederationError("it has several values of one second")
        middle = (first + last) // 2
        return await self._look(found, recipient, device, span, first, middle) + await self._look(
            found, recipient, device, span, middle, last
        )

    async def _ask(self, found: SentComparison, device: str, stretch: AskedStretch) -> SeriesTotal:
        found.questions += 1
        if found.questions > MOST_QUESTIONS:
            raise FederationError(f"there are too many differences for {MOST_QUESTIONS} questions")
        return parse_answer(await self._session.request(device, build_question(stretch), kind="get"), stretch)

    def _ours(self, recipient: str, span: _Span, first: int, last: int) -> tuple[SeriesTotal, list[Point]]:
        """What the recipient is to have of a time, and the first of these points; on the store's thread."""
        view: RecipientView = self._store.pseudonyms.view_of(recipient, self._clock())
        stored = list(self._store.readings.read(span.series, span.granularity, first, last))
        sent = view.points(stored)
        return total_of((point.time, self._publisher.measured(point)[1]) for point in sent), stored[:1]

    def _repair(self, recipient: str, found: SentComparison) -> None:
        """Promise again what is missing or another, and have what nobody sent erased; on the store's thread."""
        if not found.found and not found.strange:
            return
        with self._store.db.transaction():
            self._store.queue.append(recipient, [point for _, point in found.found], again=True)
            for span, at in found.strange if len(found.strange) <= MOST_ERASED else ():
                facts = {"sensor": span.meter.sensor, "series": span.series.path, "first": at, "last": at + 1}
                self._store.notices.queue(recipient, NoticeKind.DATA_ERASED, facts, self._clock())


def _chunks(span: _Span) -> Iterator[tuple[int, int]]:
    step = _CHUNK_S.get(span.granularity, _LONG_S)
    for first in range(span.first, span.last, step):
        yield first, min(first + step, span.last)
