"""What is made of ``owner.toml`` in documents; where it is blank, that it is."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from gateway.upkeep.owner import owner
from gateway.upkeep.releases.keys import fingerprint
from gateway.words.catalogue import ENGLISH, FRENCH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gateway.upkeep.owner import ProjectOwner

_NOTHING: Final = (
    "**Nothing has been published yet**, and no address of releases is decided "
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
    ENGLISH: "**The ready-made card is not available yet.** For now you need the help of somebody who knows the\n"
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
    FRENCH: "Nous ne donnons encore ni boutique ni prix. Nous n’avons encore essayé aucun de ces appareils devant\n"
    "un vrai compteur : n’achetez que si vous acceptez d’être parmi les premiers.\n",
    ENGLISH: "We do not name shops or prices yet. We have not tried any of these devices on a real meter yet: buy "
    "only\nif you are happy to be among the first.\n",
}
_OWNER: Final = {FRENCH: "Le projet est tenu par {}.", ENGLISH: "The project is kept by {}."}
_SITE: Final = {FRENCH: "Son site : <{}>.", ENGLISH: "Its site: <{}>."}
_ASKED: Final = {FRENCH: "La source, et où poser une question : <{}>.", ENGLISH: "Source and questions: <{}>."}
_NO_OWNER: Final = {
    FRENCH: "Rien n’est encore décidé : ni nom, ni adresse, ni site. Votre interlocuteur est la personne qui a\n"
    "préparé votre carte.\n",
    ENGLISH: "Nothing is decided yet: no name, no address, no site. The one to turn to is whoever prepared your\n"
    "card.\n",
}
_HELPERS: Final = {FRENCH: "Une question ? {}\n", ENGLISH: "A question? {}\n"}
_NO_HELPERS: Final = {
    FRENCH: "Il n’y a pas encore d’assistance : demandez à la personne qui a préparé votre carte.\n",
    ENGLISH: "There is no helpdesk yet: ask whoever prepared your card.\n",
}
_LAST_DAY: Final = {
    FRENCH: "Cette version est suivie jusqu’au {}.", ENGLISH: "This version is maintained until {}.",
}  # fmt: skip
_NO_LAST_DAY: Final = {
    FRENCH: "Jusqu’à quand cette version sera suivie n’est pas encore décidé.",
    ENGLISH: "How long this version will be maintained is not decided yet.",
}
_KEYS: Final = {
    FRENCH: "Empreinte de la clé qui signe les versions : **{}**.",
    ENGLISH: "Fingerprint of the key that signs versions: **{}**.",
}
_NO_KEYS: Final = {
    FRENCH: "Aucune version n’est encore publiée, et aucune clé.", ENGLISH: "No version is published yet, and no key.",
}  # fmt: skip
_FLAW: Final = {
    FRENCH: "Écrivez en privé à {} ; la réponse vient sous 7 jours.",
    ENGLISH: "Write in private to {}; you are answered within 7 days.",
}
_NO_FLAW: Final = {
    FRENCH: "Aucune adresse n’est encore décidée : dites-le en privé à la personne qui vous a remis la passerelle.\n"
    "Sans adresse, nous ne promettons pas de délai.",
    ENGLISH: "No address is decided yet: tell whoever gave you the gateway, in private. Until there is an\n"
    "address, we cannot promise how soon we will answer.",
}
_OBTAIN: Final = {
    FRENCH: {"url": "Les versions, et comment les vérifier : <{}/>.", "source": "La source : <{}>."},
    ENGLISH: {"url": "Releases, and how to verify them: <{}/>.", "source": "The source: <{}>."},
}
_NO_OBTAIN: Final = {
    FRENCH: "**Rien n’est encore publié** : il n’y a pas d’adresse de téléchargement. Demandez le dossier du projet\n"
    "à la personne qui vous a donné cette page ; il tient lieu de version.\n",
    ENGLISH: "**Nothing has been published yet**, and there is no download address. Ask whoever gave you this page\n"
    "for the project folder: that is the release.\n",
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


def kept_by(lang: str, said: ProjectOwner | None = None) -> str:
    """Who keeps the project, and where."""
    said = said or owner()
    name = ", ".join(one for one in (said.name, said.mail) if one)
    lines = [(_OWNER, name), (_SITE, said.home), (_ASKED, said.source)]
    return _lines(phrase[lang].format(one) for phrase, one in lines if one) or _NO_OWNER[lang]


def helpers(lang: str, said: ProjectOwner | None = None) -> str:
    """Whom a household asks."""
    said = said or owner()
    asked = ", ".join(map(_place, filter(None, (said.mail, said.source))))
    return _HELPERS[lang].format(asked) if asked else _NO_HELPERS[lang]


def upkeep(lang: str, said: ProjectOwner | None = None) -> str:
    """Until when this version is mended, and by which keys releases are believed."""
    said = said or owner()
    last = _LAST_DAY[lang].format(said.support_end) if said.support_end else _NO_LAST_DAY[lang]
    keys = [_KEYS[lang].format(fingerprint(bytes.fromhex(key))) for key in said.release_keys]
    return _lines([last, *(keys or [_NO_KEYS[lang]])])


def flaw(lang: str, said: ProjectOwner | None = None) -> str:
    """To whom a vulnerability is reported."""
    where = (said or owner()).security_contact.removeprefix("mailto:")
    return _lines([_FLAW[lang].format(_place(where)) if where else _NO_FLAW[lang]])


def obtain(lang: str, said: ProjectOwner | None = None) -> str:
    """Where whoever types commands has the project from."""
    said = said or owner()
    return (
        _lines(phrase.format(place) for name, phrase in _OBTAIN[lang].items() if (place := getattr(said, name)))
        or _NO_OBTAIN[lang]
    )


def _place(there: str) -> str:
    """A link, but for an address of mail: the gateway's own page leads to pages alone."""
    return f"<{there}>" if there.startswith("https://") else there


def _lines(said: Iterable[str]) -> str:
    return "".join(f"{one}\n" for one in said)


def blocks() -> dict[str, dict[str, Callable[[], str]]]:
    """Document -> name of a block -> what stands in it."""
    made: dict[str, dict[str, Callable[[], str]]] = {}
    for lang in (FRENCH, ENGLISH):
        readme = "LISEZMOI.md" if lang == FRENCH else "README.md"
        guide = "gateway/web/help/guide/{}." + lang + ".md"
        for file, name, make in (
            (guide.format("start"), "get-guide", card),
            (guide.format("start"), "owner", kept_by),
            (guide.format("buy"), "shops", shops),
            (guide.format("questions"), "helpers", helpers),
            (guide.format("trust"), "owner", kept_by),
            (guide.format("trust"), "upkeep", upkeep),
            (guide.format("trust"), "flaw", flaw),
            (f"tools/lib/website/home/{lang}.md", "get-guide", card),
            (f"tools/lib/website/home/{lang}.md", "owner", kept_by),
            (f"tools/lib/website/home/{lang}.md", "obtain", obtain),
            (f"gateway/{readme}", "obtain", obtain),
            (f"gateway/collector/{readme}", "obtain", obtain),
            (f"gateway/collector/cooperative/{readme}", "obtain", obtain),
            (f"tools/lib/demo/{readme}", "obtain", obtain),
            (f"tools/lib/setup/{readme}", "obtain", obtain),
        ):
            made.setdefault(file, {})[name] = partial(make, lang)
    return made
