"""The log of transfers: who received data of which series and which time, by the hour in which it was handed over.

It holds no value, and is what an erasure or a correction needs (GDPR Art. 19): everybody who was ever handed data of a
period can be told. All is noted, and committed, before it leaves: a pushed point once, however often its message is
repeated, history at each answer. What a recipient then confirms is a second fact, by the day of the handing over
(``confirmed``). After a week the hours of a day are one row; a row is dropped when its recipient must have deleted what
it tells of.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.store.journal import grouped
from gateway.store.points import Consent, Point, Series, under
from gateway.store.transactions import Transactions, translated

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gateway.store.journal import Group, Journal
    from gateway.store.meters import Meters
    from gateway.store.notices import RecipientNotices
    from gateway.store.pseudonyms import Pseudonyms
    from gateway.store.queue import Accounts
    from gateway.store.terms import NoticeKind

_HOUR_S, _DAY_S = 3600, 86_400
# The hours of a week are of use when somebody asks what left lately; of older ones the day will do.
_BY_HOUR_S = 7 * _DAY_S

# The end of a period that has none.
FOR_EVER = 2**62


@dataclass(frozen=True, slots=True)
class Handed:
    """What one recipient was handed in a day at one granularity: points of ``[first, last]``, of how many series."""

    day: int
    recipient: str
    granularity: int
    points: int
    first: int
    last: int
    series: int


@dataclass(frozen=True, slots=True)
class HandedInAll:
    """What one recipient was ever handed, as far as the log goes back.

    Args:
        points: how many values.
        since: the hour of the first of them (POSIX seconds); of what is older than a week the day (UTC).
        confirmed: how many of them it has confirmed by receipts; None where none has come, as from one that sends none.
    """

    points: int
    since: int
    confirmed: int | None


@dataclass(eq=False)
class Transfers:
    """Who received what."""

    _db: Transactions
    _meters: Meters
    _journal: Journal
    _notices: RecipientNotices
    _pseudonyms: Pseudonyms
    _accounts: Accounts

    @translated
    def note(self, recipient: str, points: Sequence[Point], now: float) -> None:
        """Note and commit that the recipient is handed these points: before they leave, so that none leaves unnoted."""
        if not points:
            return
        with self._db.transaction():
            self.add(recipient, grouped((p.series.id, int(p.granularity), p.time) for p in points), now)

    @translated
    def recipients_of(self, series: Series, first: int, last: int, finest: int = 0) -> list[str]:
        """Whoever was ever handed data of the series in ``[first, last)``; a period counts when it overlaps.

        Data finer than ``finest`` (seconds) do not count: a half hour that was wrong says nothing of the minutes.
        """
        rows = self._db.execute(
            "SELECT DISTINCT jid FROM transfer JOIN party ON party.id = transfer.party"
            " WHERE series = ? AND first_time < ? AND last_time + max(granularity, 1) > ? AND granularity >= ?"
            " ORDER BY jid",
            [series.id, last, first, finest],
        )
        return [jid for (jid,) in rows]

    @translated
    def forget(self, now: float, kept_s: int) -> None:
        """Sum up what is older than a week by the day, drop what nobody may still have; notices confirmed go with it.

        A recipient may keep data for ``kept_s`` after it was handed them: for so long it may have to be told something.
        """
        if not 0 < kept_s <= now:
            # A clock that has not been set forgets nothing.
            return
        week = (int(now) - _BY_HOUR_S) // _DAY_S * _DAY_S
        with self._db.transaction():
            self._db.execute(
                "INSERT INTO transfer SELECT series, granularity, party, hour / ?1 * ?1, min(first_time),"
                " max(last_time), sum(points) FROM transfer WHERE hour < ?2 AND hour % ?1"
                " GROUP BY series, granularity, party, hour / ?1"
                " ON CONFLICT DO UPDATE SET first_time = min(first_time, excluded.first_time),"
                " last_time = max(last_time, excluded.last_time), points = points + excluded.points",
                [_DAY_S, week],
            )
            self._db.execute("DELETE FROM transfer WHERE hour < ? AND hour % ?", [week, _DAY_S])
            self._db.execute("DELETE FROM transfer WHERE hour < ?", [int(now) - kept_s - _DAY_S])
            self._db.execute("DELETE FROM confirmed WHERE day < ?", [int(now) - kept_s - _DAY_S])
            self._db.execute("DELETE FROM notice WHERE confirmed_at < ?", [int(now) - kept_s])
            self._db.execute("DELETE FROM party WHERE NOT EXISTS (SELECT 1 FROM transfer WHERE party = party.id)")

    def all(self) -> Iterator[tuple[int, str, Series, int, int, int, int]]:
        """The whole log: (hour, recipient, series, granularity, first time, last time, points), by hour."""
        known: dict[int, Series] = {}
        rows = self._db.execute(
            "SELECT hour, jid, series, granularity, first_time, last_time, points FROM transfer"
            " JOIN party ON party.id = party ORDER BY hour, jid, series, granularity"
        )
        for hour, jid, number, *rest in rows:
            if number not in known:
                known[number] = self._meters.series_numbered(number)
            yield (hour, jid, known[number], *rest)

    @translated
    def handed_by_day(self, first: int, last: int) -> list[Handed]:
        """Who was handed how much in each day (UTC) of ``[first, last)``, the latest day first."""
        rows = self._db.execute(
            "SELECT hour / ?1 * ?1, jid, granularity, sum(points), min(first_time), max(last_time),"
            " count(DISTINCT series)"
            " FROM transfer JOIN party ON party.id = party WHERE hour >= ?2 AND hour < ?3"
            " GROUP BY 1, 2, 3 ORDER BY 1 DESC, 2, 3",
            [_DAY_S, first, last],
        )
        return [Handed(*row) for row in rows]

    @translated
    def in_all(self) -> dict[str, HandedInAll]:
        """Recipient -> what it was ever handed."""
        rows = self._db.execute(
            "SELECT jid, sum(points), min(hour),"
            " (SELECT sum(points) FROM confirmed WHERE recipient = jid)"
            " FROM transfer JOIN party ON party.id = party GROUP BY party ORDER BY jid"
        )
        return {jid: HandedInAll(*rest) for jid, *rest in rows}

    @translated
    def confirmed_by_day(self, first: int, last: int) -> dict[tuple[int, str], int]:
        """(day, recipient) -> how many of the points that it was pushed in that day it has confirmed by receipts."""
        rows = self._db.execute(
            "SELECT day, recipient, points FROM confirmed WHERE day >= ? AND day < ? ORDER BY day, recipient",
            [first, last],
        )
        return {(day, recipient): points for day, recipient, points in rows}

    def tell_past(
        self,
        kind: NoticeKind,
        meter: str,
        concerned: Sequence[Series],
        first: int,
        last: int,
        now: float,
        prefix: str | None = None,
        finest: int = 0,
    ) -> list[str]:
        """Queue, in the open transaction, a notice to whoever was handed data of these series of ``[first, last)``.

        One for each id under which a recipient knows the meter, by ``prefix``, or by the series where that is None. A
        period from 0 on, or up to ``FOR_EVER``, is told as far as the recipient was handed anything.
        """
        told: dict[str, dict[str, tuple[int, int]]] = {}
        for series in concerned:
            for jid in self.recipients_of(series, first, last, finest):
                low, high = self._span_handed(jid, series)
                name = series.path if prefix is None else prefix
                low0, high0 = told.setdefault(jid, {}).get(name, (low, high))
                told[jid][name] = min(low, low0), max(high, high0)
        for jid, names in told.items():
            for sensor in self._pseudonyms.known_as(jid, meter, now):
                for name, (low, high) in names.items():
                    # An end that was left open is in no calendar: what was handed over has ends.
                    period = {"first": first or low, "last": high if last >= FOR_EVER else last}
                    self._notices.queue(jid, kind, {"sensor": sensor, "series": name, **period}, now)
        return sorted(told)

    def facts_of(self, consent: Consent, now: float, sensor: str | None = None) -> dict[str, object]:
        """What a notice on a consent names; its period holds all that may have been handed over, confirmed or not.

        ``sensor`` is the id of the meter that is meant, where it is not the one that the recipient knows now.
        """
        first, last = self._handed_under(consent.recipient, consent.meter, consent.prefix) or (consent.begins, 0)
        return {
            "consent": consent.id,
            "sensor": sensor or self._pseudonyms.view_of(consent.recipient, now).meter(consent.meter).sensor,
            "series": consent.prefix,
            "granularity": consent.granularity.code,
            "first": min(first, consent.given_at),
            "last": max(last, int(now)),
        }

    def _span_handed(self, recipient: str, series: Series) -> tuple[int, int]:
        """The first second of a series that the recipient was ever handed data of, and the one after the last."""
        row: tuple[int, int] = self._db.execute(
            "SELECT min(first_time), max(last_time + max(granularity, 1)) FROM transfer"
            " JOIN party ON party.id = transfer.party WHERE series = ? AND jid = ?",
            [series.id, recipient],
        ).fetchone()
        return row

    def add(self, recipient: str, groups: Sequence[Group], now: float, *, promised: bool = False) -> None:
        """Add to the hour of ``now``, and to the day of the journal, in the open transaction.

        What was not ``promised``, an answer or a live value, stands in the recipient's account besides.
        """
        if not promised:
            self._accounts.besides(recipient, sum(points for *_, points in groups))
        self._journal.count(recipient, groups, now)
        self._db.execute("INSERT OR IGNORE INTO party (jid) VALUES (?)", [recipient])
        (party,) = self._db.execute("SELECT id FROM party WHERE jid = ?", [recipient]).fetchone()
        hour = int(now) // _HOUR_S * _HOUR_S
        self._db.executemany(
            "INSERT INTO transfer VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " first_time = min(first_time, excluded.first_time), last_time = max(last_time, excluded.last_time),"
            " points = points + excluded.points",
            (
                (series, granularity, party, hour, first, last, points)
                for series, granularity, first, last, points in groups
            ),
        )

    def add_confirmed(self, recipient: str, moments: Iterable[int]) -> None:
        """Count points that were handed over at these moments, and are confirmed now, in the open transaction."""
        self._db.executemany(
            "INSERT INTO confirmed (day, recipient, points) VALUES (?, ?, ?)"
            " ON CONFLICT DO UPDATE SET points = points + excluded.points",
            [(day * _DAY_S, recipient, n) for day, n in Counter(moment // _DAY_S for moment in moments).items()],
        )

    def _handed_under(self, recipient: str, meter: str, prefix: str) -> tuple[int, int] | None:
        """First and last time of what the recipient was ever handed, or is being sent, under ``prefix``."""
        rows = self._db.execute(
            "SELECT path, first_time, last_time FROM transfer JOIN party ON party.id = transfer.party"
            " JOIN series ON series.id = transfer.series WHERE jid = ?1 AND series.meter = ?2"
            # By a meter's clock that is ahead what is under way may lie after now.
            " UNION ALL SELECT path, min(time), max(time) FROM outbox JOIN recipient ON recipient.id = outbox.recipient"
            " JOIN series ON series.id = outbox.series WHERE jid = ?1 AND series.meter = ?2 GROUP BY series.id",
            [recipient, self._meters.number(meter)],
        )
        times = [(first, last) for path, first, last in rows if under(path, prefix)]
        return (min(first for first, _ in times), max(last for _, last in times)) if times else None
