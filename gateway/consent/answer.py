"""A household's answer to a request for access: what was asked for, or less, never more.

One granularity for one consent: who wants to give half hours and days gives two, by two answers of two requests.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.consent.grant import (
    DEFAULT_DAYS,
    check_clock,
    check_series,
    choose_manner,
    choose_meter,
    describe_terms,
    read_day,
    read_granularity,
)
from gateway.errors import ConsentError
from gateway.store.domains import domain_of
from gateway.store.points import under
from gateway.store.recorder import iso
from gateway.store.terms import LONGEST_DAYS, AccessRequest, Offer, Terms, check_path, check_terms

if TYPE_CHECKING:
    from gateway.consent.orders import Narrowing, Row
    from gateway.store.meters import Meters
    from gateway.store.pseudonyms import Pseudonyms
    from gateway.store.store import Store


def offers_of(store: Store, request: AccessRequest, less: Narrowing, now: float) -> list[Offer]:
    """What a yes would give; ConsentError when that is more than was asked for, or cannot be given at all."""
    check_clock(now)
    granularity = read_granularity(less.granularity) if less.granularity else request.granularity
    if granularity < request.granularity:
        raise _wider(f"granularity {granularity.code}", request.granularity.code)
    paths = [check_path(path) for path in less.series] or [request.prefix]
    for path in paths:
        if not under(path, request.prefix):
            raise _wider(f"series {path}", request.prefix)
        check_series(store.meters, path)
    until, meter = _until(request, less, now), _meter(store, request, less)
    terms = check_terms(_terms(request.terms, less))
    offers = [Offer(meter, path, granularity, until, int(now), terms) for path in dict.fromkeys(paths)]
    chosen = less.profile, less.pseudonym
    manners = [choose_manner(store.consents, request.jid, o, now, chosen[0], pseudonym=chosen[1]) for o in offers]
    return [replace(offer, manner=manner) for offer, manner in zip(offers, manners, strict=True)]


def describe_request(meters: Meters, pseudonyms: Pseudonyms, request: AccessRequest) -> Row:
    """A request as the command line shows it; the meter is null when no meter of this house has that name."""
    return {
        "id": request.id,
        "at": iso(request.at),
        "from": request.jid,
        "domain": domain_of(request.jid),
        "sensor": request.sensor,
        "meter": _named(meters, pseudonyms, request),
        "series": request.prefix,
        "granularity": request.granularity.code,
        "until": None if request.until is None else iso(request.until),
        "lang": request.lang,
        "state": request.state.value,
        **describe_terms(request.terms),
    }


def last_moment(asked: int | None, now: float) -> int:
    """How long a yes may last: until then as it was asked for, a year where nothing was, three years at most."""
    return min(asked or int(now) + DEFAULT_DAYS * 86400, int(now) + LONGEST_DAYS * 86400)


def _terms(asked: Terms, less: Narrowing) -> Terms:
    history = asked.history and not less.no_history
    since = asked.history_from if history else None
    if less.history_from is not None:
        since = read_day(less.history_from, "history-from")
        if not asked.history or since < (asked.history_from or 0):
            asked_for = iso(asked.history_from or 0) if asked.history else "no history"
            raise _wider(f"history from {less.history_from}", asked_for)
    return replace(asked, push=asked.push and not less.no_push, history=history, history_from=since)


def _until(request: AccessRequest, less: Narrowing, now: float) -> int:
    if request.until is not None and request.until <= now:
        raise ConsentError(f"request {request.id}: the time that was asked for is over already; answer --no")
    last = last_moment(request.until, now)
    if less.until is None:
        return last
    until = read_day(less.until, "until", included=True)
    if until <= now:
        raise ConsentError(f"until {less.until!r}: that is over already")
    if read_day(less.until, "until") < last < until:
        # The day in which what was asked for ends: a calendar offers it, and it gives no more than was asked.
        return last
    if until > last:
        raise _wider(f"until {less.until}", f"an end at {iso(last)}")
    return until


def _meter(store: Store, request: AccessRequest, less: Narrowing) -> str:
    meant = _named(store.meters, store.pseudonyms, request)
    if meant is not None and less.meter not in (None, meant):
        raise _wider(f"meter {less.meter}", f"meter {meant}")
    if meant is None and less.meter is None:
        raise ConsentError(
            f"request {request.id}: no meter of this house is called {request.sensor!r}; answer --no, or say which one"
            " is meant with --meter"
        )
    return choose_meter([m.name for m in store.meters.all()], meant or less.meter)


def _named(meters: Meters, pseudonyms: Pseudonyms, request: AccessRequest) -> str | None:
    """The meter that somebody outside means: by the id in names, by its delivery point, or by its pseudonym."""
    known = [*meters.all(), *pseudonyms.view_of(request.jid, request.at).meters]
    return next((m.name for m in known if request.sensor in (m.sensor, m.prm)), None)


def _wider(given: str, asked: str) -> ConsentError:
    return ConsentError(f"{given} is more than was asked for, which is {asked}: give that or less")
