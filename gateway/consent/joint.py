"""One yes to all that an invitation asks for: several addresses of one controller, several series, one text.

The text is that of any other consent, once for all of them, behind what is said of the invitation itself. A yes that
was cut off is carried out by the same order: what stands on the same text is not given twice.
"""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from gateway.consent.fields import keep_shown, known_lang, proof_of
from gateway.consent.grant import described, grant, offer_of
from gateway.consent.orders import Handlers, JointGrant, JointText, Row, TextRow
from gateway.consent.text import Passage, Text, beware, fill, joint_text
from gateway.errors import ConsentError
from gateway.store.terms import check_jid
from gateway.words.table import WordTable

if TYPE_CHECKING:
    from gateway.consent.orders import ConsentForm, Invited
    from gateway.store.points import Consent
    from gateway.store.store import Store
    from gateway.store.terms import Offer

# As wide as the templates are, and how long a yes may wait to be carried out.
_LINE, _LONGEST_WAIT_S = 118, 7 * 86_400

_ORIGIN = WordTable(
    {
        "first": "It is the first of {domain} that your gateway sees: in doubt, compare these letters with those on its"
        " letter or its website.",
        "same": "Your gateway knows this signature since {since}.",
        "another": "BEWARE: the invitation of {since} had another signature. Ask {controller} why before you say yes.",
    }
)
_ACCOUNT = WordTable(
    {
        "made": "Your gateway has no account yet: it makes one at {server}, under a name drawn at random.",
        "kept": "Your gateway will write from its account {account}.",
    }
)


def _text(store: Store, order: JointText, now: float) -> TextRow:
    text = _of_forms(store, order, now)
    return {"words": text.words, "lang": text.lang, "hash": text.hash}


def _grant(store: Store, order: JointGrant, now: float) -> list[Row]:
    how = order.shown.lang, order.retention
    asked = JointText(
        lang=how[0], retention=how[1], forms=order.forms, invited=order.invited, at=order.at, channel=order.channel
    )
    keep_shown(store.texts, _of_forms(store, asked, now), order)
    rows = []
    for form in order.forms:
        given = _standing(store, form, order.shown.hash, now) or grant(store, form, now, proof_of(order))
        rows.append(described(store.pseudonyms, given, now))
    return rows


def _standing(store: Store, form: ConsentForm, text_hash: str, now: float) -> Consent | None:
    """What was given of it on this very text."""
    path = form.series.rstrip("/")
    for consent in store.consents.of(check_jid(form.recipient)):
        if consent.standing(now) and consent.prefix == path and consent.proof.text_hash == text_hash:
            return consent
    return None


def _of_forms(store: Store, order: JointText, now: float) -> Text:
    at = now if order.at is None else float(order.at)
    if not order.forms or not now - _LONGEST_WAIT_S <= at <= now:
        raise ConsentError("what would be given is no longer what was shown: read it again, then answer")
    offers = [(check_jid(form.recipient), offer_of(store, form, at)) for form in order.forms]
    lang = known_lang(order.lang)
    recipients = list(dict.fromkeys(recipient for recipient, _ in offers))
    kinds = list({offer.prefix: offer for _, offer in offers}.values())
    consents = joint_text(recipients, kinds, lang, order.retention, order.channel)
    known = store.pseudonyms.view_of(recipients[0], now).meter(kinds[0].meter).sensor
    before = _before(order.invited, recipients, kinds[0], known, lang)
    warnings = "".join(beware(recipient, lang) for recipient in recipients)
    return Text(warnings + before + consents, lang)


def _before(invited: Invited, recipients: list[str], offer: Offer, known: str, lang: str) -> str:
    """What is said of the invitation itself."""
    domain, controller = recipients[0].partition("@")[2], offer.terms.controller
    which = "first" if not invited.since else "another" if invited.another else "same"
    facts = {"domain": domain, "since": invited.since, "controller": controller}
    account = _ACCOUNT[lang]["kept" if invited.account else "made"]
    words = {
        "signed": invited.signed,
        "origin": _ORIGIN[lang][which].format(**facts),
        "account": account.format(account=invited.account, server=invited.server),
        "recipients": ", ".join(recipients),
        "first": recipients[0],
        "known": known,
    }
    said = fill(Passage.INVITED, lang, facts | words)
    return "\n\n".join("\n".join(wrap(" ".join(part.split()), _LINE)) for part in said.split("\n\n")).rstrip() + "\n\n"


HANDLERS: Handlers = {JointText: _text, JointGrant: _grant}
