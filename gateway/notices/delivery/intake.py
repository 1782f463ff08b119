"""Alerts become rows of the queue, one for each way that is told of them; all of it on the store's thread.

A beginning that ended before it was told is told to nobody, and the end of what was not told neither.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from gateway.links.alert_words import FaultKind, Topic
from gateway.notices.deciding.news import red_in_words
from gateway.notices.events import RULES, Urgency, event_of, said
from gateway.notices.quiet import at
from gateway.store.household_notices import HouseholdQueue, NoticeState, QueuedNotice

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from gateway.links.alerts import Alert
    from gateway.notices.delivery.way import Way

# What comes and goes again within that is not told anew.
_COMES_AND_GOES_S = 1800
# A start brings faults that are over a moment later: the network comes up, the meter is heard.
START_S = 600.0
_EVENING, _REMINDED_FROM, _RED_BEGINS, _RED_LATE = 20 * 60, 18 * 60, 6 * 60, 22 * 60


@dataclass(frozen=True, slots=True)
class HeardAlert:
    """An alert as it came: how long it had held then, and how long the gateway had run (seconds)."""

    alert: Alert
    lasted_s: float
    running_s: float


def take_in(
    queue: HouseholdQueue,
    ways: Sequence[Way],
    heard: Iterable[HeardAlert],
    now: float | None,
    leaving: Collection[int] = (),
) -> None:
    """Queue what is to be told. Raises StoreError.

    Args:
        queue: of all ways.
        ways: which there are.
        heard: what came.
        now: POSIX seconds; None while nobody knows the time.
        leaving: the rows that are on their way at this moment.
    """
    for one in heard:
        event = event_of(one.alert)
        told = [way for way in ways if event in way.events and way.address]
        rows = [row for way in told for row in _rows(queue, way, one, event, int(now or 0), leaving)]
        if rows:
            queue.queue(rows)


def rows_of(ways: Sequence[Way], heard: HeardAlert, now: int) -> list[tuple[Way, QueuedNotice]]:
    """The rows of a beginning, whatever was told before: for where nothing can be asked or kept."""
    event = event_of(heard.alert)
    return [(way, _row(way, heard, event, now)) for way in ways if event in way.events and way.address]


def _rows(
    queue: HouseholdQueue, way: Way, heard: HeardAlert, event: str, now: int, leaving: Collection[int]
) -> list[QueuedNotice]:
    alert, before = heard.alert, queue.newest(way.name, heard.alert.matter)
    if alert.recovered:
        if before is None or before.ending:
            return []
        if before.state is NoticeState.WAITING and before.number not in leaving:
            queue.end([before.number], NoticeState.OVER, now)
            return []
        is_told = before.state in (NoticeState.DONE, NoticeState.WAITING)
        return [_row(way, heard, event, now)] if is_told else []
    if before and before.ending and before.state is NoticeState.WAITING:
        # The household still believes what is so again.
        queue.end([before.number], NoticeState.OVER, now)
        return []
    if before and _is_known(before, event, now):
        return []
    row = _row(way, heard, event, now)
    return [row, *_reminder(row, alert, now)]


def _is_known(before: QueuedNotice, event: str, now: int) -> bool:
    rule = RULES[event]
    if not now:
        # How long ago that was nobody knows.
        return not before.ending and before.state is NoticeState.WAITING
    if before.ending:
        return rule.after_s > 0 and now - before.at < _COMES_AND_GOES_S
    if before.state is NoticeState.OVER:
        return False
    return before.state is NoticeState.WAITING or now - before.at < rule.again_s


def _row(way: Way, heard: HeardAlert, event: str, now: int) -> QueuedNotice:
    alert, rule, level = heard.alert, RULES[event], way.level(event)
    wait = 0.0
    if not alert.recovered:
        wait = max(0.0, rule.after_s - heard.lasted_s)
        if isinstance(alert.kind, FaultKind) and level is not Urgency.URGENT:
            wait = max(wait, START_S - heard.running_s)
    row = QueuedNotice(
        way=way.name,
        matter=alert.matter,
        event=event,
        text=said(alert, figures=way.figures).in_language(way.lang),
        at=now,
        due=now + int(wait),
        expires=now + int(wait) + rule.stale_s,
        ending=alert.recovered,
        # That nothing is wrong any more wakes nobody.
        urgent=level is Urgency.URGENT and not alert.recovered,
    )
    return dated(row, way, now) if now else row


def dated(row: QueuedNotice, way: Way, now: int) -> QueuedNotice:
    """The row of that moment: what it has of the day is known by then."""
    if not row.at:
        row = replace(row, at=now, due=now + row.due, expires=now + row.expires)
    if way.level(row.event) is Urgency.DIGEST:
        due = way.quiet.morning(now)
        row = replace(row, due=due, expires=due + RULES[row.event].stale_s)
    day = _red_day(row.matter)
    return _of_red_day(row, way, day, now) if day else row


def _of_red_day(row: QueuedNotice, way: Way, day: date, now: int) -> QueuedNotice:
    """Told before the day begins; on the day itself until late, for what can wait still can."""
    begins = at(day, _RED_BEGINS)
    morning = way.quiet.morning(now) if way.quiet.over(now) is not None else now
    if morning < begins:
        return replace(row, expires=begins)
    text = red_in_words(day, today=True).in_language(way.lang)
    return replace(row, text=text, due=max(row.due, morning), expires=at(day, _RED_LATE))


def _red_day(matter: str) -> date | None:
    name, _, day = matter.partition(" ")
    return date.fromisoformat(day.partition(" ")[0]) if name == Topic.TEMPO.value and day else None


def _reminder(row: QueuedNotice, alert: Alert, now: int) -> list[QueuedNotice]:
    """A red day that was known in the morning is said once more in the evening before."""
    day = _red_day(alert.matter)
    if day is None or not now:
        return []
    eve = day - timedelta(days=1)
    if now >= at(eve, _REMINDED_FROM):
        return []
    return [replace(row, matter=f"{row.matter} evening", due=at(eve, _EVENING))]
