"""A document in French is the English one in French: its headings, tables, lists, links, pictures and commands."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.markdown import DOCUMENTS, anchors, read, sections, shell_commands

FRENCH = [name for name in DOCUMENTS if Path(name).name == "LISEZMOI.md"]
# Goes into an archive, where both lie side by side; its commands are those of the program that writes it.
IN_AN_ARCHIVE = "gateway/privacy/texts/LISEZMOI.md"
# Blocks that are for programs.
EXAMPLES = {"python", "json", "yaml", "lua", "csv", "text"}
# What a French reader is shown under another name.
TRANSLATED = {
    **{"essai.toml": "try.toml", "--lang fr": "--lang en", "mes-donnees.zip": "mine.zip", "NOM.local": "NAME.local"},
    **{"historique": "historic", "LISEZMOI.md": "README.md", "FICHIER": "FILE"},
}


def in_english(text: str) -> str:
    """A name, a command, a link as the English document has it."""
    for french, english in TRANSLATED.items():
        text = text.replace(french, english)
    return text


def test_each_language_has_its_documents():
    """Households, recipients, operators and builders have both; none is lost without a trace."""
    assert [str(Path(name).parent) for name in FRENCH] == [
        *("gateway", "gateway/bridges", "gateway/collector", "gateway/collector/cooperative"),
        *("gateway/collector/privacy", "gateway/collector/watching", "gateway/display", "gateway/doctor"),
        *("gateway/federation", "gateway/first_boot", "gateway/household/needs", "gateway/household/past"),
        *("gateway/live", "gateway/notices", "gateway/privacy", "gateway/privacy/texts", "gateway/upkeep/duties"),
        "gateway/web/roof",
        *("hardware", "hardware/tic-adapter", "hardware/wiring", "micropython/display", "tools/lib/demo"),
        *("tools/lib/flash", "tools/lib/provision", "tools/lib/recipient", "tools/lib/servers"),
        *("tools/lib/servers/operators", "tools/lib/setup"),
    ]


@pytest.mark.parametrize("document", FRENCH)
def test_the_two_languages_lead_to_each_other(document):
    """A LISEZMOI.md has a README.md beside it, each names the other, and they say to type the same."""
    other = str(Path(document).with_name("README.md"))
    assert other in DOCUMENTS
    if document != IN_AN_ARCHIVE:
        assert "](README.md)" in read(document)[1]
        assert "](LISEZMOI.md)" in read(other)[1]
    french = [in_english(command) for command in shell_commands(document)]
    assert french == list(shell_commands(other))


@pytest.mark.parametrize("document", FRENCH)
def test_examples_are_the_same_in_both_languages(document):
    """Programs and what they read are letter by letter those of the English document, which other tests run."""
    french, english = (
        [(block.language, block.text) for block in read(name)[0] if block.language in EXAMPLES]
        for name in (document, str(Path(document).with_name("README.md")))
    )
    assert french == english[: len(french)]
    assert len(sections(document)) < len(sections(str(Path(document).with_name("README.md")))) or french == english


@pytest.mark.parametrize("document", FRENCH)
def test_the_two_languages_have_the_same_sections(document):
    """Rank by rank, with tables of the same rows and columns, lists as long, links to the same places.

    An English document may go on, with what only developers read.
    """
    french, english = sections(document), sections(str(Path(document).with_name("README.md")))
    assert 0 < len(french) <= len(english)
    for one, other in zip(french, english, strict=False):
        where = f"{document}: {one.title} / {other.title}"
        assert one.rank == other.rank, where
        assert one.rows == other.rows, where
        assert one.items == other.items, where
        assert sorted(_place(link) for link in one.links) == sorted(_place(link) for link in other.links), where
        assert Counter(map(in_english, one.codes)) == Counter(other.codes), where


def _place(link: str) -> str:
    """Where a link leads, in either language: the file, and only whether there is an anchor."""
    file, mark, _ = in_english(link).partition("#")
    file = "" if mark and file == "README.md" else file  # the other language may have the section, or this one
    return re.sub(r"\.(?:en|fr)(?=\.png$)", "", file) + mark


@pytest.mark.parametrize("document", FRENCH)
def test_a_french_document_leads_to_french_ones(document):
    """Where a LISEZMOI.md is beside the README.md that is linked, it is the one that is linked."""
    for section in sections(document):
        for link in section.links:
            file = link.partition("#")[0]
            if Path(file).name == "README.md" and file != "README.md":
                beside = str(Path(file).with_name("LISEZMOI.md"))
                resolved = Path(document).parent / beside
                assert not resolved.exists(), f"{document}: {link}"


def test_the_comparison_sees_a_row_that_is_missing(monkeypatch, tmp_path):
    """Headings, rows, items, links and codes are really read."""
    text = "# A\n| `x` | y |\n|---|---|\n| [l](m.md#n) | `b\\|c` |\n- one\n## B\n"
    (tmp_path / "a.md").write_text(text, encoding="utf-8")
    monkeypatch.setattr("tests.markdown.ROOT", tmp_path)
    first, second = sections("a.md")
    assert (first.rank, first.rows, first.items, first.links) == (1, [2, 2, 2], 1, ["m.md#n"])
    assert first.codes == ["x", r"b\|c"]
    assert (second.rank, second.title, second.rows) == (2, "B", [])
    assert anchors("a.md") == {"a", "b"}
