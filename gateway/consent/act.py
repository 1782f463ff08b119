"""Orders on consents, done: by the running daemon, or by the command itself where none runs.

A yes comes with the hash of the text that was shown; the text is made again here, and another hash is refused: what is
stored is what was read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.consent import health, joint
from gateway.consent.answer import describe_request, offers_of
from gateway.consent.fields import keep_shown, known_lang, proof_of, retention_of, shown_of
from gateway.consent.grant import described, grant, offer_of, revoke
from gateway.consent.orders import (
    AnswerAccess,
    Compare,
    ConsentForm,
    ConsentText,
    DomainRow,
    Grant,
    Handlers,
    HearDomain,
    Limit,
    ListConsents,
    ListSent,
    Narrowing,
    Notices,
    PendingAccess,
    RefusedDomains,
    RefuseDomain,
    RefusedRow,
    Resume,
    Revoke,
    Row,
    SpareErasure,
    TextRow,
    Totals,
)
from gateway.consent.text import Text, consent_text
from gateway.errors import GatewayError
from gateway.store.notices import ErasureAsked
from gateway.store.recorder import iso
from gateway.store.terms import check_jid
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from gateway.store.domains import RefusedDomain
    from gateway.store.queue import LastComparison
    from gateway.store.store import Store
    from gateway.store.terms import Channel


# Longer than a minute nobody thinks it over at a page that waits.
_LONGEST_UNDO_S = 60


def _grant(store: Store, order: Grant, now: float) -> Row:
    if order.shown:
        text = _text_of_form(store, order.order, retention_of(order.retention), order.shown.lang, order.channel, now)
        keep_shown(store.texts, text, order)
    return described(store.pseudonyms, grant(store, order.order, now, proof_of(order)), now)


def _revoke(store: Store, order: Revoke, now: float) -> int:
    asking = ErasureAsked(min(max(order.undo_s, 0), _LONGEST_UNDO_S), spared=not order.erase)
    if isinstance(order.consent, int):
        return store.consents.withdraw(order.consent, now, order.by, order.channel, asking)
    series = order.series or None
    # All that it may have is more than readings.
    withdrawn = health.withdraw_health(store, order, now) if series is None else 0
    return withdrawn + revoke(store.consents, order.recipient, series, now, order.by, order.channel, asking)


def _spare(store: Store, order: SpareErasure, now: float) -> int:
    return store.notices.spare_erasure(check_jid(order.recipient), now, order.by, order.channel)


def _limit(store: Store, order: Limit, now: float) -> int:
    return store.consents.limit(check_jid(order.recipient), now, order.by, order.channel)


def _resume(store: Store, order: Resume, now: float) -> int:
    recipient = check_jid(order.recipient)
    lifted = store.consents.lift_limit(recipient, now, order.by, order.channel)
    if store.absences.welcome(recipient, now) and not lifted:
        # Its address was gone; it is tried again.
        return sum(consent.standing(now) for consent in store.consents.of(recipient))
    return lifted


def _notices(store: Store, _: Notices, now: float) -> list[Row]:
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
            "erasure": notice.kind.erases and not notice.payload.get("spared"),
            "held": iso(held) if (held := notice.held_until) > now else None,
        }
        for notice in store.notices.all()
    ]


def _consents(store: Store, _: ListConsents, now: float) -> list[Row]:
    return [described(store.pseudonyms, consent, now) for consent in store.consents.all()]


_ONLY_RUNNING = Phrase("the gateway has to be running for this: start it, and try again")


def _sent(store: Store, _: ListSent, now: float) -> list[Row]:
    return [
        {
            "recipient": one.recipient,
            "since": None if one.since is None else iso(one.since),
            "promised": one.promised,
            "sent": one.sent,
            "waiting": one.waiting,
            "purged": {why.value: rows for why, rows in one.purged.items()},
            "confirmed": one.confirmed,
            "by_server": one.by_server,
            "open": one.open,
            "lapsed": one.lapsed,
            "besides": one.besides,
            "balanced": one.balanced,
            "compared": compared_row(one.comparison),
        }
        for one in store.accounts.all()
    ]


def compared_row(last: LastComparison | None) -> Row | None:
    """What came of the last comparison, as ``consent sent --json`` shows it."""
    if last is None:
        return None
    counts = {name: getattr(last, name) for name in ("same", "missing", "altered", "surplus")}
    return {"at": iso(last.at), "standing": last.standing, **counts, "again": last.again}


def _compare(store: Store, order: Compare | Totals, now: float) -> Row:
    raise GatewayError(_ONLY_RUNNING)


def _pending(store: Store, _: PendingAccess, now: float) -> list[Row]:
    return [describe_request(store.meters, store.pseudonyms, request) for request in store.access.waiting(now)]


def _text(store: Store, order: ConsentText, now: float) -> TextRow:
    """The text to show before a yes, of an ``order`` or of the answer to the request ``number``."""
    if order.order is not None:
        text = _text_of_form(store, order.order, order.retention, order.lang, order.channel, now)
    elif order.number is not None:
        how = order.retention, order.lang, order.channel
        text = _text_of_answer(store, order.number, order.less, *how, now)
    else:
        raise GatewayError("a request and a consent have a number")
    return {"words": text.words, "lang": text.lang, "hash": text.hash}


def _answer(store: Store, order: AnswerAccess, now: float) -> Row | list[Row]:
    asked = store.access.waiting_one(order.number, now)
    if not order.yes:
        return describe_request(store.meters, store.pseudonyms, store.access.refuse(asked.id, now))
    lang, retention = shown_of(order).lang, retention_of(order.retention)
    text = _text_of_answer(store, order.number, order.less, retention, lang, order.channel, now)
    keep_shown(store.texts, text, order)
    offers = offers_of(store, asked, order.less, now)
    return [described(store.pseudonyms, c, now) for c in store.access.grant(asked.id, offers, proof_of(order), now)]


def _refuse_domain(store: Store, order: RefuseDomain, now: float) -> RefusedRow:
    refused, waited = store.access.refuse_domain(order.domain, now, order.by, order.channel)
    return {**_described_domain(refused), "requests": waited}


def _hear_domain(store: Store, order: HearDomain, now: float) -> bool:
    return store.domains.hear(order.domain, now, order.by, order.channel)


def _refused_domains(store: Store, _: RefusedDomains, now: float) -> list[DomainRow]:
    return [_described_domain(refused) for refused in store.domains.refused(now)]


HANDLERS: Handlers = {
    Grant: _grant,
    Revoke: _revoke,
    SpareErasure: _spare,
    Limit: _limit,
    Resume: _resume,
    ListConsents: _consents,
    Notices: _notices,
    ListSent: _sent,
    Compare: _compare,
    Totals: _compare,
    PendingAccess: _pending,
    ConsentText: _text,
    AnswerAccess: _answer,
    RefuseDomain: _refuse_domain,
    HearDomain: _hear_domain,
    RefusedDomains: _refused_domains,
    **health.HANDLERS,
    **joint.HANDLERS,
}


def _described_domain(refused: RefusedDomain) -> DomainRow:
    return {"domain": refused.domain, "since": iso(refused.at), "until": iso(refused.until), "by": refused.by}


def _text_of_form(store: Store, form: ConsentForm, retention: str, lang: str, channel: Channel, now: float) -> Text:
    offer = offer_of(store, form, now)
    return consent_text(check_jid(form.recipient), offer, known_lang(lang), retention, channel)


def _text_of_answer(
    store: Store, number: int, less: Narrowing, retention: str, lang: str, channel: Channel, now: float
) -> Text:
    """One text for each consent that the answer gives, one under the other."""
    asked = store.access.waiting_one(number, now)
    offers = offers_of(store, asked, less, now)
    texts = [consent_text(asked.jid, offer, known_lang(lang), retention, channel).words for offer in offers]
    return Text("\n".join(texts), known_lang(lang))
