"""What other providers send us: kept apart from our own points, under their retention, and never promised to anybody.

A point's identity is (provider, literal name, granularity, time); its first value stays unless the provider says that
it rectifies. Each call is one transaction, so what is confirmed after it is on the disk.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.store.anchors import ReceivedAnchors
from gateway.store.chain import Chain
from gateway.store.retention import kept_from
from gateway.store.tables import translated

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from gateway.store.points import Value

# More names than a shared roof or a neighbour's meter has; whoever sends ever new ones shall not fill the card.
MOST_SERIES = 500

# Notices that are remembered: a provider's bad day shall not fill it either.
_MOST_EVENTS = 10_000

# A period of a day is stamped at its beginning and comes at its end, 25 hours later when the clock is set back.
_MARGIN_S = 2 * 86_400

_FOR_EVER = 2**62
_PAGE = 1000

_SERIES = (
    "SELECT id, provider, sen1, name, path, unit, granularity, retention, ignored,"
    " (SELECT min(time) FROM received_point WHERE series = id),"
    " (SELECT max(time) FROM received_point WHERE series = id) FROM received_series"
)


@dataclass(frozen=True, slots=True)
class Incoming:
    """One received value: its name as it was sent and as the literal one, path, unit, granularity, POSIX seconds."""

    name: str
    sen1: str
    path: str
    unit: str
    granularity: str
    time: float
    value: Value


@dataclass(frozen=True, slots=True)
class Lot:
    """What one message or page brought; ``numbers`` are (epoch, after, last) of the provider's outbox, if from there.

    ``retention`` (ISO 8601) binds us; ``replaces``: the provider says that its values are rectified ones; ``head`` is
    the number and hash of the last entry of its journal.
    """

    values: Sequence[Incoming]
    numbers: tuple[str, int, int] | None
    retention: str | None
    replaces: bool = False
    head: tuple[int, str] | None = None


@dataclass(frozen=True, slots=True)
class ReceivedSeries:
    """One series of another provider; ``granularity`` as the provider words it (``raw``, or an ISO 8601 duration)."""

    id: int
    provider: str
    sen1: str
    name: str
    path: str
    unit: str
    granularity: str
    retention: str | None
    ignored: int
    first_time: float | None
    last_time: float | None


@dataclass(frozen=True, slots=True)
class ReceivedPoint:
    """One value of a received series; POSIX seconds UTC."""

    series: ReceivedSeries
    time: float
    value: Value


@dataclass(frozen=True, slots=True)
class ReceivedGap:
    """A time ``[first, last)`` of an identifier that is to be asked of the provider's history."""

    id: int
    identifier: str
    first: int
    last: int
    replaces: bool


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    """Something that a provider told: a notice's kind, the series it names, and its details."""

    provider: str
    time: int
    kind: str
    series: str
    detail: dict[str, object]


