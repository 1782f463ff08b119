"""The documents of the repository, taken apart: blocks, text, headings, sections, tables, links."""

from __future__ import annotations

import re
import shlex
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
TRACKED = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
DOCUMENTS = sorted(name for name in TRACKED.split("\0") if name.endswith(".md") and (ROOT / name).exists())


@dataclass(frozen=True)
class Block:
    """What stands between two ``` lines."""

    document: str
    line: int
    language: str
    text: str


@cache
def read(document: str) -> tuple[tuple[Block, ...], str]:
    """The blocks of a document, and everything else with empty lines in their place."""
    blocks, prose, inside = [], [], None
    for number, line in enumerate((ROOT / document).read_text(encoding="utf-8").splitlines(), start=1):
        if not line.startswith("```"):
            (prose if inside is None else inside[2]).append(line)
        elif inside is None:
            inside = number, line[3:].strip(), []
        else:
            blocks.append(Block(document, inside[0], inside[1], "\n".join(inside[2])))
            prose += [""] * (number - inside[0] + 1)
            inside = None
        if inside is None and line.startswith("```"):
            continue
    assert inside is None, f"{document}: a block is not closed"
    return tuple(blocks), "\n".join(prose)


def spans(document: str) -> Iterator[str]:
    """Everything between ` marks, as a reader sees it in a table too."""
    for found in re.finditer(r"`([^`]+)`", read(document)[1]):
        yield " ".join(found[1].split()).replace(r"\|", "|")


def anchors(document: str) -> set[str]:
    """The headings as addresses, by GitHub's rule."""
    named: dict[str, int] = {}
    for heading in re.findall(r"^#+ +(.*)$", read(document)[1], re.MULTILINE):
        shown = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
        slug = re.sub(r"[^\w\- ]", "", shown.strip().lower()).replace(" ", "-")
        named[slug] = named.get(slug, -1) + 1
    return {f"{slug}-{number}" if number else slug for slug, last in named.items() for number in range(last + 1)}


def shell_commands(document: str) -> Iterator[str]:
    """The commands of a document's sh blocks: continued lines are one, words after # are none."""
    for block in read(document)[0]:
        if block.language == "sh":
            for line in block.text.replace("\\\n", " ").splitlines():
                if words := shlex.split(line, comments=True):
                    yield shlex.join(words).replace("'|'", "|").replace("'>'", ">").replace("'&'", "&")


@dataclass(frozen=True)
class Section:
    """What stands below a heading: its rank, and what there is of tables, lists, links and words in ` marks."""

    rank: int
    title: str
    rows: list[int]
    items: int
    links: list[str]
    codes: list[str]


def sections(document: str) -> list[Section]:
    """The sections of a document in their order; of a table each row as its number of cells."""
    parts = re.split(r"(?m)^(#+) +(.*)$", read(document)[1])
    found = []
    for rank, title, body in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        rows = [line.replace(r"\|", "").strip().strip("|") for line in body.splitlines() if line.startswith("|")]
        found.append(
            Section(
                rank=len(rank),
                title=title,
                rows=[row.count("|") + 1 for row in rows],
                items=len(re.findall(r"^ *(?:[-*]|\d+\.) ", body, re.MULTILINE)),
                links=re.findall(r"\]\(([^)\s]+)\)", body),
                codes=[" ".join(code.split()) for code in re.findall(r"`([^`]+)`", body)],
            )
        )
    return found
