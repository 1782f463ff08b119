"""What an order of the control socket says, read; GatewayError names what is missing or is of another kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.consent.text import TEXT_VERSION
from gateway.errors import ConsentError, GatewayError
from gateway.store.terms import LANGS, Channel, Proof, ShownText

if TYPE_CHECKING:
    from gateway.consent.text import Text
    from gateway.store.texts import Texts

Words = dict[str, Any]


def word_of(request: Words, name: str) -> str:
    """A word that the order must have."""
    word = request.get(name)
    if not isinstance(word, str):
        raise GatewayError(f"an order of this kind needs a word for {name!r}")
    return word


def number_of(request: Words, name: str = "number") -> int:
    """The number of a request or of a consent."""
    number = request.get(name)
    if not isinstance(number, int):
        raise GatewayError("a request and a consent have a number")
    return number


def by_of(request: Words) -> str:
    """Who gave the order; empty where nobody is named."""
    return word_of({"by": ""} | request, "by")


def channel_of(request: Words) -> Channel:
    """By which way the order came: the command line says nothing of it."""
    try:
        return Channel(request.get("channel", Channel.COMMAND.value))
    except ValueError as error:
        raise GatewayError(f"no way of giving a consent: {error}") from error


def shown_of(request: Words) -> dict[str, str]:
    """Language and hash of the text that was shown."""
    shown = request.get("shown")
    if not isinstance(shown, dict) or not all(isinstance(shown.get(name), str) for name in ("lang", "hash")):
        raise GatewayError("a yes says which text was shown")
    return shown


def proof_of(request: Words, version: str = TEXT_VERSION) -> Proof:
    """Who gave it, by which way, on which text; without a text where none was shown."""
    by, channel = by_of(request), channel_of(request)
    if not request.get("shown"):
        return Proof(by, channel)
    shown = shown_of(request)
    return Proof(by, channel, version, known_lang(shown["lang"]), shown["hash"])


def keep_shown(texts: Texts, text: Text, request: Words) -> None:
    """Keep the words beside the consent that names their hash: in ten years no program makes them again."""
    if shown_of(request)["hash"] != text.hash:
        raise ConsentError("what would be given is no longer what was shown: read it again, then answer")
    texts.keep(ShownText(text.hash, text.lang, text.words))


def known_lang(lang: str) -> str:
    """The language, or the first of ours for any other."""
    return lang if lang in LANGS else LANGS[0]