class ReceivedPoints(ReceivedAnchors):
    """The received series, and how far each provider's outbox has been taken."""

    @translated
    def received_reached(self, provider: str) -> tuple[str, int] | None:
        """The provider's epoch and the outbox number up to which nothing is missing."""
        return Chain(self._db, provider).reached()

    @translated
    def received_begin(
        self, provider: str, identifier: str, numbers: tuple[str, int, int] | None, since: int, now: float
    ) -> None:
        """A subscription was accepted: keep it, and note what has to be asked of the history.

        Args:
            provider: bare JID.
            identifier: what was subscribed to.
            numbers: epoch, first waiting and last given number; None when the provider has no numbers, and may have
                sent anything since it was last heard.
            since: POSIX seconds from which a subscription that is new asks for history; ``now`` not to.
            now: POSIX seconds.
        """
        self.begin()
        passed_over = numbers is None
        if numbers is not None:
            passed_over = Chain(self._db, provider).begin(*numbers)
        heard = self._db.execute("SELECT heard_at FROM received_provider WHERE jid = ?", [provider]).fetchone()
        if passed_over and heard:
            for (known,) in self._db.execute(
                "SELECT identifier FROM received_subscription WHERE provider = ?", [provider]
            ).fetchall():
                self._add_gap(provider, known, heard[0] - _MARGIN_S, int(now) + 1)
        added = self._db.execute(
            "INSERT OR IGNORE INTO received_subscription VALUES (?, ?, ?)", [provider, identifier, int(now)]
        ).rowcount
        if added and since < now:
            self._add_gap(provider, identifier, since, int(now) + 1)
        self.commit()

    @translated
    def received_subscriptions(self, provider: str) -> list[str]:
        """The identifiers that the provider accepted."""
        rows = self._db.execute("SELECT identifier FROM received_subscription WHERE provider = ?", [provider])
        return [identifier for (identifier,) in rows]

    @translated
    def received_end(self, provider: str, identifier: str, now: float) -> None:
        """A subscription is over; what it brought stays until its retention ends."""
        self.begin()
        self._end(provider, identifier)
        # With a branch the provider ended what is subscribed below it: until that is renewed it promises nothing.
        for known in self.received_subscriptions(provider):
            self._add_gap(provider, known, max(int(now) - _MARGIN_S, 0), int(now) + 1)
        self.commit()

    @translated
    def received_providers(self) -> list[str]:
        """Everybody with a subscription or with data here."""
        rows = self._db.execute(
            "SELECT provider FROM received_subscription UNION SELECT provider FROM received_series ORDER BY 1"
        )
        return [jid for (jid,) in rows]

    @translated
    def received_gaps(self, provider: str) -> list[ReceivedGap]:
        """What is still to be asked of the provider's history."""
        rows = self._db.execute(
            "SELECT id, identifier, first, last, replaces FROM received_gap WHERE provider = ? ORDER BY id", [provider]
        )
        return [ReceivedGap(number, known, first, last, bool(r)) for number, known, first, last, r in rows]

    @translated
    def receive(self, provider: str, lots: Sequence[Lot], now: float, filled: int | None = None) -> int:
        """Commit what came, and the gap that it fills to the end; how many points are new or rectified."""
        self.begin()
        chain = Chain(self._db, provider)
        new = 0
        for lot in lots:
            new += self._keep(provider, lot, now)
            if lot.numbers is not None:
                chain.add(*lot.numbers)
            if lot.numbers is not None and lot.head is not None:
                self._anchor(provider, lot.numbers[0], *lot.head, now)
        self._db.execute(
            "INSERT INTO received_provider VALUES (?, ?) ON CONFLICT DO UPDATE SET heard_at = excluded.heard_at",
            [provider, int(now)],
        )
        if filled is not None:
            self._db.execute("DELETE FROM received_gap WHERE id = ?", [filled])
        self.commit()
        return new

    @translated
    def received_note(self, event: ReceivedEvent, notice: str, identifiers: Collection[str] = ()) -> bool:
        """Keep an event once; one that rectifies names the ``identifiers`` to be asked again. False when known."""
        self.begin()
        new = self._note_received(event, notice)
        if new:
            first, last = _period(event.detail)
            last = min(last, event.time)
            for identifier in identifiers if first <= last else ():
                self._add_gap(event.provider, identifier, first, last + 1, replaces=True)
        self.commit()
        return new

    @translated
    def received_erase(
        self, event: ReceivedEvent, notice: str, series: Collection[int], identifiers: Collection[str] = ()
    ) -> int | None:
        """Delete what a notice names (GDPR Art. 17 and 19), together with the event; None when it was done before.

        Args:
            event: what is told; ``detail`` has ``first`` and ``last`` (POSIX seconds) where the notice has them.
            notice: the provider's id of it.
            series: ids of the series that it names.
            identifiers: the subscriptions that end with it.
        """
        self.begin()
        deleted = None
        if self._note_received(event, notice):
            first, last = _period(event.detail)
            deleted = 0
            for number in series:
                deleted += self._db.execute(
                    "DELETE FROM received_point WHERE series = ? AND time >= ? AND time <= ?", [number, first, last]
                ).rowcount
            self._drop_empty_series(event.provider)
            for identifier in identifiers:
                self._end(event.provider, identifier)
        self.commit()
        return deleted

    @translated
    def received_events(self) -> list[ReceivedEvent]:
        """What providers told, oldest first."""
        rows = self._db.execute("SELECT provider, time, kind, series, detail FROM received_event ORDER BY time, id")
        return [ReceivedEvent(jid, time, kind, series, json.loads(d)) for jid, time, kind, series, d in rows]

    @translated
    def received_series(self, provider: str | None = None) -> list[ReceivedSeries]:
        """The series of one provider, or of all, by name."""
        rows = self._db.execute(
            _SERIES + " WHERE ?1 IS NULL OR provider = ?1 ORDER BY provider, sen1, granularity, unit", [provider]
        )
        return [ReceivedSeries(*row) for row in rows]

    @translated
    def received_count(self, series: ReceivedSeries) -> int:
        """How many points of a series there are."""
        row = self._db.execute("SELECT count(*) FROM received_point WHERE series = ?", [series.id]).fetchone()
        return int(row[0])

    @translated
    def received_last(self) -> list[ReceivedPoint]:
        """The newest point of each received series."""
        found = []
        for series in self.received_series():
            row = self._db.execute(
                "SELECT time, value FROM received_point WHERE series = ? ORDER BY time DESC LIMIT 1", [series.id]
            ).fetchone()
            if row:
                found.append(ReceivedPoint(series, *row))
        return found

    @translated
    def received_history(
        self, series: ReceivedSeries, start: float = 0, end: float = _FOR_EVER, limit: int = -1
    ) -> list[ReceivedPoint]:
        """The points of a series in ``[start, end)``, in order of time; at most ``limit``, all by default."""
        rows = self._db.execute(
            "SELECT time, value FROM received_point WHERE series = ? AND time >= ? AND time < ? ORDER BY time LIMIT ?",
            [series.id, start, end, limit],
        )
        return [ReceivedPoint(series, time, value) for time, value in rows]

    @translated
    def received_newest(self, series: ReceivedSeries, start: float, end: float, limit: int) -> list[ReceivedPoint]:
        """The last points of a series in ``[start, end)``, in order of time."""
        rows = self._db.execute(
            "SELECT time, value FROM received_point WHERE series = ? AND time >= ? AND time < ?"
            " ORDER BY time DESC LIMIT ?",
            [series.id, start, end, limit],
        ).fetchall()
        return [ReceivedPoint(series, time, value) for time, value in rows[::-1]]

    def received_stream(
        self, series: ReceivedSeries, start: float = 0, end: float = _FOR_EVER
    ) -> Iterator[ReceivedPoint]:
        """The same without end in memory, page by page."""
        while page := self.received_history(series, start, end, _PAGE):
            yield from page
            start = math.nextafter(page[-1].time, math.inf)

    @translated
    def forget_received(self, now: int, kept_s: int) -> int:
        """Delete what is past the retention that came with it, and what is older than ``kept_s``; how many points."""
        self.begin()
        deleted = 0
        for number, retention in self._db.execute("SELECT id, retention FROM received_series").fetchall():
            bound = kept_from(retention, now) if retention else None
            deleted += self._db.execute(
                "DELETE FROM received_point WHERE series = ? AND time < ?",
                [number, max(now - kept_s, bound or 0)],
            ).rowcount
        if deleted:
            self._drop_empty_series(None)
        self._db.execute(
            "DELETE FROM received_event WHERE id <= (SELECT max(id) FROM received_event) - ?", [_MOST_EVENTS]
        )
        self.commit()
        return deleted

    def _keep(self, provider: str, lot: Lot, now: float) -> int:
        new = rectified = 0
        known: dict[tuple[str, str, str], int | None] = {}
        for v in lot.values:
            key = (v.sen1, v.granularity, v.unit)
            if key not in known:
                known[key] = self._series_of(provider, v, lot.retention)
            series = known[key]
            if series is None:
                continue
            if self._insert(series, v.time, v.value):
                new += 1
            elif self._changes(series, v.time, v.value):
                rectified += self._change_received(series, v.time, v.value, replaces=lot.replaces)
        if rectified:
            detail: dict[str, object] = {"points": rectified}
            self._note_received(ReceivedEvent(provider, int(now), "values-rectified", "", detail), f"own-{now!r}")
        return new + rectified

    def _insert(self, series: int, time: float, value: Value) -> bool:
        row = [series, time, value]
        return self._db.execute("INSERT OR IGNORE INTO received_point VALUES (?, ?, ?)", row).rowcount == 1

    def _changes(self, series: int, time: float, value: Value) -> bool:
        (before,) = self._db.execute(
            "SELECT value FROM received_point WHERE series = ? AND time = ?", [series, time]
        ).fetchone()
        return bool(before != value)

    def _change_received(self, series: int, time: float, value: Value, *, replaces: bool) -> int:
        if not replaces:
            self._db.execute("UPDATE received_series SET ignored = ignored + 1 WHERE id = ?", [series])
            return 0
        self._db.execute("UPDATE received_point SET value = ? WHERE series = ? AND time = ?", [value, series, time])
        return 1

    def _series_of(self, provider: str, v: Incoming, retention: str | None) -> int | None:
        """The row of a value's series, its retention the shortest that was ever stated; None for one too many."""
        row = self._db.execute(
            "SELECT id, name, retention FROM received_series"
            " WHERE provider = ? AND sen1 = ? AND granularity = ? AND unit = ?",
            [provider, v.sen1, v.granularity, v.unit],
        ).fetchone()
        if row is None:
            (count,) = self._db.execute(
                "SELECT count(*) FROM received_series WHERE provider = ?", [provider]
            ).fetchone()
            if count >= MOST_SERIES:
                return None
            (number,) = self._db.execute(
                "INSERT INTO received_series (provider, sen1, granularity, unit, name, path, retention)"
                " VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
                [provider, v.sen1, v.granularity, v.unit, v.name, v.path, shorter(None, retention)],
            ).fetchone()
            return int(number)
        bound = shorter(row[2], retention)
        if (row[1], row[2]) != (v.name, bound):
            self._db.execute("UPDATE received_series SET name = ?, retention = ? WHERE id = ?", [v.name, bound, row[0]])
        return int(row[0])

    def _note_received(self, event: ReceivedEvent, notice: str) -> bool:
        row = [event.provider, notice, event.time, event.kind, event.series, json.dumps(event.detail)]
        return (
            self._db.execute(
                "INSERT OR IGNORE INTO received_event (provider, notice, time, kind, series, detail)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                row,
            ).rowcount
            == 1
        )

    def _add_gap(self, provider: str, identifier: str, first: int, last: int, *, replaces: bool = False) -> None:
        key = [provider, identifier, int(replaces)]
        # A provider without numbers leaves one at every new session: they are asked as one.
        row = self._db.execute(
            "SELECT min(first), max(last) FROM received_gap WHERE provider = ? AND identifier = ? AND replaces = ?", key
        ).fetchone()
        self._db.execute("DELETE FROM received_gap WHERE provider = ? AND identifier = ? AND replaces = ?", key)
        low, high = (first, last) if row[0] is None else (min(first, row[0]), max(last, row[1]))
        self._db.execute(
            "INSERT INTO received_gap (provider, identifier, first, last, replaces) VALUES (?, ?, ?, ?, ?)",
            [provider, identifier, low, high, int(replaces)],
        )

    def _end(self, provider: str, identifier: str) -> None:
        key = [provider, identifier]
        self._db.execute("DELETE FROM received_subscription WHERE provider = ? AND identifier = ?", key)
        self._db.execute("DELETE FROM received_gap WHERE provider = ? AND identifier = ?", key)

    def _drop_empty_series(self, provider: str | None) -> None:
        """A name is the provider's too: it does not outlive what stood under it."""
        self._db.execute(
            "DELETE FROM received_series WHERE (?1 IS NULL OR provider = ?1)"
            " AND NOT EXISTS (SELECT 1 FROM received_point WHERE series = received_series.id)",
            [provider],
        )


def shorter(one: str | None, other: str | None) -> str | None:
    """The retention that ends first; what is no duration binds to nothing."""
    # By a fixed day: which of two is shorter must not depend on when they are compared.
    stated = [(start, text) for text in (one, other) if text and (start := kept_from(text, _SOME_DAY)) is not None]
    return max(stated)[1] if stated else None


def _period(detail: dict[str, object]) -> tuple[int, int]:
    first, last = detail.get("first"), detail.get("last")
    return first if isinstance(first, int) else 0, last if isinstance(last, int) else _FOR_EVER


_SOME_DAY = 4_102_444_800  # 2100-01-01: no retention reaches back before 1970 from there
