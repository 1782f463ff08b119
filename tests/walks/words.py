"""Which words of a page nobody has explained to whoever reads it.

Looked at are the words of a trade: abbreviations (``TLS``), names with capitals inside (``PostgreSQL``), and those of
``TRADE``, in sentences and tables; not what is typed, and not where links lead. A word is explained when it is in the
glossary of the household's guide, or among those that anybody knows (``COMMON``), or where it is first used: brackets,
a colon or "is" follow it, it stands in brackets behind plain words, or it is itself a link to what explains it. Who
develops has the words of CONTRIBUTING.md as well.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from tests.markdown import read

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.walks.page import Passage

GLOSSARY = "gateway/web/help/guide/words.{}.md"
# Nobody has to be told what these are: units, what is printed on boxes, names of what the person has bought or runs.
COMMON = frozenset(
    "USB Wi-Fi WIFI QR PDF CSV SMS LED GPS PC OK DNS IP URL HTML ID Internet Debian Linux EDF RTE kWh kW kVA VA W V A"
    " GND VCC SHA-256 SCL SDA 3V3 DevKit EU UE RGPD GDPR USB-C RNE SIRET UTC ISO GO MB GB Mo Go".casefold().split()
)
TRADE = {
    "fr": "jeton jetons firmware flasher broker courtier démon sondes pseudonyme hypertable partition bail script shell"
    " conteneur nœud granularité empreinte",
    "en": "token tokens firmware daemon broker pseudonym hypertable lease shell container node granularity fingerprint"
    " sink stanza roster pty mock payload",
}
_WORD = re.compile(r"[^\W_][\w-]*")
_TRADE_SIGN = re.compile(r"^(?:[A-Z0-9]*[A-Z]{2}[A-Z0-9-]*|[A-Z]?[a-z]+[A-Z]\w*|[A-Z]{2,}[a-z]\w*)$")
_EXPLAINS = re.compile(r"^(?:\*\*|\])?(?:\([^)]*\))?\s*(?:\(|:|,? (?:est|is|veut dire|means)\b)")


@cache
def _known(language: str, *documents: str) -> frozenset[str]:
    """What the first cells of these tables name."""
    found: set[str] = set(COMMON)
    for document in (GLOSSARY.format(language), *documents):
        for line in read(document)[1].splitlines():
            if line.startswith("| "):
                found |= {word.casefold() for word in _WORD.findall(line.split("|")[1])}
    return frozenset(found)


def unexplained(passages: Iterable[Passage], language: str, *, develops: bool = False) -> list[str]:
    """The words of a trade in these, in their order, that nobody has explained where they first stand."""
    known = _known(language, *(["CONTRIBUTING.md"] if develops else []))
    trade = frozenset(TRADE[language].split())
    text = _plain("\n\n".join(one.prose for one in passages))
    told, wanting = set(), []
    for found in _WORD.finditer(text):
        word = found[0]
        key = word.casefold()
        if key in told or not (_TRADE_SIGN.match(word) or key in trade):
            continue
        told.add(key)
        if key not in known and key.removesuffix("s") not in known and not _explained(text, found):
            wanting.append(word)
    return wanting


def _plain(text: str) -> str:
    """Without what is typed, pictures, marks of the site, and addresses of links."""
    text = re.sub(r"<!--.*?-->|!\[[^]]*\]\([^)]*\)|`[^`]*`", " ", text, flags=re.DOTALL)
    # A link explains what it is on: its brackets stay as a sign.
    return re.sub(r"\]\([^)\s]*\)", "](…)", text)


def _explained(text: str, found: re.Match[str]) -> bool:
    before, after = text[: found.start()], text[found.end() : found.end() + 120]
    if before.endswith("(") and re.match(r"[^()]*\)", after):
        return True
    if before.rfind("[") > before.rfind("]") and re.match(r"[^]]*\]\(…\)", after):
        return True
    return bool(_EXPLAINS.match(after))
