"""The command ``get_history``: stored points of one series or branch, ``[start, end)``, whole or by pages (XEP-0059).

What a page says of its place is the number of its first and last point; a page ends where a stanza is full. The answer
is in the form of name that was asked in, as fine and as far back as a consent to history allows.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.errors import SenMLError
from gateway.federation.allowed import bound, meter_of, not_authorized, scopes
from gateway.federation.fields import (
    MAX_RECORDS,
    read_granularity,
    read_identifier,
    read_page,
    read_time,
    read_window,
)
from gateway.federation.form import Answer, Phrase, bad_request, build_page
from gateway.federation.stanza import build_quoalise, fit
from gateway.store.recorder import iso

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from gateway.federation.form import Question, RequestError
    from gateway.federation.stanza import Publisher
    from gateway.store.points import Consent, Granularity, Point
    from gateway.store.store import Store

# What a stock ejabberd lets through in the 30 s in which an answer must come: a burst of 20 kB, then 3 kB/s.
MAX_BYTES = 100_000
# Three pages in those 30 s at the 10 kB/s of a stock Prosody, and one for sure at 3 kB/s.
PAGE_BYTES = 60_000

_NOTE = Phrase("Remarque", "Note")
_SHOWN = Phrase("Mesures de cette page, et de toutes", "Records of this page, and of all")
_NEXT = Phrase("Page suivante : donner cette valeur à « after »", "Next page: give this value to “after”")


@dataclass(frozen=True, slots=True)
class Period:
    """What is asked for: a branch of a meter's series, how fine (None: as allowed), ``[start, end)``."""

    meter: str
    path: str
    granularity: Granularity | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Found:
    """Numbered points of one page, how many all pages hold, from when on they are whole, on whose word."""

    points: Sequence[tuple[int, Point]]
    total: int
    since: int
    consents: Sequence[Consent]


class History:
    """Answers questions for history; arguments as of ``gateway.federation.commands.Commands``."""

    def __init__(
        self,
        store: Store,
        call: Callable[..., Awaitable[Any]],
        publisher: Publisher,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store, self._call, self._publisher, self._clock = store, call, publisher, clock

    async def answer(self, question: Question) -> Answer:
        """The points that are asked for and allowed. Raises RequestError."""
        fields = question.fields
        identifier, start, end = read_identifier(fields), read_time(fields, "start_time"), read_time(fields, "end_time")
        if end <= start:
            raise bad_request("la fin n'est pas après le début", "the end is not after the start")
        asked, page = read_granularity(fields), read_page(question)
        meter = meter_of(self._publisher, await self._call(self._store.meters), identifier)
        if meter is None:
            raise not_authorized()
        skip, limit = read_window(page)
        period = Period(meter.name, identifier.path, asked, start, end)
        found: _Found = await self._call(self._read, question.asker, period, skip, limit)
        if page is None and found.total > MAX_RECORDS:
            raise _too_many(found.total)
        points = [point for _, point in found.points]
        publisher = bound(self._publisher, found.consents)
        try:
            shown = fit(publisher, meter, identifier.form, points, MAX_BYTES if page is None else PAGE_BYTES)
            if page is None and shown < len(points):
                raise _too_many(found.total)
            quoalise = build_quoalise(publisher, meter, identifier.form, points[:shown])
            # Noted before it leaves: nothing is handed over that the log of transfers does not hold.
            await self._call(self._store.note_transfer, question.asker, points[:shown], self._clock())
        except SenMLError as error:
            raise bad_request(f"ces mesures n'ont pas de nom sous cette forme : {error}", str(error)) from error
        notes = [("note", _NOTE, _since(found.since))] if found.since > start else []
        if page is None:
            return Answer(notes, [quoalise])
        following = found.points[shown][0] if shown < len(found.points) else min(skip + limit, found.total)
        notes.append(("shown", _SHOWN, f"{shown} / {found.total}"))
        if skip < following < found.total:
            notes.append(("next", _NEXT, str(following - 1)))
        return Answer(notes, [quoalise, build_page(skip, max(following - skip, 0), found.total)])

    def _read(self, recipient: str, period: Period, skip: int, limit: int) -> _Found:
        """The page, scope by scope.

        On the store's thread, in one turn with the look at the consents: none is withdrawn in between.
        """
        consents = [c for c in self._store.allowed(recipient, self._clock()) if c.terms.history]
        allowed = scopes(consents, period.meter, period.path, period.granularity)
        if all(scope.start >= period.end for scope in allowed):
            since = iso(min(scope.start for scope in allowed))
            raise not_authorized(f"le consentement ne donne rien avant {since}", f"the consent begins at {since}")
        found: list[tuple[int, Point]] = []
        total = 0
        for scope in allowed:
            place = period.meter, scope.prefix, scope.granularity, max(period.start, scope.start), period.end
            count = self._store.count_history(*place)
            first, last = max(skip - total, 0), min(skip + limit - total, count)
            if first < last:
                points = self._store.history(*place, last - first, first)
                numbered = enumerate(points, total + first)
                found += [(number, point) for number, point in numbered if point.series.path in scope]
            total += count
        concerned = [c for c in consents if any(c.covers(point.series.meter, point.series.path) for _, point in found)]
        return _Found(found, total, max(scope.start for scope in allowed), concerned)


def _since(time: int) -> str:
    """What a note says of a history that is cut; a field's value has one form, so it is in both languages."""
    return (
        f"le consentement ne donne pas tout avant {iso(time)} / the consent does not give everything before {iso(time)}"
    )


def _too_many(total: int) -> RequestError:
    return bad_request(
        f"{total} mesures : au plus {MAX_RECORDS} mesures et {MAX_BYTES // 1000} ko par réponse ; "
        "raccourcir la période, ou demander par pages (XEP-0059 : <set> avec <max>, puis <after>)",
        f"{total} records: at most {MAX_RECORDS} records and {MAX_BYTES // 1000} kB in one answer; "
        "shorten the period, or ask for pages (XEP-0059: <set> with <max>, then <after>)",
    )
