"""The part *help*: the guide for households, a page each, and the list of them; open to whoever is at home.

``guide/`` has its Markdown, of which the site is made too; ``written/`` has what ``tools/documents`` makes of it for
here: the title on the first line, then HTML. No library for Markdown is needed on the gateway.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from gateway.web.http.answers import html
from gateway.web.part import PageGroup

if TYPE_CHECKING:
    from collections.abc import Mapping

    from microdot import Request, Response

    from gateway.web.view import PageView
    from gateway.web.words import Words

WRITTEN: Final = Path(__file__).parent / "written"
# In the order in which they are read.
PAGES: Final = (
    *("questions", "buy", "connect", "start", "far", "modes", "read", "pay", "told", "share", "privacy", "account"),
    *("class", "words", "trust"),
)  # fmt: skip
FILES: Final = ("sharing.css", "settings.css", "help.css")


def help_pages() -> PageGroup:
    """The part."""
    return PageGroup(
        menu=(("/help", "help"),),
        pages={"/help": _list, **{f"/help/{name}": _page for name in PAGES}},
        forms={},
        words=_words,
        files=FILES,
        open_to_all=frozenset(("/help", *(f"/help/{name}" for name in PAGES))),
    )


def read_page(name: str, lang: str) -> tuple[str, Markup]:
    """A page's title and its HTML, which is ours."""
    title, _, text = (WRITTEN / f"{name}.{lang}.htm").read_text(encoding="utf-8").partition("\n")
    return title, Markup(text)  # noqa: S704 (made of our own Markdown, in which no HTML may stand)


def _list(_: Request, view: PageView) -> Response:
    titles = [(f"/help/{name}", read_page(name, view.lang)[0]) for name in PAGES]
    return html(view.page("help/list.html", pages=titles, page_files=list(FILES)))


def _page(request: Request, view: PageView) -> Response:
    title, text = read_page(request.path.removeprefix("/help/"), view.lang)
    return html(
        replace(view, path=request.path).page("help/page.html", heading=title, text=text, page_files=list(FILES))
    )


def _words() -> Mapping[str, Words]:
    from gateway.web.help.words import HELP_WORDS  # noqa: PLC0415 (with the first who looks)

    return HELP_WORDS
