"""The guide as the gateway's own page shows it: made of the same Markdown, links within it, nothing from elsewhere."""

import re

import pytest

from gateway.web.help.routes import PAGES, WRITTEN, read_page
from website import offline
from website.outline import LANGUAGES


def test_each_page_of_the_guide_is_there():
    """In both languages, under the name that it has on the site."""
    assert sorted(PAGES) == sorted({file.name.split(".")[0] for file in offline.GUIDE.glob("*.md")})
    assert {f"{name}.{lang}.htm" for name in PAGES for lang in LANGUAGES} == {file.name for file in WRITTEN.iterdir()}


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", PAGES)
def test_its_links_stay_in_the_house_or_say_that_they_do_not(name, lang):
    """To another page of help, or by https to the Internet; nothing is loaded."""
    title, text = read_page(name, lang)
    assert title
    assert "<h1" not in text
    for there in re.findall(r'href="([^"]*)"', text):
        assert there.startswith("https://") or there.removeprefix("/help/") in PAGES, there
    assert not re.search(r"<(img|script|style|link)|style=| src=", text)


def test_what_only_the_site_has_is_no_page_of_help(tmp_path):
    """The guide cannot lead a household to a document that the gateway does not have."""
    (tmp_path / "buy.en.md").write_text("# Title\n\nSee [the doctor](../../../doctor/README.md).\n")
    with pytest.raises(ValueError, match=r"buy\.en\.md: \.\./\.\./\.\./doctor/README\.md is not a page of the guide"):
        offline.written(tmp_path / "buy.en.md")


def test_a_page_is_written_as_the_house_shows_pages(tmp_path):
    """Tables that a phone can stack, French spaces, no picture, no mark of what is made; HTML is text."""
    (tmp_path / "buy.fr.md").write_text(
        "# Acheter ?\n\n![mot](a.png)\n<!-- shops: begin -->\nRien <b>ici</b> ; [là](connect.fr.md)\n"
        "<!-- shops: end -->\n\n| quoi | lequel | où |\n|---|---|---|\n| un | deux | là |\n\n"
        "| le mot | son sens |\n|---|---|\n| a | b |\n"
    )
    said = offline.written(tmp_path / "buy.fr.md")
    assert said.startswith('Acheter\u202f?\n<p>Rien &lt;b&gt;ici&lt;/b&gt;\u202f; <a href="/help/connect">là</a></p>\n')
    assert '<th scope="row">un</th>\n<td data-name="lequel">deux</td>' in said
    # What a word means needs no name of its column.
    assert '<th scope="row">a</th>\n<td>b</td>' in said
