"""What is done to a page once it is made: the theme's own words in French, and headers for the rows of tables."""

from __future__ import annotations

import re
from typing import Final

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
    "Next": "Suite",
    "Previous": "Avant",
    "Home": "Accueil",
    "Made with": "Fait avec",
}
# A table whose first header is empty; the first cell of a row of its body.
_TABLE: Final = re.compile(r"<tr class=\"row-odd\"><th class=\"head\"><p></p></th>.*?</table>", re.DOTALL)
_FIRST: Final = re.compile(r"(<tr class=\"row-(?:even|odd)\">)<td>(.*?)</td>", re.DOTALL)
_OPENS: Final = "Toggle navigation of "
# Between two tags, or as what a tool or a reader of screens says.
_SPOKEN: Final = re.compile(r"(>\s*|(?:aria-label|title)=\")([^<>\"]*?)(\s*<|\")")


def french(page: str) -> str:
    """The page's HTML with the theme's own words in French; what our documents say stays."""
    return _SPOKEN.sub(_one, page)


def headed(page: str) -> str:
    """The page with the first cell of each row as its header, in tables whose columns leave that corner empty."""
    return _TABLE.sub(lambda found: _FIRST.sub(r'\1<th class="stub" scope="row">\2</th>', found[0]), page)


def _one(found: re.Match[str]) -> str:
    said = found[2]
    if said.startswith(_OPENS):
        said = f"Déplier : {said.removeprefix(_OPENS)}"
    return f"{found[1]}{SAID.get(said, said)}{found[3]}"
