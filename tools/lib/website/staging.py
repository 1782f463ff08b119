"""The documents as Sphinx takes them: who reads what, links between pages, pictures with words, the other language.

A line ``<!-- for developers -->`` ends what is for people; so does, for itself, a paragraph that says in which order to
read the code. Both go to a page of the developers' part, in English.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from website.outline import COMMENTED, DEVELOPER, LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from website.outline import Audience, SitePage

MARK: Final = "<!-- for developers -->"
_HOME: Final = Path(__file__).parent / "home"
_ORDER: Final = re.compile(r"(?:Read|À lire :|Lisez) (?:`|in this order|first)")
_FENCE: Final = re.compile(r"(^ *```.*?^ *```[^\n]*$|`[^`\n]+`)", re.MULTILINE | re.DOTALL)
_LINK: Final = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
_TONGUE: Final = re.compile(
    r"(?:In English|En français) ?(?:, [^\n\[]*)?: ?\[(?:README|LISEZMOI)\.md\]\([^)]*\)\.? ?"
    r"|^\[(?:In English|En français)\]\((?:README|LISEZMOI)\.md\)$",
    re.MULTILINE,
)
_TITLE: Final = re.compile(r"^# +(.+)$", re.MULTILINE)
_WORDS: Final = {
    "fr": {"other": "In English", "english": "En anglais"},
    "en": {"other": "En français", "english": "In English"},
}


def parts(text: str) -> tuple[str, str]:
    """A document's part for people, and that for developers: empty, or sections and paragraphs without a title."""
    head, _, tail = text.partition(MARK)
    kept: list[str] = []
    orders: list[str] = []
    # No line of code is a paragraph's end, however many empty ones follow each other.
    for piece in _FENCE.sub(lambda found: found[0].replace("\n", "\0"), head).split("\n\n"):
        (orders if _ORDER.match(piece) else kept).append(piece.replace("\0", "\n"))
    rest = "\n\n".join([*orders, tail.strip()]).strip()
    return "\n\n".join(kept).rstrip() + "\n", f"{rest}\n" if rest else ""


