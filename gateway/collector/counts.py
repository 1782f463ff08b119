"""What a process counts of its ingest, since it began: in numbers that name nobody."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import contextmanager
from enum import Enum
from typing import TYPE_CHECKING

from gateway.collector.items import HistoryPage
from gateway.federation.wire.notice import Notice
from gateway.federation.wire.stanza import QuoaliseMessage
from gateway.process.exposition import Histogram

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gateway.collector.items import Item

# A commit is some milliseconds; of a thousandfold batch, or on a busy disk, seconds.
_COMMIT_BOUNDS_S = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30)

_AHEAD_S = 300


class IngestRefusal(Enum):
    """Why a message came to nothing here."""

    NOT_OURS = "not-ours"
    NO_ROOM = "no-room"
    UNREADABLE = "unreadable"
    NOT_WANTED = "not-wanted"
    NOT_STORABLE = "not-storable"


class IngestCounts:
    """Counters of one process; each only rises but for ``newest``."""

    def __init__(self) -> None:
        self.messages: Counter[str] = Counter(pack=0, notice=0, history=0)
        self.refused: Counter[IngestRefusal] = Counter(dict.fromkeys(IngestRefusal, 0))
        self.records = self.kept_records = self.receipts = self.failed = self.given_up = 0
        self.commits = Histogram(_COMMIT_BOUNDS_S)
        # The newest time of a value that was sent as it came, and when the retention was enforced last; POSIX seconds.
        self.newest = self.retained_at = 0.0

    def came(self, item: Item) -> None:
        """An item waits from now on."""
        if isinstance(item, HistoryPage):
            self.messages["history"] += 1
            self.records += len(item.parcel.records)
        else:
            self.messages["notice" if isinstance(item.content, Notice) else "pack"] += 1
            self.records += len(item.content.records) if isinstance(item.content, QuoaliseMessage) else 0

    def kept(self, together: Sequence[Item], kept: Sequence[Item]) -> None:
        """Of these items those were committed."""
        self.refused[IngestRefusal.NOT_WANTED] += len(together) - len(kept)
        for item in kept:
            if isinstance(item, HistoryPage):
                self.kept_records += len(item.parcel.records)
            elif isinstance(item.content, QuoaliseMessage):
                self.kept_records += len(item.content.records)
                # A clock that is ahead must not hide that nothing comes any more.
                latest = time.time() + _AHEAD_S
                self.newest = max([self.newest, *(r.time for r in item.content.records if r.time <= latest)])

    def retained(self) -> None:
        """The retention was enforced, by this process or by another one at the same time."""
        self.retained_at = time.time()

    @contextmanager
    def timed(self) -> Iterator[None]:
        """A commit: how long it took, unless it came to nothing."""
        begun = time.monotonic()
        yield
        self.commits.observe(time.monotonic() - begun)
