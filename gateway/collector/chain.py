"""How far one gateway's outbox has been received: a number up to which nothing is missing, and spans beyond it.

Pure logic. The numbers are those of one database of the gateway (its epoch). Of an epoch that no subscription has begun
yet nothing is kept: what was confirmed of it is not among what waits when it begins.
"""

from __future__ import annotations

from dataclasses import dataclass

# What stands beyond a hole in the numbers; a peer that invents numbers must not fill the row.
_MOST_SPANS = 500


@dataclass(frozen=True, slots=True)
class IngestChain:
    """Nothing of ``epoch`` is missing up to ``reached``; ``spans`` are (after, last) beyond, in order."""

    epoch: str | None = None
    reached: int = 0
    spans: tuple[tuple[int, int], ...] = ()

    def add(self, epoch: str, after: int, last: int) -> IngestChain:
        """The chain with the numbers ``after < n <= last``."""
        if self.epoch is None or epoch != self.epoch:
            return self
        return _joined(self.epoch, self.reached, (*self.spans, (after, last)))

    def begin(self, epoch: str, first: int, last: int) -> tuple[IngestChain, bool]:
        """The gateway said what waits: nothing before ``first`` will come, nothing after ``last`` was ever given.

        The chain then, and whether numbers were passed over that never came.
        """
        if epoch != self.epoch:
            return IngestChain(epoch, min(first - 1, last)), self.epoch is not None
        spans = tuple(span for span in self.spans if span[1] <= last)
        reached = min(max(self.reached, first - 1), last)
        # Numbers that it never gave, or spans of such: the database was put back to an older state.
        passed_over = first - 1 > self.reached
        return _joined(epoch, reached, spans), passed_over


def _joined(epoch: str, reached: int, spans: tuple[tuple[int, int], ...]) -> IngestChain:
    """The chain, grown over the spans that touch it."""
    beyond = []
    for after, last in sorted(spans):
        if after <= reached:
            reached = max(reached, last)
        else:
            beyond.append((after, last))
    return IngestChain(epoch, reached, tuple(beyond[:_MOST_SPANS]))
