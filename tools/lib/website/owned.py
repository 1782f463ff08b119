"""What is made of ``owner.toml`` in documents; where it is blank, that it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.upkeep.owner import owner
from gateway.upkeep.releases.keys import fingerprint
from gateway.words.catalogue import ENGLISH, FRENCH

if TYPE_CHECKING:
    from gateway.upkeep.owner import ProjectOwner

_NOTHING: Final = (
    "**Nothing is published yet**: no address of releases is decided "
    "([`owner.toml`](gateway/upkeep/README.md#what-only-its-owner-can-give)).\n"
    "Until then this checkout is the release.\n"
)
_CARD: Final = {
    FRENCH: "La carte se prépare avec le programme Raspberry Pi Imager : [l’image et la marche à suivre]({url}/).\n"
    "Vous préférez ne pas le faire seul ? Un ami bricoleur, un installateur ou votre coopérative peut vous\n"
    "remettre une carte toute prête, avec son étiquette.\n",
    ENGLISH: "The card is prepared with the program Raspberry Pi Imager: [the image, and how to take it]({url}/).\n"
    "You would rather not do it alone? A friend who likes such things, an installer or your co-operative can\n"
    "hand you a ready-made card with its label.\n",
}
_NO_CARD: Final = {
    FRENCH: "**La carte toute prête n’est pas encore distribuée.** Pour l’instant, il faut l’aide d’une personne\n"
    "qui connaît le Raspberry Pi : elle prépare la carte mémoire et son étiquette, vous faites le reste.\n",
    ENGLISH: "**The ready-made card is not handed out yet.** For now you need the help of somebody who knows the\n"
    "Raspberry Pi: they prepare the memory card and its label, you do the rest.\n",
}
_SHOPS: Final = {
    FRENCH: "| quoi | article | chez | prix | vu le |\n|---|---|---|---|---|\n",
    ENGLISH: "| what | article | at | price | seen on |\n|---|---|---|---|---|\n",
}
_WHAT: Final = {
    FRENCH: {
        "adapter": "adaptateur", "computer": "ordinateur", "card": "carte mémoire", "supply": "alimentation",
        "board": "carte ESP32",
    },
    ENGLISH: {
        "adapter": "adapter", "computer": "computer", "card": "memory card", "supply": "power supply",
        "board": "ESP32 board",
    },
}  # fmt: skip
_NO_SHOPS: Final = {
    FRENCH: "Aucune boutique et aucun prix ne sont donnés ici pour l’instant : nous n’écrivons que ce que quelqu’un a "
    "commandé et branché.\n",
    ENGLISH: "No shop and no price are given here yet: we only write down what somebody has ordered and plugged in.\n",
}


def published(said: ProjectOwner | None = None) -> str:
    """Where the project is to be had, for README.md."""
    said = said or owner()
    places = (
        ("the site, for whoever is no developer", said.home),
        ("releases, and how to check them", said.url),
        ("source, questions, faults", said.source),
    )
    lines = [f"- [{what}]({place})" for what, place in places if place]
    keys = [fingerprint(bytes.fromhex(key)) for key in said.release_keys]
    lines += [f"- the fingerprint of a key that releases are believed by: `{key}`" for key in keys]
    return "\n".join(lines) + "\n" if lines else _NOTHING


def card(lang: str, said: ProjectOwner | None = None) -> str:
    """Where a household has the card's image from."""
    url = (said or owner()).url
    return _CARD[lang].format(url=url) if url else _NO_CARD[lang]


def shops(lang: str, said: ProjectOwner | None = None) -> str:
    """What to buy where, with prices and the day on which they were so."""
    rows = [
        f"| {_WHAT[lang][one.what]} | [{one.article}]({one.url}) | {one.seller} | {one.price} | {one.checked} |\n"
        for one in (said or owner()).shop
    ]
    return _SHOPS[lang] + "".join(rows) if rows else _NO_SHOPS[lang]
