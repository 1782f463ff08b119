"""``CHANGELOG.md``: by version, newest first, and by reader; each thing is said once."""

import itertools
import re
from pathlib import Path

from gateway import __version__
from gateway.upkeep.releases import versions

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
READERS = ["households", "makers", "installers", "operators and co-operatives", "developers"]
KINDS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]
HEADINGS = re.findall(r"^(#{2,}) (.*)$", TEXT, re.MULTILINE)


def test_versions_stand_newest_first_and_have_their_day():
    """What is not released is above them; the version that the program says is no older than the newest."""
    heads = [words for level, words in HEADINGS if level == "##"]
    found = [re.fullmatch(r"\[(\S+)\] - (\d{4}-\d\d-\d\d)", words) for words in heads[1:]]
    assert heads[0] == "[Unreleased]"
    assert None not in found, heads
    released, days = zip(*(one.groups() for one in found), strict=True)
    assert released[-1] == "0.1.0"
    assert all(versions.compared(older, newer) == "newer" for newer, older in itertools.pairwise(released))
    assert sorted(days, reverse=True) == list(days)
    # Between two releases the number says that it is on its way to the next one.
    assert versions.compared(released[0], __version__) == ("newer" if ".dev" in __version__ else "same")


def test_each_version_is_said_reader_by_reader():
    """Households first, who carries it on last; below them what is new, other, mended, in that order."""
    for version in re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]:
        readers = re.findall(r"^### For (.*)$", version, re.MULTILINE)
        assert readers == [one for one in READERS if one in readers]
        for part in re.split(r"^### ", version, flags=re.MULTILINE)[1:]:
            kinds = re.findall(r"^#### (.*)$", part, re.MULTILINE)
            assert kinds == [one for one in KINDS if one in kinds]
            assert "\n- " in part
    assert {level for level, _ in HEADINGS} <= {"##", "###", "####"}


def test_nothing_is_said_twice():
    """An entry that stands in two heaps is one of them too many."""
    entries = [" ".join(entry.split()) for entry in re.findall(r"^- (.*(?:\n  .*)*)", TEXT, re.MULTILINE)]
    assert len(entries) > 150
    assert len(set(entries)) == len(entries)
