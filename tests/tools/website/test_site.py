"""The site as it is made: links, both languages from the first page on, nothing from elsewhere, a search that finds."""

import os
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest

from harness.browser import PROGRAM
from website.finish import SAID, headed, not_found, unbroken

# What a host, or a form, leads to.
UNLINKED = ("search.html", "404.html")


class Page(HTMLParser):
    """What stands in a page: where it leads, what it loads, its anchors, its language, pictures without words."""

    def __init__(self, text):
        super().__init__()
        self.links, self.loaded, self.anchors, self.language, self.mute = [], [], set(), None, []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.anchors |= {given[key] for key in ("id", "name") if given.get(key)}
        if tag == "html":
            self.language = given.get("lang")
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        if tag in {"script", "img", "iframe"} and given.get("src"):
            self.loaded.append(given["src"])
        if tag == "link" and given.get("rel") not in {"canonical", "next", "prev", "index", "search"}:
            self.loaded.append(given["href"])
        if tag == "img" and not (given.get("alt") or "").strip():
            self.mute.append(given.get("src"))


@pytest.fixture(scope="module")
def pages(site):
    """Path from the site's folder -> its page."""
    return {path.relative_to(site): Page(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}


def _inside(page, link):
    """The file and the anchor to which a link leads, or None where it leaves the site."""
    if re.match(r"[a-z]+:", link):
        return None
    file, anchor = urldefrag(link)
    place = Path(os.path.normpath(page.parent / unquote(file))) if file else page
    return place, unquote(anchor)


def test_no_link_is_dead(site, pages):
    """Each within the site leads to a file that is there, each anchor to a place on it."""
    for page, found in pages.items():
        for link in found.links:
            there = _inside(page, link)
            if there is None:
                continue
            place, anchor = there
            assert (site / place).is_file(), f"{page}: {link}"
            if anchor and place.suffix == ".html":
                assert anchor in pages[place].anchors, f"{page}: {link}"


@pytest.mark.parametrize("home", ["index.html", "en/index.html"])
def test_each_page_is_reached_from_the_first_one(pages, home):
    """In either language, by links alone."""
    found, waiting = set(), [next(page for page in pages if str(page) == home)]
    while waiting:
        page = waiting.pop()
        if page not in found:
            found.add(page)
            there = [_inside(page, link) for link in pages[page].links]
            waiting += [one[0] for one in there if one and one[0].suffix == ".html"]
    assert [str(page) for page in pages if page not in found and page.name not in UNLINKED] == []


def test_nothing_is_loaded_from_elsewhere(site, pages):
    """No script, letter, picture or style of another host: neither by a page nor by what a page loads."""
    for page, found in pages.items():
        assert [one for one in found.loaded if re.match(r"([a-z]+:)?//", one)] == [], page
    for style in site.rglob("*.css"):
        assert not re.search(r"(@import|url\()\s*['\"]?(https?:)?//", style.read_text(encoding="utf-8")), style


def test_each_page_says_its_language(pages):
    """French at the root, English in its folder."""
    for page, found in pages.items():
        assert found.language == ("en" if page.parts[0] == "en" else "fr"), page


def test_each_cell_of_a_table_has_a_header(site):
    """That of its column or, where the corner is empty, that of its row; no other header is empty."""
    for path in site.rglob("*.html"):
        for table in re.findall(r"<table.*?</table>", path.read_text(encoding="utf-8"), re.DOTALL):
            heads = re.findall(r'<th class="head">(.*?)</th>', table, re.DOTALL)
            assert all(map(_said, heads[1:])), (path, heads)
            if heads and not _said(heads[0]):
                assert table.count('scope="row"') == table.count("<tr ") - 1, path
    assert headed("<tr><td>a</td></tr>") == "<tr><td>a</td></tr>"


def _said(cell):
    return re.sub(r"<[^>]+>", "", cell).strip()


def test_pictures_have_words(pages):
    """For who cannot see them."""
    assert [(page, found.mute) for page, found in pages.items() if found.mute] == []


def test_the_theme_speaks_french_on_a_french_page(site):
    """Its own words are those of the table, and all of them are there."""
    text = (site / "household/buy.html").read_text(encoding="utf-8")
    for english, french in SAID.items():
        assert not re.search(rf">\s*{re.escape(english)}\s*<|=\"{re.escape(english)}\"", text), english
        assert english == "Home" or unbroken(french) in text, english
    assert "Toggle" not in text


def test_a_mistyped_address_is_answered_by_the_site(site, pages):
    """In both languages, with ways on that hold at whatever depth, and nothing to load."""
    text = (site / "404.html").read_text(encoding="utf-8")
    assert "Cette page n’existe pas" in text
    assert "There is no such page" in text
    assert pages[Path("404.html")].loaded == []
    assert {"index.html", "en/index.html"} <= set(pages[Path("404.html")].links)
    assert '<base href="/">' in not_found("")
    assert '<base href="/linky/">' in not_found("https://example.org/linky")


def test_no_line_of_french_begins_with_a_sign(site):
    """On each French page, for who reads it; what is typed or run stays as it is."""
    for path in site.rglob("*.html"):
        if path.relative_to(site).parts[0] != "en":
            text = path.read_text(encoding="utf-8")
            assert unbroken(text) == text, path
    typed = "<p>Quoi ?</p><pre>a ? b</pre><p>«\nnon » <code>x : y</code> ;</p>"
    assert unbroken(typed) == ("<p>Quoi\u202f?</p><pre>a ? b</pre><p>«\u00a0non\u00a0» <code>x : y</code>\u202f;</p>")
    assert "\u202f?" in (site / "household/buy.html").read_text(encoding="utf-8")


@pytest.mark.skipif(PROGRAM is None, reason="chromium is not installed")
@pytest.mark.parametrize(
    ("page", "words", "found"),
    [("search.html", "adaptateurs", "household/buy.html"), ("en/search.html", "adapters", "household/buy.html")],
)
def test_the_search_finds_in_its_language(site, tmp_path, page, words, found):
    """From the disk, without a server, by another form of the word than the page has."""
    command = [
        PROGRAM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        "--virtual-time-budget=20000", f"--user-data-dir={tmp_path}", "--dump-dom", f"file://{site / page}?q={words}",
    ]  # fmt: skip
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120, env={**os.environ})
    assert f'href="{found}' in done.stdout, done.stderr[-2000:]
