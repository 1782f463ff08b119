"""Which documents the site has, for whom, in which languages, and under which name each stands there.

``outline.toml`` names those for people; every other Markdown file that is tracked is for developers. A page is a
document or, of one with parts for developers, these (``staging`` cuts).
"""

from __future__ import annotations

import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[3]
FILE: Final = Path(__file__).with_name("outline.toml")
GUIDE: Final = "gateway/web/help/guide"
LANGUAGES: Final = ("fr", "en")
DEVELOPER: Final = "developer"
# A configuration that explains its keys itself: a page with the whole of it.
COMMENTED: Final = ".toml"
# What is read out by a program, or is no document of this project.
_NO_PAGES: Final = ("gateway/consent/texts/", "gateway/privacy/texts/", GUIDE + "/", "tools/lib/website/home/")


@dataclass(frozen=True, slots=True)
class SitePage:
    """``source``: its file, from the root; ``name``: where it stands, without an ending; ``tail``: developers' part."""

    source: str
    language: str
    audience: str
    name: str
    tail: bool = False


@dataclass(frozen=True, slots=True)
class Audience:
    """``title`` and ``about`` by language; ``pages`` of both languages, in the order in which they are read."""

    name: str
    title: dict[str, str]
    about: dict[str, str]
    pages: tuple[SitePage, ...]

    def in_language(self, language: str) -> list[SitePage]:
        """Its pages in that language; where there is none, the English one."""
        by_name: dict[str, dict[str, SitePage]] = {}
        for page in self.pages:
            by_name.setdefault(page.name, {})[page.language] = page
        return [both.get(language, both["en"]) for both in by_name.values()]


def read_outline(root: Path = ROOT) -> list[Audience]:
    """Each audience with its pages; those of developers last, with all that nobody else has."""
    raw = tomllib.loads(FILE.read_text(encoding="utf-8"))["audience"]
    tracked = _documents(root)
    taken: set[str] = set()
    audiences: list[Audience] = []
    for one in raw:
        named = [*_guide(one), *(_of(place, one["name"], tracked, root) for place in one["documents"])]
        pages = [page for group in named for page in group]
        taken |= {page.source for page in pages}
        if one["name"] == DEVELOPER:
            pages += _tails(audiences, root)
            rest = [name for name in tracked if name not in taken and Path(name).name != "LISEZMOI.md"]
            pages += [SitePage(name, "en", DEVELOPER, f"developer/{_slug(name)}") for name in rest]
        audiences.append(Audience(one["name"], _both(one, ""), _both(one, "_about"), tuple(pages)))
    return audiences


def _both(one: dict[str, str], end: str) -> dict[str, str]:
    return {language: one[f"{language}{end}"] for language in LANGUAGES}


def _guide(one: dict[str, list[str]]) -> list[list[SitePage]]:
    return [
        [SitePage(f"{GUIDE}/{slug}.{lang}.md", lang, "household", f"household/{slug}") for lang in LANGUAGES]
        for slug in one.get("guide", [])
    ]


def _of(place: str, audience: str, tracked: list[str], root: Path) -> list[SitePage]:
    """The pages of a file or of a folder; what is not there is a fault of the outline."""
    file = place if place.endswith((".md", COMMENTED)) else f"{place}/README.md"
    if (file not in tracked and not file.endswith(COMMENTED)) or not (root / file).exists():
        raise ValueError(f"{FILE.name}: there is no {file}")
    name = f"{audience}/{_slug(file)}"
    pages = [SitePage(file, "en", audience, name)]
    french = str(Path(file).with_name("LISEZMOI.md"))
    return (
        [SitePage(french, "fr", audience, name), *pages] if french in tracked and file.endswith("README.md") else pages
    )


def _tails(audiences: list[Audience], root: Path) -> list[SitePage]:
    """What of the others' documents is for developers, of which there is an English page."""
    from website.staging import parts  # noqa: PLC0415 (it imports this one)

    return [
        SitePage(page.source, "en", DEVELOPER, f"developer/{_slug(page.source)}", tail=True)
        for audience in audiences
        for page in audience.pages
        if page.language == "en" and parts((root / page.source).read_text(encoding="utf-8"))[1]
    ]


def _slug(file: str) -> str:
    """``tools/lib/setup/README.md`` → ``tools-setup``; ``CHANGELOG.md`` → ``changelog``."""
    folder, name = Path(file).parent, Path(file).stem
    words = [word for word in folder.parts if word != "lib"]
    return "-".join([*words, *([] if name in {"README", "LISEZMOI"} else [name])]).lower().replace(".", "-") or "readme"


def _documents(root: Path) -> list[str]:
    told = subprocess.run(
        ["git", "ls-files", "-z", "*.md"], cwd=root, check=True, capture_output=True, text=True
    ).stdout
    found = sorted(name for name in told.split("\0") if name and (root / name).exists())
    return [name for name in found if not name.startswith(_NO_PAGES)]
