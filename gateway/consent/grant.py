"""A consent as a household gives it, checked: one recipient, some series, one granularity, an end.

What is too wide is refused: no wildcard, nothing for ever (the French authority's decisions of 2020 on consents given
by one tick for several purposes). The words of errors are for the person who gave the order.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from gateway.errors import ConsentError
from gateway.store.points import Granularity, under
from gateway.store.recorder import PARIS, iso

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.store.points import Consent
    from gateway.store.store import Store

DEFAULT_DAYS = 365
LONGEST_DAYS = 3 * 366

# 2026-01-01: a clock before that has not been set since the machine began to run.
_CLOCK_IS_SET = 1_767_225_600

_JID = re.compile(r"[^@/\s]+@[^@/\s]+")
_PATH = re.compile(r"(consumption|production|contract|status|message|water|gas|heat|other)(/[a-z0-9-]+)*")


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked for, in the words of the command line."""

    recipient: str
    series: str
    granularity: str
    until: str | None = None
    meter: str | None = None


def grant(store: Store, order: Order, now: float) -> Consent:
    """Check the order and store the consent; ConsentError says what is wrong with it."""
    if now < _CLOCK_IS_SET:
        raise ConsentError(
            "the clock of this machine is not set yet, so the consent would have no end: try again later"
        )
    recipient = bare_jid(order.recipient)
    path = order.series.rstrip("/")
    if not _PATH.fullmatch(path):
        raise ConsentError(
            f"series {order.series!r}: name what is shared by its path, for example consumption/power/apparent/raw"
            " or consumption/energy; a wildcard is refused"
        )
    try:
        granularity = Granularity.parse(order.granularity)
    except ValueError as error:
        raise ConsentError(str(error)) from error
    until = _until(order.until, now)
    meter = choose_meter(_measuring(store, path) if order.meter is None else _names(store), order.meter)
    return store.grant(recipient, meter, path, granularity, until, now)


def revoke(store: Store, recipient: str, series: str | None, now: float) -> int:
    """Withdraw the recipient's consents, all or those under ``series``; how many there were.

    ConsentError, with nothing withdrawn, when a wider consent would go on to allow what is named.
    """
    bare, path = bare_jid(recipient), (series or "").rstrip("/")
    for consent in store.consents(bare):
        if path and path != consent.prefix and consent.standing(now) and under(path, consent.prefix):
            raise ConsentError(
                f"series {series!r}: the consent to {consent.prefix} allows it too; withdraw that one, then give"
                " again what may stay"
            )
    return store.revoke(bare, path, now)


def describe(consent: Consent, now: float) -> dict[str, object]:
    """A consent as the command line shows it."""
    standing = "valid" if consent.valid(now) else "expired"
    return {
        "id": consent.id,
        "recipient": consent.recipient,
        "meter": consent.meter,
        "series": consent.prefix,
        "granularity": consent.granularity.code,
        "given": iso(consent.given_at),
        "until": iso(consent.until),
        "state": standing if consent.withdrawn_at is None else "withdrawn",
    }


def bare_jid(text: str) -> str:
    """The bare JID in lower case (RFC 7622: both parts are case-folded); ConsentError if it is none."""
    bare = text.strip().partition("/")[0].lower()
    if not _JID.fullmatch(bare):
        raise ConsentError(f"recipient {text!r}: write an address such as coop@example.org")
    return bare


def choose_meter(known: Sequence[str], wanted: str | None) -> str:
    """The meter that is meant; only one needs no naming."""
    if wanted is None and len(known) == 1:
        return known[0]
    if wanted in known:
        return str(wanted)
    raise ConsentError(f"meter {wanted!r}: choose one of {', '.join(known)}" if known else "no meter is known yet")


def _names(store: Store) -> list[str]:
    return [meter.name for meter in store.meters()]


def _measuring(store: Store, path: str) -> list[str]:
    """The meters that have such series, or all while none has: beside a water meter the electricity needs no naming."""
    names = _names(store)
    return [name for name in names if any(under(series.path, path) for series in store.series(name))] or names


def _until(text: str | None, now: float) -> int:
    if text is None:
        return int(now) + DEFAULT_DAYS * 86400
    try:
        end = datetime.fromisoformat(text)
        if end.tzinfo is None:
            # A day means that day included, by the household's clock.
            end = end.replace(tzinfo=PARIS) + (timedelta(days=1) if _is_day(text) else timedelta())
        until = int(end.astimezone(UTC).timestamp())
    except (ValueError, OverflowError) as error:
        raise ConsentError(f"until {text!r}: write a date such as 2027-06-30") from error
    if until <= now:
        raise ConsentError(f"until {text!r}: that is over already")
    if until > now + LONGEST_DAYS * 86400:
        raise ConsentError(f"until {text!r}: at most three years; a consent is asked for again, not for ever")
    return until


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
