"""Who may ask whether the gateway is well: the orders, and the text that a household reads before it says yes.

A consent apart from those to readings (``gateway.store.health``): one address, an end, nothing else to choose. What the
answer holds is ``gateway.federation.provider.health``'s; a change of it is a change of the text, and of its version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.consent.fields import keep_shown, known_lang, proof_of
from gateway.consent.grant import check_clock, read_until
from gateway.consent.orders import (
    Handlers,
    HealthConsents,
    HealthGrant,
    HealthRefuse,
    HealthText,
    HealthWithdraw,
    Revoke,
    Row,
    TextRow,
)
from gateway.consent.text import Passage, Text, beware, day, fill
from gateway.store.recorder import iso
from gateway.store.terms import Proof, check_jid, check_recipient

if TYPE_CHECKING:
    from gateway.store.health import HealthAnswer
    from gateway.store.store import Store

# Of its own template; a changed one has another.
HEALTH_VERSION = "health-2"


def health_text(installer: str, until: int, lang: str) -> Text:
    """The whole text of a yes that is about to be given."""
    words = {"version": HEALTH_VERSION, "installer": installer, "until": day(until - 1)}
    return Text(beware(installer, lang) + fill(Passage.HEALTH, lang, words), lang, HEALTH_VERSION)


def withdraw_health(store: Store, order: HealthWithdraw | HealthRefuse | Revoke, now: float) -> int:
    """Take back what ``recipient`` may ask, also what has expired; how many consents that were, 0 or 1."""
    installer = check_jid(order.recipient)
    answer = store.health.of(installer)
    if answer is None or answer.until is None:
        return 0
    store.health.answer(installer, None, now, Proof(order.by, order.channel))
    return 1


def describe_health(answer: HealthAnswer, now: float) -> Row:
    """An answer as the command line shows it, in the words of the other consents; of a no the end is when it was."""
    proof = answer.proof
    return {
        "what": "health",
        "recipient": answer.installer,
        "given": iso(answer.at),
        "until": None if answer.until is None else iso(answer.until),
        "state": answer.state(now),
        "given_by": proof.given_by,
        "channel": proof.channel.value,
        "text": {"version": proof.text_version, "lang": proof.lang, "sha256": proof.text_hash},
    }


def _consents(store: Store, _: HealthConsents, now: float) -> list[Row]:
    return [describe_health(answer, now) for answer in store.health.all()]


def _text(_: Store, order: HealthText, now: float) -> TextRow:
    """The text to show before a yes."""
    text = _text_of(order, order.lang, now)
    return {"words": text.words, "lang": text.lang, "hash": text.hash}


def _grant(store: Store, order: HealthGrant, now: float) -> Row:
    if order.shown:
        keep_shown(store.texts, _text_of(order, order.shown.lang, now), order)
    installer, until = _wanted(order, now)
    return describe_health(store.health.answer(installer, until, now, proof_of(order, HEALTH_VERSION)), now)


def _refuse(store: Store, order: HealthRefuse, now: float) -> int:
    """Say no to who may not ask; a yes that there was is taken back."""
    if withdraw_health(store, order, now):
        return 1
    installer = check_jid(order.recipient)
    if store.health.of(installer) is None:
        store.health.answer(installer, None, now, Proof(order.by, order.channel))
    return 0


def _wanted(order: HealthText | HealthGrant, now: float) -> tuple[str, int]:
    check_clock(now)
    installer = check_recipient(order.recipient)
    return installer, read_until(order.until or None, int(now), now)


def _text_of(order: HealthText | HealthGrant, lang: str, now: float) -> Text:
    return health_text(*_wanted(order, now), known_lang(lang))


HANDLERS: Handlers = {
    HealthConsents: _consents,
    HealthText: _text,
    HealthGrant: _grant,
    HealthRefuse: _refuse,
    HealthWithdraw: withdraw_health,
}
