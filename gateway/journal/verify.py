"""Checking a journal from its export alone: no database, no private key, one line in memory at a time.

The first fault ends the check, named by the number of the entry that should have stood there. What only an anchor (a
head that somebody else keeps) can show is that the tail was cut, or that everything was signed anew.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import IO, TYPE_CHECKING

from gateway.errors import JournalError
from gateway.journal.entry import FORMAT, LONGEST_LINE, NO_ENTRY, Entry, Head, read_line
from gateway.journal.key import is_signed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping


class Why(Enum):
    """What is wrong with an entry."""

    CHANGED = "changed"
    REMOVED = "removed"
    REORDERED = "reordered"
    SIGNATURE = "signature"
    KEY = "key"
    TEXT = "text"
    CUT = "cut"
    REWRITTEN = "rewritten"


@dataclass(frozen=True, slots=True)
class JournalFault:
    """The first bad entry by its number; ``detail`` is a key or a field's name, where that helps."""

    seq: int
    why: Why
    detail: str = ""


@dataclass(frozen=True, slots=True)
class JournalVerdict:
    """What was found: entries that are good, the head of those, the key they begin with, texts that were erased."""

    entries: int
    head: Head | None
    key: str
    erased: int
    fault: JournalFault | None


def read_lines(stream: IO[bytes]) -> Iterator[bytes]:
    """The lines of an export; one that is longer than any entry comes in pieces, which are no entries."""
    return iter(lambda: stream.readline(LONGEST_LINE), b"")


def verify(lines: Iterable[bytes], keys: Collection[str] = (), anchors: Collection[Head] = ()) -> JournalVerdict:
    """Check every hash, signature and text, in order.

    Args:
        lines: of an export.
        keys: the public keys that are trusted; with none, the one that the first entry names.
        anchors: heads that must be part of this journal.
    """
    known: dict[int, set[str]] = {}
    for anchor in anchors:
        known.setdefault(anchor.seq, set()).add(anchor.hash)
    chain = _Chain(keys, known)
    rest = iter(lines)
    fault = next((found for line in rest if (found := chain.add(line))), None) or chain.end()
    if fault and fault.why is Why.REMOVED and any(_number(line) == fault.seq for line in rest):
        fault = replace(fault, why=Why.REORDERED)
    head = Head(chain.seq, chain.hash.hex()) if chain.seq else None
    return JournalVerdict(chain.seq, head, chain.first_key, chain.erased, fault)


@dataclass(slots=True)
class _Chain:
    """What the entries so far say."""

    keys: Collection[str]
    # Number of an entry -> the hashes that it is said to have.
    anchors: Mapping[int, Collection[str]]
    seq: int = 0
    hash: bytes = NO_ENTRY
    first_key: str = ""
    erased: int = 0
    _key: str = field(default="")

    def add(self, line: bytes) -> JournalFault | None:
        """Take the next line in; the fault instead when it is not the next entry."""
        number = self.seq + 1
        try:
            entry = read_line(line)
        except JournalError:
            return JournalFault(number, Why.CHANGED)
        fault = self._misplaced(entry) or self._misnamed(entry) or self._missaid(entry)
        if fault is None:
            self.seq, self.hash = entry.seq, entry.hash
        return fault

    def end(self) -> JournalFault | None:
        """What the end of the file shows."""
        last = max(self.anchors, default=0)
        if not self.seq or last > self.seq:
            return JournalFault(self.seq + 1, Why.CUT)
        return None

    def _misplaced(self, entry: Entry) -> JournalFault | None:
        number = self.seq + 1
        if entry.hash != entry.own_hash():
            return JournalFault(number, Why.CHANGED)
        if entry.seq != number:
            return JournalFault(number, Why.REMOVED if entry.seq > number else Why.REORDERED)
        if entry.prev != self.hash:
            return JournalFault(number, Why.REWRITTEN)
        if any(own != entry.hash.hex() for own in self.anchors.get(number, ())):
            return JournalFault(number, Why.REWRITTEN)
        return None

    def _misnamed(self, entry: Entry) -> JournalFault | None:
        """Whose signature it is. An entry that names a key is signed by it: the other one may be lost."""
        facts = entry.facts()
        if entry.seq == 1 or facts["kind"] == "key-rotated":
            named = facts.get("key")
            trusted = self.keys or (named if entry.seq == 1 else self.first_key,)
            if entry.seq == 1 and (facts["kind"], facts.get("format")) != ("begun", FORMAT):
                return JournalFault(1, Why.REMOVED)
            if not isinstance(named, str) or named not in trusted:
                return JournalFault(entry.seq, Why.KEY, named if isinstance(named, str) else "")
            self._key, self.first_key = named, self.first_key or named
        return None if is_signed(self._key, entry.hash, entry.sig) else JournalFault(entry.seq, Why.SIGNATURE)

    def _missaid(self, entry: Entry) -> JournalFault | None:
        """A text that is there must be the one that was committed to; one that is not was erased."""
        promised = {name: value["$"] for name, value in entry.facts().items() if isinstance(value, dict)}
        for name, text in entry.texts.items():
            if promised.pop(name, None) != text.commitment():
                return JournalFault(entry.seq, Why.TEXT, name)
        self.erased += len(promised)
        return None


def _number(line: bytes) -> int:
    try:
        return read_line(line).seq
    except JournalError:
        return 0
