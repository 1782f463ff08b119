"""The guide for households as the gateway's own page shows it: HTML that is written when the guide changes.

Pictures stay away: what they show is the page itself. A link leads to another page of the guide or to the Internet; one
to a document that only the site has is a fault.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from markdown_it import MarkdownIt

from gateway.web.view import in_one_piece
from gateway.words.catalogue import FRENCH
from website.staging import title_of
from words.spaces import spaced

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from markdown_it.token import Token

ROOT: Final = Path(__file__).resolve().parents[3]
GUIDE: Final = ROOT / "gateway/web/help/guide"
WRITTEN: Final = "gateway/web/help/written"
_COMMENT: Final = re.compile(r"<!--.*?-->\n?", re.DOTALL)
_PICTURE: Final = re.compile(r"^!\[[^\]]*\]\([^)]*\)\n", re.MULTILINE)
# The columns of a table that needs no names: a word, and what it means.
_WORD_AND_MEANING: Final = 2
_INSIDE: Final = re.compile(r"([a-z]+)\.(?:fr|en)\.md")


def written(file: Path) -> str:
    """A page of the guide: its title, a line break, its HTML; ValueError where a link leads nowhere."""
    text = file.read_text(encoding="utf-8")
    lang = file.name.split(".")[1]

    def space(said: str) -> str:
        return in_one_piece(spaced(said) if lang == FRENCH else said)

    body = _PICTURE.sub("", _COMMENT.sub("", text)).partition("\n")[2]
    engine = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = engine.parse(body)
    _columns(tokens)
    for token in tokens:
        for child in token.children or ():
            _say(child, file.name, space)
    return f"{space(title_of(text))}\n{engine.renderer.render(tokens, engine.options, {})}"


def _say(token: Token, name: str, space: Callable[[str], str]) -> None:
    if token.type == "text":
        token.content = space(token.content)
    elif token.type == "link_open":
        there = str(token.attrs["href"])
        inside = _INSIDE.fullmatch(there)
        if inside is None and not there.startswith("https://"):
            raise ValueError(f"{name}: {there} is not a page of the guide")
        token.attrs["href"] = f"/help/{inside[1]}" if inside else there
        if inside is None:
            token.attrs["rel"] = "noreferrer"


def _columns(tokens: Sequence[Token]) -> None:
    """Give each cell the name of its column, as the page's own tables have it for a phone."""
    names: list[str] = []
    place = 0
    for at, token in enumerate(tokens):
        if token.type == "table_open":
            token.attrs["class"], names = "stack", []
        elif token.type == "tr_open":
            place = 0
        elif token.type == "th_open":
            token.attrs["scope"] = "col"
            names.append(tokens[at + 1].content)
        elif token.type == "td_open":
            if place == 0:
                token.tag, token.attrs["scope"] = "th", "row"
            elif len(names) > _WORD_AND_MEANING:
                token.attrs["data-name"] = names[place]
            place += 1
        elif token.type == "td_close" and place == 1:
            token.tag = "th"


def pages() -> dict[str, Callable[[], str]]:
    """File of a page, from the root -> what makes it."""
    return {
        f"{WRITTEN}/{file.name.removesuffix('.md')}.htm": lambda file=file: written(file)  # type: ignore[misc]
        for file in sorted(GUIDE.glob("*.md"))
    }
