"""A person's own pages, as ``outline.toml`` of the site gives them to an audience, and what is to be typed of them."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from functools import cache

from tests.markdown import Block, read
from website.outline import DEVELOPER, SitePage, read_outline

# What a line of a shell begins with, where it stands in a sentence or a table.
_TYPED = ("sudo ", "./tools/", "tools/", "linky-", "cp ", "apt ", "python")


@cache
def pages(audience: str, language: str) -> tuple[SitePage, ...]:
    """The pages of an audience in a language, in the order in which they are read."""
    (found,) = (one for one in read_outline() if one.name == audience)
    # Whoever develops has no language but the code's.
    return tuple(found.in_language("en" if audience == DEVELOPER else language))


@dataclass(frozen=True)
class Passage:
    """What stands below one heading of a page, down to the next one of its rank: read as it is."""

    document: str
    heading: str
    prose: str
    blocks: tuple[Block, ...]

    @property
    def commands(self) -> tuple[str, ...]:
        """All that is to be typed into a shell, as it stands: lines of blocks, continued ones whole; of sentences."""
        found: list[str] = []
        for block in self.blocks:
            if block.language in ("sh", "") and block.text:
                found += _lines(block.text)
        found += [code for code in re.findall(r"`([^`]+)`", self.prose) if code.startswith(_TYPED)]
        return tuple(found)

    def file(self, language: str, number: int = 0) -> str:
        """A file that is shown there, to be written."""
        return [block.text for block in self.blocks if block.language == language][number] + "\n"


def _lines(text: str) -> list[str]:
    """The commands of a block; what is continued by a backslash is one."""
    found = [""]
    for line in text.splitlines():
        found[-1] += line
        if line.endswith("\\"):
            found[-1] += "\n"
        else:
            found.append("")
    # A comment alone is none.
    return [line for line in found if shlex.split(line, comments=True)]


def passage(document: str, heading: str) -> Passage:
    """What stands below that heading (``## 2. Install``); the first line of a document is a heading as well."""
    blocks, prose = read(document)
    lines = prose.splitlines()
    assert lines.count(heading) == 1, f"{document}: {lines.count(heading)} headings {heading!r}"
    begin = lines.index(heading)
    rank = len(heading) - len(heading.lstrip("#"))
    ends = (at for at in range(begin + 1, len(lines)) if re.match(rf"#{{1,{rank}}} ", lines[at]))
    end = next(ends, len(lines))
    inside = tuple(block for block in blocks if begin < block.line <= end)
    return Passage(document, heading, "\n".join(lines[begin:end]), inside)
