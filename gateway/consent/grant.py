"""A consent as a household gives it, checked: one recipient, some series, one granularity, an end.

What is too wide is refused: no wildcard, nothing for ever (the French authority's decisions of 2020 on consents given
by one tick for several purposes). The words of errors are for the person who gave the order.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from gateway.errors import ConsentError
from gateway.store.labels import misspelt
from gateway.store.local_time import PARIS
from gateway.store.notices import AT_ONCE, ErasureAsked
from gateway.store.points import Consent, Granularity, under
from gateway.store.recorder import iso
from gateway.store.terms import (
    LONGEST_DAYS,
    PLAIN_PROOF,
    Channel,
    Manner,
    Offer,
    Profile,
    Proof,
    RecipientRole,
    Terms,
    check_jid,
    check_path,
    check_recipient,
    check_terms,
)
from gateway.words.phrase import NOTHING, Phrase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.consent.orders import ConsentForm, Row
    from gateway.store.consents import Consents
    from gateway.store.meters import Meters
    from gateway.store.pseudonyms import Pseudonyms
    from gateway.store.store import Store

DEFAULT_DAYS = 365

# 2026-01-01: a clock before that has not been set since the machine began to run.
_CLOCK_IS_SET = 1_767_225_600


def offer_of(store: Store, order: ConsentForm, now: float) -> Offer:
    """Check the order and say what it would allow; ConsentError says what is wrong with it."""
    check_clock(now)
    recipient = check_recipient(order.recipient)
    path = check_path(order.series)
    check_series(store.meters, path)
    granularity = read_granularity(order.granularity)
    begins = max(int(now), read_day(order.begins, "begins") if order.begins else 0)
    until = read_until(order.until, begins, now)
    terms = check_terms(
        Terms(
            push=not order.no_push,
            history=not order.no_history,
            history_from=read_day(order.history_from, "history-from") if order.history_from else None,
            purpose=order.purpose,
            controller=order.controller,
            contact=order.contact,
            privacy=order.privacy,
            role=_role(order.role),
            code_url=order.code_url,
            code_version=order.code_version,
            code_hash=order.code_hash,
            retention=order.retention,
        )
    )
    meter = choose_meter(_measuring(store.meters, path) if order.meter is None else _names(store.meters), order.meter)
    offer = Offer(meter, path, granularity, until, begins, terms)
    manner = choose_manner(store.consents, recipient, offer, now, order.profile, pseudonym=order.pseudonym)
    return replace(offer, manner=manner)


def grant(store: Store, order: ConsentForm, now: float, proof: Proof = PLAIN_PROOF) -> Consent:
    """Check the order and store the consent; ConsentError says what is wrong with it."""
    offer = offer_of(store, order, now)
    return store.consents.grant(
        check_jid(order.recipient),
        offer.meter,
        offer.prefix,
        offer.granularity,
        offer.until,
        now,
        begins=offer.begins,
        terms=offer.terms,
        proof=proof,
        manner=offer.manner,
    )


def revoke(
    consents: Consents,
    recipient: str,
    series: str | None,
    now: float,
    by: str = "",
    channel: Channel = Channel.COMMAND,
    asking: ErasureAsked = AT_ONCE,
) -> int:
    """Withdraw the recipient's consents, all or those under ``series``; how many there were.

    ConsentError, with nothing withdrawn, when a wider consent would go on to allow what is named.
    """
    bare, path = check_jid(recipient), (series or "").rstrip("/")
    for consent in consents.of(bare):
        if path and path != consent.prefix and consent.standing(now) and under(path, consent.prefix):
            raise ConsentError(
                f"series {series!r}: the consent to {consent.prefix} allows it too; withdraw that one, then give"
                " again what may stay"
            )
    return consents.revoke(bare, path, now, by, channel, asking)


def describe(consent: Consent, now: float) -> Row:
    """A consent as the command line shows it."""
    terms, proof = consent.terms, consent.proof
    return {
        "id": consent.id,
        "recipient": consent.recipient,
        "meter": consent.meter,
        "series": consent.prefix,
        "granularity": consent.granularity.code,
        "given": iso(consent.given_at),
        "begins": iso(consent.begins),
        "until": iso(consent.until),
        "state": consent.state(now),
        "ended": None if consent.withdrawn_at is None else iso(consent.withdrawn_at),
        "replaces": consent.replaces,
        **describe_terms(terms),
        "profile": consent.manner.profile.value,
        "pseudonym": consent.manner.pseudonym,
        "given_by": proof.given_by,
        "channel": proof.channel.value,
        "text": {"version": proof.text_version, "lang": proof.lang, "sha256": proof.text_hash},
    }


def described(pseudonyms: Pseudonyms, consent: Consent, now: float) -> Row:
    """A consent, with the id by which its recipient knows the meter."""
    known_as = pseudonyms.view_of(consent.recipient, now).meter(consent.meter).sensor
    return describe(consent, now) | {"known_as": known_as}


def describe_terms(terms: Terms) -> dict[str, object]:
    """The terms of a consent or of a request as the command line shows them."""
    return {
        "push": terms.push,
        "history": terms.history,
        "history_from": None if terms.history_from is None else iso(terms.history_from),
        "purpose": terms.purpose,
        "controller": terms.controller,
        "contact": terms.contact,
        "privacy": terms.privacy,
        "role": terms.role.value,
        "code_of_conduct": {"url": terms.code_url, "version": terms.code_version, "sha256": terms.code_hash},
        "retention": terms.retention,
    }


def choose_meter(known: Sequence[str], wanted: str | None) -> str:
    """The meter that is meant; only one needs no naming."""
    if wanted is None and len(known) == 1:
        return known[0]
    if wanted in known:
        return str(wanted)
    if not known:
        raise ConsentError(Phrase("no meter is known yet"))
    which = NOTHING if wanted is None else Phrase("meter {wanted!r}: ").filled(wanted=wanted)
    choice = Phrase("say which one (--meter): {names}")
    raise ConsentError(which + choice.filled(names=", ".join(known)))


def check_series(meters: Meters, path: str) -> None:
    """ConsentError, with names that are near, when no meter of this house has such a series and none ever could."""
    stored = (series.path for meter in _names(meters) for series in meters.series(meter))
    if why := misspelt(path, stored):
        raise ConsentError(why)


def _names(meters: Meters) -> list[str]:
    return [meter.name for meter in meters.all()]


def _measuring(meters: Meters, path: str) -> list[str]:
    """The meters that have such series, or all while none has: beside a water meter the electricity needs no naming."""
    names = _names(meters)
    return [name for name in names if any(under(series.path, path) for series in meters.series(name))] or names


def check_clock(now: float) -> None:
    """ConsentError when this machine does not know what day it is."""
    if now < _CLOCK_IS_SET:
        raise ConsentError(
            "the clock of this machine is not set yet, so the consent would have no end: try again later"
        )


def read_granularity(text: str) -> Granularity:
    """The granularity that is meant; ConsentError for anything else."""
    try:
        return Granularity.parse(text)
    except ValueError as error:
        raise ConsentError(str(error)) from error


def read_day(text: str, what: str, *, included: bool = False) -> int:
    """A day or a time, without an offset by the household's clock; the end of a day that is ``included``."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=PARIS) + (timedelta(days=1) if included and _is_day(text) else timedelta())
        return int(moment.astimezone(UTC).timestamp())
    except (ValueError, OverflowError) as error:
        raise ConsentError(f"{what} {text!r}: write a date such as 2027-06-30") from error


