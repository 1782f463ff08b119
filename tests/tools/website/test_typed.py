"""What is copied from a page of the site is what its document says: every block whole, every program a program."""

import html
import re

import pytest

from tests.markdown import ROOT
from website import staging
from website.finish import curled
from website.outline import read_outline

OUTLINE = read_outline()
PAGES = [page for audience in OUTLINE for page in audience.pages]
_FENCE = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
# What Sphinx makes of a block: its language, its text with marks for colours.
_SHOWN = re.compile(r'<div class="highlight-([\w-]+) notranslate"><div class="highlight"><pre>(.*?)</pre>', re.DOTALL)


def _said(text):
    """The blocks of a document: language, lines."""
    for indent, language, body in _FENCE.findall(text):
        yield language, re.sub(rf"^{indent}", "", body, flags=re.MULTILINE).strip("\n").split("\n")


def _shown(page):
    """The blocks of a page as they are copied."""
    for language, body in _SHOWN.findall(page):
        yield language, html.unescape(re.sub(r"<[^>]+>", "", body)).strip("\n").split("\n")


def _place(site, page):
    return site / ("en" if page.language == "en" else ".") / f"{page.name}.html"


def test_every_block_is_shown_as_it_is_written(site):
    """Line by line, empty ones included: on each page as many as in its document, and the same."""
    layout = staging.SiteLayout(OUTLINE, ROOT, ROOT)
    count = 0
    for page in PAGES:
        said = [lines for _, lines in _said(layout.text(page))]
        shown = [lines for _, lines in _shown(_place(site, page).read_text(encoding="utf-8"))]
        assert shown == said, page.source
        count += len(said)
    assert count > 250


def test_every_program_in_python_is_one(site):
    """Copied from its page, it compiles."""
    count = 0
    for page in PAGES:
        for language, lines in _shown(_place(site, page).read_text(encoding="utf-8")):
            if language in {"python", "py"}:
                compile("\n".join(lines), page.name, "exec")
                count += 1
    assert count >= 6


def test_no_letter_of_a_page_is_lost(site):
    """Nowhere the sign that stands for a letter which could not be read."""
    for path in site.rglob("*.html"):
        assert "\N{REPLACEMENT CHARACTER}" not in path.read_text(encoding="utf-8"), path
        assert "\0" not in path.read_text(encoding="utf-8"), path


def test_two_empty_lines_of_a_program_stay():
    """They end no paragraph, and what stands around them is the same block."""
    program = "```python\na = 1\n\n\ndef b():\n    pass\n\n\n\nb()\n```"
    assert staging.parts(f"# A\n\n{program}\n\nRead `b`, then `a`.\n") == (
        f"# A\n\n{program}\n", "Read `b`, then `a`.\n"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("<p>L'image, d'<code>a</code>, <b>b</b>'s</p>", "<p>L’image, d’<code>a</code>, <b>b</b>’s</p>"),
        ("<p>the pages' scripts don&#x27;t</p>", "<p>the pages’ scripts don’t</p>"),
        ("<p>tools/test --all, mode = \"auto\"</p>", "<p>tools/test --all, mode = \"auto\"</p>"),
        ("<pre>print('a')</pre><code>it's</code>", "<pre>print('a')</pre><code>it's</code>"),
    ],
)  # fmt: skip
def test_apostrophes_are_those_of_print(written, printed):
    """Behind a letter or markup; quotes, dashes and what is typed are as they are written."""
    assert curled(written) == printed


def test_what_is_typed_within_a_sentence_is_as_it_is_written(site):
    """With the quotes and dashes that a keyboard has, letter by letter as in the document."""
    layout, count = staging.SiteLayout(OUTLINE, ROOT, ROOT), 0
    for page in PAGES:
        text = " ".join(re.sub(r"\\([|])", r"\1", layout.text(page)).split())
        shown = _place(site, page).read_text(encoding="utf-8").partition("<article")[2].partition("</article>")[0]
        for code in re.findall(r'<code class="docutils literal notranslate">(.*?)</code>', shown, re.DOTALL):
            typed = " ".join(html.unescape(re.sub(r"<[^>]+>", "", code)).split())
            assert typed in text, (page.source, typed)
            count += 1
    assert count > 250
