"""What the report of 2019 asked for: each row of the table has a page, a command or a document, and a test that exist.

Its commands and the anchors of its links are looked at with those of all documents (``test_docs``), its two languages
section by section (``test_two_languages``); here each row is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from gateway.web.help.routes import help_pages
from tests.markdown import ROOT, TRACKED, read
from tests.test_two_languages import in_english

ENGLISH, FRENCH = "gateway/household/needs/README.md", "gateway/household/needs/LISEZMOI.md"
NOTHING = "–"
# As the heads of both say it: how many needs, of them shown by a test, of these in part, open.
COUNTED = (
    r"\*\*Of (\d+) needs (\d+) have a test that shows them, (\d+) of these in part; (\d+) are open\.\*\*",
    r"\*\*Sur (\d+) besoins, (\d+) ont un test qui les montre, dont (\d+) en partie ; (\d+) restent ouverts\.\*\*",
)
# Those that the page has, as its own document lists them.
PAGES = {
    path
    for cell in re.findall(r"^\| (`/.*?) \| ", read("gateway/web/README.md")[1], re.MULTILINE)
    for path in re.findall(r"`(/[^`]*)`", cell)
} | set(help_pages().pages)
SOURCES = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "gateway/web").rglob("*.py")))


@dataclass(frozen=True)
class NeedRow:
    """A need: its number, what meets it, the test that shows it, what is open."""

    number: int
    what: str
    meets: str
    shown: str
    left: str

    @property
    def codes(self) -> list[str]:
        """What stands between ` marks in what meets it."""
        return re.findall(r"`([^`]+)`", self.meets)

    @property
    def links(self) -> list[str]:
        """Where what meets it leads, without the place in the document."""
        return [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", self.meets)]


def rows(document: str) -> list[NeedRow]:
    """Every need of a document, in its order."""
    found = re.findall(r"^\| (\d+) \| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$", read(document)[1], re.MULTILINE)
    return [NeedRow(int(number), *rest) for number, *rest in found]


def faults(row: NeedRow, document: str = ENGLISH) -> list[str]:
    """What a row names and there is not."""
    folder = (ROOT / document).parent
    found = [f"no file {link}" for link in row.links if not (folder / link).is_file()]
    for page in (code.partition("?")[0] for code in row.codes if code.startswith("/")):
        last = page.rpartition("/")[2]
        if page not in PAGES or not (page in help_pages().pages or re.search(rf'["/]{last}"', SOURCES)):
            found.append(f"no page {page}")
    if row.shown == NOTHING:
        return found if row.left != NOTHING else [*found, "nothing shows it, and nothing is said to be open"]
    if not row.codes and not row.links:
        found.append("neither a page nor a command nor a document")
    file, _, name = row.shown.strip("`").partition("::")
    if file not in TRACKED.split("\0") or not Path(file).name.startswith("test_"):
        return [*found, f"no test file {file}"]
    if not re.search(rf"^def {re.escape(name)}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE):
        found.append(f"no test {name}")
    return found


@pytest.mark.parametrize("document", [ENGLISH, FRENCH])
def test_each_need_names_what_there_is(document):
    """Pages, documents, a test; where no test shows it, what is open. No line of the table is passed over."""
    table = rows(document)
    lines = [line for line in read(document)[1].splitlines() if re.match(r"\| \d", line)]
    assert [row.number for row in table] == list(range(1, len(lines) + 1))
    assert {row.number: found for row in table if (found := faults(row, document))} == {}


def test_both_languages_say_the_same_of_each_need():
    """The same pages, commands, documents and test in each row, and the same rows have something open."""

    def told(row: NeedRow) -> tuple[object, ...]:
        named = sorted(map(in_english, row.codes)), sorted(map(in_english, row.links))
        return row.number, *named, row.shown, row.left == NOTHING

    assert [told(row) for row in rows(FRENCH)] == [told(row) for row in rows(ENGLISH)]


def test_as_many_needs_are_met_as_is_said():
    """The figures of the heads are those of the rows, and twenty needs at the least have a test."""
    table = rows(ENGLISH)
    shown = [row for row in table if row.shown != NOTHING]
    partly = [row for row in shown if row.left != NOTHING]
    assert len({row.what for row in table}) == len(table)
    assert len(shown) >= 20
    for document, pattern in zip((ENGLISH, FRENCH), COUNTED, strict=True):
        said = re.search(pattern, " ".join(read(document)[1].split()))
        assert said, document
        assert [int(figure) for figure in said.groups()] == [
            *(len(table), len(shown), len(partly), len(table) - len(shown)),
        ]


def test_a_row_that_names_what_is_not_there_is_found():
    """A page, a document, a file of tests, a test; a need that nothing meets and of which nothing is open."""
    row = rows(ENGLISH)[0]
    assert faults(row) == []
    assert faults(replace(row, meets="`/nowhere`")) == ["no page /nowhere"]
    assert faults(replace(row, meets="[it](nowhere.md)")) == ["no file nowhere.md"]
    assert faults(replace(row, meets="somehow")) == ["neither a page nor a command nor a document"]
    assert faults(replace(row, shown="`tests/test_nowhere.py::test_it`")) == ["no test file tests/test_nowhere.py"]
    assert faults(replace(row, shown=f"{row.shown.strip('`')}_not")) != []
    assert faults(replace(row, shown=NOTHING)) == ["nothing shows it, and nothing is said to be open"]
