"""Requests for access: what somebody asks the household for, kept until it answers or the question grows old.

Asking opens nothing. Whoever is on the federation may ask, so that asking is limited, by address and by domain
(``domains``). When no place is left the domain that holds most makes room: the household is never buried, and whoever
asks for the first time is heard. A repeated question is the same question. An answer gives its consents in the
transaction that closes the request, and queues the notice to the asker. A request begins in ``ask`` and ends
in ``_close_request``: whoever keeps a record calls from these two, inside their transaction.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.errors import ConsentError, RequestLimitError, RequestUnheardError
from gateway.store.consents import TERMS, Consents, terms_of, terms_row
from gateway.store.domains import Domains, RefusedDomain, check_domain, domain_of
from gateway.store.points import Consent, Granularity
from gateway.store.terms import (
    LONGEST_WORDS,
    REFUSED_DAYS,
    AccessRequest,
    AccessState,
    Channel,
    NoticeKind,
    Offer,
    Proof,
    Terms,
    check_jid,
    check_path,
    check_terms,
    check_time,
)
from gateway.store.transactions import Transactions, translated
from gateway.words.language import answered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.store.journal import Journal
    from gateway.store.meters import Meters
    from gateway.store.notices import RecipientNotices
    from gateway.store.transfers import Transfers

# One organisation has a purpose or two: a third open question is already one to be asked about first.
PENDING_PER_JID = 3
# Somebody whose form was wrong tries again a few times; a program that asks for ever is stopped on its first day.
DAILY_PER_JID = 10
# Addresses and names below one's own cost nothing: the domain is what a flood has in common.
DAILY_PER_DOMAIN = 30
PENDING_PER_DOMAIN = 20
# More than a household reads in a month, and 400 kB at the longest words that a request may hold.
PENDING_IN_ALL = 200

# Who has not been answered in a month will not be: the terms that were asked for are then no longer the asker's.
PENDING_S = 30 * 86400
# What came to nothing is kept as long as the log of who asked for what is useful.
_KEPT_S = 365 * 86400
_DAY_S = 86400
# And not more of it than that, but for the day by which is counted.
_MOST_KEPT = 2000

_COLUMNS = f"id, at, jid, sensor, prefix, granularity, until, lang, state, answered_at, consents, {TERMS}"


@dataclass(eq=False)
class AccessRequests:
    """Who asks for what."""

    _db: Transactions
    _meters: Meters
    _journal: Journal
    _notices: RecipientNotices
    _transfers: Transfers
    _domains: Domains
    _consents: Consents

    @translated
    def ask(
        self,
        jid: str,
        sensor: str,
        prefix: str,
        granularity: Granularity,
        terms: Terms,
        now: float,
        *,
        until: int | None = None,
        lang: str = "fr",
    ) -> AccessRequest:
        """Note what ``jid`` asks for; the request, which is the one before when that still waits and asks the same.

        ConsentError when it cannot be asked for as it is written, RequestLimitError when it is one too many,
        RequestUnheardError when the household hears nothing of this domain.
        """
        check_time(until)
        asker, path, asked = check_jid(jid), check_path(prefix), check_terms(terms)
        if not sensor.isprintable() or not 0 < len(sensor) <= LONGEST_WORDS:
            raise ConsentError("the meter has no name; write the one that the household gave you")
        if self._domains.is_refused(asker, now):
            raise RequestUnheardError("the household hears no requests of this domain")
        waiting = self.waiting(now)
        for request in waiting:
            same = (request.jid, request.sensor, request.prefix, request.granularity, request.terms)
            if same == (asker, sensor, path, granularity, asked):
                return request
        self._check_limits(asker, [request.jid for request in waiting], now)
        with self._db.transaction():
            if (gone := _makes_room(waiting, asker)) is not None:
                self._close_request(gone, AccessState.EXPIRED, None, [])
            self._prune(now)
            number = self._insert(asker, sensor, path, granularity, asked, until, lang, now)
            facts: dict[str, int | str] = {"request": number, "series": path, "granularity": granularity.code}
            personal = {"asker": asker, "controller": asked.controller, "purpose": asked.purpose}
            self._journal.append("access-asked", facts, {name: words for name, words in personal.items() if words}, now)
        return self.one(number)

    @translated
    def all(self, state: AccessState | None = None, jid: str | None = None) -> list[AccessRequest]:
        """The requests in that state and of that address, or all, oldest first."""
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM access_request"  # noqa: S608 (built of constants)
            " WHERE (?1 IS NULL OR state = ?1) AND (?2 IS NULL OR jid = ?2) ORDER BY id",
            [state.value if state else None, jid],
        )
        return [_request(row) for row in rows]

    @translated
    def count_waiting(self) -> int:
        """How many requests wait for an answer, those included that have grown old since somebody last looked."""
        (found,) = self._db.execute("SELECT count(*) FROM access_request WHERE state = 'pending'").fetchone()
        return int(found)

    def waiting(self, now: float) -> list[AccessRequest]:
        """The requests that wait for an answer at ``now``, oldest first; those grown old are closed."""
        self._expire_access(now)
        return self.all(AccessState.PENDING)

    @translated
    def one(self, number: int) -> AccessRequest:
        """One request; ConsentError when there is none of that number."""
        found = self._db.execute(f"SELECT {_COLUMNS} FROM access_request WHERE id = ?", [number])  # noqa: S608
        row = found.fetchone()
        if row is None:
            raise ConsentError(f"request {number}: there is none of that number; see linky-gateway consent pending")
        return _request(row)

    @translated
    def grant(self, number: int, offers: Sequence[Offer], proof: Proof, now: float) -> list[Consent]:
        """Give what was asked for, or less, and close the request; ConsentError when it does not wait any more."""
        request = self.waiting_one(number, now)
        for offer in offers:
            # A meter that is not known is found out before anything is begun.
            self._meters.number(offer.meter)
        with self._db.transaction():
            given = [self._consents.give(request.jid, offer, proof, now) for offer in offers]
            self._close_request(request, AccessState.GRANTED, now, [c.id for c in given])
            for consent in given:
                facts = {"request": number, "until": consent.until, **self._transfers.facts_of(consent, now)}
                # Of what was handed over before it says nothing: its only time is its end.
                del facts["first"], facts["last"]
                self._notices.queue(request.jid, NoticeKind.ACCESS_GRANTED, facts, now, request.lang)
        return given

    @translated
    def refuse(self, number: int, now: float) -> AccessRequest:
        """Refuse it and close the request; ConsentError when it does not wait any more."""
        request = self.waiting_one(number, now)
        with self._db.transaction():
            self._close_request(request, AccessState.REFUSED, now, [])
            self._journal.append("access-refused", {"request": number}, {"asker": request.jid}, now)
            facts: dict[str, object] = {"request": number, "sensor": request.sensor, "series": request.prefix}
            self._notices.queue(request.jid, NoticeKind.ACCESS_REFUSED, facts, now, request.lang)
        return self.one(number)

    @translated
    def refuse_domain(
        self, domain: str, now: float, by: str = "", channel: Channel = Channel.COMMAND
    ) -> tuple[RefusedDomain, int]:
        """Refuse what waits of a domain, and what comes in the next ``REFUSED_DAYS``; and how many requests waited.

        Nobody is told: an asker that looks (``my_access``) sees its request refused.
        """
        refused = RefusedDomain(check_domain(domain), int(now), int(now) + REFUSED_DAYS * _DAY_S, by, channel)
        waiting = [r for r in self.waiting(now) if domain_of(r.jid) == refused.domain]
        with self._db.transaction():
            for request in waiting:
                self._close_request(request, AccessState.REFUSED, now, [])
            self._domains.hear_no_more(refused, len(waiting), now)
        return refused, len(waiting)

    @translated
    def waiting_one(self, number: int, now: float) -> AccessRequest:
        """A request that can be answered; ConsentError when it has been, or has grown old."""
        self._expire_access(now)
        request = self.one(number)
        if request.state is not AccessState.PENDING:
            raise ConsentError(f"request {number}: it is {request.state.value} already")
        return request

    def _insert(
        self,
        asker: str,
        sensor: str,
        path: str,
        granularity: Granularity,
        asked: Terms,
        until: int | None,
        lang: str,
        now: float,
    ) -> int:
        (number,) = self._db.execute(
            f"INSERT INTO access_request (at, jid, sensor, prefix, granularity, until, lang, state, consents, {TERMS})"  # noqa: S608
            f" VALUES ({', '.join('?' * 21)}) RETURNING id",
            [
                *(int(now), asker, sensor, path, int(granularity), until, answered(lang)),
                *(AccessState.PENDING.value, "[]", *terms_row(asked)),
            ],
        ).fetchone()
        return int(number)

    def _close_request(
        self, request: AccessRequest, state: AccessState, now: float | None, consents: Sequence[int]
    ) -> None:
        self._db.execute(
            "UPDATE access_request SET state = ?, answered_at = ?, consents = ? WHERE id = ?",
            [state.value, None if now is None else int(now), json.dumps(consents), request.id],
        )

    def _expire_access(self, now: float) -> None:
        """Close what nobody answered in time, and forget what came to nothing long ago."""
        old = self._db.execute(
            "SELECT 1 FROM access_request WHERE state = 'pending' AND at <= ? LIMIT 1", [now - PENDING_S]
        ).fetchone()
        if not old:
            return
        with self._db.transaction():
            self._db.execute(
                "UPDATE access_request SET state = 'expired' WHERE state = 'pending' AND at <= ?", [now - PENDING_S]
            )
            self._db.execute(
                "DELETE FROM access_request WHERE state IN ('refused', 'expired') AND at <= ?", [now - _KEPT_S]
            )

    def _prune(self, now: float) -> None:
        """Keep no endless log of what came to nothing; of this day all, since by that is counted."""
        self._db.execute(
            "DELETE FROM access_request WHERE state IN ('refused', 'expired') AND at <= ?1 AND id <="
            " (SELECT id FROM access_request ORDER BY id DESC LIMIT 1 OFFSET ?2)",
            [now - _DAY_S, _MOST_KEPT],
        )

    def _check_limits(self, jid: str, waiting: Sequence[str], now: float) -> None:
        """RequestLimitError when this address, or its domain, asks too often."""
        day = [asker for (asker,) in self._db.execute("SELECT jid FROM access_request WHERE at > ?", [now - _DAY_S])]
        domain = domain_of(jid)
        of_domain = sum(domain_of(asker) == domain for asker in day)
        for count, limit, words in (
            (waiting.count(jid), PENDING_PER_JID, "questions of this address wait"),
            (day.count(jid), DAILY_PER_JID, "questions from this address in a day"),
            (of_domain, DAILY_PER_DOMAIN, "from this domain in a day"),
        ):
            if count >= limit:
                raise RequestLimitError(f"{limit} {words} already; ask again later")


def _makes_room(waiting: Sequence[AccessRequest], asker: str) -> AccessRequest | None:
    """Which request goes so that one of ``asker`` can wait; None while there is a place.

    One of the domain that has most, there of the host that has most, and of these the oldest: who holds one place keeps
    it whoever comes, and who shares the end of a name with a flood keeps it too.
    """
    own, domains = domain_of(asker), Counter(domain_of(request.jid) for request in waiting)
    if domains[own] >= PENDING_PER_DOMAIN:
        crowd = own
    elif len(waiting) >= PENDING_IN_ALL:
        crowd = max(domains, key=lambda domain: (domains[domain], domain == own))
    else:
        return None
    among = [request for request in waiting if domain_of(request.jid) == crowd]
    hosts = Counter(_host(request.jid) for request in among)
    return max(among, key=lambda request: hosts[_host(request.jid)])


def _host(jid: str) -> str:
    return jid.rpartition("@")[2]


def _request(row: tuple[Any, ...]) -> AccessRequest:
    number, at, jid, sensor, prefix, granularity, until, lang, state, answered_at, consents = row[:11]
    return AccessRequest(
        *(number, at, jid, sensor, prefix, Granularity(granularity), terms_of(row[11:]), until, lang),
        *(AccessState(state), answered_at, tuple(json.loads(consents))),
    )
