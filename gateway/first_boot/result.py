"""``linky-result.txt``: what became of ``linky.toml``, for whoever puts the card into a computer. Without secrets.

But for one: a code that the gateway made by itself because nobody gave one, which is used up by the first visit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.words.catalogue import LANGUAGES
from gateway.words.table import WordTable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gateway.first_boot.faults import CardFault
    from gateway.first_boot.settings import CardSettings

_WRONG = WordTable(
    (
        "linky.toml was not applied: nothing was changed.",
        "Put it right on this card (partition bootfs), put the card back and switch on:",
    )
)
_BEGUN = WordTable(
    ("linky.toml could not be applied as a whole; its settings are kept, and gone on with at the next start:",)
)
_GOOD = WordTable(
    {
        "title": "All is well: linky.toml is applied, and wiped from this card.",
        "page": "Page of the house: {page}",
        "given": "First password of the page: with the code that was given (label or linky.toml).",
        "made": "First password of the page: with this code, which serves once: {code}",
        "wifi": "Wi-Fi: “{name}”. If it does not answer, the key is wrong or the router far: "
        "put another linky.toml here with its table [wifi].",
        "keys": "SSH: the user linky may log in with {count} key(s).",
        "keys_unused": "SSH: the keys were not taken: this system is not the one of a ready-made card. Give them to"
        " one of its users.",
        "unused": "Of what Raspberry Pi Imager was told, this does not hold here: {names}.",
        "account": "Account: {jid}",
        "invited": "Invitation of {controller}: the page shows it to the household, which answers; nothing is given before.",
        "port": "Meter: {port}",
        "no_adapter": "Meter: no adapter was plugged in; it is read as soon as one is. For another one than the Micro "
        'Teleinfo put another linky.toml here with [meter] and port = "…".',
    }
)


def wrong(faults: Sequence[CardFault], first: str, *, begun: bool) -> str:
    """Every fault, in both languages; ``begun``: something was changed already."""

    def say(language: str) -> str:
        return "\n".join(
            [*(_BEGUN if begun else _WRONG)[language], "", *(f"  - {fault.say(language)}" for fault in faults)]
        )

    return _all(say, first)


def good(
    settings: CardSettings, hostname: str, source: str, page_port: int, made_code: str | None, *, adapter: bool,
    keyless: bool = False, unused: Sequence[str] = (), invited: str = "",
) -> str:  # fmt: skip
    """What is now so, in both languages; ``adapter``: whether what ``source`` names is there.

    ``keyless``: whether nothing reads the keys here;
    ``unused``: what Raspberry Pi Imager was told, and does not hold here; ``invited``: whose invitation the card has.
    """
    page = f"http://{hostname}.local:{page_port}/"

    def say(language: str) -> str:
        words = _GOOD[language]
        lines = [words["title"], "", words["page"].format(page=page)]
        if made_code or settings.code:
            lines.append(words["made" if made_code else "given"].format(code=made_code))
        if settings.wifi:
            lines.append(words["wifi"].format(name=settings.wifi.name))
        if settings.keys:
            lines.append(words["keys_unused" if keyless else "keys"].format(count=len(settings.keys)))
        if settings.account:
            lines.append(words["account"].format(jid=settings.account.jid))
        if invited:
            lines.append(words["invited"].format(controller=invited))
        lines.append(words["port" if adapter else "no_adapter"].format(port=source))
        if unused:
            lines.append(words["unused"].format(names=", ".join(unused)))
        return "\n".join(lines)

    return _all(say, settings.language)


def _all(say: Callable[[str], str], first: str) -> str:
    """What is said in every language, in the household's own first."""
    texts = [say(lang) for lang in sorted(LANGUAGES, key=lambda lang: lang != first)]
    return "linky-gateway\n\n" + f"\n\n{'-' * 72}\n\n".join(texts) + "\n"
