"""The command ``get_history``: stored points of one series or branch, ``[start, end)``, whole or by pages (XEP-0059).

A page is found again by the time and the path of the last point of the page before, so that none is lost when old ones
are deleted in between; it ends where a stanza is full. All are counted with the first page. The answer is in the form
of name that was asked in, as fine and as far back as a consent to history allows.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gateway.errors import SenMLError
from gateway.federation.provider.allowed import (
    Scope,
    bound,
    matching_series,
    meter_of,
    not_authorized,
    scopes,
    series_count,
)
from gateway.federation.wire.fields import (
    MAX_RECORDS,
    point_after,
    read_granularity,
    read_identifier,
    read_limit,
    read_page,
    read_point_after,
    read_time,
    unknown_after,
)
from gateway.federation.wire.form import Answer, CommandRequest, RequestError, bad_request, build_page
from gateway.federation.wire.stanza import Publisher, build_quoalise, fit
from gateway.store.points import Consent, Granularity, MeterInfo, Point, giving, under
from gateway.store.recorder import iso
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from xml.etree.ElementTree import Element

    from gateway.senml.naming import NameForm
    from gateway.store.consents import Consents
    from gateway.store.meters import Meters
    from gateway.store.pseudonyms import Pseudonyms, RecipientView
    from gateway.store.readings import Readings
    from gateway.store.transfers import Transfers

# What a stock ejabberd lets through in the 30 s in which an answer must come: a burst of 20 kB, then 3 kB/s.
MAX_BYTES = 100_000
# Three pages in those 30 s at the 10 kB/s of a stock Prosody, and one for sure at 3 kB/s.
PAGE_BYTES = 60_000

_NOTE = Phrase("Note")
_NEXT = Phrase("Next page: give this value to “after”")


@dataclass(frozen=True, slots=True)
class HistoryPeriod:
    """What is asked for: a branch of a meter's series, how fine (None: as allowed), ``[start, end)``."""

    meter: str
    path: str
    granularity: Granularity | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Found:
    """Points of one page and one more if there is one, what all pages hold (None: not counted), whole since when.

    ``consents`` are those on whose word the points are given.
    """

    points: Sequence[Point]
    total: int | None
    series: int | None
    since: int
    consents: Sequence[Consent]


