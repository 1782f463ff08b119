"""What the site has: each document for somebody, both languages for a household, words that are few and in step."""

import re
import subprocess
import sys

import pytest

from tests.markdown import DOCUMENTS, ROOT, read, sections
from website import staging
from website.outline import GUIDE, LANGUAGES, SitePage, read_outline

OUTLINE = read_outline()
PAGES = [page for audience in OUTLINE for page in audience.pages]
HOUSEHOLD = next(audience for audience in OUTLINE if audience.name == "household")
GUIDES = sorted((ROOT / GUIDE).glob("*.fr.md"))
MOST_WORDS = 9_000


def test_every_document_has_its_page():
    """But for what a program reads out, and the French half of a document, which is its page in French."""
    shown = {page.source for page in PAGES}
    left_out = [name for name in DOCUMENTS if name not in shown and "/texts/" not in name]
    assert [name for name in left_out if not name.startswith("tools/lib/website/home/")] == []


def test_no_two_pages_are_one():
    """Each has an address of its own in its language."""
    addresses = [(page.language, page.name) for page in PAGES]
    assert len(addresses) == len(set(addresses))


def test_a_household_has_each_page_in_both_languages():
    """Nothing that it may need is in English alone."""
    by_language = [{page.name for page in HOUSEHOLD.pages if page.language == language} for language in LANGUAGES]
    assert by_language[0] == by_language[1]
    assert len(by_language[0]) == len(GUIDES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_household_may_read_is_read_in_an_hour(language):
    """At most nine thousand words, tables and titles included."""
    site = staging.SiteLayout(OUTLINE, ROOT, ROOT)
    mine = [page for page in HOUSEHOLD.pages if page.language == language]
    assert 5_000 < sum(len(site.text(page).split()) for page in mine) <= MOST_WORDS


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_the_guide_says_the_same_in_both_languages(guide):
    """Section by section: as many rows, items and pictures, links to the same places."""
    slug = guide.name.partition(".")[0]
    french, english = (sections(f"{GUIDE}/{slug}.{language}.md") for language in LANGUAGES)
    assert len(french) == len(english)
    for one, other in zip(french, english, strict=True):
        where = f"{guide.name}: {one.title} / {other.title}"
        assert (one.rank, one.rows, one.items) == (other.rank, other.rows, other.items), where
        assert sorted(map(_place, one.links)) == sorted(map(_place, other.links)), where


def _place(link):
    return re.sub(r"\.(?:en|fr)(?=\.(?:md|png)$)", "", link).removesuffix("fr/")


@pytest.mark.parametrize("guide", sorted((ROOT / GUIDE).glob("*.md")), ids=lambda path: path.name)
def test_the_guide_asks_for_no_command(guide):
    """What is done is done with hands or at the page: nothing to type, no file, no path."""
    blocks, text = read(str(guide.relative_to(ROOT)))
    assert blocks == ()
    assert "`" not in text
    assert not re.search(r"\bsudo\b|\.toml\b|/etc/|linky-gateway", text)


def test_what_is_for_developers_is_taken_out():
    """The order in which to read the code, and what stands behind the mark; what is left is for people."""
    people, order = "# A\n\nOne.\n\n", "Read `a.py`, then `b.py`.\n\n"
    more = "## B\ntwo\n\n```sh\nx\n\ny\n```\n"
    head, rest = staging.parts(f"{people}{order}{more}\n{staging.MARK}\n## C\nthree\n")
    assert head == people + more
    assert rest == "Read `a.py`, then `b.py`.\n\n## C\nthree\n"
    assert staging.parts("# A\n\none\n") == ("# A\n\none\n", "")


def test_people_are_spared_what_is_for_developers():
    """None of their pages says in which order to read the code, or what was not tried on a bench."""
    site = staging.SiteLayout(OUTLINE, ROOT, ROOT)
    for page in PAGES:
        if page.audience != "developer":
            assert not re.search(r"^(Read `|À lire : `|## Not tried here)", site.text(page), re.MULTILINE), page.source


def test_a_picture_without_words_is_refused(tmp_path):
    """With the document and the picture."""
    site = staging.SiteLayout(OUTLINE, ROOT, tmp_path)
    with pytest.raises(ValueError, match=r"hardware/README\.md: hardware/ways\.svg has no words"):
        site.linked("![](ways.svg)\n", "hardware/README.md", "en", "maker/hardware")


def test_a_link_leads_to_the_page_of_the_same_language(tmp_path):
    """Else to the English one, across; what the site does not have is text, what stands in code is left alone."""
    site = staging.SiteLayout(OUTLINE, ROOT, tmp_path)
    linked = site.linked(
        "[a](../doctor/LISEZMOI.md) [b](../web/README.md#pages) [c](cli.py) `[d](cli.py)`\n",
        "gateway/privacy/LISEZMOI.md", "fr", "maker/gateway-privacy",
    )  # fmt: skip
    assert linked == (
        '[a](gateway-doctor.md) <a href="../en/maker/gateway-web.html#pages" hreflang="en">b</a> c `[d](cli.py)`\n'
    )


def test_an_outline_that_names_no_document_is_refused(tmp_path):
    """A folder that is not there any more is not passed over."""
    with pytest.raises(ValueError, match=r"outline\.toml: there is no .*README\.md"):
        read_outline(tmp_path_of_nothing(tmp_path))


def tmp_path_of_nothing(folder):
    """A repository that has no document at all."""
    subprocess.run(["git", "init", "-q", folder], check=True)
    return folder


def test_another_folder_is_not_written_over(tmp_path):
    """Whoever mistypes --out loses nothing."""
    (tmp_path / "letters.txt").write_text("mine")
    done = subprocess.run(
        [sys.executable, "-m", "website", "--out", tmp_path], cwd=ROOT / "tools/lib", check=False, capture_output=True,
        text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert "holds something else than a site" in done.stderr
    assert (tmp_path / "letters.txt").read_text() == "mine"


def test_a_page_is_one_of_the_site():
    """What a page is made of is said in one place."""
    assert SitePage("SECURITY.md", "en", "developer", "developer/security") in PAGES
