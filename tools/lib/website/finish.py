"""What is done to a page once it is made: the theme's own words, spaces of French, apostrophes, headers for rows.

And the page that a host shows where there is none: of both languages, with nothing to load.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from words.spaces import spaced

if TYPE_CHECKING:
    from collections.abc import Callable

SAID: Final = {
    "Toggle Light / Dark / Auto color theme": "Clair, sombre ou comme l’appareil",
    "Toggle site navigation sidebar": "Ouvrir ou fermer le menu",
    "Toggle table of contents sidebar": "Ouvrir ou fermer le sommaire",
    "Auto light/dark, in light mode": "Comme l’appareil : clair",
    "Auto light/dark, in dark mode": "Comme l’appareil : sombre",
    "Light mode": "Clair",
    "Dark mode": "Sombre",
    "Contents": "Sommaire",
    "Expand": "Déplier",
    "Skip to content": "Aller au contenu",
    "Back to top": "Haut de la page",
    "On this page": "Sur cette page",
    "Next": "Suivant",
    "Previous": "Précédent",
    "Home": "Accueil",
    "Made with": "Fait avec",
}
# A table whose first header is empty; the first cell of a row of its body.
_TABLE: Final = re.compile(r"<tr class=\"row-odd\"><th class=\"head\"><p></p></th>.*?</table>", re.DOTALL)
_FIRST: Final = re.compile(r"(<tr class=\"row-(?:even|odd)\">)<td>(.*?)</td>", re.DOTALL)
_OPENS: Final = "Toggle navigation of "
# Between two tags, or as what a tool or a reader of screens says.
_SPOKEN: Final = re.compile(r"(>\s*|(?:aria-label|title)=\")([^<>\"]*?)(\s*<|\")")
# A tag, or a comment; what stands between the tags of these is typed, or read by a program.
_TAG: Final = re.compile(r"(<!--.*?-->|<[^>]+>)", re.DOTALL)
_TYPED: Final = ("code", "kbd", "pre", "script", "style", "textarea")
# A line of the source may end before a sign that no line may begin with.
_BEFORE_SIGN: Final = re.compile(r"\n(?=[;:?!»])|(?<=«)\n")
_APOSTROPHE: Final = re.compile(r"(?:(?<=\w)|^)(?:'|&#39;|&#x27;)")
_NOT_FOUND: Final = """<!DOCTYPE html>
<html lang="fr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Page introuvable · linky-gateway</title>
<base href="{base}">
<style>
body {{ font: 1.1rem/1.5 sans-serif; max-width: 34rem; margin: 3rem auto; padding: 0 1rem; }}
@media (prefers-color-scheme: dark) {{ body {{ background: #131416; color: #dedede; }} a {{ color: #8ab4f8; }} }}
</style>
</head>
<body>
<main>
<h1>Cette page n’existe pas</h1>
<p>L’adresse est peut-être mal tapée, ou la page a changé de place.</p>
<ul>
<li><a href="index.html">La première page</a></li>
<li><a href="household/questions.html">Dépannage</a></li>
<li><a href="search.html">Chercher</a></li>
</ul>
<section lang="en">
<h2>There is no such page</h2>
<p>The address may be mistyped, or the page has moved.</p>
<ul>
<li><a href="en/index.html">The first page</a></li>
<li><a href="en/household/questions.html">Troubleshooting</a></li>
<li><a href="en/search.html">Search</a></li>
</ul>
</section>
</main>
</body>
</html>
"""


def french(page: str) -> str:
    """The page's HTML with the theme's own words in French and no line that begins with a sign; our words stay."""
    return unbroken(_SPOKEN.sub(_one, page))


def unbroken(page: str) -> str:
    """The page's HTML with the no-break spaces of French, but in what is typed or run."""
    return _outside_code(page, lambda text: spaced(_BEFORE_SIGN.sub(" ", text)))


def curled(page: str) -> str:
    """The page's HTML with the apostrophes of print (’), behind a letter or markup, but in what is typed or run."""
    return _outside_code(page, lambda text: _APOSTROPHE.sub("’", text))


def _outside_code(page: str, change: Callable[[str], str]) -> str:
    pieces = _TAG.split(page)
    inside = 0
    for at, piece in enumerate(pieces):
        if at % 2:
            name = re.match(r"</?([a-z]+)", piece)
            if name and name[1] in _TYPED:
                inside += -1 if piece.startswith("</") else 1
        elif not inside:
            pieces[at] = change(piece)
    return "".join(pieces)


def not_found(home: str) -> str:
    """The page for an address that is none, at whatever depth; ``home`` is the site's own address, or empty."""
    return _NOT_FOUND.format(base=f"{urlsplit(home).path.rstrip('/')}/")


def headed(page: str) -> str:
    """The page with the first cell of each row as its header, in tables whose columns leave that corner empty."""
    return _TABLE.sub(lambda found: _FIRST.sub(r'\1<th class="stub" scope="row">\2</th>', found[0]), page)


def _one(found: re.Match[str]) -> str:
    said = found[2]
    if said.startswith(_OPENS):
        said = f"Déplier : {said.removeprefix(_OPENS)}"
    return f"{found[1]}{SAID.get(said, said)}{found[3]}"
