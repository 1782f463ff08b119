"""Requests for access: what somebody asks the household for, kept until it answers or the question grows old.

Asking opens nothing. Whoever is on the federation may ask, so that asking is limited, by address, by domain and in
all; the household is never buried, and a repeated question is the same question. An answer gives its consents in the
transaction that closes the request, and queues the notice to the asker. A request begins in ``ask_access`` and ends
in ``_close_request``: whoever keeps a record calls from these two, inside their transaction.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gateway.errors import ConsentError, RequestLimitError
from gateway.store.consents import TERMS, Consents, terms_of, terms_row
from gateway.store.points import Granularity
from gateway.store.tables import translated
from gateway.store.terms import (
    LONGEST_WORDS,
    AccessRequest,
    AccessState,
    NoticeKind,
    check_jid,
    check_path,
    check_terms,
    check_time,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.store.points import Consent
    from gateway.store.terms import Offer, Proof, Terms

# One organisation has a purpose or two: a third open question is already one to be asked about first.
PENDING_PER_JID = 3
# Somebody whose form was wrong tries again a few times; a program that asks for ever is stopped on its first day.
DAILY_PER_JID = 10
# Addresses cost nothing on a server of one's own: the domain is what a flood has in common.
DAILY_PER_DOMAIN = 30
# More than a household reads in a month, and 400 kB at the longest words that a request may hold.
PENDING_IN_ALL = 200

# Who has not been answered in a month will not be: the terms that were asked for are then no longer the asker's.
PENDING_S = 30 * 86400
# What came to nothing is kept as long as the log of who asked for what is useful.
_KEPT_S = 365 * 86400
_DAY_S = 86400

_COLUMNS = f"id, at, jid, sensor, prefix, granularity, until, lang, state, answered_at, consents, {TERMS}"


class Access(Consents):
    """Who asks for what."""

    @translated
    def ask_access(
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

        ConsentError when it cannot be asked for as it is written, RequestLimitError when it is one too many.
        """
        check_time(until)
        asker, path, asked = check_jid(jid), check_path(prefix), check_terms(terms)
        if not sensor.isprintable() or not 0 < len(sensor) <= LONGEST_WORDS:
            raise ConsentError("the meter has no name; write the one that the household gave you")
        for request in self.access_requests_waiting(now):
            same = (request.jid, request.sensor, request.prefix, request.granularity, request.terms)
            if same == (asker, sensor, path, granularity, asked):
                return request
        self._check_limits(asker, now)
        self.begin()
        (number,) = self._db.execute(
            f"INSERT INTO access_request (at, jid, sensor, prefix, granularity, until, lang, state, consents, {TERMS})"  # noqa: S608
            f" VALUES ({', '.join('?' * 21)}) RETURNING id",
            [
                *(int(now), asker, sensor, path, int(granularity), until, "en" if lang == "en" else "fr"),
                *(AccessState.PENDING.value, "[]", *terms_row(asked)),
            ],
        ).fetchone()
        facts: dict[str, int | str] = {"request": number, "series": path, "granularity": granularity.code}
        personal = {"asker": asker, "controller": asked.controller, "purpose": asked.purpose}
        self.journal.append("access-asked", facts, {name: words for name, words in personal.items() if words}, now)
        self.commit()
        return self.access_request(number)

    @translated
    def access_requests(self, state: AccessState | None = None, jid: str | None = None) -> list[AccessRequest]:
        """The requests in that state and of that address, or all, oldest first."""
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM access_request"  # noqa: S608 (built of constants)
            " WHERE (?1 IS NULL OR state = ?1) AND (?2 IS NULL OR jid = ?2) ORDER BY id",
            [state.value if state else None, jid],
        )
        return [_request(row) for row in rows]

    def access_requests_waiting(self, now: float) -> list[AccessRequest]:
        """The requests that wait for an answer at ``now``, oldest first; those grown old are closed."""
        self._expire_access(now)
        return self.access_requests(AccessState.PENDING)

    @translated
    def access_request(self, number: int) -> AccessRequest:
        """One request; ConsentError when there is none of that number."""
        found = self._db.execute(f"SELECT {_COLUMNS} FROM access_request WHERE id = ?", [number])  # noqa: S608
        row = found.fetchone()
        if row is None:
            raise ConsentError(f"request {number}: there is none of that number; see linky-gateway consent pending")
        return _request(row)

    @translated
    def grant_access(self, number: int, offers: Sequence[Offer], proof: Proof, now: float) -> list[Consent]:
        """Give what was asked for, or less, and close the request; ConsentError when it does not wait any more."""
        request = self.waiting_access(number, now)
        for offer in offers:
            # A meter that is not known is found out before anything is begun.
            self._meter_id(offer.meter)
        self.begin()
        given = [self._give(request.jid, offer, proof, now) for offer in offers]
        self._close_request(request, AccessState.GRANTED, now, [c.id for c in given])
        for consent in given:
            facts = {"request": number, "until": consent.until, **self._facts(consent, now)}
            # Of what was handed over before it says nothing: its only time is its end.
            del facts["first"], facts["last"]
            self._queue_notice(request.jid, NoticeKind.ACCESS_GRANTED, facts, now, request.lang)
        self.commit()
        return given

    @translated
    def refuse_access(self, number: int, now: float) -> AccessRequest:
        """Refuse it and close the request; ConsentError when it does not wait any more."""
        request = self.waiting_access(number, now)
        self.begin()
        self._close_request(request, AccessState.REFUSED, now, [])
        self.journal.append("access-refused", {"request": number}, {"asker": request.jid}, now)
        facts: dict[str, object] = {"request": number, "sensor": request.sensor, "series": request.prefix}
        self._queue_notice(request.jid, NoticeKind.ACCESS_REFUSED, facts, now, request.lang)
        self.commit()
        return self.access_request(number)

    @translated
    def waiting_access(self, number: int, now: float) -> AccessRequest:
        """A request that can be answered; ConsentError when it has been, or has grown old."""
        self._expire_access(now)
        request = self.access_request(number)
        if request.state is not AccessState.PENDING:
            raise ConsentError(f"request {number}: it is {request.state.value} already")
        return request

    def _close_request(self, request: AccessRequest, state: AccessState, now: float, consents: Sequence[int]) -> None:
        self._db.execute(
            "UPDATE access_request SET state = ?, answered_at = ?, consents = ? WHERE id = ?",
            [state.value, int(now), json.dumps(consents), request.id],
        )

    def _expire_access(self, now: float) -> None:
        """Close what nobody answered in time, and forget what came to nothing long ago."""
        old = self._db.execute(
            "SELECT 1 FROM access_request WHERE state = 'pending' AND at <= ? LIMIT 1", [now - PENDING_S]
        ).fetchone()
        if not old:
            return
        self.begin()
        self._db.execute(
            "UPDATE access_request SET state = 'expired' WHERE state = 'pending' AND at <= ?", [now - PENDING_S]
        )
        self._db.execute(
            "DELETE FROM access_request WHERE state IN ('refused', 'expired') AND at <= ?", [now - _KEPT_S]
        )
        self.commit()

    def _check_limits(self, jid: str, now: float) -> None:
        domain, day = jid.partition("@")[2], now - _DAY_S
        counted: tuple[tuple[str, list[Any], int, str], ...] = (
            ("jid = ? AND state = 'pending'", [jid], PENDING_PER_JID, "questions of this address wait"),
            ("jid = ? AND at > ?", [jid, day], DAILY_PER_JID, "questions from this address in a day"),
            ("jid LIKE ? ESCAPE '\\' AND at > ?", [f"%@{_plain(domain)}", day], DAILY_PER_DOMAIN, "from this domain"),
            ("state = 'pending'", [], PENDING_IN_ALL, "questions wait"),
        )
        for where, values, limit, words in counted:
            query = f"SELECT count(*) FROM access_request WHERE {where}"  # noqa: S608 (built of constants)
            (count,) = self._db.execute(query, values).fetchone()
            if count >= limit:
                raise RequestLimitError(f"{limit} {words} already; ask again later")


def _plain(text: str) -> str:
    """For LIKE: ``_`` and ``%`` may stand in a domain that somebody made up."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _request(row: tuple[Any, ...]) -> AccessRequest:
    number, at, jid, sensor, prefix, granularity, until, lang, state, answered_at, consents = row[:11]
    return AccessRequest(
        *(number, at, jid, sensor, prefix, Granularity(granularity), terms_of(row[11:]), until, lang),
        *(AccessState(state), answered_at, tuple(json.loads(consents))),
    )