def read_until(text: str | None, begins: int, now: float) -> int:
    """When a consent that begins then ends, in a year where nothing is said; ConsentError for what cannot be."""
    if text is None:
        return begins + DEFAULT_DAYS * 86400
    until = read_day(text, "until", included=True)
    if until <= now:
        raise ConsentError(f"until {text!r}: that is over already")
    if until <= begins:
        raise ConsentError(f"until {text!r}: that is before it begins")
    if until > now + LONGEST_DAYS * 86400:
        raise ConsentError(f"until {text!r}: at most three years; a consent is asked for again, not for ever")
    return until


def _role(text: str) -> RecipientRole:
    try:
        return RecipientRole(text)
    except ValueError as error:
        raise ConsentError(f"role {text!r}: one of {', '.join(role.value for role in RecipientRole)}") from error


def choose_manner(
    consents: Consents, recipient: str, what: Offer, now: float, profile: str | None, *, pseudonym: bool
) -> Manner:
    """Under which name and how exactly; ConsentError where the recipient would see both sides of a disguise.

    Where nothing is said it is the manner of what the recipient may have already.
    """
    standing = [c for c in consents.of(recipient) if c.standing(now)]
    present = standing[-1].manner if standing else Manner()
    manner = present
    if profile is not None or pseudonym:
        wanted = _profile(profile or Profile.EXACT.value)
        manner = Manner(wanted, pseudonym or wanted is Profile.ANONYMOUS)
    # A consent to the same series may be its next version; any other stays beside it.
    if manner != present and any((c.prefix, c.granularity) != (what.prefix, what.granularity) for c in standing):
        raise ConsentError(
            f"{recipient}: has a consent of another profile, and would see that both are of one home; withdraw that"
            " one first"
        )
    if manner.profile is not Profile.EXACT and what.granularity < Granularity.HALF_HOUR:
        raise ConsentError(f"profile {manner.profile.value}: gives half hours or days; add --granularity PT30M or P1D")
    if manner.profile is Profile.ANONYMOUS and what.terms.history:
        raise ConsentError(
            "profile anonymous: what was sent under last month's pseudonym would come again under this one; add"
            " --no-history"
        )
    return manner


def _profile(text: str) -> Profile:
    try:
        return Profile(text)
    except ValueError as error:
        raise ConsentError(f"profile {text!r}: one of {', '.join(p.value for p in Profile)}") from error


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
