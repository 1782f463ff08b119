"""What an order on consents says of who gave it, and on which text; GatewayError where a yes names none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.consent.text import TEXT_VERSION, Text
from gateway.errors import ConsentError, GatewayError
from gateway.store.terms import LANGS, Proof, ShownText
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from gateway.consent.orders import AnswerAccess, Grant, HealthGrant, JointGrant, Shown
    from gateway.store.texts import Texts

    Yes = Grant | AnswerAccess | HealthGrant | JointGrant


CHANGED = Phrase("what would be given is no longer what was shown: read it again, then answer")


def shown_of(order: Yes) -> Shown:
    """Language and hash of the text that was shown."""
    if order.shown is None:
        raise GatewayError("a yes says which text was shown")
    return order.shown


def retention_of(retention: str | None) -> str:
    """How long the house lets data be kept, which stands in a text on readings."""
    if retention is None:
        raise GatewayError("an order of this kind needs a word for 'retention'")
    return retention


def proof_of(order: Yes, version: str = TEXT_VERSION) -> Proof:
    """Who gave it, by which way, on which text; without a text where none was shown."""
    if order.shown is None:
        return Proof(order.by, order.channel)
    return Proof(order.by, order.channel, version, known_lang(order.shown.lang), order.shown.hash)


def keep_shown(texts: Texts, text: Text, order: Yes) -> None:
    """Keep the words beside the consent that names their hash: in ten years no program makes them again."""
    if shown_of(order).hash != text.hash:
        raise ConsentError(CHANGED)
    texts.keep(ShownText(text.hash, text.lang, text.words))


def known_lang(lang: str) -> str:
    """The language, or the first of ours for any other."""
    return lang if lang in LANGS else LANGS[0]