class HistoryQuery:
    """Answers questions for history; arguments as of ``gateway.federation.provider.commands.Commands``."""

    def __init__(
        self,
        meters: Meters,
        readings: Readings,
        consents: Consents,
        pseudonyms: Pseudonyms,
        transfers: Transfers,
        call: Callable[..., Awaitable[Any]],
        publisher: Publisher,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._meters = meters
        self._readings = readings
        self._consents = consents
        self._pseudonyms = pseudonyms
        self._transfers = transfers
        self._call, self._publisher, self._clock = call, publisher, clock

    async def answer(self, question: CommandRequest) -> Answer:
        """The points that are asked for and allowed. Raises RequestError."""
        fields = question.fields
        identifier, start, end = read_identifier(fields), read_time(fields, "start_time"), read_time(fields, "end_time")
        if end <= start:
            raise bad_request(Phrase("the end is not after the start"))
        asked, page = read_granularity(fields), read_page(question)
        view: RecipientView = await self._call(self._pseudonyms.view_of, question.asker, self._clock())
        meter = meter_of(self._publisher, view.meters, identifier)
        if meter is None:
            raise not_authorized()
        limit, after = read_limit(page, MAX_RECORDS), read_point_after(page)
        period = HistoryPeriod(meter.name, identifier.path, asked, start, end)
        found: _Found = await self._call(self._read, question.asker, period, limit, after)
        found = replace(found, points=view.points(found.points))
        try:
            publisher = bound(self._publisher, found.consents)
            quoalise, given = packed(
                publisher, meter, identifier.form, found.points, limit, found.total, whole=page is None
            )
            # Noted before it leaves: nothing is handed over that the log of transfers does not hold.
            await self._call(self._transfers.note, question.asker, given, self._clock())
        except SenMLError as error:
            raise bad_request(Phrase("{error}", "no name in that form").filled(error=error)) from error
        notes = [] if found.series is None else series_count(found.series)
        notes += [("note", _NOTE, _since(found.since))] if found.since > start else []
        if page is None:
            return Answer(notes, [quoalise])
        first, last = (point_after(given[0]), point_after(given[-1])) if given else (None, None)
        if last is not None and len(found.points) > len(given):
            notes.append(("next", _NEXT, last))
        return Answer(notes, [quoalise, build_page(first, last, None if after else 0, found.total)])

    def _read(self, recipient: str, period: HistoryPeriod, limit: int, after: tuple[int, str] | None) -> _Found:
        """The page, scope by scope; all of them are counted for the first page only.

        On the store's thread, in one turn with the look at the consents: none is withdrawn in between.
        """
        consents = [c for c in self._consents.allowed(recipient, self._clock()) if c.terms.history]
        allowed = scopes(consents, period.meter, period.path, period.granularity)
        if all(scope.start >= period.end for scope in allowed):
            since = iso(min(scope.start for scope in allowed))
            raise not_authorized(Phrase("the consent begins at {since}").filled(since=since))
        places = [
            (period.meter, scope.prefix, scope.granularity, max(period.start, scope.start), period.end)
            for scope in allowed
        ]
        points: list[Point] = []
        begun = _scope_of(allowed, after)
        for number in range(begun, len(allowed)):
            # One more than the page holds, to know whether another one follows.
            if wanted := limit + 1 - len(points):
                came_from = after if number == begun else None
                points += self._readings.page(*places[number], wanted, came_from, allowed[number].without)
        total = matching = None
        if after is None:
            matching = matching_series(self._meters, period.meter, period.path, allowed)
            counts = zip(places, allowed, strict=True)
            total = sum(self._readings.count(*place, scope.without) for place, scope in counts)
        behind = _behind(points, consents, period.meter, allowed)
        return _Found(points, total, matching, max(scope.start for scope in allowed), behind)


def packed(
    publisher: Publisher,
    meter: MeterInfo,
    form: NameForm,
    points: Sequence[Point],
    limit: int,
    total: int | None,
    *,
    whole: bool,
) -> tuple[Element, Sequence[Point]]:
    """The element of as many points as an answer holds, and these points; all of them if it must be ``whole``.

    Raises RequestError where they are too many for one answer, ``total`` in all.
    """
    if whole and len(points) > limit:
        raise _too_many(total)
    points = points[:limit]
    shown = fit(publisher, meter, form, points, MAX_BYTES if whole else PAGE_BYTES)
    if whole and shown < len(points):
        raise _too_many(total)
    return build_quoalise(publisher, meter, form, points[:shown]), points[:shown]


def _scope_of(allowed: Sequence[Scope], after: tuple[int, str] | None) -> int:
    """Which of the scopes a page goes on in; another consent since the page before may have taken it away."""
    if after is None:
        return 0
    for number, scope in enumerate(allowed):
        if under(after[1], scope.prefix) and after[1] in scope:
            return number
    raise unknown_after()


def _behind(
    points: Sequence[Point], consents: Sequence[Consent], meter: str, allowed: Sequence[Scope]
) -> list[Consent]:
    """The consents on whose word these points are given; where there are none, on whose word others would be."""
    if points:
        kinds = {(point.series, point.granularity) for point in points}
        return [c for series, granularity in kinds for c in giving(consents, series, granularity)]
    of_meter = [c for c in consents if c.meter == meter]
    return [c for c in of_meter if any(c.granularity <= s.granularity and _meet(c.prefix, s.prefix) for s in allowed)]


def _meet(one: str, other: str) -> bool:
    return under(one, other) or under(other, one)


def _since(time: int) -> str:
    """What a note says of a history that is cut; a field's value has one form, so it is in both languages."""
    return (
        f"le consentement ne donne pas tout avant {iso(time)} / the consent does not give everything before {iso(time)}"
    )


def _too_many(total: int | None) -> RequestError:
    return bad_request(
        Phrase(
            "{total} records: at most {max_records} records and {max_bytes_1000} kB in one answer;"
            " shorten the period, or ask for pages (XEP-0059: <set> with <max>, then <after>)"
        ).filled(total=total, max_records=MAX_RECORDS, max_bytes_1000=MAX_BYTES // 1000)
    )
