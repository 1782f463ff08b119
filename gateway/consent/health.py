"""Who may ask whether the gateway is well: the orders, and the text that a household reads before it says yes.

A consent apart from those to readings (``gateway.store.health``): one address, an end, nothing else to choose. What the
answer holds is ``gateway.federation.provider.health``'s; a change of it is a change of the text, and of its version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.consent.fields import by_of, channel_of, keep_shown, known_lang, proof_of, shown_of, word_of
from gateway.consent.grant import check_clock, read_until
from gateway.consent.text import Passage, Text, beware, day, fill
from gateway.store.recorder import iso
from gateway.store.terms import Proof, check_jid, check_recipient

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.consent.fields import Words
    from gateway.store.health import HealthAnswer
    from gateway.store.store import Store

# Of its own template; a changed one has another.
HEALTH_VERSION = "health-1"


def health_text(installer: str, until: int, lang: str) -> Text:
    """The whole text of a yes that is about to be given."""
    words = {"version": HEALTH_VERSION, "installer": installer, "until": day(until - 1)}
    return Text(beware(installer, lang) + fill(Passage.HEALTH, lang, words), lang, HEALTH_VERSION)


def withdraw_health(store: Store, request: Words, now: float) -> int:
    """Take back what ``recipient`` may ask, also what has expired; how many consents that were, 0 or 1."""
    installer = check_jid(word_of(request, "recipient"))
    answer = store.health.of(installer)
    if answer is None or answer.until is None:
        return 0
    store.health.answer(installer, None, now, Proof(by_of(request), channel_of(request)))
    return 1


def describe_health(answer: HealthAnswer, now: float) -> dict[str, object]:
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


def _consents(store: Store, _: Words, now: float) -> object:
    return [describe_health(answer, now) for answer in store.health.all()]


def _text(_: Store, request: Words, now: float) -> object:
    """The text to show before a yes."""
    text = _text_of(request, word_of(request, "lang"), now)
    return {"words": text.words, "lang": text.lang, "hash": text.hash}


def _grant(store: Store, request: Words, now: float) -> object:
    if request.get("shown"):
        keep_shown(store.texts, _text_of(request, shown_of(request)["lang"], now), request)
    installer, until = _wanted(request, now)
    return describe_health(store.health.answer(installer, until, now, proof_of(request, HEALTH_VERSION)), now)


def _refuse(store: Store, request: Words, now: float) -> object:
    """Say no to who may not ask; a yes that there was is taken back."""
    if withdraw_health(store, request, now):
        return 1
    installer = check_jid(word_of(request, "recipient"))
    if store.health.of(installer) is None:
        store.health.answer(installer, None, now, Proof(by_of(request), channel_of(request)))
    return 0


def _wanted(request: Words, now: float) -> tuple[str, int]:
    check_clock(now)
    installer = check_recipient(word_of(request, "recipient"))
    return installer, read_until(word_of(request, "until") if request.get("until") else None, int(now), now)


def _text_of(request: Words, lang: str, now: float) -> Text:
    return health_text(*_wanted(request, now), known_lang(lang))


ORDERS: Mapping[str, Callable[[Store, Words, float], object]] = {
    "health-consents": _consents,
    "health-text": _text,
    "health-grant": _grant,
    "health-refuse": _refuse,
    "health-withdraw": withdraw_health,
}
