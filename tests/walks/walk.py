"""One person's walk: what was read, what was typed of it, what had to be decided; printed, and judged by limits."""

from __future__ import annotations

import posixpath
import re
import time
from typing import TYPE_CHECKING, Self

from tests.walks.page import Passage, pages, passage
from tests.walks.words import unexplained
from website.outline import DEVELOPER

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tests.walks.terminal import Answers, Terminal


class Walk:
    """``with Walk("maker", "fr", most={"commands": 3}) as walk:`` — at its end it says what it took, and is judged.

    Nothing can be typed but what stands in a passage that was read. What a person puts in the place of a word of the
    page is in ``fills``: that word -> what is typed instead. It is either decided (``decides``), or was said before, by
    a page or a screen.
    """

    def __init__(
        self, person: str, language: str, most: Mapping[str, int], fills: Mapping[str, str] | None = None
    ) -> None:
        self.person, self.language = person, language
        self._most, self._fills = most, fills or {}
        self._own = {page.source for page in pages(person, language)}
        self.passages: list[Passage] = []
        self.commands: list[str] = []
        self.files: list[str] = []
        self.decisions: list[str] = []
        self._begun = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        print(self.report())
        if kind is None:
            self.judge()

    # --- What the person does ---

    def read(self, document: str, heading: str) -> Passage:
        """Read what stands below that heading of a page; it must be one of this person's, in their language."""
        assert document in self._own, f"{document} is no page for a {self.person} ({self.language})"
        found = passage(document, heading)
        self.passages.append(found)
        return found

    def follow(self, document: str, heading: str) -> Passage:
        """The same of a page of another audience, if a passage that was read has a link to it."""
        links = {link for one in self.passages for link in _links(one)}
        assert document in links, f"no link to {document} in {[one.document for one in self.passages]}"
        found = passage(document, heading)
        self.passages.append(found)
        return found

    def type(
        self, terminal: Terminal, beginning: str, answers: Answers = (), seconds: float = 300, code: int = 0
    ) -> str:
        """Type the one command that was read and is or begins so, and answer what it asks; what it said."""
        line = self._command(beginning)
        return terminal.type(line, answers, seconds, code)

    def begin(self, terminal: Terminal, beginning: str) -> AbstractContextManager[None]:
        """The same of a command that runs until Ctrl-C: the end of the ``with``."""
        return terminal.begin(self._command(beginning))

    def _command(self, beginning: str) -> str:
        found = {line for one in self.passages for line in one.commands if line.startswith(beginning)}
        # One that is whole may be the beginning of others.
        found = found & {beginning} or found
        assert len(found) == 1, f"{beginning!r}: {len(found)} such commands were read: {sorted(found)}"
        line = self._filled(found.pop())
        self.commands.append(line)
        return line

    def write(self, path: Path, text: str, *, mode: int = 0o644) -> None:
        """Write a file that a page shows, with an editor."""
        assert any(text.strip("\n") == block.text for one in self.passages for block in one.blocks), f"not read: {text}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self._filled(text), encoding="utf-8")
        path.chmod(mode)
        self.files.append(path.name)

    def decides(self, *what: str) -> None:
        """What was chosen between several, or thought of, or fetched somewhere."""
        self.decisions += what

    def _filled(self, text: str) -> str:
        for word, instead in self._fills.items():
            text = text.replace(word, instead)
        return text

    # --- What it came to ---

    @property
    def unexplained(self) -> list[str]:
        """Words that nobody has explained, of all that was read."""
        return unexplained(self.passages, self.language, develops=self.person == DEVELOPER)

    def counts(self) -> dict[str, int]:
        """How many of each there were."""
        lists = {"decisions": self.decisions, "commands": self.commands, "files": self.files}
        return {name: len(items) for name, items in lists.items()} | {"unexplained": len(self.unexplained)}

    def report(self) -> str:
        """What a person reads with ``-s``."""
        minutes = (time.monotonic() - self._begun) / 60
        lines = [f"\n{self.person} ({self.language}): {minutes:.1f} minutes"]
        for name, items in (
            ("decisions", self.decisions), ("commands", self.commands), ("files", self.files),
            ("unexplained", self.unexplained),
        ):  # fmt: skip
            of = f" of {self._most[name]}" if name in self._most else ""
            lines.append(f"  {len(items)}{of} {name}" + "".join(f"\n    {item}" for item in items))
        return "\n".join(lines)

    def judge(self) -> None:
        """AssertionError where it took more than it may."""
        counts = self.counts()
        over = {name: counts[name] for name, most in self._most.items() if counts[name] > most}
        assert not over, f"{self.person}: {over}, limits {dict(self._most)}"


def _links(one: Passage) -> set[str]:
    """The documents to which a passage leads, from the root."""
    folder = posixpath.dirname(one.document)
    found = re.findall(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)", one.prose)
    return {posixpath.normpath(posixpath.join(folder, link)) for link in found if "://" not in link}
