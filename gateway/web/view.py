"""For whom a page is written: language, session, menu, words; and the page itself, made of a template and values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.web.access.sessions import BrowserSession
    from gateway.web.menu import Menu
    from gateway.web.words import Words


def in_one_piece(text: str) -> str:
    """*Wi-Fi* with a hyphen at which no line ends; of what a stranger wrote nothing is changed."""
    return text.replace("Wi-Fi", "Wi\N{NON-BREAKING HYPHEN}Fi")


@dataclass(frozen=True, slots=True)
class PageView:
    """For whom a page is written, and with what.

    Args:
        lang: ``fr`` or ``en``.
        path: of the page.
        session: of who is signed in.
        files: name of one of the page's own files -> its address.
        words: key -> text in ``lang``.
        menu: the pages, by how often they are opened.
        query: what was asked of the page, ending with ``&``, so that its other language shows the same.
        requests: how many requests for access wait for an answer now.
        house: how the house is called on paper.
        made: when the page is made (POSIX seconds), for who prints it.
    """

    lang: str
    path: str
    session: BrowserSession | None
    files: Mapping[str, str]
    words: Words
    menu: Menu
    query: str = ""
    requests: Callable[[], int] = int
    house: str = ""
    made: float = 0.0

    def say(self, key: str, **places: object) -> str:
        """A text; it may hold what a stranger wrote."""
        return in_one_piece(self.words[key]).format_map(places)

    def page(self, template: str, **values: object) -> str:
        """The page that this template makes of the values, and of what is said above; see ``templates``."""
        # The first page that is asked for brings the engine.
        from gateway.web.templates import fill  # noqa: PLC0415

        return fill(
            template,
            lang=self.lang,
            path=self.path,
            query=self.query,
            form_token=self.session.form_token if self.session else "",
            static=self.files,
            menu=self.menu,
            requests=self.requests(),
            paper_house=self.house,
            paper_at=self.made,
            say=self.say,
            **values,
        )
