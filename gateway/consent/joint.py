"""One yes to all that an invitation asks for: several addresses of one controller, several series, one text.

The text is that of any other consent, once for all of them, behind what is said of the invitation itself. A yes that
was cut off is carried out by the same order: what was given on the same text is not given twice, and what was withdrawn
meanwhile not again.
"""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from gateway.consent.fields import CHANGED, keep_shown, known_lang, proof_of
from gateway.consent.grant import described, grant, offer_of
from gateway.consent.orders import Handlers, JointGrant, JointText, Row, TextRow
from gateway.consent.text import Passage, Text, beware, fill, joint_text
from gateway.errors import ConsentError
from gateway.store.terms import check_jid
from gateway.words.phrase import Phrase
from gateway.words.table import WordTable

if TYPE_CHECKING:
    from gateway.consent.orders import ConsentForm, Invited
    from gateway.store.points import Consent
    from gateway.store.store import Store
    from gateway.store.terms import Offer

# As wide as the templates are, and how long a yes may wait to be carried out.
_LINE, _LONGEST_WAIT_S = 118, 7 * 86_400

_TOO_LATE = Phrase("your yes has waited for a week, and counts no more: read the invitation again, then answer")
_WITHDRAWN = Phrase(
    "what you gave to {recipient} by this invitation was withdrawn or replaced since, and is not given again; to join"
    " all the same, read the invitation again, then answer"
)
_SEVERAL_METERS = Phrase(
    "what this invitation asks for is measured by several meters ({names}): say which one you mean"
)
_SEVERAL_MANNERS = Phrase(
    "the addresses of this invitation ({recipients}) know your meter in different ways already, under a pseudonym or"
    " rounded: withdraw what you gave them, then read the invitation again"
)

_ORIGIN = WordTable(
    {
        "first": "It is the first of {domain} that your gateway sees: in doubt, compare these letters with those on its"
        " letter or its website.",
        "same": "Your gateway has known this signature since {since}.",
        "another": "BEWARE: the invitation of {since} had another signature. Ask {controller} why before you say yes.",
    }
)
_ACCOUNT = WordTable(
    {
        "made": "Your gateway has no account yet: it makes one at {server}, under a name drawn at random.",
        "made_there": "Your gateway has no account yet: it makes one at {server}, which it looks for at {at}, under a"
        " name drawn at random.",
        "kept": "Your gateway will write from its account {account}.",
    }
)


def _text(store: Store, order: JointText, now: float) -> TextRow:
    text = _of_forms(store, order, now)
    return {"words": text.words, "lang": text.lang, "hash": text.hash}


def _grant(store: Store, order: JointGrant, now: float) -> list[Row]:
    given = [_given(store, form, order, now) for form in order.forms]
    # What was given in time is given, however long what comes after it has to wait.
    if not all(given):
        lang, house, channel = order.shown.lang, order.retention, order.channel
        asked = JointText(
            lang=lang, retention=house, forms=order.forms, invited=order.invited, at=order.at, channel=channel
        )
        keep_shown(store.texts, _of_forms(store, asked, now), order)
    proof = proof_of(order)
    consents = [one or grant(store, form, now, proof) for one, form in zip(given, order.forms, strict=True)]
    return [described(store.pseudonyms, consent, now) for consent in consents]


def _given(store: Store, form: ConsentForm, order: JointGrant, now: float) -> Consent | None:
    """What was given of it on this very text. ConsentError where it was withdrawn since this yes."""
    path, yes_at = form.series.rstrip("/"), now if order.at is None else order.at
    given = store.consents.of(check_jid(form.recipient))
    on_it = [one for one in given if one.prefix == path and one.proof.text_hash == order.shown.hash]
    standing = [one for one in on_it if one.standing(now)]
    if not standing and any(one.withdrawn_at is not None and one.given_at >= yes_at for one in on_it):
        raise ConsentError(_WITHDRAWN.filled(recipient=form.recipient))
    return standing[-1] if standing else None


def _of_forms(store: Store, order: JointText, now: float) -> Text:
    at = now if order.at is None else float(order.at)
    if at < now - _LONGEST_WAIT_S:
        raise ConsentError(_TOO_LATE)
    if not order.forms or at > now:
        raise ConsentError(CHANGED)
    offers = [(check_jid(form.recipient), offer_of(store, form, at)) for form in order.forms]
    _check_alike(offers)
    lang = known_lang(order.lang)
    recipients = list(dict.fromkeys(recipient for recipient, _ in offers))
    kinds = list({offer.prefix: offer for _, offer in offers}.values())
    consents = joint_text(recipients, kinds, lang, order.retention, order.channel)
    known = store.pseudonyms.known_under(recipients[0], kinds[0].meter, kinds[0].manner, now)
    before = _before(order.invited, recipients, kinds[0], known, lang)
    warnings = "".join(beware(recipient, lang) for recipient in recipients)
    return Text(warnings + before + consents, lang)


def _check_alike(offers: list[tuple[str, Offer]]) -> None:
    """ConsentError where one text could not say truly what each of them gives."""
    meters = dict.fromkeys(offer.meter for _, offer in offers)
    if len(meters) > 1:
        raise ConsentError(_SEVERAL_METERS.filled(names=", ".join(meters)))
    if len({offer.manner for _, offer in offers}) > 1:
        recipients = dict.fromkeys(recipient for recipient, _ in offers)
        raise ConsentError(_SEVERAL_MANNERS.filled(recipients=", ".join(recipients)))


def _before(invited: Invited, recipients: list[str], offer: Offer, known: str, lang: str) -> str:
    """What is said of the invitation itself."""
    domain, controller = recipients[0].partition("@")[2], offer.terms.controller
    which = "first" if not invited.since else "another" if invited.another else "same"
    facts = {"domain": domain, "since": invited.since, "controller": controller}
    account = _ACCOUNT[lang]["kept" if invited.account else "made_there" if invited.at else "made"]
    words = {
        "signed": invited.signed,
        "origin": _ORIGIN[lang][which].format(**facts),
        "account": account.format(account=invited.account, server=invited.server, at=invited.at),
        "recipients": ", ".join(recipients),
        "first": recipients[0],
        "known": known,
    }
    said = fill(Passage.INVITED, lang, facts | words)
    return "\n\n".join("\n".join(wrap(" ".join(part.split()), _LINE)) for part in said.split("\n\n")).rstrip() + "\n\n"


HANDLERS: Handlers = {JointText: _text, JointGrant: _grant}