def title_of(text: str) -> str:
    """A document's heading, without marks."""
    found = _TITLE.search(text)
    return re.sub(r"[`*]", "", re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", found[1])) if found else ""


def anchors(text: str) -> set[str]:
    """The headings as addresses, by GitHub's rule."""
    plain = re.findall(
        r"^#+ +(.*)$", _FENCE.sub(lambda found: found[0] if found[0].count("\n") == 0 else "", text), re.M
    )
    shown = [re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", one).replace("`", "") for one in plain]
    return {re.sub(r"[^\w\- ]", "", one.strip().lower()).replace(" ", "-") for one in shown}


class SiteLayout:
    """All pages; where a link of one of them leads."""

    def __init__(self, audiences: Sequence[Audience], root: Path, to: Path) -> None:
        self._root, self._to, self._audiences = root, to, audiences
        self._pages = [page for audience in audiences for page in audience.pages]
        self._by_source: dict[str, list[SitePage]] = {}
        for page in self._pages:
            self._by_source.setdefault(page.source, []).append(page)
        self._known_anchors: dict[SitePage, set[str]] = {}
        self._languages: dict[str, set[str]] = {}
        for page in self._pages:
            self._languages.setdefault(page.name, set()).add(page.language)

    def text(self, page: SitePage) -> str:
        """A page's own part of its document; a configuration that is commented, whole."""
        whole = (self._root / page.source).read_text(encoding="utf-8")
        if page.source.endswith(COMMENTED):
            return f"# {Path(page.source).name}\n\n```toml\n{whole.rstrip()}\n```\n"
        if page.audience == DEVELOPER and not page.tail:
            return whole.replace(MARK, "")
        head, rest = parts(whole)
        return f"# {title_of(whole)} (for developers)\n\n{rest}" if page.tail else head

    def write(self, page: SitePage) -> None:
        """The page where Sphinx looks for it."""
        text = self.linked(_TONGUE.sub("", self.text(page)), page.source, page.language, page.name)
        self.put(page.language, page.name, self.tongue(page.language, page.name) + text)

    def tongue(self, language: str, name: str) -> str:
        """The line that leads to the page in the other language, where there is one."""
        other = next(one for one in LANGUAGES if one != language)
        if other not in self._languages.get(name, {other}):
            return ""
        there, said = _between(language, name, other, name), _WORDS[language]["other"]
        return f'<p class="tongue"><a href="{there}" lang="{other}" hreflang="{other}">{said}</a></p>\n\n'

    def put(self, language: str, name: str, text: str) -> None:
        """A file of the layout."""
        file = self._to / language / f"{name}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def linked(self, text: str, source: str, language: str, name: str) -> str:
        """The text with its links leading to pages, its pictures beside it; what the site has not is text alone."""
        pieces = _FENCE.split(text)
        # Between the marks of a link there may be code: what is split off is put back first.
        marks = [f"\1{place}\1" if place % 2 else piece for place, piece in enumerate(pieces)]
        done = _LINK.sub(lambda found: self._link(found, source, language, name), "".join(marks))
        return re.sub("\1(\\d+)\1", lambda found: pieces[int(found[1])], done)

    def _link(self, found: re.Match[str], source: str, language: str, name: str) -> str:
        picture, shown, target = found.groups()
        if re.match(r"[a-z]+:", target):
            return found[0]
        file, _, anchor = target.partition("#")
        place = os.path.normpath(Path(source).parent / file) if file else source
        if picture:
            return self._picture(shown, place, source, language)
        place = f"{place}/README.md" if (self._root / place).is_dir() else place
        page = self._page(place, language, anchor)
        if place == "README.md":
            return f"[{shown}]({_between(language, name, language, 'index', '.md')})"
        if page is None:
            return shown
        mark = f"#{anchor}" if anchor else ""
        if page.language == language:
            return f"[{shown}]({_between(language, name, language, page.name, '.md')}{mark})"
        there = _between(language, name, page.language, page.name)
        return f'<a href="{there}{mark}" hreflang="{page.language}">{shown}</a>'

    def _page(self, place: str, language: str, anchor: str) -> SitePage | None:
        """The page of a document: of this language if there is one, and the part in which the anchor is."""
        known = self._by_source.get(place, [])
        same = [page for one in known for page in self._pages if page.name == one.name and page.language == language]
        found = [*known, *same] if not same else [*same, *(page for page in known if page.tail)]
        if anchor:
            found = [page for page in found if anchor in self._anchors(page)] or known
        return found[0] if found else None

    def _anchors(self, page: SitePage) -> set[str]:
        if page not in self._known_anchors:
            self._known_anchors[page] = anchors(self.text(page))
        return self._known_anchors[page]

    def _picture(self, shown: str, place: str, source: str, language: str) -> str:
        if not shown.strip():
            raise ValueError(f"{source}: {place} has no words: say between the brackets what is to be seen")
        kept = f"_pictures/{place.replace('/', '-')}"
        (self._to / language / "_pictures").mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self._root / place, self._to / language / kept)
        return f"![{shown}](/{kept})"

    def doors(self, audience: Audience, language: str) -> str:
        """The page of an audience: what is for it, and its pages in their order."""
        mine = [page for page in audience.in_language(language) if page.language == language]
        others = [page for page in audience.in_language(language) if page.language != language]
        lines = [f"# {audience.title[language]}", "", audience.about[language], ""]
        if mine:
            names = [f"/{page.name}" for page in mine]
            lines += ["```{toctree}", ":maxdepth: 1", "", *names, "```", ""]
        if others:
            lines += [f"## {_WORDS[language]['english']}", ""]
            for page in others:
                there = _between(language, f"{audience.name}/index", page.language, page.name)
                lines += [f'- <a href="{there}" lang="en" hreflang="en">{title_of(self.text(page))}</a>']
        return "\n".join(lines) + "\n"


def _between(language: str, name: str, other: str, there: str, end: str = ".html") -> str:
    """From a page to another as a relative address; French is at the root of the site, English in ``en/``."""
    if language == other:
        return os.path.relpath(there, Path(name).parent) + end
    here = Path("en" if language == "en" else ".") / Path(name).parent
    return os.path.relpath(Path("en" if other == "en" else ".") / there, here) + end


def lay_out(audiences: Sequence[Audience], root: Path, to: Path) -> None:
    """Every page of both languages, and the first ones; ValueError where a document is at fault."""
    site = SiteLayout(audiences, root, to)
    for audience in audiences:
        for page in audience.pages:
            site.write(page)
        for language in LANGUAGES:
            name = f"{audience.name}/index"
            site.put(language, name, site.tongue(language, name) + site.doors(audience, language))
    for language in LANGUAGES:
        home = _HOME / f"{language}.md"
        text = site.linked(home.read_text(encoding="utf-8"), str(home.relative_to(root)), language, "index")
        doors = [f"{audience.title[language]} </{audience.name}/index>" for audience in audiences]
        tree = "\n".join(["```{toctree}", ":hidden:", ":maxdepth: 2", "", *doors, "```"])
        site.put(language, "index", f"{site.tongue(language, 'index')}{text}\n{tree}\n")
