"""What went through the Prosodys of the rig, held to the wire document's schema at the end of each module of tests.

Every server that a test starts in this process, or in one of its children, is tapped. What tests make up by hand, to
see it refused, says so by its sender: ``MADE_UP``.
"""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from tests.wire_schema import faults

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Programs that lie on purpose, and sessions of tests that say what no program says.
MADE_UP = re.compile(r"(liar[0-9]*|intruder|pest)@.*|[^/]*/(x|odd)")
# A kind of notice that there is not, and questions that are none, with which tools/conformance tries recipients.
_NO_KIND, _NO_QUESTION = "tea-is-ready", "nonsense-"
# As mod_tap.lua writes it.
_BETWEEN = "\x1e"
_MOST_SHOWN = 5
# What the rig's prosody.cfg.lua asks for.
_TAP = "LINKY_TAP"


class Tap:
    """The folder in which each life of a server has a file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read: dict[Path, int] = {}
        self._seen: set[int] = set()

    def check(self) -> None:
        """AssertionError for what has come since the last time and the schema does not have."""
        wrong = [fault for stanza in self.news() for fault in faults(stanza)]
        assert not wrong, "not as gateway/federation/schema/wire.rng says:\n" + "\n".join(wrong[:_MOST_SHOWN])

    def news(self) -> Iterator[ET.Element]:
        """What has come since the last time, each stanza once however often it went through."""
        for file in sorted(self.folder.iterdir()):
            with file.open("rb") as opened:
                opened.seek(self._read.get(file, 0))
                # What is not whole yet is read the next time, or never, of a server that was killed.
                whole, between, _ = opened.read().rpartition(_BETWEEN.encode())
            self._read[file] = self._read.get(file, 0) + len(whole + between)
            for text in filter(None, whole.decode().split(_BETWEEN)):
                if (key := hash(text)) not in self._seen:
                    self._seen.add(key)
                    yield from said(text)

    def stanzas(self) -> Iterator[ET.Element]:
        """All that has come."""
        for file in self.folder.iterdir():
            for text in file.read_text().split(_BETWEEN)[:-1]:
                yield from said(text)


def said(text: str) -> Iterator[ET.Element]:
    """The stanza of a text, where no test has made it up."""
    stanza = ET.fromstring(text)
    if stanza.get("type") == "error":
        # What was refused may come back beside the refusal, as it was.
        stanza[:] = [part for part in stanza if part.tag.rpartition("}")[2] == "error"]
    made_up = MADE_UP.fullmatch(stanza.get("from", "")) or stanza.get("id", "").startswith(_NO_QUESTION)
    if not made_up and _NO_KIND not in text:
        yield stanza


@contextmanager
def tapped(folder: Path) -> Iterator[Tap]:
    """Have the servers that are started meanwhile write into this folder."""
    before = os.environ.get(_TAP)
    os.environ[_TAP] = str(folder)
    try:
        yield Tap(folder)
    finally:
        del os.environ[_TAP]
        if before is not None:
            os.environ[_TAP] = before
