"""Orders on consents as the control socket and the command line carry them: JSON in, JSON out.

A yes comes with the hash of the text that was shown; the text is made again here, and another hash is refused: what is
stored is what was read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.consent.answer import Narrowing, describe_request, offers_of
from gateway.consent.fields import by_of, channel_of, keep_shown, known_lang, number_of, proof_of, shown_of, word_of
from gateway.consent.grant import Order, describe, grant, offer_of, revoke
from gateway.consent.health import ORDERS as HEALTH_ORDERS
from gateway.consent.health import withdraw_health
from gateway.consent.text import Text, consent_text
from gateway.errors import GatewayError
from gateway.store.recorder import iso
from gateway.store.terms import check_jid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.consent.fields import Words
    from gateway.store.domains import RefusedDomain
    from gateway.store.points import Consent
    from gateway.store.pseudonyms import Pseudonyms
    from gateway.store.store import Store


def act(store: Store, request: Words, now: float) -> object:
    """Do one order of ``ORDERS``; GatewayError with the reason when it cannot be done."""
    return ORDERS[request["do"]](store, request, now)


def _grant(store: Store, request: Words, now: float) -> object:
    order = _order(request)
    if request.get("shown"):
        keep_shown(store.texts, _text_of_order(store, request, shown_of(request)["lang"], now), request)
    return _described(store.pseudonyms, grant(store, order, now, proof_of(request)), now)


def _revoke(store: Store, request: Words, now: float) -> object:
    by, channel = by_of(request), channel_of(request)
    if "consent" in request:
        return store.consents.withdraw(number_of(request, "consent"), now, by, channel)
    series = word_of(request, "series") if request.get("series") else None
    # All that it may have is more than readings.
    health = withdraw_health(store, request, now) if series is None else 0
    return health + revoke(store.consents, word_of(request, "recipient"), series, now, by, channel)


def _limit(store: Store, request: Words, now: float) -> object:
    return store.consents.limit(check_jid(word_of(request, "recipient")), now, by_of(request), channel_of(request))


def _resume(store: Store, request: Words, now: float) -> object:
    recipient = check_jid(word_of(request, "recipient"))
    lifted = store.consents.lift_limit(recipient, now, by_of(request), channel_of(request))
    if store.absences.welcome(recipient, now) and not lifted:
        # Its address was gone; it is tried again.
        return sum(consent.standing(now) for consent in store.consents.of(recipient))
    return lifted


def _notices(store: Store, _: Words, __: float) -> object:
    return [
        {
            "id": notice.id,
            "at": iso(notice.at),
            "recipient": notice.recipient,
            "kind": notice.kind.value,
            "series": notice.payload.get("series"),
            "sent": notice.attempts,
            "last_sent": None if notice.sent_at is None else iso(notice.sent_at),
            "confirmed": None if notice.confirmed_at is None else iso(notice.confirmed_at),
            "superseded": notice.superseded,
        }
        for notice in store.notices.all()
    ]


def _consents(store: Store, _: Words, now: float) -> object:
    return [_described(store.pseudonyms, consent, now) for consent in store.consents.all()]


def _pending(store: Store, _: Words, now: float) -> object:
    return [describe_request(store.meters, store.pseudonyms, request) for request in store.access.waiting(now)]


def _text(store: Store, request: Words, now: float) -> object:
    """The text to show before a yes, of an ``order`` or of the answer to the request ``number``."""
    make = _text_of_order if "order" in request else _text_of_answer
    text = make(store, request, word_of(request, "lang"), now)
    return {"words": text.words, "lang": text.lang, "hash": text.hash}


def _answer(store: Store, request: Words, now: float) -> object:
    asked = store.access.waiting_one(number_of(request), now)
    if request.get("yes") is not True:
        return describe_request(store.meters, store.pseudonyms, store.access.refuse(asked.id, now))
    keep_shown(store.texts, _text_of_answer(store, request, shown_of(request)["lang"], now), request)
    offers = offers_of(store, asked, _narrowing(request), now)
    return [_described(store.pseudonyms, c, now) for c in store.access.grant(asked.id, offers, proof_of(request), now)]


def _refuse_domain(store: Store, request: Words, now: float) -> object:
    refused, waited = store.access.refuse_domain(word_of(request, "domain"), now, by_of(request), channel_of(request))
    return _described_domain(refused) | {"requests": waited}


def _hear_domain(store: Store, request: Words, now: float) -> object:
    return store.domains.hear(word_of(request, "domain"), now, by_of(request), channel_of(request))


def _refused_domains(store: Store, _: Words, now: float) -> object:
    return [_described_domain(refused) for refused in store.domains.refused(now)]


ORDERS: Mapping[str, Callable[[Store, Words, float], object]] = {
    "grant": _grant,
    "revoke": _revoke,
    "limit": _limit,
    "resume": _resume,
    "consents": _consents,
    "notices": _notices,
    "pending-access": _pending,
    "consent-text": _text,
    "answer-access": _answer,
    "refuse-domain": _refuse_domain,
    "hear-domain": _hear_domain,
    "refused-domains": _refused_domains,
    **HEALTH_ORDERS,
}


def _described(pseudonyms: Pseudonyms, consent: Consent, now: float) -> Words:
    """A consent, with the id by which its recipient knows the meter."""
    known_as = pseudonyms.view_of(consent.recipient, now).meter(consent.meter).sensor
    return describe(consent, now) | {"known_as": known_as}


def _described_domain(refused: RefusedDomain) -> Words:
    return {"domain": refused.domain, "since": iso(refused.at), "until": iso(refused.until), "by": refused.by}


def _text_of_order(store: Store, request: Words, lang: str, now: float) -> Text:
    order = _order(request)
    offer = offer_of(store, order, now)
    return consent_text(check_jid(order.recipient), offer, known_lang(lang), word_of(request, "retention"))


def _text_of_answer(store: Store, request: Words, lang: str, now: float) -> Text:
    """One text for each consent that the answer gives, one under the other."""
    asked, retention = store.access.waiting_one(number_of(request), now), word_of(request, "retention")
    offers = offers_of(store, asked, _narrowing(request), now)
    texts = [consent_text(asked.jid, offer, known_lang(lang), retention).words for offer in offers]
    return Text("\n".join(texts), known_lang(lang))


def _order(request: Words) -> Order:
    words = _words(request.get("order"))
    try:
        return Order(**words)
    except TypeError as error:
        raise GatewayError(f"not an order: {error}") from error


def _narrowing(request: Words) -> Narrowing:
    less = request.get("less", {})
    if not isinstance(less, dict) or not isinstance(less.get("series", []), list):
        raise GatewayError("an answer is made of words")
    words = _words({name: word for name, word in less.items() if name != "series"})
    series = tuple(map(str, less.get("series", [])))
    try:
        return Narrowing(**words, series=series)
    except TypeError as error:
        raise GatewayError(f"not an answer: {error}") from error


def _words(words: object) -> Words:
    if not isinstance(words, dict) or not all(isinstance(word, str | bool | None) for word in words.values()):
        raise GatewayError("an order is made of words")
    return words
